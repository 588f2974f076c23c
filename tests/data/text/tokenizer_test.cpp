#include "data/text/tokenizer.h"

#include "tests/data/text/testing.h"

namespace heed::data {
namespace {

TEST(Vocabulary, BuildSortsByFrequency) {
  const Strings words{"b", "a", "c", "a", "d", "c", "[UNK]"};
  const Vocabulary all = Vocabulary::build(words);
  EXPECT_EQ(all.words(), (Strings{"[PAD]", "[UNK]", "[BOS]", "[EOS]", "a", "c", "b", "d"}));
  EXPECT_EQ(Vocabulary::build(words, {.min_count = 2}).size(), 6);
  EXPECT_EQ(Vocabulary::build(words, {.max_size = 5}).words().back(), "a");
  EXPECT_EQ(all.id("c"), 5);
  EXPECT_EQ(all.find("x"), std::nullopt);
}

TEST(Vocabulary, RejectsInvalidArguments) {
  const Vocabulary v({"x", "y"});
  EXPECT_EQ(error_of([&] { (void)v.id("z\n"); }),
            "[Vocabulary] expected a word in the vocabulary of 2, got \"z\\u000a\"");
  EXPECT_EQ(error_of([&] { (void)v.word(2); }), "[Vocabulary] expected an id in [0, 2), got 2");
  EXPECT_EQ(error_of([&] { (void)v.word(-1); }), "[Vocabulary] expected an id in [0, 2), got -1");
  EXPECT_EQ(error_of([] {
              Vocabulary({"x", "y", "x"});
            }),
            "[Vocabulary] expected unique words, got \"x\" at 0 and 2");
  EXPECT_EQ(error_of([] { Vocabulary::build({}, {.min_count = 0}); }),
            "[Vocabulary] expected min_count >= 1 and max_size >= 0, got 0 and 0");
  EXPECT_EQ(error_of([] { Vocabulary::build({}, {.max_size = 3}); }),
            "[Vocabulary] expected max_size >= 4 (the special tokens), got 3");
}

TEST(CharTokenizer, OneTokenPerCodePoint) {
  const auto chars = CharTokenizer::train({"한글 abc🙂"});
  EXPECT_EQ(chars.encode("한a🙂").size(), 3u);
  EXPECT_EQ(chars.decode(chars.encode("a한🙂 글")), "a한🙂 글");
  EXPECT_EQ(chars.encode("z"), (Ids{unknown_id}));
  EXPECT_EQ(chars.decode(chars.encode("az")), "a[UNK]");
}

TEST(WordTokenizer, AWordIsTheSameTokenBeforeASpaceAndPunctuation) {
  EXPECT_EQ(WordTokenizer::split("it is good, (really) good."),
            (Strings{"it", "is", "good", "##,", "(", "##really", "##)", "good", "##."}));
  EXPECT_EQ(WordTokenizer::split("재미있다! 값  3.5점"),
            (Strings{"재미있다", "##!", "값", "## ", "3", "##.", "##5점"}));
}

TEST(WordTokenizer, DecodeReturnsTheText) {
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
  const auto words = WordTokenizer::train(texts);
  for (const std::string& text : texts) EXPECT_EQ(words.decode(words.encode(text)), text);
  for (const Json& c : text_cases().find("texts")->array()) {
    const std::string text = c.find("text")->string();
    const auto tokenizer = WordTokenizer::train({text});
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }
}

TEST(WordTokenizer, DecodeReturnsRandomBytesWithInvalidUtf8Replaced) {
  Generator gen(5);
  for (int i = 0; i < 300; ++i) {
    const std::string bytes = random_bytes(gen, 40), text = to_utf8(code_points(bytes, InvalidUtf8::replace));
    const auto words = WordTokenizer::train({bytes});
    EXPECT_EQ(words.decode(words.encode(bytes)), text);
    const auto chars = CharTokenizer::train({bytes});
    EXPECT_EQ(chars.decode(chars.encode(bytes)), text);
  }
}

TEST(Tokenizers, RejectInvalidUtf8IfConfigured) {
  const auto strict = WordTokenizer::train({"a"}, {}, InvalidUtf8::reject);
  expect_contains(error_of([&] { (void)strict.encode("a\xFF"); }),
                  "[utf8] the text: byte 1: expected UTF-8, got 0xFF");
  expect_contains(error_of([] { CharTokenizer::train({"\xFF"}, {}, InvalidUtf8::reject); }),
                  "byte 0: expected UTF-8, got 0xFF");
  EXPECT_EQ(error_of([] {
              WordTokenizer(Vocabulary({"a", "b"}));
            }),
            "[WordTokenizer] expected [UNK] with id 1 in the vocabulary. Hint: use Vocabulary::build");
  EXPECT_EQ(error_of([&] { (void)strict.decode({99}); }), "[Vocabulary] expected an id in [0, 5), got 99");
}

}  // namespace
}  // namespace heed::data
