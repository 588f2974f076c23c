#include "autograd/tensor.h"

#include <cmath>

#include "tests/testing.h"

namespace heed {
namespace {

TEST(Tensor, CopiesReferToTheSameTensor) {
  Tensor a = zeros({2});
  Tensor b = a;
  b.set({0}, 5);
  EXPECT_EQ(a.at({0}), 5);
  Tensor c = a.clone();
  c.set({0}, 6);
  EXPECT_EQ(a.at({0}), 5);
}

TEST(Tensor, AnUndefinedTensorThrows) {
  const Tensor nothing;
  EXPECT_FALSE(nothing.defined());
  EXPECT_EQ(
      error_of([&] { (void)nothing.shape(); }),
      "[tensor] expected a tensor, got an undefined tensor. Hint: a default-constructed Tensor is undefined");
  EXPECT_EQ(error_of([&] { add(nothing, ones({1})); }),
            "[add] expected a tensor as argument 0, got an undefined tensor. Hint: a "
            "default-constructed Tensor is undefined");
}

TEST(Tensor, DtypesCannotBeMixed) {
  EXPECT_EQ(error_of([] { add(ones({1}), ones({1}, f64)); }),
            "[add] expected arguments of one dtype, got f32 for argument 0 and f64 for argument 1. Hint: "
            "convert one of them with to()");
  EXPECT_EQ(error_of([] { (void)ones({1}).data<double>(); }), "[data] expected a tensor of f64, got f32");
  EXPECT_STREQ(name(f32), "f32");
  EXPECT_EQ(size_of(f64), 8U);
}

TEST(Tensor, AtAndSetCheckTheirIndices) {
  Tensor x = tensor({{1, 2, 3}, {4, 5, 6}});
  EXPECT_EQ(x.at({1, -1}), 6);
  x.set({-1, 0}, 9);
  EXPECT_EQ(x.at({1, 0}), 9);
  EXPECT_EQ(x[1].at({1}), 5);
  EXPECT_EQ(scalar(3).item(), 3);
  EXPECT_EQ(error_of([&] {
              (void)x.at({0, 3});
            }),
            "[at] index 3 is out of range for axis 1 of (2, 3); it must be in [-3, 3)");
  EXPECT_EQ(error_of([&] { (void)x.at({0}); }),
            "[at] expected one index per axis: shape (2, 3) needs 2, got 1");
  EXPECT_EQ(error_of([&] {
              x.set({2, 0}, 1);
            }),
            "[set] index 2 is out of range for axis 0 of (2, 3); it must be in [-2, 2)");
  EXPECT_EQ(error_of([&] { (void)x.item(); }),
            "[item] expected a tensor with one element, got (2, 3). Hint: at({…}) reads one of several");
}

TEST(Tensor, IndexSupportsNumPysForms) {
  const Tensor x = arange(0, 24).reshape({2, 3, 4});
  EXPECT_EQ(x.index({0, all, Slice{1, 3}}).to_vector(), (std::vector<double>{1, 2, 5, 6, 9, 10}));
  EXPECT_EQ(x.index({Ellipsis{}, -1}).to_vector(), (std::vector<double>{3, 7, 11, 15, 19, 23}));
  EXPECT_EQ(x.index({Slice{-1}, Slice{0, to_end, 2}, 0}).to_vector(), (std::vector<double>{12, 20}));
  EXPECT_EQ(x.index({1, 2, 3}).item(), 23);
  EXPECT_EQ(error_of([&] {
              (void)x.index({0, 0, 0, 0});
            }),
            "[index] expected at most 3 indices for x (2, 3, 4), got 4");
  EXPECT_EQ(error_of([&] {
              (void)x.index({Ellipsis{}, Ellipsis{}});
            }),
            "[index] expected at most one Ellipsis, got 2");
}

TEST(Tensor, ViewsShareMemoryAndClonesDoNot) {
  Tensor x = arange(0, 6).reshape({2, 3});
  Tensor t = x.transpose(0, 1), row = x[1], part = x.slice(1, 1);
  t.set({2, 0}, 50);
  row.set({0}, 60);
  part.fill_(7);
  EXPECT_EQ(x.to_vector(), (std::vector<double>{0, 7, 7, 60, 7, 7}));
  EXPECT_FALSE(t.is_contiguous());
  Tensor dense = t.contiguous();
  dense.fill_(0);
  EXPECT_EQ(x.at({0, 1}), 7);
}

TEST(Tensor, MutatingOpsModifyOnlyTheirElements) {
  Tensor x = zeros({3, 4});
  x.slice(1, 0, 4, 2).fill_(1);
  x.transpose(0, 1)[1].copy_(tensor({5, 6, 7}));
  EXPECT_EQ(x.to_vector(), (std::vector<double>{1, 5, 1, 0, 1, 6, 1, 0, 1, 7, 1, 0}));
  Tensor y = ones({2, 2});
  y.add_(tensor({{1, 2}, {3, 4}}), 10).mul_(2);
  EXPECT_EQ(y.to_vector(), (std::vector<double>{22, 42, 62, 82}));
  y.add_(y.transpose(0, 1));  // the operand overlaps the result
  EXPECT_EQ(y.to_vector(), (std::vector<double>{44, 104, 104, 164}));
  y.copy_(y.transpose(0, 1));
  EXPECT_EQ(y.to_vector(), (std::vector<double>{44, 104, 104, 164}));
  y.zero_();
  EXPECT_EQ(y.to_vector(), (std::vector<double>(4, 0)));
  Tensor d = zeros({2}, f64);
  d.copy_(tensor({1, 2}));
  EXPECT_EQ(d.to_vector(), (std::vector<double>{1, 2}));
  Tensor none = zeros({0});
  none.fill_(1).mul_(2).add_(zeros({0}));
  EXPECT_EQ(none.numel(), 0);
}

TEST(Tensor, InvalidMutatingOpsThrow) {
  Tensor x = zeros({2, 3});
  EXPECT_EQ(error_of([&] { x.add_(ones({3})); }),
            "[add_] expected a tensor of shape (2, 3), got (3); ops in place do not broadcast. Hint: "
            "expand() the other tensor");
  EXPECT_EQ(error_of([&] {
              x.add_(ones({2, 3}, f64));
            }),
            "[add_] expected a tensor of f32, got f64. Hint: convert it with to()");
  EXPECT_EQ(error_of([&] { x.copy_({}); }),
            "[copy_] expected a tensor of shape (2, 3), got an undefined tensor; ops in place do not "
            "broadcast. Hint: expand() the other tensor");
  EXPECT_EQ(error_of([&] { zeros({1}).expand({3}).fill_(1); }),
            "[fill_] a tensor (3) expanded along axis 0 cannot be modified in place, because its elements "
            "share memory. Hint: modify a clone()");
  Tensor w = zeros({2}).set_requires_grad();
  expect_contains(
      error_of([&] { w.add_(ones({2})); }),
      "[add_] a tensor (2) that requires grad cannot be modified in place, because this is not recorded");
  const NoGrad no_grad;
  EXPECT_NO_THROW(w.add_(ones({2})));
}

TEST(Tensor, ComparisonsHandleNaNAndInfinity) {
  const Tensor a = tensor({1, INFINITY});
  EXPECT_EQ(max_abs_difference(a, a), 0);
  EXPECT_TRUE(std::isnan(max_abs_difference(tensor({NAN}), tensor({NAN}))));
  EXPECT_FALSE(allclose(tensor({NAN}), tensor({NAN})));
  EXPECT_TRUE(allclose(tensor({1.000001}), tensor({1})));
  EXPECT_FALSE(allclose(tensor({1.1}), tensor({1})));
  EXPECT_EQ(error_of([&] { (void)allclose(a, ones({3})); }),
            "[allclose] expected equal shapes, got (2) and (3)");
  EXPECT_EQ(error_of([&] { (void)max_abs_difference(a, ones({3})); }),
            "[max_abs_difference] expected equal shapes, got (2) and (3)");
}

TEST(Tensor, OnlyLeavesCanStopRequiringGrad) {
  Tensor w = ones({2}).set_requires_grad();
  Tensor y = w * 2.0;
  EXPECT_TRUE(w.is_leaf());
  EXPECT_FALSE(y.is_leaf());
  expect_contains(error_of([&] { y.set_requires_grad(false); }),
                  "[set_requires_grad] expected a leaf, got the output of mul_number");
  w.set_requires_grad(false);
  EXPECT_FALSE((w * 2.0).requires_grad());
  EXPECT_EQ(error_of([&] { w.set_grad(ones({3})); }), "[set_grad] expected a gradient (2) f32, got (3) f32");
  EXPECT_EQ(error_of([&] { w.retain_grad(); }),
            "[retain_grad] expected a tensor that requires grad, got (2)");
}

}  // namespace
}  // namespace heed
