// split_merge_diagram.h — the diagram of lesson 04: how the channels are split into heads and merged.
#pragma once

#include <cmath>

#include "lessons/support/diagram.h"
#include "lessons/support/lesson.h"
#include "nn/multihead_attention.h"

namespace heed::lessons {

// The middles of the grids that show an example.
struct ExamplePositions {
  DiagramBox q, reshaped, split, heads, merged;
};

// Draws the elements of `example` (1, T, C), with the channels of the second of two heads in the second
// colour. After attention, the elements are mixtures, so only the colours remain.
inline void draw_example(Diagram& diagram, const Tensor& example, const ExamplePositions& positions) {
  constexpr double side = 25;
  const index_t rows = example.size(1), half = example.size(2) / 2;
  const double above = side * static_cast<double>(rows) / 2,
               beside = side * static_cast<double>(half) / 2 + 8;
  const auto draw = [&](const DiagramBox& at, double to_right, const Tensor& part, index_t first,
                        index_t block, bool numbers) {
    DiagramCells cells{.rows = rows, .columns = part.size(1), .side = side, .block = block};
    cells.accent = [=](index_t, index_t c) { return first + c >= half; };
    if (numbers) cells.name = [&part](index_t r, index_t c) { return fixed(part.at({r, c}), 0); };
    diagram.cells(at.x + to_right, at.y - above, cells);
  };
  const Tensor heads = example.reshape({1, rows, 2, half}).transpose(1, 2);
  const Tensor merged = heads.transpose(1, 2).reshape(example.shape());
  draw(positions.q, 0, example[0], 0, 0, true);
  draw(positions.reshaped, 0, example[0], 0, half, true);
  for (const bool attended : {false, true}) {
    const DiagramBox& at = attended ? positions.heads : positions.split;
    draw(at, -beside, heads[0][0], 0, 0, !attended);
    draw(at, beside, heads[0][1], half, 0, !attended);
  }
  draw(positions.merged, 0, merged[0], 0, 0, false);
  diagram.note(positions.split.x - beside, positions.split.y - above - 9, "head 0", true);
  diagram.note(positions.split.x + beside, positions.split.y - above - 9, "head 1", true);
}

// x (1, T, C) through the layer, batch first. Beside the shapes of the queries, the elements of
// `example` (1, T, C) with two heads show which channels move where.
inline std::string split_merge_diagram(nn::MultiheadAttention& layer, const Tensor& x,
                                       const Tensor& example) {
  const nn::EvaluationMode evaluation(layer);
  const index_t heads = layer.options.nhead, b = x.size(0), t = x.size(1), c = x.size(2), d = c / heads;
  const std::vector<Tensor> projected = chunk(linear(x, layer.in_proj_weight, layer.in_proj_bias), 3, -1);
  const Tensor& q = projected[0];
  const Tensor reshaped = q.reshape({b, t, heads, d}), split = reshaped.transpose(1, 2);
  const auto in_heads = [&](const Tensor& p) { return p.reshape({b, t, heads, d}).transpose(1, 2); };
  const AttentionResult attended = attention(split, in_heads(projected[1]), in_heads(projected[2]), {});
  const Tensor words = attended.output.transpose(1, 2), merged = words.reshape({b, t, c}),
               output = layer.out_proj(merged);
  check(max_abs_difference(output, layer.forward(x, x, x).output) < 1e-5, "split_merge_diagram",
        "expected the output of the layer");

  Diagram diagram("Split and merge",
                  "The queries are split into heads by a reshape and a transpose. After attention in each "
                  "head, a transpose and a reshape merge them. Keys and values are split in the same way.",
                  400);
  DiagramColumn column(diagram, 112, 62, 184);
  const DiagramBox of_x = column.tensor("x", x.shape());
  column.op("linear (W_Q)");
  const DiagramBox of_q = column.tensor("q", q.shape());
  column.op("reshape");
  const DiagramBox of_reshaped = column.tensor("q", reshaped.shape());
  column.op("transpose(1, 2)");
  const DiagramBox of_split = column.tensor("q", split.shape());
  const DiagramBox attend = column.op("attention in each head");
  const DiagramBox of_heads = column.tensor("heads", attended.output.shape());
  column.op("transpose(1, 2)\nreshape");
  const DiagramBox of_merged = column.tensor("merged", merged.shape());
  column.op("linear (W_O)");
  const DiagramBox last = column.tensor("output", output.shape());

  constexpr double right = 304;
  diagram.note(right, of_x.middle() - 4, "keys and values are", true);
  diagram.note(right, of_x.middle() + 13, "split in the same way", true);
  const DiagramBox weights =
      diagram.tensor(right, attend.middle() - 23, 128, "weights", attended.weights.shape());
  diagram.side_arrow(attend, weights);
  diagram.note(right, of_q.y - 12, concat(example.size(1), " words, ", example.size(2), " channels"), true);
  draw_example(diagram, example,
               {.q = {right, of_q.middle()},
                .reshaped = {right, of_reshaped.middle()},
                .split = {right, of_split.middle()},
                .heads = {right, of_heads.middle()},
                .merged = {right, of_merged.middle()}});
  diagram.note(20, last.bottom() + 30, "(B, T, C) is split into (B, H, T, D), with C = H · D");
  return diagram.svg();
}

}  // namespace heed::lessons
