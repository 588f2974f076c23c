// Lesson 06; covers the mistakes PE-01 … PE-14.
#include "nn/positional_encoding.h"

#include <cmath>

#include "tests/testing.h"

namespace heed::nn {

static PositionalEncoding make(PositionalEncodingOptions options) {
  Generator gen(0);
  PositionalEncoding layer(options, gen);
  layer.eval();
  return layer;
}

TEST(PositionalEncoding, ReturnsTheNumbersOfTheLesson) {
  const Tensor pe = sinusoidal_table(2, 6, f64);
  expect_close(pe[0], tensor({0, 1, 0, 1, 0, 1}, f64), 0);
  expect_close(pe[1], tensor({0.841471, 0.540302, 0.046399, 0.998923, 0.002154, 0.999998}, f64), 1e-6);
}

TEST(PositionalEncoding, AnOddWidthHasOneMoreSine) {
  const Tensor pe = sinusoidal_table(3, 5, f64);
  ASSERT_EQ(pe.shape(), (Shape{3, 5}));
  EXPECT_NEAR(pe.at({2, 4}), std::sin(2 * std::pow(10000.0, -4.0 / 5)), 1e-12);
  EXPECT_EQ(make({.d_model = 5})(zeros({3, 2, 5})).shape(), (Shape{3, 2, 5}));
}

TEST(PositionalEncoding, ATableThatDoesNotFitInMemoryIsReported) {
  expect_contains(error_of([] { sinusoidal_table(1'000'000'000, 1000); }),
                  "[sinusoidal_table] cannot allocate 4000000000000 bytes for shape (1000000000, 1000) f32");
  expect_contains(error_of([] { sinusoidal_table(INT64_MAX, INT64_MAX); }), "[sinusoidal_table] too large: ");
}

TEST(PositionalEncoding, AddsThePositionOfTimeToEverySample) {
  const Tensor x = noise({4, 2, 6}), rows = sinusoidal_table(4, 6);
  const Tensor y = make({.d_model = 6})(x);
  for (index_t b = 0; b < 2; ++b) expect_close(y.select(1, b), x.select(1, b) + rows);
  const Tensor turned = make({.d_model = 6, .batch_first = true})(x.transpose(0, 1));
  expect_same_bits(turned.transpose(0, 1), y);
  expect_close(make({.d_model = 6})(x.select(1, 0)), x.select(1, 0) + rows);
}

TEST(PositionalEncoding, ItsTableIsSavedButNotTrained) {
  const PositionalEncoding layer = make({.d_model = 6, .max_len = 9});
  EXPECT_EQ(layer.parameter_count(), 0);
  ASSERT_EQ(layer.state_dict().size(), 1u);
  EXPECT_EQ(layer.state_dict()[0].first, "pe");
  EXPECT_EQ(layer.pe.shape(), (Shape{9, 6}));
  EXPECT_FALSE(layer.pe.requires_grad());
}

TEST(PositionalEncoding, DropsInTraining) {
  PositionalEncoding layer = make({.d_model = 6, .dropout = 1});
  EXPECT_GT(max(abs(layer(noise({4, 6})))).item(), 0);
  layer.train();
  EXPECT_EQ(max(abs(layer(noise({4, 6})))).item(), 0);
}

TEST(PositionalEncoding, SequencesThatAreTooLongAreRejected) {
  PositionalEncoding layer = make({.d_model = 6, .max_len = 512});
  EXPECT_EQ(layer(zeros({512, 1, 6})).shape(), (Shape{512, 1, 6}));
  EXPECT_EQ(error_of([&] {
              layer(zeros({600, 1, 6}));
            }),
            "[PositionalEncoding] expected at most max_len = 512 positions, got 600: x (600, 1, 6). Hint: "
            "increase max_len or shorten the sequence; time is axis 0 with batch_first = false");
  EXPECT_EQ(error_of([&] {
              layer(zeros({4, 1, 5}));
            }),
            "[PositionalEncoding] expected x (T, B, 6) with batch_first = false, or (T, 6) for one sequence, "
            "got (4, 1, 5)");
  EXPECT_EQ(error_of([] { make({}); }),
            "[PositionalEncoding] expected d_model and max_len of at least 1, got 0 and 5000");
  EXPECT_EQ(error_of([] { sinusoidal_table(-1, 4); }),
            "[sinusoidal_table] expected length >= 0 and d_model >= 1, got -1 and 4");
}

TEST(LearnedPositionalEncoding, HasATrainableTable) {
  Generator gen(0);
  LearnedPositionalEncoding layer({.d_model = 6, .dropout = 0, .max_len = 50}, gen);
  EXPECT_EQ(layer.parameter_count(), 300);
  EXPECT_NEAR(std::sqrt(var(layer.weight).item()), 0.02, 0.003);
  const Tensor y = layer(zeros({4, 3, 6}));
  expect_same_bits(y.select(1, 2), layer.weight.slice(0, 0, 4));
  sum(y).backward();
  expect_same_bits(layer.weight.grad().slice(0, 0, 4), full({4, 6}, 3));
  EXPECT_EQ(max(abs(layer.weight.grad().slice(0, 4))).item(), 0);
  expect_contains(
      error_of([&] {
        layer(zeros({51, 1, 6}));
      }),
      "[LearnedPositionalEncoding] expected at most max_len = 50 positions, got 51: x (51, 1, 6). Hint: "
      "increase max_len or shorten the sequence; time is axis 0 with batch_first = false");
}

}  // namespace heed::nn
