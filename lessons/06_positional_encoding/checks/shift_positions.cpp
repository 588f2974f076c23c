#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"
#include "lessons/check/check.h"
#include "nn/positional_encoding.h"

namespace heed::exercise {
namespace {

// Rotates every pair i of channels by angle_of_pair(i / (C / 2)). The rotation is a product with a
// (C, C) matrix that has one 2 × 2 block per pair.
template <class Angle>
Tensor rotated(const Tensor& encodings, Angle&& angle_of_pair) {
  const index_t c = encodings.size(1);
  check(c % 2 == 0, "rotated", "pairs need an even number of channels");
  Tensor matrix = zeros({c, c}, encodings.dtype());
  for (index_t i = 0; i < c / 2; ++i) {
    const double a = angle_of_pair(static_cast<double>(i) / static_cast<double>(c / 2));
    matrix.set({2 * i, 2 * i}, std::cos(a)).set({2 * i, 2 * i + 1}, std::sin(a));
    matrix.set({2 * i + 1, 2 * i}, -std::sin(a)).set({2 * i + 1, 2 * i + 1}, std::cos(a));
  }
  return linear(encodings, matrix);
}
Tensor reference(const Tensor& encodings, index_t k) {
  return rotated(encodings,
                 [&](double fraction) { return static_cast<double>(k) / std::pow(10000.0, fraction); });
}
// Permute the channels: all even ones, then all odd ones; and the inverse.
Tensor halves(const Tensor& encodings) {
  return cat({encodings.slice(1, 0, to_end, 2), encodings.slice(1, 1, to_end, 2)}, 1);
}
Tensor interleaved(const Tensor& encodings) {
  const std::vector<Tensor> parts = chunk(encodings, 2, 1);
  return stack(parts, 2).reshape(encodings.shape());
}
Tensor encoding(index_t k, const Tensor& like) {
  return nn::sinusoidal_table(std::abs(k) + 1, like.size(1), like.dtype()).slice(0, -1);
}

const checks::Exercise<decltype(shift_positions)> exercise{
    "06_shift_positions",
    shift_positions,
    reference,
    {{"PE-04", "channel i was paired with channel i + C / 2; here sines and cosines alternate",
      [](auto& encodings, index_t k) { return halves(reference(interleaved(encodings), k)); }},
     {"PE-28", "the positions were shifted backwards; check the signs of sin kω",
      [](auto& encodings, index_t k) { return reference(encodings, -k); }},
     {"PE-29", "all pairs were rotated by the same angle; pair i rotates by k / 10000^(2i / C)",
      [](auto& encodings, index_t k) {
        return rotated(encodings, [&](double) { return static_cast<double>(k); });
      }},
     {"PE-30", "PE(k) was added; rotate every pair instead: angles can be added, encodings cannot",
      [](auto& encodings, index_t k) { return encodings + encoding(k, encodings); }},
     {"PE-31", "the shift is 1 instead of k; the angle is k · ω",
      [](auto& encodings, index_t) { return reference(encodings, 1); }},
     {"PE-01", "the exponent doubled; pair i rotates by k / 10000^(2i / C)",
      [](auto& encodings, index_t k) {
        return rotated(encodings, [&](double fraction) {
          return static_cast<double>(k) / std::pow(10000.0, 2 * fraction);
        });
      }},
     {"PE-63", "the exponent is halved; pair i rotates by k / 10000^(2i / C)",
      [](auto& encodings, index_t k) {
        return rotated(encodings, [&](double fraction) {
          return static_cast<double>(k) / std::pow(10000.0, fraction / 2);
        });
      }},
     {"PE-68", "the sign of k was lost; a negative k shifts backwards",
      [](auto& encodings, index_t k) { return reference(encodings, std::abs(k)); }},
     {"PE-69", "the rows were shifted; every row, also the last, must become the PE(p + k) of its p",
      [](auto& encodings, index_t k) { return roll(encodings, -k, 0); }},
     {"PE-70", "both sums have the same sign; the new cosine is cos a · cos kω - sin a · sin kω",
      [](auto& encodings, index_t k) {
        const Tensor forward = reference(encodings, k), backward = reference(encodings, -k);
        const auto channels = [](const Tensor& x, index_t first) { return x.slice(1, first, to_end, 2); };
        return stack({channels(forward, 0), channels(backward, 1)}, 2).reshape(encodings.shape());
      }}}};

TEST(ShiftPositions, OfTwoPositions) {
  exercise.call("shift_positions({{0, 1, 0, 1}, {0.8415, 0.5403, 0.01, 1}}, 2)", [] {
    return std::tuple(tensor({{0, 1, 0, 1}, {0.8415, 0.5403, 0.01, 1}}), index_t{2});
  });
}

TEST(ShiftPositions, ShiftsTheTableByThreePositions) {
  exercise.call("shift_positions(nn::sinusoidal_table(5, 8), 3)",
                [] { return std::tuple(nn::sinusoidal_table(5, 8), index_t{3}); });
}

TEST(ShiftPositions, ShiftsBackwardsForANegativeK) {
  exercise.call("shift_positions(rows 10 … 12 of nn::sinusoidal_table(13, 6), -4)",
                [] { return std::tuple(nn::sinusoidal_table(13, 6).slice(0, 10), index_t{-4}); });
}

// The rotation is a matrix product, so it applies to every vector, not only to positional encodings.
TEST(ShiftPositions, RotatesAnyVector) {
  exercise.call("shift_positions(x (3, 10), 5), x random", [] {
    Generator gen(15);
    return std::tuple(randn({3, 10}, gen) * 3.0, index_t{5});
  });
  exercise.call("shift_positions({{0, 1000, -3, 0}}, 7)", [] {
    return std::tuple(tensor({{0, 1000, -3, 0}}), index_t{7});
  });
}

TEST(ShiftPositions, OfOnePairOfOnePositionAndOfNone) {
  exercise.call("shift_positions(nn::sinusoidal_table(3, 2), 4)",
                [] { return std::tuple(nn::sinusoidal_table(3, 2), index_t{4}); });
  exercise.call("shift_positions(row 5 of nn::sinusoidal_table(6, 6), 900)",
                [] { return std::tuple(nn::sinusoidal_table(6, 6).slice(0, 5), index_t{900}); });
  exercise.call("shift_positions(zeros({0, 6}), 2)", [] { return std::tuple(zeros({0, 6}), index_t{2}); });
}

TEST(ShiftPositions, ChangesNothingIfKIsZero) {
  exercise.call("shift_positions(nn::sinusoidal_table(3, 4), 0)",
                [] { return std::tuple(nn::sinusoidal_table(3, 4), index_t{0}); });
}

TEST(ShiftPositions, KeepsDotProducts) {
  exercise.invariant(
      "", "the dot product of two encodings must not change if both are shifted by k", [](auto f) {
        const Tensor table = nn::sinusoidal_table(9, 8, f64), shifted = f(table, 7);
        return shifted.dtype() == f64 && allclose(matmul(shifted, shifted.transpose(0, 1)),
                                                  matmul(table, table.transpose(0, 1)), 1e-9, 1e-9);
      });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit PE-31: `static_cast<double>(k) / std::pow` => `1 / std::pow`
