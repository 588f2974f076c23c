// shape_test.cpp — views: ops read any strides (AG-11), and copy if a view is impossible (AG-12).
#include "tests/autograd/ops/testing.h"

namespace heed {
namespace {

const Tensor x = tensor({{1, 2, 3}, {4, 5, 6}});

bool share_storage(const Tensor& a, const Tensor& b) { return a.state()->storage == b.state()->storage; }

TEST(ShapeOps, ReshapeIsAViewIfPossible) {
  const Tensor y = x.reshape({3, -1});
  EXPECT_EQ(y.to_vector(), (Numbers{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(y.shape(), (Shape{3, 2}));
  EXPECT_TRUE(share_storage(x, y));
  const Tensor flat = x.transpose(0, 1).reshape({6});
  EXPECT_EQ(flat.to_vector(), (Numbers{1, 4, 2, 5, 3, 6}));
  EXPECT_FALSE(share_storage(x, flat));
  EXPECT_TRUE(share_storage(x, x.reshape({2, 1, 3, 1})));
  EXPECT_EQ(scalar(5).reshape({1, 1}).shape(), (Shape{1, 1}));
  EXPECT_EQ(zeros({0, 3}).reshape({3, 0}).shape(), (Shape{3, 0}));
}

// Heads are split by view and transpose, and joined by contiguous and view, as in lesson 04.
TEST(ShapeOps, ViewNeverCopies) {
  const Tensor sequence = arange(0, 48).reshape({2, 3, 8});
  const Tensor heads = sequence.view({2, 3, 2, 4}).transpose(1, 2);
  EXPECT_TRUE(share_storage(sequence, heads));
  EXPECT_EQ(heads.at({1, 1, 2, 0}), 44);
  EXPECT_EQ(heads.transpose(1, 2).contiguous().view({2, 3, 8}).to_vector(), sequence.to_vector());
  EXPECT_EQ(error_of([&] {
              (void)heads.view({2, 3, 8});
            }),
            "[view] expected a shape that needs no copy, got (2, 3, 8) for x (2, 2, 3, 4) with strides (24, "
            "4, 8, 1). Hint: reshape() copies if necessary");
  EXPECT_TRUE(share_storage(heads, heads.view({2, 2, 3, 2, 2})))
      << "a part that is regular can be seen otherwise";
}

TEST(ShapeOps, TransposeAndPermuteReorderAxes) {
  EXPECT_EQ(x.transpose(0, -1).to_vector(), (Numbers{1, 4, 2, 5, 3, 6}));
  const Tensor y = arange(0, 24).reshape({2, 3, 4}).permute({2, 0, 1});
  EXPECT_EQ(y.shape(), (Shape{4, 2, 3}));
  EXPECT_EQ(y.at({3, 1, 2}), 23);
  EXPECT_EQ(y.at({1, 0, 2}), 9);
  EXPECT_EQ(x.permute({-1, 0}).to_vector(), x.transpose(0, 1).to_vector());
}

TEST(ShapeOps, ContiguousCopiesOnlyNonContiguousTensors) {
  EXPECT_TRUE(share_storage(x, x.contiguous()));
  const Tensor t = x.transpose(0, 1).contiguous();
  EXPECT_FALSE(share_storage(x, t));
  EXPECT_TRUE(t.is_contiguous());
  // Sizes around the tile of the copy, to test its edges.
  for (const index_t n : {15, 16, 17, 33})
    for (const index_t m : {1, 16, 31}) {
      const Tensor big = arange(0, static_cast<double>(2 * n * m)).reshape({2, n, m});
      const Tensor turned = big.transpose(1, 2).contiguous();
      for (index_t i = 0; i < n; ++i)
        for (index_t j = 0; j < m; ++j) ASSERT_EQ(turned.at({1, j, i}), big.at({1, i, j}));
    }
}

TEST(ShapeOps, ExpandRepeatsWithoutMemory) {
  const Tensor row = tensor({1, 2, 3}), y = row.expand({2, -1});
  EXPECT_EQ(y.to_vector(), (Numbers{1, 2, 3, 1, 2, 3}));
  EXPECT_TRUE(share_storage(row, y));
  EXPECT_EQ(scalar(4).expand({2, 2}).to_vector(), Numbers(4, 4));
  EXPECT_EQ(ones({1}).expand({0}).numel(), 0);
}

TEST(ShapeOps, SqueezeAndUnsqueezeChangeAxesOfSizeOne) {
  EXPECT_EQ(x.unsqueeze(0).shape(), (Shape{1, 2, 3}));
  EXPECT_EQ(x.unsqueeze(-1).shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(x.unsqueeze(1).squeeze(1).shape(), (Shape{2, 3}));
  EXPECT_EQ(x.squeeze(0).shape(), (Shape{2, 3})) << "unchanged where the size is not 1";
}

TEST(ShapeOps, SlicesClampAndStep) {
  EXPECT_EQ(x.slice(1, 1).to_vector(), (Numbers{2, 3, 5, 6}));
  EXPECT_EQ(x.slice(1, -2, -1).to_vector(), (Numbers{2, 5}));
  EXPECT_EQ(x.slice(1, 0, 99, 2).to_vector(), (Numbers{1, 3, 4, 6}));
  EXPECT_EQ(x.slice(0, 5).shape(), (Shape{0, 3}));
  EXPECT_EQ(x.slice(0, 1, 0).shape(), (Shape{0, 3}));
  EXPECT_EQ(x.select(1, -1).to_vector(), (Numbers{3, 6}));
}

TEST(ShapeOps, UnbindReturnsAllPartsOfAnAxis) {
  const auto rows = unbind(x), columns = unbind(x, -1);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].to_vector(), (Numbers{4, 5, 6}));
  ASSERT_EQ(columns.size(), 3U);
  EXPECT_EQ(columns[1].to_vector(), (Numbers{2, 5}));
  EXPECT_TRUE(share_storage(x, columns[1]));
  EXPECT_FALSE(rows[0].requires_grad());
  EXPECT_EQ(unbind(zeros({0, 3})).size(), 0U);
  EXPECT_EQ(unbind(zeros({2, 0}))[1].shape(), (Shape{0}));
}

TEST(ShapeOps, UnbindReturnsOneGradient) {
  const Tensor w = ones({3, 2}).set_requires_grad();
  const auto part = unbind(w * 1.0);
  const Tensor y = sum(part[2] * part[2]) + sum(part[0] * tensor({5, 7}));  // part 2 twice, part 1 never
  y.backward({.retain_graph = true});
  EXPECT_EQ(w.grad().to_vector(), (Numbers{5, 7, 0, 0, 2, 2}));
  y.backward({.retain_graph = true});
  EXPECT_EQ(w.grad().to_vector(), (Numbers{10, 14, 0, 0, 4, 4})) << "a second backward starts anew";
  sum(part[1]).backward();
  EXPECT_EQ(w.grad().to_vector(), (Numbers{10, 14, 1, 1, 4, 4})) << "and so does one from another part";
}

// The gradient of one backward does not change in the next one, which allocates its own.
TEST(ShapeOps, UnbindAllocatesAGradientPerBackward) {
  const Tensor w = ones({2, 2}).set_requires_grad();
  Tensor x = w * 1.0;
  x.retain_grad();
  const Tensor y = sum(unbind(x)[0] * 3.0);
  y.backward({.retain_graph = true});
  const Tensor first = x.grad();
  x.zero_grad();
  y.backward();
  EXPECT_EQ(first.to_vector(), (Numbers{3, 3, 0, 0}));
  ASSERT_TRUE(x.grad().defined());
  EXPECT_EQ(x.grad().to_vector(), (Numbers{3, 3, 0, 0}));
  EXPECT_EQ(w.grad().to_vector(), (Numbers{6, 6, 0, 0}));
}

TEST(ShapeOps, UnbindRecordsNothingUnderNoGradAndLeavesNoNodes) {
  const Tensor w = ones({3, 2}).set_requires_grad();
  const auto before = live_nodes();
  {
    const NoGrad no_grad;
    EXPECT_FALSE(unbind(w)[0].requires_grad());
    EXPECT_EQ(live_nodes(), before);
  }
  sum(unbind(w)[0]).backward();
  EXPECT_EQ(live_nodes(), before);
}

// The bytes that backward allocates in total grow with n; n selects or slices allocate n times as
// many.
TEST(ShapeOps, TheCostOfUnbindAndSplitIsLinear) {
  const auto bytes = [](index_t n, auto&& parts_of) {
    const Tensor w = ones({n, 1000}).set_requires_grad();
    const Tensor y = cat(parts_of(w));
    const auto before = memory_stats().allocated_bytes;
    y.backward(ones(y.shape()));
    return static_cast<double>(memory_stats().allocated_bytes - before);
  };
  const auto steps = [](const Tensor& w) { return unbind(w); };
  const auto slices = [](const Tensor& w) { return split(w, 1); };
  EXPECT_LT(bytes(64, steps) / bytes(16, steps), 4.5);
  EXPECT_LT(bytes(64, slices) / bytes(16, slices), 4.5);
}

TEST(ShapeOps, SplitReturnsOneGradient) {
  const Tensor w = ones({2, 5}).set_requires_grad();
  const auto part = split(w * 1.0, 2, 1);  // two columns, two columns, one column
  ASSERT_EQ(part.size(), 3U);
  (sum(part[0]) * 3.0 + sum(part[2] * part[2])).backward();
  EXPECT_EQ(w.grad().to_vector(), (Numbers{3, 3, 0, 0, 2, 3, 3, 0, 0, 2}));
  const auto whole = split(w, 9, 1);
  ASSERT_EQ(whole.size(), 1U);
  sum(whole[0]).backward();
  EXPECT_EQ(w.grad().to_vector(), (Numbers{4, 4, 1, 1, 3, 4, 4, 1, 1, 3}));
}

TEST(ShapeOps, SplitAndChunkCoverTheAxis) {
  const auto parts = split(arange(0, 5), 2);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[2].to_vector(), (Numbers{4}));
  EXPECT_EQ(chunk(arange(0, 6), 3)[1].to_vector(), (Numbers{2, 3}));
  EXPECT_EQ(chunk(arange(0, 5), 3).size(), 3U);
  EXPECT_EQ(chunk(arange(0, 5), INT64_MAX).size(), 5U);
  EXPECT_EQ(chunk(x, 3, -1)[0].shape(), (Shape{2, 1}));
}

TEST(ShapeOps, ToChangesThePrecision) {
  const Tensor d = tensor({0.1}, f64);
  EXPECT_EQ(d.to(f32).item(), static_cast<double>(0.1F));
  EXPECT_TRUE(share_storage(d, d.to(f64)));
}

TEST(ShapeOps, ErrorsNameOpShapesAndRule) {
  EXPECT_EQ(error_of([] { (void)x.reshape({4}); }),
            "[reshape] expected a shape with the 6 elements of x (2, 3), got (4), which has 4");
  EXPECT_EQ(error_of([] {
              (void)x.reshape({4, -1});
            }),
            "[reshape] expected sizes whose product divides 6, the number of elements of x (2, 3), got (4, "
            "-1), whose product without the -1 is 4");
  EXPECT_EQ(error_of([] { (void)x.reshape({-1, -1}); }), "[reshape] expected at most one -1, got (-1, -1)");
  EXPECT_EQ(error_of([] {
              (void)x.reshape({-2, 3});
            }),
            "[reshape] expected sizes >= 0, or one -1 to be computed, got (-2, 3)");
  EXPECT_EQ(error_of([] { (void)x.transpose(0, 2); }),
            "[transpose] axis 2 is out of range for (2, 3); it must be in [-2, 2)");
  EXPECT_EQ(error_of([] { (void)x.permute({0}); }),
            "[permute] expected one axis per axis of x (2, 3), got (0)");
  EXPECT_EQ(error_of([] { (void)x.permute({0, 0}); }), "[permute] expected each axis once, got (0, 0)");
  EXPECT_EQ(error_of([] { (void)x.expand({3}); }),
            "[expand] expected a shape with at least as many axes as x (2, 3), got (3)");
  EXPECT_EQ(error_of([] {
              (void)x.expand({4, 3});
            }),
            "[expand] expected a shape that x (2, 3) broadcasts to, got (4, 3); axis 0 of size 2 cannot be "
            "repeated");
  constexpr index_t huge = index_t{1} << 40;
  EXPECT_EQ(error_of([] {
              (void)ones({1}).expand({huge, huge});
            }),
            "[expand] too large: (1099511627776, 1099511627776) has more elements than memory can hold");
  EXPECT_EQ(error_of([] {
              (void)zeros({0}).reshape({0, huge, huge});
            }),
            "[reshape] too large: (0, 1099511627776, 1099511627776) has more elements than memory can hold");
  EXPECT_EQ(error_of([] { (void)x.squeeze(2); }),
            "[squeeze] axis 2 is out of range for (2, 3); it must be in [-2, 2)");
  EXPECT_EQ(error_of([] { (void)x.unsqueeze(3); }),
            "[unsqueeze] expected an axis in [-3, 2] for x (2, 3), got 3");
  EXPECT_EQ(error_of([] { (void)x.select(0, 2); }),
            "[select] expected an index in [-2, 2) for axis 0 of x (2, 3), got 2");
  EXPECT_EQ(error_of([] { (void)scalar(1).select(0, 0); }), "[select] expected at least one axis, got x ()");
  EXPECT_EQ(error_of([] { (void)x.slice(0, 0, 2, 0); }),
            "[slice] expected step >= 1, got 0. Hint: flip() reverses an axis");
  EXPECT_EQ(error_of([] { (void)scalar(1).slice(0, 0); }), "[slice] expected at least one axis, got x ()");
  EXPECT_EQ(error_of([] { unbind(x, 2); }),
            "[unbind] axis 2 is out of range for (2, 3); it must be in [-2, 2)");
  EXPECT_EQ(error_of([] { unbind(scalar(1)); }), "[unbind] expected at least one axis, got x ()");
  EXPECT_EQ(error_of([] { split(x, 0); }), "[split] expected size >= 1, got 0");
  EXPECT_EQ(error_of([] { chunk(x, 0); }), "[chunk] expected count >= 1, got 0");
  EXPECT_EQ(error_of([] { split(x, 1, 5); }),
            "[split] axis 5 is out of range for (2, 3); it must be in [-2, 2)");
}

}  // namespace
}  // namespace heed
