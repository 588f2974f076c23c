#include "data/digits.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "data/readers.h"
#include "tests/testing.h"

namespace heed::data {
namespace {

TEST(Digits, HaveTheDocumentedShapeRangeAndCounts) {
  const Dataset set = digits();
  EXPECT_EQ(set.images.shape(), (Shape{1797, 1, 8, 8}));
  EXPECT_EQ(min(set.images).item(), 0);
  EXPECT_EQ(max(set.images).item(), 1);
  std::array<int, 10> counts{};
  for (const index_t label : set.labels.values()) ++counts[static_cast<std::size_t>(label)];
  // The counts in the dataset's description.
  EXPECT_EQ(counts, (std::array<int, 10>{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}));
}

TEST(Digits, TheEmbeddedDigitsEqualTheFile) {
  const Dataset file = read_csv(HEED_SOURCE_DIR "/data/digits/digits.csv"), embedded = digits();
  expect_same_bits(file.images, embedded.images);
  EXPECT_EQ(file.labels, embedded.labels);
}

TEST(Digits, DoNotDependOnTheCurrentFolder) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path("/");
  EXPECT_EQ(digits().size(), 1797);
  std::filesystem::current_path(before);
}

TEST(Digits, TheSplitIsFixed) {
  const auto [train, test] = digits_split();
  EXPECT_EQ(train.size(), 1437);
  EXPECT_EQ(test.size(), 360);
  const auto [again, _] = digits_split();
  EXPECT_EQ(train.labels, again.labels);
  EXPECT_EQ(test.labels.slice(0, 0, 8), IntTensor({4, 4, 7, 4, 2, 2, 4, 5}));
}

TEST(Digits, TheReadmeContainsSourceAndLicence) {
  std::ifstream file(HEED_SOURCE_DIR "/data/digits/README.md");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  expect_contains(text, "CC BY 4.0");
  expect_contains(text, "Alpaydin");
}

}  // namespace
}  // namespace heed::data
