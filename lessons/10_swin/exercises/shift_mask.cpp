// 10_shift_mask — Compute the attention mask of shifted windows.
// Exercise 3 · 25 minutes · ●●● · after 10_window_partition, 02_causal_mask
//
//   height, width, w, shift -> (nW, N, N), true = may attend
//   query i of window n may attend to key j if both wrapped around from the top or neither did, and
//   both wrapped around from the left or neither did
//
// The image was rolled up and to the left by `shift`. Which rows of the rolled image were at the
// top before? With shift = 0 nothing wrapped around. Windows, and the pixels in them, go left to
// right, then down.
//
// You may use:  std::vector<std::uint8_t> with push_back, Mask(values, {…}) (row-major).
#include "lessons/10_swin/exercises.h"

namespace heed::exercise {

Mask shift_mask(index_t height, index_t width, index_t w, index_t shift) {
  todo("allow pairs of the same region");
}

}  // namespace heed::exercise
