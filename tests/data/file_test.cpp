#include "data/file.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/data/testing.h"

namespace heed::data {
namespace {

namespace fs = std::filesystem;

class Files : public TemporaryFolder {
 protected:
  const std::string path_ = path("file");
};

TEST_F(Files, AreWrittenAtomically) {
  write_atomically("test", path_, [](std::ostream& out) { out << "first"; });
  EXPECT_EQ(read_file("test", path_), "first");
  EXPECT_THROW(write_atomically("test", path_,
                                [](std::ostream& out) {
                                  out << "sec";
                                  throw std::runtime_error("in the middle");
                                }),
               std::runtime_error);
  EXPECT_EQ(read_file("test", path_), "first") << "the old file is kept";
  EXPECT_FALSE(fs::exists(path_ + ".part"));
  EXPECT_EQ(error_of([&] { write_atomically("test", path_ + "/below", [](std::ostream&) {}); }),
            "[test] " + path_ +
                "/below: cannot be written. Hint: check that the folder exists and that you may write to it");
}

TEST_F(Files, AProcessKilledWhileWritingLeavesTheOldFile) {
  write_atomically("test", path_, [](std::ostream& out) { out << "first"; });
  const pid_t child = fork();
  if (child == 0)
    write_atomically("test", path_, [](std::ostream& out) {
      out << "sec" << std::flush;
      raise(SIGKILL);
    });
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(read_file("test", path_), "first");
  EXPECT_EQ(read_file("test", path_ + ".part"), "sec");
  write_atomically("test", path_, [](std::ostream& out) { out << "third"; });
  EXPECT_EQ(read_file("test", path_), "third") << "a leftover .part file is replaced";
  EXPECT_FALSE(fs::exists(path_ + ".part"));
}

TEST_F(Files, AFullDiskIsReported) {
  if (!fs::exists("/dev/full")) GTEST_SKIP();
  fs::create_symlink("/dev/full", path_ + ".part");
  EXPECT_EQ(error_of([&] {
              write_atomically("test", path_, [](std::ostream& out) { out << std::string(100'000, 'x'); });
            }),
            "[test] " + path_ + ": writing failed. Hint: check the free space on the disk");
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(Files, ChangesToAMappedFileStayInMemory) {
  write_atomically("test", path_, [](std::ostream& out) { out << "abc"; });
  const MappedFile mapped("test", path_);
  ASSERT_EQ(mapped.bytes().size(), 3U);
  EXPECT_EQ(static_cast<char>(mapped.bytes()[1]), 'b');
  mapped.bytes()[1] = std::byte{'x'};
  EXPECT_EQ(read_file("test", path_), "abc") << "the file does not change";
  write_atomically("test", path_ + "2", [](std::ostream&) {});
  EXPECT_TRUE(MappedFile("test", path_ + "2").bytes().empty());
  EXPECT_EQ(error_of([&] { MappedFile("test", path_ + "3"); }), "[test] " + path_ + "3: no such file");
  EXPECT_EQ(error_of([&] { MappedFile("test", folder_.string()); }),
            "[test] " + folder_.string() + ": expected a file, got a folder");
}

}  // namespace
}  // namespace heed::data
