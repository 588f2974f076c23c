// 04 · heads_attend — attention in all heads at once.
//
//   q (B, H, T, D), k (B, H, S, D), v (B, H, S, D) -> output (B, H, T, D), weights (B, H, T, S)
//   weights = softmax(q · kᵀ / √?, where allowed),  output = weights · v        in every head by itself
//
// matmul and softmax work on the last axes and leave those before them alone, so no loop over heads is needed.
// `allowed` is (B, T, S), or (B, 1, S) for padding, or undefined; TRUE = MAY ATTEND. It says nothing of heads: what
// it hides is hidden from all of them. Axes are lined up from the right: where does B of the mask land, as it is?
// A query that may attend to nothing gets weights of 0, and so does a masked key, whatever it holds (NaN included; values
// are finite). And how wide is a query here, C or D?
//
// You may use:  matmul, k.transpose(axis, axis), k.size(axis), std::sqrt, allowed.defined(), allowed.unsqueeze(axis),
//               softmax(x, axis), masked_softmax(x, allowed) over the last axis.
//               An AttentionResult is {output, weights}.
#include <cmath>

#include "lessons/04_multi_head_attention/exercises.h"

namespace heed::exercise {

AttentionResult heads_attend(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  // solution: attention in every head, with one mask for all of them
  const Tensor scores = matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
  const Tensor weights =
      allowed.defined() ? masked_softmax(scores, allowed.unsqueeze(1)) : softmax(scores, -1);
  return {matmul(weights, v), weights};
  // end
}

}  // namespace heed::exercise
