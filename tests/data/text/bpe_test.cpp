#include "data/text/bpe.h"

#include "tests/data/text/testing.h"

namespace heed::data {
namespace {

const Strings corpus{
    "low low low low low lower lower newest newest newest newest newest newest widest widest widest",
    "한국어 한국말 한국 사람", "it's we'll I'd"};

TEST(Bpe, SplitsAsGpt2Does) {
  for (const Json& c : text_cases().find("texts")->array()) {
    Strings words;
    for (const std::string_view word : BytePairEncoding::split(c.find("text")->string()))
      words.emplace_back(word);
    EXPECT_EQ(words, strings(*c.find("gpt2"))) << json_string(c.find("text")->string());
  }
}

TEST(Bpe, MergesTheMostFrequentPairsFirst) {
  const auto bpe = BytePairEncoding::train({corpus[0]}, {.vocab_size = 262});
  // By hand: e+s 9 times, es+t 9, l+o 7, lo+w 7; then four pairs 6 times, of which " "+n has the smallest ids.
  const Strings made(bpe.vocabulary().words().begin() + 256, bpe.vocabulary().words().end());
  EXPECT_EQ(made, (Strings{"es", "est", "lo", "low", " n", "<|endoftext|>"}));
  EXPECT_EQ(bpe.encode("lowest").size(), 2u) << "low est";
}

TEST(Bpe, AnyBytesComeBack) {
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

// The algorithm as the paper has it: all places of the best pair, again and again.
Ids slowly(const BytePairEncoding& bpe, const std::vector<std::pair<std::string, std::string>>& merges,
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

TEST_F(TextFiles, BpeMergesAsThePaperDoes) {
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
      for (std::size_t at = 0; (at = part->find("Ġ")) != std::string::npos;) part->replace(at, 2, " ");
    merges.emplace_back(left, right);
  }
  EXPECT_GT(merges.size(), 100u);
  for (const std::string& text : texts) EXPECT_EQ(bpe.encode(text), slowly(bpe, merges, text));
}

TEST_F(TextFiles, BpeReadsWhatItWrote) {
  const auto bpe = BytePairEncoding::train(corpus, {.vocab_size = 320});
  bpe.save(path("vocab.bpe"), path("encoder.json"));
  const auto back = BytePairEncoding::load(path("vocab.bpe"), path("encoder.json"));
  EXPECT_EQ(back.vocabulary().words(), bpe.vocabulary().words());
  EXPECT_EQ(back.end_of_text(), bpe.vocabulary().size() - 1);
  for (const std::string& text : corpus) EXPECT_EQ(back.encode(text), bpe.encode(text));
  EXPECT_EQ(read_file("test", path("vocab.bpe")).substr(0, 14), "#version: 0.2\n");
  expect_contains(read_file("test", path("encoder.json")), "\"Ġlow\": ");
}

TEST(Bpe, TheSameTextsGiveTheSameMerges) {
  EXPECT_EQ(
      BytePairEncoding::train(corpus, {.vocab_size = 300}).vocabulary().words(),
      BytePairEncoding::train({corpus[2], corpus[1], corpus[0]}, {.vocab_size = 300}).vocabulary().words());
}

// A very long text without a space is one word; it must take n log n steps, not n².
TEST(Bpe, AVeryLongWordDoesNotHang) {
  const auto bpe = BytePairEncoding::train({std::string(64, 'a'), std::string(50, 'a')}, {.vocab_size = 263});
  EXPECT_EQ(bpe.decode(bpe.encode(std::string(200'000, 'a'))).size(), 200'000u);
}

class BpeFiles : public TextFiles {
 protected:
  // A whole vocabulary with two merges, of which a test changes something.
  void SetUp() override {
    TextFiles::SetUp();
    BytePairEncoding::train({"abab\nabab\nabab"}, {.vocab_size = 259}).save(path("v"), path("e"));
    json_ = read_file("test", path("e"));
  }
  std::string load(const std::string& merges, const std::string& json) {
    write("v", merges), write("e", json);
    return error_of([&] { BytePairEncoding::load(path("v"), path("e")); });
  }
  std::string changed(const std::string& from, const std::string& to) const {
    std::string text = json_;
    return text.replace(text.find(from), from.size(), to);
  }
  std::string json_;
};

TEST_F(BpeFiles, AreRefusedWithTheirLine) {
  const std::string v = path("v"), e = path("e");
  EXPECT_EQ(load("#version: 0.2\na b\nab ab\n", json_), "");
  EXPECT_EQ(load("a b\r\nab ab\r\n", json_), "");
  EXPECT_EQ(load("#version: 0.2\ra b\rab ab\r", json_), "");
  EXPECT_EQ(load("a b\ra b c\r", json_),
            "[bpe] " + v + ":2: expected two tokens with a space between, got \"a b c\"");
  EXPECT_EQ(load("#version: 0.2\na b c\n", json_),
            "[bpe] " + v + ":2: expected two tokens with a space between, got \"a b c\"");
  EXPECT_EQ(load("a\n", json_), "[bpe] " + v + ":1: expected two tokens with a space between, got \"a\"");
  EXPECT_EQ(load("a zz\n", json_), "[bpe] " + v + ":1: token \"zz\" is not in " + e);
  EXPECT_EQ(load("a b\na 한\n", json_),
            "[bpe] " + v + ":2: token \"한\" has the character \"한\", which stands for no byte");
  EXPECT_EQ(load("b a\n", json_), "[bpe] " + v + ": merge 0 makes \"ba\", which is not in the vocabulary");
  EXPECT_EQ(load("ab ab\na b\n", json_),
            "[bpe] " + v + ": merge 0 needs a token that only a later one makes, for \"abab\"");
  EXPECT_EQ(load("a b\na b\n", json_), "[bpe] " + v + ": merge 1 stands twice, for \"ab\"");
  EXPECT_EQ(load("", changed("\"!\": 33", "\"ab!\": 33")),
            "[bpe] " + v + ": no token for byte 33; a vocabulary over bytes has all 256");
  EXPECT_EQ(load("", changed(": 33,", ": 34,")),
            "[bpe] " + e + ": token \"\\\"\" has the id 34, which another has too");
  EXPECT_EQ(load("", changed(": 33,", ": 999,")),
            "[bpe] " + e + ": token \"!\" has the id 999; ids must be 0 to 258");
  EXPECT_EQ(load("", "[]"), "[bpe] " + e + ": expected an object of tokens and their ids");
  expect_contains(load("", "{\"a\": 0"), "[json] " + e);
  EXPECT_EQ(load("", json_), "");
  expect_contains(error_of([&] { BytePairEncoding::load(v + "x", e); }), "x: no such file");
  EXPECT_EQ(error_of([] { BytePairEncoding::train({}, {.vocab_size = 256}); }),
            "[bpe] vocab_size must be at least 257 (256 bytes and <|endoftext|>) and min_count at least 1, "
            "got 256 and 2");
}

}  // namespace
}  // namespace heed::data
