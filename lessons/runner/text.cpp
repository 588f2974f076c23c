#include "lessons/runner/text.h"

#include <algorithm>
#include <numeric>
#include <sstream>

#include "data/text/lines.h"
#include "data/utf8.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

using lessons::columns;

std::vector<std::string> lines_of(std::string_view text) {
  const std::vector<std::string_view> lines = data::lines_of(text);
  return {lines.begin(), lines.end()};
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::istringstream in{std::string(text)};
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(trimmed(text.substr(begin, end - begin)));
    if (end == std::string::npos) return parts;
    begin = end + separator.size();
  }
}

std::string joined(const std::vector<std::string>& parts, const std::string& separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  return first == std::string_view::npos ? "" : std::string(text.substr(first, last - first + 1));
}

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

std::string wrapped(const std::string& text, std::size_t width, std::size_t indent) {
  std::string out, line;
  const std::string space(indent, ' ');
  const auto flush = [&] {
    if (!line.empty()) out += (out.empty() ? "" : space) + line + "\n";
    line.clear();
  };
  bool in_code = false;
  for (const std::string& source : lines_of(text)) {
    const bool fence = starts_with(trimmed(source), "```");
    if (in_code || fence || trimmed(source).empty()) {
      flush();
      if (!fence) out += source.empty() ? "\n" : (out.empty() ? "" : space) + source + "\n";
      in_code = in_code != fence;
      continue;
    }
    for (const std::string& word : words_of(source)) {
      if (!line.empty() && indent + columns(line) + 1 + columns(word) > width) flush();
      line += (line.empty() ? "" : " ") + word;
    }
  }
  flush();
  return out;
}

std::string shortened(const std::string& line, std::size_t width) {
  if (columns(line) <= width) return line;
  std::string out;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t length = std::max<std::size_t>(1, data::utf8_sequence_length(line, at));
    if (columns(out) + columns(line.substr(at, length)) + 1 > width) break;
    out += line.substr(at, length);
    at += length;
  }
  return out + "…";
}

std::string printable(std::string_view bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    const data::Character c = data::decode_utf8(bytes, at);
    const bool control =
        (c.code < 0x20 && c.code != '\n' && c.code != '\t') || (c.code >= 0x7F && c.code < 0xA0);
    if (control || !c.valid)
      out += c.code == '\r' ? "" : "?";
    else
      out += bytes.substr(at, c.length);
    at += c.length;
  }
  return out;
}

// The Levenshtein distance: how many letters must be added, removed or changed to turn `a` into
// `b`. Keeps one row of the table at a time.
static std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = corner + (a[i - 1] != b[j - 1]);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row.back();
}

std::string nearest(const std::string& typed, const std::vector<std::string>& names) {
  std::string best;
  std::size_t smallest = std::max<std::size_t>(2, typed.size() / 2) + 1;
  for (const std::string& name : names) {
    // A name may be typed without its number: "spda" is similar to 02_sdpa.
    const std::string bare = name.size() > 3 && name[2] == '_' ? name.substr(3) : name;
    const std::size_t distance = std::min(edit_distance(typed, name), edit_distance(typed, bare));
    if (distance >= smallest) continue;
    best = name;
    smallest = distance;
  }
  return best;
}

}  // namespace heed::runner
