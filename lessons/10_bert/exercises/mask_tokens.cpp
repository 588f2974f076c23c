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
  todo("select 15 % of the words, and mask most of them");
}

}  // namespace heed::exercise
