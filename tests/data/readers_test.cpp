// readers_test.cpp — valid files, and files with an invalid value in every field.
#include "data/readers.h"

#include <sys/resource.h>

#include "tests/data/testing.h"

namespace heed::data {
namespace {

class Readers : public TemporaryFolder {};

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
  const std::string x = write("x", images(2, 1, 2, std::string("\x00\xff\x33\x66", 4))),
                    y = write("y", labels(2, "\x07\x02"));
  const Dataset set = read_idx(x, y);
  EXPECT_EQ(set.images.shape(), (Shape{2, 1, 1, 2}));
  expect_close(set.images.reshape({4}), tensor({0, 1, 0.2, 0.4}));
  EXPECT_EQ(set.labels, IntTensor({7, 2}));
}

// Every error of an IDX file contains the position and the expected value.
TEST_F(Readers, InvalidIdxFilesAreRejectedWithThePosition) {
  const auto expect_error = [&](const std::string& bytes, const std::string& message) {
    const std::string path = write("file", bytes);
    EXPECT_EQ(error_of([&] { read_idx_images(path); }), "[read_idx] " + path + ": " + message);
  };
  expect_error("", "expected a magic number of 4 bytes, 0x00000803, got 0 bytes; the file is truncated");
  expect_error("\x01\x02",
               "expected a magic number of 4 bytes, 0x00000803, got 2 bytes; the file is truncated");
  expect_error(labels(4, "abcd"),
               "expected magic number 0x00000803 (images of unsigned bytes), got 0x00000801");
  expect_error(number(0x03080000) + std::string(12, '\0'),
               "expected magic number 0x00000803 (images of unsigned bytes), got 0x03080000");
  expect_error(number(0x803) + number(1), "expected a header of 16 bytes, got 8; the file is truncated");
  expect_error(images(0, 2, 2, ""), "byte 4: expected a size of at least 1, got 0");
  expect_error(images(1, 2, 0, ""), "byte 12: expected a size of at least 1, got 0");
  expect_error(
      images(2, 2, 2, "abcdefg"),
      "expected data of shape (2, 2, 2) after the header, got 7 bytes; the file is truncated, or a size in "
      "the header is wrong");
  expect_error(images(1, 2, 2, "abcdef"), "expected data of shape (1, 2, 2) after the header, got 6 bytes");
  // A header with 2^96 bytes is rejected before any memory is allocated.
  expect_error(
      images(0xffffffff, 0xffffffff, 0xffffffff, "abc"),
      "expected data of shape (4294967295, 4294967295, 4294967295) after the header, got 3 bytes; the file "
      "is truncated, or a size in the header is wrong");
  const std::string path = write("file", images(1, 1, 1, "a"));
  EXPECT_EQ(
      error_of([&] { read_idx_labels(path); }),
      "[read_idx] " + path + ": expected magic number 0x00000801 (labels of unsigned bytes), got 0x00000803");
}

TEST_F(Readers, AHugeSizeInTheHeaderAllocatesNoMemory) {
  const std::string path = write("file", images(0xffffff, 0xffff, 0xffff, "abc"));
  reset_peak_memory();
  const auto before = memory_stats().peak_bytes;
  EXPECT_THROW(read_idx_images(path), Error);
  EXPECT_EQ(memory_stats().peak_bytes, before);
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  EXPECT_LT(usage.ru_maxrss, 2'000'000) << "kilobytes";
}

TEST_F(Readers, CountsOfImagesAndLabelsMustAgree) {
  const std::string x = write("x", images(2, 1, 1, "ab")), y = write("y", labels(3, "abc"));
  EXPECT_EQ(error_of([&] { read_idx(x, y); }),
            "[read_idx] expected one label per image, got 2 images in " + x + " and 3 labels in " + y);
}

TEST_F(Readers, PathsThatAreNotFilesAreRejected) {
  const std::string nowhere = path("nowhere");
  EXPECT_EQ(error_of([&] { read_idx_images(nowhere); }), "[read_idx] " + nowhere + ": no such file");
  EXPECT_EQ(error_of([&] { read_csv(folder_.string()); }),
            "[read_csv] " + folder_.string() + ": expected a file, got a folder");
  EXPECT_EQ(error_of([] { read_csv("/dev/null"); }),
            "[read_csv] /dev/null: expected a file, got a device, pipe or socket");
  EXPECT_EQ(error_of([] { read_csv(""); }), "[read_csv] : no such file");
}

constexpr CsvFormat tiny{.height = 1, .width = 2, .max_intensity = 16, .classes = 10};

TEST_F(Readers, ACsvLineContainsPixelsAndALabel) {
  const Dataset set = read_csv(write("file", "0,16,3\n8,4,9"), tiny);
  EXPECT_EQ(set.images.shape(), (Shape{2, 1, 1, 2}));
  EXPECT_EQ(set.images.to_vector(), (std::vector<double>{0, 1, 0.5, 0.25}));
  EXPECT_EQ(set.labels, IntTensor({3, 9}));
  for (const std::string end : {"\r\n", "\r"})
    EXPECT_EQ(read_csv(write("file", "0,16,3" + end + "8,4,9" + end), tiny).labels, set.labels);
}

TEST_F(Readers, CsvMayStartWithAByteOrderMark) {
  const CsvFormat format{.height = 1, .width = 2, .max_intensity = 4, .classes = 3};
  EXPECT_EQ(parse_csv("\xEF\xBB\xBF"
                      "1,2,2\r\n",
                      "x", format)
                .labels,
            IntTensor{2});
  EXPECT_EQ(error_of([&] { parse_csv("\xEF\xBB\xBF", "x", format); }),
            "[read_csv] x: expected lines of 3 numbers, got an empty file");
}

TEST_F(Readers, InvalidCsvFilesAreRejectedWithLineAndColumn) {
  const auto expect_error = [&](const std::string& text, const std::string& position,
                                const std::string& message) {
    const std::string path = write("file", text);
    EXPECT_EQ(error_of([&] { read_csv(path, tiny); }), "[read_csv] " + path + ":" + position + " " + message);
  };
  expect_error("", "", "expected lines of 3 numbers, got an empty file");
  expect_error("1,2,3\n1,17,3\n", "2:3:", "expected an intensity from 0 to 16, got 17");
  expect_error("1,-2,3\n", "1:3:", "expected an intensity from 0 to 16, got -2");
  expect_error("1,2,10\n", "1:5:", "expected a label from 0 to 9, got 10");
  expect_error("1,2\n", "1:4:", "expected a comma after number 2 of 3");
  expect_error("1,2,\n", "1:5:", "expected a label from 0 to 9 (number 3 of 3), got the end of the line");
  expect_error("1,2,3,4\n", "1:6:", "expected the end of the line after 3 numbers");
  expect_error("1,2,3\r1,17,3\r", "2:3:", "expected an intensity from 0 to 16, got 17");
  expect_error("1,2,3 \n", "1:6:", "expected the end of the line after 3 numbers");
  expect_error("1;2;3\n", "1:2:", "expected a comma after number 1 of 3");
  expect_error("x,2,3\n", "1:1:", "expected an intensity from 0 to 16 (number 1 of 3)");
  expect_error("1,2.5,3\n", "1:4:", "expected a comma after number 2 of 3");
  expect_error("1,2,3\n\n1,2,3\n",
               "2:1:", "expected an intensity from 0 to 16 (number 1 of 3), got the end of the line");
  expect_error("99999999999999999999,2,3\n", "1:1:", "expected an intensity from 0 to 16 (number 1 of 3)");
  expect_error(std::string("1,2,\0003\n", 7), "1:5:", "expected a label from 0 to 9 (number 3 of 3)");
  EXPECT_EQ(error_of([] { parse_csv("1,2,3", "text", {.height = 0}); }),
            "[read_csv] expected a format with sizes of at least 1, got height 0, width 8, max_intensity 16, "
            "classes 10");
}

}  // namespace
}  // namespace heed::data
