// utf8.h — decoding and encoding UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates,
// nothing beyond U+10FFFF. All code in heed that handles text uses these functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace heed::data {

// One decoded character. For invalid bytes, `valid` is false, `code` is U+FFFD, and `length` covers
// the longest prefix of a valid sequence (at least one byte). Python uses the same rule, which the
// Unicode Standard recommends, so both replace invalid bytes with the same number of U+FFFD.
struct Character {
  char32_t code;
  std::size_t length;  // in bytes
  bool valid;
};

// Decodes the character at byte `position`. Requires position < text.size().
Character decode_utf8(std::string_view text, std::size_t position);

// Returns the length in bytes of the valid sequence at byte `position`, or 0 for invalid bytes.
std::size_t utf8_sequence_length(std::string_view text, std::size_t position);

// Returns the length of a byte order mark at the start of the text: 3, or 0 without one.
std::size_t byte_order_mark_length(std::string_view text);

// How to handle bytes that are not valid UTF-8.
enum class InvalidUtf8 {
  reject,  // throw an Error that contains the byte's position
  replace  // decode them as U+FFFD
};

// Returns the code points of `text`. With InvalidUtf8::reject, throws "[utf8] NAME: byte 17:
// expected UTF-8, got 0xC0", or NAME:LINE if `line` is not 0.
std::vector<char32_t> code_points(std::string_view text, InvalidUtf8 invalid = InvalidUtf8::reject,
                                  std::string_view name = "the text", std::size_t line = 0);

// Encodes code points.
void append_utf8(std::string& out, char32_t code);
std::string to_utf8(const std::vector<char32_t>& codes);

}  // namespace heed::data
