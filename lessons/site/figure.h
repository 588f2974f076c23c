// figure.h — figures inside a page, so that their titles answer to the pointer.
#pragma once

#include <string>
#include <string_view>

#include "lessons/site/text.h"

namespace heed::book {

// The rules of a style sheet inside a figure apply to the whole page. Limits them to the elements
// below `scope`, and lets rules for a dark page follow the theme that the reader chose.
std::string scoped_style(std::string_view css, const std::string& scope);

// Returns the <svg> element of a file. All ids begin with `prefix`, and references to them too,
// because the ids of all figures of a page must differ. Throws BookError if the file contains no
// <svg> element, or a script or another address.
std::string inline_svg(std::string_view svg, const std::string& prefix, const Location& at);

// The figure with its caption.
std::string figure_html(std::string_view svg, const std::string& prefix, const std::string& caption,
                        const Location& at);

}  // namespace heed::book
