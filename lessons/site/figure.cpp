// figure.cpp — see figure.h.
#include "lessons/site/figure.h"

#include <algorithm>
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

// The index of the brace that closes the one at `open`.
std::size_t closing_brace(std::string_view css, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < css.size(); ++i) {
    if (css[i] == '{') ++depth;
    if (css[i] == '}') --depth;
    if (depth == 0) return i;
  }
  return css.size();
}

}  // namespace

std::string scoped_style(std::string_view css, const std::string& scope) {
  std::string scoped;
  std::size_t begin = 0;
  for (std::size_t open = css.find('{'); open != std::string_view::npos; open = css.find('{', begin)) {
    const std::string selectors(trim(css.substr(begin, open - begin)));
    const std::size_t close = closing_brace(css, open);
    const std::string_view body = css.substr(open + 1, close - open - 1);
    begin = std::min(close + 1, css.size());
    if (selectors.starts_with("@media")) {
      const std::string dark = scoped_style(body, concat(":root[data-theme=\"dark\"] ", scope));
      const std::string system = scoped_style(body, concat(":root:not([data-theme=\"light\"]) ", scope));
      scoped += concat(selectors, "{\n", system, "}\n", dark);
      continue;
    }
    std::string list;
    for (const std::string& selector : split(selectors, ','))
      list += concat(list.empty() ? "" : ",", scope, " ", trim(selector));
    scoped += concat(list, "{", body, "}\n");
  }
  return scoped;
}

std::string inline_svg(std::string_view svg, const std::string& prefix, const Location& at) {
  const std::size_t begin = svg.find("<svg"), end = svg.rfind("</svg>");
  if (begin == std::string_view::npos || end == std::string_view::npos)
    throw BookError(at, "expected an <svg> element");
  std::string element(svg.substr(begin, end + 6 - begin));
  for (const std::string_view forbidden :
       {"<script", "<image", "<foreignObject", "href=\"http", "url(http", " onload="})
    if (element.find(forbidden) != std::string::npos)
      throw BookError(at, "a figure must not contain " + std::string(forbidden));
  const std::size_t style = element.find("<style>"), end_of_style = element.find("</style>");
  if (style != std::string::npos && end_of_style != std::string::npos) {
    const std::string css = element.substr(style + 7, end_of_style - style - 7);
    element.replace(style + 7, css.size(), "\n" + scoped_style(css, "." + prefix + "figure"));
  }
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
  const bool adaptive = svg.find("prefers-color-scheme") != std::string_view::npos;
  return concat("<figure class=\"figure ", adaptive ? "adaptive " : "", prefix,
                "figure\"><div class=\"sheet\" tabindex=\"0\" role=\"group\" aria-label=\"Figure\"><div "
                "style=\"min-width:",
                std::to_string(least), "px\">", element, "</div></div><figcaption>", escape(caption),
                "</figcaption></figure>");
}

}  // namespace heed::book
