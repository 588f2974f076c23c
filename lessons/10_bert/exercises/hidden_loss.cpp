// 10 · hidden_loss — only what was hidden is asked for.
//
//   logits (B, T, V), words (B, T): what stood there; places: flat, b · T + t, of the tokens that are asked for
//   -> the mean of -log p(word) over these places
//
// There is at least one place. The logits of the other tokens may hold anything, NaN included. These tokens stand
// in the input for everyone to read. What would a model learn from being asked for those?
//
// You may use:  log_softmax(x, axis), logits.reshape({…}), logits.size(axis), x[i][j] (a number, as a tensor), words[i] (flat),
//               scalar(0, dtype), x.dtype(), and + - * /.
#include "lessons/10_bert/exercises.h"

namespace heed::exercise {

Tensor hidden_loss(const Tensor& logits, const IntTensor& words, const std::vector<index_t>& places) {
  todo("take the mean over the places that are asked for");
}

}  // namespace heed::exercise
