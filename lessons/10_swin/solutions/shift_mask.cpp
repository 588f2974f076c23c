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
  // solution: allow pairs of the same region
  const index_t across = width / w, count = height / w * across, n = w * w;
  std::vector<std::uint8_t> values;
  for (index_t window = 0; window < count; ++window) {
    const auto region = [&](index_t i) {
      const index_t y = window / across * w + i / w, x = window % across * w + i % w;
      return 2 * (y >= height - shift) + (x >= width - shift);
    };
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < n; ++j) values.push_back(region(i) == region(j));
  }
  return Mask(values, {count, n, n});
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Roll an image of 4 x 4 up and to the left by 1, on paper. Which of its rows and columns
//    wrapped around? Which windows contain some of them?
// 2. In the rolled image, pixel i of window n has the row n / across · w + i / w and the column n %
//    across · w + i % w. It wrapped around from the top if the row is at least height - shift, and
//    from the left if the column is at least width - shift. A pair may attend if both answers
//    agree.
// 3. `region(i) = 2 * (y >= height - shift) + (x >= width - shift)`, and
//    `values.push_back(region(i) == region(j))` for all windows, i and j.
