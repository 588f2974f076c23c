// 10_shifted_window_attention — Shift the windows, attend in them, and shift back.
// Exercise 6 · 15 minutes · ●●○ · after 10_window_reverse, 10_shift_mask
//
//   x (B, height, width, C), w, shift, parts -> (B, height, width, C)
//   roll up and to the left by shift; partition; attend; reverse; roll back
//
// parts.mask(height, width, w, shift) returns the mask of shifted windows. If shift is 0 nothing is
// shifted and nothing is masked: pass Mask() to parts.attend.
//
// You may use:  roll(x, by, axis) (x[i] moves to index i + by and wraps around),
//               parts.partition(x, w), parts.reverse(windows, w, height, width), parts.mask(…),
//               parts.attend(windows, mask).
#include "lessons/10_swin/exercises.h"
#include "lessons/10_swin/window_parts.h"

namespace heed::exercise {

Tensor shifted_window_attention(const Tensor& x, index_t w, index_t shift, const WindowParts& parts) {
  // solution: roll, attend in windows, roll back
  const index_t height = x.size(1), width = x.size(2);
  const Tensor rolled = roll(roll(x, -shift, 1), -shift, 2);
  const Mask mask = shift > 0 ? parts.mask(height, width, w, shift) : Mask();
  const Tensor y = parts.reverse(parts.attend(parts.partition(rolled, w), mask), w, height, width);
  return roll(roll(y, shift, 1), shift, 2);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. How do you roll an image by -shift, how do you undo it, and along how many axes? Is a mask
//    needed if nothing wraps around?
// 2. rolled = x rolled by -shift along axes 1 and 2; the mask, or `Mask()` if shift is 0;
//    partition, attend, reverse; roll by +shift along both axes.
// 3. `roll(roll(parts.reverse(parts.attend(parts.partition(rolled, w), mask), w, height, width),
//    shift, 1), shift, 2)`.
