#include "data/text/lines.h"

#include <algorithm>

#include "data/utf8.h"

namespace heed::data {

std::size_t line_ending_length(std::string_view text, std::size_t position) {
  if (position >= text.size() || (text[position] != '\n' && text[position] != '\r')) return 0;
  return text.substr(position, 2) == "\r\n" ? 2 : 1;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = byte_order_mark_length(text); begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + line_ending_length(text, end);
  }
  return lines;
}

std::string with_unix_line_endings(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t ending = line_ending_length(text, i);
    out += ending > 0 ? '\n' : text[i];
    i += std::max<std::size_t>(ending, 1);
  }
  return out;
}

}  // namespace heed::data
