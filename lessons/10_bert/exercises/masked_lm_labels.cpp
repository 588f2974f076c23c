// 10_masked_lm_labels — Compute the labels of masked language modelling.
// Exercise 3 · 10 minutes · ●●○ · after 10_mask_tokens
//
//   ids (B, T): the tokens before mask_tokens -> (B, T): the label of each position
//
// The label of a selected position (a word with draws.select < 0.15) is the original token, whether
// or not mask_tokens changes it. Every other position has the label no_label, which cross_entropy
// ignores. Which positions does the loss need: only those with [MASK]?
//
// You may use:  ids[i] and result.values()[i] (flat, row-major, as are the draws), ids.numel(),
//               first_word, no_label.
#include "lessons/10_bert/exercises.h"

namespace heed::exercise {

IntTensor masked_lm_labels(const IntTensor& ids, const MaskingDraws& draws) {
  todo("keep the tokens of selected positions, and use no_label elsewhere");
}

}  // namespace heed::exercise
