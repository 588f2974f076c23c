// testing.h — a fixture with a temporary folder, used by the tests of data/.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/testing.h"

namespace heed::data {

// Each test has its own folder, which is removed at its end.
class TemporaryFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name = "") const { return (folder_ / name).string(); }
  // Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return path(name);
  }
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() /
      concat("heed_data_", getpid(), "_", testing::UnitTest::GetInstance()->current_test_info()->name());
};

}  // namespace heed::data
