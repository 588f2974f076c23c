// 10 · shifted_window_attention — attention in windows that are moved: the whole layer, from its parts.
//
//   x (B, height, width, C), w, shift, parts -> (B, height, width, C)
//   roll up and to the left by shift; partition; attend; reverse; roll back
//
// parts.mask(height, width, w, shift) says who may see whom; parts.attend takes Mask() where nothing is hidden. Where
// shift is 0 nothing was moved, so nothing is hidden.
//
// You may use:  roll(x, by, axis) (x[i] goes to place i + by, what leaves comes round), parts.partition(x, w),
//               parts.reverse(windows, w, height, width), parts.mask(…), parts.attend(windows, mask).
#include "lessons/10_swin/exercises.h"
#include "lessons/10_swin/window_parts.h"

namespace heed::exercise {

Tensor shifted_window_attention(const Tensor& x, index_t w, index_t shift, const WindowParts& parts) {
  todo("roll, attend in windows, roll back");
}

}  // namespace heed::exercise
