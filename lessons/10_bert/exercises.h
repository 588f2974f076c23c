// exercises.h — the functions to be written in lesson 10_bert, in the order of doing. Letters: B batch, T tokens, C channels,
// V vocabulary.
#pragma once

#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

IntTensor segment_ids(const IntTensor& ids, index_t sep);
// Ids of the vocabulary with a meaning of their own; words begin at first_word.
constexpr index_t pad_token = 0, cls_token = 1, sep_token = 2, mask_token = 3, first_word = 4;
// What chance said of each token: two numbers in [0, 1), and another word.
struct Chances {
  std::vector<double> asked, how;
  std::vector<index_t> word;
};
IntTensor hide_words(const IntTensor& ids, const Chances& chances);
constexpr index_t no_label = -100;  // cross_entropy ignores targets of this value
IntTensor word_labels(const IntTensor& ids, const Chances& chances);
Tensor hidden_loss(const Tensor& logits, const IntTensor& words, const std::vector<index_t>& places);
Tensor pool(const Tensor& hidden, const Tensor& weight, const Tensor& bias);

}  // namespace heed::exercise
