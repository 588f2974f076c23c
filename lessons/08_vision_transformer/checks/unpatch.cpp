#include "lessons/08_vision_transformer/checks/pictures.h"
#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Window squares_of(index_t p) { return {.kernel_h = p, .kernel_w = p, .stride = p}; }
// The right words of a picture.
Tensor words_of(const Tensor& images, index_t p) { return unfold(images, squares_of(p)).transpose(1, 2); }

struct Sizes {
  index_t b, channels, down, across;
};
Sizes sizes_of(const Tensor& words, index_t p, index_t height, index_t width) {
  return {words.size(0), words.size(2) / (p * p), height / p, width / p};
}
// The six axes of the words, (B, down, across, channels, p, p), in another order.
Tensor in_order(const Shape& axes, const Tensor& words, index_t p, index_t height, index_t width) {
  const auto [b, channels, down, across] = sizes_of(words, p, height, width);
  const Tensor squares = words.reshape({b, down, across, channels, p, p});
  return squares.permute(axes).reshape({b, channels, height, width});
}
Tensor down_first(const Tensor& words, index_t p, index_t height, index_t width) {
  const auto [b, channels, down, across] = sizes_of(words, p, height, width);
  const Tensor squares = words.reshape({b, across, down, channels, p, p});
  return squares.permute({0, 3, 2, 4, 1, 5}).reshape({b, channels, height, width});
}
Tensor channels_last(const Tensor& words, index_t p, index_t height, index_t width) {
  const auto [b, channels, down, across] = sizes_of(words, p, height, width);
  const Tensor squares = words.reshape({b, down, across, p, p, channels});
  return squares.permute({0, 5, 1, 3, 2, 4}).reshape({b, channels, height, width});
}

const checks::Exercise<decltype(unpatch)> exercise{
    "08_unpatch",
    unpatch,
    [](auto& words, index_t p, index_t height, index_t width) {
      return fold(words.transpose(1, 2), height, width, squares_of(p));
    },
    {{"VI-02", "the words go left to right, then down; you filled the picture down first", down_first},
     {"VI-04", "this course flattens a patch (channel, row, column); you read it with channels last",
      channels_last},
     {"VI-13", "inside a patch rows and columns are swapped: each square lies on its side",
      [](auto& words, index_t p, index_t height, index_t width) {
        return in_order({0, 3, 1, 5, 2, 4}, words, p, height, width);
      }},
     {"VI-17", "a reshape alone moves no number: each word became a strip of the picture",
      [](auto& words, index_t p, index_t height, index_t width) {
        return in_order({0, 1, 2, 3, 4, 5}, words, p, height, width);
      }},
     {"VI-18", "the permute of `patches` does not undo itself: each axis must go back to where it came from",
      [](auto& words, index_t p, index_t height, index_t width) {
        return in_order({0, 2, 4, 1, 3, 5}, words, p, height, width);
      }},
     {"VI-19", "row 0 of a square is followed by row 0 of the square at its right, not by its own row 1",
      [](auto& words, index_t p, index_t height, index_t width) {
        return in_order({0, 3, 1, 2, 4, 5}, words, p, height, width);
      }},
     {"VI-11", "height / p squares go down and width / p across; yours are the other way round",
      [](auto& words, index_t p, index_t height, index_t width) {
        const auto [b, channels, down, across] = sizes_of(words, p, height, width);
        const Tensor squares = words.reshape({b, across, down, channels, p, p});
        return squares.permute({0, 3, 1, 4, 2, 5}).reshape({b, channels, height, width});
      }}}};

TEST(Unpatch, IsTheImageThatWasCut) {
  exercise.call("unpatch({{{0, 1, 4, 5}, {2, 3, 6, 7}, {8, 9, 12, 13}, {10, 11, 14, 15}}}, 2, 4, 4)", [] {
    return std::tuple(tensor({{{0, 1, 4, 5}, {2, 3, 6, 7}, {8, 9, 12, 13}, {10, 11, 14, 15}}}), index_t{2},
                      index_t{4}, index_t{4});
  });
}

TEST(Unpatch, OfEveryNumberOfImagesAndChannels) {
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
    exercise.call(
        concat("unpatch(the patches of images ", to_string(shape), ", ", p, ", ", shape[2], ", ", shape[3],
               ")"),
        [shape = shape, p = p] { return std::tuple(words_of(numbered(shape), p), p, shape[2], shape[3]); });
}

TEST(Unpatch, OfAWideRange) {
  exercise.call("unpatch({{{0, 1000, -0.5, 7}, {-1000, 0.25, 2, 3}}}, 2, 4, 2)", [] {
    return std::tuple(tensor({{{0, 1000, -0.5, 7}, {-1000, 0.25, 2, 3}}}), index_t{2}, index_t{4},
                      index_t{2});
  });
}

}  // namespace
}  // namespace heed::exercise
