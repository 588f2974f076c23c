// testing.h — helpers used by the tests of data/text/.
#pragma once

#include <string>
#include <vector>

#include "data/file.h"
#include "data/json.h"
#include "tests/data/testing.h"

namespace heed::data {

using Strings = std::vector<std::string>;
using Ids = std::vector<index_t>;

// The expected results, which make_text.py computes in Python.
inline const Json& text_cases() {
  static const std::string path = HEED_SOURCE_DIR "/tests/golden/text.json";
  static const Json cases = Json::parse(read_file("test", path), path);
  return cases;
}

inline Strings strings(const Json& array) {
  Strings list;
  for (const Json& item : array.array()) list.push_back(item.string());
  return list;
}

// Returns random bytes; many of them are parts of UTF-8 sequences.
inline std::string random_bytes(Generator& gen, std::size_t max_length) {
  std::string bytes;
  for (std::size_t n = gen.below(max_length + 1); n > 0; --n) {
    const bool is_letter = gen.below(3) == 0;
    bytes += static_cast<char>(is_letter ? 'a' + gen.below(4) : gen.below(256));
  }
  return bytes;
}

class TextFiles : public TemporaryFolder {};

}  // namespace heed::data
