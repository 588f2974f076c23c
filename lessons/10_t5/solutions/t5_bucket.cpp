// 10 · t5_bucket — which of a head's numbers belongs to a distance between two words.
//
//   distance = place of the key - place of the query
//
// With keys on both sides there are n = num_buckets / 2 numbers for keys up to the query, 0 … n - 1, and as many
// for keys after it, n … 2n - 1. In a decoder (both_sides is false) n is num_buckets, and every key after the query
// counts as distance 0. Of the n, the first half is for the distances 0 … n/2 - 1, one each; from n/2 on, for a
// distance of `away`,
//
//   n/2 + ⌊ log(away / (n/2)) / log(max_distance / (n/2)) · (n - n/2) ⌋,   at most n - 1
//
// You may use:  std::log2 (or std::log) of doubles, std::min, std::max, std::abs, static_cast<index_t>(x), which
//               cuts off what is behind the point.
#include <algorithm>
#include <cmath>

#include "lessons/10_t5/exercises.h"

namespace heed::exercise {

index_t t5_bucket(index_t distance, bool both_sides, index_t num_buckets, index_t max_distance) {
  // solution: find the bucket of a distance
  const index_t n = both_sides ? num_buckets / 2 : num_buckets;
  const index_t first = both_sides && distance > 0 ? n : 0;
  const index_t away = both_sides ? std::abs(distance) : std::max<index_t>(0, -distance);
  const index_t near = n / 2;
  if (away < near) return first + away;
  const double ratio = static_cast<double>(away) / static_cast<double>(near);
  const double whole = static_cast<double>(max_distance) / static_cast<double>(near);
  const double far = std::log2(ratio) / std::log2(whole) * static_cast<double>(n - near);
  return first + std::min(near + static_cast<index_t>(far), n - 1);
  // end
}

}  // namespace heed::exercise
