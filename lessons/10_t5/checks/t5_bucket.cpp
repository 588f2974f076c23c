#include <algorithm>
#include <cmath>

#include "lessons/10_t5/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// The formula with variants of the far half. `upper`: the bucket is in the upper half; `away`: the
// absolute distance.
enum class Far { logarithm, rounded, nothing, unscaled, unclamped };
index_t bucket(index_t distance, index_t n, index_t max_distance, bool upper, index_t away, Far far) {
  const index_t first = upper ? n : 0, near = n / 2;
  if (far == Far::nothing) return first + std::min(away, n - 1);
  if (away < near) return first + away;
  const double ratio = std::log2(static_cast<double>(away) / static_cast<double>(near)),
               range = std::log2(static_cast<double>(max_distance) / static_cast<double>(near)),
               part = (far == Far::unscaled ? ratio * std::log(2) : ratio / range) *
                      static_cast<double>(n - near);
  const index_t more = far == Far::rounded ? std::llround(part) : static_cast<index_t>(part);
  static_cast<void>(distance);
  return first + (far == Far::unclamped ? near + more : std::min(near + more, n - 1));
}
index_t back(index_t distance) { return std::max<index_t>(0, -distance); }

template <Far far>
index_t with(index_t d, bool both, index_t n, index_t max) {
  return both ? bucket(d, n / 2, max, d > 0, std::abs(d), far) : bucket(d, n, max, false, back(d), far);
}
constexpr auto reference = with<Far::logarithm>;

index_t swapped_halves(index_t d, bool both, index_t n, index_t max) {
  return reference(both ? -d : d, both, n, max);
}
index_t always_both(index_t d, bool, index_t n, index_t max) { return reference(d, true, n, max); }
index_t never_both(index_t d, bool, index_t n, index_t max) { return reference(d, false, n, max); }
index_t folded(index_t d, bool both, index_t n, index_t max) {
  return reference(both ? d : -std::abs(d), both, n, max);
}
index_t mirrored(index_t d, bool both, index_t n, index_t max) {
  return reference(both ? d : -d, both, n, max);
}
index_t zero_after(index_t d, bool both, index_t n, index_t max) {
  return both && d == 0 ? n / 2 : reference(d, both, n, max);
}
index_t fixed_sizes(index_t d, bool both, index_t, index_t) { return reference(d, both, 32, 128); }
index_t one_half(index_t d, bool both, index_t n, index_t max) {
  return reference(both ? -std::abs(d) : d, both, n, max);
}

const checks::Exercise<decltype(t5_bucket)> exercise{
    "10_t5_bucket",
    t5_bucket,
    reference,
    {{"T5-02", "the halves are swapped: keys after the query (distance > 0) have the upper one",
      swapped_halves},
     {"T5-03", "a decoder only looks back: if bidirectional is false, all buckets are for one side",
      always_both},
     {"T5-08", "bidirectional was not used: in the encoder, half of the buckets are for keys after the query",
      never_both},
     {"T5-09", "in a decoder, a key after the query counts as distance 0, not as an earlier key", folded},
     {"T5-10", "the sign is reversed in the decoder: keys before the query have negative distances",
      mirrored},
     {"T5-11", "distance 0 is not after the query: the upper half is for distance > 0", zero_after},
     {"T5-12", "each far distance has its own bucket: far distances share buckets, by the logarithm",
      with<Far::nothing>},
     {"T5-13", "the logarithm was not divided by that of max_distance / near: the buckets run out too early",
      with<Far::unscaled>},
     {"T5-14", "the bucket exceeds n - 1 beyond max_distance: limit it to n - 1", with<Far::unclamped>},
     {"T5-15", "rounded to the nearest integer: truncate instead", with<Far::rounded>},
     {"T5-16", "32 buckets and 128 tokens are fixed: use num_buckets and max_distance", fixed_sizes},
     {"T5-17", "keys before and after the query share buckets: keys after it have the upper half",
      one_half}}};

TEST(T5Bucket, OfTheEncoder) {
  exercise.compare("t5_bucket(distance, true, 32, 128) for -130, -64, -20, -8, -7, -1, 0, 1, 7, 8, 20, 200",
                   [](auto f) {
                     std::vector<index_t> all;
                     for (const index_t d : {-130, -64, -20, -8, -7, -1, 0, 1, 7, 8, 20, 200})
                       all.push_back(f(d, true, 32, 128));
                     return all;
                   });
}

TEST(T5Bucket, OfTheDecoder) {
  exercise.compare("t5_bucket(distance, false, 32, 128) for -200, -64, -20, -16, -15, -1, 0, 1, 9, 40",
                   [](auto f) {
                     std::vector<index_t> all;
                     for (const index_t d : {-200, -64, -20, -16, -15, -1, 0, 1, 9, 40})
                       all.push_back(f(d, false, 32, 128));
                     return all;
                   });
}

TEST(T5Bucket, OfOtherSizes) {
  exercise.compare("t5_bucket(-40 … 40, both, 8, 20) and (-40 … 40, both, 20, 33)", [](auto f) {
    std::vector<index_t> all;
    for (const bool both : {true, false})
      for (index_t d = -40; d <= 40; ++d) {
        all.push_back(f(d, both, 8, 20));
        all.push_back(f(d, both, 20, 33));
      }
    return all;
  });
  exercise.compare("t5_bucket(-40 … 40, both, 9, 30), (-40 … 40, both, 10, 30) and (-40 … 40, both, 32, 20)",
                   [](auto f) {
                     std::vector<index_t> all;
                     for (const bool both : {true, false})
                       for (index_t d = -40; d <= 40; ++d)
                         for (const auto& [buckets, max] : {std::pair(9, 30), {10, 30}, {32, 20}})
                           all.push_back(f(d, both, buckets, max));
                     return all;
                   });
}

TEST(T5Bucket, StaysInsideTheTable) {
  exercise.invariant("T5-14", "a bucket is one of 0 … num_buckets - 1 for any distance", [](auto f) {
    for (const bool both : {true, false})
      for (const index_t d : {-100000, -129, -3, 0, 3, 129, 100000})
        if (const index_t b = f(d, both, 12, 50); b < 0 || b >= 12) return false;
    return true;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit T5-02: `bidirectional && distance > 0 ? n : 0` => `bidirectional && distance < 0 ? n : 0`
