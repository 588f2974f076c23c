#include "data/utf8.h"

#include <algorithm>
#include <iomanip>
#include <ostream>

#include "autograd/error.h"

namespace heed::data {

namespace {

unsigned byte_at(std::string_view text, std::size_t position) {
  return static_cast<unsigned char>(text[position]);
}

// The length that the first byte announces, or 0 if no sequence starts with this byte.
std::size_t announced_length(unsigned first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

// The range of the second byte depends on the first: it excludes overlong forms (E0, F0),
// surrogates (ED) and code points beyond U+10FFFF (F4).
bool is_second_byte(unsigned first, unsigned second) {
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  return second >= low && second <= high;
}

struct Sequence {
  std::size_t present;    // bytes that belong together
  std::size_t announced;  // bytes of the complete sequence; 0 if none starts here
};

Sequence sequence_at(std::string_view text, std::size_t position) {
  if (position >= text.size()) return {0, 0};
  const unsigned first = byte_at(text, position);
  const std::size_t announced = announced_length(first);
  const std::size_t end = std::min(position + announced, text.size());
  std::size_t next = position + 1;
  if (next < end && is_second_byte(first, byte_at(text, next))) {
    ++next;
    while (next < end && (byte_at(text, next) & 0xC0) == 0x80) ++next;
  }
  return {next - position, announced};
}

}  // namespace

std::size_t utf8_sequence_length(std::string_view text, std::size_t position) {
  const Sequence s = sequence_at(text, position);
  return s.present == s.announced ? s.announced : 0;
}

Character decode_utf8(std::string_view text, std::size_t position) {
  const Sequence s = sequence_at(text, position);
  if (s.present != s.announced || s.announced == 0)
    return {0xFFFD, std::max<std::size_t>(s.present, 1), false};
  if (s.announced == 1) return {byte_at(text, position), 1, true};
  char32_t code = byte_at(text, position) & (0xFFu >> (s.announced + 1));
  for (std::size_t i = 1; i < s.announced; ++i) code = code << 6 | (byte_at(text, position + i) & 0x3F);
  return {code, s.announced, true};
}

std::size_t byte_order_mark_length(std::string_view text) { return text.starts_with("\xEF\xBB\xBF") ? 3 : 0; }

std::vector<char32_t> code_points(std::string_view text, InvalidUtf8 invalid, std::string_view name,
                                  std::size_t line) {
  std::vector<char32_t> codes;
  for (std::size_t position = 0; position < text.size();) {
    const Character c = decode_utf8(text, position);
    check(
        c.valid || invalid == InvalidUtf8::replace, "utf8", name,
        [&] { return line > 0 ? concat(":", line) : ""; }, ": byte ", position, ": expected UTF-8, got 0x",
        [&] {
          return concat(std::hex, std::uppercase, std::setw(2), std::setfill('0'), byte_at(text, position));
        },
        ". Hint: InvalidUtf8::replace substitutes U+FFFD");
    codes.push_back(c.code);
    position += c.length;
  }
  return codes;
}

void append_utf8(std::string& out, char32_t code) {
  const auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

std::string to_utf8(const std::vector<char32_t>& codes) {
  std::string text;
  for (const char32_t c : codes) append_utf8(text, c);
  return text;
}

}  // namespace heed::data
