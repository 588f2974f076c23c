// shifted_window_diagram.h — the diagram of lesson 10_swin: attention in shifted windows.
#pragma once

#include "lessons/support/diagram.h"
#include "lessons/support/lesson.h"
#include "nn/models/swin.h"

namespace heed::lessons {

// The regions of a map of side x side pixels with windows shifted by `shift`, as numbers (1, side,
// side, 1): pixels of one region may attend to each other.
inline Tensor shifted_regions(index_t side, index_t window, index_t shift) {
  const index_t across = side / window + 1;
  std::vector<double> regions;
  for (index_t row = 0; row < side; ++row)
    for (index_t column = 0; column < side; ++column) {
      const index_t down = (row + window - shift) / window, right = (column + window - shift) / window;
      regions.push_back(static_cast<double>(down * across + right));
    }
  return from_vector(regions, {1, side, side, 1});
}

// Draws a map of regions as letters. Those that meet in the last window have the second colour.
inline void draw_regions(Diagram& diagram, double x, double y, const Tensor& regions, index_t window,
                         index_t block) {
  const index_t side = regions.size(1), last = side / window;
  const auto region = [&](index_t r, index_t c) { return static_cast<index_t>(regions.at({0, r, c, 0})); };
  const auto at_border = [&](index_t i) { return i == 0 || i == last; };
  diagram.cells(
      x, y,
      {.rows = side,
       .columns = side,
       .side = 128 / static_cast<double>(side),
       .name = [&](index_t r, index_t c) { return std::string(1, static_cast<char>('A' + region(r, c))); },
       .accent =
           [&](index_t r, index_t c) {
             return at_border(region(r, c) / (last + 1)) && at_border(region(r, c) % (last + 1));
           },
       .block = block});
}

// x (1, side, side, C) through a layer that shifts its windows and masks.
inline std::string shifted_window_diagram(nn::ShiftedWindowAttention& layer, const Tensor& x) {
  const nn::EvaluationMode evaluation(layer);
  const index_t side = x.size(1), window = layer.options.window_size, shift = layer.options.shift;
  const auto rolled_by = [](const Tensor& t, index_t by) { return roll(roll(t, by, 1), by, 2); };
  const Tensor rolled = rolled_by(x, -shift), windows = nn::window_partition(rolled, window);
  Tensor weights;
  const Tensor output = layer.forward(x, &weights),
               attended = nn::window_partition(rolled_by(output, -shift), window),
               reversed = nn::window_reverse(attended, window, side, side);
  check(max_abs_difference(rolled_by(reversed, shift), output) == 0, "shifted_window_diagram",
        "expected the output of the layer");
  const Mask mask = nn::shift_mask(side, side, window, shift, shift);

  Diagram diagram(
      "Attention in shifted windows",
      "The feature map is rolled, cut into windows, and attention is computed in each window. A "
      "mask separates pixels that are not neighbours. Then the map is put together and rolled back.",
      420);
  constexpr double right = 332;
  DiagramColumn column(diagram, 118, 62, 196);
  const DiagramBox of_x = column.tensor("feature map", x.shape());
  column.op(concat("roll by −", shift, ", −", shift));
  column.tensor("rolled", rolled.shape());
  column.op("window_partition");
  column.tensor("windows", windows.shape());
  const DiagramBox attend = column.op("q, k, v\nscores + bias\nmasked softmax\nweights · v");
  column.tensor("windows", attended.shape());
  column.op("window_reverse");
  column.tensor("rolled", reversed.shape());
  column.op(concat("roll by ", shift, ", ", shift));
  const DiagramBox last = column.tensor("output", output.shape());

  const auto row = [&](int i) {
    const double height = attend.height / 4;
    return DiagramBox{attend.x, attend.y + i * height, attend.width, height};
  };
  const double y = row(2).middle() - 23;
  diagram.side_arrow(diagram.tensor(right, y - 58, 148, "bias", layer.bias().shape()), row(1));
  diagram.side_arrow(diagram.tensor(right, y, 148, "mask", mask.shape()), row(2));
  diagram.side_arrow(row(3), diagram.tensor(right, y + 58, 148, "weights", weights.shape()));

  const Tensor regions = shifted_regions(side, window, shift);
  draw_regions(diagram, right, of_x.y, regions, window, 0);
  draw_regions(diagram, right, of_x.y + 144, rolled_by(regions, -shift), window, window);
  diagram.note(20, last.bottom() + 30, "(B, height, width, C) and (B, windows, pixels, C)");
  return diagram.svg();
}

}  // namespace heed::lessons
