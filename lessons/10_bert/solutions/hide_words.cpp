// 10 · hide_words — the question that BERT learns from.
//
//   ids (B, T) -> (B, T). A word (id >= first_word) is asked for where chances.asked < 0.15. Then chances.how decides:
//   below 0.8 it becomes mask_token, below 0.9 chances.word, else it stays.
//
// [CLS], [SEP] and [PAD] are no words. There are two numbers for each token: why would one not do for both questions?
//
// You may use:  ids[i] and result.values()[i] (flat, row-major; chances alike), ids.numel(), first_word, mask_token.
#include "lessons/10_bert/exercises.h"

namespace heed::exercise {

IntTensor hide_words(const IntTensor& ids, const Chances& chances) {
  // solution: ask for 15 % of the words, and hide most of these
  IntTensor result = ids;
  for (std::size_t i = 0; i < result.values().size(); ++i) {
    index_t& id = result.values()[i];
    if (id < first_word || chances.asked[i] >= 0.15) continue;
    if (chances.how[i] < 0.8)
      id = mask_token;
    else if (chances.how[i] < 0.9)
      id = chances.word[i];
  }
  return result;
  // end
}

}  // namespace heed::exercise
