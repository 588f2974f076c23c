// 02_padding_mask — Mask the keys that are padding.
// Exercise 5 · 10 minutes · ●○○ · after 02_dot_scores
//
//   ids (B, S), pad -> mask (B, 1, S), TRUE = MAY ATTEND
//   mask[b][0][s] is true if ids[b][s] is not `pad`. B and S may be 0.
//
// The sequences of a batch are padded to one length with the id `pad`, after the tokens or before
// them. Whether a key is padding does not depend on the query, so one row serves all queries of a
// sequence: that is the axis of size 1.
//
// Scores are (B, T, S): queries, then keys. Which axis would a mask of shape (B, S, 1) mask?
//
// You may use:  ids.size(axis), ids.values() (row by row), std::vector<std::uint8_t>,
//               Mask(values, {B, 1, S}).
#include <cstdint>
#include <vector>

#include "lessons/02_scaled_dot_product_attention/exercises.h"

namespace heed::exercise {

Mask padding_mask(const IntTensor& ids, index_t pad) {
  todo("allow the keys that are not padding");
}

}  // namespace heed::exercise
