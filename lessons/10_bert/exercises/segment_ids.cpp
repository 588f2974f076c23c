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
  todo("loop over each row, and switch to 1 after the first [SEP]");
}

}  // namespace heed::exercise
