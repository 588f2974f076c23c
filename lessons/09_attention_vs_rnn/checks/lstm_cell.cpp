#include "lessons/09_attention_vs_rnn/exercises.h"
#include "lessons/tutor/check.h"

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

const tutor::Exercise<decltype(lstm_cell)> exercise{
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
      }}}};

tutor::Answer answer(const State& s) { return std::vector<Tensor>{s.h, s.c}; }

// B = 2, I = 3, H = 5.
struct Fixture {
  Tensor x;
  State before;
  Weights w;
  explicit Fixture(DType dtype = f32) {
    Generator gen(4);
    x = randn({2, 3}, gen, dtype), before = {randn({2, 5}, gen, dtype), randn({2, 5}, gen, dtype)};
    w = {randn({20, 3}, gen, dtype), randn({20, 5}, gen, dtype), randn({20}, gen, dtype),
         randn({20}, gen, dtype)};
  }
};

TEST(LstmCell, OfOneNumberEach) {
  exercise.compare(
      "lstm_cell(x = 1, h = 0.5, c = 2, W_ih = {.1, .2, .3, .4}, W_hh = {.5, .6, .7, .8}): h, c", [](auto f) {
        return answer(
            f(tensor({{1}}), {tensor({{0.5}}), tensor({{2}})},
              {tensor({{0.1}, {0.2}, {0.3}, {0.4}}), tensor({{0.5}, {0.6}, {0.7}, {0.8}}), {}, {}}));
      });
}

TEST(LstmCell, OfABatch) {
  exercise.compare("lstm_cell(x (2, 3), {h (2, 5), c (2, 5)}, weights with biases): h, c", [](auto f) {
    const Fixture y;
    return answer(f(y.x, y.before, y.w));
  });
}

TEST(LstmCell, KeepsWhatItsForgetGateKeeps) {
  exercise.compare(
      "lstm_cell with b_ih of {-50, 50, 0, 50}: nothing in, all kept, all shown, in f64", [](auto f) {
        const Tensor none = zeros({4, 1}, f64);
        return answer(f(tensor({{1}, {-2}}, f64), {tensor({{0.5}, {0.25}}, f64), tensor({{-1.5}, {3}}, f64)},
                        {none, none, tensor({-50, 50, 0, 50}, f64), {}}));
      });
}

TEST(LstmCell, PassesGradientsThroughBothStates) {
  exercise.compare("the gradients of x, h, c, W_ih, W_hh and b_hh", [](auto f) {
    Fixture y(f64);
    const std::vector<Tensor*> all = {&y.x,           &y.before.h,    &y.before.c,
                                      &y.w.weight_ih, &y.w.weight_hh, &y.w.bias_hh};
    for (Tensor* t : all) t->set_requires_grad();
    const State next = f(y.x, y.before, y.w);
    (next.h * next.h + next.c * next.c * 0.5).sum().backward();
    std::vector<Tensor> gradients;
    for (const Tensor* t : all) gradients.push_back(t->grad());
    return gradients;
  });
}

TEST(LstmCell, LeavesItsInputsAsTheyWere) {
  exercise.invariant("", "x, the state and the weights must be the same after the call", [](auto f) {
    const Fixture y, z;
    f(y.x, y.before, y.w);
    return allclose(y.x, z.x) && allclose(y.before.h, z.before.h) && allclose(y.before.c, z.before.c) &&
           allclose(y.w.weight_ih, z.w.weight_ih) && allclose(y.w.weight_hh, z.w.weight_hh);
  });
}

}  // namespace
}  // namespace heed::exercise
