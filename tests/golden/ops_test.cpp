// ops_test.cpp — ops against PyTorch: values and gradients.
#include <functional>

#include "tests/golden/golden.h"

namespace heed {
namespace {

using Inputs = std::vector<Tensor>;
using Op = std::function<Tensor(const Inputs&)>;

CrossEntropyOptions options(Reduction reduction, double smoothing) {
  return {.reduction = reduction, .label_smoothing = smoothing};
}

// The op of every case in the file. cases_ops.py has the PyTorch code under the same name.
const std::map<std::string, Op>& heed_ops() {
  static const IntTensor targets{1, -100, 4, 0};
  static const auto between = [](const Inputs& in) {
    return tensor({{0, 1, 0.25}, {1, 0.5, 0}}, in[0].dtype());
  };
  static const Mask visible = Mask::of({{1, 0, 1, 1, 0}, {1, 1, 0, 0, 0}, {0, 0, 0, 0, 1}});
  static const Mask second_row_masked = Mask::of({{1, 0, 1, 1, 0}, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 1}});
  static const std::map<std::string, Op> ops = {
      {"exp", [](const Inputs& in) { return exp(in[0]); }},
      {"tanh", [](const Inputs& in) { return tanh(in[0]); }},
      {"sigmoid", [](const Inputs& in) { return sigmoid(in[0]); }},
      {"relu", [](const Inputs& in) { return relu(in[0]); }},
      {"abs", [](const Inputs& in) { return abs(in[0]); }},
      {"neg", [](const Inputs& in) { return neg(in[0]); }},
      {"log", [](const Inputs& in) { return log(in[0]); }},
      {"sqrt", [](const Inputs& in) { return sqrt(in[0]); }},
      {"rsqrt", [](const Inputs& in) { return rsqrt(in[0]); }},
      {"gelu", [](const Inputs& in) { return gelu(in[0]); }},
      {"gelu_tanh", [](const Inputs& in) { return gelu(in[0], Gelu::tanh); }},
      {"silu", [](const Inputs& in) { return silu(in[0]); }},
      {"clamp", [](const Inputs& in) { return clamp(in[0], -0.5, 0.7); }},
      {"add", [](const Inputs& in) { return add(in[0], in[1]); }},
      {"sub", [](const Inputs& in) { return sub(in[0], in[1]); }},
      {"mul", [](const Inputs& in) { return mul(in[0], in[1]); }},
      {"div", [](const Inputs& in) { return div(in[0], in[1]); }},
      {"pow", [](const Inputs& in) { return pow(in[0], in[1]); }},
      {"pow_of_zero", [](const Inputs& in) { return pow(in[0], in[1]); }},
      {"maximum_of_equals", [](const Inputs& in) { return maximum(in[0], in[1]); }},
      {"minimum_of_equals", [](const Inputs& in) { return minimum(in[0], in[1]); }},
      {"var",
       [](const Inputs& in) {
         return var(in[0], {0, 2}, 1, true);
       }},
      {"var_biased", [](const Inputs& in) { return var(in[0], 1, 0); }},
      {"max_of_equals", [](const Inputs& in) { return max(in[0]); }},
      {"max_along", [](const Inputs& in) { return max(in[0], 1).values; }},
      {"logsumexp", [](const Inputs& in) { return logsumexp(in[0], 0); }},
      {"topk", [](const Inputs& in) { return topk(in[0], 3).values; }},
      {"roll", [](const Inputs& in) { return roll(in[0], 2, 1); }},
      {"pad",
       [](const Inputs& in) {
         return pad(in[0], {1, 0, 2, 1}, 4);
       }},
      {"gather",
       [](const Inputs& in) {
         return gather(in[0], 1, IntTensor{{0, 0, 2}, {1, 1, 1}});
       }},
      {"matmul", [](const Inputs& in) { return matmul(in[0], in[1]); }},
      {"matmul_by_vector", [](const Inputs& in) { return matmul(in[0], in[1]); }},
      {"linear", [](const Inputs& in) { return linear(in[0], in[1], in[2]); }},
      {"softmax", [](const Inputs& in) { return softmax(in[0], 1); }},
      {"log_softmax", [](const Inputs& in) { return log_softmax(in[0], -1); }},
      {"cross_entropy_mean_0.0",
       [](const Inputs& in) { return cross_entropy(in[0], targets, options(Reduction::mean, 0)); }},
      {"cross_entropy_mean_0.2",
       [](const Inputs& in) { return cross_entropy(in[0], targets, options(Reduction::mean, 0.2)); }},
      {"cross_entropy_sum_0.0",
       [](const Inputs& in) { return cross_entropy(in[0], targets, options(Reduction::sum, 0)); }},
      {"cross_entropy_sum_0.2",
       [](const Inputs& in) { return cross_entropy(in[0], targets, options(Reduction::sum, 0.2)); }},
      {"cross_entropy_none_0.0",
       [](const Inputs& in) { return cross_entropy(in[0], targets, options(Reduction::none, 0)); }},
      {"cross_entropy_none_0.2",
       [](const Inputs& in) { return cross_entropy(in[0], targets, options(Reduction::none, 0.2)); }},
      {"nll", [](const Inputs& in) { return nll_loss(log_softmax(in[0], -1), targets); }},
      {"mse", [](const Inputs& in) { return mse_loss(in[0], in[1]); }},
      {"bce",
       [](const Inputs& in) {
         return binary_cross_entropy_with_logits(in[0], tensor({0, 1, 0.25, 1}, in[0].dtype()));
       }},
      {"nll_sum",
       [](const Inputs& in) {
         return nll_loss(log_softmax(in[0], -1), targets, options(Reduction::sum, 0));
       }},
      {"nll_none",
       [](const Inputs& in) {
         return nll_loss(log_softmax(in[0], -1), targets, options(Reduction::none, 0));
       }},
      {"mse_sum", [](const Inputs& in) { return mse_loss(in[0], in[1], Reduction::sum); }},
      {"mse_none", [](const Inputs& in) { return mse_loss(in[0], in[1], Reduction::none); }},
      {"bce_sum",
       [](const Inputs& in) { return binary_cross_entropy_with_logits(in[0], between(in), Reduction::sum); }},
      {"bce_none",
       [](const Inputs& in) {
         return binary_cross_entropy_with_logits(in[0], between(in), Reduction::none);
       }},
      {"cross_entropy_ignore_index",
       [](const Inputs& in) {
         return cross_entropy(in[0], IntTensor{2, 0, 2, 1}, {.ignore_index = 2});
       }},
      {"conv2d_groups", [](const Inputs& in) { return conv2d(in[0], in[1], {}, 2, 1, 2, 2); }},
      {"unbind",
       [](const Inputs& in) {
         const auto part = unbind(in[0], 1);
         return part[0] * part[2] + exp(part[2]);
       }},
      {"unfold_dilation",
       [](const Inputs& in) {
         return unfold(in[0], {2, 3, 2, 1, 2});
       }},
      {"fold_dilation",
       [](const Inputs& in) {
         return fold(in[0], 5, 6, {2, 3, 2, 1, 2});
       }},
      {"layer_norm", [](const Inputs& in) { return layer_norm(in[0], in[1], in[2]); }},
      {"rms_norm", [](const Inputs& in) { return rms_norm(in[0], in[1]); }},
      {"embedding",
       [](const Inputs& in) {
         return embedding(in[0], IntTensor{{1, 2}, {1, 0}}, 0);
       }},
      {"conv2d", [](const Inputs& in) { return conv2d(in[0], in[1], in[2], 2, 1); }},
      {"unfold",
       [](const Inputs& in) {
         return unfold(in[0], {3, 2, 2, 1});
       }},
      {"fold",
       [](const Inputs& in) {
         return fold(in[0], 5, 4, {3, 2, 1, 1});
       }},
      {"attention", [](const Inputs& in) { return scaled_dot_product_attention(in[0], in[1], in[2]); }},
      {"attention_mask",
       [](const Inputs& in) { return scaled_dot_product_attention(in[0], in[1], in[2], {.mask = visible}); }},
      {"attention_causal",
       [](const Inputs& in) { return scaled_dot_product_attention(in[0], in[1], in[2], {.causal = true}); }},
      {"attention_fully_masked_row",
       [](const Inputs& in) {
         return scaled_dot_product_attention(in[0], in[1], in[2], {.mask = second_row_masked});
       }},
      {"attention_bias",
       [](const Inputs& in) { return scaled_dot_product_attention(in[0], in[1], in[2], {.bias = in[3]}); }},
  };
  return ops;
}

TEST(GoldenOps, EveryCaseInBothPrecisions) {
  EXPECT_EQ(golden_file("ops").size(), heed_ops().size());
  for (const auto& [name, g] : golden_file("ops"))
    for (const DType dtype : {f64, f32}) {
      const auto op = heed_ops().find(name);
      ASSERT_NE(op, heed_ops().end()) << "no op for case '" << name << "'";
      Inputs inputs;
      for (std::size_t i = 0; g.has(concat("in:", i)); ++i)
        inputs.push_back(g[concat("in:", i)].to(dtype).clone().set_requires_grad());
      const Tensor y = op->second(inputs);
      expect_agrees(g, "output", y.detach(), g["out"]);
      y.backward(g["r"].to(dtype));
      for (std::size_t i = 0; i < inputs.size(); ++i)
        expect_agrees(g, concat("gradient ", i), inputs[i].grad(), g[concat("grad:", i)], Quantity::gradient);
    }
}

}  // namespace
}  // namespace heed
