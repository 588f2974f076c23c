// text.h — strings and files, as all parts of the book use them.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace heed::book {

namespace fs = std::filesystem;

// A line of a file of the project. Errors begin with it: "lessons/README.md:12: …".
struct Location {
  std::string file;
  int line = 0;
};

// An error in a file that the book is made from. No book is written.
struct BookError : std::runtime_error {
  BookError(const Location& at, const std::string& message);
};

// Throws std::runtime_error if the file cannot be read.
std::string read_file(const fs::path& path);
// Creates the folder if necessary. Throws std::runtime_error if the file cannot be written.
void write_file(const fs::path& path, const std::string& content);

// The lines without their line breaks. A final line break begins no further line.
std::vector<std::string> split_lines(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
// Joins texts with one allocation, for loops. concat(a, ": ", b)
std::string concat_parts(std::initializer_list<std::string_view> parts);
template <class... Parts>
std::string concat(const Parts&... parts) {
  return concat_parts({std::string_view(parts)...});
}
std::string_view trim(std::string_view text);
std::string replace_all(std::string text, std::string_view from, std::string_view to);

// Escapes &, <, > and quotes, so that a browser shows the text as it is.
std::string escape(std::string_view text);
std::string lower(std::string text);  // ASCII letters only

// The character that begins at `position` (UTF-8). Moves `position` after it. An invalid byte is
// returned as a character of its own.
char32_t next_character(std::string_view text, std::size_t& position);
bool is_hangul(char32_t c);
bool is_word(char c);  // an ASCII letter, a digit or _

// The anchor that GitHub gives to a heading: "How to add a kernel" → "how-to-add-a-kernel".
std::string anchor_of(std::string_view heading);

// Returns the path from the folder of page `from` to `to`; both are relative to the same root.
// relative_url("lessons/a/index.html", "nn/b.html") is "../../nn/b.html".
std::string relative_url(const std::string& from, const std::string& to);

}  // namespace heed::book
