#include "lessons/08_vision_transformer/checks/images.h"
#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Window window_of(index_t p) { return {.kernel_h = p, .kernel_w = p, .stride = p}; }
// Returns the correct patches of images.
Tensor patches_of(const Tensor& images, index_t p) { return unfold(images, window_of(p)).transpose(1, 2); }

struct Sizes {
  index_t b, channels, down, across;
};
Sizes sizes_of(const Tensor& patches, index_t p, index_t height, index_t width) {
  return {patches.size(0), patches.size(2) / (p * p), height / p, width / p};
}
// Permutes the six axes (B, down, across, channels, p, p) of the split patches.
Tensor permuted(const Shape& axes, const Tensor& patches, index_t p, index_t height, index_t width) {
  const auto [b, channels, down, across] = sizes_of(patches, p, height, width);
  const Tensor squares = patches.reshape({b, down, across, channels, p, p});
  return squares.permute(axes).reshape({b, channels, height, width});
}
Tensor down_first(const Tensor& patches, index_t p, index_t height, index_t width) {
  const auto [b, channels, down, across] = sizes_of(patches, p, height, width);
  const Tensor squares = patches.reshape({b, across, down, channels, p, p});
  return squares.permute({0, 3, 2, 4, 1, 5}).reshape({b, channels, height, width});
}
Tensor channels_last(const Tensor& patches, index_t p, index_t height, index_t width) {
  const auto [b, channels, down, across] = sizes_of(patches, p, height, width);
  const Tensor squares = patches.reshape({b, down, across, p, p, channels});
  return squares.permute({0, 5, 1, 3, 2, 4}).reshape({b, channels, height, width});
}

const checks::Exercise<decltype(unpatchify)> exercise{
    "08_unpatchify",
    unpatchify,
    [](auto& patches, index_t p, index_t height, index_t width) {
      return fold(patches.transpose(1, 2), height, width, window_of(p));
    },
    {{"VI-02", "patches are ordered left to right, then top to bottom; yours go top to bottom first",
      down_first},
     {"VI-04", "a patch is flattened (channel, row, column); yours has the channels last", channels_last},
     {"VI-13", "rows and columns within each patch are swapped",
      [](auto& patches, index_t p, index_t height, index_t width) {
        return permuted({0, 3, 1, 5, 2, 4}, patches, p, height, width);
      }},
     {"VI-17", "a reshape alone moves no value: each patch became a strip of the image",
      [](auto& patches, index_t p, index_t height, index_t width) {
        return permuted({0, 1, 2, 3, 4, 5}, patches, p, height, width);
      }},
     {"VI-18", "the permute of patchify is not its own inverse: move each axis back to its position",
      [](auto& patches, index_t p, index_t height, index_t width) {
        return permuted({0, 2, 4, 1, 3, 5}, patches, p, height, width);
      }},
     {"VI-19", "row 0 of a patch is followed by row 0 of its right neighbour, not by its own row 1",
      [](auto& patches, index_t p, index_t height, index_t width) {
        return permuted({0, 3, 1, 2, 4, 5}, patches, p, height, width);
      }},
     {"VI-11", "height and width are swapped: there are height / p rows and width / p columns of patches",
      [](auto& patches, index_t p, index_t height, index_t width) {
        const auto [b, channels, down, across] = sizes_of(patches, p, height, width);
        const Tensor squares = patches.reshape({b, across, down, channels, p, p});
        return squares.permute({0, 3, 1, 4, 2, 5}).reshape({b, channels, height, width});
      }}}};

TEST(Unpatchify, RestoresTheImage) {
  exercise.call("unpatchify({{{0, 1, 4, 5}, {2, 3, 6, 7}, {8, 9, 12, 13}, {10, 11, 14, 15}}}, 2, 4, 4)", [] {
    return std::tuple(tensor({{{0, 1, 4, 5}, {2, 3, 6, 7}, {8, 9, 12, 13}, {10, 11, 14, 15}}}), index_t{2},
                      index_t{4}, index_t{4});
  });
}

TEST(Unpatchify, OfAnyNumberOfImagesAndChannels) {
  struct Sizes {
    Shape images;
    index_t p;
  };
  for (const auto& [shape, p] : {Sizes{{2, 3, 4, 6}, 2},
                                 {{2, 2, 6, 3}, 3},
                                 {{1, 3, 6, 4}, 2},
                                 {{3, 1, 2, 4}, 2},
                                 {{2, 3, 2, 4}, 1},
                                 {{2, 3, 4, 4}, 4}})
    exercise.call(concat("unpatchify(the patches of images ", to_string(shape), ", ", p, ", ", shape[2], ", ",
                         shape[3], ")"),
                  [shape = shape, p = p] {
                    return std::tuple(patches_of(numbered_images(shape), p), p, shape[2], shape[3]);
                  });
}

TEST(Unpatchify, OfAWideRangeOfValues) {
  exercise.call("unpatchify({{{0, 1000, -0.5, 7}, {-1000, 0.25, 2, 3}}}, 2, 4, 2)", [] {
    return std::tuple(tensor({{{0, 1000, -0.5, 7}, {-1000, 0.25, 2, 3}}}), index_t{2}, index_t{4},
                      index_t{2});
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit VI-19: `{0, 3, 1, 4, 2, 5}` => `{0, 3, 1, 2, 4, 5}`
