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
  todo("find the bucket of a distance");
}

}  // namespace heed::exercise
