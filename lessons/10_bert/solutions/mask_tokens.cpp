// 10_mask_tokens — Mask the input of masked language modelling.
// Exercise 2 · 15 minutes · ●●○ · after 10_segment_ids
//
//   ids (B, T) -> (B, T). A word (id >= first_word) is selected if draws.select < 0.15. A selected
//   word becomes mask_token if draws.action < 0.8, and draws.random_word if draws.action is in
//   [0.8, 0.9). Else it stays unchanged.
//
// [CLS], [SEP] and [PAD] are not words. Each token has two random numbers: why is one not enough
// for both decisions?
//
// You may use:  ids[i] and result.values()[i] (flat, row-major, as are the draws), ids.numel(),
//               first_word, mask_token.
#include "lessons/10_bert/exercises.h"

namespace heed::exercise {

IntTensor mask_tokens(const IntTensor& ids, const MaskingDraws& draws) {
  // solution: select 15 % of the words, and mask most of them
  IntTensor result = ids;
  for (std::size_t i = 0; i < result.values().size(); ++i) {
    index_t& id = result.values()[i];
    if (id < first_word || draws.select[i] >= 0.15) continue;
    if (draws.action[i] < 0.8)
      id = mask_token;
    else if (draws.action[i] < 0.9)
      id = draws.random_word[i];
  }
  return result;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Which tokens must never be selected? Which number determines how a selected token is
//    replaced?
// 2. Copy ids. Skip each token that is not a word or not selected. For the others there are three
//    cases.
// 3. `if (id < first_word || draws.select[i] >= 0.15) continue;`, then compare `draws.action[i]`
//    with 0.8 and with 0.9.
