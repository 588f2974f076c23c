// 10_cached_attention — Compute the attention of new tokens with a KV cache.
// Exercise 4 · 20 minutes · ●●● · after 02_sdpa
//
//   q, k, v (B, H, T, D): of the T new tokens
//   cache.keys, cache.values (B, H, P, D): of the P tokens before them, undefined at the first call
//   -> (B, H, T, D); the cache grows to P + T
//
// New token i attends to all P cached tokens and to the new ones up to and including itself. Where
// is the diagonal of the causal mask, which has T rows and P + T columns?
//
// You may use:  cat({a, b}, axis), x.defined(), x.size(axis),
//               causal(t, s) (T rows, S columns; the last row attends to all),
//               scaled_dot_product_attention(q, k, v, {.mask = m}).
#include "lessons/10_gpt/exercises.h"

namespace heed::exercise {

Tensor cached_attention(const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
  // solution: append the new keys and values to the cache, and attend to all with the causal mask
  cache.keys = cache.keys.defined() ? cat({cache.keys, k}, 2) : k;
  cache.values = cache.values.defined() ? cat({cache.values, v}, 2) : v;
  return scaled_dot_product_attention(q, cache.keys, cache.values,
                                      {.mask = causal(q.size(2), cache.keys.size(2))});
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Which vectors of an old token does a new one need: its query, its key, its value?
//    May new token 0 of three attend to new token 2?
// 2. Keys and values grow along axis 2, from P to P + T; the queries are those of the T new tokens
//    only. The mask is (T, P + T), and its last row allows every column.
// 3. `cache.keys = cache.keys.defined() ? cat({cache.keys, k}, 2) : k;`, the same for the values,
//    then attention with `causal(T, P + T)`.
