#include <algorithm>
#include <cmath>

#include "lessons/10_t5/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

// Returns the bucket of the absolute distance `away` among n.
index_t among(index_t away, index_t n, index_t max_distance) {
  const index_t near = n / 2;
  if (away < near) return away;
  const double far = std::log2(static_cast<double>(away) / static_cast<double>(near)) /
                     std::log2(static_cast<double>(max_distance) / static_cast<double>(near));
  return std::min(near + static_cast<index_t>(far * static_cast<double>(n - near)), n - 1);
}

const Answers<decltype(t5_bucket)> answers{
    {"natural logarithms", "pass",
     [](index_t distance, bool both, index_t num_buckets, index_t max_distance) {
       index_t bucket = 0, n = num_buckets;
       if (both) {
         n /= 2;
         if (distance > 0) bucket = n;
       } else {
         distance = std::min<index_t>(distance, 0);
       }
       const index_t away = std::abs(distance), near = n / 2;
       if (away < near) return bucket + away;
       const double far = std::log(static_cast<double>(away) / static_cast<double>(near)) /
                          std::log(static_cast<double>(max_distance) / static_cast<double>(near));
       return bucket +
              std::min<index_t>(n - 1, near + static_cast<index_t>(far * static_cast<double>(n - near)));
     }},
    {"a helper for one side", "pass",
     [](index_t distance, bool both, index_t num_buckets, index_t max_distance) {
       if (!both) return among(distance > 0 ? 0 : -distance, num_buckets, max_distance);
       const index_t n = num_buckets / 2;
       return among(std::abs(distance), n, max_distance) + (distance > 0 ? n : 0);
     }},
    {"the near half includes n / 2", "wrong",
     [](index_t distance, bool both, index_t num_buckets, index_t max_distance) {
       const index_t n = both ? num_buckets / 2 : num_buckets;
       const index_t away = both ? std::abs(distance) : std::max<index_t>(0, -distance);
       const index_t first = both && distance > 0 ? n : 0;
       return first + (away == n / 2 + 1 ? n / 2 + 1 : among(away, n, max_distance));
     }},
    {"a later key counts as an earlier one in a decoder", "T5-09",
     [](index_t distance, bool both, index_t num_buckets, index_t max_distance) {
       if (!both) return among(std::abs(distance), num_buckets, max_distance);
       const index_t n = num_buckets / 2;
       return among(std::abs(distance), n, max_distance) + (distance > 0 ? n : 0);
     }},
    {"a far half as wide as the near one", "wrong",
     [](index_t distance, bool bidirectional, index_t num_buckets, index_t max_distance) {
       const index_t n = bidirectional ? num_buckets / 2 : num_buckets;
       const index_t first = bidirectional && distance > 0 ? n : 0;
       const index_t away = bidirectional ? std::abs(distance) : std::max<index_t>(0, -distance);
       const index_t near = n / 2;
       if (away < near) return first + away;
       const double far = std::log(static_cast<double>(away) / static_cast<double>(near)) /
                          std::log(static_cast<double>(max_distance) / static_cast<double>(near)) *
                          static_cast<double>(near);
       return first + std::min(near + static_cast<index_t>(far + 1e-9), n - 1);
     }},
    {"rounded", "T5-15",
     [](index_t distance, bool bidirectional, index_t num_buckets, index_t max_distance) {
       const index_t n = bidirectional ? num_buckets / 2 : num_buckets;
       const index_t first = bidirectional && distance > 0 ? n : 0;
       const index_t away = bidirectional ? std::abs(distance) : std::max<index_t>(0, -distance);
       const index_t near = n / 2;
       if (away < near) return first + away;
       const double far = std::log2(static_cast<double>(away) / static_cast<double>(near)) /
                          std::log2(static_cast<double>(max_distance) / static_cast<double>(near)) *
                          static_cast<double>(n - near);
       return first + std::min(near + static_cast<index_t>(std::lround(far)), n - 1);
     }},
    {"integer division", "wrong",
     [](index_t distance, bool bidirectional, index_t num_buckets, index_t max_distance) {
       const index_t n = bidirectional ? num_buckets / 2 : num_buckets;
       const index_t first = bidirectional && distance > 0 ? n : 0;
       const index_t away = bidirectional ? std::abs(distance) : std::max<index_t>(0, -distance);
       const index_t near = n / 2;
       if (away < near) return first + away;
       const double far = std::log2(static_cast<double>(away / near)) /
                          std::log2(static_cast<double>(max_distance) / static_cast<double>(near)) *
                          static_cast<double>(n - near);
       return first + std::min(near + static_cast<index_t>(far), n - 1);
     }},
    {"the buckets of later keys begin at num_buckets - n", "wrong",
     [](index_t distance, bool bidirectional, index_t num_buckets, index_t max_distance) {
       const index_t n = bidirectional ? num_buckets / 2 : num_buckets;
       const index_t first = bidirectional && distance > 0 ? num_buckets - n : 0;
       const index_t away = bidirectional ? std::abs(distance) : std::max<index_t>(0, -distance);
       const index_t near = n / 2;
       if (away < near) return first + away;
       const double far = std::log2(static_cast<double>(away) / static_cast<double>(near)) /
                          std::log2(static_cast<double>(max_distance) / static_cast<double>(near)) *
                          static_cast<double>(n - near);
       return first + std::min(near + static_cast<index_t>(far), n - 1);
     }},
    {"distances above max_distance count as max_distance - 1", "wrong",
     [](index_t distance, bool bidirectional, index_t num_buckets, index_t max_distance) {
       const index_t n = bidirectional ? num_buckets / 2 : num_buckets;
       const index_t first = bidirectional && distance > 0 ? n : 0;
       const index_t away =
           std::min(bidirectional ? std::abs(distance) : std::max<index_t>(0, -distance), max_distance - 1);
       const index_t near = n / 2;
       if (away < near) return first + away;
       const double far = std::log2(static_cast<double>(away) / static_cast<double>(near)) /
                          std::log2(static_cast<double>(max_distance) / static_cast<double>(near)) *
                          static_cast<double>(n - near);
       return first + near + static_cast<index_t>(far);
     }},
    {"sides swapped", "wrong",
     [](index_t distance, bool bidirectional, index_t num_buckets, index_t max_distance) {
       const index_t n = bidirectional ? num_buckets / 2 : num_buckets;
       const index_t first = bidirectional && distance < 0 ? n : 0;
       const index_t away = bidirectional ? std::abs(distance) : std::max<index_t>(0, distance);
       const index_t near = n / 2;
       if (away < near) return first + away;
       const double far = std::log2(static_cast<double>(away) / static_cast<double>(near)) /
                          std::log2(static_cast<double>(max_distance) / static_cast<double>(near)) *
                          static_cast<double>(n - near);
       return first + std::min(near + static_cast<index_t>(far), n - 1);
     }},
    {"at most n", "wrong",
     [](index_t distance, bool bidirectional, index_t num_buckets, index_t max_distance) {
       const index_t n = bidirectional ? num_buckets / 2 : num_buckets;
       const index_t first = bidirectional && distance > 0 ? n : 0;
       const index_t away = bidirectional ? std::abs(distance) : std::max<index_t>(0, -distance);
       const index_t near = n / 2;
       if (away < near) return first + away;
       const double far = std::log2(static_cast<double>(away) / static_cast<double>(near)) /
                          std::log2(static_cast<double>(max_distance) / static_cast<double>(near)) *
                          static_cast<double>(n - near);
       return first + std::min(near + static_cast<index_t>(far), n);
     }},
    {"128, ignoring the argument", "wrong",
     [](index_t distance, bool bidirectional, index_t num_buckets, index_t max_distance) {
       const index_t n = bidirectional ? num_buckets / 2 : num_buckets;
       const index_t first = bidirectional && distance > 0 ? n : 0;
       const index_t away = bidirectional ? std::abs(distance) : std::max<index_t>(0, -distance);
       const index_t near = n / 2;
       if (away < near) return first + away;
       const double far = std::log2(static_cast<double>(away) / static_cast<double>(near)) /
                          std::log2((max_distance > 0 ? 128.0 : 1.0) / static_cast<double>(near)) *
                          static_cast<double>(n - near);
       return first + std::min(near + static_cast<index_t>(far), n - 1);
     }}};

}  // namespace

index_t t5_bucket(index_t distance, bool bidirectional, index_t num_buckets, index_t max_distance) {
  return answers.chosen(distance, bidirectional, num_buckets, max_distance);
}

}  // namespace heed::exercise
