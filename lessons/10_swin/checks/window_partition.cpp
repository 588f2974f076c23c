#include "lessons/10_swin/checks/grids.h"
#include "lessons/10_swin/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/swin.h"

namespace heed::exercise {
namespace {

struct Sizes {
  index_t b, down, across, c;
};
Sizes sizes_of(const Tensor& x, index_t w) { return {x.size(0), x.size(1) / w, x.size(2) / w, x.size(3)}; }
// Returns the windows with the six axes (B, down, w, across, w, C) in another order.
Tensor permuted(const Shape& axes, const Tensor& x, index_t w) {
  const auto [b, down, across, c] = sizes_of(x, w);
  return x.reshape({b, down, w, across, w, c}).permute(axes).reshape({b, down * across, w * w, c});
}
Tensor dilated(const Tensor& x, index_t w) {
  const auto [b, down, across, c] = sizes_of(x, w);
  return x.reshape({b, w, down, w, across, c})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({b, down * across, w * w, c});
}

const checks::Exercise<decltype(window_partition)> exercise{
    "10_window_partition",
    window_partition,
    nn::window_partition,
    {{"SW-08", "a reshape alone does not reorder elements: each window is a strip of the image",
      [](auto& x, index_t w) {
        return permuted({0, 1, 2, 3, 4, 5}, x, w);
      }},
     {"SW-09", "the windows are in column order: they go left to right, then down",
      [](auto& x, index_t w) {
        return permuted({0, 3, 1, 2, 4, 5}, x, w);
      }},
     {"SW-10", "rows and columns inside a window are swapped",
      [](auto& x, index_t w) {
        return permuted({0, 1, 3, 4, 2, 5}, x, w);
      }},
     {"SW-11", "windows of different images are mixed: the batch must remain the first axis",
      [](auto& x, index_t w) {
        return permuted({1, 3, 0, 2, 4, 5}, x, w);
      }},
     {"SW-12", "the pixels of a window are not neighbours: split an axis as (windows, w), not (w, windows)",
      dilated}}};

TEST(WindowPartition, ReturnsSquares) {
  exercise.call("window_partition(the 4 x 4 image 0 … 15 as (1, 4, 4, 1), 2)", [] {
    return std::tuple(arange(0, 16).reshape({1, 4, 4, 1}), index_t{2});
  });
}

TEST(WindowPartition, OfTwoWideImagesWithThreeChannels) {
  for (const index_t w : {1, 2, 3})
    exercise.call(concat("window_partition(x (2, 6, 12, 3), ", w, ")"), [w] {
      return std::tuple(grid({2, 6, 12, 3}), w);
    });
  exercise.call("window_partition(x (3, 6, 3, 2), 3)", [] {
    return std::tuple(grid({3, 6, 3, 2}), index_t{3});
  });
}

TEST(WindowPartition, OfOneWindow) {
  exercise.call("window_partition(x (2, 3, 3, 2), 3)", [] {
    return std::tuple(grid({2, 3, 3, 2}), index_t{3});
  });
  exercise.call("window_partition(x (1, 1, 1, 3), 1)", [] {
    return std::tuple(grid({1, 1, 1, 3}), index_t{1});
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SW-09: `{0, 1, 3, 2, 4, 5}` => `{0, 3, 1, 2, 4, 5}`
