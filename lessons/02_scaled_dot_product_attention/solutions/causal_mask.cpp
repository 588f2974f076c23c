// 02 · causal_mask — nobody looks ahead.
//
//   t queries, s keys -> mask (T, S), TRUE = MAY ATTEND
//
// A decoder writes word by word. A query is a word's place, and may look at the words before it and at itself. The
// t queries are the LAST t of the s places: where a cache keeps the keys of what was written before, there are
// fewer queries than keys, and the last query still sees everything. t = s is the well-known triangle. With more
// queries than keys, the first queries see nothing. t and s may be 0: the mask is then empty.
//
// How many keys does query 0 see when t = 2 and s = 5?
//
// You may use:  std::vector<std::uint8_t> with a 0 or 1 for each pair, row by row; Mask(values, {t, s}).
#include <cstdint>
#include <vector>

#include "lessons/02_scaled_dot_product_attention/exercises.h"

namespace heed::exercise {

Mask causal_mask(index_t t, index_t s) {
  // solution: let each query see its own place and those before it
  std::vector<std::uint8_t> allowed;
  for (index_t query = 0; query < t; ++query)
    for (index_t key = 0; key < s; ++key) allowed.push_back(key <= query + (s - t));
  return Mask(allowed, {t, s});
  // end
}

}  // namespace heed::exercise
