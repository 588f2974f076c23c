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
  // solution: shift the labels by one position
  std::vector<index_t> decoder_input;
  for (index_t b = 0; b < labels.size(0); ++b)
    for (index_t t = 0; t < labels.size(1); ++t) {
      const index_t previous = t == 0 ? start : labels.at({b, t - 1});
      decoder_input.push_back(previous == -100 ? start : previous);
    }
  return IntTensor(decoder_input, {labels.size(0), labels.size(1)});
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. When the decoder predicts labels[t], which is the last label that it may use?
// 2. Loop over the positions row by row. At position 0 the input is start, at position t it is
//    labels[t - 1]; -100 becomes start.
// 3. `const index_t previous = t == 0 ? start : labels.at({b, t - 1});`, then
//    `decoder_input.push_back(previous == -100 ? start : previous)`.
