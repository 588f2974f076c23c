#include "autograd/shape.h"

#include "tests/testing.h"

namespace heed {
namespace {

TEST(Shape, HoldsUpToEightSizes) {
  Shape s{2, 3};
  s.push_back(4);
  s.insert(0, 1);
  s.erase(1);
  EXPECT_EQ(s, (Shape{1, 3, 4}));
  EXPECT_EQ(s.numel(), 12);
  EXPECT_EQ(s.back(1), 4);
  EXPECT_EQ(to_string(s), "(1, 3, 4)");
  EXPECT_EQ(to_string(Shape{}), "()");
  EXPECT_EQ(Shape{}.numel(), 1);
  EXPECT_NE((Shape{2}), (Shape{2, 1}));
  EXPECT_EQ(error_of([] { Shape({1, 1, 1, 1, 1, 1, 1, 1, 1}); }), "[shape] expected at most 8 axes, got 9");
  EXPECT_EQ(error_of([] {
              Shape({1, 1, 1, 1, 1, 1, 1, 1}).push_back(2);
            }),
            "[shape] expected at most 8 axes, got (1, 1, 1, 1, 1, 1, 1, 1) and one more");
}

TEST(Shape, ContiguousStridesAreProductsOfTheLaterSizes) {
  EXPECT_EQ(contiguous_strides({2, 3, 4}), (Strides{12, 4, 1}));
  EXPECT_EQ(contiguous_strides({}), Strides{});
}

TEST(Shape, NegativeAxesCountFromTheEnd) {
  EXPECT_EQ(wrap_axis("op", -1, {2, 3}), 1);
  EXPECT_EQ(wrap_axis("op", 0, {2, 3}), 0);
  EXPECT_EQ(error_of([] {
              wrap_axis("sum", 2, {2, 3});
            }),
            "[sum] axis 2 is out of range for (2, 3); it must be in [-2, 2)");
  EXPECT_EQ(error_of([] {
              wrap_axis("sum", -3, {2, 3});
            }),
            "[sum] axis -3 is out of range for (2, 3); it must be in [-2, 2)");
}

TEST(Shape, BroadcastingAlignsAtTheRight) {
  EXPECT_EQ(broadcast_shapes("op", {2, 1, 3}, {4, 1}), (Shape{2, 4, 3}));
  EXPECT_EQ(broadcast_shapes("op", {}, {2, 0}), (Shape{2, 0}));
  EXPECT_EQ(broadcast_shapes("op", {1}, {0}), (Shape{0}));
  EXPECT_EQ(error_of([] {
              broadcast_shapes("add", {2, 3}, {4});
            }),
            "[add] shapes (2, 3) and (4) do not broadcast: axis -1 has 3 and 4; aligned at the right, sizes "
            "must be equal or 1");
}

TEST(Shape, BroadcastAxesHaveStride0) {
  EXPECT_EQ(broadcast_strides({3, 1}, {2, 3, 4}), (Strides{0, 1, 0}));
  EXPECT_EQ(broadcast_strides({3, 4}, {1, 3}, {2, 3, 4}), (Strides{0, 1, 3}));
  EXPECT_EQ(broadcast_strides({}, {2}), Strides{0});
}

TEST(Shape, InvalidSizesThrow) {
  EXPECT_EQ(error_of([] { check_sizes("zeros", {2, -1}); }), "[zeros] expected sizes >= 0, got (2, -1)");
  EXPECT_EQ(error_of([] {
              check_sizes("zeros", {index_t{1} << 40, index_t{1} << 40});
            }),
            "[zeros] too large: (1099511627776, 1099511627776) has more elements than memory can hold");
  EXPECT_EQ(error_of([] {
              check_sizes("zeros", {0, index_t{1} << 40, index_t{1} << 40});
            }),
            "[zeros] too large: (0, 1099511627776, 1099511627776) has more elements than memory can hold")
      << "without elements, but with strides";
}

}  // namespace
}  // namespace heed
