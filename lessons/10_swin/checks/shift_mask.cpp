#include "lessons/10_swin/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/swin.h"

namespace heed::exercise {
namespace {

// Returns a mask from a rule for pairs of pixels of the rolled image: allowed(y_i, x_i, y_j, x_j).
template <class Allowed>
Mask mask_from_rule(index_t height, index_t width, index_t w, Allowed allowed) {
  const index_t across = width / w, count = height / w * across, n = w * w;
  std::vector<std::uint8_t> values;
  for (index_t window = 0; window < count; ++window)
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < n; ++j) {
        const index_t top = window / across * w, left = window % across * w;
        values.push_back(allowed(top + i / w, left + i % w, top + j / w, left + j % w));
      }
  return Mask(values, {count, n, n});
}
Mask reference(index_t height, index_t width, index_t w, index_t shift) {
  return nn::shift_mask(height, width, w, shift, shift);
}
Mask first_rows(index_t height, index_t width, index_t w, index_t shift) {
  return mask_from_rule(height, width, w, [&](index_t yi, index_t xi, index_t yj, index_t xj) {
    return (yi < shift) == (yj < shift) && (xi < shift) == (xj < shift);
  });
}
Mask one_question(index_t height, index_t width, index_t w, index_t shift) {
  const auto wrapped = [&](index_t y, index_t x) { return y >= height - shift || x >= width - shift; };
  return mask_from_rule(height, width, w, [&](index_t yi, index_t xi, index_t yj, index_t xj) {
    return wrapped(yi, xi) == wrapped(yj, xj);
  });
}
Mask no_wrapped_pixels(index_t height, index_t width, index_t w, index_t shift) {
  const auto wrapped = [&](index_t y, index_t x) { return y >= height - shift || x >= width - shift; };
  return mask_from_rule(height, width, w, [&](index_t yi, index_t xi, index_t yj, index_t xj) {
    return !wrapped(yi, xi) && !wrapped(yj, xj);
  });
}
// Returns the masks with windows in column order.
Mask column_order(index_t height, index_t width, index_t w, index_t shift) {
  const Mask mask = reference(height, width, w, shift);
  const index_t down = height / w, across = width / w, n = w * w * w * w;
  std::vector<std::uint8_t> values;
  for (index_t window = 0; window < down * across; ++window) {
    const std::uint8_t* from = mask.data() + (window % down * across + window / down) * n;
    values.insert(values.end(), from, from + n);
  }
  return Mask(values, mask.shape());
}
Mask swapped_pixels(index_t height, index_t width, index_t w, index_t shift) {
  return mask_from_rule(height, width, w, [&](index_t yi, index_t xi, index_t yj, index_t xj) {
    const auto wrapped = [&](index_t y, index_t x) {  // rows and columns inside the window are swapped
      const index_t row = y / w * w + x % w, column = x / w * w + y % w;
      return 2 * (row >= height - shift) + (column >= width - shift);
    };
    return wrapped(yi, xi) == wrapped(yj, xj);
  });
}

const checks::Exercise<decltype(shift_mask)> exercise{
    "10_shift_mask",
    shift_mask,
    reference,
    {{"SW-01", "nothing is masked: windows at the border contain pixels that are far apart",
      [](index_t height, index_t width, index_t w, index_t) { return reference(height, width, w, 0); }},
     {"SW-14", "the mask is inverted: true means may attend",
      [](index_t height, index_t width, index_t w, index_t shift) {
        return !reference(height, width, w, shift);
      }},
     {"SW-15", "only pixels that wrapped around from the top are separated: do the same from the left",
      [](index_t height, index_t width, index_t w, index_t shift) {
        return nn::shift_mask(height, width, w, shift, 0);
      }},
     {"SW-16", "only pixels that wrapped around from the left are separated: do the same from the top",
      [](index_t height, index_t width, index_t w, index_t shift) {
        return nn::shift_mask(height, width, w, 0, shift);
      }},
     {"SW-17", "the first `shift` rows were used: after the roll, the last ones wrapped around", first_rows},
     {"SW-18", "top and left are two questions: pixels from the top must not attend to those from the left",
      one_question},
     {"SW-19", "pixels that wrapped around attend to those of their own region, and to themselves",
      no_wrapped_pixels},
     {"SW-20", "the windows are in column order: they go left to right, then down", column_order},
     {"SW-21", "row and column inside a window are swapped: pixel i is at row i / w, column i % w",
      swapped_pixels},
     {"SW-22", "the windows were split in the middle: the last `shift` rows and columns wrapped around",
      [](index_t height, index_t width, index_t w, index_t shift) {
        return reference(height, width, w, shift > 0 ? w / 2 : 0);
      }}}};

TEST(ShiftMask, OfTheSmallestImage) {
  exercise.compare("shift_mask(4, 4, 2, 1)", [](auto f) { return f(4, 4, 2, 1); });
}

TEST(ShiftMask, OfWideAndHighImages) {
  exercise.compare("shift_mask(4, 6, 2, 1)", [](auto f) { return f(4, 6, 2, 1); });
  exercise.compare("shift_mask(9, 6, 3, 1)", [](auto f) { return f(9, 6, 3, 1); });
  exercise.compare("shift_mask(8, 12, 4, 2)", [](auto f) { return f(8, 12, 4, 2); });
  exercise.compare("shift_mask(8, 12, 4, 3)", [](auto f) { return f(8, 12, 4, 3); });
  exercise.compare("shift_mask(9, 9, 3, 2)", [](auto f) { return f(9, 9, 3, 2); });
  exercise.compare("shift_mask(4, 4, 4, 1)", [](auto f) { return f(4, 4, 4, 1); });
}

TEST(ShiftMask, AllowsAllPairsIfTheShiftIsZero) {
  exercise.compare("shift_mask(4, 6, 2, 0)", [](auto f) { return f(4, 6, 2, 0); });
}

TEST(ShiftMask, AllowsEveryPixelToAttendToItself) {
  exercise.invariant("SW-19", "every pixel must attend to itself", [](auto f) {
    const Mask mask = f(6, 9, 3, 1);
    for (index_t window = 0; window < 6; ++window)
      for (index_t i = 0; i < 9; ++i)
        if (!mask.at({window, i, i})) return false;
    return true;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SW-15: `2 * (y >= height - shift) + (x >= width - shift)` => `2 * (y >= height - shift)`
