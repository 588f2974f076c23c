#include "lessons/10_swin/checks/grids.h"
#include "lessons/10_swin/exercises.h"
#include "lessons/10_swin/window_parts.h"
#include "lessons/check/check.h"
#include "nn/models/swin.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(WindowParts&, const Visit&) {}  // contains no tensors

namespace {

// An attention for the check: a third of the pixel, plus the mean of the pixels it may attend to.
Tensor mean_attention(const Tensor& windows, const Mask& mask) {
  const index_t n = windows.size(2);
  const Tensor equal_scores = zeros({1, n, n}, windows.dtype());
  const Tensor weights =
      mask.defined() ? masked_softmax(equal_scores.expand(mask.shape()), mask) : softmax(equal_scores, -1);
  return windows / 3.0 + matmul(weights, windows);
}
WindowParts parts() {
  return {.partition = nn::window_partition,
          .reverse = nn::window_reverse,
          .mask = [](index_t height, index_t width, index_t w,
                     index_t shift) { return nn::shift_mask(height, width, w, shift, shift); },
          .attend = mean_attention};
}

Tensor rolled(const Tensor& x, index_t down, index_t across) { return roll(roll(x, down, 1), across, 2); }
Mask mask_of(const Tensor& x, index_t w, index_t shift, const WindowParts& p) {
  return shift > 0 ? p.mask(x.size(1), x.size(2), w, shift) : Mask();
}
Tensor attend_in_windows(const Tensor& x, index_t w, const Mask& mask, const WindowParts& p) {
  return p.reverse(p.attend(p.partition(x, w), mask), w, x.size(1), x.size(2));
}
Tensor reference(const Tensor& x, index_t w, index_t shift, const WindowParts& p) {
  return rolled(attend_in_windows(rolled(x, -shift, -shift), w, mask_of(x, w, shift, p), p), shift, shift);
}

const checks::Exercise<decltype(shifted_window_attention)> exercise{
    "10_shifted_window_attention",
    shifted_window_attention,
    reference,
    {{"SW-01", "shifted windows have no mask: those at the border contain pixels that are far apart",
      [](auto& x, index_t w, index_t shift, auto& p) {
        return rolled(attend_in_windows(rolled(x, -shift, -shift), w, Mask(), p), shift, shift);
      }},
     {"SW-02", "a shift of 0 needs no mask: nothing wrapped around",
      [](auto& x, index_t w, index_t shift, auto& p) {
        const Mask mask = mask_of(x, w, shift > 0 ? shift : w / 2, p);
        return rolled(attend_in_windows(rolled(x, -shift, -shift), w, mask, p), shift, shift);
      }},
     {"SW-04", "not rolled back: every output is at the position of another pixel",
      [](auto& x, index_t w, index_t shift, auto& p) {
        return attend_in_windows(rolled(x, -shift, -shift), w, mask_of(x, w, shift, p), p);
      }},
     {"SW-34", "rolled down and to the right: the mask is for an image rolled up and to the left",
      [](auto& x, index_t w, index_t shift, auto& p) {
        return rolled(attend_in_windows(rolled(x, shift, shift), w, mask_of(x, w, shift, p), p), -shift,
                      -shift);
      }},
     {"SW-35", "only the rows were rolled: windows shift along both axes",
      [](auto& x, index_t w, index_t shift, auto& p) {
        return rolled(attend_in_windows(rolled(x, -shift, 0), w, mask_of(x, w, shift, p), p), shift, 0);
      }},
     {"SW-36", "rolled a second time instead of back: use the other sign",
      [](auto& x, index_t w, index_t shift, auto& p) {
        return rolled(attend_in_windows(rolled(x, -shift, -shift), w, mask_of(x, w, shift, p), p), -shift,
                      -shift);
      }},
     {"SW-37", "nothing was rolled, but the mask is that of a rolled image",
      [](auto& x, index_t w, index_t shift, auto& p) {
        return attend_in_windows(x, w, mask_of(x, w, shift, p), p);
      }},
     {"SW-38", "nothing was rolled or masked: without a shift, windows never exchange information",
      [](auto& x, index_t w, index_t, auto& p) { return attend_in_windows(x, w, Mask(), p); }}}};

using Inputs = std::tuple<Tensor, index_t, index_t, WindowParts>;

TEST(ShiftedWindowAttention, AttendsInShiftedWindows) {
  exercise.call("shifted_window_attention(the 4 x 4 image 0 … 15 as (1, 4, 4, 1), 2, 1, parts)", [] {
    return Inputs(arange(0, 16).reshape({1, 4, 4, 1}), 2, 1, parts());
  });
}

TEST(ShiftedWindowAttention, OfTwoWideImagesWithThreeChannels) {
  exercise.call("shifted_window_attention(x (2, 6, 9, 3), 3, 1, parts)", [] {
    return Inputs(grid({2, 6, 9, 3}), 3, 1, parts());
  });
  exercise.call("shifted_window_attention(x (2, 8, 4, 2), 4, 3, parts)", [] {
    return Inputs(grid({2, 8, 4, 2}), 4, 3, parts());
  });
  exercise.call("shifted_window_attention(x (1, 6, 6, 2), 3, 2, parts)", [] {
    return Inputs(grid({1, 6, 6, 2}), 3, 2, parts());
  });
}

TEST(ShiftedWindowAttention, OfOneWindow) {
  exercise.call("shifted_window_attention(x (2, 4, 4, 2), 4, 2, parts)", [] {
    return Inputs(grid({2, 4, 4, 2}), 4, 2, parts());
  });
}

TEST(ShiftedWindowAttention, DoesNotRollIfTheShiftIsZero) {
  exercise.call("shifted_window_attention(x (2, 4, 6, 3), 2, 0, parts)", [] {
    return Inputs(grid({2, 4, 6, 3}), 2, 0, parts());
  });
}

TEST(ShiftedWindowAttention, ReturnsEachOutputAtItsOwnPosition) {
  exercise.invariant("SW-04", "with an attention that returns its input, the image must not change",
                     [](auto f) {
                       WindowParts identity = parts();
                       identity.attend = [](const Tensor& windows, const Mask&) { return windows; };
                       const Tensor x = grid({2, 6, 9, 3});
                       return allclose(f(x, 3, 1, identity), x, 0, 0);
                     });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SW-01: `shift > 0 ? parts.mask(height, width, w, shift) : Mask()` => `Mask()`
