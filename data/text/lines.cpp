#include "data/text/lines.h"

#include <algorithm>

namespace heed::data {

std::size_t line_end_at(std::string_view text, std::size_t at) {
  if (at >= text.size() || (text[at] != '\n' && text[at] != '\r')) return 0;
  return text.substr(at, 2) == "\r\n" ? 2 : 1;
}

std::size_t byte_order_mark(std::string_view text) { return text.starts_with("\xEF\xBB\xBF") ? 3 : 0; }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = byte_order_mark(text); begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + line_end_at(text, end);
  }
  return lines;
}

std::string with_unix_line_ends(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = line_end_at(text, at);
    out += end > 0 ? '\n' : text[at];
    at += std::max<std::size_t>(end, 1);
  }
  return out;
}

}  // namespace heed::data
