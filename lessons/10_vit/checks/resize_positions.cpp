#include "lessons/10_vit/checks/first_gradient.h"
#include "lessons/10_vit/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Straight lines between old places, the ends kept.
Tensor lines(index_t side, index_t more) {
  std::vector<double> rows;
  for (index_t i = 0; i < more; ++i) {
    const double at = more > 1 ? static_cast<double>(i * (side - 1)) / static_cast<double>(more - 1) : 0;
    for (index_t j = 0; j < side; ++j)
      rows.push_back(std::max(0.0, 1 - std::abs(static_cast<double>(j) - at)));
  }
  return from_vector(rows, {more, side});
}
// Rows of random numbers that sum to 1.
Tensor mixed(index_t side, index_t more) {
  Generator gen(13);
  const Tensor rows = randn({more, side}, gen);
  return rows + (1.0 - rows.sum({1}, true)) / static_cast<double>(side);
}
Tensor table(index_t side, index_t c) {
  Generator gen(12);
  return randn({1, 1 + side * side, c}, gen);
}

Tensor square_of(const Tensor& patches, index_t side) {
  return patches.reshape({side, side, -1}).permute({2, 0, 1});  // (C, side, side)
}
Tensor rows_of(const Tensor& square) { return square.permute({1, 2, 0}).reshape({1, -1, square.size(0)}); }
Tensor resized(const Tensor& square, const Tensor& weights) {
  return matmul(matmul(weights, square), weights.transpose(0, 1));
}
Tensor right(const Tensor& t, const Tensor& weights) {
  return cat({t.slice(1, 0, 1), rows_of(resized(square_of(t.slice(1, 1), weights.size(1)), weights))}, 1);
}

const checks::Exercise<decltype(resize_positions)> exercise{
    "10_resize_positions",
    resize_positions,
    right,
    {{"VI-61", "CLS was left out: it has a position, too, and the encoder reads N + 1 tokens",
      [](auto& t, auto& weights) { return right(t, weights).slice(1, 1); }},
     {"VI-62", "CLS stands in front: its row is the first of the table, before and after",
      [](auto& t, auto& weights) {
        return cat({right(t, weights).slice(1, 1), t.slice(1, 0, 1)}, 1);
      }},
     {"VI-63", "the last row was taken for CLS's, so every patch got its neighbour's position",
      [](auto& t, auto& weights) {
        const Tensor patches = t.slice(1, 0, t.size(1) - 1);
        return cat(
            {t.slice(1, t.size(1) - 1), rows_of(resized(square_of(patches, weights.size(1)), weights))}, 1);
      }},
     {"VI-64", "rows and columns of the square were swapped on the way back",
      [](auto& t, auto& weights) {
        const Tensor square = resized(square_of(t.slice(1, 1), weights.size(1)), weights);
        return cat({t.slice(1, 0, 1), rows_of(square.transpose(1, 2))}, 1);
      }},
     {"VI-65", "a reshape alone moves no number: C comes last in the table and must be brought to the front",
      [](auto& t, auto& weights) {
        const index_t side = weights.size(1), c = t.size(2);
        const Tensor square = resized(t.slice(1, 1).reshape({c, side, side}), weights);
        return cat({t.slice(1, 0, 1), square.reshape({1, -1, c})}, 1);
      }},
     {"VI-66", "CLS was resized, too: it stands at no place of the picture",
      [](auto& t, auto& weights) {
        const Tensor all = right(t, weights);
        return cat({(all.slice(1, 0, 1) + all.slice(1, 1, 2)) / 2.0, all.slice(1, 1)}, 1);
      }},
     {"VI-67", "no gradient reaches the table: it goes on learning at the new size",
      [](auto& t, auto& weights) { return right(t.detach(), weights); }},
     {"VI-84", "only one side of the square was resized: weights act along the rows and along the columns",
      [](auto& t, auto& weights) {
        const Tensor square = matmul(weights, square_of(t.slice(1, 1), weights.size(1)));
        return cat({t.slice(1, 0, 1), rows_of(square)}, 1);
      }},
     {"VI-85", "the weights were transposed: row i of them makes the new position i",
      [](auto& t, auto& weights) { return right(t, weights.transpose(0, 1)); }}}};

using Inputs = std::tuple<Tensor, Tensor>;

TEST(ResizePositions, MakesASquareOfThreeFromOneOfTwo) {
  exercise.call(
      "resize_positions({{9, 1, 2, 3, 4}} as (1, 5, 1), {{1, 0}, {0.5, 0.5}, {0, 1}})",
      [] {
        return Inputs(tensor({9, 1, 2, 3, 4}).reshape({1, 5, 1}), tensor({{1, 0}, {0.5, 0.5}, {0, 1}}));
      },
      no_gradients);
}

TEST(ResizePositions, OfLargerAndSmallerPictures) {
  for (const index_t more : {5, 4, 2, 1})
    exercise.call(
        concat("resize_positions(table (1, 17, 3), weights (", more, ", 4))"),
        [more] { return Inputs(table(4, 3), lines(4, more)); }, no_gradients);
  exercise.call(
      "resize_positions(table (1, 10, 7), weights (6, 3)), weights as they come",
      [] { return Inputs(table(3, 7), mixed(3, 6)); }, no_gradients);
  exercise.call(
      "resize_positions(table (1, 26, 2), weights (3, 5)), weights as they come",
      [] { return Inputs(table(5, 2), mixed(5, 3)); }, no_gradients);
}

TEST(ResizePositions, MixesPositionsOfTheSameSize) {
  exercise.call(
      "resize_positions(table (1, 10, 2), weights (3, 3)), weights as they come",
      [] { return Inputs(table(3, 2), mixed(3, 3)); }, no_gradients);
  exercise.call(
      "resize_positions(table (1, 17, 4), weights (4, 4)), weights as they come",
      [] { return Inputs(table(4, 4), mixed(4, 4)); }, no_gradients);
}

TEST(ResizePositions, OfOnePatch) {
  exercise.call(
      "resize_positions(table (1, 2, 3), {{1}, {1}})",
      [] {
        return Inputs(table(1, 3), ones({2, 1}));
      },
      no_gradients);
  exercise.call(
      "resize_positions(table (1, 2, 1), {{1}})",
      [] {
        return Inputs(table(1, 1), ones({1, 1}));
      },
      no_gradients);
}

TEST(ResizePositions, KeepsATableOfTheSameSize) {
  exercise.invariant("", "with weights that change nothing the table comes back as it was", [](auto f) {
    const Tensor t = table(4, 3), same = f(t, eye(4));
    return same.shape() == t.shape() && allclose(same, t, 1e-6, 1e-6);
  });
}

TEST(ResizePositions, GoOnLearning) {
  compare_first_gradient(exercise, "resize_positions(table (1, 5, 3), weights (3, 2))",
                         [] { return Inputs(table(2, 3), lines(2, 3)); });
  compare_first_gradient(exercise, "resize_positions(table (1, 10, 2), weights (3, 3))",
                         [] { return Inputs(table(3, 2), mixed(3, 3)); });
}

}  // namespace
}  // namespace heed::exercise
