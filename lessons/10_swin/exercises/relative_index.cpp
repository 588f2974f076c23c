// 10 · relative_index — which row of the bias table belongs to each pair of a window.
//
//   w -> (N, N) whole numbers from 0 to (2w - 1)² - 1
//   index[i][j] = (y_i - y_j + w - 1) · (2w - 1) + (x_i - x_j + w - 1),   pixel i stands at row y_i, column x_i
//
// From the key j to the query i it is -(w - 1) … w - 1 rows: 2w - 1 ways, none of them negative once w - 1 is added.
// Two pairs that lie the same way apart share a row: that is what makes the bias a relative one.
//
// You may use:  IntTensor::zeros({…}), t.values() (row by row, to be written), or IntTensor(values, {…}).
#include "lessons/10_swin/exercises.h"

namespace heed::exercise {

IntTensor relative_index(index_t w) {
  todo("number the ways from keys to queries");
}

}  // namespace heed::exercise
