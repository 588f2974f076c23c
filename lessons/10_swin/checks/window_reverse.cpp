#include "lessons/10_swin/checks/grids.h"
#include "lessons/10_swin/exercises.h"
#include "lessons/tutor/check.h"
#include "nn/swin.h"

namespace heed::exercise {
namespace {

// The six axes of the windows, (B, down, across, w, w, C), in another order.
Tensor in_order(const Shape& axes, const Tensor& windows, index_t w, index_t height, index_t width) {
  const index_t b = windows.size(0), c = windows.size(3);
  return windows.reshape({b, height / w, width / w, w, w, c}).permute(axes).reshape({b, height, width, c});
}
Tensor down_first(const Tensor& windows, index_t w, index_t height, index_t width) {
  const index_t b = windows.size(0), c = windows.size(3);
  return windows.reshape({b, width / w, height / w, w, w, c})
      .permute({0, 2, 3, 1, 4, 5})
      .reshape({b, height, width, c});
}

const tutor::Exercise<decltype(window_reverse)> exercise{
    "10_window_reverse",
    window_reverse,
    nn::window_reverse,
    {{"SW-05", "windows were put back in another order than they were cut in: left to right comes first",
      down_first},
     {"SW-08", "a reshape alone moves no number: each window became a strip of the picture",
      [](auto& windows, index_t w, index_t height, index_t width) {
        return in_order({0, 1, 2, 3, 4, 5}, windows, w, height, width);
      }},
     {"SW-10", "inside a window rows and columns are swapped: it lies on its side",
      [](auto& windows, index_t w, index_t height, index_t width) {
        return in_order({0, 1, 4, 2, 3, 5}, windows, w, height, width);
      }},
     {"SW-12", "a window's pixels were scattered over the picture: they stand side by side",
      [](auto& windows, index_t w, index_t height, index_t width) {
        return in_order({0, 3, 1, 4, 2, 5}, windows, w, height, width);
      }},
     {"SW-13", "height and width are swapped: a wide picture came back as a high one",
      [](auto& windows, index_t w, index_t height, index_t width) {
        return nn::window_reverse(windows, w, width, height);
      }}}};

TEST(WindowReverse, IsThePictureThatWasCut) {
  exercise.compare(
      "window_reverse({{{0, 1, 4, 5}, {2, 3, 6, 7}, {8, 9, 12, 13}, {10, 11, 14, 15}}} as (1, 4, 4, 1), 2, "
      "4, 4)",
      [](auto f) {
        return f(nn::window_partition(arange(0, 16).reshape({1, 4, 4, 1}), 2), 2, 4, 4);
      });
}

TEST(WindowReverse, OfTwoWidePicturesWithThreeChannels) {
  for (const index_t w : {1, 2, 3})
    exercise.compare(concat("window_reverse(the windows of x (2, 6, 12, 3), ", w, ", 6, 12)"), [w](auto f) {
      return f(nn::window_partition(grid({2, 6, 12, 3}), w), w, 6, 12);
    });
  exercise.compare("window_reverse(the windows of x (3, 6, 3, 2), 3, 6, 3)", [](auto f) {
    return f(nn::window_partition(grid({3, 6, 3, 2}), 3), 3, 6, 3);
  });
}

TEST(WindowReverse, UndoesThePartition) {
  exercise.invariant("SW-05", "windows cut and put back must be the picture again", [](auto f) {
    const Tensor x = grid({2, 4, 6, 3});
    const Tensor back = f(nn::window_partition(x, 2), 2, 4, 6);
    return back.shape() == x.shape() && allclose(back, x, 0, 0);
  });
}

TEST(WindowReverse, LeavesTheWindowsAsTheyWere) {
  exercise.invariant("", "putting windows back must not change them", [](auto f) {
    const Tensor windows = grid({2, 6, 4, 3});
    tutor::ask([&] { return f(windows, 2, 4, 6); });
    return allclose(windows, grid({2, 6, 4, 3}), 0, 0);
  });
}

TEST(WindowReverse, PassesGradientsOn) {
  exercise.compare(
      "the gradient of the squares of row 1 with respect to the windows of x (2, 4, 6, 3), w = 2",
      [](auto f) {
        Tensor windows = (grid({2, 6, 4, 3}) / 100.0).set_requires_grad();
        const Tensor row = f(windows, 2, 4, 6).select(1, 1);
        (row * row).sum().backward();
        return windows.grad();
      });
}

}  // namespace
}  // namespace heed::exercise
