// 10 · t5_shift — what the decoder is given while it learns to write these labels.
//
//   labels (B, T) -> given (B, T)
//
// At place t the decoder is to write labels[t], and may know the words before it: so it is given `start` at place
// 0, and labels[t - 1] at place t. Labels behind the end of a text are -100, which the loss passes over; but -100
// is no word, and an embedding has no row for it: where it would be given, `start` is given instead. T may be 0.
//
// You may use:  labels.size(axis), labels.values() and IntTensor(values, {b, t}), where values is a
//               std::vector<index_t>, row by row; labels.at({b, t}).
#include "lessons/10_t5/exercises.h"

namespace heed::exercise {

IntTensor t5_shift(const IntTensor& labels, index_t start) {
  todo("shift the labels by one place");
}

}  // namespace heed::exercise
