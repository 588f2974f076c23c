#include "lessons/10_vit/checks/first_gradient.h"
#include "lessons/10_vit/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Returns weights for linear interpolation between old positions; the ends stay the same.
Tensor linear_weights(index_t side, index_t new_side) {
  std::vector<double> rows;
  for (index_t i = 0; i < new_side; ++i) {
    const double position =
        new_side > 1 ? static_cast<double>(i * (side - 1)) / static_cast<double>(new_side - 1) : 0;
    for (index_t j = 0; j < side; ++j)
      rows.push_back(std::max(0.0, 1 - std::abs(static_cast<double>(j) - position)));
  }
  return from_vector(rows, {new_side, side});
}
// Returns random weights whose rows sum to 1.
Tensor random_weights(index_t side, index_t new_side) {
  Generator gen(13);
  const Tensor rows = randn({new_side, side}, gen);
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
Tensor reference(const Tensor& t, const Tensor& weights) {
  return cat({t.slice(1, 0, 1), rows_of(resized(square_of(t.slice(1, 1), weights.size(1)), weights))}, 1);
}

const checks::Exercise<decltype(resize_positions)> exercise{
    "10_resize_positions",
    resize_positions,
    reference,
    {{"VI-61", "the position of CLS is missing: the encoder has N + 1 tokens",
      [](auto& t, auto& weights) { return reference(t, weights).slice(1, 1); }},
     {"VI-62", "CLS is last: its row must remain the first of the table",
      [](auto& t, auto& weights) {
        return cat({reference(t, weights).slice(1, 1), t.slice(1, 0, 1)}, 1);
      }},
     {"VI-63", "the last row was used for CLS, so every patch got its neighbour's position",
      [](auto& t, auto& weights) {
        const Tensor patches = t.slice(1, 0, t.size(1) - 1);
        return cat(
            {t.slice(1, t.size(1) - 1), rows_of(resized(square_of(patches, weights.size(1)), weights))}, 1);
      }},
     {"VI-64", "rows and columns of the resized square are swapped",
      [](auto& t, auto& weights) {
        const Tensor square = resized(square_of(t.slice(1, 1), weights.size(1)), weights);
        return cat({t.slice(1, 0, 1), rows_of(square.transpose(1, 2))}, 1);
      }},
     {"VI-65", "channels and positions were mixed: permute C to the front instead of a reshape",
      [](auto& t, auto& weights) {
        const index_t side = weights.size(1), c = t.size(2);
        const Tensor square = resized(t.slice(1, 1).reshape({c, side, side}), weights);
        return cat({t.slice(1, 0, 1), square.reshape({1, -1, c})}, 1);
      }},
     {"VI-66", "CLS was resized, too: it has no position in the image",
      [](auto& t, auto& weights) {
        const Tensor all = reference(t, weights);
        return cat({(all.slice(1, 0, 1) + all.slice(1, 1, 2)) / 2.0, all.slice(1, 1)}, 1);
      }},
     {"VI-67", "no gradient reaches the table: it goes on learning at the new size",
      [](auto& t, auto& weights) { return reference(t.detach(), weights); }},
     {"VI-84", "only one side of the square was resized: weights act along the rows and along the columns",
      [](auto& t, auto& weights) {
        const Tensor square = matmul(weights, square_of(t.slice(1, 1), weights.size(1)));
        return cat({t.slice(1, 0, 1), rows_of(square)}, 1);
      }},
     {"VI-85", "the weights were transposed: row i contains the weights of new position i",
      [](auto& t, auto& weights) { return reference(t, weights.transpose(0, 1)); }}}};

using Inputs = std::tuple<Tensor, Tensor>;

TEST(ResizePositions, ResizesTwoByTwoToThreeByThree) {
  exercise.call(
      "resize_positions({{9, 1, 2, 3, 4}} as (1, 5, 1), {{1, 0}, {0.5, 0.5}, {0, 1}})",
      [] {
        return Inputs(tensor({9, 1, 2, 3, 4}).reshape({1, 5, 1}), tensor({{1, 0}, {0.5, 0.5}, {0, 1}}));
      },
      no_gradients);
}

TEST(ResizePositions, OfLargerAndSmallerImages) {
  for (const index_t new_side : {5, 4, 2, 1})
    exercise.call(
        concat("resize_positions(table (1, 17, 3), weights (", new_side, ", 4))"),
        [new_side] { return Inputs(table(4, 3), linear_weights(4, new_side)); }, no_gradients);
  exercise.call(
      "resize_positions(table (1, 10, 7), weights (6, 3)), random weights",
      [] { return Inputs(table(3, 7), random_weights(3, 6)); }, no_gradients);
  exercise.call(
      "resize_positions(table (1, 26, 2), weights (3, 5)), random weights",
      [] { return Inputs(table(5, 2), random_weights(5, 3)); }, no_gradients);
}

TEST(ResizePositions, InterpolatesAtTheSameSize) {
  exercise.call(
      "resize_positions(table (1, 10, 2), weights (3, 3)), random weights",
      [] { return Inputs(table(3, 2), random_weights(3, 3)); }, no_gradients);
  exercise.call(
      "resize_positions(table (1, 17, 4), weights (4, 4)), random weights",
      [] { return Inputs(table(4, 4), random_weights(4, 4)); }, no_gradients);
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

TEST(ResizePositions, KeepsTheTableWithIdentityWeights) {
  exercise.invariant("", "with identity weights, the table must not change", [](auto f) {
    const Tensor t = table(4, 3), same = f(t, eye(4));
    return same.shape() == t.shape() && allclose(same, t, 1e-6, 1e-6);
  });
}

TEST(ResizePositions, PassesGradientsToTheTable) {
  compare_first_gradient(exercise, "resize_positions(table (1, 5, 3), weights (3, 2))",
                         [] { return Inputs(table(2, 3), linear_weights(2, 3)); });
  compare_first_gradient(exercise, "resize_positions(table (1, 10, 2), weights (3, 3))",
                         [] { return Inputs(table(3, 2), random_weights(3, 3)); });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit VI-64: `permute({1, 2, 0})` => `permute({2, 1, 0})`
