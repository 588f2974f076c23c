#include "lessons/10_swin/checks/grids.h"
#include "lessons/10_swin/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/swin.h"

namespace heed::exercise {
namespace {

Tensor at(const Tensor& x, index_t row, index_t column) {
  return x.slice(1, row, to_end, 2).slice(2, column, to_end, 2);
}
Tensor right(const Tensor& x) { return nn::PatchMerging::neighbours(x); }
Tensor quarters(const Tensor& x) {
  const index_t h = x.size(1) / 2, w = x.size(2) / 2;
  const auto part = [&](index_t y, index_t z) {
    return x.slice(1, y * h, (y + 1) * h).slice(2, z * w, (z + 1) * w);
  };
  return cat({part(0, 0), part(1, 0), part(0, 1), part(1, 1)}, -1);
}

const checks::Exercise<decltype(merge_patches)> exercise{
    "10_merge_patches",
    merge_patches,
    right,
    {{"SW-07",
      "this course uses the order of the published weights, (0, 0), (1, 0), (0, 1), (1, 1): down first",
      [](auto& x) {
        return cat({at(x, 0, 0), at(x, 0, 1), at(x, 1, 0), at(x, 1, 1)}, -1);
      }},
     {"SW-29",
      "four quarters of the picture were laid on top of each other; merge neighbours: every second pixel",
      quarters},
     {"SW-30", "a reshape alone moves no number: you merged four pixels of one row",
      [](auto& x) {
        return x.reshape({x.size(0), x.size(1) / 2, x.size(2) / 2, 4 * x.size(3)});
      }},
     {"SW-31", "the four were averaged: put their channels beside each other, C becomes 4C",
      [](auto& x) { return (at(x, 0, 0) + at(x, 1, 0) + at(x, 0, 1) + at(x, 1, 1)) / 4.0; }},
     {"SW-32", "channel 0 of all four came first; the channels of one pixel stay together",
      [](auto& x) {
        return stack({at(x, 0, 0), at(x, 1, 0), at(x, 0, 1), at(x, 1, 1)}, -1)
            .reshape({x.size(0), x.size(1) / 2, x.size(2) / 2, 4 * x.size(3)});
      }},
     {"SW-33", "no gradient reaches the picture: stay with ops", [](auto& x) { return right(x.detach()); }}}};

TEST(MergePatches, PutsFourNeighboursTogether) {
  exercise.call("merge_patches(the 4 x 4 image 0 … 15 as (1, 4, 4, 1))", [] {
    return std::tuple(arange(0, 16).reshape({1, 4, 4, 1}));
  });
}

TEST(MergePatches, OfTwoWideImagesWithThreeChannels) {
  exercise.call("merge_patches(x (2, 4, 6, 3))", [] { return std::tuple(grid({2, 4, 6, 3})); });
  exercise.call("merge_patches(x (3, 6, 2, 2))", [] { return std::tuple(grid({3, 6, 2, 2})); });
}

TEST(MergePatches, OfASquareAndOfFourPixels) {
  exercise.call("merge_patches(x (2, 4, 4, 4))", [] { return std::tuple(grid({2, 4, 4, 4})); });
  exercise.call("merge_patches(x (2, 2, 2, 3))", [] { return std::tuple(grid({2, 2, 2, 3})); });
}

}  // namespace
}  // namespace heed::exercise
