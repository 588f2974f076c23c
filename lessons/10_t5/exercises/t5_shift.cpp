// 10_t5_shift — Compute the decoder's input from the labels.
// Exercise 3 · 10 minutes · ●○○ · after 00_hello
//
//   labels (B, T) -> decoder input (B, T)
//
// At position t the decoder predicts labels[t] from the labels before it. Its input is therefore
// `start` at position 0 and labels[t - 1] at position t. Labels of padding are -100, which the loss
// ignores. But -100 is not a token id, and the embedding has no row for it: the decoder input has
// `start` instead. T may be 0.
//
// You may use:  labels.size(axis), labels.values() and IntTensor(values, {b, t}), where values is a
//               row-major std::vector<index_t>; labels.at({b, t}).
#include "lessons/10_t5/exercises.h"

namespace heed::exercise {

IntTensor t5_shift(const IntTensor& labels, index_t start) {
  todo("shift the labels by one position");
}

}  // namespace heed::exercise
