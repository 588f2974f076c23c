#include <cmath>

#include "lessons/09_attention_vs_rnn/checks/recurrent.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Weights = RecurrentWeights;

Tensor reference(const Tensor& x, const Tensor& h, const Weights& w) {
  Generator gen(0);
  nn::GRUCell library({.input_size = w.weight_ih.size(1), .hidden_size = w.weight_hh.size(1)}, gen);
  library.weight_ih = w.weight_ih;
  library.weight_hh = w.weight_hh;
  library.bias_ih = w.bias_ih;
  library.bias_hh = w.bias_hh;
  return library.forward(x, h);
}

// Shared by the twins: the parts of x and of h, the two gates and the candidate.
struct Parts {
  std::vector<Tensor> x, h;  // r, z, n
  Tensor r, z;
  Parts(const Tensor& input, const Tensor& state, const Weights& w)
      : x(chunk(linear(input, w.weight_ih, w.bias_ih), 3, -1)),
        h(chunk(linear(state, w.weight_hh, w.bias_hh), 3, -1)),
        r(sigmoid(x[0] + h[0])),
        z(sigmoid(x[1] + h[1])) {}
  Tensor candidate() const { return tanh(x[2] + r * h[2]); }
};
Tensor interpolate(const Tensor& z, const Tensor& n, const Tensor& h) { return (1.0 - z) * n + z * h; }

// Applies r before the product with W_hn, as in the paper of 2014.
Tensor reset_first(const Tensor& x, const Tensor& h, const Weights& w) {
  const Parts p(x, h, w);
  return interpolate(p.z, tanh(p.x[2] + linear(p.r * h, chunk(w.weight_hh, 3)[2], chunk(w.bias_hh, 3)[2])),
                     h);
}
// Adds b_hn outside the product with r.
Tensor bias_outside(const Tensor& x, const Tensor& h, const Weights& w) {
  const Parts p(x, h, w);
  const Tensor b = chunk(w.bias_hh, 3)[2];
  return interpolate(p.z, tanh(p.x[2] + p.r * (p.h[2] - b) + b), h);
}

const checks::Exercise<decltype(gru_cell)> exercise{
    "09_gru_cell",
    gru_cell,
    reference,
    {{"RN-06", "z and 1 - z are swapped: this course uses h' = (1 - z) n + z h, as in PyTorch",
      [](auto& x, auto& h, auto& w) {
        const Parts p(x, h, w);
        return interpolate(p.z, h, p.candidate());
      }},
     {"RN-25", "r was applied before W_hn, as in the paper: use PyTorch's r · (W_hn h + b_hn)", reset_first},
     {"RN-26", "the rows were read as z, r, n: use PyTorch's order, r, z, n",
      [](auto& x, auto& h, auto& w) {
        const Parts p(x, h, w);
        return interpolate(p.r, tanh(p.x[2] + p.z * p.h[2]), h);
      }},
     {"RN-27", "r was not used: n = tanh(n of x + r · (n of h))",
      [](auto& x, auto& h, auto& w) {
        const Parts p(x, h, w);
        return interpolate(p.z, tanh(p.x[2] + p.h[2]), h);
      }},
     {"RN-28", "r was applied to the part of x as well: it resets only the part of h",
      [](auto& x, auto& h, auto& w) {
        const Parts p(x, h, w);
        return interpolate(p.z, tanh(p.r * (p.x[2] + p.h[2])), h);
      }},
     {"RN-29", "the candidate n went through a sigmoid: it is not a gate, use tanh",
      [](auto& x, auto& h, auto& w) {
        const Parts p(x, h, w);
        return interpolate(p.z, sigmoid(p.x[2] + p.r * p.h[2]), h);
      }},
     {"RN-30", "b_hn is outside the product with r: use r · (W_hn h + b_hn), as in PyTorch", bias_outside},
     {"RN-31", "the factor 1 - z is missing: h' = (1 - z) n + z h",
      [](auto& x, auto& h, auto& w) {
        const Parts p(x, h, w);
        return p.candidate() + p.z * h;
      }},
     {"RN-15", "b_hh is missing: this course has two biases, as in PyTorch",
      [](auto& x, auto& h, auto& w) {
        return reference(x, h, {w.weight_ih, w.weight_hh, w.bias_ih, {}});
      }},
     {"RN-60", "b_ih is missing: this course has two biases, as in PyTorch",
      [](auto& x, auto& h, auto& w) {
        return reference(x, h, {w.weight_ih, w.weight_hh, {}, w.bias_hh});
      }},
     {"RN-61", "no gradient reaches h: every step passes it on to the previous one",
      [](auto& x, auto& h, auto& w) { return reference(x, h.detach(), w); }}}};

std::tuple<Tensor, Tensor, Weights> inputs(index_t batch, index_t in, index_t hidden, double scale = 1) {
  Generator gen(6);
  const Tensor x = randn({batch, in}, gen) * scale, h = randn({batch, hidden}, gen);
  return {x, h, random_weights(in, hidden, 3, gen)};
}

TEST(GruCell, InterpolatesBetweenCandidateAndState) {
  exercise.call("gru_cell(x = 1, h = 0.4) with weights that make n = 0.8 and z = 0.25, and biases of 0", [] {
    const Tensor w_ih = tensor({{0}, {std::log(0.25 / 0.75)}, {std::atanh(0.8)}});
    return std::tuple(tensor({{1}}), tensor({{0.4}}), Weights{w_ih, zeros({3, 1}), zeros({3}), zeros({3})});
  });
}

TEST(GruCell, OfABatch) {
  exercise.call("gru_cell(x (2, 4), h (2, 5), weights)", [] { return inputs(2, 4, 5); });
  exercise.call("gru_cell(x (1, 4), h (1, 3), weights)", [] { return inputs(1, 4, 3); });
}

TEST(GruCell, OfEqualSizes) {
  exercise.call("gru_cell(x (3, 3), h (3, 3), weights)", [] { return inputs(3, 3, 3); });
}

TEST(GruCell, StaysFiniteForLargeInputs) {
  exercise.call("gru_cell(1000 · x (2, 4), h (2, 5), weights)", [] { return inputs(2, 4, 5, 1000); });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit RN-06: `(1.0 - z) * n + z * h` => `(1.0 - z) * h + z * n`
