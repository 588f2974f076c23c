#include "lessons/08_vision_transformer/checks/images.h"
#include "lessons/10_vit/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor convolved(const Tensor& images, const Tensor& weight, const Tensor& bias) {
  return conv2d(images, weight, bias, weight.size(3));
}
Tensor rows(const Tensor& y) { return y.reshape({y.size(0), y.size(1), -1}).transpose(1, 2); }
Tensor reference(const Tensor& images, const Tensor& weight, const Tensor& bias) {
  return rows(convolved(images, weight, bias));
}

// Permutes the pixels of each patch; the order of the filter is (channel, row, column).
Tensor permuted(const Shape& axes, const Tensor& images, const Tensor& weight, const Tensor& bias) {
  const index_t b = images.size(0), channels = images.size(1), p = weight.size(3), down = images.size(2) / p,
                across = images.size(3) / p, c = weight.size(0);
  const Tensor cut = images.reshape({b, channels, down, p, across, p}).permute(axes);
  return linear(cut.reshape({b, down * across, -1}), weight.reshape({c, -1}), bias);
}

const checks::Exercise<decltype(patch_conv)> exercise{
    "10_patch_conv",
    patch_conv,
    reference,
    {{"VI-55", "a patch begins at every pixel: patches that do not overlap need a stride of p",
      [](auto& images, auto& weight, auto& bias) { return rows(conv2d(images, weight, bias)); }},
     {"VI-56", "each row contains one channel of several patches: transpose after the reshape",
      [](auto& images, auto& weight, auto& bias) {
        const Tensor y = convolved(images, weight, bias);
        return y.reshape({y.size(0), -1, y.size(1)});
      }},
     {"VI-57", "the result has one row per channel, (B, C, N): return one row per patch",
      [](auto& images, auto& weight, auto& bias) {
        const Tensor y = convolved(images, weight, bias);
        return y.reshape({y.size(0), y.size(1), -1});
      }},
     {"VI-02", "patches are ordered left to right, then top to bottom; yours go top to bottom first",
      [](auto& images, auto& weight, auto& bias) {
        return rows(convolved(images, weight, bias).transpose(2, 3));
      }},
     {"VI-58", "the bias was left out",
      [](auto& images, auto& weight, auto&) { return rows(convolved(images, weight, {})); }},
     {"VI-59", "the image was padded: patches cover it exactly without padding",
      [](auto& images, auto& weight, auto& bias) {
        return rows(conv2d(images, weight, bias, weight.size(3), weight.size(3) / 2));
      }},
     {"VI-60", "the filter was flipped: conv2d does not flip it, as in PyTorch",
      [](auto& images, auto& weight, auto& bias) {
        return reference(images, flip(weight, {2, 3}), bias);
      }},
     {"VI-04", "the pixels of a patch have their channels last: the order is (channel, row, column)",
      [](auto& images, auto& weight, auto& bias) {
        return permuted({0, 2, 4, 3, 5, 1}, images, weight, bias);
      }},
     {"VI-13", "rows and columns within each patch are swapped",
      [](auto& images, auto& weight, auto& bias) {
        return permuted({0, 2, 4, 1, 5, 3}, images, weight, bias);
      }},
     {"VI-83", "the stride is the number of channels: use weight.size(3), the side of a patch",
      [](auto& images, auto& weight, auto& bias) {
        return rows(conv2d(images, weight, bias, weight.size(1)));
      }}}};

using Inputs = std::tuple<Tensor, Tensor, Tensor>;
Inputs inputs(const Shape& image, index_t c, index_t p) {
  Generator gen(10);
  return {numbered_images(image) / 70.0, randn({c, image[1], p, p}, gen), randn({c}, gen)};
}

TEST(PatchConv, ReturnsOneRowPerPatch) {
  exercise.call("patch_conv(the 4 x 4 image 0 … 15 as (1, 1, 4, 4), weight (2, 1, 2, 2), bias {1, -2})", [] {
    return Inputs(arange(0, 16).reshape({1, 1, 4, 4}), tensor({{{{1, 0}, {0, 0}}}, {{{0, 10}, {0, -1}}}}),
                  tensor({1, -2}));
  });
}

TEST(PatchConv, OfImagesOfAnyAspectRatio) {
  exercise.call("patch_conv(images (2, 3, 4, 6), weight (5, 3, 2, 2), bias (5))", [] {
    return inputs({2, 3, 4, 6}, 5, 2);
  });
  exercise.call("patch_conv(images (1, 2, 9, 6), weight (4, 2, 3, 3), bias (4))", [] {
    return inputs({1, 2, 9, 6}, 4, 3);
  });
  exercise.call("patch_conv(images (3, 4, 8, 4), weight (2, 4, 4, 4), bias (2))", [] {
    return inputs({3, 4, 8, 4}, 2, 4);
  });
}

TEST(PatchConv, OfAsManyFiltersAsPatches) {
  exercise.call("patch_conv(images (2, 3, 4, 6), weight (6, 3, 2, 2), bias (6))", [] {
    return inputs({2, 3, 4, 6}, 6, 2);
  });
  exercise.call("patch_conv(images (2, 2, 4, 4), weight (4, 2, 2, 2), bias (4))", [] {
    return inputs({2, 2, 4, 4}, 4, 2);
  });
}

TEST(PatchConv, OfOnePatchAndOfOnePixel) {
  exercise.call("patch_conv(images (2, 3, 2, 2), weight (5, 3, 2, 2), bias (5))", [] {
    return inputs({2, 3, 2, 2}, 5, 2);
  });
  exercise.call("patch_conv(images (2, 3, 2, 3), weight (4, 3, 1, 1), bias (4))", [] {
    return inputs({2, 3, 2, 3}, 4, 1);
  });
  exercise.call("patch_conv(images (1, 1, 1, 1), weight (1, 1, 1, 1), bias (1))", [] {
    return inputs({1, 1, 1, 1}, 1, 1);
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit VI-55: `, bias, weight.size(3)` => `, bias`
