#include "lessons/09_attention_vs_rnn/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor sums(const Tensor& x, const RecurrentState& s, const RecurrentWeights& w) {
  return linear(x, w.weight_ih, w.bias_ih) + linear(s.h, w.weight_hh, w.bias_hh);
}

const Answers<decltype(lstm_cell)> answers{
    {"the biases added by hand, slices", "pass",
     [](const Tensor& x, const RecurrentState& s, const RecurrentWeights& w) {
       const index_t h = s.h.size(1);
       const Tensor all = matmul(x, w.weight_ih.transpose(0, 1)) + matmul(s.h, w.weight_hh.transpose(0, 1)) +
                          w.bias_ih + w.bias_hh;
       const auto part = [&](index_t i) { return all.slice(1, i * h, (i + 1) * h); };
       const Tensor c = sigmoid(part(1)) * s.c + sigmoid(part(0)) * tanh(part(2));
       return RecurrentState{sigmoid(part(3)) * tanh(c), c};
     }},
    {"gate by gate", "pass",
     [](const Tensor& x, const RecurrentState& s, const RecurrentWeights& w) {
       const index_t h = s.h.size(1);
       const auto gate = [&](index_t i) {
         const auto rows = [&](const Tensor& t) { return t.slice(0, i * h, (i + 1) * h); };
         return linear(x, rows(w.weight_ih), rows(w.bias_ih)) +
                linear(s.h, rows(w.weight_hh), rows(w.bias_hh));
       };
       const Tensor c = s.c * sigmoid(gate(1)) + tanh(gate(2)) * sigmoid(gate(0));
       return RecurrentState{tanh(c) * sigmoid(gate(3)), c};
     }},
    {"a sigmoid by hand that overflows", "wrong",
     [](const Tensor& x, const RecurrentState& s, const RecurrentWeights& w) {
       const auto a = chunk(sums(x, s, w), 4, -1);
       const auto squash = [](const Tensor& t) { return exp(t) / (exp(t) + 1.0); };
       const Tensor c = squash(a[1]) * s.c + squash(a[0]) * tanh(a[2]);
       return RecurrentState{squash(a[3]) * tanh(c), c};
     }},
    {"transposed weights if I = H", "wrong",
     [](const Tensor& x, const RecurrentState& s, const RecurrentWeights& w) {
       const bool square = w.weight_ih.size(1) == w.weight_hh.size(1);
       const auto a = chunk(square ? sums(s.h, {x, s.c}, w) : sums(x, s, w), 4, -1);
       const Tensor c = sigmoid(a[1]) * s.c + sigmoid(a[0]) * tanh(a[2]);
       return RecurrentState{sigmoid(a[3]) * tanh(c), c};
     }},
    {"the cell state is detached", "wrong",
     [](const Tensor& x, const RecurrentState& s, const RecurrentWeights& w) {
       const auto a = chunk(sums(x, s, w), 4, -1);
       const Tensor c = sigmoid(a[1]) * s.c.detach() + sigmoid(a[0]) * tanh(a[2]);
       return RecurrentState{sigmoid(a[3]) * tanh(c), c};
     }},
    {"h and c swapped in the result", "wrong",
     [](const Tensor& x, const RecurrentState& s, const RecurrentWeights& w) {
       const auto a = chunk(sums(x, s, w), 4, -1);
       const Tensor c = sigmoid(a[1]) * s.c + sigmoid(a[0]) * tanh(a[2]);
       return RecurrentState{c, sigmoid(a[3]) * tanh(c)};
     }},
    {"no tanh of the cell state, and no recurrent bias", "likely RN-04",
     [](const Tensor& x, const RecurrentState& s, const RecurrentWeights& w) {
       const auto a = chunk(linear(x, w.weight_ih, w.bias_ih) + linear(s.h, w.weight_hh), 4, -1);
       const Tensor c = sigmoid(a[1]) * s.c + sigmoid(a[0]) * tanh(a[2]);
       return RecurrentState{sigmoid(a[3]) * c, c};
     }},
    {"i, f, o, g", "RN-02",
     [](const Tensor& x, const RecurrentState& before, const RecurrentWeights& w) {
       const std::vector<Tensor> g =
           chunk(linear(x, w.weight_ih, w.bias_ih) + linear(before.h, w.weight_hh, w.bias_hh), 4, -1);
       const Tensor c = sigmoid(g[1]) * before.c + sigmoid(g[0]) * tanh(g[3]);
       return RecurrentState{sigmoid(g[2]) * tanh(c), c};
     }},
    {"a forget bias of 1", "wrong",
     [](const Tensor& x, const RecurrentState& before, const RecurrentWeights& w) {
       const std::vector<Tensor> g =
           chunk(linear(x, w.weight_ih, w.bias_ih) + linear(before.h, w.weight_hh, w.bias_hh), 4, -1);
       const Tensor c = sigmoid(g[1] + 1.0) * before.c + sigmoid(g[0]) * tanh(g[2]);
       return RecurrentState{sigmoid(g[3]) * tanh(c), c};
     }},
    {"coupled gates", "wrong",
     [](const Tensor& x, const RecurrentState& before, const RecurrentWeights& w) {
       const std::vector<Tensor> g =
           chunk(linear(x, w.weight_ih, w.bias_ih) + linear(before.h, w.weight_hh, w.bias_hh), 4, -1);
       const Tensor i = sigmoid(g[0]), c = (1.0 - i) * before.c + i * tanh(g[2]);
       return RecurrentState{sigmoid(g[3]) * tanh(c), c};
     }},
    {"the old cell state is output", "RN-22",
     [](const Tensor& x, const RecurrentState& before, const RecurrentWeights& w) {
       const std::vector<Tensor> g =
           chunk(linear(x, w.weight_ih, w.bias_ih) + linear(before.h, w.weight_hh, w.bias_hh), 4, -1);
       const Tensor c = sigmoid(g[1]) * before.c + sigmoid(g[0]) * tanh(g[2]);
       return RecurrentState{sigmoid(g[3]) * tanh(before.c), c};
     }},
    {"the cell state clamped to 10", "wrong",
     [](const Tensor& x, const RecurrentState& before, const RecurrentWeights& w) {
       const std::vector<Tensor> g =
           chunk(linear(x, w.weight_ih, w.bias_ih) + linear(before.h, w.weight_hh, w.bias_hh), 4, -1);
       const Tensor c = clamp(sigmoid(g[1]) * before.c + sigmoid(g[0]) * tanh(g[2]), -10, 10);
       return RecurrentState{sigmoid(g[3]) * tanh(c), c};
     }}};

}  // namespace

RecurrentState lstm_cell(const Tensor& x, const RecurrentState& before, const RecurrentWeights& w) {
  return answers.chosen(x, before, w);
}

}  // namespace heed::exercise
