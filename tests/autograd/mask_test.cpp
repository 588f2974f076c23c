#include "autograd/mask.h"

#include <cmath>
#include <sstream>

#include "autograd/kernels/sanitizers.h"
#include "tests/testing.h"

namespace heed {
namespace {

TEST(Mask, CausalAttendsToThePastAndItself) {  // MK-07, MK-09, MK-10
  EXPECT_EQ(causal(3), Mask::of({{1, 0, 0}, {1, 1, 0}, {1, 1, 1}}));
  EXPECT_EQ(causal(2, 4), Mask::of({{1, 1, 1, 0}, {1, 1, 1, 1}})) << "the last query attends to all keys";
  EXPECT_EQ(causal(0).numel(), 0);
}

TEST(Mask, CausalHasTwoAlignments) {
  const auto top_left = CausalAlignment::top_left, bottom_right = CausalAlignment::bottom_right;
  EXPECT_EQ(causal(2, 4, top_left), Mask::of({{1, 0, 0, 0}, {1, 1, 0, 0}})) << "PyTorch's is_causal";
  EXPECT_EQ(causal(2, 4, bottom_right), Mask::of({{1, 1, 1, 0}, {1, 1, 1, 1}}));
  EXPECT_EQ(causal(4, 2, top_left), Mask::of({{1, 0}, {1, 1}, {1, 1}, {1, 1}}));
  EXPECT_EQ(causal(4, 2, bottom_right), Mask::of({{0, 0}, {0, 0}, {1, 0}, {1, 1}}));
  EXPECT_EQ(causal(3, -1, top_left), causal(3));
}

TEST(Mask, KnowsWhetherItsRowsAreQueries) {
  const Mask square = Mask::full({3, 3}, true), keys = Mask::of({1, 1, 0});
  for (const Mask& m :
       {causal(3), !causal(3), causal(3) & causal(3), causal(3) & keys, keys | causal(3),
        causal(3) & keys.unsqueeze(0), causal(3) & padding({1, 2}, 3), causal(3).expand({2, 3, 3})})
    EXPECT_TRUE(m.rows_are_queries()) << m;
  for (const Mask& m : {square, keys, !square, causal(3) & square, square | causal(3), padding({1, 2}, 3),
                        causal(3).unsqueeze(0), causal(3).reshape({3, 3}), Mask()})
    EXPECT_FALSE(m.rows_are_queries()) << m;
}

TEST(Mask, AnAmbiguousMaskThrows) {
  const Mask square = Mask::full({3, 3}, true);
  EXPECT_EQ(error_of([&] { check_not_ambiguous("op", square, 3, 3, 3); }),
            "[op] expected a mask with one meaning, got (3, 3), which is both (T, S) and (B, S) as B = T = "
            "3. Hint: mask.unsqueeze(0) for (T, S), one row per query; mask.unsqueeze(1) for (B, S), one row "
            "per sample, as padding(lengths, S) returns");
  expect_contains(
      error_of([&] { check_not_ambiguous("op", square, 3, 3, 4); }),
      "mask.unsqueeze(0).unsqueeze(0) for (T, S), one row per query; mask.unsqueeze(1).unsqueeze(1) for");
  for (const Mask& m :
       {Mask(), causal(3), square.unsqueeze(0), Mask::of({1, 1, 1}), Mask::full({1, 3}, true)})
    EXPECT_EQ(error_of([&] { check_not_ambiguous("op", m, 3, 3, 3); }), "");
  EXPECT_EQ(error_of([&] { check_not_ambiguous("op", square, 2, 3, 3); }), "") << "B and T differ";
  EXPECT_EQ(error_of([&] { check_not_ambiguous("op", Mask::full({1, 1}, true), 1, 1, 3); }), "");
}

// Compares with an elementwise loop, for shapes whose axes merge, repeat or do neither.
TEST(Mask, BroadcastsAsAnElementwiseLoop) {
  const Shape full{2, 3, 4};
  const auto value = [](const Mask& m, index_t i, index_t j, index_t k) {
    std::vector<index_t> index{i, j, k};
    index_t flat = 0;
    for (int axis = 0; axis < m.rank(); ++axis) {
      const index_t at = index[static_cast<std::size_t>(axis + 3 - m.rank())];
      flat = flat * m.shape()[axis] + (m.shape()[axis] == 1 ? 0 : at);
    }
    return m.data()[flat] != 0;
  };
  std::vector<Mask> masks;
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{4}, Shape{3, 1}, Shape{3, 4}, Shape{1, 4},
                             Shape{2, 1, 1}, Shape{2, 1, 4}, Shape{2, 3, 1}, Shape{2, 3, 4}}) {
    std::vector<std::uint8_t> values(static_cast<std::size_t>(shape.numel()));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = (i * 7 + masks.size()) % 3 != 0;
    masks.emplace_back(values, shape);
  }
  for (const Mask& a : masks)
    for (const Mask& b : masks) {
      const Mask wide_a = a.expand(full), wide_b = b.expand(full), both = (a & b).expand(full);
      for (index_t i = 0; i < 2; ++i)
        for (index_t j = 0; j < 3; ++j)
          for (index_t k = 0; k < 4; ++k) {
            ASSERT_EQ(wide_a.at({i, j, k}), value(a, i, j, k)) << a.shape();
            ASSERT_EQ(both.at({i, j, k}), value(a, i, j, k) && value(b, i, j, k)) << a.shape() << b.shape();
            ASSERT_EQ((wide_a | wide_b).at({i, j, k}), value(a, i, j, k) || value(b, i, j, k));
          }
    }
  EXPECT_EQ(Mask::full({0, 3}, true).expand({2, 0, 3}).numel(), 0);
}

TEST(Mask, AtReadsOneElementOnly) {
  const Mask large = Mask::full({1000, 4000}, true);
  index_t n = 0;
  // This would take minutes if each call read all elements.
  for (index_t i = 0; i < 100'000; ++i) n += large.at({i % 1000, -1 - i % 4000});
  EXPECT_EQ(n, 100'000);
  EXPECT_EQ(large.reshape({-1, 8}).shape(), (Shape{500'000, 8}));
  EXPECT_EQ(large.reshape({-1, 8}).data(), large.data()) << "shared";
}

TEST(Mask, PaddingMasksKeysAndNotQueries) {  // MK-12, MK-14
  EXPECT_EQ(padding({2, 0, 3}, 3), Mask::of({{{1, 1, 0}}, {{0, 0, 0}}, {{1, 1, 1}}}));
  EXPECT_EQ(not_padding(IntTensor{{5, 7, 0}, {0, 0, 0}}, 0), Mask::of({{{1, 1, 0}}, {{0, 0, 0}}}));
  EXPECT_EQ(error_of([] { padding({4}, 3); }), "[padding] expected lengths in [0, 3], got 4 for sample 0");
  EXPECT_EQ(error_of([] {
              padding({1, -1}, 3);
            }),
            "[padding] expected lengths in [0, 3], got -1 for sample 1");
  EXPECT_EQ(error_of([] { not_padding(IntTensor{1, 2}, 0); }), "[not_padding] expected ids (B, S), got (2)");
}

TEST(Mask, ReportsThatMemoryRanOut) {
  if (HEED_ADDRESS_SANITIZER || HEED_THREAD_SANITIZER)
    GTEST_SKIP() << "a sanitizer aborts the process if new requests this much";
  EXPECT_EQ(error_of([] { causal(1'000'000); }),
            "[causal] cannot allocate 1000000000000 bytes for a mask of shape (1000000, 1000000). Hint: use "
            "smaller sizes, or attention's option causal, which needs no mask");
  const Shape huge{1'000'000, 1'000'000};
  EXPECT_EQ(error_of([&] { Mask::full(huge, true); }),
            "[Mask] cannot allocate 1000000000000 bytes for a mask of shape (1000000, 1000000). Hint: use "
            "smaller sizes");
  const Mask column = Mask::full({1'000'000, 1}, true), row = Mask::full({1, 1'000'000}, true);
  const Tensor wide = zeros({1}).expand(huge);
  expect_contains(error_of([&] { (void)(column & row); }), "[and] cannot allocate 1000000000000 bytes ");
  expect_contains(error_of([&] { (void)(column | row); }), "[or] cannot allocate ");
  expect_contains(error_of([&] { (void)column.expand(huge); }), "[expand] cannot allocate ");
  expect_contains(error_of([&] { (void)(wide > 0); }), "[greater] cannot allocate ");
  expect_contains(error_of([&] { (void)equal(wide, wide); }), "[equal] cannot allocate ");
  expect_contains(error_of([&] { (void)isnan(wide); }), "[isnan] cannot allocate ");
  expect_contains(error_of([] { padding({1}, 1'000'000'000'000); }), "[padding] cannot allocate ");
}

TEST(Mask, LogicBroadcasts) {
  const Mask both = causal(3) & padding({2, 3}, 3);
  EXPECT_EQ(both.shape(), (Shape{2, 3, 3}));
  EXPECT_FALSE(both.at({0, 2, 2}));
  EXPECT_TRUE(both.at({1, 2, 2}));
  EXPECT_EQ(!Mask::of({1, 0}), Mask::of({0, 1}));
  EXPECT_EQ(Mask::of({1, 0, 0}) | Mask::of({{0}, {1}}), Mask::of({{1, 0, 0}, {1, 1, 1}}));
  expect_contains(error_of([] {
                    Mask::of({1, 0}) & Mask::of({1, 0, 1});
                  }),
                  "[and] shapes (2) and (3) do not broadcast");
  EXPECT_EQ(error_of([] { !Mask(); }),
            "[not] expected a mask, got an undefined mask. Hint: a default-constructed Mask masks nothing");
}

TEST(Mask, IndexesAndReshapes) {
  const Mask m = Mask::of({{1, 0}, {1, 1}});
  EXPECT_EQ(m.count(), 3);
  EXPECT_EQ(m.reshape({-1}), Mask::of({1, 0, 1, 1}));
  EXPECT_EQ(m.unsqueeze(0).shape(), (Shape{1, 2, 2}));
  EXPECT_EQ(m.unsqueeze(-1).shape(), (Shape{2, 2, 1}));
  EXPECT_EQ(Mask::of({1, 0}).expand({2, 2}), Mask::of({{1, 0}, {1, 0}}));
  EXPECT_EQ(Mask::full({2}, true), Mask::of({1, 1}));
  EXPECT_EQ(error_of([] { Mask::of({2}); }), "[Mask] expected values 0 and 1, got 2 at index 0");
  EXPECT_EQ(error_of([] { Mask(std::vector<std::uint8_t>{1}, {2}); }),
            "[Mask] expected 2 values for shape (2), got 1");
  EXPECT_EQ(error_of([&] { (void)m.unsqueeze(4); }), "[unsqueeze] axis 4 is out of range for (2, 2)");
  EXPECT_NE(error_of([&] { (void)m.expand({3, 3}); }), "");
  EXPECT_EQ(error_of([&] {
              (void)m.at({0, 5});
            }),
            "[at] index 5 is out of range for axis 1 of (2, 2); it must be in [-2, 2)");
  EXPECT_EQ(error_of([&] { (void)m.at({0}); }),
            "[at] expected one index per axis: shape (2, 2) needs 2, got 1");
  EXPECT_EQ(error_of([&] { (void)m.reshape({3}); }),
            "[reshape] expected a shape with the 4 elements of (2, 2), got (3)");
  EXPECT_TRUE(m.at({-1, -2}));
}

TEST(Mask, ComparisonsBroadcastAndHandleNaN) {
  const Tensor a = tensor({{1, 2, 3}}), b = tensor({{2}, {3}});
  EXPECT_EQ(a < b, Mask::of({{1, 0, 0}, {1, 1, 0}}));
  EXPECT_EQ(a <= b, Mask::of({{1, 1, 0}, {1, 1, 1}}));
  EXPECT_EQ(a > b, Mask::of({{0, 0, 1}, {0, 0, 0}}));
  EXPECT_EQ(a >= b, Mask::of({{0, 1, 1}, {0, 0, 1}}));
  EXPECT_EQ(equal(a, b), Mask::of({{0, 1, 0}, {0, 0, 1}}));
  EXPECT_EQ(equal(tensor({NAN, 1}), 1), Mask::of({0, 1}));
  EXPECT_EQ(isnan(tensor({NAN, 1})), Mask::of({1, 0}));
  EXPECT_EQ((a.transpose(0, 1) > 1.5), Mask::of({{0}, {1}, {1}}));
  EXPECT_NE(error_of([&] { (void)(a < ones({2})); }), "");
}

TEST(Mask, PrintsTrueAndFalse) {
  std::ostringstream out;
  out << Mask::of({1, 0}) << Mask();
  EXPECT_EQ(out.str(), "tensor([ True, False])mask(undefined)");
}

}  // namespace
}  // namespace heed
