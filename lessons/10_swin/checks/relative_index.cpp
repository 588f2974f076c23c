#include <cstdlib>

#include "lessons/10_swin/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/swin.h"

namespace heed::exercise {
namespace {

// Returns the indices from a rule for the offset (rows, columns) from key to query.
template <class Rule>
IntTensor from_offsets(index_t w, Rule rule) {
  std::vector<index_t> values;
  for (index_t i = 0; i < w * w; ++i)
    for (index_t j = 0; j < w * w; ++j) values.push_back(rule(i / w - j / w, i % w - j % w));
  return {values, {w * w, w * w}};
}

const checks::Exercise<decltype(relative_index)> exercise{
    "10_relative_index",
    relative_index,
    nn::relative_position_index,
    {{"SW-06", "an index is negative: add w - 1 before multiplying by 2w - 1",
      [](index_t w) { return from_offsets(w, [w](index_t y, index_t x) { return y * (2 * w - 1) + x; }); }},
     {"SW-23", "the sign is reversed: the offset from key to query is y_i - y_j",
      [](index_t w) {
        return from_offsets(w, [w](index_t y, index_t x) { return (w - 1 - y) * (2 * w - 1) + w - 1 - x; });
      }},
     {"SW-24", "multiplied by w: there are 2w - 1 offsets across, so different ones share a row",
      [](index_t w) {
        return from_offsets(w, [w](index_t y, index_t x) { return (y + w - 1) * w + x + w - 1; });
      }},
     {"SW-25", "rows come first: multiply the row offset by 2w - 1, and add the column offset",
      [](index_t w) {
        return from_offsets(w, [w](index_t y, index_t x) { return (x + w - 1) * (2 * w - 1) + y + w - 1; });
      }},
     {"SW-26", "left and right are different offsets: do not use the absolute value",
      [](index_t w) {
        return from_offsets(w, [w](index_t y, index_t x) {
          return (std::abs(y) + w - 1) * (2 * w - 1) + std::abs(x) + w - 1;
        });
      }},
     {"SW-27", "the two offsets were added: multiply the first by 2w - 1",
      [](index_t w) { return from_offsets(w, [w](index_t y, index_t x) { return y + w - 1 + x + w - 1; }); }},
     {"SW-28", "the smallest offset is -(w - 1): add w - 1, not w", [](index_t w) {
        return from_offsets(w, [w](index_t y, index_t x) { return (y + w) * (2 * w - 1) + x + w; });
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

// wrong edit SW-24: `(2 * w - 1)` => `w`
