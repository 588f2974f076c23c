// figure.cpp — see figure.h.
#include "lessons/site/figure.h"

#include <cstdlib>

namespace heed::book {

namespace {

// The value of an attribute of the first element, or "".
std::string first_attribute(std::string_view svg, const std::string& name) {
  const std::string_view element = svg.substr(0, svg.find('>'));
  const std::size_t begin = element.find(" " + name + "=\"");
  if (begin == std::string_view::npos) return "";
  const std::size_t open = begin + name.size() + 3;
  return std::string(element.substr(open, element.find('"', open) - open));
}

}  // namespace

std::string inline_svg(std::string_view svg, const std::string& prefix, const Location& at) {
  const std::size_t begin = svg.find("<svg"), end = svg.rfind("</svg>");
  if (begin == std::string_view::npos || end == std::string_view::npos)
    throw BookError(at, "expected an <svg> element");
  std::string element(svg.substr(begin, end + 6 - begin));
  for (const std::string_view forbidden :
       {"<script", "<image", "<foreignObject", "href=\"http", "url(http", " onload="})
    if (element.find(forbidden) != std::string::npos)
      throw BookError(at, "a figure must not contain " + std::string(forbidden));
  element = replace_all(element, " id=\"", " id=\"" + prefix);
  element = replace_all(element, "url(#", "url(#" + prefix);
  element = replace_all(element, "href=\"#", "href=\"#" + prefix);
  return element;
}

std::string figure_html(std::string_view svg, const std::string& prefix, const std::string& caption,
                        const Location& at) {
  const std::string element = inline_svg(svg, prefix, at);
  const double width = std::atof(first_attribute(element, "width").c_str());
  // On a small screen a wide figure scrolls inside its box, so that its text stays readable.
  const int least = static_cast<int>(width < 480 ? width : width < 960 ? width * 0.8 : 760);
  return "<figure class=\"figure\"><div class=\"paper\" tabindex=\"0\"><div style=\"min-width:" +
         std::to_string(least) + "px\">" + element + "</div></div><figcaption>" + escape(caption) +
         "</figcaption></figure>";
}

}  // namespace heed::book
