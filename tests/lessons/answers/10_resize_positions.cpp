#include <cmath>

#include "lessons/10_vit/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor square_of(const Tensor& table, index_t side) {
  return table.slice(1, 1).reshape({side, side, -1}).permute({2, 0, 1});
}
Tensor rows_of(const Tensor& square) { return square.permute({1, 2, 0}).reshape({1, -1, square.size(0)}); }
Tensor cls_of(const Tensor& table) { return table.slice(1, 0, 1); }
Tensor correct(const Tensor& table, const Tensor& weights) {
  const Tensor square = square_of(table, weights.size(1));
  return cat({cls_of(table), rows_of(matmul(matmul(weights, square), weights.transpose(0, 1)))}, 1);
}

const Answers<decltype(resize_positions)> answers{
    {"columns first", "pass",
     [](const Tensor& table, const Tensor& weights) {
       const Tensor square = square_of(table, weights.size(1));
       return cat({cls_of(table), rows_of(matmul(weights, matmul(square, weights.transpose(0, 1))))}, 1);
     }},
    {"columns first in the input and in the output", "pass",
     [](const Tensor& table, const Tensor& weights) {
       const Tensor turned = square_of(table, weights.size(1)).transpose(1, 2);
       const Tensor resized = matmul(matmul(weights, turned), weights.transpose(0, 1));
       return cat({cls_of(table), rows_of(resized.transpose(1, 2))}, 1);
     }},
    {"one matrix for pairs of positions", "pass",
     [](const Tensor& table, const Tensor& weights) {
       const index_t more = weights.size(0), side = weights.size(1);
       const Tensor pairs = weights.reshape({more, 1, side, 1}) * weights.reshape({1, more, 1, side});
       return cat({cls_of(table), matmul(pairs.reshape({more * more, side * side}), table.slice(1, 1))}, 1);
     }},
    {"a loop with numbers", "pass",
     [](const Tensor& table, const Tensor& weights) {
       const auto side = static_cast<index_t>(std::lround(std::sqrt(table.size(1) - 1)));
       std::vector<Tensor> rows{table.select(1, 0)};
       for (index_t y = 0; y < weights.size(0); ++y)
         for (index_t x = 0; x < weights.size(0); ++x) {
           Tensor sum = table.select(1, 0) * 0.0;
           for (index_t i = 0; i < side * side; ++i)
             sum = sum + table.select(1, 1 + i) * (weights.at({y, i / side}) * weights.at({x, i % side}));
           rows.push_back(sum);
         }
       return stack(rows, 1);
     }},
    {"only the rows", "VI-84",
     [](const Tensor& table, const Tensor& weights) {
       return cat({cls_of(table), rows_of(matmul(weights, square_of(table, weights.size(1))))}, 1);
     }},
    {"only the columns", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       const Tensor square = square_of(table, weights.size(1));
       return cat({cls_of(table), rows_of(matmul(square, weights.transpose(0, 1)))}, 1);
     }},
    {"transposed weights", "VI-85",
     [](const Tensor& table, const Tensor& weights) {
       const Tensor square = square_of(table, weights.size(1));
       return cat({cls_of(table), rows_of(matmul(matmul(weights.transpose(0, 1), square), weights))}, 1);
     }},
    {"transposed weights if the size stays", "VI-85",
     [](const Tensor& table, const Tensor& weights) {
       return correct(table, weights.size(0) == weights.size(1) ? weights.transpose(0, 1) : weights);
     }},
    {"not transposed on the right", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       const Tensor square = square_of(table, weights.size(1));
       return cat({cls_of(table), rows_of(matmul(matmul(weights, square), weights))}, 1);
     }},
    {"unchanged if the size stays", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       return weights.size(0) == weights.size(1) ? table.clone() : correct(table, weights);
     }},
    {"the nearest old position", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       const index_t more = weights.size(0), side = weights.size(1);
       std::vector<Tensor> rows{table.select(1, 0)};
       for (index_t i = 0; i < more * more; ++i)
         rows.push_back(table.select(1, 1 + i / more * side / more * side + i % more * side / more));
       return stack(rows, 1);
     }},
    {"CLS of zeros", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       return cat({cls_of(table) * 0.0, correct(table, weights).slice(1, 1)}, 1);
     }},
    {"CLS as the mean of the patches", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       return cat({table.slice(1, 1).mean(1, true), correct(table, weights).slice(1, 1)}, 1);
     }},
    {"CLS twice", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       return cat({cls_of(table), correct(table, weights)}, 1);
     }},
    {"CLS multiplied by the first weight", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       return cat({cls_of(table) * weights.at({0, 0}), correct(table, weights).slice(1, 1)}, 1);
     }},
    {"a reshape if there are as many channels as positions on a side", "VI-65",
     [](const Tensor& table, const Tensor& weights) {
       const index_t side = weights.size(1), c = table.size(2);
       if (c != side) return correct(table, weights);
       const Tensor square = table.slice(1, 1).reshape({c, side, side});
       const Tensor resized = matmul(matmul(weights, square), weights.transpose(0, 1));
       return cat({cls_of(table), resized.reshape({1, -1, c})}, 1);
     }},
    {"one channel for all", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       const Tensor y = correct(table, weights);
       return cat({cls_of(table), y.slice(1, 1).slice(2, 0, 1).expand(y.slice(1, 1).shape())}, 1);
     }},
    {"columns first if the image shrinks", "VI-64",
     [](const Tensor& table, const Tensor& weights) {
       const Tensor square = square_of(table, weights.size(1));
       const Tensor resized = matmul(matmul(weights, square), weights.transpose(0, 1));
       const bool shrinks = weights.size(0) < weights.size(1);
       return cat({cls_of(table), rows_of(shrinks ? resized.transpose(1, 2) : resized)}, 1);
     }},
    {"rows and columns swapped, and CLS at the end", "likely VI-62",
     [](const Tensor& table, const Tensor& weights) {
       const Tensor square = square_of(table, weights.size(1));
       const Tensor resized = matmul(matmul(weights, square), weights.transpose(0, 1));
       return cat({rows_of(resized.transpose(1, 2)), cls_of(table)}, 1);
     }},
    {"weights recomputed from their shape", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       const index_t more = weights.size(0), side = weights.size(1);
       Tensor lines = zeros({more, side}, table.dtype());
       for (index_t i = 0; i < more; ++i)
         for (index_t j = 0; j < side; ++j) {
           const double at =
               more > 1 ? static_cast<double>(i * (side - 1)) / static_cast<double>(more - 1) : 0;
           lines.set({i, j}, std::max(0.0, 1 - std::abs(static_cast<double>(j) - at)));
         }
       return correct(table, lines);
     }},
    {"only for larger images", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       if (weights.size(0) >= weights.size(1)) return correct(table, weights);
       return table.slice(1, 0, 1 + weights.size(0) * weights.size(0)) + 0.0;
     }},
    {"CLS repeated for one patch", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       if (weights.size(1) > 1) return correct(table, weights);
       return cls_of(table).expand({1, 1 + weights.size(0) * weights.size(0), table.size(2)}).clone();
     }},
    {"rows and columns swapped in the input only", "VI-64",
     [](const Tensor& table, const Tensor& weights) {
       const Tensor turned = square_of(table, weights.size(1)).transpose(1, 2);
       return cat({cls_of(table), rows_of(matmul(matmul(weights, turned), weights.transpose(0, 1)))}, 1);
     }},
    {"the last row as CLS, without a gradient", "likely VI-63",
     [](const Tensor& table, const Tensor& weights) {
       const index_t n = table.size(1) - 1;
       return correct(cat({table.slice(1, n), table.slice(1, 0, n)}, 1).detach(), weights);
     }},
    {"no gradient for CLS", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       return cat({cls_of(table).detach(), correct(table, weights).slice(1, 1)}, 1);
     }},
    {"no gradient for the patches", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       return cat({cls_of(table), correct(table, weights).slice(1, 1).detach()}, 1);
     }},
    {"written into f32 zeros", "wrong",
     [](const Tensor& table, const Tensor& weights) {
       const Tensor y = correct(table, weights);
       return zeros(y.shape()) + y.to(f32);
     }},
    {"writes into the table", "likely SD-34", [](const Tensor& table, const Tensor& weights) {
       const Tensor y = correct(table, weights);
       Tensor same = table.detach();
       same.copy_((table * 2.0).detach());
       return y;
     }}};

}  // namespace

Tensor resize_positions(const Tensor& table, const Tensor& weights) { return answers.chosen(table, weights); }

}  // namespace heed::exercise
