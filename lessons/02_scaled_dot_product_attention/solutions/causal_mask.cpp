// 02_causal_mask — Let each query attend only to itself and to earlier positions.
// Exercise 4 · 10 minutes · ●○○ · after 02_dot_scores
//
//   t queries, s keys -> mask (T, S), TRUE = MAY ATTEND
//
// A decoder generates one token after the other, so a query must not attend to later positions. The
// t queries are the LAST t of the s positions: if a cache stores the keys of earlier tokens, there
// are fewer queries than keys, and the last query still attends to all keys. If t = s, the mask is
// the usual triangle. If there are more queries than keys, the first queries may attend to nothing.
// t and s may be 0; the mask is then empty.
//
// How many keys may query 0 attend to if t = 2 and s = 5?
//
// You may use:  std::vector<std::uint8_t> with a 0 or 1 for each pair, row by row;
//               Mask(values, {t, s}).
#include <cstdint>
#include <vector>

#include "lessons/02_scaled_dot_product_attention/exercises.h"

namespace heed::exercise {

Mask causal_mask(index_t t, index_t s) {
  // solution: let each query attend to its own position and to earlier ones
  std::vector<std::uint8_t> allowed;
  for (index_t query = 0; query < t; ++query)
    for (index_t key = 0; key < s; ++key) allowed.push_back(key <= query + (s - t));
  return Mask(allowed, {t, s});
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. When the last query is at the position of the last key, at which position among the s keys is
//    query 0?
// 2. Fill a (T, S) table row by row. For each query and each key, write 1 if the key's position is
//    not after the query's. The query's position is query + (s − t).
// 3. Two loops, with `allowed.push_back(key <= query + (s - t));` inside. At the end,
//    `Mask(allowed, {t, s})`.
