// sentences_test.cpp — the training text of lesson 10's GPT, and the check of generated sentences;
// the edit distance of lesson 05.
#include "lessons/10_gpt/sentences.h"

#include <cmath>

#include "lessons/05_transformer_architecture/translation.h"
#include "tests/testing.h"

namespace heed::lessons {

TEST(Sentences, BelongToTheLanguageAndOccurOnce) {
  const std::set<std::string> all = language();
  std::set<std::string> seen;
  const std::string text = sentences_text(4);
  for (const std::string_view line : data::lines_of(text)) {
    EXPECT_TRUE(all.contains(std::string(line))) << line;
    EXPECT_TRUE(seen.emplace(line).second) << "twice: " << line;
  }
  EXPECT_EQ(seen.size(), 2000U);
  EXPECT_NE(text, sentences_text(5));
}

TEST(Sentences, TheLeastLossIsThatOfEquallyProbableOnes) {
  EXPECT_DOUBLE_EQ(least_loss({"a", "bbb"}), std::log(2) / 3);  // with line ends, 2 and 4 characters
}

TEST(Sentences, CompleteLinesAreChecked) {
  const Characters text = Characters::of("we read\nwe eat\nwe read\nwe eat\nwe sleep\n", 1);
  // The first and the last line may be incomplete. "we eat" is in the training text.
  const Checked result = checked(text.tokenizer.encode("ad\nwe sleep\nwe slept\nwe eat\nwe sl\nwe re"), text,
                                 {"we read", "we eat", "we sleep"});
  EXPECT_EQ(result.lines, 4);
  EXPECT_EQ(result.correct, 0.5);
  EXPECT_EQ(result.novel, 0.5);
  EXPECT_EQ(checked({}, text, {"we read"}).correct, 0);
}

TEST(Sentences, BigramsContinueWithCharactersThatFollow) {
  const Characters text = Characters::of("abababababababababab", 1);
  Generator gen(0);
  const std::vector<index_t> ids = sample_bigrams(text, text.train[0], 6, gen);
  EXPECT_EQ(text.tokenizer.decode(ids), "ababab");
}

TEST(Translation, TheEditDistanceCountsInsertionsDeletionsAndReplacements) {
  using translation::edit_distance;
  EXPECT_EQ(edit_distance({1, 2, 3}, {1, 2, 3}), 0);
  EXPECT_EQ(edit_distance({1, 2, 3}, {1, 3}), 1);
  EXPECT_EQ(edit_distance({}, {1, 3}), 2);
  EXPECT_EQ(edit_distance({1, 2, 3}, {4, 2, 3, 5}), 2);
}

}  // namespace heed::lessons
