// 10_relative_index — Compute the index of each pair's relative position.
// Exercise 4 · 15 minutes · ●●○ · after 06_position_table
//
//   w -> (N, N) integers from 0 to (2w - 1)² - 1
//   index[i][j] = (y_i - y_j + w - 1) · (2w - 1) + (x_i - x_j + w - 1)
//   pixel i is at row y_i, column x_i
//
// The offset from key j to query i is between -(w - 1) and w - 1 rows: 2w - 1 different offsets,
// none of them negative after w - 1 is added. Two pairs with the same offset share a row of the
// table, which makes the bias relative.
//
// You may use:  IntTensor::zeros({…}), t.values() (row-major, to write), or IntTensor(values, {…}).
#include "lessons/10_swin/exercises.h"

namespace heed::exercise {

IntTensor relative_index(index_t w) {
  // solution: compute the index of each offset from key to query
  std::vector<index_t> values;
  for (index_t i = 0; i < w * w; ++i)
    for (index_t j = 0; j < w * w; ++j) {
      const index_t down = i / w - j / w, right = i % w - j % w;
      values.push_back((down + w - 1) * (2 * w - 1) + right + w - 1);
    }
  return IntTensor(values, {w * w, w * w});
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. By how many rows can a query be below its key, at least and at most? How many different
//    offsets is that, and which is the smallest?
// 2. Pixel i is at row i / w, column i % w. The offset is (y_i - y_j, x_i - x_j). Add w - 1 to
//    both; the index is that of a row-major table with 2w - 1 columns.
// 3. `(i / w - j / w + w - 1) * (2 * w - 1) + (i % w - j % w + w - 1)`.
