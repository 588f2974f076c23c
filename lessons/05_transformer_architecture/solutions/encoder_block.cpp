// 05 · encoder_block — the block of the Transformer, from its parts.
//
//   x (B, T, C), allowed (B, 1, T) or undefined -> (B, T, C)
//   h = norm1(x + dropout1(attention(x)))
//   y = norm2(h + dropout2(feed_forward(h)));   feed_forward(h) = linear2(dropout(relu(linear1(h))))
//
// `parts` is a layer of the library; use what it is made of, not its own forward. Its dropouts know by themselves
// whether training is on, so leave its mode as it is. `allowed` (TRUE = MAY ATTEND) is for the attention; a masked
// token may hold NaN, and the others must not. What does the second sum start from?
//
// You may use:  parts.self_attn.forward(query, key, value, {.mask = allowed}).output, relu(x), and, as functions,
//               parts.linear1, linear2, norm1, norm2, dropout (inside the feed-forward), dropout1, dropout2.
#include "lessons/05_transformer_architecture/exercises.h"

namespace heed::exercise {

Tensor encoder_block(const Tensor& x, nn::TransformerEncoderLayer& parts, const Mask& allowed) {
  // solution: look at the others, add and normalise; think alone, add and normalise
  const Tensor looked = parts.self_attn.forward(x, x, x, {.mask = allowed}).output;
  const Tensor h = parts.norm1(x + parts.dropout1(looked));
  const Tensor thought = parts.linear2(parts.dropout(relu(parts.linear1(h))));
  return parts.norm2(h + parts.dropout2(thought));
  // end
}

}  // namespace heed::exercise
