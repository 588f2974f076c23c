// 01 · sequence_loss — how surprised the writer was, on average, by the words that it should have written.
//
//   logits (B, T, V), wanted (B, T) with `pad` beyond each text's end -> a single number
//   loss = mean over all places that are not padding of  -log softmax(logits[b][t])[wanted[b][t]]
//
// A text of 3 words in a batch whose longest has 20 has 17 places that nobody asked for. What would
// they do to the mean? Where all is padding the loss is 0. pad is an id in [0, V). Logits at
// padding may hold anything, NaN included.
//
// You may use:  log_softmax(x, axis), wanted.reshape(shape), x.squeeze(axis), x.sum(), x.size(axis),
//               gather(x, 2, places (B, T, 1)) -> (B, T, 1): the number at that place of each row of V,
//               not_padding(wanted, pad), a Mask (B, 1, T), true where there is a word; mask.reshape(shape),
//               mask.count(), masked_fill(x, !mask, value), std::max. Not cross_entropy, which is this.
#include <algorithm>

#include "lessons/01_why_attention/exercises.h"

namespace heed::exercise {

Tensor sequence_loss(const Tensor& logits, const IntTensor& wanted, index_t pad) {
  todo("average -log p(wanted) over the places that are no padding");
}

}  // namespace heed::exercise
