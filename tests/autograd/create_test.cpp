// create_test.cpp — the constructors of tensors.
#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/testing.h"

namespace heed {
namespace {

using Numbers = std::vector<double>;

TEST(Create, FilledTensorsContainTheirValueInBothDtypes) {
  for (const DType dtype : {f32, f64}) {
    EXPECT_EQ(zeros({2, 2}, dtype).to_vector(), Numbers(4, 0));
    EXPECT_EQ(ones({3}, dtype).to_vector(), Numbers(3, 1));
    EXPECT_EQ(full({2}, -2.5, dtype).to_vector(), Numbers(2, -2.5));
    EXPECT_EQ(scalar(7, dtype).shape(), Shape{});
    EXPECT_EQ(eye(2, dtype).to_vector(), (Numbers{1, 0, 0, 1}));
    EXPECT_EQ(empty({2, 3}, dtype).dtype(), dtype);
  }
  EXPECT_EQ(zeros({2, 0, 3}).numel(), 0);
  EXPECT_FALSE(zeros({2}).requires_grad());
}

TEST(Create, ArangeStopsBeforeItsEnd) {
  EXPECT_EQ(arange(0, 3).to_vector(), (Numbers{0, 1, 2}));
  EXPECT_EQ(arange(1, 2, 0.25, f64).to_vector(), (Numbers{1, 1.25, 1.5, 1.75}));
  EXPECT_EQ(arange(3, 0, -1).to_vector(), (Numbers{3, 2, 1}));
  EXPECT_EQ(arange(3, 0).numel(), 0);
  EXPECT_EQ(error_of([] { arange(0, 1, 0); }),
            "[arange] expected finite bounds and a step other than 0, got 0, 1, 0");
  EXPECT_EQ(error_of([] { arange(0, NAN); }),
            "[arange] expected finite bounds and a step other than 0, got 0, nan, 1");
  EXPECT_EQ(error_of([] { arange(0, 1e300); }), "[arange] too large: from 0 to 1e+300 in steps of 1");
}

TEST(Create, LinspaceIncludesBothEndsExactly) {
  EXPECT_EQ(linspace(0, 1, 5).to_vector(), (Numbers{0, 0.25, 0.5, 0.75, 1}));
  const Tensor x = linspace(-0.1, 0.3, 7, f64);
  EXPECT_EQ(x.at({0}), -0.1);
  EXPECT_EQ(x.at({-1}), 0.3);
  EXPECT_EQ(linspace(2, 9, 1).to_vector(), Numbers{2});
  EXPECT_EQ(linspace(2, 9, 0).numel(), 0);
  EXPECT_EQ(error_of([] { linspace(0, 1, -1); }), "[linspace] expected a number of steps >= 0, got -1");
}

TEST(Create, NestedListsDetermineTheShape) {
  const Tensor x = tensor({{{1, 2}, {3, 4}, {5, 6}}});
  EXPECT_EQ(x.shape(), (Shape{1, 3, 2}));
  EXPECT_EQ(x.to_vector(), (Numbers{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(tensor({1.5, 2}).shape(), (Shape{2}));
  EXPECT_EQ(error_of([] {
              tensor({{1, 2}, {3}});
            }),
            "[tensor] expected rows of equal length, got 2 and 1 at depth 1");
  EXPECT_EQ(error_of([] {
              tensor({{1, 2}, 3});
            }),
            "[tensor] expected lists of equal depth, got a number and a list at the same depth");
  EXPECT_EQ(error_of([] {
              tensor({1, {2, 3}});
            }),
            "[tensor] expected lists of equal depth, got a number and a list at the same depth");
}

TEST(Create, FlatListsMustFillTheirShape) {
  EXPECT_EQ(from_vector(Numbers{1, 2, 3, 4}, {2, 2}).at({1, 0}), 3);
  EXPECT_EQ(from_vector(std::vector<float>{1, 2}, {2}).dtype(), f32);
  EXPECT_EQ(error_of([] {
              from_vector(Numbers{1, 2, 3}, {2, 2});
            }),
            "[from_vector] expected 4 values for shape (2, 2), got 3");
}

TEST(Create, ExternalMemoryNeedsAnOwnerAndAlignment) {
  const auto numbers = std::make_shared<std::vector<float>>(std::vector<float>{1, 2, 3});
  auto* bytes = reinterpret_cast<std::byte*>(numbers->data());
  Tensor x = from_memory(bytes, {3}, f32, numbers);
  x.fill_(7);
  EXPECT_EQ((*numbers)[2], 7);
  EXPECT_EQ(error_of([&] { from_memory(bytes, {3}, f32, nullptr); }),
            "[from_memory] expected an owner that keeps the memory alive, got null");
  EXPECT_EQ(error_of([&] { from_memory(bytes + 1, {2}, f32, numbers); }),
            "[from_memory] expected memory that is aligned for f32");
}

TEST(Create, RandomTensorsDependOnTheGeneratorAlone) {
  Generator a(5), b(5), other(6);
  expect_same_bits(randn({3, 50}, a), randn({3, 50}, b));
  EXPECT_GT(max_abs_difference(randn({3, 50}, a), randn({3, 50}, other)), 0);
  // The f32 numbers are the f64 numbers, rounded.
  Generator c(7), d(7);
  expect_same_bits(randn({100}, c), randn({100}, d, f64).to(f32));
}

TEST(Create, RandomTensorsHaveTheExpectedMoments) {
  Generator gen(1);
  const Tensor normal = randn({100000}, gen, f64), uniform = rand({100000}, gen, f64);
  EXPECT_NEAR(mean(normal).item(), 0, 0.01);
  EXPECT_NEAR(var(normal).item(), 1, 0.015);
  EXPECT_NEAR(mean(uniform).item(), 0.5, 0.005);
  EXPECT_NEAR(var(uniform).item(), 1.0 / 12, 0.001);
  EXPECT_GE(min(uniform).item(), 0);
  EXPECT_LT(max(uniform).item(), 1);
  EXPECT_LT(max(rand({200000}, gen)).item(), 1) << "rounding to f32 must not give 1";
}

TEST(Create, EveryConstructorRejectsInvalidSizes) {
  Generator gen(0);
  EXPECT_EQ(error_of([] { zeros({-1}); }), "[zeros] expected sizes >= 0, got (-1)");
  EXPECT_EQ(error_of([] { ones({-1}); }), "[ones] expected sizes >= 0, got (-1)");
  EXPECT_EQ(error_of([] { full({-1}, 1); }), "[full] expected sizes >= 0, got (-1)");
  EXPECT_EQ(error_of([] { empty({-1}); }), "[empty] expected sizes >= 0, got (-1)");
  EXPECT_EQ(error_of([] { eye(-1); }), "[eye] expected sizes >= 0, got (-1, -1)");
  EXPECT_EQ(error_of([&] { randn({-1}, gen); }), "[randn] expected sizes >= 0, got (-1)");
  EXPECT_EQ(error_of([&] { rand({-1}, gen); }), "[rand] expected sizes >= 0, got (-1)");
}

// 4 TB: more than any machine that runs this test has.
const Shape huge{1'000'000, 1'000'000};

TEST(Create, EveryConstructorReportsThatMemoryRanOut) {
  Generator gen(0);
  EXPECT_EQ(error_of([] { zeros(huge); }),
            "[zeros] cannot allocate 4000000000000 bytes for shape (1000000, 1000000) f32. Hint: use smaller "
            "sizes, or fewer tensors at a time");
  expect_contains(error_of([] { ones(huge, f64); }), "[ones] cannot allocate 8000000000000 bytes for shape ");
  expect_contains(error_of([] { full(huge, 1); }), "[full] cannot allocate ");
  expect_contains(error_of([] { empty(huge); }), "[empty] cannot allocate ");
  expect_contains(error_of([&] { randn(huge, gen); }), "[randn] cannot allocate ");
  expect_contains(error_of([&] { rand(huge, gen); }), "[rand] cannot allocate ");
  expect_contains(error_of([] { eye(1'000'000); }), "[eye] cannot allocate ");
  expect_contains(error_of([] { arange(0, 1e12); }), "[arange] cannot allocate ");
  expect_contains(error_of([] { linspace(0, 1, 1'000'000'000'000); }), "[linspace] cannot allocate ");
  expect_contains(error_of([] { zeros({1'000'000'000'000'000}); }), "[zeros] too large: ");
  expect_contains(error_of([] {
                    from_vector(Numbers{1}, {index_t{1} << 40, index_t{1} << 40});
                  }),
                  "[from_vector] too large: ");
}

TEST(Create, EveryOpReportsThatMemoryRanOut) {
  const Tensor one = ones({1, 1}), x = one.expand(huge), row = one.expand({1, 1'000'000}),
               column = one.expand({1'000'000, 1});
  const Mask all = Mask::full({1, 1}, true);
  Generator gen(0);
  const std::vector<std::pair<std::string, std::function<void()>>> ops = {
      {"contiguous", [&] { x.contiguous(); }},
      {"clone", [&] { x.clone(); }},
      {"to", [&] { x.to(f64); }},
      {"add", [&] { row + column; }},
      {"mul", [&] { row* column; }},
      {"add_number", [&] { x + 1.0; }},
      {"exp", [&] { exp(x); }},
      {"clamp", [&] { clamp(x, 0, 1); }},
      {"where", [&] { where(all, row, column); }},
      {"masked_fill", [&] { masked_fill(x, all, 0); }},
      {"matmul", [&] { matmul(column, row); }},
      {"linear", [&] { linear(column, column); }},
      {"softmax", [&] { softmax(x, -1); }},
      {"log_softmax", [&] { log_softmax(x, -1); }},
      {"cat",
       [&] {
         cat({x, x});
       }},
      {"pad",
       [&] {
         pad(one, {0, 999'999, 0, 999'999});
       }},
      {"index_select", [&] { index_select(x, 0, IntTensor::zeros({1'000'000})); }},
      {"sum",
       [&] {
         sum(zeros({1'000'000, 1'000'000, 0}), -1);
       }},
      {"unfold",
       [&] {
         unfold(one.expand({1, 1, 100'000, 100'000}), {20, 20});
       }},
      {"masked_softmax", [&] { masked_softmax(x, all); }},
      {"dropout", [&] { dropout(x, 0.5, gen); }},
      {"layer_norm", [&] { layer_norm(x); }},
      {"rms_norm", [&] { rms_norm(x); }},
  };
  for (const auto& [name, op] : ops) {
    SCOPED_TRACE(name);
    EXPECT_NO_THROW(expect_contains(error_of(op), "[" + name + "] cannot allocate "));
  }
  // Backward allocates memory as well.
  const Tensor leaf = ones({1, 1}).set_requires_grad();
  const Tensor y = sum(leaf.expand(huge).select(0, 0).select(0, 0));
  expect_contains(error_of([&] { y.backward(); }), " in the backward of select");
}

}  // namespace
}  // namespace heed
