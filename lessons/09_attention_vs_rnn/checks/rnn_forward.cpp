#include "lessons/09_attention_vs_rnn/checks/recurrent.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor zero_state(const RecurrentNet& net, const Tensor& x) {
  return zeros({x.size(1), net.w.weight_hh.size(0)}, x.dtype());
}

Tensor reference(RecurrentNet& net, const Tensor& x, const Tensor& h0) {
  Generator gen(0);
  nn::RNN library({.input_size = net.w.weight_ih.size(1), .hidden_size = net.w.weight_hh.size(0)}, gen);
  library.weights = {net.w};
  const nn::RecurrentResult result =
      library.forward(x, {.initial = {h0.defined() ? h0.unsqueeze(0) : Tensor(), {}}});
  net.h = result.state.h[0];
  return result.output;
}

// One step, possibly a wrong one, and the loop over it.
using Step = Tensor (*)(const RecurrentWeights&, const Tensor& x, const Tensor& h);
Tensor without_tanh(const RecurrentWeights& w, const Tensor& x, const Tensor& h) {
  return linear(x, w.weight_ih, w.bias_ih) + linear(h, w.weight_hh, w.bias_hh);
}
Tensor step(const RecurrentWeights& w, const Tensor& x, const Tensor& h) {
  return tanh(without_tanh(w, x, h));
}
Tensor loop(RecurrentNet& net, const Tensor& x, const Tensor& initial, Step next, bool detach = false) {
  Tensor h = initial;
  std::vector<Tensor> states;
  for (index_t t = 0; t < x.size(0); ++t) {
    h = next(net.w, x[t], detach ? h.detach() : h);
    states.push_back(h);
  }
  net.h = h;
  return stack(states);
}
Tensor initial_state(const RecurrentNet& net, const Tensor& x, const Tensor& h0) {
  return h0.defined() ? h0 : zero_state(net, x);
}

Tensor states_before_update(RecurrentNet& net, const Tensor& x, const Tensor& h0) {
  const Tensor first = initial_state(net, x, h0), states = loop(net, x, first, step);
  return cat({first.unsqueeze(0), states.slice(0, 0, x.size(0) - 1)});
}

const checks::Exercise<decltype(rnn_forward)> exercise{
    "09_rnn_forward",
    rnn_forward,
    reference,
    {{"RN-07", "the state of the previous sequence was used: begin with h0, or with zeros",
      [](auto& net, auto& x, auto& h0) {
        return loop(net, x, h0.defined() ? h0 : net.h.defined() ? net.h : zero_state(net, x), step);
      }},
     {"RN-08", "the gradient stops after one step: keep h in the graph, W_hh is used at every step",
      [](auto& net, auto& x, auto& h0) { return loop(net, x, initial_state(net, x, h0), step, true); }},
     {"RN-09", "the tanh is missing",
      [](auto& net, auto& x, auto& h0) { return loop(net, x, initial_state(net, x, h0), without_tanh); }},
     {"RN-10", "each token was processed alone: the sum includes the previous state",
      [](auto& net, auto& x, auto&) {
        return loop(net, x, zero_state(net, x),
                    [](const RecurrentWeights& w, const Tensor& token, const Tensor& h) {
                      return step(w, token, h * 0.0);
                    });
      }},
     {"RN-11", "W_hh was transposed: the product is h · W_hhᵀ, which is linear(h, W_hh)",
      [](auto& net, auto& x, auto& h0) {
        return loop(net, x, initial_state(net, x, h0),
                    [](const RecurrentWeights& w, const Tensor& token, const Tensor& h) {
                      return tanh(linear(token, w.weight_ih, w.bias_ih) +
                                  linear(h, w.weight_hh.transpose(0, 1), w.bias_hh));
                    });
      }},
     {"RN-12", "net.h was not updated: set it to the state after the last token",
      [](auto& net, auto& x, auto& h0) {
        RecurrentNet other = net;
        return loop(other, x, initial_state(net, x, h0), step);
      }},
     {"RN-13", "the sequence was processed in reverse",
      [](auto& net, auto& x, auto& h0) {
        return flip(loop(net, flip(x, {0}), initial_state(net, x, h0), step), {0});
      }},
     {"RN-14", "each state was stored before its update: store it afterwards", states_before_update},
     {"RN-15", "b_hh is missing: this course has two biases, as in PyTorch",
      [](auto& net, auto& x, auto& h0) {
        return loop(net, x, initial_state(net, x, h0),
                    [](const RecurrentWeights& w, const Tensor& token, const Tensor& h) {
                      return tanh(linear(token, w.weight_ih, w.bias_ih) + linear(h, w.weight_hh));
                    });
      }},
     {"RN-16", "h0 was not used: if it is defined, it is the initial state",
      [](auto& net, auto& x, auto&) { return loop(net, x, zero_state(net, x), step); }},
     {"RN-60", "b_ih is missing: this course has two biases, as in PyTorch",
      [](auto& net, auto& x, auto& h0) {
        return loop(net, x, initial_state(net, x, h0),
                    [](const RecurrentWeights& w, const Tensor& token, const Tensor& h) {
                      return tanh(linear(token, w.weight_ih) + linear(h, w.weight_hh, w.bias_hh));
                    });
      }},
     {"RN-17", "the zeros are always f32: use zeros(shape, x.dtype())", [](auto& net, auto& x, auto& h0) {
        return loop(net, x, h0.defined() ? h0 : zeros({x.size(1), net.w.weight_hh.size(0)}), step);
      }}}};

// Returns a network with I = 3 and H = 4, x (T, B, I), and h0 (B, H).
std::tuple<RecurrentNet, Tensor, Tensor> inputs(index_t time, index_t batch, double scale = 1) {
  Generator gen(3);
  const RecurrentNet net{random_weights(3, 4, 1, gen), {}};
  const Tensor x = randn({time, batch, 3}, gen) * scale;
  return {net, x, randn({batch, 4}, gen)};
}
std::tuple<RecurrentNet, Tensor, Tensor> without_h0(std::tuple<RecurrentNet, Tensor, Tensor> all) {
  std::get<2>(all) = Tensor();
  return all;
}

TEST(RnnForward, ReturnsTheStateAfterEachToken) {
  exercise.call("rnn_forward(net, x (5, 2, 3), h0 (2, 4)), then net", [] { return inputs(5, 2); });
  exercise.call("rnn_forward(net, x (4, 4, 3), h0 (4, 4)), then net", [] { return inputs(4, 4); });
}

TEST(RnnForward, UsesZerosWithoutH0) {
  exercise.call("rnn_forward(net, x (3, 5, 3), {}), then net", [] { return without_h0(inputs(3, 5)); });
}

TEST(RnnForward, OfOneTokenAndOneSequence) {
  exercise.call("rnn_forward(net, x (1, 2, 3), {}), then net", [] { return without_h0(inputs(1, 2)); });
  exercise.call("rnn_forward(net, x (3, 1, 3), h0 (1, 4)), then net", [] { return inputs(3, 1); });
}

TEST(RnnForward, StaysFiniteForLargeInputs) {
  exercise.call("rnn_forward(net, 1000 · x (3, 2, 3), h0 (2, 4)), then net",
                [] { return inputs(3, 2, 1000); });
}

TEST(RnnForward, DoesNotUseThePreviousState) {
  exercise.call("rnn_forward(net with a state from before, x (3, 2, 3), {}), then net", [] {
    auto all = without_h0(inputs(3, 2));
    std::get<0>(all).h = tensor({{0.5, -1, 0.25, 0.75}, {-0.5, 0, 1, -0.25}});
    return all;
  });
  exercise.invariant("RN-07", "the same sequence must give the same states twice", [](auto f) {
    auto [net, x, h0] = inputs(4, 2);
    const Tensor first = f(net, x, {});
    f(net, x * 2.0, h0);
    return allclose(first, f(net, x, {}), 1e-6, 1e-6);
  });
}

TEST(RnnForward, SumsTheGradientsOfAllSteps) {
  exercise.compare(
      "the gradient of h[1] with respect to W_hh, for W_hh = 0.5, h0 = 0.3, x = 1, 0, biases of 0",
      [](auto f) {
        RecurrentNet net{
            {tensor({{1}}, f64), tensor({{0.5}}, f64).set_requires_grad(), zeros({1}, f64), zeros({1}, f64)},
            {}};
        f(net, tensor({{{1}}, {{0}}}, f64), tensor({{0.3}}, f64))[1].sum().backward();
        return net.w.weight_hh.grad();
      });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit RN-08: `linear(h, w.weight_hh` => `linear(h.detach(), w.weight_hh`
