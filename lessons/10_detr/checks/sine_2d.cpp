#include <cmath>
#include <numbers>

#include "lessons/10_detr/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/detr.h"

namespace heed::exercise {
namespace {

Tensor reference(index_t height, index_t width, index_t channels) {
  return nn::sine_positions_2d(Mask::full({1, height, width}, true), channels)[0];
}
Tensor as_map(const Tensor& x, index_t height, index_t width) { return x.reshape({height, width, -1}); }

Tensor columns_first(index_t h, index_t w, index_t c) {
  const Tensor x = reference(h, w, c);
  return cat({x.slice(-1, c / 2, c), x.slice(-1, 0, c / 2)}, -1);
}
Tensor column_order(index_t h, index_t w, index_t c) {
  return as_map(reference(h, w, c), h, w).transpose(0, 1).reshape({h * w, c});
}
// Returns the encoding for a rule angle(index, size) and a number of channels in the exponent.
template <class Angle>
Tensor waves(index_t h, index_t w, index_t c, index_t width_of_exponent, const Angle& angle) {
  std::vector<double> values;
  const auto append = [&](double a) {
    for (index_t k = 0; k < c / 4; ++k) {
      const double wave =
          a / std::pow(10000, 2 * static_cast<double>(k) / static_cast<double>(width_of_exponent));
      values.push_back(std::sin(wave));
      values.push_back(std::cos(wave));
    }
  };
  for (index_t i = 0; i < h; ++i)
    for (index_t j = 0; j < w; ++j) {
      append(angle(i, h));
      append(angle(j, w));
    }
  return from_vector(values, {h * w, c});
}
constexpr double full_turn = 2 * std::numbers::pi;
double from_zero(index_t i, index_t n) { return full_turn * static_cast<double>(i) / static_cast<double>(n); }
double from_one(index_t i, index_t n) {
  return full_turn * static_cast<double>(i + 1) / static_cast<double>(n);
}
double without_factor(index_t i, index_t n) { return from_one(i, n) / full_turn; }
double not_divided(index_t i, index_t) { return static_cast<double>(i + 1); }
double half_turn(index_t i, index_t n) { return from_one(i, n) / 2; }

Tensor zero_based(index_t h, index_t w, index_t c) { return waves(h, w, c, c / 2, from_zero); }
Tensor without_two_pi(index_t h, index_t w, index_t c) { return waves(h, w, c, c / 2, without_factor); }
Tensor without_size(index_t h, index_t w, index_t c) { return waves(h, w, c, c / 2, not_divided); }
Tensor half_width(index_t h, index_t w, index_t c) { return waves(h, w, c, c / 2, half_turn); }
Tensor all_channels(index_t h, index_t w, index_t c) { return waves(h, w, c, c, from_one); }
Tensor sines_then_cosines(index_t h, index_t w, index_t c) {
  const Tensor x = reference(h, w, c).reshape({h * w, 2, c / 4, 2});
  return x.transpose(2, 3).reshape({h * w, c});
}
Tensor one_size(index_t h, index_t w, index_t c) {
  return waves(h, w, c, c / 2, [h](index_t i, index_t) { return from_one(i, h); });
}

const checks::Exercise<decltype(sine_2d)> exercise{
    "10_sine_2d",
    sine_2d,
    reference,
    {{"DE-33", "the column comes first: the first half of the channels encodes the row", columns_first},
     {"DE-34", "the pixels are in column order: they must go row by row", column_order},
     {"DE-35", "counted from 0: the angle of DETR's first row is 2π / height, not 0", zero_based},
     {"DE-36", "the factor 2π is missing", without_two_pi},
     {"DE-37", "the index was not divided by the size: a map of any size is one full turn", without_size},
     {"DE-38", "half a turn: the width is a full turn, 2π", half_width},
     {"DE-39", "the exponent uses all channels: each axis has half of them", all_channels},
     {"DE-40", "all sines, then all cosines: they must alternate", sines_then_cosines},
     {"DE-41", "columns were divided by the height: divide them by the width", one_size}}};

TEST(Sine2d, OfTwoRowsAndThreeColumns) {
  exercise.compare("sine_2d(2, 3, 8)", [](auto f) { return f(2, 3, 8); });
}

TEST(Sine2d, OfOtherSizes) {
  exercise.compare("sine_2d(5, 4, 12)", [](auto f) { return f(5, 4, 12); });
  exercise.compare("sine_2d(1, 7, 4)", [](auto f) { return f(1, 7, 4); });
  exercise.compare("sine_2d(3, 1, 8)", [](auto f) { return f(3, 1, 8); });
  exercise.compare("sine_2d(4, 4, 16)", [](auto f) { return f(4, 4, 16); });
  exercise.compare("sine_2d(1, 1, 4)", [](auto f) { return f(1, 1, 4); });
}

TEST(Sine2d, DiffersForEveryPixel) {
  exercise.invariant("", "no two pixels may have the same encoding", [](auto f) {
    const Tensor x = f(4, 5, 16);
    for (index_t a = 0; a < 20; ++a)
      for (index_t b = 0; b < a; ++b)
        if (max_abs_difference(x[a], x[b]) < 1e-3) return false;
    return true;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit DE-35: `index + 1` => `index`
