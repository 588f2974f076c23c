// 10 · cached_attention — new tokens look at those that were read before, without reading them again.
//
//   q, k, v (B, H, T, D): of the T new tokens; kept.keys, kept.values (B, H, P, D): of the P before them, undefined at first
//   -> (B, H, T, D), and kept grows to P + T
//
// New token i may look at all P kept ones and at the new ones up to itself. Where in the square of T rows and P + T columns
// does the edge of the causal mask lie?
//
// You may use:  cat({a, b}, axis), x.defined(), x.size(axis), causal(t, s) (T rows, S columns, the last row sees all),
//               scaled_dot_product_attention(q, k, v, {.mask = m}).
#include "lessons/10_gpt/exercises.h"

namespace heed::exercise {

Tensor cached_attention(const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
  // solution: put the new keys and values behind the kept ones, and attend to all with the causal mask
  kept.keys = kept.keys.defined() ? cat({kept.keys, k}, 2) : k;
  kept.values = kept.values.defined() ? cat({kept.values, v}, 2) : v;
  return scaled_dot_product_attention(q, kept.keys, kept.values,
                                      {.mask = causal(q.size(2), kept.keys.size(2))});
  // end
}

}  // namespace heed::exercise
