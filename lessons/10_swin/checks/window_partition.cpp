#include "lessons/10_swin/checks/grids.h"
#include "lessons/10_swin/exercises.h"
#include "lessons/tutor/check.h"
#include "nn/swin.h"

namespace heed::exercise {
namespace {

struct Sizes {
  index_t b, down, across, c;
};
Sizes sizes_of(const Tensor& x, index_t w) { return {x.size(0), x.size(1) / w, x.size(2) / w, x.size(3)}; }
// The six axes of the cut picture, (B, down, w, across, w, C), in another order.
Tensor in_order(const Shape& axes, const Tensor& x, index_t w) {
  const auto [b, down, across, c] = sizes_of(x, w);
  return x.reshape({b, down, w, across, w, c}).permute(axes).reshape({b, down * across, w * w, c});
}
Tensor every_second(const Tensor& x, index_t w) {
  const auto [b, down, across, c] = sizes_of(x, w);
  return x.reshape({b, w, down, w, across, c})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({b, down * across, w * w, c});
}

const tutor::Exercise<decltype(window_partition)> exercise{
    "10_window_partition",
    window_partition,
    nn::window_partition,
    {{"SW-08", "a reshape alone moves no number: your window is a strip of the picture",
      [](auto& x, index_t w) {
        return in_order({0, 1, 2, 3, 4, 5}, x, w);
      }},
     {"SW-09", "windows go left to right, then down; yours go down first",
      [](auto& x, index_t w) {
        return in_order({0, 3, 1, 2, 4, 5}, x, w);
      }},
     {"SW-10", "inside a window rows and columns are swapped: it lies on its side",
      [](auto& x, index_t w) {
        return in_order({0, 1, 3, 4, 2, 5}, x, w);
      }},
     {"SW-11",
      "windows came before pictures: those of different pictures are mixed. The batch stays the first axis",
      [](auto& x, index_t w) {
        return in_order({1, 3, 0, 2, 4, 5}, x, w);
      }},
     {"SW-12",
      "your window takes every so many-th pixel: split an axis as (how many windows, w), not (w, how many)",
      every_second}}};

TEST(WindowPartition, CutsIntoSquares) {
  exercise.compare("window_partition(the 4 x 4 picture 0 … 15 as (1, 4, 4, 1), 2)", [](auto f) {
    return f(arange(0, 16).reshape({1, 4, 4, 1}), 2);
  });
}

TEST(WindowPartition, OfTwoWidePicturesWithThreeChannels) {
  for (const index_t w : {1, 2, 3})
    exercise.compare(concat("window_partition(x (2, 6, 12, 3), ", w, ")"), [w](auto f) {
      return f(grid({2, 6, 12, 3}), w);
    });
  exercise.compare("window_partition(x (3, 6, 3, 2), 3)", [](auto f) { return f(grid({3, 6, 3, 2}), 3); });
}

TEST(WindowPartition, LeavesThePictureAsItWas) {
  exercise.invariant("", "cutting a picture must not change it", [](auto f) {
    const Tensor x = grid({2, 4, 6, 3});
    tutor::ask([&] { return f(x, 2); });
    return allclose(x, grid({2, 4, 6, 3}), 0, 0);
  });
}

TEST(WindowPartition, PassesGradientsOn) {
  exercise.compare("the gradient of the squares of window 1 with respect to x (2, 4, 6, 3), w = 2",
                   [](auto f) {
                     Tensor x = (grid({2, 4, 6, 3}) / 100.0).set_requires_grad();
                     const Tensor window = f(x, 2).select(1, 1);
                     (window * window).sum().backward();
                     return x.grad();
                   });
}

}  // namespace
}  // namespace heed::exercise
