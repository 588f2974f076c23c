// lines.h — splits text into lines that may end in LF, CR LF or CR (Unix, Windows, classic Mac OS).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace heed::data {

// Returns the length of the line ending at byte `position`: 2 for CR LF, 1 for LF or CR, otherwise 0.
std::size_t line_ending_length(std::string_view text, std::size_t position);

// Returns the lines as views of `text`, without their endings and without a byte order mark at the
// start of the text. A line ending after the last line does not start another line.
std::vector<std::string_view> lines_of(std::string_view text);

// Returns the text with every line ending replaced by LF.
std::string with_unix_line_endings(std::string_view text);

}  // namespace heed::data
