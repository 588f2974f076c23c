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

TEST(Golden, MultiheadAttentionsOtherOptions) {
  const MultiheadAttentionOptions options{.d_model = 6, .nhead = 2};
  Generator gen(0);
  for (const Weights wanted : {Weights::none, Weights::per_head})
    expect_golden("mha_score_bias", MultiheadAttention(options, gen), {"query", "key", "value", "bias"},
                  [&](MultiheadAttention& m, const Inputs& in) {
                    return m.forward(in[0], in[1], in[2], {.score_bias = in[3], .weights = wanted}).output;
                  });
  expect_attention("mha_widths", {.d_model = 6, .nhead = 2, .kdim = 5, .vdim = 7}, {"query", "key", "value"},
                   {});
  expect_attention("mha_more_keys", {.d_model = 6, .nhead = 2, .add_bias_kv = true, .add_zero_attn = true},
                   {"x"}, {.mask = padding({4, 2, 1}, 4), .causal = true});
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

template <class Net>
static void expect_recurrent(const std::string& kind) {
  const RecurrentOptions plain{.input_size = 3, .hidden_size = 2};
  RecurrentOptions deep = plain, bare = plain;
  deep.num_layers = 2, deep.bidirectional = true;
  bare.bias = false;
  RecurrentOptions batch_first = deep;
  batch_first.batch_first = true;
  const auto expect = [](const std::string& name, const RecurrentOptions& options, const ReadOptions& how) {
    Generator gen(0);
    expect_golden(name, Net(options, gen), {"x"}, [&](Net& net, const Inputs& in) {
      const RecurrentResult result = net.forward(in[0], how);
      expect_agrees("h", result.state.h, golden(name)["out:h"]);
      EXPECT_EQ(result.state.c.defined(), golden(name).tensors.contains("out:c"));
      if (result.state.c.defined()) expect_agrees("c", result.state.c, golden(name)["out:c"]);
      return result.output;
    });
  };
  expect(kind, plain, {});
  expect(kind + "_deep", deep, {});
  expect(kind + "_packed", batch_first, {.lengths = {4, 1, 3}});
  expect(kind + "_without_bias", bare, {});
}

TEST(Golden, RecurrentNetworks) {
  expect_recurrent<RNN>("rnn");
  expect_recurrent<LSTM>("lstm");
  expect_recurrent<GRU>("gru");
  Generator gen(0);
  expect_golden("rnn_relu", RNN({.input_size = 3, .hidden_size = 2, .nonlinearity = Nonlinearity::relu}, gen),
                {"x"}, [](RNN& net, const Inputs& in) { return net(in[0]).output; });
  expect_golden("gru_initial", GRU({.input_size = 3, .hidden_size = 2}, gen), {"x", "h0"},
                [](GRU& net, const Inputs& in) {
                  return net.forward(in[0], {.initial = {in[1], {}}}).output;
                });
}

TEST(Golden, RecurrentCells) {
  Generator gen(0);
  const RecurrentCellOptions options{.input_size = 3, .hidden_size = 2};
  const auto with_state = [](auto& cell, const Inputs& in) { return cell(in[0], in[1]); };
  expect_golden("rnn_cell", RNNCell(options, gen), {"x", "h"}, with_state);
  expect_golden("gru_cell", GRUCell(options, gen), {"x", "h"}, with_state);
  expect_golden("lstm_cell", LSTMCell(options, gen), {"x", "h", "c"}, [](LSTMCell& cell, const Inputs& in) {
    const RecurrentState next = cell.forward(in[0], {in[1], in[2]});
    expect_agrees("c", next.c, golden("lstm_cell")["out:c"]);
    return next.h;
  });
}

TEST(Golden, ReaderAndWriter) {
  const IntTensor source{{3, 4, 5, 6}, {5, 3, 0, 0}}, given{{1, 2, 3}, {1, 4, 5}};
  for (const auto& [name, look] : {std::pair("seq2seq_none", Look::none),
                                   {"seq2seq_additive", Look::additive},
                                   {"seq2seq_dot", Look::dot}}) {
    Generator gen(0);
    const Seq2SeqOptions options{.source_vocab = 7, .target_vocab = 6, .embed = 3, .hidden = 4, .look = look};
    expect_golden(name, Seq2Seq(options, gen), {}, [&, name = name](Seq2Seq& m, const Inputs&) {
      const Written written = m.forward(source, {4, 2}, given);
      if (written.weights.defined()) expect_agrees("weights", written.weights, golden(name)["out:weights"]);
      return written.logits;
    });
  }
}

TEST(Golden, TransformerDecoder) {
  for (const bool norm_first : {false, true}) {
    Generator gen(0);
    expect_golden(norm_first ? "decoder_layer_pre" : "decoder_layer_post",
                  TransformerDecoderLayer(
                      {.d_model = 6, .nhead = 2, .dim_feedforward = 8, .norm_first = norm_first}, gen),
                  {"target", "memory"}, [](auto& m, const Inputs& in) { return m(in[0], in[1]); });
  }
  Generator gen(0);
  const TransformerDecoderLayerOptions layer{
      .d_model = 6, .nhead = 2, .dim_feedforward = 8, .activation = Activation::gelu, .batch_first = true};
  expect_golden("decoder_batch_first",
                TransformerDecoder({.layer = layer, .num_layers = 2, .norm = true}, gen),
                {"target", "memory"}, [](TransformerDecoder& m, const Inputs& in) {
                  return m.forward(in[0], in[1],
                                   {.causal = false, .memory_mask = golden("decoder_batch_first").mask()});
                });
}

TEST(Golden, Transformer) {
  Generator gen(0);
  expect_golden("transformer",
                Transformer({.layer = {.d_model = 6, .nhead = 2, .dim_feedforward = 8},
                             .num_encoder_layers = 1,
                             .num_decoder_layers = 1},
                            gen),
                {"source", "target"}, [](Transformer& m, const Inputs& in) {
                  return m.forward(in[0], in[1], {.source_mask = golden("transformer").mask()});
                });
}

TEST(Golden, LayersOfPictures) {
  Generator gen(0);
  expect_golden(
      "conv2d",
      Conv2d({.in_channels = 2, .out_channels = 3, .kernel_size = 3, .stride = 2, .padding = 1}, gen), {"x"},
      call);
  expect_golden("conv2d_without_bias",
                Conv2d({.in_channels = 2, .out_channels = 3, .kernel_size = 2, .bias = false}, gen), {"x"},
                call);
  expect_golden("max_pool", MaxPool2d({.kernel_size = 2}), {"x"}, call);
  expect_golden("max_pool_padding", MaxPool2d({.kernel_size = 3, .stride = 2, .padding = 1}), {"x"}, call);
  expect_golden("avg_pool", AvgPool2d({.kernel_size = 3, .stride = 1, .padding = 1}), {"x"}, call);
  expect_golden("batch_norm_eval", BatchNorm2d({.num_features = 3}), {"x"}, call);
  expect_golden("batch_norm_train", BatchNorm2d({.num_features = 3}), {"x"},
                [](BatchNorm2d& norm, const Inputs& in) {
                  norm.train();
                  const Tensor y = norm(in[0]);
                  expect_agrees("mean", norm.running_mean, golden("batch_norm_train")["out:mean"]);
                  expect_agrees("var", norm.running_var, golden("batch_norm_train")["out:var"]);
                  expect_agrees("count", norm.num_batches_tracked, golden("batch_norm_train")["out:count"]);
                  return y;
                });
  expect_golden("group_norm", GroupNorm({.num_groups = 2, .num_channels = 4}), {"x"}, call);
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
