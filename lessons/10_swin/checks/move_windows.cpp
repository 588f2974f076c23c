#include "lessons/10_swin/checks/grids.h"
#include "lessons/10_swin/exercises.h"
#include "lessons/10_swin/window_parts.h"
#include "lessons/check/check.h"
#include "nn/models/swin.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(WindowParts&, const Visit&) {}  // functions

namespace {

// Every pixel becomes a third of itself and the mean of what it may see.
Tensor mean_of_seen(const Tensor& windows, const Mask& mask) {
  const index_t n = windows.size(2);
  const Tensor even = zeros({1, n, n}, windows.dtype());
  const Tensor shares = mask.defined() ? masked_softmax(even.expand(mask.shape()), mask) : softmax(even, -1);
  return windows / 3.0 + matmul(shares, windows);
}
WindowParts parts() {
  return {.partition = nn::window_partition,
          .reverse = nn::window_reverse,
          .mask = [](index_t height, index_t width, index_t w,
                     index_t shift) { return nn::shift_mask(height, width, w, shift, shift); },
          .attend = mean_of_seen};
}

Tensor rolled(const Tensor& x, index_t down, index_t right) { return roll(roll(x, down, 1), right, 2); }
Mask mask_of(const Tensor& x, index_t w, index_t shift, const WindowParts& p) {
  return shift > 0 ? p.mask(x.size(1), x.size(2), w, shift) : Mask();
}
Tensor inside(const Tensor& x, index_t w, const Mask& mask, const WindowParts& p) {
  return p.reverse(p.attend(p.partition(x, w), mask), w, x.size(1), x.size(2));
}
Tensor right(const Tensor& x, index_t w, index_t shift, const WindowParts& p) {
  return rolled(inside(rolled(x, -shift, -shift), w, mask_of(x, w, shift, p), p), shift, shift);
}

const checks::Exercise<decltype(move_windows)> exercise{
    "10_move_windows",
    move_windows,
    right,
    {{"SW-01", "no mask on moved windows: those filled from the other side mix pixels that lie far apart",
      [](auto& x, index_t w, index_t shift, auto& p) {
        return rolled(inside(rolled(x, -shift, -shift), w, Mask(), p), shift, shift);
      }},
     {"SW-02", "only moved windows have a mask: with shift 0 nothing came round, so nothing is hidden",
      [](auto& x, index_t w, index_t shift, auto& p) {
        const Mask mask = mask_of(x, w, shift > 0 ? shift : w / 2, p);
        return rolled(inside(rolled(x, -shift, -shift), w, mask, p), shift, shift);
      }},
     {"SW-04", "not rolled back: every pixel's answer stands at another pixel's place",
      [](auto& x, index_t w, index_t shift, auto& p) {
        return inside(rolled(x, -shift, -shift), w, mask_of(x, w, shift, p), p);
      }},
     {"SW-34", "rolled down and to the right: the mask is made for a picture rolled up and to the left",
      [](auto& x, index_t w, index_t shift, auto& p) {
        return rolled(inside(rolled(x, shift, shift), w, mask_of(x, w, shift, p), p), -shift, -shift);
      }},
     {"SW-35", "only the rows were rolled: windows move along both sides",
      [](auto& x, index_t w, index_t shift, auto& p) {
        return rolled(inside(rolled(x, -shift, 0), w, mask_of(x, w, shift, p), p), shift, 0);
      }},
     {"SW-36", "rolled a second time instead of back: the other sign",
      [](auto& x, index_t w, index_t shift, auto& p) {
        return rolled(inside(rolled(x, -shift, -shift), w, mask_of(x, w, shift, p), p), -shift, -shift);
      }},
     {"SW-37", "nothing was rolled: the mask belongs to a picture that was",
      [](auto& x, index_t w, index_t shift, auto& p) { return inside(x, w, mask_of(x, w, shift, p), p); }},
     {"SW-38", "nothing was rolled and nothing hidden: windows that never move never meet",
      [](auto& x, index_t w, index_t, auto& p) { return inside(x, w, Mask(), p); }}}};

using Inputs = std::tuple<Tensor, index_t, index_t, WindowParts>;

TEST(MoveWindows, AttendsInMovedWindows) {
  exercise.call("move_windows(the 4 x 4 image 0 … 15 as (1, 4, 4, 1), 2, 1, parts)", [] {
    return Inputs(arange(0, 16).reshape({1, 4, 4, 1}), 2, 1, parts());
  });
}

TEST(MoveWindows, OfTwoWideImagesWithThreeChannels) {
  exercise.call("move_windows(x (2, 6, 9, 3), 3, 1, parts)", [] {
    return Inputs(grid({2, 6, 9, 3}), 3, 1, parts());
  });
  exercise.call("move_windows(x (2, 8, 4, 2), 4, 3, parts)", [] {
    return Inputs(grid({2, 8, 4, 2}), 4, 3, parts());
  });
  exercise.call("move_windows(x (1, 6, 6, 2), 3, 2, parts)", [] {
    return Inputs(grid({1, 6, 6, 2}), 3, 2, parts());
  });
}

TEST(MoveWindows, OfOneWindow) {
  exercise.call("move_windows(x (2, 4, 4, 2), 4, 2, parts)", [] {
    return Inputs(grid({2, 4, 4, 2}), 4, 2, parts());
  });
}

TEST(MoveWindows, DoesNotMoveIfTheShiftIsZero) {
  exercise.call("move_windows(x (2, 4, 6, 3), 2, 0, parts)", [] {
    return Inputs(grid({2, 4, 6, 3}), 2, 0, parts());
  });
}

TEST(MoveWindows, PutsEveryAnswerAtItsOwnPlace) {
  exercise.invariant("SW-04", "with an attention that changes nothing, the picture comes back as it was",
                     [](auto f) {
                       WindowParts still = parts();
                       still.attend = [](const Tensor& windows, const Mask&) { return windows; };
                       const Tensor x = grid({2, 6, 9, 3});
                       return allclose(f(x, 3, 1, still), x, 0, 0);
                     });
}

}  // namespace
}  // namespace heed::exercise
