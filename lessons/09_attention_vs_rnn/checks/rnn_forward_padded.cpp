#include <cmath>

#include "lessons/09_attention_vs_rnn/checks/recurrent.h"
#include "lessons/check/check.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(RecurrentOutput& r, const Visit& visit) {
  visit(r.states);
  visit(r.last);
}

namespace {

using Weights = RecurrentWeights;
using Lengths = std::vector<index_t>;

// The options change one detail of the loop each; the defaults are correct.
struct Variant {
  bool clear = true;        // replace padding by 0 before the step
  bool by_product = false;  // mask by multiplying with 0 and 1
  bool freeze = true;       // keep the state at padding
  bool zero = true;         // set the outputs at padding to 0
  bool reset = false;       // set the state to 0 at padding
  index_t extra = 0;        // process this many padding tokens
  bool first_length = false;
};
Mask real_at(const Tensor& x, const Lengths& lengths, index_t t, const Variant& variant) {
  std::vector<std::uint8_t> real;
  for (const index_t length : lengths)
    real.push_back(t < (variant.first_length ? lengths[0] : length) + variant.extra);
  return Mask(real, {x.size(1), 1});
}
Tensor initial_state(const Weights& w, const Tensor& x, const Tensor& h0) {
  return h0.defined() ? h0 : zeros({x.size(1), w.weight_hh.size(0)}, x.dtype());
}
Tensor step(const Weights& w, const Tensor& token, const Tensor& h) {
  return tanh(linear(token, w.weight_ih, w.bias_ih) + linear(h, w.weight_hh, w.bias_hh));
}
RecurrentOutput loop(const Weights& w, const Tensor& x, const Lengths& lengths, const Tensor& h0,
                     const Variant& variant = {}) {
  Tensor h = initial_state(w, x, h0);
  std::vector<Tensor> states;
  for (index_t t = 0; t < x.size(0); ++t) {
    const Mask real = real_at(x, lengths, t, variant);
    const Tensor m = where(real, ones({}, x.dtype()), zeros({}, x.dtype()));
    const auto keep = [&](const Tensor& value) {
      return variant.by_product ? value * m : masked_fill(value, !real, 0);
    };
    const Tensor next = step(w, variant.clear ? keep(x[t]) : x[t], h);
    if (variant.reset)
      h = keep(next);
    else if (variant.freeze)
      h = variant.by_product ? next * m + h * (1.0 - m) : where(real, next, h);
    else
      h = next;
    states.push_back(variant.zero ? keep(next) : h);
  }
  return {stack(states), h};
}
RecurrentOutput reference(const Weights& w, const Tensor& x, const Lengths& lengths, const Tensor& h0) {
  return loop(w, x, lengths, h0);
}

const checks::Exercise<decltype(rnn_forward_padded)> exercise{
    "09_rnn_forward_padded",
    rnn_forward_padded,
    reference,
    {{"RN-64", "the lengths are not used: padding was processed as tokens",
      [](auto& w, auto& x, auto&, auto& h0) {
        return loop(w, x, Lengths(static_cast<std::size_t>(x.size(1)), x.size(0)), h0, {.clear = false});
      }},
     {"RN-65", "padding was multiplied by 0, and 0 · NaN is NaN: use masked_fill and where",
      [](auto& w, auto& x, auto& lengths, auto& h0) {
        return loop(w, x, lengths, h0, {.by_product = true});
      }},
     {"RN-66", "padding reaches the gradients: clear x before the step, not only the outputs",
      [](auto& w, auto& x, auto& lengths, auto& h0) { return loop(w, x, lengths, h0, {.clear = false}); }},
     {"RN-67", "the state changed at padding: keep the state of the last token",
      [](auto& w, auto& x, auto& lengths, auto& h0) { return loop(w, x, lengths, h0, {.freeze = false}); }},
     {"RN-68", "the outputs at padding repeat the last state: return 0 there",
      [](auto& w, auto& x, auto& lengths, auto& h0) { return loop(w, x, lengths, h0, {.zero = false}); }},
     {"RN-69", "`last` is 0 for shorter sequences: return the state after each sequence's last token",
      [](auto& w, auto& x, auto& lengths, auto& h0) { return loop(w, x, lengths, h0, {.reset = true}); }},
     {"RN-70", "one padding token was processed: the tokens are those with t < length",
      [](auto& w, auto& x, auto& lengths, auto& h0) { return loop(w, x, lengths, h0, {.extra = 1}); }},
     {"RN-71", "the last token was not processed: the tokens are those with t < length",
      [](auto& w, auto& x, auto& lengths, auto& h0) { return loop(w, x, lengths, h0, {.extra = -1}); }},
     {"RN-72", "the length of the first sequence was used for all",
      [](auto& w, auto& x, auto& lengths, auto& h0) {
        return loop(w, x, lengths, h0, {.first_length = true});
      }},
     {"RN-16", "h0 was not used: if it is defined, it is the initial state",
      [](auto& w, auto& x, auto& lengths, auto&) { return loop(w, x, lengths, {}); }},
     {"RN-73", "the last state of an empty sequence is 0: it must be the initial state",
      [](auto& w, auto& x, auto& lengths, auto& h0) {
        const RecurrentOutput all = loop(w, x, lengths, h0);
        std::vector<std::uint8_t> empty;
        for (const index_t length : lengths) empty.push_back(length == 0);
        return RecurrentOutput{all.states, masked_fill(all.last, Mask(empty, {x.size(1), 1}), 0)};
      }},
     {"RN-15", "b_hh is missing: this course has two biases, as in PyTorch",
      [](auto& w, auto& x, auto& lengths, auto& h0) {
        return loop({w.weight_ih, w.weight_hh, w.bias_ih, zeros(w.bias_hh.shape(), x.dtype())}, x, lengths,
                    h0);
      }}}};

// I = 3, H = 4. At padding, x is `padding`.
using Inputs = std::tuple<Weights, Tensor, Lengths, Tensor>;
Inputs inputs(index_t time, const Lengths& lengths, double padding) {
  Generator gen(17);
  const Weights w = random_weights(3, 4, 1, gen);
  const auto batch = static_cast<index_t>(lengths.size());
  Tensor x = randn({time, batch, 3}, gen);
  for (index_t b = 0; b < batch; ++b)
    for (index_t t = lengths[static_cast<std::size_t>(b)]; t < time; ++t)
      for (index_t i = 0; i < 3; ++i) x.set({t, b, i}, padding);
  return {w, x, lengths, randn({batch, 4}, gen)};
}
Inputs without_h0(Inputs all) {
  std::get<3>(all) = Tensor();
  return all;
}

TEST(RnnForwardPadded, ReturnsZeroAtPaddingAndTheLastStates) {
  exercise.call("rnn_forward_padded(w, x (4, 3, 3) with 2 at padding, lengths {4, 2, 3}, h0 (3, 4))", [] {
    return inputs(4, {4, 2, 3}, 2);
  });
  exercise.call("rnn_forward_padded(w, x (5, 2, 3) with 2 at padding, lengths {1, 4}, {})", [] {
    return without_h0(inputs(5, {1, 4}, 2));
  });
}

TEST(RnnForwardPadded, OfOneSequenceAndOfOneToken) {
  exercise.call("rnn_forward_padded(w, x (4, 1, 3) with 2 at padding, lengths {2}, h0 (1, 4))",
                [] { return inputs(4, {2}, 2); });
  exercise.call("rnn_forward_padded(w, x (1, 2, 3), lengths {1, 1}, {})", [] {
    return without_h0(inputs(1, {1, 1}, 2));
  });
}

TEST(RnnForwardPadded, WithoutPaddingEqualsRnnForward) {
  exercise.call("rnn_forward_padded(w, x (3, 3, 3), lengths {3, 3, 3}, h0 (3, 4))", [] {
    return inputs(3, {3, 3, 3}, 2);
  });
}

TEST(RnnForwardPadded, ReturnsTheInitialStateForAnEmptySequence) {
  exercise.call("rnn_forward_padded(w, x (3, 3, 3) with 2 at padding, lengths {0, 3, 1}, h0 (3, 4))", [] {
    return inputs(3, {0, 3, 1}, 2);
  });
  exercise.call("rnn_forward_padded(w, x (3, 2, 3) with 2 at padding, lengths {2, 0}, {})", [] {
    return without_h0(inputs(3, {2, 0}, 2));
  });
}

TEST(RnnForwardPadded, IgnoresNaNAtPadding) {
  exercise.call("rnn_forward_padded(w, x (4, 3, 3) with NaN at padding, lengths {4, 2, 0}, h0 (3, 4))", [] {
    return inputs(4, {4, 2, 0}, NAN);
  });
  exercise.call("rnn_forward_padded(w, x (3, 2, 3) with infinity at padding, lengths {2, 1}, {})", [] {
    return without_h0(inputs(3, {2, 1}, INFINITY));
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit RN-67: `h = where(real, next, h)` => `h = next`
