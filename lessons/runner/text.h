// text.h — small work on text that the runner needs in several places.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heed::runner {

std::vector<std::string> lines_of(std::string_view text);  // data::lines_of, as strings
std::vector<std::string> words_of(std::string_view text);  // parted by spaces, tabs and newlines
std::string trimmed(std::string_view text);
bool starts_with(std::string_view text, std::string_view start);

// Words in lines of at most `width` columns; lines after the first begin with `indent` spaces. Code between fences
// (```) and empty lines stay as they are.
std::string wrapped(const std::string& text, std::size_t width, std::size_t indent = 0);

// At most `width` columns of a line; "…" at the end where something was cut off.
std::string shortened(const std::string& line, std::size_t width);

// What a program printed, made safe to show: control characters and broken UTF-8 become "?"; tabs and newlines stay.
std::string printable(std::string_view bytes);

// The name that `typed` was most likely meant to be, or "" where none is near.
std::string nearest(const std::string& typed, const std::vector<std::string>& names);

}  // namespace heed::runner
