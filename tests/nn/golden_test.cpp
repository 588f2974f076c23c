// golden_test.cpp — every layer against PyTorch: outputs and all gradients, in float64, to 1e-10.
#include "tests/golden/golden.h"

#include <gtest/gtest-spi.h>

#include <cmath>

#include "nn/nn.h"
#include "tests/testing.h"

namespace heed::nn {

static const GoldenCase& golden(const std::string& name) {
  static const Golden cases = read_golden(HEED_SOURCE_DIR "/tests/golden/nn.txt");
  const auto found = cases.find(name);
  check(found != cases.end(), "golden", "no case '", name, "'");
  return found->second;
}

static Tensor input(const GoldenCase& g, const std::string& name) {
  return g["in:" + name].clone().set_requires_grad();
}

// Loads PyTorch's parameters (their names must be ours), runs, and compares everything that the case has.
template <class M, class Run>
static void expect_golden(const std::string& name, M layer, const std::vector<std::string>& input_names,
                          Run run) {
  SCOPED_TRACE(name);
  const GoldenCase& g = golden(name);
  layer.to(f64);
  layer.load_state_dict(g.parameters);
  layer.eval();
  std::vector<Tensor> inputs;
  for (const auto& input_name : input_names) inputs.push_back(input(g, input_name));
  const Tensor y = run(layer, inputs);
  expect_agrees("output", y, g["out:output"]);
  sum(y * g["r"]).backward();
  for (std::size_t i = 0; i < inputs.size(); ++i)
    expect_agrees("gradient of " + input_names[i], inputs[i].grad(), g["grad:" + input_names[i]]);
  for (const auto& [key, parameter] : layer.named_parameters())
    expect_agrees("gradient of " + key, parameter.grad(), g["grad:" + key]);
}

using Inputs = std::vector<Tensor>;
static const auto call = [](auto& layer, const Inputs& in) { return layer(in[0]); };

TEST(Golden, LinearAndLayerNorm) {
  Generator gen(0);
  expect_golden("linear", Linear({.in = 4, .out = 3}, gen), {"x"}, call);
  expect_golden("linear_without_bias", Linear({.in = 4, .out = 3, .bias = false}, gen), {"x"}, call);
  expect_golden("layer_norm", LayerNorm({.size = 6}), {"x"}, call);
}

// Each case twice: through the fused op, and through the composed one that returns weights.
static void expect_attention(const std::string& name, const MultiheadAttentionOptions& options,
                             const std::vector<std::string>& inputs, AttendOptions how,
                             const std::string& weights = "weights") {
  for (const Weights wanted : {Weights::none, weights == "average" ? Weights::average : Weights::per_head}) {
    Generator gen(0);
    how.weights = wanted;
    expect_golden(name, MultiheadAttention(options, gen), inputs,
                  [&](MultiheadAttention& m, const Inputs& in) {
                    const bool self = in.size() == 1;
                    const auto result = m.forward(in[0], in[self ? 0 : 1], in[self ? 0 : 2], how);
                    if (wanted != Weights::none)
                      expect_agrees("weights", result.weights, golden(name)["out:" + weights]);
                    return result.output;
                  });
  }
}

TEST(Golden, MultiheadAttentionToItself) {
  const MultiheadAttentionOptions options{.d_model = 6, .nhead = 2};
  expect_attention("mha_self", options, {"x"}, {});
  expect_attention("mha_self_without_bias", {.d_model = 6, .nhead = 2, .bias = false}, {"x"}, {}, "average");
  expect_attention("mha_self_causal", options, {"x"}, {.causal = true});
  expect_attention("mha_self_causal", options, {"x"}, {.mask = golden("mha_self_causal").mask()});
  expect_attention("mha_self_padding", options, {"x"}, {.mask = padding({4, 2, 1}, 4)});
}

TEST(Golden, MultiheadAttentionToAnotherSequence) {
  const std::vector<std::string> inputs{"query", "key", "value"};
  expect_attention("mha_cross", {.d_model = 6, .nhead = 2}, inputs, {});
  expect_attention("mha_cross_mask_batch_first", {.d_model = 6, .nhead = 2, .batch_first = true}, inputs,
                   {.mask = golden("mha_cross_mask_batch_first").mask()});
}

static TransformerEncoderLayerOptions layer_options(bool norm_first,
                                                    Activation activation = Activation::relu) {
  return {.d_model = 6, .nhead = 2, .dim_feedforward = 8, .activation = activation, .norm_first = norm_first};
}

TEST(Golden, TransformerEncoderLayer) {
  Generator gen(0);
  for (const bool pre : {false, true})
    for (const Activation f : {Activation::relu, Activation::gelu})
      expect_golden(concat("layer_", pre ? "pre_" : "post_", heed::nn::name(f)),
                    TransformerEncoderLayer(layer_options(pre, f), gen), {"x"}, call);
  auto options = layer_options(false);
  options.layer_norm_eps = 1e-3;
  expect_golden("layer_padding_causal", TransformerEncoderLayer(options, gen), {"x"},
                [](TransformerEncoderLayer& layer, const Inputs& in) {
                  return layer.forward(in[0], {.mask = padding({4, 2, 1}, 4), .causal = true});
                });
}

TEST(Golden, TransformerEncoder) {
  Generator gen(0);
  expect_golden("encoder", TransformerEncoder({.layer = layer_options(false), .num_layers = 2}, gen), {"x"},
                call);
  auto options = layer_options(true);
  options.batch_first = true;
  expect_golden("encoder_pre_norm_batch_first",
                TransformerEncoder({.layer = options, .num_layers = 2, .norm = true}, gen), {"x"},
                [](TransformerEncoder& encoder, const Inputs& in) {
                  return encoder.forward(in[0], {.mask = padding({4, 2, 1}, 4)});
                });
}

TEST(Golden, TheCoursesPositionalEncoding) {
  const GoldenCase& g = golden("positional_encoding");
  expect_agrees("short", sinusoidal_table(7, 6, f64), g["out:short"]);
  expect_agrees("long", sinusoidal_table(600, 16, f64).slice(0, 0, to_end, 37), g["out:long"]);
}

// The comparison itself must be able to fail.
TEST(Golden, ADifferenceIsNoticed) {
  EXPECT_FATAL_FAILURE(expect_agrees("y", tensor({1, 2}, f64), tensor({1, 2.000001}, f64)), "y, element 1");
  EXPECT_FATAL_FAILURE(expect_agrees("y", tensor({NAN}, f64), tensor({1}, f64)), "y, element 0");
  EXPECT_EQ(error_of([] { golden("nothing"); }), "[golden] no case 'nothing'");
}

}  // namespace heed::nn
