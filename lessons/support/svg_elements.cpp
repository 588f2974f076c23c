#include "lessons/support/svg_elements.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "autograd/error.h"
#include "lessons/support/terminal.h"

namespace heed::lessons::svg {

namespace {

// The first font that exists is used. Those named have both Latin and Hangul letters.
constexpr const char* fonts =
    "'Noto Sans CJK KR', 'Noto Sans KR', 'Apple SD Gothic Neo', 'Malgun Gothic', sans-serif";

}  // namespace

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

std::string open(double width, double height, const std::string& title) {
  return concat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width, "\" height=\"", height,
                "\" viewBox=\"0 0 ", width, " ", height, "\" font-family=\"", fonts,
                "\" font-size=\"12\" role=\"img\">\n<title>", escaped(title),
                "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
                "<text x=\"16\" y=\"24\" font-size=\"15\" font-weight=\"bold\">", escaped(title),
                "</text>\n");
}

std::string close() { return "</svg>\n"; }

std::string text(double x, double y, const char* anchor, const std::string& words, const std::string& more) {
  return concat("<text x=\"", x, "\" y=\"", y, "\" text-anchor=\"", anchor, "\"", more.empty() ? "" : " ",
                more, ">", escaped(words), "</text>\n");
}

std::string source_text(const std::string& words) {
  return concat("<text class=\"source\" x=\"16\" y=\"100%\" dy=\"-6\" font-size=\"9\" fill=\"#767676\">",
                escaped(words), "</text>\n");
}

double text_width(const std::string& words, double size) {
  return 0.55 * size * static_cast<double>(columns(words));
}

double widest(const std::vector<std::string>& names) {
  double width = 0;
  for (const std::string& name : names) width = std::max(width, text_width(name, 12));
  return width;
}

std::string line(double x1, double y1, double x2, double y2, const Stroke& stroke, int width) {
  return concat("<line x1=\"", x1, "\" y1=\"", y1, "\" x2=\"", x2, "\" y2=\"", y2, "\" stroke=\"",
                stroke.colour, "\" stroke-width=\"", width, "\" stroke-dasharray=\"", stroke.dashes,
                "\"/>\n");
}

std::string colour_bar(double x, double y, double height, const std::string& name, bool diverging) {
  // Every figure has at most one colour bar, so its gradient has a fixed id.
  std::string out = "<defs><linearGradient id=\"scale\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\">";
  const double low = diverging ? -1 : 0;
  const int stops = diverging ? 4 : 2;  // colours are interpolated linearly between multiples of 0.5
  for (int i = 0; i <= stops; ++i)
    out += concat("<stop offset=\"", static_cast<double>(i) / stops, "\" stop-color=\"",
                  colour(low + 0.5 * i), "\"/>");
  out += concat("</linearGradient></defs>\n<rect x=\"", x, "\" y=\"", y, "\" width=\"12\" height=\"", height,
                "\" fill=\"url(#scale)\" stroke=\"#888\"/>\n");
  const double step = diverging ? 1 : 0.5;
  for (int i = 0; i <= 2; ++i)
    out += text(x + 17, y + height * (1 - 0.5 * i) + 4, "start", concat(low + step * i));
  const double middle = y + height / 2;
  return out +
         text(x + 52, middle, "middle", name,
              concat("font-size=\"11\" fill=\"#555\" transform=\"rotate(-90 ", x + 52, " ", middle, ")\""));
}

}  // namespace heed::lessons::svg
