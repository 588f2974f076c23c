#include "data/text/tokenizer.h"

#include "tests/data/text/testing.h"

namespace heed::data {
namespace {

TEST(Vocabulary, CountsTheMostFrequentFirst) {
  const Strings words{"b", "a", "c", "a", "d", "c", "[UNK]"};
  const Vocabulary all = Vocabulary::count(words);
  EXPECT_EQ(all.words(), (Strings{"[PAD]", "[UNK]", "[BOS]", "[EOS]", "a", "c", "b", "d"}));
  EXPECT_EQ(Vocabulary::count(words, {.min_count = 2}).size(), 6);
  EXPECT_EQ(Vocabulary::count(words, {.max_size = 5}).words().back(), "a");
  EXPECT_EQ(all.id("c"), 5);
  EXPECT_EQ(all.find("x"), std::nullopt);
}

TEST(Vocabulary, RefusesWhatItDoesNotHave) {
  const Vocabulary v({"x", "y"});
  EXPECT_EQ(error_of([&] { (void)v.id("z\n"); }), "[Vocabulary] no word \"z\\u000a\" among 2");
  EXPECT_EQ(error_of([&] { (void)v.word(2); }), "[Vocabulary] id 2 is outside [0, 2)");
  EXPECT_EQ(error_of([&] { (void)v.word(-1); }), "[Vocabulary] id -1 is outside [0, 2)");
  EXPECT_EQ(error_of([] {
              Vocabulary({"x", "y", "x"});
            }),
            "[Vocabulary] the word \"x\" has two ids, 0 and 2");
  EXPECT_EQ(error_of([] { Vocabulary::count({}, {.min_count = 0}); }),
            "[Vocabulary] min_count must be at least 1 and max_size at least 0, got 0 and 0");
  EXPECT_EQ(error_of([] { Vocabulary::count({}, {.max_size = 3}); }),
            "[Vocabulary] max_size = 3 does not even hold the 4 special words");
}

TEST(CharTokenizer, OneTokenACodePoint) {
  const auto chars = CharTokenizer::of({"한글 abc🙂"});
  EXPECT_EQ(chars.encode("한a🙂").size(), 3u);
  EXPECT_EQ(chars.decode(chars.encode("a한🙂 글")), "a한🙂 글");
  EXPECT_EQ(chars.encode("z"), (Ids{unknown_id}));
  EXPECT_EQ(chars.decode(chars.encode("az")), "a[UNK]");
}

TEST(WordTokenizer, GoodIsOneWordWhereverItStands) {
  EXPECT_EQ(WordTokenizer::split("it is good, (really) good."),
            (Strings{"it", "is", "good", "##,", "(", "##really", "##)", "good", "##."}));
  EXPECT_EQ(WordTokenizer::split("재미있다! 값  3.5점"),
            (Strings{"재미있다", "##!", "값", "## ", "3", "##.", "##5점"}));
}

TEST(WordTokenizer, TheTextComesBack) {
  const Strings texts{"",
                      " ",
                      "  ",
                      " a",
                      "a ",
                      "a  b",
                      "a \n b",
                      "##",
                      "a ##b # c",
                      "한국어, 'tis  (so)!  ",
                      "e\u0301\u00a0x",
                      "tab\there",
                      ". .. ...",
                      "a\n",
                      "##a ## b"};
  const auto words = WordTokenizer::of(texts);
  for (const std::string& text : texts) EXPECT_EQ(words.decode(words.encode(text)), text);
  for (const Json& c : text_cases().find("texts")->array()) {
    const std::string text = c.find("text")->string();
    const auto own = WordTokenizer::of({text});
    EXPECT_EQ(own.decode(own.encode(text)), text);
  }
}

TEST(WordTokenizer, ATextOfRandomBytesComesBackAsFarAsItIsText) {
  Generator gen(5);
  for (int i = 0; i < 300; ++i) {
    const std::string bytes = random_bytes(gen, 40), text = to_utf8(code_points(bytes, Broken::replace));
    const auto words = WordTokenizer::of({bytes});
    EXPECT_EQ(words.decode(words.encode(bytes)), text);
    const auto chars = CharTokenizer::of({bytes});
    EXPECT_EQ(chars.decode(chars.encode(bytes)), text);
  }
}

TEST(Tokenizers, RefuseBrokenTextWhereAsked) {
  const auto strict = WordTokenizer::of({"a"}, {}, Broken::refuse);
  expect_contains(error_of([&] { (void)strict.encode("a\xFF"); }), "[utf8] the text: byte 1: 0xFF");
  expect_contains(error_of([] { CharTokenizer::of({"\xFF"}, {}, Broken::refuse); }), "byte 0: 0xFF");
  EXPECT_EQ(error_of([] {
              WordTokenizer(Vocabulary({"a", "b"}));
            }),
            "[WordTokenizer] word 1 of the vocabulary must be [UNK]. Hint: Vocabulary::count");
  EXPECT_EQ(error_of([&] { (void)strict.decode({99}); }), "[Vocabulary] id 99 is outside [0, 5)");
}

}  // namespace
}  // namespace heed::data
