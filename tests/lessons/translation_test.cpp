// translation_test.cpp — lesson 01: the measures of a translation.
#include "lessons/01_why_attention/translation.h"

#include "tests/testing.h"

namespace heed::lessons {

TEST(EditDistance, CountsInsertionsDeletionsAndReplacements) {
  EXPECT_EQ(edit_distance({1, 2, 3}, {1, 2, 3}), 0);
  EXPECT_EQ(edit_distance({1, 2, 3}, {1, 3}), 1) << "one word too many";
  EXPECT_EQ(edit_distance({1, 3}, {1, 2, 3}), 1) << "one word is missing";
  EXPECT_EQ(edit_distance({1, 4, 3}, {1, 2, 3}), 1) << "one word is wrong";
  EXPECT_EQ(edit_distance({2, 1}, {1, 2}), 2) << "two words are swapped";
  EXPECT_EQ(edit_distance({}, {1, 2}), 2);
  EXPECT_EQ(edit_distance({1, 2}, {}), 2);
  EXPECT_EQ(edit_distance({1, 2, 3, 4, 5, 6, 7}, {8, 2, 3, 4, 6, 9, 7}), 3);
}

TEST(TranslationQuality, AMissingWordShiftsPositionsButIsOneEdit) {
  const Quality missing = quality({{2, 3, 4}}, {{1, 2, 3, 4}});
  EXPECT_EQ(missing.accuracy, 0);
  EXPECT_EQ(missing.errors, 0.25);
  EXPECT_EQ(missing.words, 0.75);
  const Quality extra = quality({{1, 2, 5, 6, 7}}, {{1, 2}});
  EXPECT_EQ(extra.accuracy, 1) << "extra words at the end do not count";
  EXPECT_EQ(extra.errors, 1.5);
  EXPECT_EQ(extra.words, 2.5);
}

TEST(TranslationQuality, EveryWordOfTheReferencesCountsEqually) {
  const Quality q = quality({{1}, {5, 6, 7}}, {{1}, {2, 3, 4}});
  EXPECT_EQ(q.accuracy, 0.25);
  EXPECT_EQ(q.errors, 0.75);
}

}  // namespace heed::lessons
