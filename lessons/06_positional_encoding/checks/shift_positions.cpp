#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"
#include "lessons/check/check.h"
#include "nn/positional_encoding.h"

namespace heed::exercise {
namespace {

// The matrix of k steps: (C, C), a block of two by two for every pair. marks · matrixᵀ.
template <class Angle>
Tensor turned(const Tensor& marks, Angle&& angle_of_pair) {
  const index_t c = marks.size(1);
  check(c % 2 == 0, "turned", "pairs need an even number of channels");
  Tensor matrix = zeros({c, c}, marks.dtype());
  for (index_t i = 0; i < c / 2; ++i) {
    const double a = angle_of_pair(static_cast<double>(i) / static_cast<double>(c / 2));
    matrix.set({2 * i, 2 * i}, std::cos(a)).set({2 * i, 2 * i + 1}, std::sin(a));
    matrix.set({2 * i + 1, 2 * i}, -std::sin(a)).set({2 * i + 1, 2 * i + 1}, std::cos(a));
  }
  return linear(marks, matrix);
}
Tensor right(const Tensor& marks, index_t k) {
  return turned(marks, [&](double share) { return static_cast<double>(k) / std::pow(10000.0, share); });
}
// The channels in another order: all even ones, then all odd ones; and back.
Tensor halves(const Tensor& marks) {
  return cat({marks.slice(1, 0, to_end, 2), marks.slice(1, 1, to_end, 2)}, 1);
}
Tensor in_turn(const Tensor& marks) {
  const std::vector<Tensor> parts = chunk(marks, 2, 1);
  return stack(parts, 2).reshape(marks.shape());
}
Tensor mark(index_t k, const Tensor& like) {
  return nn::sinusoidal_table(std::abs(k) + 1, like.size(1), like.dtype()).slice(0, -1);
}

const checks::Exercise<decltype(shift_positions)> exercise{
    "06_shift_positions",
    shift_positions,
    right,
    {{"PE-04", "this course takes sines and cosines in turn; you paired channel i with channel i + C / 2",
      [](auto& marks, index_t k) { return halves(right(in_turn(marks), k)); }},
     {"PE-28", "the places moved back instead of on: look at the signs of sin kω",
      [](auto& marks, index_t k) { return right(marks, -k); }},
     {"PE-29", "all pairs were turned by the same angle; pair i turns by k / 10000^(2i / C)",
      [](auto& marks, index_t k) { return turned(marks, [&](double) { return static_cast<double>(k); }); }},
     {"PE-30", "PE(k) was added: angles add up, marks do not. Turn every pair",
      [](auto& marks, index_t k) { return marks + mark(k, marks); }},
     {"PE-31", "one step was made instead of k: the angle is k times ω",
      [](auto& marks, index_t) { return right(marks, 1); }},
     {"PE-01", "the exponent doubled: pair i turns by k / 10000^(2i / C)",
      [](auto& marks, index_t k) {
        return turned(marks,
                      [&](double share) { return static_cast<double>(k) / std::pow(10000.0, 2 * share); });
      }},
     {"PE-63", "the exponent is half of what it should be: pair i turns by k / 10000^(2i / C)",
      [](auto& marks, index_t k) {
        return turned(marks,
                      [&](double share) { return static_cast<double>(k) / std::pow(10000.0, share / 2); });
      }},
     {"PE-68", "the sign of k was lost: a negative k moves back",
      [](auto& marks, index_t k) { return right(marks, std::abs(k)); }},
     {"PE-69", "the rows were moved along: row t must become PE(p + k) of its own p, also of the last rows",
      [](auto& marks, index_t k) { return roll(marks, -k, 0); }},
     {"PE-70", "both sums have the same sign: the new cosine is cos a · cos kω - sin a · sin kω",
      [](auto& marks, index_t k) {
        const Tensor there = right(marks, k), back = right(marks, -k);
        const auto channels = [](const Tensor& x, index_t first) { return x.slice(1, first, to_end, 2); };
        return stack({channels(there, 0), channels(back, 1)}, 2).reshape(marks.shape());
      }}}};

TEST(ShiftPositions, OfTwoPositions) {
  exercise.call("shift_positions({{0, 1, 0, 1}, {0.8415, 0.5403, 0.01, 1}}, 2)", [] {
    return std::tuple(tensor({{0, 1, 0, 1}, {0.8415, 0.5403, 0.01, 1}}), index_t{2});
  });
}

TEST(ShiftPositions, GivesTheTableThreePositionsFurtherOn) {
  exercise.call("shift_positions(nn::sinusoidal_table(5, 8), 3)",
                [] { return std::tuple(nn::sinusoidal_table(5, 8), index_t{3}); });
}

TEST(ShiftPositions, GoesBackForANegativeK) {
  exercise.call("shift_positions(rows 10 … 12 of nn::sinusoidal_table(13, 6), -4)",
                [] { return std::tuple(nn::sinusoidal_table(13, 6).slice(0, 10), index_t{-4}); });
}

// A matrix does the same to every vector, whether or not it is a positional encoding.
TEST(ShiftPositions, TurnsAnyVector) {
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

TEST(ShiftPositions, KeepsProducts) {
  exercise.invariant("", "the product of two encodings must not change if both move by k", [](auto f) {
    const Tensor table = nn::sinusoidal_table(9, 8, f64), moved = f(table, 7);
    return moved.dtype() == f64 &&
           allclose(matmul(moved, moved.transpose(0, 1)), matmul(table, table.transpose(0, 1)), 1e-9, 1e-9);
  });
}

}  // namespace
}  // namespace heed::exercise
