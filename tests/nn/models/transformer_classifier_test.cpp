// Lesson 07; covers the mistakes CL-01 … CL-08, PE-12 and PE-15.
#include "nn/models/transformer_classifier.h"

#include <cmath>

#include "nn/init.h"
#include "tests/nn/padding.h"
#include "tests/testing.h"

namespace heed::nn {

static TransformerClassifier make(TransformerClassifierOptions change = {}) {
  Generator gen(2);
  TransformerClassifier model({.vocab_size = 11,
                               .d_model = 8,
                               .nhead = 2,
                               .num_layers = change.num_layers,
                               .num_classes = 3,
                               .dim_feedforward = 16,
                               .dropout = 0.1,
                               .max_len = 12,
                               .padding_idx = change.padding_idx,
                               .norm_first = change.norm_first},
                              gen);
  model.eval();
  return model;
}

TEST(MaskedMean, ExcludesPadding) {
  const Tensor h = tensor({{{1, 0}, {3, 4}, {100, 100}}});
  expect_same_bits(masked_mean(h, Mask::of({{1, 1, 0}})), tensor({{2, 2}}));
  expect_same_bits(masked_mean(h, Mask::of({{0, 0, 0}})), tensor({{0, 0}}));
  const Tensor poisoned = tensor({{{1, 0}, {3, 4}, {NAN, INFINITY}}});
  expect_same_bits(masked_mean(poisoned, Mask::of({{1, 1, 0}})), tensor({{2, 2}}));
  EXPECT_EQ(error_of([&] {
              masked_mean(h, Mask::of({{1, 1}}));
            }),
            "[masked_mean] expected x (B, T, C) and real (B, T), got (1, 3, 2) and (1, 2)");
}

TEST(TransformerClassifier, ReturnsOneRowOfLogitsPerSequence) {
  TransformerClassifier model = make();
  EXPECT_EQ(model(IntTensor({{1, 2, 3}, {4, 5, 6}})).shape(), (Shape{2, 3}));
  std::string names;
  for (const auto& [name, child] : model.children()) names += name + " ";
  EXPECT_EQ(names, "embedding pos_encoder transformer fc ");
  model.check_all_named(model(IntTensor({{1, 2, 3}})));
  EXPECT_EQ(error_of([&] {
              model(IntTensor({1, 2}));
            }),
            "[TransformerClassifier] expected ids (B, T), got (2)");
}

TEST(TransformerClassifier, ScalesEmbeddingsByTheRootOfTheWidth) {
  TransformerClassifier model = make({.num_layers = 0});
  init::ones(model.embedding.weight);
  const Tensor pe = sinusoidal_table(2, 8);
  const Tensor want = model.fc(mean(pe + std::sqrt(8.0), 0, true));
  expect_close(model(IntTensor({{1, 2}})), want, 1e-5);
}

TEST(TransformerClassifier, LogitsDependNeitherOnOtherSamplesNorOnPadding) {
  for (const bool norm_first : {false, true}) {
    TransformerClassifier model = make({.num_layers = 2, .padding_idx = 0, .norm_first = norm_first});
    const Tensor alone = model(IntTensor({{5, 6}}));
    const Tensor beside = model(IntTensor({{5, 6, 0, 0, 0}, {1, 2, 3, 4, 5}}));
    expect_close(beside[0], alone[0], 1e-5);
  }
}

TEST(TransformerClassifier, WithoutPaddingIdxNothingIsMasked) {
  TransformerClassifier model = make({.num_layers = 1});
  EXPECT_GT(max_abs_difference(model(IntTensor({{5, 6}})), model(IntTensor({{5, 6, 0}}))), 1e-4);
}

TEST(TransformerClassifier, AnEmptySequenceGetsTheBias) {
  TransformerClassifier model = make({.num_layers = 2, .padding_idx = 0});
  expect_close(model(IntTensor({{0, 0}, {1, 0}}))[0], model.fc.bias);
  expect_close(model(IntTensor({}, {1, 0}))[0], model.fc.bias);
  EXPECT_EQ(model(IntTensor({}, {0, 4})).shape(), (Shape{0, 3}));
  sum(model(IntTensor({{0, 0}}))).backward();  // and its gradients are no NaN
  for (const auto& [name, p] : model.named_parameters()) {
    if (p.grad().defined()) {
      EXPECT_FALSE(std::isnan(sum(p.grad()).item())) << name;
    }
  }
}

TEST(TransformerClassifier, WordOrderMatters) {
  TransformerClassifier model = make({.num_layers = 1});
  EXPECT_GT(max_abs_difference(model(IntTensor({{1, 2, 3}})), model(IntTensor({{3, 2, 1}}))), 1e-4);
}

TEST(TransformerClassifier, EvaluationIsRepeatableAndTrainingIsNot) {
  TransformerClassifier model = make({.num_layers = 2});
  const IntTensor ids({{1, 2, 3}});
  expect_same_bits(model(ids), model(ids));
  model.train();
  EXPECT_GT(max_abs_difference(model(ids), model(ids)), 0);
}

TEST(TransformerClassifier, ReturnsTheAttentionOfEveryLayer) {
  TransformerClassifier model = make({.num_layers = 2, .padding_idx = 0});
  const IntTensor ids({{1, 2, 0}});
  const auto [output, weights] = model.forward_with_attention(ids);
  ASSERT_EQ(weights.size(), 2u);
  EXPECT_EQ(weights[1].shape(), (Shape{1, 2, 3, 3}));
  EXPECT_EQ(max(weights[1].select(-1, 2)).item(), 0);
  expect_close(output, model(ids), 1e-5);
}

TEST(TransformerClassifier, APreNormModelEndsWithANorm) {
  EXPECT_TRUE(make({.norm_first = true}).transformer.norm.has_value());
  EXPECT_FALSE(make().transformer.norm.has_value());
}

TEST(TransformerClassifier, ASequenceThatIsTooLongIsRejected) {
  TransformerClassifier model = make();
  expect_contains(error_of([&] {
                    model(IntTensor::zeros({2, 13}));
                  }),
                  "[PositionalEncoding] expected at most max_len = 12 positions, got 13: x (2, 13, 8). Hint: "
                  "increase max_len or shorten the sequence; time is axis 1 with batch_first = true");
}

TEST(TransformerClassifier, PaddingInfluencesNothing) {
  for (const bool norm_first : {false, true}) {
    TransformerClassifier model = make({.num_layers = 2, .padding_idx = 0, .norm_first = norm_first});
    expect_padding_ignored(model, concat("norm_first ", norm_first), [&](double value) -> PaddedRun {
      {
        const NoGrad no_grad;
        model.embedding.weight[0].fill_(value);
      }
      return {model(IntTensor({{1, 2, 3, 4}, {5, 6, 0, 0}})), {}};
    });
  }
}

TEST(MaskedMean, PaddingInfluencesNoGradient) {
  const Mask real = Mask::of({{1, 1, 0}});
  const Tensor h = masked_fill(noise({1, 3, 2}), !real.unsqueeze(2), NAN).set_requires_grad();
  sum(masked_mean(h, real)).backward();
  expect_same_bits(h.grad(), tensor({{{0.5, 0.5}, {0.5, 0.5}, {0, 0}}}));
}

}  // namespace heed::nn
