#include "lessons/08_vision_transformer/checks/images.h"
#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

void check_divisible(const Tensor& images, index_t p) {
  check(images.size(2) % p == 0 && images.size(3) % p == 0, "patchify",
        "p must divide the height and the width");
}

// Returns the library's patches, one column per patch, every `step` pixels: (B, channels · p · p,
// N).
Tensor columns(const Tensor& images, index_t p, index_t step) {
  check_divisible(images, p);
  return unfold(images, {.kernel_h = p, .kernel_w = p, .stride = step});
}
Tensor reference(const Tensor& images, index_t p) { return columns(images, p, p).transpose(1, 2); }

// Permutes the six axes (B, channels, down, p, across, p) of the split images.
Tensor permuted(const Shape& axes, const Tensor& images, index_t p) {
  check_divisible(images, p);
  const index_t b = images.size(0), channels = images.size(1), down = images.size(2) / p,
                across = images.size(3) / p;
  return images.reshape({b, channels, down, p, across, p})
      .permute(axes)
      .reshape({b, down * across, channels * p * p});
}

Tensor strips(const Tensor& images, index_t p) {
  check_divisible(images, p);
  return images.reshape({images.size(0), -1, images.size(1) * p * p});
}
Tensor height_and_width_swapped(const Tensor& images, index_t p) {
  check_divisible(images, p);
  const index_t b = images.size(0), channels = images.size(1), down = images.size(2) / p,
                across = images.size(3) / p;
  return images.reshape({b, channels, across, p, down, p})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({b, down * across, channels * p * p});
}
Tensor one_token_per_channel(const Tensor& images, index_t p) {
  const Tensor patches = reference(images, p);  // (B, N, channels · p · p)
  return patches.reshape({patches.size(0), patches.size(1), -1, p * p})
      .transpose(1, 2)
      .reshape({patches.size(0), -1, p * p});
}
Tensor cropped(const Tensor& images, index_t p) {
  const index_t height = images.size(2) / p * p, width = images.size(3) / p * p;
  return reference(images.slice(2, 0, height).slice(3, 0, width), p);
}

const checks::Exercise<decltype(patchify)> exercise{
    "08_patchify",
    patchify,
    reference,
    {{"VI-01", "these patches are strips, not squares: a reshape alone moves no value", strips},
     {"VI-02", "patches are ordered left to right, then top to bottom; yours go top to bottom first",
      [](auto& images, index_t p) {
        return permuted({0, 4, 2, 1, 3, 5}, images, p);
      }},
     {"VI-04", "a patch is flattened (channel, row, column); yours has the channels last",
      [](auto& images, index_t p) {
        return permuted({0, 2, 4, 3, 5, 1}, images, p);
      }},
     {"VI-10", "the border was cropped silently: throw if p does not divide the size", cropped},
     {"VI-11", "height and width are swapped: there are height / p rows and width / p columns of patches",
      height_and_width_swapped},
     {"VI-12", "images were mixed: the batch axis must stay first",
      [](auto& images, index_t p) {
        return permuted({2, 4, 0, 1, 3, 5}, images, p);
      }},
     {"VI-13", "rows and columns within each patch are swapped",
      [](auto& images, index_t p) {
        return permuted({0, 2, 4, 1, 5, 3}, images, p);
      }},
     {"VI-14", "patches overlap: the stride is p, not 1",
      [](auto& images, index_t p) { return columns(images, p, 1).transpose(1, 2); }},
     {"VI-15", "a patch is a row of the result; yours is a column",
      [](auto& images, index_t p) { return columns(images, p, p); }},
     {"VI-16", "each channel has its own patches: a patch contains all channels", one_token_per_channel},
     {"VI-76", "only the height was checked: the width must be divisible by p, too",
      [](auto& images, index_t p) {
        check(images.size(2) % p == 0, "patchify", "p must divide the height");
        return cropped(images, p);
      }},
     {"VI-77", "only the first channel was used: a patch contains all channels",
      [](auto& images, index_t p) { return reference(images.slice(1, 0, 1), p); }}}};

TEST(Patchify, OrdersSquaresLeftToRightThenTopToBottom) {
  exercise.call("patchify(arange(0, 16).reshape({1, 1, 4, 4}), 2)", [] {
    return std::tuple(arange(0, 16).reshape({1, 1, 4, 4}), index_t{2});
  });
}

TEST(Patchify, OfAnyNumberOfImagesAndChannels) {
  struct Sizes {
    Shape images;
    index_t p;
  };
  for (const auto& [shape, p] :
       {Sizes{{2, 3, 4, 6}, 2}, {{2, 3, 6, 3}, 3}, {{1, 3, 6, 4}, 2}, {{3, 1, 2, 4}, 2}, {{1, 1, 3, 3}, 3}})
    exercise.call(concat("patchify(images ", to_string(shape),
                         " of pixels 100 · channel + 10 · row + column, ", p, ")"),
                  [shape = shape, p = p] { return std::tuple(numbered_images(shape), p); });
}

TEST(Patchify, PatchesMayBeOnePixelOrTheWholeImage) {
  exercise.call("patchify(images (2, 3, 2, 4), 1)", [] {
    return std::tuple(numbered_images({2, 3, 2, 4}), index_t{1});
  });
  exercise.call("patchify(images (2, 3, 4, 4), 4)", [] {
    return std::tuple(numbered_images({2, 3, 4, 4}), index_t{4});
  });
}

TEST(Patchify, OfAWideRangeOfValues) {
  exercise.call("patchify({{{{0, 1000, -0.5, 7}, {-1000, 0.25, 2, 3}}}}, 2)", [] {
    return std::tuple(tensor({{{{0, 1000, -0.5, 7}, {-1000, 0.25, 2, 3}}}}), index_t{2});
  });
}

TEST(Patchify, ThrowsIfPatchesDoNotCoverTheImage) {
  for (const Shape& shape : {Shape{1, 2, 5, 4}, {1, 2, 4, 5}, {2, 1, 1, 2}, {1, 1, 2, 1}})
    exercise.compare(concat("patchify(images ", to_string(shape), ", 2): it must throw"),
                     [shape](auto f) { return f(numbered_images(shape), 2); });
  exercise.compare("patchify(images (1, 1, 4, 9), 6): it must throw", [](auto f) {
    return f(numbered_images({1, 1, 4, 9}), 6);
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit VI-02: `{0, 2, 4, 1, 3, 5}` => `{0, 4, 2, 1, 3, 5}`
