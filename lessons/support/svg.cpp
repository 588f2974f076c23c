#include "lessons/support/svg.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <system_error>

#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"

namespace heed::lessons {

namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// From white over blue to dark blue, or, below 0, from white to orange. Lightness decreases evenly,
// so the order of values is visible in grey; orange remains lighter than dark blue.
std::string colour(double fraction) {
  constexpr double blue[3][3] = {{255, 255, 255}, {107, 174, 214}, {8, 48, 107}};
  constexpr double orange[3][3] = {{255, 255, 255}, {253, 190, 133}, {230, 85, 13}};
  const auto& stops = fraction < 0 ? orange : blue;
  fraction = std::abs(fraction);
  const double position = 2 * std::clamp(fraction, 0.0, 1.0);
  const int i = position < 1 ? 0 : 1;
  char text[8];
  int rgb[3];
  for (int c = 0; c < 3; ++c)
    rgb[c] = static_cast<int>(std::lround(stops[i][c] + (position - i) * (stops[i + 1][c] - stops[i][c])));
  std::snprintf(text, sizeof text, "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
  return text;
}

// The beginning of the drawing: size, font, white background and title, which screen readers read
// aloud.
std::string open(double width, double height, const std::string& title) {
  return concat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width, "\" height=\"", height,
                "\" viewBox=\"0 0 ", width, " ", height,
                "\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n<title>", escaped(title),
                "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
                "<text x=\"16\" y=\"24\" font-size=\"15\" font-weight=\"bold\">", escaped(title),
                "</text>\n");
}

std::string text(double x, double y, const char* anchor, const std::string& words,
                 const std::string& more = "") {
  return concat("<text x=\"", x, "\" y=\"", y, "\" text-anchor=\"", anchor, "\"", more.empty() ? "" : " ",
                more, ">", escaped(words), "</text>\n");
}

// The approximate width of a drawn text.
double text_width(const std::string& words, double size) {
  return 0.55 * size * static_cast<double>(columns(words));
}

double widest(const std::vector<std::string>& names) {
  double width = 0;
  for (const std::string& name : names) width = std::max(width, text_width(name, 12));
  return width;
}

std::string name_of(const std::vector<std::string>& names, index_t i) {
  return i < static_cast<index_t>(names.size()) ? names[static_cast<std::size_t>(i)] : concat(i);
}

}  // namespace

std::string svg_heat_map(const Tensor& x, const SvgHeatMap& options) {
  const index_t rows = x.size(0), columns = x.size(1);
  const index_t most = std::max(rows, columns);
  const double side = most <= 8 ? 52 : most <= 32 ? 22 : 8;
  const bool tilted = widest(options.columns) > side;  // names that do not fit side by side
  const double left = std::max({120.0, widest(options.rows) + 24, text_width(options.row_axis, 12) + 40}),
               top = 84 + (tilted ? 0.7 * widest(options.columns) : 0);
  const bool numbers = rows <= 8 && columns <= 8;
  std::ostringstream out;
  const double width =
      left + side * static_cast<double>(columns) + 24 + (tilted ? 0.7 * widest(options.columns) : 0);
  out << open(std::max(width, text_width(options.title, 16) + 48),
              top + side * static_cast<double>(rows) + 24, options.title);
  out << "<defs><pattern id=\"masked\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
         "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#f2f2f2\"/>"
         "<line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" stroke=\"#999\" stroke-width=\"2\"/></pattern></defs>\n";
  out << text(left, 46, "start", options.column_axis + " →", "fill=\"#555\"");
  out << text(16, top - 8, "start", options.row_axis + " ↓", "fill=\"#555\"");
  for (index_t c = 0; c < columns; ++c) {
    const double x_middle = left + side * (static_cast<double>(c) + 0.5);
    if (tilted)
      out << text(x_middle, top - 8, "start", name_of(options.columns, c),
                  concat("transform=\"rotate(-45 ", x_middle, " ", top - 8, ")\""));
    else if (side >= 12)
      out << text(x_middle, top - 8, "middle", name_of(options.columns, c));
  }
  for (index_t r = 0; r < rows; ++r) {
    const double y = top + side * static_cast<double>(r);
    if (side >= 12) out << text(left - 8, y + side / 2 + 4, "end", name_of(options.rows, r));
    for (index_t c = 0; c < columns; ++c) {
      const double px = left + side * static_cast<double>(c), value = x.at({r, c});
      const bool masked = options.allowed.defined() && !options.allowed.at({r, c});
      out << "<rect x=\"" << px << "\" y=\"" << y << "\" width=\"" << side << "\" height=\"" << side
          << "\" fill=\""
          << (masked ? "url(#masked)" : colour(options.diverging ? value : std::max(0.0, value))) << "\""
          << (side >= 12 ? " stroke=\"#ccc\"" : " shape-rendering=\"crispEdges\"") << "><title>"
          << escaped(name_of(options.rows, r)) << " → " << escaped(name_of(options.columns, c)) << ": "
          << (masked ? "masked" : fixed(value, 3)) << "</title></rect>\n";
      if (numbers && !masked)
        out << text(px + side / 2, y + side / 2 + 4, "middle", fixed(value, 2),
                    value > 0.5 ? "fill=\"white\" pointer-events=\"none\"" : "pointer-events=\"none\"");
    }
  }
  out << "</svg>\n";
  return out.str();
}

namespace {

// An axis with round ticks: multiples of 1, 2 or 5 times a power of ten; on a logarithmic axis,
// these numbers themselves.
struct Axis {
  bool logarithmic = false;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::vector<double> ticks = {};
  int decimals = 0;

  void include(double v) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  void round() { logarithmic ? round_powers() : round_steps(); }
  void round_steps() {
    if (high == low) high = low + 1;
    const double rough = (high - low) / 4, power = std::pow(10, std::floor(std::log10(rough)));
    const double lead = rough / power, step = power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
    low = step * std::floor(low / step + 1e-9);
    high = step * std::ceil(high / step - 1e-9);
    for (int i = 0; i <= static_cast<int>(std::lround((high - low) / step)); ++i)
      ticks.push_back(low + i * step);
    decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  }
  // Ticks at 1, 2, 5, 10, … from the last one <= low to the first one >= high, but at least two. If
  // the axis spans more than three powers of ten, only powers are ticks: at most about ten of them.
  void round_powers() {
    const bool sparse = high > 1000 * low;
    const double first = low, last = high;
    const int stride = std::max(1, static_cast<int>(std::ceil(std::log10(last / first) / 10)));
    const int begin = static_cast<int>(std::floor(std::floor(std::log10(first)) / stride)) * stride;
    for (int k = begin;; k += stride)
      for (const double lead : {1.0, 2.0, 5.0}) {
        const double v = lead * std::pow(10, k);
        if (sparse && lead > 1) continue;
        if (v <= first * (1 + 1e-9)) ticks.clear();
        ticks.push_back(v);
        if (ticks.size() < 2 || v < last * (1 - 1e-9)) continue;
        low = ticks.front();
        high = ticks.back();
        return;
      }
  }
  // The coordinate of v: differences of coordinates are proportional to distances in the figure.
  double coordinate(double v) const { return logarithmic ? std::log10(v) : v; }
  std::string label(double tick) const { return logarithmic ? concat(tick) : fixed(tick, decimals); }
};

struct Stroke {
  const char *colour, *dashes;
};
// Curves differ by lightness and dashes, not only by colour.
constexpr Stroke strokes[] = {{"#08306b", "none"},    {"#d95f02", "8 4"},  {"#1b9e77", "2 3"},
                              {"#7570b3", "8 3 2 3"}, {"#e7298a", "none"}, {"#66a61e", "12 4"},
                              {"#a6761d", "4 4"},     {"#999", "2 6"}};
constexpr Stroke baseline_stroke = {"#444", "4 4"};

// The shapes that mark points. They are hollow and of different sizes, so that several are visible
// at one point.
constexpr const char* markers[] = {"M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
                                   "M-5-5h10v10h-10z",
                                   "M0-7l6 10h-12z",
                                   "M0-9l9 9l-9 9l-9-9z",
                                   "M-7 0h14M0-7v14",
                                   "M-6-6l12 12M-6 6l12-12",
                                   "M0 7l6-10h-12z",
                                   "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0"};

std::string svg_marker(double x, double y, std::size_t curve) {
  return concat("<path d=\"", markers[curve % std::size(markers)], "\" transform=\"translate(", x, " ", y,
                ")\" fill=\"none\" stroke=\"", strokes[curve % std::size(strokes)].colour, "\"/>\n");
}

// The markers of a curve. If it has many points, every n-th is marked, and the curves take turns.
template <class X, class Y>
std::string svg_markers(const SvgCurve& curve, std::size_t index, X px, Y py) {
  const std::size_t stride = curve.x.size() <= 16 ? 1 : curve.x.size() / 8;
  std::string out;
  for (std::size_t k = index % stride; k < curve.x.size(); k += stride)
    out += svg_marker(px(curve.x[k]), py(curve.y[k]), index);
  return out;
}

std::string svg_line(double x1, double y1, double x2, double y2, const Stroke& stroke, int width = 2) {
  return concat("<line x1=\"", x1, "\" y1=\"", y1, "\" x2=\"", x2, "\" y2=\"", y2, "\" stroke=\"",
                stroke.colour, "\" stroke-width=\"", width, "\" stroke-dasharray=\"", stroke.dashes,
                "\"/>\n");
}

// `points`: "x,y x,y …"
std::string svg_polyline(const std::string& points, const Stroke& stroke, const std::string& title) {
  return concat("<polyline fill=\"none\" stroke-width=\"2\" stroke=\"", stroke.colour,
                "\" stroke-dasharray=\"", stroke.dashes, "\" points=\"", points, "\"><title>", escaped(title),
                "</title></polyline>\n");
}

// The drawn names of boxes in an image, which must not overlap.
class BoxNames {
 public:
  BoxNames(double left, double top, double right, double bottom)
      : left_(left), top_(top), right_(right), bottom_(bottom) {}

  // Draws a name above, below or inside the box (x0, y0, x1, y1), at the first position that is free.
  std::string draw(double x0, double y0, double x1, double y1, const std::string& name, const char* colour) {
    const double width = text_width(name, 10),
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
    return text(chosen.x, chosen.y, "start", name, concat("font-size=\"10\" fill=\"", colour, "\""));
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

std::string svg_box(const SvgBox& box, double left, double top, double side, BoxNames& names) {
  const double x = left + side * box.x0, y = top + side * box.y0, width = side * (box.x1 - box.x0),
               height = side * (box.y1 - box.y0);
  const char* colour = box.missed ? "#c51b7d" : box.dashed ? "#444" : "#d95f02";
  std::string out = concat(
      "<rect x=\"", x, "\" y=\"", y, "\" width=\"", width, "\" height=\"", height,
      "\" fill=\"none\" stroke=\"", colour, "\" stroke-width=\"", box.dashed && !box.missed ? 1 : 2, "\"",
      box.dashed ? " stroke-dasharray=\"3 3\"" : "", "><title>", escaped(box.name), "</title></rect>\n");
  if (box.name.empty() || (box.dashed && !box.missed)) return out;
  const char* ink = box.missed ? "#c51b7d" : "#a63603";
  if (box.centred)
    return out + text(x + width / 2, y + height / 2 + 4, "middle", box.name, concat("fill=\"", ink, "\""));
  return out + names.draw(x, y, x + width, y + height, box.name, ink);
}

// Throws Error unless both axes have finite limits, above 0 if they are logarithmic.
void check_axes(const Axis& x, const Axis& y, const std::string& title) {
  for (const double end : {x.low, x.high, y.low, y.high})
    check(std::isfinite(end), "svg_curves", "expected at least one point and finite values in \"", title,
          "\"");
  check((!x.logarithmic || x.low > 0) && (!y.logarithmic || y.low > 0), "svg_curves",
        "expected numbers above 0 on the logarithmic axes of \"", title, "\"");
}

// The width of the longest name in the legend.
double widest_name(const std::vector<SvgCurve>& curves, const SvgCurves& options) {
  std::vector<std::string> names = {options.baseline_name};
  for (const SvgCurve& curve : curves) names.push_back(curve.name);
  return widest(names);
}

}  // namespace

std::string svg_curves(const std::vector<SvgCurve>& curves, const SvgCurves& options) {
  constexpr double left = 64, top = 64, width = 460, height = 260;
  const bool baseline = !std::isnan(options.baseline);
  Axis x{.logarithmic = options.logarithmic}, y{.logarithmic = options.logarithmic || options.logarithmic_y};
  for (const SvgCurve& curve : curves) {
    for (const double v : curve.x) x.include(v);
    for (const double v : curve.y) y.include(v);
  }
  if (baseline) y.include(options.baseline);
  check_axes(x, y, options.title);
  x.round();
  y.round();
  const auto px = [&](double v) {
    return left +
           width * (x.coordinate(v) - x.coordinate(x.low)) / (x.coordinate(x.high) - x.coordinate(x.low));
  };
  const auto py = [&](double v) {
    return top +
           height * (y.coordinate(y.high) - y.coordinate(v)) / (y.coordinate(y.high) - y.coordinate(y.low));
  };

  std::ostringstream out;
  out << open(left + width + std::max(190.0, 62 + widest_name(curves, options)), top + height + 56,
              options.title);
  for (const double tick : y.ticks)
    out << svg_line(left, py(tick), left + width, py(tick), {"#ddd", "none"}, 1)
        << text(left - 8, py(tick) + 4, "end", y.label(tick) + options.y_unit);
  for (const double tick : x.ticks) out << text(px(tick), top + height + 18, "middle", x.label(tick));
  out << text(left + width / 2, top + height + 40, "middle", options.x_axis)
      << text(16, top - 18, "start", options.y_axis, "fill=\"#555\"");

  double legend = top + 8;
  const auto in_legend = [&](const std::string& name, const std::string& sample) {
    out << sample << text(left + width + 46, legend, "start", name);
    legend += 20;
  };
  const auto legend_line = [&](const Stroke& stroke) {
    return svg_line(left + width + 12, legend - 4, left + width + 40, legend - 4, stroke);
  };
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const SvgCurve& curve = curves[i];
    if (options.points || options.only_points)
      out << svg_markers(curve, i, px, py) << svg_marker(left + width + 26, legend - 4, i);
    if (options.only_points) {
      in_legend(curve.name, "");
      continue;
    }
    std::ostringstream points;
    for (std::size_t k = 0; k < curve.x.size(); ++k) points << px(curve.x[k]) << "," << py(curve.y[k]) << " ";
    const Stroke& stroke = strokes[i % std::size(strokes)];
    out << svg_polyline(points.str(), stroke, curve.name);
    in_legend(curve.name, legend_line(stroke));
  }
  if (baseline) {
    out << svg_line(left, py(options.baseline), left + width, py(options.baseline), baseline_stroke, 1);
    in_legend(options.baseline_name, legend_line(baseline_stroke));
  }
  out << "</svg>\n";
  return out.str();
}

std::string svg_images(const std::string& title, const std::vector<SvgImage>& images) {
  // Images with boxes are larger, so that their names fit.
  const bool boxes = std::ranges::any_of(images, [](const SvgImage& image) { return !image.boxes.empty(); });
  const double height = boxes ? 256 : 144;
  constexpr double gap = 24, top = 44;
  std::ostringstream body;
  double left = gap;
  for (const SvgImage& p : images) {
    const index_t rows = p.image.size(0), columns = p.image.size(1);
    const double side = height / static_cast<double>(rows), width = side * static_cast<double>(columns);
    const double slot = std::max(width, text_width(p.caption, 12));
    left += (slot - width) / 2;
    const bool titled = rows * columns <= 256;  // titles for larger images would make the file large
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < columns; ++c)
        body << "<rect x=\"" << left + side * static_cast<double>(c) << "\" y=\""
             << top + side * static_cast<double>(r) << "\" width=\"" << side << "\" height=\"" << side
             << "\" fill=\"" << colour(p.image.at({r, c}) / p.top) << "\" shape-rendering=\"crispEdges\""
             << (titled ? "><title>" + fixed(p.image.at({r, c}), 3) + "</title></rect>\n" : "/>\n");
    const Stroke border{"#d95f02", "none"};
    for (index_t g = p.grid; p.grid > 0 && g < rows; g += p.grid)
      body << svg_line(left, top + side * static_cast<double>(g), left + width,
                       top + side * static_cast<double>(g), border, 1);
    for (index_t g = p.grid; p.grid > 0 && g < columns; g += p.grid)
      body << svg_line(left + side * static_cast<double>(g), top, left + side * static_cast<double>(g),
                       top + height, border, 1);
    BoxNames names(left, top, left + width, top + height);
    for (const SvgBox& box : p.boxes) body << svg_box(box, left, top, side, names);
    body << "<rect x=\"" << left << "\" y=\"" << top << "\" width=\"" << width << "\" height=\"" << height
         << "\" fill=\"none\" stroke=\"#888\"/>\n"
         << text(left + width / 2, top + height + 20, "middle", p.caption);
    left += (width + slot) / 2 + gap;
  }
  return open(std::max(left, text_width(title, 16) + 2 * gap), top + height + 40, title) + body.str() +
         "</svg>\n";
}

static void make_folder(const std::string& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  check(!error, "figures", "cannot create the folder ", dir, ": ", error.message(),
        ". Hint: --figures expects a folder that exists or can be created");
}

bool can_write_into(const std::string& dir) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path probe = fs::path(dir) / concat(".heed-probe.", getpid());
  const bool written = std::ofstream(probe).is_open();
  fs::remove(probe, error);
  return written;
}

void make_figures_folder(const std::string& dir) {
  make_folder(dir);
  check(can_write_into(dir), "figures", "cannot write into the folder ", dir,
        ". Hint: --figures expects a writable folder");
}

void write_figure(const std::string& dir, const std::string& name, const std::string& svg) {
  namespace fs = std::filesystem;
  const fs::path path = fs::path(dir) / name, part = path.string() + ".part";
  make_folder(dir);
  std::error_code error;
  {
    std::ofstream file(part, std::ios::binary);
    file << svg;
    file.flush();
    if (!file) {
      fs::remove(part, error);
      fail("figures", "cannot write ", path.string(), ". Hint: is the folder writable? Is the disk full?");
    }
  }
  fs::rename(part, path, error);
  check(!error, "figures", "cannot write ", path.string(), ": ", error.message());
}

}  // namespace heed::lessons
