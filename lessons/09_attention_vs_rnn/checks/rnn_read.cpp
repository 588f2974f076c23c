#include "lessons/09_attention_vs_rnn/checks/recurrent.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor nothing(const Reader& net, const Tensor& x) {
  return zeros({x.size(1), net.w.weight_hh.size(0)}, x.dtype());
}

Tensor right(Reader& net, const Tensor& x, const Tensor& h0) {
  Generator gen(0);
  nn::RNN library({.input_size = net.w.weight_ih.size(1), .hidden_size = net.w.weight_hh.size(0)}, gen);
  library.weights = {net.w};
  const nn::RecurrentResult result =
      library.forward(x, {.initial = {h0.defined() ? h0.unsqueeze(0) : Tensor(), {}}});
  net.h = result.state.h[0];
  return result.output;
}

// A step that does one thing otherwise, and the loop around it.
using Step = Tensor (*)(const RecurrentWeights&, const Tensor& x, const Tensor& h);
Tensor sum_of(const RecurrentWeights& w, const Tensor& x, const Tensor& h) {
  return linear(x, w.weight_ih, w.bias_ih) + linear(h, w.weight_hh, w.bias_hh);
}
Tensor step(const RecurrentWeights& w, const Tensor& x, const Tensor& h) { return tanh(sum_of(w, x, h)); }
Tensor loop(Reader& net, const Tensor& x, const Tensor& start, Step next, bool detach = false) {
  Tensor h = start;
  std::vector<Tensor> states;
  for (index_t t = 0; t < x.size(0); ++t) states.push_back(h = next(net.w, x[t], detach ? h.detach() : h));
  net.h = h;
  return stack(states);
}
Tensor start(const Reader& net, const Tensor& x, const Tensor& h0) {
  return h0.defined() ? h0 : nothing(net, x);
}

Tensor states_before_words(Reader& net, const Tensor& x, const Tensor& h0) {
  const Tensor first = start(net, x, h0), states = loop(net, x, first, step);
  return cat({first.unsqueeze(0), states.slice(0, 0, x.size(0) - 1)});
}

const checks::Exercise<decltype(rnn_read)> exercise{
    "09_rnn_read",
    rnn_read,
    right,
    {{"RN-07", "the state of the text before leaked in: a new text begins with h0, or with zeros",
      [](auto& net, auto& x, auto& h0) {
        return loop(net, x, h0.defined() ? h0 : net.h.defined() ? net.h : nothing(net, x), step);
      }},
     {"RN-08",
      "the gradient stops after one step: the recurrent weight is used at every step, so keep h in the graph",
      [](auto& net, auto& x, auto& h0) { return loop(net, x, start(net, x, h0), step, true); }},
     {"RN-09", "the tanh is missing",
      [](auto& net, auto& x, auto& h0) { return loop(net, x, start(net, x, h0), sum_of); }},
     {"RN-10", "each word was read alone: the state before is part of the sum",
      [](auto& net, auto& x, auto&) {
        return loop(net, x, nothing(net, x),
                    [](const RecurrentWeights& w, const Tensor& word, const Tensor& h) {
                      return step(w, word, h * 0.0);
                    });
      }},
     {"RN-11", "W_hh was used transposed: h · W_hhᵀ, which is linear(h, W_hh)",
      [](auto& net, auto& x, auto& h0) {
        return loop(net, x, start(net, x, h0),
                    [](const RecurrentWeights& w, const Tensor& word, const Tensor& h) {
                      return tanh(linear(word, w.weight_ih, w.bias_ih) +
                                  linear(h, w.weight_hh.transpose(0, 1), w.bias_hh));
                    });
      }},
     {"RN-12", "net.h was left as it was: it is to be the state after the last word",
      [](auto& net, auto& x, auto& h0) {
        Reader other = net;
        return loop(other, x, start(net, x, h0), step);
      }},
     {"RN-13", "the text was read from its end",
      [](auto& net, auto& x, auto& h0) {
        return flip(loop(net, flip(x, {0}), start(net, x, h0), step), {0});
      }},
     {"RN-14", "each state was kept before its word was read: keep it afterwards", states_before_words},
     {"RN-15", "b_hh is missing: this course has two biases, as PyTorch has",
      [](auto& net, auto& x, auto& h0) {
        return loop(net, x, start(net, x, h0),
                    [](const RecurrentWeights& w, const Tensor& word, const Tensor& h) {
                      return tanh(linear(word, w.weight_ih, w.bias_ih) + linear(h, w.weight_hh));
                    });
      }},
     {"RN-16", "h0 was not used: where it is defined, reading begins with it",
      [](auto& net, auto& x, auto&) { return loop(net, x, nothing(net, x), step); }},
     {"RN-60", "b_ih is missing: this course has two biases, as PyTorch has",
      [](auto& net, auto& x, auto& h0) {
        return loop(net, x, start(net, x, h0),
                    [](const RecurrentWeights& w, const Tensor& word, const Tensor& h) {
                      return tanh(linear(word, w.weight_ih) + linear(h, w.weight_hh, w.bias_hh));
                    });
      }},
     {"RN-17", "the zeros are f32 whatever x is: zeros(shape, x.dtype())", [](auto& net, auto& x, auto& h0) {
        return loop(net, x, h0.defined() ? h0 : zeros({x.size(1), net.w.weight_hh.size(0)}), step);
      }}}};

// A net with I = 3 and H = 4, x (T, B, I), and h0 (B, H).
std::tuple<Reader, Tensor, Tensor> inputs(index_t time, index_t batch, double scale = 1) {
  Generator gen(3);
  const Reader net{some_weights(3, 4, 1, gen), {}};
  const Tensor x = randn({time, batch, 3}, gen) * scale;
  return {net, x, randn({batch, 4}, gen)};
}
std::tuple<Reader, Tensor, Tensor> from_zeros(std::tuple<Reader, Tensor, Tensor> all) {
  std::get<2>(all) = Tensor();
  return all;
}

TEST(RnnRead, GivesTheStateAfterEachWord) {
  exercise.call("rnn_read(net, x (5, 2, 3), h0 (2, 4)), then net", [] { return inputs(5, 2); });
  exercise.call("rnn_read(net, x (4, 4, 3), h0 (4, 4)), then net", [] { return inputs(4, 4); });
}

TEST(RnnRead, BeginsWithZeros) {
  exercise.call("rnn_read(net, x (3, 5, 3), {}), then net", [] { return from_zeros(inputs(3, 5)); });
}

TEST(RnnRead, OfOneWordAndOneSequence) {
  exercise.call("rnn_read(net, x (1, 2, 3), {}), then net", [] { return from_zeros(inputs(1, 2)); });
  exercise.call("rnn_read(net, x (3, 1, 3), h0 (1, 4)), then net", [] { return inputs(3, 1); });
}

TEST(RnnRead, StaysFiniteForLargeInputs) {
  exercise.call("rnn_read(net, 1000 · x (3, 2, 3), h0 (2, 4)), then net", [] { return inputs(3, 2, 1000); });
}

TEST(RnnRead, BeginsEachTextAnew) {
  exercise.call("rnn_read(net with a state from before, x (3, 2, 3), {}), then net", [] {
    auto all = from_zeros(inputs(3, 2));
    std::get<0>(all).h = tensor({{0.5, -1, 0.25, 0.75}, {-0.5, 0, 1, -0.25}});
    return all;
  });
  exercise.invariant("RN-07", "the same text read twice must give the same states", [](auto f) {
    auto [net, x, h0] = inputs(4, 2);
    const Tensor first = f(net, x, {});
    f(net, x * 2.0, h0);
    return allclose(first, f(net, x, {}), 1e-6, 1e-6);
  });
}

TEST(RnnRead, AddsTheGradientOfEveryStep) {
  exercise.compare("the gradient of w in h[1], for w = 0.5, h0 = 0.3, x = 1, 0, biases of 0", [](auto f) {
    Reader net{
        {tensor({{1}}, f64), tensor({{0.5}}, f64).set_requires_grad(), zeros({1}, f64), zeros({1}, f64)}, {}};
    f(net, tensor({{{1}}, {{0}}}, f64), tensor({{0.3}}, f64))[1].sum().backward();
    return net.w.weight_hh.grad();
  });
}

}  // namespace
}  // namespace heed::exercise
