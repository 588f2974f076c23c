#include "lessons/09_attention_vs_rnn/checks/recurrent.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using State = RecurrentState;
using Weights = RecurrentWeights;

State reference(const Tensor& x, const State& before, const Weights& w) {
  Generator gen(0);
  nn::LSTMCell library({.input_size = w.weight_ih.size(1), .hidden_size = w.weight_hh.size(1)}, gen);
  library.weight_ih = w.weight_ih;
  library.weight_hh = w.weight_hh;
  library.bias_ih = w.bias_ih;
  library.bias_hh = w.bias_hh;
  return library.forward(x, before);
}

// Returns the arguments of the four gates, in the order of the rows of the weights.
std::vector<Tensor> gate_inputs(const Tensor& x, const State& s, const Weights& w) {
  return chunk(linear(x, w.weight_ih, w.bias_ih) + linear(s.h, w.weight_hh, w.bias_hh), 4, -1);
}
// A step that finds i, f, g and o at the given indices.
State step_with_order(std::size_t i, std::size_t f, std::size_t g, std::size_t o, const State& s,
                      const std::vector<Tensor>& all) {
  const Tensor c = sigmoid(all[f]) * s.c + sigmoid(all[i]) * tanh(all[g]);
  return {sigmoid(all[o]) * tanh(c), c};
}
// Completes a step with the given cell state.
State with_cell(const Tensor& c, const std::vector<Tensor>& all) { return {sigmoid(all[3]) * tanh(c), c}; }

const checks::Exercise<decltype(lstm_cell)> exercise{
    "09_lstm_cell",
    lstm_cell,
    reference,
    {{"RN-01", "input and forget gate are swapped: the order is i, f, g, o",
      [](auto& x, auto& s, auto& w) { return step_with_order(1, 0, 2, 3, s, gate_inputs(x, s, w)); }},
     {"RN-02", "candidate and output gate are swapped: the order is i, f, g, o",
      [](auto& x, auto& s, auto& w) { return step_with_order(0, 1, 3, 2, s, gate_inputs(x, s, w)); }},
     {"RN-18", "the rows were read as i, g, f, o, as in TensorFlow: use PyTorch's order, i, f, g, o",
      [](auto& x, auto& s, auto& w) { return step_with_order(0, 2, 1, 3, s, gate_inputs(x, s, w)); }},
     {"RN-03", "the candidate g went through a sigmoid: it is not a gate, use tanh",
      [](auto& x, auto& s, auto& w) {
        const auto a = gate_inputs(x, s, w);
        return with_cell(sigmoid(a[1]) * s.c + sigmoid(a[0]) * sigmoid(a[2]), a);
      }},
     {"RN-04", "the tanh of the cell state is missing: h' = o tanh(c')",
      [](auto& x, auto& s, auto& w) {
        const State next = reference(x, s, w);
        return State{sigmoid(gate_inputs(x, s, w)[3]) * next.c, next.c};
      }},
     {"RN-15", "b_hh is missing: this course has two biases, as in PyTorch",
      [](auto& x, auto& s, auto& w) {
        return reference(x, s, {w.weight_ih, w.weight_hh, w.bias_ih, {}});
      }},
     {"RN-19", "the input gate is missing: c' = f c + i g",
      [](auto& x, auto& s, auto& w) {
        const auto a = gate_inputs(x, s, w);
        return with_cell(sigmoid(a[1]) * s.c + tanh(a[2]), a);
      }},
     {"RN-20", "the forget gate is missing, as in the LSTM of 1997: c' = f c + i g",
      [](auto& x, auto& s, auto& w) {
        const auto a = gate_inputs(x, s, w);
        return with_cell(s.c + sigmoid(a[0]) * tanh(a[2]), a);
      }},
     {"RN-21", "the output gate is missing: h' = o tanh(c')",
      [](auto& x, auto& s, auto& w) {
        const State next = reference(x, s, w);
        return State{tanh(next.c), next.c};
      }},
     {"RN-22", "the old cell state was output: h' = o tanh(c') uses the new one",
      [](auto& x, auto& s, auto& w) {
        return State{sigmoid(gate_inputs(x, s, w)[3]) * tanh(s.c), reference(x, s, w).c};
      }},
     {"RN-23", "the forget gate was applied to h: it scales the cell state c",
      [](auto& x, auto& s, auto& w) {
        const auto a = gate_inputs(x, s, w);
        return with_cell(sigmoid(a[1]) * s.h + sigmoid(a[0]) * tanh(a[2]), a);
      }},
     {"RN-24", "the cell state was stored after its tanh: c' = f c + i g; the tanh is for h' only",
      [](auto& x, auto& s, auto& w) {
        const State next = reference(x, s, w);
        return State{next.h, tanh(next.c)};
      }},
     {"RN-60", "b_ih is missing: this course has two biases, as in PyTorch",
      [](auto& x, auto& s, auto& w) {
        return reference(x, s, {w.weight_ih, w.weight_hh, {}, w.bias_hh});
      }},
     {"RN-61", "no gradient reaches the state: every step passes it on to the previous one",
      [](auto& x, auto& s, auto& w) {
        return reference(x, {s.h.detach(), s.c.detach()}, w);
      }}}};

std::tuple<Tensor, State, Weights> inputs(index_t batch, index_t in, index_t hidden, double scale = 1) {
  Generator gen(4);
  const Tensor x = randn({batch, in}, gen) * scale;
  const State before{randn({batch, hidden}, gen), randn({batch, hidden}, gen)};
  return {x, before, random_weights(in, hidden, 4, gen)};
}

TEST(LstmCell, OfSizeOne) {
  exercise.call(
      "lstm_cell(x = 1, h = 0.5, c = 2, W_ih = {.1, .2, .3, .4}, W_hh = {.5, .6, .7, .8}, biases of 0): h, c",
      [] {
        return std::tuple(tensor({{1}}), State{tensor({{0.5}}), tensor({{2}})},
                          Weights{tensor({{0.1}, {0.2}, {0.3}, {0.4}}), tensor({{0.5}, {0.6}, {0.7}, {0.8}}),
                                  zeros({4}), zeros({4})});
      });
}

TEST(LstmCell, OfABatch) {
  exercise.call("lstm_cell(x (2, 3), {h (2, 5), c (2, 5)}, weights): h, c", [] { return inputs(2, 3, 5); });
  exercise.call("lstm_cell(x (1, 4), {h (1, 2), c (1, 2)}, weights): h, c", [] { return inputs(1, 4, 2); });
}

TEST(LstmCell, OfEqualSizes) {
  exercise.call("lstm_cell(x (3, 3), {h (3, 3), c (3, 3)}, weights): h, c", [] { return inputs(3, 3, 3); });
}

TEST(LstmCell, KeepsTheCellStateIfTheForgetGateIsOpen) {
  exercise.call(
      "lstm_cell with W = 0, b_ih of {-50, 50, 0, 50}, b_hh = 0: input gate 0, forget and output gate 1", [] {
        const Tensor none = zeros({4, 1});
        return std::tuple(tensor({{1}, {-2}}), State{tensor({{0.5}, {0.25}}), tensor({{-1.5}, {3}})},
                          Weights{none, none.clone(), tensor({-50, 50, 0, 50}), zeros({4})});
      });
}

TEST(LstmCell, StaysFiniteForLargeInputs) {
  exercise.call("lstm_cell(1000 · x (2, 3), {h (2, 5), c (2, 5)}, weights): h, c",
                [] { return inputs(2, 3, 5, 1000); });
  exercise.call("lstm_cell(x (2, 3), {h (2, 5), 100 · c (2, 5)}, weights): h, c", [] {
    auto all = inputs(2, 3, 5);
    std::get<1>(all).c = std::get<1>(all).c * 100.0;
    return all;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit RN-01: `i = sigmoid(gates[0]), f = sigmoid(gates[1])` => `i = sigmoid(gates[1]), f = sigmoid(gates[0])`
