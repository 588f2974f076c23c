// 10_crop_context — Crop a sequence to the context.
// Exercise 1 · 5 minutes · ●○○ · after 00_hello
//
//   ids (B, T) -> (B, min(T, context))
//
// A model has positions for `context` tokens (at least 1) and no more. On which tokens of a longer
// sequence does the next token depend most? A sequence may be empty (T = 0).
//
// You may use:  ids.size(axis), ids.slice(axis, begin, end), std::max(a, b).
#include <algorithm>

#include "lessons/10_gpt/exercises.h"

namespace heed::exercise {

IntTensor crop_context(const IntTensor& ids, index_t context) {
  // solution: keep as many of the newest tokens as there are positions
  const index_t t = ids.size(1);
  return ids.slice(1, std::max<index_t>(t - context, 0), t);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. The sequence is longer than the context. Which end of it matters for the next token?
// 2. Of T tokens, the last `context` remain: from T - context to T. Is that correct if T is smaller
//    than `context`?
// 3. `ids.slice(1, std::max<index_t>(…, 0), ids.size(1))`.
