#include <algorithm>
#include <cmath>
#include <sstream>

#include "lessons/support/lesson.h"
#include "lessons/support/svg.h"
#include "lessons/support/svg_elements.h"

namespace heed::lessons {

namespace {

// The drawn names of boxes in an image, which must not overlap.
class BoxNames {
 public:
  BoxNames(double left, double top, double right, double bottom)
      : left_(left), top_(top), right_(right), bottom_(bottom) {}

  // Draws a name above, below or inside the box (x0, y0, x1, y1), at the first position that is free.
  std::string draw(double x0, double y0, double x1, double y1, const std::string& name, const char* colour) {
    const double width = svg::text_width(name, 10),
                 x_left = std::clamp(x0, left_, std::max(left_, right_ - width)),
                 x_right = std::max(left_, x1 - width);
    Position chosen{x_left, std::max(y0 - 3, top_ + 9), width};
    for (const Position& position : {Position{x_left, y0 - 3, width},
                                     {x_left, y1 + 10, width},
                                     {x_right, y0 - 3, width},
                                     {x_right, y1 + 10, width},
                                     {x_left, y0 + 11, width},
                                     {x_left, y1 - 3, width}})
      if (is_free(position)) {
        chosen = position;
        break;
      }
    drawn_.push_back(chosen);
    // The white edge separates the name from the lines behind it.
    return svg::text(chosen.x, chosen.y, "start", name,
                     concat("font-size=\"10\" fill=\"", colour,
                            "\" stroke=\"white\" stroke-width=\"3\" stroke-linejoin=\"round\" "
                            "paint-order=\"stroke\""));
  }

 private:
  struct Position {
    double x, y, width;  // the beginning of the baseline
  };
  bool is_free(const Position& p) const {
    constexpr double size = 10;
    return p.y - size >= top_ - 2 && p.y <= bottom_ &&
           std::ranges::none_of(drawn_, [&](const Position& other) {
             return p.x < other.x + other.width && other.x < p.x + p.width && std::abs(p.y - other.y) < size;
           });
  }
  double left_, top_, right_, bottom_;
  std::vector<Position> drawn_ = {};
};

// The lines of a box in an image whose upper left corner is at (left, top).
std::string svg_box(const SvgBox& box, double left, double top, double side) {
  const char* colour = box.missed ? "#c51b7d" : box.dashed ? "#444" : "#d95f02";
  return concat("<rect x=\"", left + side * box.x0, "\" y=\"", top + side * box.y0, "\" width=\"",
                side * (box.x1 - box.x0), "\" height=\"", side * (box.y1 - box.y0),
                "\" fill=\"none\" stroke=\"", colour, "\" stroke-width=\"", box.dashed && !box.missed ? 1 : 2,
                "\"", box.dashed ? " stroke-dasharray=\"3 3\"" : "", "><title>", svg::escaped(box.name),
                "</title></rect>\n");
}

// Its name, or nothing for the ground truth that was detected.
std::string svg_box_name(const SvgBox& box, double left, double top, double side, BoxNames& names) {
  if (box.name.empty() || (box.dashed && !box.missed)) return "";
  const double x0 = left + side * box.x0, x1 = left + side * box.x1, y0 = top + side * box.y0,
               y1 = top + side * box.y1;
  const char* colour = box.missed ? "#c51b7d" : "#a63603";
  if (!box.centred) return names.draw(x0, y0, x1, y1, box.name, colour);
  return svg::text((x0 + x1) / 2, (y0 + y1) / 2 + 4, "middle", box.name, concat("fill=\"", colour, "\""));
}

// The pixels of an image with its upper left corner at (left, top).
std::string svg_pixels(const SvgImage& p, double left, double top, double side) {
  const index_t rows = p.image.size(0), columns = p.image.size(1);
  const bool titled = rows * columns <= 256;  // titles for larger images would make the file large
  std::ostringstream out;
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < columns; ++c) {
      const double x = left + side * static_cast<double>(c), y = top + side * static_cast<double>(r),
                   value = p.image.at({r, c});
      out << "<rect x=\"" << x << "\" y=\"" << y << "\" width=\"" << side << "\" height=\"" << side
          << "\" fill=\"" << svg::colour(value / p.top) << "\" shape-rendering=\"crispEdges\""
          << (titled ? "><title>" + fixed(value, 3) + "</title></rect>\n" : "/>\n");
      if (p.numbers)
        out << svg::text(
            x + side / 2, y + side / 2 + 4, "middle", value == 0 ? "0" : fixed(value, 2),
            concat("font-size=\"10\" pointer-events=\"none\"", value > 0.5 * p.top ? " fill=\"white\"" : ""));
    }
  return out.str();
}

// The lines between the patches of an image.
std::string svg_grid(const SvgImage& p, double left, double top, double side) {
  const double right = left + side * static_cast<double>(p.image.size(1)),
               bottom = top + side * static_cast<double>(p.image.size(0));
  const svg::Stroke border{"#d95f02", "none"};
  std::string out;
  if (p.grid == 0) return out;
  for (double y = top + side * static_cast<double>(p.grid); y < bottom - side / 2;
       y += side * static_cast<double>(p.grid))
    out += svg::line(left, y, right, y, border, 1);
  for (double x = left + side * static_cast<double>(p.grid); x < right - side / 2;
       x += side * static_cast<double>(p.grid))
    out += svg::line(x, top, x, bottom, border, 1);
  return out;
}

// The height of the images: those with boxes or with numbers in many rows are larger.
double height_of(const std::vector<SvgImage>& images) {
  double height = 144;
  for (const SvgImage& p : images) {
    if (!p.boxes.empty()) height = std::max(height, 256.0);
    if (p.numbers) height = std::max(height, 30.0 * static_cast<double>(p.image.size(0)));
  }
  return height;
}

}  // namespace

std::string svg_images(const std::string& title, const std::vector<SvgImage>& images,
                       const std::string& scale) {
  const double height = height_of(images);
  constexpr double gap = 24, top = 44;
  std::string body;
  double left = gap;
  for (const SvgImage& p : images) {
    check(scale.empty() || p.top == 1, "svg_images", "expected the scale from 0 to 1 of the colour bar in \"",
          title, "\", got an image from 0 to ", p.top);
    const double side = height / static_cast<double>(p.image.size(0)),
                 width = side * static_cast<double>(p.image.size(1)),
                 slot = std::max(width, svg::text_width(p.caption, 12));
    left += (slot - width) / 2;
    body += svg_pixels(p, left, top, side) + svg_grid(p, left, top, side);
    BoxNames names(left, top, left + width, top + height);
    for (const SvgBox& box : p.boxes) body += svg_box(box, left, top, side);
    for (const SvgBox& box : p.boxes) body += svg_box_name(box, left, top, side, names);
    body += concat("<rect x=\"", left, "\" y=\"", top, "\" width=\"", width, "\" height=\"", height,
                   "\" fill=\"none\" stroke=\"#888\"/>\n",
                   svg::text(left + width / 2, top + height + 18, "middle", p.caption));
    left += (width + slot) / 2 + gap;
  }
  if (!scale.empty()) {
    body += svg::colour_bar(left, top, height, scale, false);
    left += svg::colour_bar_width;
  }
  return svg::open(std::max(left, svg::text_width(title, 16) + 2 * gap), top + height + 44, title) + body +
         svg::close();
}

}  // namespace heed::lessons
