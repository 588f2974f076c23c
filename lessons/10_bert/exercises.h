// exercises.h — the functions to write in lesson 10_bert, in the order of the lesson.
// Letters: B batch, T tokens, C channels, V vocabulary.
#pragma once

#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

// Ids of the special tokens; the ids of words begin at first_word.
constexpr index_t pad_token = 0, cls_token = 1, sep_token = 2, mask_token = 3, first_word = 4;
// Random draws for each token: `select` and `action` in [0, 1), and a random word.
struct MaskingDraws {
  std::vector<double> select, action;
  std::vector<index_t> random_word;
};
constexpr index_t no_label = -100;  // cross_entropy ignores targets of this value

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
IntTensor segment_ids(const IntTensor& ids, index_t sep);
IntTensor mask_tokens(const IntTensor& ids, const MaskingDraws& draws);
IntTensor masked_lm_labels(const IntTensor& ids, const MaskingDraws& draws);
Tensor masked_lm_loss(const Tensor& logits, const IntTensor& tokens, const std::vector<index_t>& positions);
Tensor pool(const Tensor& hidden, const Tensor& weight, const Tensor& bias);

}  // namespace heed::exercise
