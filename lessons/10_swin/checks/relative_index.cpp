#include <cstdlib>

#include "lessons/10_swin/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/swin.h"

namespace heed::exercise {
namespace {

// From a rule over (rows, columns) from key to query.
template <class Rule>
IntTensor by_way(index_t w, Rule rule) {
  std::vector<index_t> values;
  for (index_t i = 0; i < w * w; ++i)
    for (index_t j = 0; j < w * w; ++j) values.push_back(rule(i / w - j / w, i % w - j % w));
  return {values, {w * w, w * w}};
}

const checks::Exercise<decltype(relative_index)> exercise{
    "10_relative_index",
    relative_index,
    nn::relative_position_index,
    {{"SW-06", "add w - 1 before multiplying by 2w - 1: a table has no negative rows",
      [](index_t w) { return by_way(w, [w](index_t y, index_t x) { return y * (2 * w - 1) + x; }); }},
     {"SW-23", "the way goes from the key to the query: y_i - y_j; yours goes back",
      [](index_t w) {
        return by_way(w, [w](index_t y, index_t x) { return (w - 1 - y) * (2 * w - 1) + w - 1 - x; });
      }},
     {"SW-24", "there are 2w - 1 ways across, not w: different ways share a row of your table",
      [](index_t w) { return by_way(w, [w](index_t y, index_t x) { return (y + w - 1) * w + x + w - 1; }); }},
     {"SW-25", "rows come first: the way down is multiplied by 2w - 1, the way across is added",
      [](index_t w) {
        return by_way(w, [w](index_t y, index_t x) { return (x + w - 1) * (2 * w - 1) + y + w - 1; });
      }},
     {"SW-26", "left and right are different ways: do not take the absolute value",
      [](index_t w) {
        return by_way(w, [w](index_t y, index_t x) {
          return (std::abs(y) + w - 1) * (2 * w - 1) + std::abs(x) + w - 1;
        });
      }},
     {"SW-27", "the two ways were added as they are: one down and one across are then the same row",
      [](index_t w) { return by_way(w, [w](index_t y, index_t x) { return y + w - 1 + x + w - 1; }); }},
     {"SW-28", "the smallest way is -(w - 1): add w - 1, not w", [](index_t w) {
        return by_way(w, [w](index_t y, index_t x) { return (y + w) * (2 * w - 1) + x + w; });
      }}}};

TEST(RelativeIndex, OfWindowsOfTwo) {
  exercise.compare("relative_index(2)", [](auto f) { return f(2); });
}

TEST(RelativeIndex, OfLargerWindows) {
  for (const index_t w : {3, 4, 7})
    exercise.compare(concat("relative_index(", w, ")"), [w](auto f) { return f(w); });
}

TEST(RelativeIndex, OfOnePixel) {
  exercise.compare("relative_index(1)", [](auto f) { return f(1); });
}

TEST(RelativeIndex, StaysInTheTable) {
  exercise.invariant("SW-06", "every index is a row of the table of (2w - 1)² rows", [](auto f) {
    const IntTensor all = f(5);
    for (const index_t index : all.values())
      if (index < 0 || index >= 81) return false;
    return true;
  });
}

}  // namespace
}  // namespace heed::exercise
