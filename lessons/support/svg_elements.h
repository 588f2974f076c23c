// svg_elements.h — the elements that all figures are drawn with.
#pragma once

#include <string>
#include <vector>

namespace heed::lessons::svg {

// The colour of a value from 0 to 1: white over blue to dark blue, or, below 0, from white to orange.
// Lightness decreases evenly, so the order of values is visible in grey; orange remains lighter than
// dark blue.
std::string colour(double fraction);

// The beginning of the drawing: size, font, white background and title, which screen readers read
// aloud.
std::string open(double width, double height, const std::string& title);
std::string close();

// `more`: further attributes of the element, such as "fill=\"white\"".
std::string text(double x, double y, const char* anchor, const std::string& words,
                 const std::string& more = "");
// Text in small grey letters in the lower left corner: how the figure was computed.
std::string source_text(const std::string& words);

struct Stroke {
  const char *colour, *dashes;
};
std::string line(double x1, double y1, double x2, double y2, const Stroke& stroke, int width = 2);

// A vertical colour bar with the ticks 0, 0.5 and 1, or -1, 0 and 1 if it is diverging, and the name
// of what is coloured beside it. Its width is `colour_bar_width`.
constexpr double colour_bar_width = 72;
std::string colour_bar(double x, double y, double height, const std::string& name, bool diverging);

// Replaces the characters that have a meaning in SVG.
std::string escaped(const std::string& text);

// The approximate width of a drawn text.
double text_width(const std::string& words, double size);
double widest(const std::vector<std::string>& names);

}  // namespace heed::lessons::svg
