// lines.h — the lines of a text, which may end in LF, CR LF or CR (Unix, Windows, old Macintosh).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace heed::data {

// The length of the line end at byte `at`: 2 for CR LF, 1 for LF or CR, 0 for anything else.
std::size_t line_end_at(std::string_view text, std::size_t at);

// The length of a byte order mark at the beginning of the text, which is no part of its first line:
// 3 or 0.
std::size_t byte_order_mark(std::string_view text);

// The lines without their ends and without a byte order mark, as views of `text`. An end after the
// last line begins no other.
std::vector<std::string_view> lines_of(std::string_view text);

// The same text with every line end as LF.
std::string with_unix_line_ends(std::string_view text);

}  // namespace heed::data
