// text.h — string functions that several files of the runner use.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace heed::runner {

std::vector<std::string> lines_of(std::string_view text);  // data::lines_of, as strings
std::vector<std::string> words_of(std::string_view text);  // separated by spaces, tabs and newlines
// The parts between the separators, without spaces around them.
std::vector<std::string> split(const std::string& text, const std::string& separator);
std::string joined(const std::vector<std::string>& parts, const std::string& separator);
std::string trimmed(std::string_view text);
bool starts_with(std::string_view text, std::string_view start);

// The width of long texts, in columns.
inline constexpr std::size_t page_width = 80;

// Wraps words into lines of at most `width` columns. Lines after the first begin with `indent`
// spaces. Code between fences (```) and empty lines are kept.
std::string wrapped(const std::string& text, std::size_t width, std::size_t indent = 0);

// At most `width` columns of a line, which ends in "…" if it was cut off.
std::string shortened(const std::string& line, std::size_t width);

// Replaces control characters and invalid UTF-8 by "?". Keeps tabs and newlines; drops carriage
// returns.
std::string printable(std::string_view bytes);

// The name that is most similar to `typed`, or "" if none is similar.
std::string nearest(const std::string& typed, const std::vector<std::string>& names);

}  // namespace heed::runner
