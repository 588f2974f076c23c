#include "lessons/08_vision_transformer/checks/pictures.h"
#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/tutor/check.h"

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

const tutor::Exercise<decltype(patches)> exercise{
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
      a_word_for_each_channel}}};

TEST(Patches, AreSquaresLeftToRightThenDown) {
  exercise.compare("patches(arange(0, 16).reshape({1, 1, 4, 4}), 2)", [](auto f) {
    return f(arange(0, 16).reshape({1, 1, 4, 4}), 2);
  });
}

TEST(Patches, OfTwoPicturesWithThreeChannels) {
  exercise.compare("patches(images (2, 3, 4, 6) of pixels 100 · channel + 10 · row + column, 2)", [](auto f) {
    return f(numbered({2, 3, 4, 6}), 2);
  });
  exercise.compare("patches(images (2, 3, 6, 3) of pixels 100 · channel + 10 · row + column, 3)", [](auto f) {
    return f(numbered({2, 3, 6, 3}), 3);
  });
}

TEST(Patches, MayBeOnePixelOrTheWholePicture) {
  exercise.compare("patches(images (2, 3, 2, 4), 1)", [](auto f) { return f(numbered({2, 3, 2, 4}), 1); });
  exercise.compare("patches(images (2, 3, 4, 4), 4)", [](auto f) { return f(numbered({2, 3, 4, 4}), 4); });
}

TEST(Patches, RefuseWhatTheyDoNotCover) {
  exercise.compare("patches(images (1, 2, 5, 4), 2)", [](auto f) { return f(numbered({1, 2, 5, 4}), 2); });
  exercise.compare("patches(images (1, 2, 4, 5), 2)", [](auto f) { return f(numbered({1, 2, 4, 5}), 2); });
}

TEST(Patches, OfAViewAreThoseOfItsNumbers) {
  exercise.compare("patches(images.transpose(2, 3), 2) where images is (2, 3, 6, 4), in f64", [](auto f) {
    return f(numbered({2, 3, 6, 4}).to(f64).transpose(2, 3), 2);
  });
}

TEST(Patches, KeepTheTypeOfTheNumbers) {
  exercise.invariant("", "pictures of f64 give patches of f64", [](auto f) {
    return f(numbered({1, 2, 2, 4}).to(f64), 2).dtype() == f64;
  });
}

TEST(Patches, LeaveThePicturesAsTheyWere) {
  exercise.invariant("", "cutting must not change the pictures", [](auto f) {
    const Tensor images = numbered({2, 3, 4, 6});
    tutor::ask([&] { return f(images, 2); });
    return allclose(images, numbered({2, 3, 4, 6}), 0, 0);
  });
}

TEST(Patches, PassGradientsOn) {
  exercise.compare("the gradient of patch 1 of picture 0 with respect to images (2, 3, 4, 6), p = 2",
                   [](auto f) {
                     Tensor images = (numbered({2, 3, 4, 6}) / 100.0).set_requires_grad();
                     const Tensor patch = f(images, 2)[0][1];
                     (patch * patch).sum().backward();
                     return images.grad();
                   });
}

}  // namespace
}  // namespace heed::exercise
