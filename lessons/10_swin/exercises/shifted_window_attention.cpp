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
  todo("roll, attend in windows, roll back");
}

}  // namespace heed::exercise
