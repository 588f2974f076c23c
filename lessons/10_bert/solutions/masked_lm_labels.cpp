// 10 · masked_lm_labels — the labels of masked language modelling.
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
