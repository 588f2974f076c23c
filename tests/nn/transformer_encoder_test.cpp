// Lessons 05 and 07; covers the mistakes EN-01 … EN-11.
#include "nn/transformer_encoder.h"

#include <cmath>
#include <set>

#include "nn/init.h"
#include "tests/nn/padding.h"
#include "tests/testing.h"

namespace heed::nn {

static TransformerEncoderLayerOptions small(double dropout = 0.1, bool norm_first = false) {
  return {.d_model = 8, .nhead = 2, .dim_feedforward = 16, .dropout = dropout, .norm_first = norm_first};
}
static TransformerEncoderLayer make_layer(const TransformerEncoderLayerOptions& options) {
  Generator gen(7);
  return TransformerEncoderLayer(options, gen);
}

TEST(TransformerEncoder, TheExampleOfTheCourseWorks) {
  const NoGrad no_grad;
  Generator gen(0);
  nn::TransformerEncoderLayer encoder_layer(
      {.d_model = 512, .nhead = 8, .dim_feedforward = 2048, .dropout = 0.1}, gen);
  nn::TransformerEncoder encoder(encoder_layer, {.num_layers = 6}, gen);
  const Tensor x = randn({10, 32, 512}, gen);  // (seq, batch, d_model)
  const Tensor output = encoder(x);
  EXPECT_EQ(output.shape(), x.shape());
  EXPECT_TRUE(std::isfinite(sum(output).item()));
  EXPECT_EQ(encoder.parameter_count(), 18914304);
}

TEST(TransformerEncoderLayer, PostNormNormalisesItsOutputAndPreNormDoesNot) {
  TransformerEncoderLayer post = make_layer(small()), pre = make_layer(small(0.1, true));
  post.eval();
  pre.eval();
  const Tensor x = noise({4, 3, 8}) * 5;
  expect_close(var(post(x), -1, 0), ones({4, 3}), 1e-3);
  EXPECT_GT(max_abs_difference(var(pre(x), -1, 0), ones({4, 3})), 1);
}

// With zero weights in both sublayers, only the residual path remains.
TEST(TransformerEncoderLayer, AddsEachSublayerToItsInput) {
  for (const bool norm_first : {true, false}) {
    TransformerEncoderLayer layer = make_layer(small(0, norm_first));
    for (Tensor* t : {&layer.self_attn.out_proj.weight, &layer.linear2.weight, &layer.linear2.bias})
      init::zeros(*t);
    const Tensor x = noise({4, 3, 8});
    expect_close(layer(x), norm_first ? x : layer_norm(layer_norm(x)), 1e-6);
  }
}

TEST(TransformerEncoderLayer, DropoutAppliesToSublayersNotToTheirSums) {
  TransformerEncoderLayer layer = make_layer(small(1, true));
  const Tensor x = noise({4, 3, 8});
  expect_same_bits(layer(x), x);
}

TEST(TransformerEncoderLayer, DropoutIsOffInEvaluation) {
  TransformerEncoderLayer layer = make_layer(small(0.5));
  const Tensor x = noise({4, 3, 8});
  EXPECT_GT(max_abs_difference(layer(x), layer(x)), 0);
  layer.eval();
  expect_same_bits(layer(x), layer(x));
}

// With zero attention weights and pre-LN: y - x = f(norm(x)). f must not be linear, or f(u) + f(-u)
// would be 2 f(0).
TEST(TransformerEncoderLayer, ItsFeedForwardIsNotLinear) {
  for (const Activation activation : {Activation::relu, Activation::gelu}) {
    auto options = small(0, true);
    options.activation = activation;
    TransformerEncoderLayer layer = make_layer(options);
    init::zeros(layer.self_attn.out_proj.weight);
    const Tensor x = noise({1, 1, 8}), zero = zeros({1, 1, 8});
    const Tensor f = layer(x) - x, mirrored = layer(-x) + x, f0 = layer(zero);
    EXPECT_GT(max_abs_difference(f + mirrored, f0 * 2), 1e-3);
  }
}

TEST(TransformerEncoderLayer, GradientsAreCorrect) {
  for (const bool norm_first : {false, true}) {
    TransformerEncoderLayer layer = make_layer(small(0, norm_first));
    layer.check_all_named(layer(noise({3, 2, 8})));
    layer.to(f64);
    gradcheck([&](const std::vector<Tensor>& in) { return layer.forward(in[0], {.causal = true}); },
              {noise({3, 2, 8}, 1, f64).set_requires_grad()});
  }
}

TEST(TransformerEncoderLayer, ErrorsNameTheCause) {
  TransformerEncoderLayer layer = make_layer(small());
  EXPECT_EQ(error_of([&] {
              layer(zeros({4, 3, 9}));
            }),
            "[TransformerEncoderLayer] expected x (T, B, 8) with batch_first = false, or (T, 8) for one "
            "sequence, got (4, 3, 9)");
  auto options = small();
  options.nhead = 3;
  EXPECT_EQ(error_of([&] { make_layer(options); }),
            "[MultiheadAttention] expected nhead to divide d_model, got nhead = 3 and d_model = 8");
  Generator gen(0);
  EXPECT_EQ(error_of([&] { TransformerEncoder({.layer = small(), .num_layers = -1}, gen); }),
            "[TransformerEncoder] expected num_layers of at least 0, got -1");
}

TEST(TransformerEncoder, LayersShareNoParameters) {
  Generator gen(0);
  TransformerEncoderLayer prototype(small(), gen);
  const TransformerEncoder own({.layer = small(), .num_layers = 3}, gen),
      cloned(prototype, {.num_layers = 3}, gen);
  for (const TransformerEncoder* encoder : {&own, &cloned}) {
    std::set<const void*> distinct;
    for (const auto& layer : encoder->layers)
      for (const Tensor& p : layer.parameters()) distinct.insert(p.state()->storage.get());
    EXPECT_EQ(distinct.size(), 3 * prototype.parameters().size());
    EXPECT_EQ(encoder->parameter_count(), 3 * prototype.parameter_count());
    std::set<std::uint64_t> streams;  // nor their randomness
    for (const auto& [name, g] : encoder->named_generators()) streams.insert(g->state().stream);
    EXPECT_EQ(streams.size(), encoder->named_generators().size());
  }
  expect_same_bits(cloned.layers[2].linear1.weight, prototype.linear1.weight);
  EXPECT_GT(max_abs_difference(own.layers[0].linear1.weight, own.layers[1].linear1.weight), 0);
}

TEST(TransformerEncoder, NamesAreThoseOfPyTorch) {
  Generator gen(0);
  const TransformerEncoder encoder({.layer = small(), .num_layers = 2, .norm = true}, gen);
  std::string names;
  for (const auto& [name, p] : encoder.state_dict())
    if (!name.starts_with("layers.0")) names += name + "\n";
  EXPECT_EQ(names,
            "layers.1.self_attn.in_proj_weight\nlayers.1.self_attn.in_proj_bias\nlayers.1.self_attn.out_proj."
            "weight\n"
            "layers.1.self_attn.out_proj.bias\nlayers.1.linear1.weight\nlayers.1.linear1.bias\nlayers.1."
            "linear2.weight\n"
            "layers.1.linear2.bias\nlayers.1.norm1.weight\nlayers.1.norm1.bias\nlayers.1.norm2.weight\n"
            "layers.1.norm2.bias\nnorm.weight\nnorm.bias\n");
}

TEST(TransformerEncoder, APreNormStackCanEndWithANorm) {
  Generator gen(0);
  TransformerEncoder encoder({.layer = small(0, true), .num_layers = 2, .norm = true}, gen);
  expect_close(var(encoder(noise({4, 3, 8}) * 9), -1, 0), ones({4, 3}), 1e-3);
}

TEST(TransformerEncoder, IsTheCompositionOfItsLayers) {
  Generator gen(0);
  TransformerEncoder encoder({.layer = small(0), .num_layers = 2}, gen);
  const Tensor x = noise({4, 3, 8});
  expect_same_bits(encoder(x), encoder.layers[1](encoder.layers[0](x)));
  TransformerEncoder none({.layer = small(), .num_layers = 0}, gen);
  expect_same_bits(none(x), x);
}

TEST(TransformerEncoder, LayoutsAgree) {
  Generator gen(0), again(0);
  auto options = small(0);
  TransformerEncoder seq_first({.layer = options, .num_layers = 2}, gen);
  options.batch_first = true;
  TransformerEncoder batch_first({.layer = options, .num_layers = 2}, again);
  const Tensor x = noise({4, 3, 8});
  const EncodeOptions encode{.mask = padding({4, 1, 2}, 4)};
  expect_close(seq_first.forward(x, encode).transpose(0, 1), batch_first.forward(x.transpose(0, 1), encode),
               1e-5);
}

TEST(TransformerEncoder, ReturnsTheAttentionOfEveryLayer) {
  Generator gen(0);
  TransformerEncoder encoder({.layer = small(0), .num_layers = 2}, gen);
  const Tensor x = noise({4, 3, 8});
  const auto [output, weights] = encoder.forward_with_attention(x, {.causal = true});
  ASSERT_EQ(weights.size(), 2u);
  for (const Tensor& w : weights) {
    ASSERT_EQ(w.shape(), (Shape{3, 2, 4, 4}));
    EXPECT_EQ(w.at({2, 1, 0, 3}), 0);
    EXPECT_FALSE(w.requires_grad());
  }
  expect_close(output, encoder.forward(x, {.causal = true}), 1e-5);
}

TEST(TransformerEncoder, ClonesAreIndependent) {
  Generator gen(0);
  TransformerEncoder encoder({.layer = small(0.5), .num_layers = 2, .norm = true}, gen);
  TransformerEncoder twin = encoder.clone();
  const Tensor x = noise({4, 3, 8});
  expect_same_bits(twin(x), encoder(x));  // dropout included
  init::zeros(twin.layers[0].linear1.weight);
  EXPECT_GT(max(abs(encoder.layers[0].linear1.weight)).item(), 0);
}

TEST(TransformerEncoder, OneBatchCanBeOverfitted) {
  Generator gen(0);
  TransformerEncoder encoder({.layer = small(0), .num_layers = 2}, gen);
  Linear head({.in = 8, .out = 3}, gen);
  const Tensor x = noise({5, 6, 8});
  const IntTensor labels({0, 1, 2, 2, 1, 0});
  auto parameters = encoder.parameters();
  for (const Tensor& p : head.parameters()) parameters.push_back(p);
  double first = 0, last = 0;
  for (int step = 0; step < 300; ++step) {
    encoder.zero_grad();
    head.zero_grad();
    const Tensor loss = cross_entropy(head(mean(encoder(x), 0)), labels);
    loss.backward();
    sgd_step(parameters, 0.1);
    last = loss.item();
    if (step == 0) first = last;
  }
  EXPECT_GT(first, 0.5);
  EXPECT_LT(last, 0.01);
}

TEST(TransformerEncoder, PaddingInfluencesNothing) {
  for (const bool batch_first : {false, true})
    for (const bool norm_first : {false, true})
      for (const Activation activation : {Activation::relu, Activation::gelu}) {
        Generator gen(0);
        auto options = small(0);
        options.batch_first = batch_first;
        options.norm_first = norm_first;
        options.activation = activation;
        TransformerEncoder encoder({.layer = options, .num_layers = 2, .norm = true}, gen);
        const Mask mask = padding({4, 1, 2}, 4), samples = mask.reshape({3, 4, 1}),
                   times = Mask::of({{1, 1, 1}, {1, 0, 1}, {1, 0, 0}, {1, 0, 0}}).unsqueeze(-1);
        const Mask real = batch_first ? samples : times;
        for (const Mask& m : {mask, mask.expand({3, 4, 4}), mask & samples, mask.unsqueeze(1)})
          for (const bool causal_flag : {false, true})
            expect_padding_ignored(
                encoder, concat("norm_first ", norm_first, m.shape()), [&](double value) -> PaddedRun {
                  const Tensor x = padded(batch_first ? Shape{3, 4, 8} : Shape{4, 3, 8}, real, value);
                  return {masked_fill(encoder.forward(x, {.mask = m, .causal = causal_flag}), !real, 0), {x}};
                });
        // One sequence with a mask over its keys.
        const Mask keys = Mask::of({{1, 0, 1, 1}});
        expect_padding_ignored(encoder, "one sequence", [&](double value) -> PaddedRun {
          const Tensor x = padded({4, 8}, keys.reshape({4, 1}), value);
          return {masked_fill(encoder.forward(x, {.mask = keys}), !keys.reshape({4, 1}), 0), {x}};
        });
      }
}

TEST(TransformerEncoder, AMaskOfAnotherShapeIsNamed) {
  Generator gen(0);
  TransformerEncoderLayer layer(small(0), gen);
  const Tensor x = noise({4, 4, 8});
  expect_contains(error_of([&] {
                    layer.forward(x, {.mask = padding({1, 2}, 4)});
                  }),
                  "[TransformerEncoderLayer] expected mask (T, S) = (4, 4), (B, T, S) = (4, 4, 4), (B, 1, S) "
                  "or (B, H, T, S) = (4, 2, 4, 4), got (2, 1, 4). Hint: padding(lengths, S) makes (B, 1, S), "
                  "causal(T) makes (T, T).");
  expect_contains(
      error_of([&] {
        layer.forward(x, {.mask = Mask::full({4, 4}, true)});
      }),
      "[TransformerEncoderLayer] expected a mask with one meaning, got (4, 4), which is both (T, S) and "
      "(B, S) as B = T = 4. Hint: mask.unsqueeze(0) for (T, S)");
  EXPECT_EQ(error_of([&] { layer.forward(x, {.mask = causal(4)}); }), "");
}

}  // namespace heed::nn
