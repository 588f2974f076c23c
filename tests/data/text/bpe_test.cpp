#include "data/text/bpe.h"

#include "tests/data/text/testing.h"

namespace heed::data {
namespace {

const Strings corpus{
    "low low low low low lower lower newest newest newest newest newest newest widest widest widest",
    "한국어 한국말 한국 사람", "it's we'll I'd"};

TEST(Bpe, SplitsLikeGpt2) {
  for (const Json& c : text_cases().find("texts")->array()) {
    Strings words;
    for (const std::string_view word : BytePairEncoding::split(c.find("text")->string()))
      words.emplace_back(word);
    EXPECT_EQ(words, strings(*c.find("gpt2"))) << json_string(c.find("text")->string());
  }
}

TEST(Bpe, MergesTheMostFrequentPairsFirst) {
  const auto bpe = BytePairEncoding::train({corpus[0]}, {.vocab_size = 262});
  // Computed by hand: e+s occurs 9 times, es+t 9, l+o 7, lo+w 7; then four pairs occur 6 times, of which " "+n has
  // the smallest ids.
  const Strings merged(bpe.vocabulary().words().begin() + 256, bpe.vocabulary().words().end());
  EXPECT_EQ(merged, (Strings{"es", "est", "lo", "low", " n", "<|endoftext|>"}));
  EXPECT_EQ(bpe.encode("lowest").size(), 2u) << "low est";
}

TEST(Bpe, DecodeReturnsAnyBytes) {
  const auto bpe = BytePairEncoding::train(corpus, {.vocab_size = 330});
  Generator gen(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string bytes = random_bytes(gen, 60);
    ASSERT_EQ(bpe.decode(bpe.encode(bytes)), bytes);
  }
  for (const Json& c : text_cases().find("texts")->array()) {
    const std::string text = c.find("text")->string();
    EXPECT_EQ(bpe.decode(bpe.encode(text)), text);
  }
}

// The algorithm of the paper: for each merge in turn, merge all occurrences of the pair.
Ids encode_slowly(const BytePairEncoding& bpe, const std::vector<std::pair<std::string, std::string>>& merges,
                  std::string_view text) {
  Ids ids;
  for (const std::string_view word : BytePairEncoding::split(text)) {
    Strings parts;
    for (const char b : word) parts.emplace_back(1, b);
    for (const auto& [left, right] : merges)
      for (std::size_t i = 0; i + 1 < parts.size(); ++i)
        if (parts[i] == left && parts[i + 1] == right) {
          parts[i] += right;
          parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        }
    for (const std::string& part : parts) ids.push_back(bpe.vocabulary().id(part));
  }
  return ids;
}

TEST_F(TextFiles, BpeMergesLikeThePaper) {
  Generator gen(2);
  Strings texts;
  for (int i = 0; i < 40; ++i) {
    std::string text;
    for (int n = 0; n < 60; ++n) text += "ab c"[gen.below(4)];
    texts.push_back(text);
  }
  const auto bpe = BytePairEncoding::train(texts, {.vocab_size = 400});
  bpe.save(path("vocab.bpe"), path("encoder.json"));
  std::vector<std::pair<std::string, std::string>> merges;
  std::istringstream file(read_file("test", path("vocab.bpe")));
  std::string line, left, right;
  std::getline(file, line);
  while (file >> left >> right) {
    for (std::string* part : {&left, &right})
      for (std::size_t i = part->find("Ġ"); i != std::string::npos; i = part->find("Ġ"))
        part->replace(i, 2, " ");
    merges.emplace_back(left, right);
  }
  EXPECT_GT(merges.size(), 100u);
  for (const std::string& text : texts) EXPECT_EQ(bpe.encode(text), encode_slowly(bpe, merges, text));
}

TEST_F(TextFiles, BpeLoadsTheFilesThatItSaved) {
  const auto bpe = BytePairEncoding::train(corpus, {.vocab_size = 320});
  bpe.save(path("vocab.bpe"), path("encoder.json"));
  const auto back = BytePairEncoding::load(path("vocab.bpe"), path("encoder.json"));
  EXPECT_EQ(back.vocabulary().words(), bpe.vocabulary().words());
  EXPECT_EQ(back.end_of_text(), bpe.vocabulary().size() - 1);
  for (const std::string& text : corpus) EXPECT_EQ(back.encode(text), bpe.encode(text));
  EXPECT_EQ(read_file("test", path("vocab.bpe")).substr(0, 14), "#version: 0.2\n");
  expect_contains(read_file("test", path("encoder.json")), "\"Ġlow\": ");
}

TEST(Bpe, TheOrderOfTheTextsDoesNotMatter) {
  EXPECT_EQ(
      BytePairEncoding::train(corpus, {.vocab_size = 300}).vocabulary().words(),
      BytePairEncoding::train({corpus[2], corpus[1], corpus[0]}, {.vocab_size = 300}).vocabulary().words());
}

// A string without a space is one word. Encoding it must take O(n log n) steps, not O(n²).
TEST(Bpe, ALongWordIsEncodedQuickly) {
  const auto bpe = BytePairEncoding::train({std::string(64, 'a'), std::string(50, 'a')}, {.vocab_size = 263});
  EXPECT_EQ(bpe.decode(bpe.encode(std::string(200'000, 'a'))).size(), 200'000u);
}

class BpeFiles : public TextFiles {
 protected:
  // Writes a valid vocabulary with two merges, which each test modifies.
  void SetUp() override {
    TextFiles::SetUp();
    BytePairEncoding::train({"abab\nabab\nabab"}, {.vocab_size = 259}).save(path("v"), path("e"));
    json_ = read_file("test", path("e"));
  }
  std::string load(const std::string& merges, const std::string& json) {
    write("v", merges);
    write("e", json);
    return error_of([&] { BytePairEncoding::load(path("v"), path("e")); });
  }
  std::string changed(const std::string& from, const std::string& to) const {
    std::string text = json_;
    return text.replace(text.find(from), from.size(), to);
  }
  std::string json_;
};

TEST_F(BpeFiles, AreRejectedWithTheLine) {
  const std::string v = path("v"), e = path("e");
  EXPECT_EQ(load("#version: 0.2\na b\nab ab\n", json_), "");
  EXPECT_EQ(load("a b\r\nab ab\r\n", json_), "");
  EXPECT_EQ(load("#version: 0.2\ra b\rab ab\r", json_), "");
  EXPECT_EQ(load("a b\ra b c\r", json_),
            "[bpe] " + v + ":2: expected two tokens separated by a space, got \"a b c\"");
  EXPECT_EQ(load("#version: 0.2\na b c\n", json_),
            "[bpe] " + v + ":2: expected two tokens separated by a space, got \"a b c\"");
  EXPECT_EQ(load("a\n", json_), "[bpe] " + v + ":1: expected two tokens separated by a space, got \"a\"");
  EXPECT_EQ(load("a zz\n", json_), "[bpe] " + v + ":1: expected a token that is in " + e + ", got \"zz\"");
  EXPECT_EQ(load("a b\na 한\n", json_),
            "[bpe] " + v + ":2: token \"한\": expected characters that represent bytes, got \"한\"");
  EXPECT_EQ(load("b a\n", json_),
            "[bpe] " + v + ": merge 0: expected the result in the vocabulary, got \"ba\"");
  EXPECT_EQ(
      load("ab ab\na b\n", json_),
      "[bpe] " + v + ": merge 0: expected bytes or results of earlier merges, got another token in \"abab\"");
  EXPECT_EQ(load("a b\na b\n", json_), "[bpe] " + v + ": merge 1: expected unique merges, got \"ab\" again");
  EXPECT_EQ(load("", changed("\"!\": 33", "\"ab!\": 33")),
            "[bpe] " + v + ": expected tokens for all 256 bytes, got none for byte 33");
  EXPECT_EQ(load("", changed(": 33,", ": 34,")),
            "[bpe] " + e + ": token \"\\\"\": expected a unique id in [0, 259), got 34 again");
  EXPECT_EQ(load("", changed(": 33,", ": 999,")),
            "[bpe] " + e + ": token \"!\": expected a unique id in [0, 259), got 999");
  EXPECT_EQ(load("", "[]"), "[bpe] " + e + ": expected an object of tokens and their ids");
  expect_contains(load("", "{\"a\": 0"), "[json] " + e);
  EXPECT_EQ(load("", json_), "");
  expect_contains(error_of([&] { BytePairEncoding::load(v + "x", e); }), "x: no such file");
  EXPECT_EQ(
      error_of([] { BytePairEncoding::train({}, {.vocab_size = 256}); }),
      "[bpe] expected vocab_size >= 257 (256 bytes and <|endoftext|>) and min_count >= 1, got 256 and 2");
}

}  // namespace
}  // namespace heed::data
