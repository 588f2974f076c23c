// 02 · padding_mask — nobody looks at what only fills up the batch.
//
//   ids (B, S), pad -> mask (B, 1, S), TRUE = MAY ATTEND
//   mask[b][0][s] = is ids[b][s] a word? B and S may be 0.
//
// The texts of a batch are brought to one length with the id `pad`: behind the words, or before them. Whether a key
// is a word does not depend on who asks, so one row does for all queries of a text: that is the axis of size 1.
//
// Scores are (B, T, S), queries before keys. What would a mask (B, S, 1) hide?
//
// You may use:  ids.size(axis), ids.values() (row by row), std::vector<std::uint8_t>, Mask(values, {B, 1, S}).
#include <cstdint>
#include <vector>

#include "lessons/02_scaled_dot_product_attention/exercises.h"

namespace heed::exercise {

Mask padding_mask(const IntTensor& ids, index_t pad) {
  // solution: allow the keys that are words
  std::vector<std::uint8_t> allowed;
  for (const index_t id : ids.values()) allowed.push_back(id != pad);
  return Mask(allowed, {ids.size(0), 1, ids.size(1)});
  // end
}

}  // namespace heed::exercise
