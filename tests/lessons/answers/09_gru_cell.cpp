#include "lessons/09_attention_vs_rnn/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

const Answers<decltype(gru_cell)> answers{
    {"the biases added by hand, slices", "pass",
     [](const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
       const index_t n = h.size(1);
       const Tensor a = matmul(x, w.weight_ih.transpose(0, 1)) + w.bias_ih;
       const Tensor b = matmul(h, w.weight_hh.transpose(0, 1)) + w.bias_hh;
       const auto part = [n](const Tensor& t, index_t i) { return t.slice(1, i * n, (i + 1) * n); };
       const Tensor r = sigmoid(part(a, 0) + part(b, 0)), z = sigmoid(part(a, 1) + part(b, 1));
       const Tensor fresh = tanh(part(a, 2) + r * part(b, 2));
       return fresh + z * (h - fresh);
     }},
    {"the complement of z as the sigmoid of the negative", "pass",
     [](const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
       const auto a = chunk(linear(x, w.weight_ih, w.bias_ih), 3, -1),
                  b = chunk(linear(h, w.weight_hh, w.bias_hh), 3, -1);
       const Tensor sum = a[1] + b[1];
       return sigmoid(-sum) * tanh(a[2] + sigmoid(a[0] + b[0]) * b[2]) + sigmoid(sum) * h;
     }},
    {"a sigmoid by hand that overflows", "wrong",
     [](const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
       const auto squash = [](const Tensor& t) { return exp(t) / (exp(t) + 1.0); };
       const auto a = chunk(linear(x, w.weight_ih, w.bias_ih), 3, -1),
                  b = chunk(linear(h, w.weight_hh, w.bias_hh), 3, -1);
       const Tensor z = squash(a[1] + b[1]);
       return (1.0 - z) * tanh(a[2] + squash(a[0] + b[0]) * b[2]) + z * h;
     }},
    {"one sum for all three", "RN-27",
     [](const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
       const auto a = chunk(linear(x, w.weight_ih, w.bias_ih) + linear(h, w.weight_hh, w.bias_hh), 3, -1);
       const Tensor z = sigmoid(a[1]);
       return (1.0 - z) * tanh(a[2]) + z * h;
     }},
    {"z swapped and r not used", "likely RN-06",
     [](const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
       const auto a = chunk(linear(x, w.weight_ih, w.bias_ih) + linear(h, w.weight_hh, w.bias_hh), 3, -1);
       const Tensor z = sigmoid(a[1]);
       return z * tanh(a[2]) + (1.0 - z) * h;
     }},
    {"x and h swapped if I = H", "wrong",
     [](const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
       const bool square = w.weight_ih.size(1) == w.weight_hh.size(1);
       const Tensor &in = square ? h : x, &state = square ? x : h;
       const auto a = chunk(linear(in, w.weight_ih, w.bias_ih), 3, -1),
                  b = chunk(linear(state, w.weight_hh, w.bias_hh), 3, -1);
       const Tensor z = sigmoid(a[1] + b[1]);
       return (1.0 - z) * tanh(a[2] + sigmoid(a[0] + b[0]) * b[2]) + z * h;
     }},
    {"the reset gate is detached", "wrong",
     [](const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
       const auto a = chunk(linear(x, w.weight_ih, w.bias_ih), 3, -1),
                  b = chunk(linear(h, w.weight_hh, w.bias_hh), 3, -1);
       const Tensor z = sigmoid(a[1] + b[1]);
       return (1.0 - z) * tanh(a[2] + sigmoid(a[0] + b[0]).detach() * b[2]) + z * h;
     }},
    {"gates split along the batch if the size matches", "wrong",
     [](const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
       const int axis = x.size(0) % 3 == 0 ? 0 : -1;
       const std::vector<Tensor> a = chunk(linear(x, w.weight_ih, w.bias_ih), 3, -1),
                                 b = chunk(linear(h, w.weight_hh, w.bias_hh), 3, -1);
       const Tensor all = sigmoid(cat({a[0], a[1], a[2]}, -1) + cat({b[0], b[1], b[2]}, -1));
       const Tensor r = chunk(all, 3, -1)[0],
                    z = axis == 0 ? all.slice(-1, 0, h.size(1)) : chunk(all, 3, -1)[1];
       const Tensor n = tanh(a[2] + r * b[2]);
       return (1.0 - z) * n + z * h;
     }},
    {"the order r, n, z", "wrong",
     [](const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
       const std::vector<Tensor> a = chunk(linear(x, w.weight_ih, w.bias_ih), 3, -1),
                                 b = chunk(linear(h, w.weight_hh, w.bias_hh), 3, -1);
       const Tensor r = sigmoid(a[0] + b[0]), z = sigmoid(a[2] + b[2]), n = tanh(a[1] + r * b[1]);
       return (1.0 - z) * n + z * h;
     }},
    {"no tanh", "wrong",
     [](const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
       const std::vector<Tensor> a = chunk(linear(x, w.weight_ih, w.bias_ih), 3, -1),
                                 b = chunk(linear(h, w.weight_hh, w.bias_hh), 3, -1);
       const Tensor r = sigmoid(a[0] + b[0]), z = sigmoid(a[1] + b[1]), n = a[2] + r * b[2];
       return (1.0 - z) * n + z * h;
     }},
    {"a hard sigmoid", "wrong",
     [](const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
       const std::vector<Tensor> a = chunk(linear(x, w.weight_ih, w.bias_ih), 3, -1),
                                 b = chunk(linear(h, w.weight_hh, w.bias_hh), 3, -1);
       const auto hard = [](const Tensor& y) { return clamp(y / 6.0 + 0.5, 0, 1); };
       const Tensor r = hard(a[0] + b[0]), z = hard(a[1] + b[1]), n = tanh(a[2] + r * b[2]);
       return (1.0 - z) * n + z * h;
     }},
    {"the biases swapped", "wrong", [](const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
       const std::vector<Tensor> a = chunk(linear(x, w.weight_ih, w.bias_hh), 3, -1),
                                 b = chunk(linear(h, w.weight_hh, w.bias_ih), 3, -1);
       const Tensor r = sigmoid(a[0] + b[0]), z = sigmoid(a[1] + b[1]), n = tanh(a[2] + r * b[2]);
       return (1.0 - z) * n + z * h;
     }}};

}  // namespace

Tensor gru_cell(const Tensor& x, const Tensor& h, const RecurrentWeights& w) {
  return answers.chosen(x, h, w);
}

}  // namespace heed::exercise
