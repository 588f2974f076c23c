#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"
#include "lessons/tutor/check.h"
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

const tutor::Exercise<decltype(shift_positions)> exercise{
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
     {"PE-01", "the exponent doubled: pair i turns by k / 10000^(2i / C)", [](auto& marks, index_t k) {
        return turned(marks,
                      [&](double share) { return static_cast<double>(k) / std::pow(10000.0, 2 * share); });
      }}}};

TEST(ShiftPositions, OfTwoMarks) {
  exercise.compare("shift_positions({{0, 1, 0, 1}, {0.8415, 0.5403, 0.01, 1}}, 2)", [](auto f) {
    return f(tensor({{0, 1, 0, 1}, {0.8415, 0.5403, 0.01, 1}}), 2);
  });
}

TEST(ShiftPositions, GivesTheTableFromThreePlacesOn) {
  exercise.compare("shift_positions(nn::sinusoidal_table(5, 8), 3)",
                   [](auto f) { return f(nn::sinusoidal_table(5, 8), 3); });
}

TEST(ShiftPositions, GoesBackForANegativeK) {
  exercise.compare("shift_positions(rows 10 … 12 of nn::sinusoidal_table(13, 6), -4)",
                   [](auto f) { return f(nn::sinusoidal_table(13, 6).slice(0, 10), -4); });
}

// A matrix does the same to whatever it is given, mark or not.
TEST(ShiftPositions, TurnsAnyVector) {
  exercise.compare("shift_positions(x (3, 10), 5), x no marks", [](auto f) {
    Generator gen(15);
    return f(randn({3, 10}, gen) * 3.0, 5);
  });
}

TEST(ShiftPositions, StaysWhereKIsZero) {
  exercise.compare("shift_positions(nn::sinusoidal_table(3, 2), 0)",
                   [](auto f) { return f(nn::sinusoidal_table(3, 2), 0); });
}

TEST(ShiftPositions, KeepsProducts) {
  exercise.invariant("", "the product of two marks may not change when both move by k", [](auto f) {
    const Tensor table = nn::sinusoidal_table(9, 8, f64), moved = f(table, 7);
    return moved.dtype() == f64 &&
           allclose(matmul(moved, moved.transpose(0, 1)), matmul(table, table.transpose(0, 1)), 1e-9, 1e-9);
  });
}

TEST(ShiftPositions, LeavesTheMarksAsTheyAre) {
  exercise.invariant("", "the marks that were given may not change", [](auto f) {
    const Tensor table = nn::sinusoidal_table(4, 6), before = table.clone();
    f(table, 2);
    return max_abs_difference(table, before) == 0;
  });
}

TEST(ShiftPositions, PassGradientsOn) {
  exercise.compare("the gradient of channel 1 with respect to marks (3, 6), k = 2", [](auto f) {
    Tensor marks = nn::sinusoidal_table(3, 6).set_requires_grad();
    const Tensor one = f(marks, 2).select(1, 1);
    (one * one).sum().backward();
    return marks.grad();
  });
}

}  // namespace
}  // namespace heed::exercise
