// 10 · shift_mask — who may see whom in windows that were moved.
//
//   height, width, w, shift -> (nW, N, N), true = may attend
//   query i and key j of window n may see each other where both came round from above, or both not, and where both
//   came round from the left, or both not
//
// The picture was rolled up and to the left by `shift`. So which of its rows hold what stood at the top before?
// With shift = 0 nothing came round. Windows, and pixels in them, go left to right, then down.
//
// You may use:  std::vector<std::uint8_t> with push_back, Mask(values, {…}) (row by row).
#include "lessons/10_swin/exercises.h"

namespace heed::exercise {

Mask shift_mask(index_t height, index_t width, index_t w, index_t shift) {
  // solution: allow what came from one side
  const index_t across = width / w, count = height / w * across, n = w * w;
  std::vector<std::uint8_t> values;
  for (index_t window = 0; window < count; ++window) {
    const auto side = [&](index_t i) {
      const index_t y = window / across * w + i / w, x = window % across * w + i % w;
      return 2 * (y >= height - shift) + (x >= width - shift);
    };
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < n; ++j) values.push_back(side(i) == side(j));
  }
  return Mask(values, {count, n, n});
  // end
}

}  // namespace heed::exercise
