#include "lessons/10_swin/checks/grids.h"
#include "lessons/10_swin/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/swin.h"

namespace heed::exercise {
namespace {

// Returns the images with the six axes (B, down, across, w, w, C) in another order.
Tensor permuted(const Shape& axes, const Tensor& windows, index_t w, index_t height, index_t width) {
  const index_t b = windows.size(0), c = windows.size(3);
  return windows.reshape({b, height / w, width / w, w, w, c}).permute(axes).reshape({b, height, width, c});
}
Tensor column_order(const Tensor& windows, index_t w, index_t height, index_t width) {
  const index_t b = windows.size(0), c = windows.size(3);
  return windows.reshape({b, width / w, height / w, w, w, c})
      .permute({0, 2, 3, 1, 4, 5})
      .reshape({b, height, width, c});
}

const checks::Exercise<decltype(window_reverse)> exercise{
    "10_window_reverse",
    window_reverse,
    nn::window_reverse,
    {{"SW-05", "the order of the windows differs from the partition's: they go left to right, then down",
      column_order},
     {"SW-08", "a reshape alone does not reorder elements: each window became a strip of the image",
      [](auto& windows, index_t w, index_t height, index_t width) {
        return permuted({0, 1, 2, 3, 4, 5}, windows, w, height, width);
      }},
     {"SW-10", "rows and columns inside a window are swapped",
      [](auto& windows, index_t w, index_t height, index_t width) {
        return permuted({0, 1, 4, 2, 3, 5}, windows, w, height, width);
      }},
     {"SW-12", "the pixels of a window are scattered over the image: they must be neighbours",
      [](auto& windows, index_t w, index_t height, index_t width) {
        return permuted({0, 3, 1, 4, 2, 5}, windows, w, height, width);
      }},
     {"SW-13", "height and width are swapped", [](auto& windows, index_t w, index_t height, index_t width) {
        return nn::window_reverse(windows, w, width, height);
      }}}};

using Inputs = std::tuple<Tensor, index_t, index_t, index_t>;
Inputs windows_of(const Shape& image, index_t w) {
  return {nn::window_partition(grid(image), w).clone(), w, image[1], image[2]};
}

TEST(WindowReverse, ReturnsTheImage) {
  exercise.call(
      "window_reverse({{{0, 1, 4, 5}, {2, 3, 6, 7}, {8, 9, 12, 13}, {10, 11, 14, 15}}} as (1, 4, 4, 1), 2, "
      "4, 4)",
      [] {
        return Inputs(nn::window_partition(arange(0, 16).reshape({1, 4, 4, 1}), 2).clone(), 2, 4, 4);
      });
}

TEST(WindowReverse, OfTwoWideImagesWithThreeChannels) {
  for (const index_t w : {1, 2, 3})
    exercise.call(concat("window_reverse(the windows of x (2, 6, 12, 3), ", w, ", 6, 12)"), [w] {
      return windows_of({2, 6, 12, 3}, w);
    });
  exercise.call("window_reverse(the windows of x (3, 6, 3, 2), 3, 6, 3)", [] {
    return windows_of({3, 6, 3, 2}, 3);
  });
  exercise.call("window_reverse(the windows of x (1, 8, 4, 2), 2, 8, 4)", [] {
    return windows_of({1, 8, 4, 2}, 2);
  });
}

TEST(WindowReverse, OfOneWindow) {
  exercise.call("window_reverse(the window of x (2, 3, 3, 2), 3, 3, 3)", [] {
    return windows_of({2, 3, 3, 2}, 3);
  });
}

TEST(WindowReverse, UndoesThePartition) {
  exercise.invariant("SW-05", "the reverse of a partition must be the image", [](auto f) {
    const Tensor x = grid({2, 4, 6, 3});
    const Tensor back = f(nn::window_partition(x, 2), 2, 4, 6);
    return back.shape() == x.shape() && allclose(back, x, 0, 0);
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SW-08: `{0, 1, 3, 2, 4, 5}` => `{0, 1, 2, 3, 4, 5}`
