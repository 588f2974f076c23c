// 05_encoder_block — Compose the encoder block from its parts.
// Exercise 5 · 20 minutes · ●●○ · after 05_add_and_norm, 05_feed_forward
//
//   x (B, T, C), allowed (B, 1, T) or undefined -> (B, T, C)
//   h = norm1(x + dropout1(attention(x)))
//   y = norm2(h + dropout2(feed_forward(h)));   feed_forward(h) = linear2(dropout(relu(linear1(h))))
//
// `parts` is a layer of the library. Use its submodules, not its own forward. Its dropouts check
// their own mode, so do not change it. `allowed` (TRUE = MAY ATTEND) is the mask of the attention. A
// masked token may contain NaN, which must not reach the other tokens. To which tensor is the output
// of the second sublayer added?
//
// You may use:  parts.self_attn.forward(query, key, value, {.mask = allowed}).output, relu(x), and, as
//               functions, parts.linear1, linear2, norm1, norm2, dropout (inside the feed-forward
//               network), dropout1, dropout2.
#include "lessons/05_transformer_architecture/exercises.h"

namespace heed::exercise {

Tensor encoder_block(const Tensor& x, nn::TransformerEncoderLayer& parts, const Mask& allowed) {
  todo("attention, add and normalise; feed-forward network, add and normalise");
}

}  // namespace heed::exercise
