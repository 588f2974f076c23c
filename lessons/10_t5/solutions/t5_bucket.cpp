// 10_t5_bucket — Compute the bucket of a relative position.
// Exercise 1 · 15 minutes · ●●○ · after 06_position_table
//
//   distance = position of the key - position of the query
//
// If `bidirectional`, keys up to the query have n = num_buckets / 2 buckets, 0 … n - 1, and keys
// after it have n more, n … 2n - 1. In a decoder (not bidirectional), n is num_buckets, and every
// key after the query counts as distance 0. Let `away` be the absolute distance. The first n/2
// buckets are for away = 0 … n/2 - 1, one each. From n/2 on, the bucket is
//
//   n/2 + ⌊ log(away / (n/2)) / log(max_distance / (n/2)) · (n - n/2) ⌋,   at most n - 1
//
// You may use:  std::log2 (or std::log) of doubles, std::min, std::max, std::abs,
//               static_cast<index_t>(x), which truncates.
#include <algorithm>
#include <cmath>

#include "lessons/10_t5/exercises.h"

namespace heed::exercise {

index_t t5_bucket(index_t distance, bool bidirectional, index_t num_buckets, index_t max_distance) {
  // solution: find the bucket of a distance
  const index_t n = bidirectional ? num_buckets / 2 : num_buckets;
  const index_t first = bidirectional && distance > 0 ? n : 0;
  const index_t away = bidirectional ? std::abs(distance) : std::max<index_t>(0, -distance);
  const index_t near = n / 2;
  if (away < near) return first + away;
  const double ratio = static_cast<double>(away) / static_cast<double>(near);
  const double range = static_cast<double>(max_distance) / static_cast<double>(near);
  const double far = std::log2(ratio) / std::log2(range) * static_cast<double>(n - near);
  return first + std::min(near + static_cast<index_t>(far), n - 1);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Before the formula, decide which half a key after the query belongs to, and how `away` is
//    defined. In a decoder, how large is `away` for a key after the query?
// 2. n is num_buckets / 2 or num_buckets. If `bidirectional`, first is n for a key after the query,
//    else 0; away is |distance|. In a decoder, away is -distance, but at least 0. The bucket of a
//    near distance is first + away.
// 3. `first + std::min(near + static_cast<index_t>(std::log2(away / near) / std::log2(max_distance
//    / near) * (n - near)), n - 1)`, with doubles in the logarithms.
