#include "lessons/support/svg.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <system_error>

#include "lessons/support/lesson.h"

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

// White, mid blue, dark blue: lightness falls evenly, so the order of values survives in grey.
std::string colour(double fraction) {
  constexpr double stops[3][3] = {{255, 255, 255}, {107, 174, 214}, {8, 48, 107}};
  const double at = 2 * std::clamp(fraction, 0.0, 1.0);
  const int i = at < 1 ? 0 : 1;
  char text[8];
  int rgb[3];
  for (int c = 0; c < 3; ++c)
    rgb[c] = static_cast<int>(std::lround(stops[i][c] + (at - i) * (stops[i + 1][c] - stops[i][c])));
  std::snprintf(text, sizeof text, "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
  return text;
}

// Opens the drawing: a white page, one font, the title. `about` is what a screen reader says.
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

std::string name_of(const std::vector<std::string>& names, index_t i) {
  return i < static_cast<index_t>(names.size()) ? names[static_cast<std::size_t>(i)] : concat(i);
}

}  // namespace

std::string svg_heat_map(const Tensor& x, const SvgHeatMap& options) {
  const index_t rows = x.size(0), columns = x.size(1);
  const double side = std::max(rows, columns) <= 8 ? 52 : 22, left = 120, top = 84;
  const bool numbers = rows <= 8 && columns <= 8;
  std::ostringstream out;
  out << open(left + side * static_cast<double>(columns) + 24, top + side * static_cast<double>(rows) + 24,
              options.title);
  out << "<defs><pattern id=\"hidden\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
         "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#f2f2f2\"/>"
         "<line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" stroke=\"#999\" stroke-width=\"2\"/></pattern></defs>\n";
  out << text(left, 46, "start", options.column_axis + " →", "fill=\"#555\"");
  out << text(16, top - 8, "start", options.row_axis + " ↓", "fill=\"#555\"");
  for (index_t c = 0; c < columns; ++c)
    out << text(left + side * (static_cast<double>(c) + 0.5), top - 8, "middle", name_of(options.columns, c));
  for (index_t r = 0; r < rows; ++r) {
    const double y = top + side * static_cast<double>(r);
    out << text(left - 8, y + side / 2 + 4, "end", name_of(options.rows, r));
    for (index_t c = 0; c < columns; ++c) {
      const double px = left + side * static_cast<double>(c), value = x.at({r, c});
      const bool hidden = options.allowed.defined() && !options.allowed.at({r, c});
      out << "<rect x=\"" << px << "\" y=\"" << y << "\" width=\"" << side << "\" height=\"" << side
          << "\" fill=\"" << (hidden ? "url(#hidden)" : colour(value)) << "\" stroke=\"#ccc\"><title>"
          << escaped(name_of(options.rows, r)) << " → " << escaped(name_of(options.columns, c)) << ": "
          << (hidden ? "masked" : fixed(value, 3)) << "</title></rect>\n";
      if (numbers && !hidden)
        out << text(px + side / 2, y + side / 2 + 4, "middle", fixed(value, 2),
                    value > 0.5 ? "fill=\"white\" pointer-events=\"none\"" : "pointer-events=\"none\"");
    }
  }
  out << "</svg>\n";
  return out.str();
}

std::string svg_curves(const std::vector<SvgCurve>& curves, const SvgCurves& options) {
  // Dark to light with different dashes: lines differ by more than colour.
  static const char* const strokes[] = {"#08306b", "#d95f02", "#1b9e77", "#7570b3"};
  static const char* const dashes[] = {"none", "8 4", "2 3", "8 3 2 3"};
  constexpr double left = 64, top = 48, width = 460, height = 260;
  double x0 = std::numeric_limits<double>::infinity(), x1 = -x0, y0 = x0, y1 = -x0;
  const auto widen = [](double& low, double& high, double v) {
    low = std::min(low, v), high = std::max(high, v);
  };
  for (const SvgCurve& curve : curves) {
    for (const double v : curve.x) widen(x0, x1, v);
    for (const double v : curve.y) widen(y0, y1, v);
  }
  if (!std::isnan(options.baseline)) widen(y0, y1, options.baseline);
  check(std::isfinite(x0) && std::isfinite(x1) && std::isfinite(y0) && std::isfinite(y1), "svg_curves",
        "nothing to draw, or a value that is not finite, in \"", options.title, "\"");
  if (x1 == x0) x1 = x0 + 1;
  if (y1 == y0) y1 = y0 + 1;
  const auto px = [&](double v) { return left + width * (v - x0) / (x1 - x0); };
  const auto py = [&](double v) { return top + height * (y1 - v) / (y1 - y0); };
  std::ostringstream out;
  out << open(left + width + 150, top + height + 56, options.title);
  for (int tick = 0; tick <= 4; ++tick) {
    const double vx = x0 + (x1 - x0) * tick / 4, vy = y0 + (y1 - y0) * tick / 4;
    out << "<line x1=\"" << left << "\" x2=\"" << left + width << "\" y1=\"" << py(vy) << "\" y2=\"" << py(vy)
        << "\" stroke=\"#ddd\"/>\n"
        << text(left - 8, py(vy) + 4, "end", fixed(vy, y1 - y0 < 10 ? 2 : 0))
        << text(px(vx), top + height + 18, "middle", fixed(vx, x1 - x0 < 10 ? 1 : 0));
  }
  out << text(left + width / 2, top + height + 40, "middle", options.x_axis)
      << text(16, top - 10, "start", options.y_axis, "fill=\"#555\"");
  double legend = top + 8;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    out << "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" << strokes[i % 4]
        << "\" stroke-dasharray=\"" << dashes[i % 4] << "\" points=\"";
    for (std::size_t k = 0; k < curves[i].x.size(); ++k)
      out << px(curves[i].x[k]) << "," << py(curves[i].y[k]) << " ";
    out << "\"><title>" << escaped(curves[i].name) << "</title></polyline>\n";
    out << "<line x1=\"" << left + width + 12 << "\" x2=\"" << left + width + 40 << "\" y1=\"" << legend - 4
        << "\" y2=\"" << legend - 4 << "\" stroke-width=\"2\" stroke=\"" << strokes[i % 4]
        << "\" stroke-dasharray=\"" << dashes[i % 4] << "\"/>\n"
        << text(left + width + 46, legend, "start", curves[i].name);
    legend += 20;
  }
  if (!std::isnan(options.baseline))
    out << "<line x1=\"" << left << "\" x2=\"" << left + width << "\" y1=\"" << py(options.baseline)
        << "\" y2=\"" << py(options.baseline) << "\" stroke=\"#444\" stroke-dasharray=\"4 4\"/>\n"
        << text(left + width + 12, py(options.baseline) + 4, "start", options.baseline_name);
  out << "</svg>\n";
  return out.str();
}

std::string svg_pictures(const std::string& title, const std::vector<SvgPicture>& pictures) {
  constexpr double size = 144, gap = 24, top = 44;
  std::ostringstream out;
  out << open(gap + static_cast<double>(pictures.size()) * (size + gap), top + size + 40, title);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const SvgPicture& p = pictures[i];
    const index_t rows = p.image.size(0), columns = p.image.size(1);
    const double left = gap + static_cast<double>(i) * (size + gap);
    const double w = size / static_cast<double>(columns), h = size / static_cast<double>(rows);
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < columns; ++c)
        out << "<rect x=\"" << left + w * static_cast<double>(c) << "\" y=\""
            << top + h * static_cast<double>(r) << "\" width=\"" << w << "\" height=\"" << h << "\" fill=\""
            << colour(p.image.at({r, c}) / p.top) << "\"><title>" << fixed(p.image.at({r, c}), 3)
            << "</title></rect>\n";
    for (index_t g = p.grid; p.grid > 0 && g < rows; g += p.grid)
      out << "<line x1=\"" << left << "\" x2=\"" << left + size << "\" y1=\""
          << top + h * static_cast<double>(g) << "\" y2=\"" << top + h * static_cast<double>(g)
          << "\" stroke=\"#d95f02\"/>\n<line y1=\"" << top << "\" y2=\"" << top + size << "\" x1=\""
          << left + w * static_cast<double>(g) << "\" x2=\"" << left + w * static_cast<double>(g)
          << "\" stroke=\"#d95f02\"/>\n";
    out << "<rect x=\"" << left << "\" y=\"" << top << "\" width=\"" << size << "\" height=\"" << size
        << "\" fill=\"none\" stroke=\"#888\"/>\n"
        << text(left + size / 2, top + size + 20, "middle", p.caption);
  }
  out << "</svg>\n";
  return out.str();
}

void write_figure(const std::string& dir, const std::string& name, const std::string& svg) {
  namespace fs = std::filesystem;
  const fs::path path = fs::path(dir) / name, part = path.string() + ".part";
  std::error_code error;
  fs::create_directories(dir, error);
  check(!error, "figures", "cannot make the folder ", dir, ": ", error.message());
  {
    std::ofstream file(part, std::ios::binary);
    file << svg;
    file.flush();
    if (!file) {
      fs::remove(part, error);
      fail("figures", "cannot write ", path.string(),
           ". Hint: is the folder writable, and the disk not full?");
    }
  }
  fs::rename(part, path, error);
  check(!error, "figures", "cannot write ", path.string(), ": ", error.message());
}

}  // namespace heed::lessons
