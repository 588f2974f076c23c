#include "nn/layout.h"

#include <cmath>

#include "tests/testing.h"

namespace heed::nn {
namespace {

TEST(Layout, SizesOfAttention) {
  const AttentionSizes seq_first = attention_sizes("op", ones({4, 3, 6}), ones({5, 3, 6}), 2, false);
  EXPECT_TRUE(seq_first.batched);
  EXPECT_EQ((Shape{seq_first.batch, seq_first.heads, seq_first.queries, seq_first.keys}),
            (Shape{3, 2, 4, 5}));
  const AttentionSizes batch_first = attention_sizes("op", ones({3, 4, 6}), ones({3, 5, 6}), 2, true);
  EXPECT_EQ((Shape{batch_first.batch, batch_first.queries, batch_first.keys}), (Shape{3, 4, 5}));
  const AttentionSizes alone = attention_sizes("op", ones({4, 6}), ones({5, 6}), 2, true);
  EXPECT_FALSE(alone.batched);
  EXPECT_EQ((Shape{alone.batch, alone.queries, alone.keys}), (Shape{1, 4, 5}));
  EXPECT_EQ(error_of([] {
              attention_sizes("op", ones({4, 6}), ones({1, 5, 6}), 2, true, {"target", "memory"});
            }),
            "[op] expected target and memory with the same number of axes, got (4, 6) and (1, 5, 6). Hint: "
            "unsqueeze(0) makes a batch of one from a single sequence");
}

TEST(Layout, MasksThatFit) {
  const AttentionSizes sizes{.batched = true, .batch = 3, .heads = 2, .queries = 4, .keys = 5};
  const auto fits = [&](const Shape& shape) {
    return error_of([&] { check_mask("op", "mask", Mask::full(shape, true), sizes); }).empty();
  };
  for (const Shape& shape : {Shape{4, 5}, Shape{1, 5}, Shape{4, 1}, Shape{3, 4, 5}, Shape{3, 1, 5},
                             Shape{1, 4, 5}, Shape{3, 2, 4, 5}, Shape{3, 1, 1, 5}, Shape{1, 2, 4, 5}})
    EXPECT_TRUE(fits(shape)) << shape;
  for (const Shape& shape : {Shape{5}, Shape{3, 5}, Shape{2, 4, 5}, Shape{3, 3, 4, 5}, Shape{1, 3, 2, 4, 5}})
    EXPECT_FALSE(fits(shape)) << shape;
  check_mask("op", "mask", Mask(), sizes);
  check_score_bias("op", "score_bias", Tensor(), sizes);
  EXPECT_EQ(error_of([&] {
              check_score_bias("op", "score_bias", ones({3, 5}), sizes);
            }),
            "[op] expected score_bias (T, S) = (4, 5), (B, T, S) = (3, 4, 5), (B, 1, S) or (B, H, T, S) = "
            "(3, 2, 4, 5), got (3, 5). Hint: padding(lengths, S) makes (B, 1, S), causal(T) makes (T, T).");
  const AttentionSizes alone{.batched = false, .batch = 1, .heads = 2, .queries = 4, .keys = 5};
  EXPECT_EQ(error_of([&] {
              check_mask("op", "mask", Mask::full({1, 4, 5}, true), alone);
            }),
            "[op] expected mask (T, S) = (4, 5), got (1, 4, 5). Hint: padding(lengths, S) makes (B, 1, S), "
            "causal(T) makes (T, T).");
}

TEST(Layout, ClearsPositionsThatNoQueryMayAttendTo) {
  const auto nan_at = [](Tensor x, std::initializer_list<index_t> index) { return x.set(index, NAN); };
  const Tensor x = noise({2, 3, 4});  // (B, T, C), and as (T, B, C) with B = 3
  for (const Mask& mask : {padding({3, 2}, 3), padding({3, 2}, 3).expand({2, 3, 3}),
                           padding({3, 2}, 3).unsqueeze(1).expand({2, 2, 3, 3})}) {
    const Tensor cleared = clear_unattended(nan_at(x.clone(), {1, 2, 0}), mask, false, true);
    expect_same_bits(cleared, masked_fill(x, Mask::of({{{0}, {0}, {0}}, {{0}, {0}, {1}}}), 0));
    EXPECT_EQ(clear_unattended(x, mask, false, true).state(), x.state()) << "nothing to clear";
  }
  const Tensor time_first =
      clear_unattended(nan_at(x.clone(), {1, 2, 0}), padding({2, 2, 1}, 2), false, false);
  expect_same_bits(time_first, masked_fill(x, Mask::of({{{0}, {0}, {0}}, {{0}, {0}, {1}}}), 0));
  // Real for one head, so it is used.
  Mask heads = padding({3, 2}, 3).unsqueeze(1).expand({2, 2, 3, 3});
  heads = heads | Mask::of({{{{0}}, {{1}}}, {{{0}}, {{1}}}});
  EXPECT_TRUE(std::isnan(clear_unattended(nan_at(x.clone(), {1, 2, 0}), heads, false, true).at({1, 2, 0})));
  // A mask over pairs excludes a position only together with the causal flag.
  const Mask later = Mask::of({{1, 1}, {1, 0}});
  EXPECT_EQ(clear_unattended(nan_at(noise({2, 4}), {1, 0}), later, true, true).at({1, 0}), 0);
  EXPECT_TRUE(std::isnan(clear_unattended(nan_at(noise({2, 4}), {1, 0}), later, false, true).at({1, 0})));
}

TEST(Layout, HeadsAreSplitAndJoinedInBothLayouts) {
  const Tensor x = noise({2, 3, 8});
  const Tensor heads = split_heads(x, 4);
  EXPECT_EQ(heads.shape(), (Shape{2, 4, 3, 2}));
  EXPECT_EQ(heads.at({1, 2, 0, 1}), x.at({1, 0, 5}));
  expect_same_bits(join_heads(heads), x);
  const Tensor time_first = x.transpose(0, 1);
  expect_same_bits(split_heads(time_first, 4, false), heads);
  expect_same_bits(join_heads(heads, false), time_first);
  expect_same_bits(join_heads(split_heads(x[0], 4)), x[0]);
}

TEST(Layout, AStackedProjectionIsSplitLikeItsThirds) {
  for (const Shape& shape : {Shape{3, 12}, Shape{2, 3, 12}, Shape{2, 5, 3, 12}}) {
    const Tensor x = noise(shape);
    const auto parts = split_qkv(x, 2), thirds = chunk(x, 3, -1);
    for (std::size_t i = 0; i < 3; ++i) expect_same_bits(parts[i], split_heads(thirds[i], 2));
  }
}

}  // namespace
}  // namespace heed::nn
