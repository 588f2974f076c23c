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
  todo("compute the index of each offset from key to query");
}

}  // namespace heed::exercise
