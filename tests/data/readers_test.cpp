// readers_test.cpp — good files, and files that are broken in every field that a file has.
#include "data/readers.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/testing.h"

namespace heed::data {
namespace {

namespace fs = std::filesystem;

// A folder of its own for each test, gone at its end.
class Readers : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::temp_directory_path() /
        concat("heed_readers_", getpid(), "_", testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string write(const std::string& bytes, const std::string& name = "file") {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return (folder_ / name).string();
  }
  fs::path folder_;
};

std::string number(std::uint32_t n) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(n >> shift & 255);
  return bytes;
}
std::string images(std::uint32_t count, std::uint32_t height, std::uint32_t width,
                   const std::string& pixels) {
  return number(0x803) + number(count) + number(height) + number(width) + pixels;
}
std::string labels(std::uint32_t count, const std::string& values) {
  return number(0x801) + number(count) + values;
}

TEST_F(Readers, IdxImagesAndLabels) {
  const std::string x = write(images(2, 1, 2, std::string("\x00\xff\x33\x66", 4)), "x"),
                    y = write(labels(2, "\x07\x02"), "y");
  const Dataset set = read_idx(x, y);
  EXPECT_EQ(set.images.shape(), (Shape{2, 1, 1, 2}));
  expect_close(set.images.reshape({4}), tensor({0, 1, 0.2, 0.4}));
  EXPECT_EQ(set.labels, IntTensor({7, 2}));
}

// Everything that can be wrong with an IDX file: the text says where, and what was expected.
TEST_F(Readers, BrokenIdxFilesAreRefusedByPlace) {
  const auto refused = [&](const std::string& bytes, const std::string& message) {
    const std::string path = write(bytes);
    EXPECT_EQ(error_of([&] { read_idx_images(path); }), "[read_idx] " + path + ": " + message);
  };
  refused("", "cut off at byte 0 inside the magic number; expected 4 bytes, 0x00000803");
  refused("\x01\x02", "cut off at byte 2 inside the magic number; expected 4 bytes, 0x00000803");
  refused(labels(4, "abcd"),
          "magic number 0x00000801 at byte 0, expected 0x00000803 (images of unsigned bytes)");
  refused(number(0x03080000) + std::string(12, '\0'),
          "magic number 0x03080000 at byte 0, expected 0x00000803 (images of unsigned bytes)");
  refused(number(0x803) + number(1), "cut off at byte 8 inside the header of 16 bytes");
  refused(images(0, 2, 2, ""), "size 0 at byte 4; a set is not empty");
  refused(images(1, 2, 0, ""), "size 0 at byte 12; a set is not empty");
  refused(images(2, 2, 2, "abcdefg"),
          "the header claims (2, 2, 2), but after it the file holds only 7 bytes; it is cut off, or the "
          "count at byte 4 is wrong");
  refused(images(1, 2, 2, "abcdef"), "2 bytes too many after byte 20; the header claims (1, 2, 2)");
  // A claim of 2^96 bytes is refused before any memory is asked for.
  refused(images(0xffffffff, 0xffffffff, 0xffffffff, "abc"),
          "the header claims (4294967295, 4294967295, 4294967295), but after it the file holds only 3 bytes; "
          "it is cut off, or the "
          "count at byte 4 is wrong");
  const std::string path = write(images(1, 1, 1, "a"));
  EXPECT_EQ(error_of([&] { read_idx_labels(path); }),
            "[read_idx] " + path +
                ": magic number 0x00000803 at byte 0, expected 0x00000801 (labels of unsigned bytes)");
}

TEST_F(Readers, AHugeClaimAsksForNoMemory) {
  const std::string path = write(images(0xffffff, 0xffff, 0xffff, "abc"));
  reset_peak_memory();
  const auto before = memory_stats().peak_bytes;
  EXPECT_THROW(read_idx_images(path), Error);
  EXPECT_EQ(memory_stats().peak_bytes, before);
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  EXPECT_LT(usage.ru_maxrss, 2'000'000) << "kilobytes";
}

TEST_F(Readers, CountsOfImagesAndLabelsMustAgree) {
  const std::string x = write(images(2, 1, 1, "ab"), "x"), y = write(labels(3, "abc"), "y");
  EXPECT_EQ(error_of([&] { read_idx(x, y); }),
            "[read_idx] " + x + " holds 2 images and " + y + " 3 labels; every image has one label");
}

TEST_F(Readers, WhatIsNoFileIsRefusedByName) {
  const std::string nowhere = (folder_ / "nowhere").string();
  EXPECT_EQ(error_of([&] { read_idx_images(nowhere); }), "[read_idx] " + nowhere + ": no such file");
  EXPECT_EQ(error_of([&] { read_csv(folder_.string()); }),
            "[read_csv] " + folder_.string() + ": not a file but a folder");
  EXPECT_EQ(error_of([] { read_csv("/dev/null"); }), "[read_csv] /dev/null: not a file");
  EXPECT_EQ(error_of([] { read_csv(""); }), "[read_csv] : no such file");
}

constexpr CsvForm tiny{.height = 1, .width = 2, .top = 16, .classes = 10};

TEST_F(Readers, CsvLinesArePixelsAndALabel) {
  const Dataset set = read_csv(write("0,16,3\n8,4,9"), tiny);
  EXPECT_EQ(set.images.shape(), (Shape{2, 1, 1, 2}));
  EXPECT_EQ(set.images.to_vector(), (std::vector<double>{0, 1, 0.5, 0.25}));
  EXPECT_EQ(set.labels, IntTensor({3, 9}));
  for (const std::string end : {"\r\n", "\r"})
    EXPECT_EQ(read_csv(write("0,16,3" + end + "8,4,9" + end), tiny).labels, set.labels);
}

TEST_F(Readers, CsvMayBeginWithAByteOrderMark) {
  const CsvForm form{.height = 1, .width = 2, .top = 4, .classes = 3};
  EXPECT_EQ(parse_csv("\xEF\xBB\xBF"
                      "1,2,2\r\n",
                      "x", form)
                .labels,
            IntTensor{2});
  EXPECT_EQ(error_of([&] { parse_csv("\xEF\xBB\xBF", "x", form); }),
            "[read_csv] x: the file is empty; expected lines of 3 numbers");
}

TEST_F(Readers, BrokenCsvFilesAreRefusedByLineAndColumn) {
  const auto refused = [&](const std::string& text, const std::string& place, const std::string& message) {
    const std::string path = write(text);
    EXPECT_EQ(error_of([&] { read_csv(path, tiny); }), "[read_csv] " + path + ":" + place + " " + message);
  };
  refused("", "", "the file is empty; expected lines of 3 numbers");
  refused("1,2,3\n1,17,3\n", "2:3:", "17 is not an intensity from 0 to 16");
  refused("1,-2,3\n", "1:3:", "-2 is not an intensity from 0 to 16");
  refused("1,2,10\n", "1:5:", "10 is not a label from 0 to 9");
  refused("1,2\n", "1:4:", "expected a comma after number 2 of 3");
  refused("1,2,\n", "1:5:", "expected a label from 0 to 9 (number 3 of 3), the line ends here");
  refused("1,2,3,4\n", "1:6:", "the line goes on after its 3 numbers");
  refused("1,2,3\r1,17,3\r", "2:3:", "17 is not an intensity from 0 to 16");
  refused("1,2,3 \n", "1:6:", "the line goes on after its 3 numbers");
  refused("1;2;3\n", "1:2:", "expected a comma after number 1 of 3");
  refused("x,2,3\n", "1:1:", "expected an intensity from 0 to 16 (number 1 of 3)");
  refused("1,2.5,3\n", "1:4:", "expected a comma after number 2 of 3");
  refused("1,2,3\n\n1,2,3\n",
          "2:1:", "expected an intensity from 0 to 16 (number 1 of 3), the line ends here");
  refused("99999999999999999999,2,3\n", "1:1:", "expected an intensity from 0 to 16 (number 1 of 3)");
  refused(std::string("1,2,\0003\n", 7), "1:5:", "expected a label from 0 to 9 (number 3 of 3)");
  EXPECT_EQ(error_of([] { parse_csv("1,2,3", "text", {.height = 0}); }),
            "[read_csv] the form has a size below 1");
}

}  // namespace
}  // namespace heed::data
