#include "autograd/int_tensor.h"

#include <sstream>

#include "autograd/kernels/sanitizers.h"
#include "tests/testing.h"

namespace heed {
namespace {

TEST(IntTensor, IsCreatedFromNestedListsFlatListsAndRanges) {
  EXPECT_EQ(IntTensor({{1, 2}, {3, 4}}).shape(), (Shape{2, 2}));
  EXPECT_EQ(IntTensor(std::vector<index_t>{1, 2, 3, 4}, {2, 2}), IntTensor({{1, 2}, {3, 4}}));
  EXPECT_EQ(IntTensor::arange(5, 0, -2), IntTensor({5, 3, 1}));
  EXPECT_EQ(IntTensor::zeros({2, 3}).numel(), 6);
  EXPECT_EQ(IntTensor().shape(), Shape{0});
  EXPECT_EQ(error_of([] {
              IntTensor({{1, 2}, {3}});
            }),
            "[IntTensor] expected rows of equal length, got 2 and 1 at depth 1");
  EXPECT_EQ(error_of([] {
              IntTensor({{1, 2}, 3});
            }),
            "[IntTensor] expected lists of equal depth, got a number and a list at the same depth");
  EXPECT_EQ(error_of([] { IntTensor(std::vector<index_t>{1}, {2}); }),
            "[IntTensor] expected 2 values for shape (2), got 1");
  EXPECT_EQ(error_of([] { IntTensor::zeros({-1}); }), "[IntTensor] expected sizes >= 0, got (-1)");
  EXPECT_EQ(error_of([] { IntTensor::arange(0, 1, 0); }), "[arange] expected a step other than 0");
}

TEST(IntTensor, IndexesReshapesAndSlices) {
  const IntTensor x({{1, 2, 3}, {4, 5, 6}});
  EXPECT_EQ(x.at({1, -1}), 6);
  EXPECT_EQ(x.reshape({3, -1}), IntTensor({{1, 2}, {3, 4}, {5, 6}}));
  EXPECT_EQ(x.slice(1, 1, 3), IntTensor({{2, 3}, {5, 6}}));
  EXPECT_EQ(x.slice(0, -1, 9), IntTensor({{4, 5, 6}}));
  EXPECT_EQ(x.index_select({1, 0, 1}), IntTensor({{4, 5, 6}, {1, 2, 3}, {4, 5, 6}}));
  EXPECT_EQ(IntTensor({7}).item(), 7);
  EXPECT_EQ(error_of([&] {
              (void)x.at({2, 0});
            }),
            "[at] index 2 is out of range for axis 0 of (2, 3); it must be in [-2, 2)");
  EXPECT_EQ(error_of([&] { (void)x.at({0}); }),
            "[at] expected one index per axis: shape (2, 3) needs 2, got 1");
  EXPECT_EQ(error_of([&] { (void)x.item(); }), "[item] expected a tensor with one element, got (2, 3)");
  EXPECT_EQ(error_of([&] {
              (void)x.reshape({4, -1});
            }),
            "[reshape] expected a shape with the 6 elements of (2, 3), got (4, 1)");
  EXPECT_EQ(error_of([&] {
              (void)x.reshape({index_t{1} << 40, index_t{1} << 40});
            }),
            "[reshape] too large: (1099511627776, 1099511627776) has more elements than memory can hold");
  EXPECT_EQ(error_of([&] { (void)x.index_select({2}); }),
            "[index_select] index 2 is out of range for axis 0 of (2, 3)");
  EXPECT_EQ(error_of([&] {
              (void)x.index_select(IntTensor::zeros({1, 2}));
            }),
            "[index_select] expected a tensor with axes and a list of rows (n), got (2, 3) and (1, 2)");
  EXPECT_EQ(error_of([&] { (void)x.slice(2, 0, 1); }),
            "[slice] axis 2 is out of range for (2, 3); it must be in [-2, 2)");
}

TEST(IntTensor, ArangeCountsInBothDirections) {
  EXPECT_EQ(IntTensor::arange(0, 5, 2), (IntTensor{0, 2, 4}));
  EXPECT_EQ(IntTensor::arange(5, 0, -2), (IntTensor{5, 3, 1}));
  EXPECT_EQ(IntTensor::arange(3, 3).numel(), 0);
  EXPECT_EQ(IntTensor::arange(3, 0).numel(), 0);
  EXPECT_EQ(IntTensor::arange(0, 3, -1).numel(), 0);
  EXPECT_EQ(IntTensor::arange(INT64_MAX - 1, INT64_MAX, 5), IntTensor{INT64_MAX - 1});
  EXPECT_EQ(IntTensor::arange(INT64_MIN, INT64_MAX, INT64_MAX), (IntTensor{INT64_MIN, -1, INT64_MAX - 1}));
  EXPECT_EQ(error_of([] { IntTensor::arange(0, INT64_MAX); }),
            "[arange] too large: from 0 to 9223372036854775807 in steps of 1");
}

TEST(IntTensor, ReportsThatMemoryRanOut) {
  if (HEED_ADDRESS_SANITIZER || HEED_THREAD_SANITIZER)
    GTEST_SKIP() << "a sanitizer aborts the process if new requests this much";
  EXPECT_EQ(error_of([] {
              IntTensor::zeros({1'000'000, 1'000'000});
            }),
            "[IntTensor] cannot allocate 8000000000000 bytes for shape (1000000, 1000000). Hint: use smaller "
            "sizes");
  expect_contains(error_of([] { IntTensor::arange(0, 1'000'000'000'000); }), "[IntTensor] cannot allocate ");
}

TEST(IntTensor, PrintsInColumns) {
  std::ostringstream out;
  out << IntTensor({{1, 2}, {-3, 40}});
  EXPECT_EQ(out.str(), "tensor([[ 1,  2],\n        [-3, 40]])");
}

}  // namespace
}  // namespace heed
