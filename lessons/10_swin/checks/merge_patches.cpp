#include "lessons/10_swin/checks/grids.h"
#include "lessons/10_swin/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/swin.h"

namespace heed::exercise {
namespace {

Tensor every_second(const Tensor& x, index_t row, index_t column) {
  return x.slice(1, row, to_end, 2).slice(2, column, to_end, 2);
}
Tensor reference(const Tensor& x) { return nn::PatchMerging::neighbours(x); }
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
    reference,
    {{"SW-07", "the order must be (0, 0), (1, 0), (0, 1), (1, 1), as published: the row changes first",
      [](auto& x) {
        return cat(
            {every_second(x, 0, 0), every_second(x, 0, 1), every_second(x, 1, 0), every_second(x, 1, 1)}, -1);
      }},
     {"SW-29", "the four quarters of the image were joined: join neighbours, every second pixel", quarters},
     {"SW-30", "a reshape alone joins four pixels of one row: slice rows and columns first",
      [](auto& x) {
        return x.reshape({x.size(0), x.size(1) / 2, x.size(2) / 2, 4 * x.size(3)});
      }},
     {"SW-31", "the four were averaged: concatenate their channels, C becomes 4C",
      [](auto& x) {
        return (every_second(x, 0, 0) + every_second(x, 1, 0) + every_second(x, 0, 1) +
                every_second(x, 1, 1)) /
               4.0;
      }},
     {"SW-32", "channel 0 of all four comes first: the channels of one pixel must stay together",
      [](auto& x) {
        return stack({every_second(x, 0, 0), every_second(x, 1, 0), every_second(x, 0, 1),
                      every_second(x, 1, 1)},
                     -1)
            .reshape({x.size(0), x.size(1) / 2, x.size(2) / 2, 4 * x.size(3)});
      }},
     {"SW-33", "no gradient reaches the image: use ops only",
      [](auto& x) { return reference(x.detach()); }}}};

TEST(MergePatches, JoinsFourNeighbours) {
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

// wrong edit SW-07: `every_second(1, 0), every_second(0, 1)` => `every_second(0, 1), every_second(1, 0)`
