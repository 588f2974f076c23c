#include "lessons/support/diagram.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "autograd/error.h"
#include "lessons/support/svg_elements.h"

namespace heed::lessons {

namespace {

constexpr double tensor_height = 46, op_height = 32, sum_radius = 11, row_gap = 20, corner = 8, border = 20;

// Text is dark on light, or light on dark; the background is drawn, so that both are readable on
// every page.
constexpr const char* style = R"(<style>
.paper{fill:#ffffff}.ink{fill:#1f2933}.muted{fill:#52606d}
.tensor{fill:#e3eefa;stroke:#2f6fb0}.op{fill:#ffffff;stroke:#7b8794}
.accent{fill:#fde4cf;stroke:#c4560b}.frame{fill:#f4f6f8;stroke:#cbd2d9}
.line{fill:none;stroke:#52606d}.head{fill:#52606d}.thick{fill:none;stroke:#1f2933}
.around{fill:none;stroke:#c4560b}.around-head{fill:#c4560b}
@media (prefers-color-scheme:dark){
.paper{fill:#0d1117}.ink{fill:#e6edf3}.muted{fill:#a3b1bf}
.tensor{fill:#14324f;stroke:#62a0dc}.op{fill:#1b222b;stroke:#7d8894}
.accent{fill:#4a2a10;stroke:#f0954a}.frame{fill:#151b23;stroke:#39424d}
.line{fill:none;stroke:#a3b1bf}.head{fill:#a3b1bf}.thick{fill:none;stroke:#e6edf3}
.around{fill:none;stroke:#f0954a}.around-head{fill:#f0954a}}
</style>
)";

std::string diagram_text(double x, double y, const char* anchor, const char* kind, double size,
                         const std::string& words, bool bold = false) {
  return concat("<text x=\"", x, "\" y=\"", y, "\" text-anchor=\"", anchor, "\" class=\"", kind,
                "\" font-size=\"", size, "\"", bold ? " font-weight=\"600\"" : "", ">", svg::escaped(words),
                "</text>\n");
}

std::string diagram_rect(const DiagramBox& box, double radius, const char* kind) {
  return concat("<rect x=\"", box.left(), "\" y=\"", box.y, "\" width=\"", box.width, "\" height=\"",
                box.height, "\" rx=\"", radius, "\" class=\"", kind, "\" stroke-width=\"1.25\"/>\n");
}

// A path from (x0, y0) that leaves in one direction, runs along the line through `turn`, and arrives
// at (x1, y1) in the same direction; its two corners are rounded. With `upright`, the direction is
// vertical and the line horizontal.
std::string path_with_corners(double x0, double y0, double x1, double y1, double turn, bool upright) {
  std::ostringstream path;
  path << "M" << x0 << " " << y0;
  const double along = upright ? x1 - x0 : y1 - y0;
  if (std::abs(along) > 0.5) {
    const double r = std::min(corner, std::abs(along) / 2), sign = along > 0 ? 1 : -1;
    const double in = (upright ? turn - y0 : turn - x0) > 0 ? r : -r,
                 out = (upright ? y1 - turn : x1 - turn) > 0 ? r : -r;
    if (upright)
      path << "V" << turn - in << "Q" << x0 << " " << turn << " " << x0 + sign * r << " " << turn << "H"
           << x1 - sign * r << "Q" << x1 << " " << turn << " " << x1 << " " << turn + out;
    else
      path << "H" << turn - in << "Q" << turn << " " << y0 << " " << turn << " " << y0 + sign * r << "V"
           << y1 - sign * r << "Q" << turn << " " << y1 << " " << turn + out << " " << y1;
  }
  if (upright)
    path << "V" << y1;
  else
    path << "H" << x1;
  return path.str();
}

}  // namespace

Diagram::Diagram(std::string title, std::string description, double width)
    : title_(std::move(title)), description_(std::move(description)), width_(width) {}

void Diagram::include(const DiagramBox& box) {
  check(box.left() >= 0 && box.right() <= width_, "diagram", "expected elements within the width ", width_,
        " of \"", title_, "\", got one from ", box.left(), " to ", box.right());
  height_ = std::max(height_, box.bottom());
}

DiagramBox Diagram::tensor(double x, double y, double width, const std::string& name, const Shape& shape) {
  const DiagramBox box{x, y, width, tensor_height};
  include(box);
  boxes_ += diagram_rect(box, 10, "tensor") + diagram_text(x, y + 19, "middle", "ink", 14, name, true) +
            diagram_text(x, y + 37, "middle", "ink", 13.5, concat(shape));
  return box;
}

DiagramBox Diagram::op(double x, double y, double width, const std::string& name) {
  std::vector<std::string> lines;
  std::istringstream in(name);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  const double line_height = lines.size() > 1 ? 27 : op_height;
  const DiagramBox box{x, y, width, line_height * static_cast<double>(lines.size())};
  include(box);
  boxes_ += diagram_rect(box, 2, "op");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double top = y + line_height * static_cast<double>(i);
    if (i > 0) boxes_ += concat("<path d=\"M", box.left(), " ", top, "h", width, "\" class=\"op\"/>\n");
    boxes_ += diagram_text(x, top + line_height / 2 + 5, "middle", "ink", 14, lines[i]);
  }
  return box;
}

DiagramBox Diagram::sum(double x, double y) {
  const DiagramBox box{x, y, 2 * sum_radius, 2 * sum_radius};
  include(box);
  boxes_ += concat("<circle cx=\"", x, "\" cy=\"", box.middle(), "\" r=\"", sum_radius,
                   "\" class=\"op\" stroke-width=\"1.25\"/>\n<path d=\"M", x - 5, " ", box.middle(), "h10M",
                   x, " ", box.middle() - 5, "v10\" class=\"thick\" stroke-width=\"1.5\"/>\n");
  return box;
}

DiagramBox Diagram::cells(double x, double y, const DiagramCells& o) {
  const DiagramBox box{x, y, o.side * static_cast<double>(o.columns), o.side * static_cast<double>(o.rows)};
  include(box);
  for (index_t r = 0; r < o.rows; ++r)
    for (index_t c = 0; c < o.columns; ++c) {
      const DiagramBox cell{box.left() + o.side * (static_cast<double>(c) + 0.5),
                            y + o.side * static_cast<double>(r), o.side, o.side};
      boxes_ +=
          diagram_rect(cell, std::min(2.0, 0.1 * o.side), o.accent && o.accent(r, c) ? "accent" : "tensor");
      if (o.name)
        boxes_ +=
            diagram_text(cell.x, cell.middle() + 4.5, "middle", "ink", 0.3 * o.side + 6.5, o.name(r, c));
    }
  for (index_t i = 0; o.block > 0 && i <= std::max(o.rows, o.columns); i += o.block) {
    const double at = o.side * static_cast<double>(i);
    boxes_ += concat("<path d=\"M", box.left(), " ", y + std::min(at, box.height), "h", box.width, "M",
                     box.left() + std::min(at, box.width), " ", y, "v", box.height,
                     "\" class=\"thick\" stroke-width=\"2.5\" stroke-linecap=\"square\"/>\n");
  }
  return box;
}

// Adds a path with an arrowhead at (x, y) that points into the direction (dx, dy).
void Diagram::route(const std::string& path, double x, double y, double dx, double dy, const char* kind) {
  const double back = 8, half = 4.5;
  lines_ += concat("<path d=\"", path, "\" class=\"", kind, "\" stroke-width=\"1.5\"/>\n<path d=\"M", x, " ",
                   y, "L", x - back * dx - half * dy, " ", y - back * dy - half * dx, "L",
                   x - back * dx + half * dy, " ", y - back * dy + half * dx, "Z\" class=\"",
                   kind == std::string("line") ? "head" : "around-head", "\"/>\n");
}

void Diagram::arrow(const DiagramBox& from, const DiagramBox& to) {
  const bool above = from.x > to.left() + corner && from.x < to.right() - corner;
  const double x = above ? from.x : to.x, end = to.y - 1, turn = (from.bottom() + to.y) / 2 - 2;
  route(path_with_corners(from.x, from.bottom(), x, end - 5, turn, true), x, end, 0, 1, "line");
}

void Diagram::side_arrow(const DiagramBox& from, const DiagramBox& to, double x) {
  const bool right = to.x > from.x;
  const double begin = right ? from.right() : from.left(), end = right ? to.left() - 1 : to.right() + 1;
  const double turn = x > 0 ? x : (begin + end) / 2, sign = right ? 1 : -1;
  route(path_with_corners(begin, from.middle(), end - 5 * sign, to.middle(), turn, false), end, to.middle(),
        sign, 0, "line");
}

void Diagram::residual(const DiagramBox& from, const DiagramBox& to, double x) {
  const bool left = x < from.x;
  const double begin = left ? from.left() : from.right(), end = left ? to.left() - 1 : to.right() + 1,
               sign = left ? 1 : -1;
  route(path_with_corners(begin, from.middle(), end - 5 * sign, to.middle(), x, false), end, to.middle(),
        sign, 0, "around");
}

void Diagram::frame(const DiagramBox& first, const DiagramBox& last, double width, const std::string& label,
                    Corner at) {
  const double above = 32, below = 14;
  const DiagramBox box{first.x, first.y - above, width, last.bottom() - first.y + above + below};
  include(box);
  frames_ +=
      diagram_rect(box, 10, "frame") +
      (at == Corner::left ? diagram_text(box.left() + 12, box.y + 20, "start", "muted", 13, label, true)
                          : diagram_text(box.right() - 12, box.y + 20, "end", "muted", 13, label, true));
}

void Diagram::note(double x, double y, const std::string& text, bool centred) {
  height_ = std::max(height_, y);
  boxes_ += diagram_text(x, y, centred ? "middle" : "start", "muted", 13, text);
}

double Diagram::notes(double x, double y, const std::vector<std::string>& lines) {
  constexpr double line_height = 18;
  for (const std::string& line : lines) {
    note(x, y, line);
    y += line_height;
  }
  return y - line_height;
}

std::string Diagram::svg() const {
  const double height = height_ + border;
  return concat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width_, "\" height=\"", height,
                "\" viewBox=\"0 0 ", width_, " ", height,
                "\" font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', "
                "'Apple SD Gothic Neo', 'Malgun Gothic', 'Noto Sans KR', 'Noto Sans CJK KR', sans-serif\" "
                "role=\"img\">\n<title>",
                svg::escaped(title_), "</title>\n<desc>", svg::escaped(description_), "</desc>\n", style,
                "<rect width=\"100%\" height=\"100%\" rx=\"6\" class=\"paper\"/>\n",
                diagram_text(border, 32, "start", "ink", 16, title_, true), frames_, lines_, boxes_,
                "</svg>\n");
}

DiagramBox DiagramColumn::append(const DiagramBox& box) {
  if (last_) diagram_.arrow(*last_, box);
  y_ = box.bottom() + row_gap;
  last_ = box;
  return box;
}

DiagramBox DiagramColumn::tensor(const std::string& name, const Shape& shape) {
  return append(diagram_.tensor(x_, y_, width_, name, shape));
}
DiagramBox DiagramColumn::op(const std::string& name) { return append(diagram_.op(x_, y_, width_, name)); }
DiagramBox DiagramColumn::sum() { return append(diagram_.sum(x_, y_)); }
DiagramBox DiagramColumn::cells(const DiagramCells& options) {
  return append(diagram_.cells(x_, y_, options));
}

}  // namespace heed::lessons
