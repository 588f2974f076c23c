#include "lessons/08_vision_transformer/checks/pictures.h"
#include "lessons/10_vit/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

struct Fixture {
  Generator gen{10};
  Tensor images = numbered({2, 3, 4, 6}) / 100.0, weight = randn({5, 3, 2, 2}, gen), bias = randn({5}, gen);
};
Tensor convolved(const Tensor& images, const Tensor& weight, const Tensor& bias) {
  return conv2d(images, weight, bias, weight.size(3));
}
Tensor rows(const Tensor& y) { return y.reshape({y.size(0), y.size(1), -1}).transpose(1, 2); }
Tensor right(const Tensor& images, const Tensor& weight, const Tensor& bias) {
  return rows(convolved(images, weight, bias));
}

const tutor::Exercise<decltype(patch_conv)> exercise{
    "10_patch_conv",
    patch_conv,
    right,
    {{"VI-55",
      "the stride is 1: a patch begins at every pixel. Patches that do not overlap have a stride of p",
      [](auto& images, auto& weight, auto& bias) { return rows(conv2d(images, weight, bias)); }},
     {"VI-56", "a reshape alone moves no number: your row holds one channel of several patches. Transpose",
      [](auto& images, auto& weight, auto& bias) {
        const Tensor y = convolved(images, weight, bias);
        return y.reshape({y.size(0), -1, y.size(1)});
      }},
     {"VI-57", "(B, C, N) is one row a channel; the encoder reads one row a patch",
      [](auto& images, auto& weight, auto& bias) {
        const Tensor y = convolved(images, weight, bias);
        return y.reshape({y.size(0), y.size(1), -1});
      }},
     {"VI-02", "patches go left to right, then down; yours go down first",
      [](auto& images, auto& weight, auto& bias) {
        return rows(convolved(images, weight, bias).transpose(2, 3));
      }},
     {"VI-58", "the bias was left out",
      [](auto& images, auto& weight, auto&) { return rows(convolved(images, weight, {})); }},
     {"VI-59", "the picture was padded: patches cover it exactly, there is nothing to add",
      [](auto& images, auto& weight, auto& bias) {
        return rows(conv2d(images, weight, bias, weight.size(3), weight.size(3) / 2));
      }},
     {"VI-60", "the filter was turned over: here and in PyTorch a convolution reads it as it lies",
      [](auto& images, auto& weight, auto& bias) {
        return right(images, flip(weight, {2, 3}), bias);
      }}}};

TEST(PatchConv, GivesOneRowAPatch) {
  exercise.compare("patch_conv(the 4 x 4 picture 0 … 15 as (1, 1, 4, 4), weight (2, 1, 2, 2), bias {1, -2})",
                   [](auto f) {
                     return f(arange(0, 16).reshape({1, 1, 4, 4}),
                              tensor({{{{1, 0}, {0, 0}}}, {{{0, 10}, {0, -1}}}}), tensor({1, -2}));
                   });
}

TEST(PatchConv, OfTwoWidePicturesWithThreeChannels) {
  exercise.compare("patch_conv(images (2, 3, 4, 6), weight (5, 3, 2, 2), bias (5))", [](auto f) {
    const Fixture a;
    return f(a.images, a.weight, a.bias);
  });
  exercise.compare("patch_conv(images (1, 2, 9, 6), weight (4, 2, 3, 3), bias (4))", [](auto f) {
    Generator gen(11);
    return f(numbered({1, 2, 9, 6}) / 100.0, randn({4, 2, 3, 3}, gen), randn({4}, gen));
  });
}

TEST(PatchConv, IsLesson08sCutAndLinear) {
  exercise.invariant(
      "", "cutting, flattening and a Linear with the same weights give the same rows", [](auto f) {
        const Fixture a;
        const Tensor cut = unfold(a.images, {.kernel_h = 2, .kernel_w = 2, .stride = 2}).transpose(1, 2);
        const Tensor rows = f(a.images, a.weight, a.bias),
                     want = linear(cut, a.weight.reshape({5, 12}), a.bias);
        return rows.shape() == want.shape() && allclose(rows, want, 1e-4, 1e-4);
      });
}

TEST(PatchConv, IsLearned) {
  exercise.compare("the gradients of the sum of squares with respect to weight and bias", [](auto f) {
    Fixture a;
    a.weight.set_requires_grad(), a.bias.set_requires_grad();
    const Tensor y = f(a.images, a.weight, a.bias);
    (y * y).sum().backward();
    return std::vector<Tensor>{a.weight.grad(), a.bias.grad()};
  });
}

}  // namespace
}  // namespace heed::exercise
