// 10_segment_ids — Compute the segment of each token.
// Exercise 1 · 10 minutes · ●○○ · after 00_hello
//
//   ids (B, T): [CLS] first [SEP] second [SEP] [PAD] … -> (B, T): 0 up to and including the first
//   [SEP]; 1 after it
//
// The first [SEP] is at a different position in each row. A row without [SEP] is 0 throughout. T
// may be 0.
//
// You may use:  ids.size(axis), ids.at({b, t}), IntTensor::zeros(shape), x.values()[flat]
//               (row-major, to write).
#include "lessons/10_bert/exercises.h"

namespace heed::exercise {

IntTensor segment_ids(const IntTensor& ids, index_t sep) {
  // solution: loop over each row, and switch to 1 after the first [SEP]
  IntTensor segments = IntTensor::zeros(ids.shape());
  for (index_t b = 0; b < ids.size(0); ++b) {
    index_t segment = 0;
    for (index_t t = 0; t < ids.size(1); ++t) {
      segments.values()[static_cast<std::size_t>(b * ids.size(1) + t)] = segment;
      if (ids.at({b, t}) == sep) segment = 1;
    }
  }
  return segments;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Which sentence does the [SEP] between the two sentences belong to? Which segment does each row
//    start with?
// 2. Two loops, over rows and over positions. A variable is 0 at the beginning of each row, is
//    written at every position, and becomes 1 after the first [SEP].
// 3. `segments.values()[static_cast<std::size_t>(b * ids.size(1) + t)] = segment;`, followed by
//    `if (ids.at({b, t}) == sep) segment = 1;`.
