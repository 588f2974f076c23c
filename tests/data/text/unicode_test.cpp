#include "data/text/unicode.h"

#include "tests/data/text/testing.h"

namespace heed::data {
namespace {

TEST(Unicode, CharacterClasses) {
  EXPECT_TRUE(is_letter(U'한') && is_letter(U'é') && is_letter(U'中') && !is_letter(U'1') &&
              !is_letter(U'.'));
  EXPECT_TRUE(is_number(U'7') && is_number(U'٣') && is_number(U'½') && !is_number(U'a'));
  EXPECT_TRUE(is_punctuation(U'$') && is_punctuation(U'。') && is_punctuation(U'“') &&
              !is_punctuation(U'가'));
  EXPECT_TRUE(is_space(U' ') && is_space(0x3000) && is_space('\n') && !is_space(0x200B));
  EXPECT_TRUE(is_control(0) && is_control(0x200B) && !is_control('\n') && !is_control('a'));
  EXPECT_TRUE(is_cjk(U'漢') && !is_cjk(U'한') && !is_cjk(U'か'));
}

// FNV-1a over 64-bit numbers. The expected sums use Python 3.11 (Unicode 14) and all code points.
class Checksum {
 public:
  void add(std::uint64_t number) { value_ = (value_ ^ number) * 0x100000001B3u; }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325u;
};

// for each c: add(ord(d)) for d in normalize("NFD", c.lower()) if category(d) != "Mn"; add(0xFFFFFFFF)
TEST(Unicode, FoldingEqualsPythonForEveryCodePoint) {
  Checksum sum;
  std::vector<char32_t> out;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    out.clear();
    append_folded(out, c);
    for (const char32_t d : out) sum.add(d);
    sum.add(0xFFFFFFFFu);
  }
  EXPECT_EQ(sum.value(), 0x133268182EC5CEDFu);
}

// for each c: add(bits); bit k is 1 if the sigma in the k-th text becomes ς in Python's str.lower()
TEST(Unicode, FinalSigmaEqualsPythonForEveryNeighbour) {
  Checksum sum;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::uint64_t bits = is_final_sigma({U'Α', U'Σ', c}, 1) ? 1 : 0;
    bits |= is_final_sigma({U'Α', U'Σ', c, U'Α'}, 1) ? 2 : 0;
    bits |= is_final_sigma({c, U'Σ'}, 1) ? 4 : 0;
    bits |= is_final_sigma({U'Α', c, U'Σ'}, 2) ? 8 : 0;
    sum.add(bits);
  }
  EXPECT_EQ(sum.value(), 0x1F7B7F1527B86666u);
}

TEST(Unicode, ASigmaIsFinalAtTheEndOfAWord) {
  const auto finals = [](std::u32string_view text) {
    const std::vector<char32_t> codes(text.begin(), text.end());
    std::string result;
    for (std::size_t i = 0; i < codes.size(); ++i) result += is_final_sigma(codes, i) ? 'f' : '.';
    return result;
  };
  EXPECT_EQ(finals(U"ΟΔΟΣ"), "...f");
  EXPECT_EQ(finals(U"ΣΟΦΟΣ ΟΔΟΣ"), "....f....f");
  EXPECT_EQ(finals(U"Σ ΣΣ 1Σ"), "...f...") << "a cased letter must precede it";
  EXPECT_EQ(finals(U"ΑΣ1 ΑΣ中"), ".f...f.") << "no cased letter may follow it";
  EXPECT_EQ(finals(U"ΑΣ'Α ΑΣ'1"), "......f..") << "apostrophes are skipped";
  EXPECT_EQ(finals(U"Α\u0301Σ\u0301"), "..f.") << "accents are skipped on both sides";
  EXPECT_EQ(finals(U"'Σ"), "..");
  EXPECT_EQ(finals(U"aς σ"), "....") << "only the capital letter counts";
}

TEST(Unicode, FoldingGivesLowerCaseWithoutAccents) {
  const auto folded = [](std::u32string_view text) {
    std::vector<char32_t> out;
    for (const char32_t c : text) append_folded(out, c);
    return to_utf8(out);
  };
  EXPECT_EQ(folded(U"ÀÉñŁ Ça İ"), "aenł ca i");
  EXPECT_EQ(folded(U"がぎプ"), "かきフ");
  EXPECT_EQ(folded(U"Ёлка Άλφα Đường"), "елка αλφα đuong");
  EXPECT_EQ(folded(U"한"), "\u1112\u1161\u11AB");
  EXPECT_EQ(folded(U"e\u0301"), "e");
}

}  // namespace
}  // namespace heed::data
