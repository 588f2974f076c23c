// testing.h — what the tests of texts share.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "data/file.h"
#include "data/json.h"
#include "tests/testing.h"

namespace heed::data {

using Strings = std::vector<std::string>;
using Ids = std::vector<index_t>;

// What make_text.py wrote.
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

// Random bytes, of which many are pieces of characters.
inline std::string random_bytes(Generator& gen, std::size_t most) {
  std::string bytes;
  for (std::size_t n = gen.below(most + 1); n > 0; --n) {
    const auto letters = gen.below(3) == 0;
    bytes += static_cast<char>(letters ? 'a' + gen.below(4) : gen.below(256));
  }
  return bytes;
}

// A folder of its own, removed again.
class TextFiles : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) const {
    write_whole("test", path(name), [&](std::ostream& out) { out << text; });
    return path(name);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / concat("heed_text_", getpid());
};

}  // namespace heed::data
