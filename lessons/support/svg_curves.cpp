#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string_view>

#include "lessons/support/lesson.h"
#include "lessons/support/svg.h"
#include "lessons/support/svg_elements.h"

namespace heed::lessons {

namespace {

// An axis with round ticks: multiples of 1, 2 or 5 times a power of ten; on a logarithmic axis,
// these numbers themselves.
struct Axis {
  bool logarithmic = false;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::vector<double> ticks = {};
  int decimals = 0;
  bool shortest_labels = false;  // as many decimals as each tick needs

  void include(double v) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  // Rounds the limits, or extends them to the ticks of the caller.
  void round(const std::vector<double>& fixed_ticks) {
    if (fixed_ticks.empty()) {
      logarithmic ? round_powers() : round_steps();
      return;
    }
    for (const double tick : fixed_ticks) include(tick);
    if (high == low) high = logarithmic ? 2 * low : low + 1;
    ticks = fixed_ticks;
    shortest_labels = true;
  }
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
  std::string label(double tick) const {
    return logarithmic || shortest_labels ? concat(tick) : fixed(tick, decimals);
  }
};

// Curves differ by lightness and dashes, not only by colour.
constexpr svg::Stroke strokes[] = {{"#08306b", "none"},    {"#d95f02", "8 4"},  {"#1b9e77", "2 3"},
                                   {"#7570b3", "8 3 2 3"}, {"#e7298a", "none"}, {"#66a61e", "12 4"},
                                   {"#a6761d", "4 4"},     {"#999", "2 6"}};
constexpr svg::Stroke baseline_stroke = {"#444", "4 4"};

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

// `points`: "x,y x,y …"
std::string svg_polyline(const std::string& points, const svg::Stroke& stroke, const std::string& title) {
  return concat("<polyline fill=\"none\" stroke-width=\"2\" stroke=\"", stroke.colour,
                "\" stroke-dasharray=\"", stroke.dashes, "\" points=\"", points, "\"><title>",
                svg::escaped(title), "</title></polyline>\n");
}

// Throws Error unless both axes have finite limits, above 0 if they are logarithmic, and ticks within
// reach of them.
void check_axes(const Axis& x, const Axis& y, const SvgCurves& options) {
  for (const double end : {x.low, x.high, y.low, y.high})
    check(std::isfinite(end), "svg_curves", "expected at least one point and finite values in \"",
          options.title, "\"");
  double least_x = x.low, least_y = y.low;
  for (const double tick : options.x_ticks) least_x = std::min(least_x, tick);
  for (const double tick : options.y_ticks) least_y = std::min(least_y, tick);
  check((!x.logarithmic || least_x > 0) && (!y.logarithmic || least_y > 0), "svg_curves",
        "expected numbers above 0 on the logarithmic axes of \"", options.title, "\"");
}

// The drawing of curves: its axes and its size in pixels.
struct Plot {
  static constexpr double left = 64, top = 64, width = 460, height = 260;
  Axis x, y;

  double px(double v) const {
    return left +
           width * (x.coordinate(v) - x.coordinate(x.low)) / (x.coordinate(x.high) - x.coordinate(x.low));
  }
  double py(double v) const {
    return top +
           height * (y.coordinate(y.high) - y.coordinate(v)) / (y.coordinate(y.high) - y.coordinate(y.low));
  }
};

Plot plot_of(const std::vector<SvgCurve>& curves, const SvgCurves& options) {
  Plot plot{.x = {.logarithmic = options.logarithmic || options.logarithmic_x},
            .y = {.logarithmic = options.logarithmic || options.logarithmic_y}};
  for (const SvgCurve& curve : curves) {
    for (const double v : curve.x) plot.x.include(v);
    for (const double v : curve.y) plot.y.include(v);
  }
  if (!std::isnan(options.baseline)) plot.y.include(options.baseline);
  check_axes(plot.x, plot.y, options);
  plot.x.round(options.x_ticks);
  plot.y.round(options.y_ticks);
  return plot;
}

// The markers of a curve. If it has many points, every n-th is marked, and the curves take turns.
std::string svg_markers(const Plot& plot, const SvgCurve& curve, std::size_t index) {
  const std::size_t stride = curve.x.size() <= 16 ? 1 : curve.x.size() / 8;
  std::string out;
  for (std::size_t k = index % stride; k < curve.x.size(); k += stride)
    out += svg_marker(plot.px(curve.x[k]), plot.py(curve.y[k]), index);
  return out;
}

std::string svg_axes(const Plot& plot, const SvgCurves& options) {
  constexpr double left = Plot::left, right = left + Plot::width, bottom = Plot::top + Plot::height;
  std::string out;
  for (const double tick : plot.y.ticks)
    out += svg::line(left, plot.py(tick), right, plot.py(tick), {"#ddd", "none"}, 1) +
           svg::text(left - 8, plot.py(tick) + 4, "end", plot.y.label(tick) + options.y_unit);
  for (const double tick : plot.x.ticks)
    out += svg::line(plot.px(tick), bottom, plot.px(tick), bottom + 5, {"#999", "none"}, 1) +
           svg::text(plot.px(tick), bottom + 19, "middle", plot.x.label(tick));
  return out + svg::text((left + right) / 2, bottom + 38, "middle", options.x_axis) +
         svg::text(16, Plot::top - 18, "start", options.y_axis, "fill=\"#555\"");
}

// The lines of the curves, the solid ones first: dashed curves that coincide with them stay visible.
std::string svg_polylines(const Plot& plot, const std::vector<SvgCurve>& curves) {
  std::string solid, dashed;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const SvgCurve& curve = curves[i];
    const svg::Stroke& stroke = strokes[i % std::size(strokes)];
    std::string points;
    for (std::size_t k = 0; k < curve.x.size(); ++k)
      points += concat(plot.px(curve.x[k]), ",", plot.py(curve.y[k]), " ");
    (std::string_view(stroke.dashes) == "none" ? solid : dashed) += svg_polyline(points, stroke, curve.name);
  }
  return solid + dashed;
}

std::string svg_legend(const std::vector<SvgCurve>& curves, const SvgCurves& options) {
  constexpr double left = Plot::left + Plot::width + 20;
  double y = Plot::top + 8;
  std::string out;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    if (!options.only_points)
      out += svg::line(left, y - 4, left + 28, y - 4, strokes[i % std::size(strokes)]);
    if (options.points || options.only_points) out += svg_marker(left + 14, y - 4, i);
    out += svg::text(left + 34, y, "start", curves[i].name);
    y += 20;
  }
  if (std::isnan(options.baseline)) return out;
  return out + svg::line(left, y - 4, left + 28, y - 4, baseline_stroke) +
         svg::text(left + 34, y, "start", options.baseline_name);
}

}  // namespace

std::string svg_curves(const std::vector<SvgCurve>& curves, const SvgCurves& options) {
  const Plot plot = plot_of(curves, options);
  std::vector<std::string> names = {options.baseline_name};
  for (const SvgCurve& curve : curves) names.push_back(curve.name);
  const double right = Plot::left + Plot::width + std::max(190.0, svg::widest(names) + 66);
  std::string out = svg::open(std::max(right, svg::text_width(options.title, 16) + 48),
                              Plot::top + Plot::height + 60, options.title) +
                    svg_axes(plot, options);
  if (!std::isnan(options.baseline)) {
    const double y = plot.py(options.baseline);
    out += svg::line(Plot::left, y, Plot::left + Plot::width, y, baseline_stroke, 1);
  }
  if (!options.only_points) out += svg_polylines(plot, curves);
  if (options.points || options.only_points)
    for (std::size_t i = 0; i < curves.size(); ++i) out += svg_markers(plot, curves[i], i);
  return out + svg_legend(curves, options) + svg::close();
}

}  // namespace heed::lessons
