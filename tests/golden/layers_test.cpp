// layers_test.cpp — every layer against PyTorch: outputs and all gradients.
#include <gtest/gtest-spi.h>

#include <cmath>

#include "nn/models/models.h"
#include "tests/golden/golden.h"
#include "tests/testing.h"

namespace heed::nn {

static const GoldenCase& golden(const std::string& name) { return heed::golden("layers", name); }

template <class M, class Run>
static void run_golden(const GoldenCase& g, const M& layer, const std::vector<std::string>& input_names,
                       Run run, DType dtype, bool training) {
  M m = layer.clone();
  m.to(dtype);
  m.load_state_dict(g.parameters);
  m.train(training);
  std::vector<Tensor> inputs;
  for (const auto& input : input_names)
    inputs.push_back(g["in:" + input].to(dtype).clone().set_requires_grad());
  const Tensor y = run(m, inputs);
  expect_agrees(g, "output", y.detach(), g["out:output"]);
  sum(y * g["r"].to(dtype)).backward();
  const auto expect_gradient = [&](const std::string& of, const Tensor& t) {
    expect_agrees(g, "gradient of " + of, t.grad(), g["grad:" + of], Quantity::gradient);
  };
  for (std::size_t i = 0; i < inputs.size(); ++i) expect_gradient(input_names[i], inputs[i]);
  for (const auto& [key, parameter] : m.named_parameters()) expect_gradient(key, parameter);
}

// Loads PyTorch's parameters by name, runs the layer, and compares all tensors of the case, in both
// precisions and in both evaluation and training mode. No case has dropout, and batch norm has a
// separate case for training.
template <class M, class Run>
static void expect_golden(const std::string& name, const M& layer,
                          const std::vector<std::string>& input_names, Run run) {
  const GoldenCase& g = golden(name);
  for (const DType dtype : {f64, f32})
    for (const bool training : {false, true})
      if (!training || !name.starts_with("batch_norm"))
        run_golden(g, layer, input_names, run, dtype, training);
}

// Compares a second result of a case, such as the attention weights.
static void expect_also(const std::string& name, const std::string& what, const Tensor& got) {
  expect_agrees(golden(name), what, got.detach(), golden(name)["out:" + what]);
}

using Inputs = std::vector<Tensor>;
static const auto call = [](auto& layer, const Inputs& in) { return layer(in[0]); };

TEST(GoldenLayers, LinearAndLayerNorm) {
  Generator gen(0);
  expect_golden("linear", Linear({.in = 4, .out = 3}, gen), {"x"}, call);
  expect_golden("linear_without_bias", Linear({.in = 4, .out = 3, .bias = false}, gen), {"x"}, call);
  expect_golden("layer_norm", LayerNorm({.size = 6}), {"x"}, call);
}

// Runs each case twice: with the fused op, and with the composed form, which returns the weights.
static void expect_attention(const std::string& name, const MultiheadAttentionOptions& options,
                             const std::vector<std::string>& inputs, AttendOptions attend,
                             const std::string& weights = "weights") {
  for (const Weights mode : {Weights::none, weights == "average" ? Weights::average : Weights::per_head}) {
    Generator gen(0);
    attend.weights = mode;
    expect_golden(name, MultiheadAttention(options, gen), inputs,
                  [&](MultiheadAttention& m, const Inputs& in) {
                    const bool self = in.size() == 1;
                    const auto result = m.forward(in[0], in[self ? 0 : 1], in[self ? 0 : 2], attend);
                    if (mode != Weights::none) expect_also(name, weights, result.weights);
                    return result.output;
                  });
  }
}

TEST(GoldenLayers, MultiheadSelfAttention) {
  const MultiheadAttentionOptions options{.d_model = 6, .nhead = 2};
  expect_attention("mha_self", options, {"x"}, {});
  expect_attention("mha_self_without_bias", {.d_model = 6, .nhead = 2, .bias = false}, {"x"}, {}, "average");
  expect_attention("mha_self_causal", options, {"x"}, {.causal = true});
  expect_attention("mha_self_causal", options, {"x"}, {.mask = golden("mha_self_causal").mask()});
  expect_attention("mha_self_padding", options, {"x"}, {.mask = padding({4, 2, 1}, 4)});
}

TEST(GoldenLayers, MultiheadCrossAttention) {
  const std::vector<std::string> inputs{"query", "key", "value"};
  expect_attention("mha_cross", {.d_model = 6, .nhead = 2}, inputs, {});
  expect_attention("mha_cross_mask_batch_first", {.d_model = 6, .nhead = 2, .batch_first = true}, inputs,
                   {.mask = golden("mha_cross_mask_batch_first").mask()});
}

TEST(GoldenLayers, AQueryThatMayAttendToNothing) {
  expect_attention("mha_fully_masked_row", {.d_model = 6, .nhead = 2, .batch_first = true}, {"x"},
                   {.mask = golden("mha_fully_masked_row").mask()});
}

TEST(GoldenLayers, OptionsOfMultiheadAttention) {
  const MultiheadAttentionOptions options{.d_model = 6, .nhead = 2};
  Generator gen(0);
  for (const Weights mode : {Weights::none, Weights::per_head})
    expect_golden("mha_score_bias", MultiheadAttention(options, gen), {"query", "key", "value", "bias"},
                  [&](MultiheadAttention& m, const Inputs& in) {
                    return m.forward(in[0], in[1], in[2], {.score_bias = in[3], .weights = mode}).output;
                  });
  expect_attention("mha_kdim_vdim", {.d_model = 6, .nhead = 2, .kdim = 5, .vdim = 7},
                   {"query", "key", "value"}, {});
  expect_attention("mha_appended_keys",
                   {.d_model = 6, .nhead = 2, .add_bias_kv = true, .add_zero_attn = true}, {"x"},
                   {.mask = padding({4, 2, 1}, 4), .causal = true});
}

static TransformerEncoderLayerOptions layer_options(bool norm_first,
                                                    Activation activation = Activation::relu) {
  return {.d_model = 6,
          .nhead = 2,
          .dim_feedforward = 8,
          .dropout = 0,
          .activation = activation,
          .norm_first = norm_first};
}

TEST(GoldenLayers, TransformerEncoderLayer) {
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

TEST(GoldenLayers, TransformerEncoder) {
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
  deep.num_layers = 2;
  deep.bidirectional = true;
  bare.bias = false;
  RecurrentOptions batch_first = deep;
  batch_first.batch_first = true;
  const auto expect = [](const std::string& name, const RecurrentOptions& options,
                         const RecurrentForwardOptions& forward) {
    Generator gen(0);
    expect_golden(name, Net(options, gen), {"x"}, [&](Net& net, const Inputs& in) {
      const RecurrentResult result = net.forward(in[0], forward);
      expect_also(name, "h", result.state.h);
      EXPECT_EQ(result.state.c.defined(), golden(name).has("out:c"));
      if (result.state.c.defined()) expect_also(name, "c", result.state.c);
      return result.output;
    });
  };
  expect(kind, plain, {});
  expect(kind + "_deep", deep, {});
  expect(kind + "_packed", batch_first, {.lengths = {4, 1, 3}});
  expect(kind + "_without_bias", bare, {});
}

TEST(GoldenLayers, RecurrentNetworks) {
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

TEST(GoldenLayers, RecurrentCells) {
  Generator gen(0);
  const RecurrentCellOptions options{.input_size = 3, .hidden_size = 2};
  const auto with_state = [](auto& cell, const Inputs& in) { return cell(in[0], in[1]); };
  expect_golden("rnn_cell", RNNCell(options, gen), {"x", "h"}, with_state);
  expect_golden("gru_cell", GRUCell(options, gen), {"x", "h"}, with_state);
  expect_golden("lstm_cell", LSTMCell(options, gen), {"x", "h", "c"}, [](LSTMCell& cell, const Inputs& in) {
    const RecurrentState next = cell.forward(in[0], {in[1], in[2]});
    expect_also("lstm_cell", "c", next.c);
    return next.h;
  });
}

TEST(GoldenLayers, RecurrentEncoderDecoder) {
  const IntTensor source{{3, 4, 5, 6}, {5, 3, 0, 0}}, target{{1, 2, 3}, {1, 4, 5}};
  for (const std::string name :
       {"seq2seq_none", "seq2seq_additive", "seq2seq_dot", "seq2seq_bidirectional"}) {
    Generator gen(0);
    const Seq2SeqOptions options{.source_vocab = 7,
                                 .target_vocab = 6,
                                 .embed = 3,
                                 .hidden = 4,
                                 .attention = name == "seq2seq_none"  ? AttentionKind::none
                                              : name == "seq2seq_dot" ? AttentionKind::dot
                                                                      : AttentionKind::additive,
                                 .bidirectional = name == "seq2seq_bidirectional"};
    expect_golden(name, Seq2Seq(options, gen), {}, [&](Seq2Seq& m, const Inputs&) {
      const Seq2SeqOutput output = m.forward(source, {4, 2}, target);
      if (output.weights.defined()) expect_also(name, "weights", output.weights);
      return output.logits;
    });
  }
}

TEST(GoldenLayers, TransformerDecoder) {
  for (const bool norm_first : {false, true}) {
    Generator gen(0);
    expect_golden(
        norm_first ? "decoder_layer_pre" : "decoder_layer_post",
        TransformerDecoderLayer(
            {.d_model = 6, .nhead = 2, .dim_feedforward = 8, .dropout = 0, .norm_first = norm_first}, gen),
        {"target", "memory"}, [](auto& m, const Inputs& in) { return m(in[0], in[1]); });
  }
  Generator gen(0);
  const TransformerDecoderLayerOptions layer{.d_model = 6,
                                             .nhead = 2,
                                             .dim_feedforward = 8,
                                             .dropout = 0,
                                             .activation = Activation::gelu,
                                             .batch_first = true};
  expect_golden("decoder_batch_first",
                TransformerDecoder({.layer = layer, .num_layers = 2, .norm = true}, gen),
                {"target", "memory"}, [](TransformerDecoder& m, const Inputs& in) {
                  return m.forward(in[0], in[1],
                                   {.causal = false, .memory_mask = golden("decoder_batch_first").mask()});
                });
}

TEST(GoldenLayers, Transformer) {
  Generator gen(0);
  expect_golden("transformer",
                Transformer({.layer = {.d_model = 6, .nhead = 2, .dim_feedforward = 8, .dropout = 0},
                             .num_encoder_layers = 1,
                             .num_decoder_layers = 1},
                            gen),
                {"source", "target"}, [](Transformer& m, const Inputs& in) {
                  return m.forward(in[0], in[1], {.source_mask = golden("transformer").mask()});
                });
}

TEST(GoldenLayers, ImageLayers) {
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
                  expect_also("batch_norm_train", "mean", norm.running_mean);
                  expect_also("batch_norm_train", "var", norm.running_var);
                  expect_also("batch_norm_train", "count", norm.num_batches_tracked);
                  return y;
                });
  expect_golden("group_norm", GroupNorm({.num_groups = 2, .num_channels = 4}), {"x"}, call);
}

TEST(GoldenLayers, OptionsOfImageLayers) {
  Generator gen(0);
  expect_golden("conv2d_groups",
                Conv2d({.in_channels = 4,
                        .out_channels = 6,
                        .kernel_size = 3,
                        .stride = 2,
                        .padding = 2,
                        .dilation = 2,
                        .groups = 2},
                       gen),
                {"x"}, call);
  expect_golden(
      "conv2d_depthwise",
      Conv2d({.in_channels = 3, .out_channels = 3, .kernel_size = 3, .padding = 1, .groups = 3}, gen), {"x"},
      call);
  expect_golden("avg_pool_real_pixels",
                AvgPool2d({.kernel_size = 3, .stride = 2, .padding = 1, .count_include_pad = false}), {"x"},
                call);
  expect_golden("batch_norm_plain", BatchNorm2d({.num_features = 3, .affine = false}), {"x"},
                [](BatchNorm2d& norm, const Inputs& in) {
                  norm.train();
                  return norm(in[0]);
                });
  expect_golden("group_norm_plain", GroupNorm({.num_groups = 2, .num_channels = 4, .affine = false}), {"x"},
                call);
}

TEST(GoldenLayers, SinusoidalPositionalEncoding) {
  const GoldenCase& g = golden("positional_encoding");
  for (const DType dtype : {f64, f32}) {
    expect_agrees(g, "short", sinusoidal_table(7, 6, dtype), g["out:short"]);
    expect_agrees(g, "long", sinusoidal_table(600, 16, dtype).slice(0, 0, to_end, 37), g["out:long"]);
  }
}

// The comparison must be able to fail.
TEST(GoldenLayers, ADifferenceIsDetected) {
  static const GoldenCase g{.name = "made up", .tensors = {}, .parameters = {}};  // not in the table
  EXPECT_NONFATAL_FAILURE(expect_agrees(g, "y", tensor({1, 2}, f64), tensor({1, 2.000001}, f64)),
                          "made up: y");
  EXPECT_NONFATAL_FAILURE(expect_agrees(g, "y", tensor({NAN, 1}, f64), tensor({1, 1}, f64)), "made up: y");
  EXPECT_NONFATAL_FAILURE(expect_agrees(g, "y", tensor({1, 1}, f64), tensor({NAN, 1}, f64)), "made up: y");
  EXPECT_NONFATAL_FAILURE(expect_agrees(g, "y", tensor({1, 2}), tensor({1, 2.001}, f64)), "made up: y");
  EXPECT_NONFATAL_FAILURE(expect_agrees(g, "y", tensor({1e-9, 2e-9}), tensor({1e-9, 2.001e-9}, f64)),
                          "made up: y");
  EXPECT_FATAL_FAILURE(expect_agrees(g, "y", tensor({1, 2}), tensor({1}, f64)), "made up: y");
  EXPECT_FATAL_FAILURE(expect_agrees(g, "y", Tensor(), tensor({1}, f64)), "made up: y is undefined");
  EXPECT_EQ(error_of([] { golden("nothing"); }), "[golden] no case 'nothing' in layers");
  EXPECT_EQ(error_of([] { (void)g["nothing"]; }), "[golden] no 'nothing' in case 'made up'");
}

}  // namespace heed::nn
