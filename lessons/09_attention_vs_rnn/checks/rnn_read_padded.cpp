#include <cmath>

#include "lessons/09_attention_vs_rnn/checks/recurrent.h"
#include "lessons/check/check.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(Readings& r, const Visit& visit) {
  visit(r.states);
  visit(r.last);
}

namespace {

using Weights = RecurrentWeights;
using Lengths = std::vector<index_t>;

// The right loop, and what the twins do otherwise.
struct Otherwise {
  bool clear = true;        // padding is cleared before it is read
  bool by_product = false;  // with products by 0 and 1
  bool freeze = true;       // the state does not change at padding
  bool zero = true;         // the outputs at padding are 0
  bool reset = false;       // the state becomes 0 at padding
  index_t more = 0;         // so many tokens of padding are read
  bool first_length = false;
};
Mask real_at(const Tensor& x, const Lengths& lengths, index_t t, const Otherwise& how) {
  std::vector<std::uint8_t> real;
  for (const index_t length : lengths)
    real.push_back(t < (how.first_length ? lengths[0] : length) + how.more);
  return Mask(real, {x.size(1), 1});
}
Tensor start(const Weights& w, const Tensor& x, const Tensor& h0) {
  return h0.defined() ? h0 : zeros({x.size(1), w.weight_hh.size(0)}, x.dtype());
}
Tensor step(const Weights& w, const Tensor& token, const Tensor& h) {
  return tanh(linear(token, w.weight_ih, w.bias_ih) + linear(h, w.weight_hh, w.bias_hh));
}
Readings loop(const Weights& w, const Tensor& x, const Lengths& lengths, const Tensor& h0,
              const Otherwise& how = {}) {
  Tensor h = start(w, x, h0);
  std::vector<Tensor> states;
  for (index_t t = 0; t < x.size(0); ++t) {
    const Mask real = real_at(x, lengths, t, how);
    const Tensor m = where(real, ones({}, x.dtype()), zeros({}, x.dtype()));
    const auto keep = [&](const Tensor& value) {
      return how.by_product ? value * m : masked_fill(value, !real, 0);
    };
    const Tensor next = step(w, how.clear ? keep(x[t]) : x[t], h);
    if (how.reset)
      h = keep(next);
    else if (how.freeze)
      h = how.by_product ? next * m + h * (1.0 - m) : where(real, next, h);
    else
      h = next;
    states.push_back(how.zero ? keep(next) : h);
  }
  return {stack(states), h};
}
Readings right(const Weights& w, const Tensor& x, const Lengths& lengths, const Tensor& h0) {
  return loop(w, x, lengths, h0);
}

const checks::Exercise<decltype(rnn_read_padded)> exercise{
    "09_rnn_read_padded",
    rnn_read_padded,
    right,
    {{"RN-64", "the lengths are not used: padding was read as tokens",
      [](auto& w, auto& x, auto&, auto& h0) {
        return loop(w, x, Lengths(static_cast<std::size_t>(x.size(1)), x.size(0)), h0, {.clear = false});
      }},
     {"RN-65", "padding was multiplied by 0, and 0 · NaN is NaN: use masked_fill and where",
      [](auto& w, auto& x, auto& lengths, auto& h0) {
        return loop(w, x, lengths, h0, {.by_product = true});
      }},
     {"RN-66",
      "padding reaches the gradients: clear x before it is read, the outputs alone do not keep it out",
      [](auto& w, auto& x, auto& lengths, auto& h0) { return loop(w, x, lengths, h0, {.clear = false}); }},
     {"RN-67", "the state changed at padding: it stays as it is after the last token",
      [](auto& w, auto& x, auto& lengths, auto& h0) { return loop(w, x, lengths, h0, {.freeze = false}); }},
     {"RN-68", "the outputs at padding are the last state; they are to be 0",
      [](auto& w, auto& x, auto& lengths, auto& h0) { return loop(w, x, lengths, h0, {.zero = false}); }},
     {"RN-69", "`last` is 0 for the shorter sequences: it is the state after each sequence's own last token",
      [](auto& w, auto& x, auto& lengths, auto& h0) { return loop(w, x, lengths, h0, {.reset = true}); }},
     {"RN-70", "one token of padding was read: the tokens are those with t < length",
      [](auto& w, auto& x, auto& lengths, auto& h0) { return loop(w, x, lengths, h0, {.more = 1}); }},
     {"RN-71", "the last token of each sequence was not read: the tokens are those with t < length",
      [](auto& w, auto& x, auto& lengths, auto& h0) { return loop(w, x, lengths, h0, {.more = -1}); }},
     {"RN-72", "every sequence got the length of the first",
      [](auto& w, auto& x, auto& lengths, auto& h0) {
        return loop(w, x, lengths, h0, {.first_length = true});
      }},
     {"RN-16", "h0 was not used: where it is defined, reading begins with it",
      [](auto& w, auto& x, auto& lengths, auto&) { return loop(w, x, lengths, {}); }},
     {"RN-73", "an empty sequence gave 0: its last state is the one at the beginning, h0",
      [](auto& w, auto& x, auto& lengths, auto& h0) {
        const Readings all = loop(w, x, lengths, h0);
        std::vector<std::uint8_t> empty;
        for (const index_t length : lengths) empty.push_back(length == 0);
        return Readings{all.states, masked_fill(all.last, Mask(empty, {x.size(1), 1}), 0)};
      }},
     {"RN-15", "b_hh is missing: this course has two biases, as PyTorch has",
      [](auto& w, auto& x, auto& lengths, auto& h0) {
        return loop({w.weight_ih, w.weight_hh, w.bias_ih, zeros(w.bias_hh.shape(), x.dtype())}, x, lengths,
                    h0);
      }}}};

// I = 3, H = 4. The padding holds `padding`.
using Inputs = std::tuple<Weights, Tensor, Lengths, Tensor>;
Inputs inputs(index_t time, const Lengths& lengths, double padding) {
  Generator gen(17);
  const Weights w = some_weights(3, 4, 1, gen);
  const auto batch = static_cast<index_t>(lengths.size());
  Tensor x = randn({time, batch, 3}, gen);
  for (index_t b = 0; b < batch; ++b)
    for (index_t t = lengths[static_cast<std::size_t>(b)]; t < time; ++t)
      for (index_t i = 0; i < 3; ++i) x.set({t, b, i}, padding);
  return {w, x, lengths, randn({batch, 4}, gen)};
}
Inputs from_zeros(Inputs all) {
  std::get<3>(all) = Tensor();
  return all;
}

TEST(RnnReadPadded, GivesZeroAtPaddingAndTheLastStates) {
  exercise.call("rnn_read_padded(w, x (4, 3, 3) with 2 at padding, lengths {4, 2, 3}, h0 (3, 4))", [] {
    return inputs(4, {4, 2, 3}, 2);
  });
  exercise.call("rnn_read_padded(w, x (5, 2, 3) with 2 at padding, lengths {1, 4}, {})", [] {
    return from_zeros(inputs(5, {1, 4}, 2));
  });
}

TEST(RnnReadPadded, OfOneSequenceAndOfOneToken) {
  exercise.call("rnn_read_padded(w, x (4, 1, 3) with 2 at padding, lengths {2}, h0 (1, 4))",
                [] { return inputs(4, {2}, 2); });
  exercise.call("rnn_read_padded(w, x (1, 2, 3), lengths {1, 1}, {})", [] {
    return from_zeros(inputs(1, {1, 1}, 2));
  });
}

TEST(RnnReadPadded, WithoutPaddingIsRnnRead) {
  exercise.call("rnn_read_padded(w, x (3, 3, 3), lengths {3, 3, 3}, h0 (3, 4))", [] {
    return inputs(3, {3, 3, 3}, 2);
  });
}

TEST(RnnReadPadded, KeepsTheFirstStateOfAnEmptySequence) {
  exercise.call("rnn_read_padded(w, x (3, 3, 3) with 2 at padding, lengths {0, 3, 1}, h0 (3, 4))", [] {
    return inputs(3, {0, 3, 1}, 2);
  });
  exercise.call("rnn_read_padded(w, x (3, 2, 3) with 2 at padding, lengths {2, 0}, {})", [] {
    return from_zeros(inputs(3, {2, 0}, 2));
  });
}

TEST(RnnReadPadded, IsNotReachedByNaNAtPadding) {
  exercise.call("rnn_read_padded(w, x (4, 3, 3) with NaN at padding, lengths {4, 2, 0}, h0 (3, 4))", [] {
    return inputs(4, {4, 2, 0}, NAN);
  });
  exercise.call("rnn_read_padded(w, x (3, 2, 3) with infinity at padding, lengths {2, 1}, {})", [] {
    return from_zeros(inputs(3, {2, 1}, INFINITY));
  });
}

}  // namespace
}  // namespace heed::exercise
