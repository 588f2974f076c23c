#include "lessons/09_attention_vs_rnn/checks/recurrent.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using State = RecurrentState;
using Weights = RecurrentWeights;

State right(const Tensor& x, const State& before, const Weights& w) {
  Generator gen(0);
  nn::LSTMCell library({.input_size = w.weight_ih.size(1), .hidden_size = w.weight_hh.size(1)}, gen);
  library.weight_ih = w.weight_ih, library.weight_hh = w.weight_hh;
  library.bias_ih = w.bias_ih, library.bias_hh = w.bias_hh;
  return library.forward(x, before);
}

// The four sums, in the order of the weights' rows.
std::vector<Tensor> sums(const Tensor& x, const State& s, const Weights& w) {
  return chunk(linear(x, w.weight_ih, w.bias_ih) + linear(s.h, w.weight_hh, w.bias_hh), 4, -1);
}
// A step with the rows read in another order: where i, f, g and o stand.
State in_order(std::size_t i, std::size_t f, std::size_t g, std::size_t o, const State& s,
               const std::vector<Tensor>& all) {
  const Tensor c = sigmoid(all[f]) * s.c + sigmoid(all[i]) * tanh(all[g]);
  return {sigmoid(all[o]) * tanh(c), c};
}
// The end of a step whose cell came out otherwise.
State shown(const Tensor& c, const std::vector<Tensor>& all) { return {sigmoid(all[3]) * tanh(c), c}; }

const checks::Exercise<decltype(lstm_cell)> exercise{
    "09_lstm_cell",
    lstm_cell,
    right,
    {{"RN-01", "input and forget gate have changed places: the order is i, f, g, o",
      [](auto& x, auto& s, auto& w) { return in_order(1, 0, 2, 3, s, sums(x, s, w)); }},
     {"RN-02", "candidate and output gate have changed places: the order is i, f, g, o",
      [](auto& x, auto& s, auto& w) { return in_order(0, 1, 3, 2, s, sums(x, s, w)); }},
     {"RN-18", "the rows were read as i, g, f, o, TensorFlow's order: this course uses PyTorch's, i, f, g, o",
      [](auto& x, auto& s, auto& w) { return in_order(0, 2, 1, 3, s, sums(x, s, w)); }},
     {"RN-03", "the candidate g went through a sigmoid: it is no gate, it may be negative. tanh",
      [](auto& x, auto& s, auto& w) {
        const auto a = sums(x, s, w);
        return shown(sigmoid(a[1]) * s.c + sigmoid(a[0]) * sigmoid(a[2]), a);
      }},
     {"RN-04", "the cell is shown without its tanh: h' = o tanh(c')",
      [](auto& x, auto& s, auto& w) {
        const State next = right(x, s, w);
        return State{sigmoid(sums(x, s, w)[3]) * next.c, next.c};
      }},
     {"RN-15", "b_hh is missing: this course has two biases, as PyTorch has",
      [](auto& x, auto& s, auto& w) {
        return right(x, s, {w.weight_ih, w.weight_hh, w.bias_ih, {}});
      }},
     {"RN-19", "the input gate is missing: c' = f c + i g",
      [](auto& x, auto& s, auto& w) {
        const auto a = sums(x, s, w);
        return shown(sigmoid(a[1]) * s.c + tanh(a[2]), a);
      }},
     {"RN-20", "the forget gate is missing, as in the LSTM of 1997: this course has one, c' = f c + i g",
      [](auto& x, auto& s, auto& w) {
        const auto a = sums(x, s, w);
        return shown(s.c + sigmoid(a[0]) * tanh(a[2]), a);
      }},
     {"RN-21", "the output gate is missing: h' = o tanh(c')",
      [](auto& x, auto& s, auto& w) {
        const State next = right(x, s, w);
        return State{tanh(next.c), next.c};
      }},
     {"RN-22", "the old cell is shown: h' = o tanh(c'), of the new one",
      [](auto& x, auto& s, auto& w) {
        return State{sigmoid(sums(x, s, w)[3]) * tanh(s.c), right(x, s, w).c};
      }},
     {"RN-23", "the forget gate multiplied h: it is the cell c that is kept",
      [](auto& x, auto& s, auto& w) {
        const auto a = sums(x, s, w);
        return shown(sigmoid(a[1]) * s.h + sigmoid(a[0]) * tanh(a[2]), a);
      }},
     {"RN-24", "the cell was kept after its tanh: c' = f c + i g has no bounds, only what is shown of it has",
      [](auto& x, auto& s, auto& w) {
        const State next = right(x, s, w);
        return State{next.h, tanh(next.c)};
      }},
     {"RN-60", "b_ih is missing: this course has two biases, as PyTorch has",
      [](auto& x, auto& s, auto& w) {
        return right(x, s, {w.weight_ih, w.weight_hh, {}, w.bias_hh});
      }},
     {"RN-61", "the gradient to the state was cut off: every step passes it on to the step before",
      [](auto& x, auto& s, auto& w) {
        return right(x, {s.h.detach(), s.c.detach()}, w);
      }}}};

std::tuple<Tensor, State, Weights> inputs(index_t batch, index_t in, index_t hidden, double scale = 1) {
  Generator gen(4);
  const Tensor x = randn({batch, in}, gen) * scale;
  const State before{randn({batch, hidden}, gen), randn({batch, hidden}, gen)};
  return {x, before, some_weights(in, hidden, 4, gen)};
}

TEST(LstmCell, OfOneNumberEach) {
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

TEST(LstmCell, KeepsWhatItsForgetGateKeeps) {
  exercise.call(
      "lstm_cell with W = 0, b_ih of {-50, 50, 0, 50}, b_hh = 0: nothing in, all kept, all shown", [] {
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
