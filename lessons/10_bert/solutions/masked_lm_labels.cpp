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
  // solution: keep the tokens of selected positions, and use no_label elsewhere
  IntTensor labels = ids;
  for (std::size_t i = 0; i < labels.values().size(); ++i) {
    index_t& label = labels.values()[i];
    if (label < first_word || draws.select[i] >= 0.15) label = no_label;
  }
  return labels;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. mask_tokens leaves some selected words unchanged. Must the model predict these, too? Which
//    number alone decides that?
// 2. A copy of ids already has the correct labels. At which positions must no_label replace the
//    label?
// 3. `if (label < first_word || draws.select[i] >= 0.15) label = no_label;`; `draws.action` and
//    `draws.random_word` are not needed.
