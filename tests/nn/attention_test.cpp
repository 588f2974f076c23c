// Lessons 02 and 03; covers the mistakes SA-01 … SA-06.
#include "nn/attention.h"

#include "nn/init.h"
#include "tests/nn/padding.h"
#include "tests/testing.h"

namespace heed::nn {

static const Tensor q = tensor({{1, 0, 2, -1}, {0, 1, -1, 2}, {2, 1, 0, 1}});
static const Tensor k = tensor({{1, 1, 0, 0}, {0, 2, 1, -1}, {-1, 0, 1, 2}, {0, 1, 0, 1}, {2, -1, 1, 0}});
static const Tensor v = tensor({{1, 0}, {0, 1}, {2, -1}, {1, 2}, {-3, 4}});

TEST(ScaledDotProductAttention, ReturnsTheNumbersOfTheLesson) {
  Generator gen(0);
  ScaledDotProductAttention layer({}, gen);
  const auto [output, weights] = layer(q, k, v);
  expect_close(output, tensor({{-1.2692, 2.3516}, {1.2075, 0.5662}, {-0.2962, 1.6756}}), 1e-4);
  ASSERT_EQ(weights.shape(), (Shape{3, 5}));
  expect_close(sum(weights, -1), ones({3}));
  const auto masked = layer(q, k, v, Mask::of({{1, 1, 1, 1, 0}}));
  expect_close(masked.output, tensor({{0.4723, 0.6929}, {1.3454, 0.4536}, {0.9341, 0.6179}}), 1e-4);
}

TEST(ScaledDotProductAttention, DropsWeightsOnlyInTraining) {
  Generator gen(0);
  ScaledDotProductAttention layer({.dropout = 0.5}, gen);
  EXPECT_GT(max_abs_difference(layer(q, k, v).output, layer(q, k, v).output), 0);
  layer.eval();
  expect_same_bits(layer(q, k, v).output, layer(q, k, v).output);
  EXPECT_EQ(error_of([&] { ScaledDotProductAttention({.dropout = -1}, gen); }),
            "[ScaledDotProductAttention] expected a dropout probability in [0, 1], got -1");
}

static SelfAttention make(SelfAttentionOptions options = {.d_model = 5}) {
  Generator gen(3);
  return SelfAttention(options, gen);
}

TEST(SelfAttention, IsAttentionOfThreeProjections) {
  const SelfAttention layer = make({.d_model = 5, .d_k = 3, .d_v = 2});
  const Tensor x = noise({2, 4, 5});
  const auto got = layer(x);
  const auto want =
      attention(matmul(x, layer.W_q.weight.transpose(0, 1)), matmul(x, layer.W_k.weight.transpose(0, 1)),
                matmul(x, layer.W_v.weight.transpose(0, 1)));
  expect_close(got.output, want.output);
  EXPECT_EQ(got.output.shape(), (Shape{2, 4, 2}));
  EXPECT_EQ(got.weights.shape(), (Shape{2, 4, 4}));
  EXPECT_EQ(layer.named_parameters()[0].first, "W_q.weight");
  EXPECT_EQ(layer.parameter_count(), 15 + 15 + 10);
}

TEST(SelfAttention, ValuesOfWidthZeroGiveAnEmptyOutput) {
  SelfAttention layer = make();
  init::zeros(layer.W_v.weight);
  expect_same_bits(layer(noise({4, 5})).output, zeros({4, 5}));
}

TEST(SelfAttention, IgnoresPositions) {
  const SelfAttention layer = make();
  const Tensor x = noise({3, 5});
  const IntTensor order({2, 0, 1});
  expect_close(layer(index_select(x, 0, order)).output, index_select(layer(x).output, 0, order));
}

TEST(SelfAttention, EveryProjectionGetsAGradient) {
  const SelfAttention layer = make();
  sum(layer(noise({3, 5})).output * noise({3, 5}, 2)).backward();
  for (const auto& [name, p] : layer.named_parameters()) EXPECT_GT(max(abs(p.grad())).item(), 1e-4) << name;
}

TEST(SelfAttention, MaskedKeysHaveNoWeight) {
  const SelfAttention layer = make();
  const Tensor x = noise({3, 5});
  const auto result = layer(x, causal(3));
  EXPECT_EQ(result.weights.at({0, 1}), 0);
  Tensor changed = x.clone();
  changed.set({2, 0}, 9);
  expect_same_bits(layer(changed, causal(3)).output.slice(0, 0, 2), result.output.slice(0, 0, 2));
}

TEST(SelfAttention, AMissingWidthIsRejected) {
  EXPECT_EQ(error_of([] { make({}); }),
            "[SelfAttention] expected d_model of at least 1 and d_k, d_v of at least 0, got 0, 0, 0");
}

TEST(SelfAttention, PaddingInfluencesNothing) {
  Generator gen(0);
  SelfAttention layer({.d_model = 5, .bias = true}, gen);
  const Mask mask = padding({4, 2}, 4), real = mask.reshape({2, 4, 1}), keys = Mask::of({{1, 0, 1, 1}});
  expect_padding_ignored(layer, "batch", [&](double value) -> PaddedRun {
    const Tensor x = padded({2, 4, 5}, real, value);
    return {masked_fill(layer.forward(x, mask).output, !real, 0), {x}};
  });
  expect_padding_ignored(layer, "one sequence", [&](double value) -> PaddedRun {
    const Tensor x = padded({4, 5}, keys.reshape({4, 1}), value);
    return {masked_fill(layer.forward(x, keys).output, !keys.reshape({4, 1}), 0), {x}};
  });
}

TEST(SelfAttention, ErrorsNameTheCause) {
  Generator gen(0);
  SelfAttention layer({.d_model = 5}, gen);
  EXPECT_EQ(error_of([&] { layer(ones({3, 4})); }), "[SelfAttention] expected x (..., T, 5), got (3, 4)");
  EXPECT_EQ(error_of([&] { layer(Tensor()); }),
            "[SelfAttention] expected x (..., T, 5), got an undefined tensor");
  expect_contains(error_of([&] {
                    layer(ones({3, 3, 5}), Mask::full({3, 3}, true));
                  }),
                  "[SelfAttention] expected a mask with one meaning, got (3, 3)");
  EXPECT_EQ(
      error_of([&] {
        layer(ones({3, 5}), Mask::full({2, 3}, true));
      }),
      "[SelfAttention] shapes (3, 3) and (2, 3) do not broadcast: axis -2 has 3 and 2; aligned at the right, "
      "sizes must be equal or 1");
}

}  // namespace heed::nn
