// fused_test.cpp — every fused op against the same function composed of simple ops: values and
// gradients agree, in f32 and f64. attention_test.cpp compares the two forms of attention.
#include <cmath>
#include <functional>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

using Inputs = std::vector<Tensor>;
using Op = std::function<Tensor(const Inputs&)>;
struct FusedCase {
  const char* name;
  Op fused, composed;
  std::vector<Shape> inputs;
};

Mask two_thirds(const Shape& shape) {
  std::vector<std::uint8_t> bits(static_cast<std::size_t>(shape[0] * shape[1]));
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = i % 3 != 0;
  return {bits, shape};
}

Tensor log_of_softmax(const Tensor& x) {
  const Tensor shifted = x - max(x).detach();
  return shifted - log(sum(exp(shifted), -1, true));
}
Tensor normalised(const Tensor& x, double eps) {
  const Tensor centred = x - mean(x, -1, true);
  return centred * rsqrt(mean(centred * centred, -1, true) + eps);
}

const IntTensor targets{{3, 0, 6}, {-100, 5, 1}};

// The mean of the smoothed cross-entropy over the targets that are not ignored.
Tensor smoothed_loss(const Tensor& logits, double smoothing) {
  const Tensor log_p = log_of_softmax(logits);
  Tensor total = scalar(0, logits.dtype());
  index_t counted = 0;
  for (index_t i = 0; i < targets.size(0); ++i)
    for (index_t j = 0; j < targets.size(1); ++j) {
      const index_t target = targets[i * targets.size(1) + j];
      if (target == -100) continue;
      const Tensor row = log_p[i][j];
      total = total - row[target] * (1 - smoothing) - mean(row) * smoothing;
      ++counted;
    }
  return total / static_cast<double>(counted);
}

std::vector<FusedCase> all_cases() {
  const double gelu_scale = std::sqrt(2 / std::numbers::pi);
  return {
      {"linear",
       [](const Inputs& in) { return linear(in[0], in[1], in[2]); },
       [](const Inputs& in) { return matmul(in[0], in[1].transpose(0, 1)) + in[2]; },
       {{4, 3, 37}, {21, 37}, {21}}},
      {"linear_relu",
       [](const Inputs& in) { return linear_relu(in[0], in[1], in[2]); },
       [](const Inputs& in) { return relu(linear(in[0], in[1], in[2])); },
       {{4, 3, 37}, {21, 37}, {21}}},
      {"linear_relu of many rows",
       [](const Inputs& in) { return linear_relu(in[0], in[1]); },
       [](const Inputs& in) { return relu(matmul(in[0], in[1].transpose(0, 1))); },
       {{70, 300}, {130, 300}}},
      {"softmax",
       [](const Inputs& in) { return softmax(in[0], -1); },
       [](const Inputs& in) { return exp(log_of_softmax(in[0])); },
       {{4, 5, 19}}},
      {"log_softmax",
       [](const Inputs& in) { return log_softmax(in[0], -1); },
       [](const Inputs& in) { return log_of_softmax(in[0]); },
       {{4, 5, 19}}},
      {"masked_softmax",
       [](const Inputs& in) {
         return masked_softmax(in[0], two_thirds({6, 19}));
       },
       [](const Inputs& in) {
         const Tensor e = masked_fill(exp(in[0] - max(in[0]).detach()), !two_thirds({6, 19}), 0);
         return e / sum(e, -1, true);
       },
       {{6, 19}}},
      {"cross_entropy",
       [](const Inputs& in) { return cross_entropy(in[0], targets, {.label_smoothing = 0.2}); },
       [](const Inputs& in) { return smoothed_loss(in[0], 0.2); },
       {{2, 3, 7}}},
      {"layer_norm",
       [](const Inputs& in) { return layer_norm(in[0], in[1], in[2], 1e-3); },
       [](const Inputs& in) { return normalised(in[0], 1e-3) * in[1] + in[2]; },
       {{4, 5, 33}, {33}, {33}}},
      {"rms_norm",
       [](const Inputs& in) { return rms_norm(in[0], in[1], 1e-3); },
       [](const Inputs& in) { return in[0] * rsqrt(mean(in[0] * in[0], -1, true) + 1e-3) * in[1]; },
       {{4, 5, 33}, {33}}},
      {"gelu_tanh",
       [](const Inputs& in) { return gelu(in[0], Gelu::tanh); },
       [=](const Inputs& in) {
         const Tensor& x = in[0];
         return x * 0.5 * (tanh((x + x * x * x * 0.044715) * gelu_scale) + 1);
       },
       {{7, 13}}},
      {"silu",
       [](const Inputs& in) { return silu(in[0]); },
       [](const Inputs& in) { return in[0] * sigmoid(in[0]); },
       {{7, 13}}},
  };
}

// Returns the result and the gradient of each input.
std::vector<Tensor> run(const Op& op, const std::vector<Shape>& shapes, DType dtype) {
  Inputs in;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    in.push_back(noise(shapes[i], i + 1, dtype).set_requires_grad());
  const Tensor y = op(in);
  sum(y * noise(y.shape(), 9, dtype)).backward();
  std::vector<Tensor> results = {y.detach()};
  for (const Tensor& x : in) results.push_back(x.grad());
  return results;
}

// Returns the first difference of more than rounding, or an empty string.
std::string difference(const FusedCase& t, DType dtype) {
  const auto fused = run(t.fused, t.inputs, dtype), composed = run(t.composed, t.inputs, dtype);
  for (std::size_t i = 0; i < fused.size(); ++i) {
    if (fused[i].shape() != composed[i].shape()) return concat(t.name, ": shapes of result ", i);
    double size = 1;
    for (const double v : composed[i].to_vector()) size = std::max(size, std::abs(v));
    const double apart = max_abs_difference(fused[i], composed[i]) / size;
    if (!(apart <= (dtype == f64 ? 1e-14 : 5e-6)))
      return concat(t.name, ", ", i == 0 ? "values" : concat("gradient ", i - 1), ": ", apart);
  }
  return "";
}

TEST(Fused, EveryOpEqualsItsComposedForm) {
  for (const FusedCase& t : all_cases())
    for (const DType dtype : {f32, f64}) EXPECT_EQ(difference(t, dtype), "");
}

TEST(Fused, AWrongComposedFormIsDetected) {
  const FusedCase no_eps{"layer_norm",
                         [](const Inputs& in) { return layer_norm(in[0], {}, {}, 1e-3); },
                         [](const Inputs& in) { return normalised(in[0], 1e-5); },
                         {{4, 33}}};
  EXPECT_TRUE(difference(no_eps, f32).starts_with("layer_norm, values")) << difference(no_eps, f32);
  const FusedCase half{"silu",
                       [](const Inputs& in) { return silu(in[0]); },
                       [](const Inputs& in) { return in[0] * sigmoid(in[0]).detach(); },
                       {{7, 13}}};
  EXPECT_TRUE(difference(half, f64).starts_with("silu, gradient 0")) << difference(half, f64);
}

}  // namespace
}  // namespace heed
