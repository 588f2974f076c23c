#include "data/text/wordpiece.h"

#include "tests/data/text/testing.h"

namespace heed::data {
namespace {

WordPiece small(WordPieceOptions options = {}) {
  return WordPiece(Vocabulary({"[UNK]", "[CLS]", "[SEP]", "want", "##want", "##ed", "wa", "un", "runn",
                               "##ing", ",", "low", "##est", "漢", "e"}),
                   options);
}

Strings pieces(const WordPiece& bert, const std::string& text) {
  Strings list;
  for (const index_t id : bert.encode(text)) list.push_back(bert.vocabulary().word(id));
  return list;
}

TEST(WordPiece, SplitsWordsIntoTheLongestPieces) {
  EXPECT_EQ(pieces(small(), "UNwant\u00E9d,running"),
            (Strings{"un", "##want", "##ed", ",", "runn", "##ing"}));
  EXPECT_EQ(pieces(small(), "unwanted runninglow"), (Strings{"un", "##want", "##ed", "[UNK]"}));
  EXPECT_EQ(pieces(small(), ""), Strings{});
  EXPECT_EQ(pieces(small(), "low漢lowest"), (Strings{"low", "漢", "low", "##est"}));
}

TEST(WordPiece, SplitsLikeBert) {
  for (const bool lower : {true, false}) {
    const WordPiece bert = small({.lower_case = lower});
    for (const Json& c : text_cases().find("texts")->array())
      EXPECT_EQ(bert.split(c.find("text")->string()), strings(*c.find(lower ? "uncased" : "cased")))
          << json_string(c.find("text")->string());
  }
}

TEST(WordPiece, ASigmaAtTheEndOfAWordIsFinal) {
  const WordPiece bert = small();
  EXPECT_EQ(bert.split("ΟΔΟΣ"), (Strings{"οδος"}));
  EXPECT_EQ(bert.split("ΣΟΦΟΣ ΣΣ Σ"), (Strings{"σοφος", "σς", "σ"}));
  EXPECT_EQ(bert.split("ΟΔΌΣ, ΑΣ\u0301 ΑΣ中ΑΣ"), (Strings{"οδος", ",", "ας", "ας", "中", "ας"}));
  EXPECT_EQ(bert.split("ΑΣ.Α ΑΣ-Α"), (Strings{"ασ", ".", "α", "ας", "-", "α"}))
      << "a full stop is case-ignorable";
  EXPECT_EQ(bert.split("Α\x01Σ ΑΣ\x01Α"), (Strings{"ας", "ασα"})) << "control characters are dropped first";
  EXPECT_EQ(small({.lower_case = false}).split("ΟΔΟΣ"), (Strings{"ΟΔΟΣ"}));
}

TEST(WordPiece, CasedKeepsCapitalsAndAccents) {
  EXPECT_EQ(pieces(small({.lower_case = false}), "low Low é"), (Strings{"low", "[UNK]", "[UNK]"}));
  EXPECT_EQ(pieces(small(), "Low é"), (Strings{"low", "e"}));
}

TEST(WordPiece, DecodeSeparatesWordsBySpaces) {
  const WordPiece bert = small();
  EXPECT_EQ(bert.decode(bert.encode("unwanted, running")), "unwanted , running");
}

TEST(WordPiece, AWordThatIsTooLongIsUnknown) {
  const WordPiece bert(Vocabulary({"[UNK]", "a", "##a"}));
  EXPECT_EQ(bert.encode(std::string(100, 'a')).size(), 100u);
  EXPECT_EQ(bert.encode(std::string(101, 'a')), (Ids{0}));
  EXPECT_EQ(bert.encode(std::string(1'000'000, 'a')), (Ids{0}));
}

TEST(WordPiece, InvalidUtf8IsDroppedOrRejected) {
  EXPECT_EQ(pieces(small(), "lo\xFFw"), (Strings{"low"}));
  expect_contains(error_of([] { (void)small({.invalid_utf8 = InvalidUtf8::reject}).encode("lo\xFF"); }),
                  "byte 2: expected UTF-8, got 0xFF");
}

TEST_F(TextFiles, WordPieceLoadsAVocabulary) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const auto bert = WordPiece::load(
        write("vocab.txt", "[PAD]" + end + "[UNK]" + end + "한국" + end + "##어"), {.lower_case = false});
    EXPECT_EQ(bert.encode("한국어 한국"), (Ids{2, 3, 2}));
  }
  EXPECT_EQ(WordPiece::load(write("vocab.txt", "\xEF\xBB\xBF[PAD]\n[UNK]\n")).vocabulary().id("[PAD]"), 0)
      << "a byte order mark is not part of the first token";
  const auto error = [&](const std::string& text) {
    return error_of([&] { WordPiece::load(write("vocab.txt", text)); });
  };
  EXPECT_EQ(error("[UNK]\na\n\nb\n"),
            "[wordpiece] " + path("vocab.txt") + ":3: expected one token per line, got an empty line");
  EXPECT_EQ(error("[UNK]\na\na\n"), "[wordpiece] " + path("vocab.txt") +
                                        ":3: expected unique tokens, got \"a\", which is also in line 2");
  EXPECT_EQ(error("a\nb\n"), "[wordpiece] " + path("vocab.txt") +
                                 ": expected a vocabulary with [UNK], got 2 tokens without it");
  EXPECT_EQ(error_of([] { WordPiece(Vocabulary({"a"})); }),
            "[wordpiece] expected a vocabulary with [UNK], got 1 tokens without it");
  expect_contains(error("[UNK]\n\xFF\n"), "vocab.txt:2: byte 0: expected UTF-8, got 0xFF");
  expect_contains(error_of([&] { WordPiece::load(path("none")); }), "none: no such file");
}

}  // namespace
}  // namespace heed::data
