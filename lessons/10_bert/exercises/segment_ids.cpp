// 10 · segment_ids — tell the first sentence from the second.
//
//   ids (B, T): [CLS] first [SEP] second [SEP] [PAD] … -> (B, T): 0 up to the first [SEP], that one included; 1 after it
//
// Each row has its first [SEP] at another position; a row without one is 0 throughout. T may be 0.
//
// You may use:  ids.size(axis), ids.at({b, t}), IntTensor::zeros(shape), x.values()[flat] (row-major, to write).
#include "lessons/10_bert/exercises.h"

namespace heed::exercise {

IntTensor segment_ids(const IntTensor& ids, index_t sep) {
  todo("go through each row, and change over behind the first [SEP]");
}

}  // namespace heed::exercise
