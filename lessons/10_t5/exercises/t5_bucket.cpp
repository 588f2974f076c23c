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
  todo("find the bucket of a distance");
}

}  // namespace heed::exercise
