#include "lessons/08_vision_transformer/checks/pictures.h"
#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

void must_divide(const Tensor& images, index_t p) {
  check(images.size(2) % p == 0 && images.size(3) % p == 0, "patches", "squares do not cover the picture");
}

// Patches as the library cuts them, every `step` pixels: (B, channels · p · p, N), a column each.
Tensor columns(const Tensor& images, index_t p, index_t step) {
  must_divide(images, p);
  return unfold(images, {.kernel_h = p, .kernel_w = p, .stride = step});
}
Tensor right(const Tensor& images, index_t p) { return columns(images, p, p).transpose(1, 2); }

// The six axes of a cut picture, (B, channels, down, p, across, p), in another order.
Tensor in_order(const Shape& axes, const Tensor& images, index_t p) {
  must_divide(images, p);
  const index_t b = images.size(0), channels = images.size(1), down = images.size(2) / p,
                across = images.size(3) / p;
  return images.reshape({b, channels, down, p, across, p})
      .permute(axes)
      .reshape({b, down * across, channels * p * p});
}

Tensor strips(const Tensor& images, index_t p) {
  must_divide(images, p);
  return images.reshape({images.size(0), -1, images.size(1) * p * p});
}
Tensor down_and_across_swapped(const Tensor& images, index_t p) {
  must_divide(images, p);
  const index_t b = images.size(0), channels = images.size(1), down = images.size(2) / p,
                across = images.size(3) / p;
  return images.reshape({b, channels, across, p, down, p})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({b, down * across, channels * p * p});
}
Tensor a_word_for_each_channel(const Tensor& images, index_t p) {
  const Tensor words = right(images, p);  // (B, N, channels · p · p)
  return words.reshape({words.size(0), words.size(1), -1, p * p})
      .transpose(1, 2)
      .reshape({words.size(0), -1, p * p});
}
Tensor cropped(const Tensor& images, index_t p) {
  const index_t height = images.size(2) / p * p, width = images.size(3) / p * p;
  return right(images.slice(2, 0, height).slice(3, 0, width), p);
}

const checks::Exercise<decltype(patches)> exercise{
    "08_patches",
    patches,
    right,
    {{"VI-01", "a patch is a square; these are strips. A reshape alone moves no number", strips},
     {"VI-02", "patches go left to right, then down; yours go down first",
      [](auto& images, index_t p) {
        return in_order({0, 4, 2, 1, 3, 5}, images, p);
      }},
     {"VI-04", "this course flattens a patch (channel, row, column); you put channels last, inside a pixel",
      [](auto& images, index_t p) {
        return in_order({0, 2, 4, 3, 5, 1}, images, p);
      }},
     {"VI-10", "what p does not divide was cropped in silence: throw an error", cropped},
     {"VI-11", "height / p squares go down and width / p across; yours are the other way round",
      down_and_across_swapped},
     {"VI-12", "pictures were mixed: the batch axis stays in front",
      [](auto& images, index_t p) {
        return in_order({2, 4, 0, 1, 3, 5}, images, p);
      }},
     {"VI-13", "inside a patch rows and columns are swapped: each square lies on its side",
      [](auto& images, index_t p) {
        return in_order({0, 2, 4, 1, 5, 3}, images, p);
      }},
     {"VI-14", "patches overlap: the next square begins p pixels on, not one",
      [](auto& images, index_t p) { return columns(images, p, 1).transpose(1, 2); }},
     {"VI-15", "a patch is a row of the result; you made it a column",
      [](auto& images, index_t p) { return columns(images, p, p); }},
     {"VI-16", "each channel was cut into words of its own: a word holds all channels of its square",
      a_word_for_each_channel},
     {"VI-76", "only the height was checked: the width must be divisible by p, too",
      [](auto& images, index_t p) {
        check(images.size(2) % p == 0, "patches", "squares do not cover the height");
        return cropped(images, p);
      }},
     {"VI-77", "only the first channel was cut: a patch holds all channels of its square",
      [](auto& images, index_t p) { return right(images.slice(1, 0, 1), p); }}}};

TEST(Patches, AreSquaresLeftToRightThenDown) {
  exercise.call("patches(arange(0, 16).reshape({1, 1, 4, 4}), 2)", [] {
    return std::tuple(arange(0, 16).reshape({1, 1, 4, 4}), index_t{2});
  });
}

TEST(Patches, OfEveryNumberOfImagesAndChannels) {
  struct Sizes {
    Shape images;
    index_t p;
  };
  for (const auto& [shape, p] :
       {Sizes{{2, 3, 4, 6}, 2}, {{2, 3, 6, 3}, 3}, {{1, 3, 6, 4}, 2}, {{3, 1, 2, 4}, 2}, {{1, 1, 3, 3}, 3}})
    exercise.call(
        concat("patches(images ", to_string(shape), " of pixels 100 · channel + 10 · row + column, ", p, ")"),
        [shape = shape, p = p] { return std::tuple(numbered(shape), p); });
}

TEST(Patches, MayBeOnePixelOrTheWholeImage) {
  exercise.call("patches(images (2, 3, 2, 4), 1)", [] {
    return std::tuple(numbered({2, 3, 2, 4}), index_t{1});
  });
  exercise.call("patches(images (2, 3, 4, 4), 4)", [] {
    return std::tuple(numbered({2, 3, 4, 4}), index_t{4});
  });
}

TEST(Patches, OfAWideRange) {
  exercise.call("patches({{{{0, 1000, -0.5, 7}, {-1000, 0.25, 2, 3}}}}, 2)", [] {
    return std::tuple(tensor({{{{0, 1000, -0.5, 7}, {-1000, 0.25, 2, 3}}}}), index_t{2});
  });
}

TEST(Patches, ThrowIfTheyDoNotCoverTheImage) {
  for (const Shape& shape : {Shape{1, 2, 5, 4}, {1, 2, 4, 5}, {2, 1, 1, 2}, {1, 1, 2, 1}})
    exercise.compare(concat("patches(images ", to_string(shape), ", 2): it must throw"),
                     [shape](auto f) { return f(numbered(shape), 2); });
  exercise.compare("patches(images (1, 1, 4, 9), 6): it must throw", [](auto f) {
    return f(numbered({1, 1, 4, 9}), 6);
  });
}

}  // namespace
}  // namespace heed::exercise
