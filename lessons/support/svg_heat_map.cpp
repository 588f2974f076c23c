#include <algorithm>
#include <sstream>

#include "lessons/support/lesson.h"
#include "lessons/support/svg.h"
#include "lessons/support/svg_elements.h"

namespace heed::lessons {

namespace {

std::string name_of(const std::vector<std::string>& names, index_t i) {
  return i < static_cast<index_t>(names.size()) ? names[static_cast<std::size_t>(i)] : concat(i);
}

// Throws Error if a number is outside the scale. The tolerance is for rounding errors.
void check_scale(const Tensor& x, const SvgHeatMap& options) {
  const double low = options.diverging ? -1 : 0;
  for (index_t r = 0; r < x.size(0); ++r)
    for (index_t c = 0; c < x.size(1); ++c) {
      if (options.allowed.defined() && !options.allowed.at({r, c})) continue;
      const double value = x.at({r, c});
      check(value >= low - 1e-3 && value <= 1 + 1e-3, "svg_heat_map", "expected numbers from ", low,
            " to 1 in \"", options.title, "\", got ", value,
            options.diverging ? "" : ". Hint: signed numbers need .diverging = true");
    }
}

// The cells of a heat map: where they are drawn, and how large they are.
struct Cells {
  double left, top, side;
  bool numbers;
};

std::string cell(double value, index_t r, index_t c, const Cells& cells, const SvgHeatMap& options) {
  const double x = cells.left + cells.side * static_cast<double>(c),
               y = cells.top + cells.side * static_cast<double>(r);
  const bool masked = options.allowed.defined() && !options.allowed.at({r, c});
  std::string out = concat(
      "<rect x=\"", x, "\" y=\"", y, "\" width=\"", cells.side, "\" height=\"", cells.side, "\" fill=\"",
      masked ? "url(#masked)" : svg::colour(options.diverging ? value : std::max(0.0, value)), "\"",
      cells.side >= 12 ? " stroke=\"#ccc\"" : " shape-rendering=\"crispEdges\"", "><title>",
      svg::escaped(name_of(options.rows, r)), " → ", svg::escaped(name_of(options.columns, c)), ": ",
      masked ? "masked" : fixed(value, 3), "</title></rect>\n");
  if (!cells.numbers || masked) return out;
  return out + svg::text(x + cells.side / 2, y + cells.side / 2 + 4, "middle", fixed(value, 2),
                         value > 0.5 ? "fill=\"white\" pointer-events=\"none\"" : "pointer-events=\"none\"");
}

// The names of the axes, and of rows and columns. Names of columns that do not fit are tilted.
std::string axis_names(index_t rows, index_t columns, const Cells& cells, bool tilted,
                       const SvgHeatMap& options) {
  const auto [left, top, side, numbers] = cells;
  std::string out = svg::text(left, 46, "start", options.column_axis + " →", "fill=\"#555\"") +
                    svg::text(16, top - 8, "start", options.row_axis + " ↓", "fill=\"#555\"");
  if (side < 12) return out;
  for (index_t c = 0; c < columns; ++c) {
    const double middle = left + side * (static_cast<double>(c) + 0.5);
    out += svg::text(middle, top - 8, tilted ? "start" : "middle", name_of(options.columns, c),
                     tilted ? concat("transform=\"rotate(-45 ", middle, " ", top - 8, ")\"") : "");
  }
  for (index_t r = 0; r < rows; ++r)
    out +=
        svg::text(left - 8, top + side * (static_cast<double>(r) + 0.5) + 4, "end", name_of(options.rows, r));
  return out;
}

constexpr const char* hatching =
    "<defs><pattern id=\"masked\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
    "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#f2f2f2\"/>"
    "<line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" stroke=\"#999\" stroke-width=\"2\"/></pattern></defs>\n";

}  // namespace

std::string svg_heat_map(const Tensor& x, const SvgHeatMap& options) {
  check_scale(x, options);
  const index_t rows = x.size(0), columns = x.size(1), most = std::max(rows, columns);
  const double side = most <= 8 ? 52 : most <= 32 ? 22 : 8;
  const bool tilted = svg::widest(options.columns) > side;  // names that do not fit side by side
  const double tilted_width = tilted ? 0.7 * svg::widest(options.columns) : 0;
  const Cells cells{
      .left = std::max({120.0, svg::widest(options.rows) + 24, svg::text_width(options.row_axis, 12) + 40}),
      .top = 84 + tilted_width,
      .side = side,
      .numbers = most <= 8};
  const double right = cells.left + side * static_cast<double>(columns) + 24,
               height = side * static_cast<double>(rows), bar = std::clamp(height, 90.0, 200.0);
  const double width = right + std::max(tilted_width, svg::colour_bar_width);
  std::ostringstream out;
  out << svg::open(std::max(width, svg::text_width(options.title, 16) + 48),
                   cells.top + std::max(height, bar) + 28, options.title)
      << hatching << axis_names(rows, columns, cells, tilted, options);
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < columns; ++c) out << cell(x.at({r, c}), r, c, cells, options);
  out << svg::colour_bar(right, cells.top, bar, options.scale, options.diverging) << svg::close();
  return out.str();
}

}  // namespace heed::lessons
