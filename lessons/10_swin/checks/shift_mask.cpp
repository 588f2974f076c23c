#include "lessons/10_swin/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/swin.h"

namespace heed::exercise {
namespace {

// A mask from a rule over pairs of places in the rolled picture: allowed(y_i, x_i, y_j, x_j).
template <class Allowed>
Mask by_places(index_t height, index_t width, index_t w, Allowed allowed) {
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
Mask right(index_t height, index_t width, index_t w, index_t shift) {
  return nn::shift_mask(height, width, w, shift, shift);
}
Mask at_the_top(index_t height, index_t width, index_t w, index_t shift) {
  return by_places(height, width, w, [&](index_t yi, index_t xi, index_t yj, index_t xj) {
    return (yi < shift) == (yj < shift) && (xi < shift) == (xj < shift);
  });
}
Mask either_way(index_t height, index_t width, index_t w, index_t shift) {
  const auto round = [&](index_t y, index_t x) { return y >= height - shift || x >= width - shift; };
  return by_places(height, width, w, [&](index_t yi, index_t xi, index_t yj, index_t xj) {
    return round(yi, xi) == round(yj, xj);
  });
}
Mask none_that_came_round(index_t height, index_t width, index_t w, index_t shift) {
  const auto round = [&](index_t y, index_t x) { return y >= height - shift || x >= width - shift; };
  return by_places(height, width, w, [&](index_t yi, index_t xi, index_t yj, index_t xj) {
    return !round(yi, xi) && !round(yj, xj);
  });
}
// Windows counted down first.
Mask down_first(index_t height, index_t width, index_t w, index_t shift) {
  const Mask mask = right(height, width, w, shift);
  const index_t down = height / w, across = width / w, n = w * w * w * w;
  std::vector<std::uint8_t> values;
  for (index_t window = 0; window < down * across; ++window) {
    const std::uint8_t* from = mask.data() + (window % down * across + window / down) * n;
    values.insert(values.end(), from, from + n);
  }
  return Mask(values, mask.shape());
}
Mask on_its_side(index_t height, index_t width, index_t w, index_t shift) {
  return by_places(height, width, w, [&](index_t yi, index_t xi, index_t yj, index_t xj) {
    const auto round = [&](index_t y, index_t x) {  // rows and columns inside the window swapped
      const index_t row = y / w * w + x % w, column = x / w * w + y % w;
      return 2 * (row >= height - shift) + (column >= width - shift);
    };
    return round(yi, xi) == round(yj, xj);
  });
}

const checks::Exercise<decltype(shift_mask)> exercise{
    "10_shift_mask",
    shift_mask,
    right,
    {{"SW-01",
      "nothing is hidden: windows that were filled from the other side mix pixels that lie far apart",
      [](index_t height, index_t width, index_t w, index_t) { return right(height, width, w, 0); }},
     {"SW-14", "true means may attend, everywhere in this course; yours is true where a pair is hidden",
      [](index_t height, index_t width, index_t w, index_t shift) {
        return !right(height, width, w, shift);
      }},
     {"SW-15", "only what came round from above was told apart; the picture was rolled to the left, too",
      [](index_t height, index_t width, index_t w, index_t shift) {
        return nn::shift_mask(height, width, w, shift, 0);
      }},
     {"SW-16", "only what came round from the left was told apart; the picture was rolled up, too",
      [](index_t height, index_t width, index_t w, index_t shift) {
        return nn::shift_mask(height, width, w, 0, shift);
      }},
     {"SW-17", "rolled up, the top rows stand at the bottom: the last `shift` rows came round, not the first",
      at_the_top},
     {"SW-18",
      "above and left are two questions: what came round from above may not see what came round from the "
      "left",
      either_way},
     {"SW-19", "pixels that came round still see those that came with them, and themselves",
      none_that_came_round},
     {"SW-20", "windows go left to right, then down; your masks go down first", down_first},
     {"SW-21", "inside a window pixel i stands in row i / w, column i % w; you had them swapped",
      on_its_side},
     {"SW-22",
      "the windows were cut at their middle: the last `shift` rows and columns came round, whatever w is",
      [](index_t height, index_t width, index_t w, index_t shift) {
        return right(height, width, w, shift > 0 ? w / 2 : 0);
      }}}};

TEST(ShiftMask, OfTheSmallestPicture) {
  exercise.compare("shift_mask(4, 4, 2, 1)", [](auto f) { return f(4, 4, 2, 1); });
}

TEST(ShiftMask, OfWideAndHighPictures) {
  exercise.compare("shift_mask(4, 6, 2, 1)", [](auto f) { return f(4, 6, 2, 1); });
  exercise.compare("shift_mask(9, 6, 3, 1)", [](auto f) { return f(9, 6, 3, 1); });
  exercise.compare("shift_mask(8, 12, 4, 2)", [](auto f) { return f(8, 12, 4, 2); });
  exercise.compare("shift_mask(8, 12, 4, 3)", [](auto f) { return f(8, 12, 4, 3); });
  exercise.compare("shift_mask(9, 9, 3, 2)", [](auto f) { return f(9, 9, 3, 2); });
  exercise.compare("shift_mask(4, 4, 4, 1)", [](auto f) { return f(4, 4, 4, 1); });
}

TEST(ShiftMask, HidesNothingWhereNothingWasMoved) {
  exercise.compare("shift_mask(4, 6, 2, 0)", [](auto f) { return f(4, 6, 2, 0); });
}

TEST(ShiftMask, LetsEveryPixelSeeItself) {
  exercise.invariant("SW-19", "every pixel may see itself", [](auto f) {
    const Mask mask = f(6, 9, 3, 1);
    for (index_t window = 0; window < 6; ++window)
      for (index_t i = 0; i < 9; ++i)
        if (!mask.at({window, i, i})) return false;
    return true;
  });
}

}  // namespace
}  // namespace heed::exercise
