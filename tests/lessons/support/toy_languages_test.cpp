#include "lessons/support/toy_languages.h"

#include <algorithm>
#include <map>
#include <set>

#include "tests/testing.h"

namespace heed::toy {
namespace {

template <class T, class TextOf>
void expect_disjoint(const Sentences<T>& s, const SentenceOptions& o, TextOf text_of) {
  EXPECT_EQ(static_cast<index_t>(s.train.size()), o.train);
  EXPECT_EQ(static_cast<index_t>(s.test.size()), o.test);
  std::set<std::string> seen;
  for (const auto* list : {&s.train, &s.test})
    for (const T& t : *list) EXPECT_TRUE(seen.insert(text_of(t)).second) << "twice: " << text_of(t);
}
const std::string& at(const Words& words, index_t i) { return words.at(static_cast<std::size_t>(i)); }

TEST(ToyLanguages, TranslationsAreAligned) {
  const SentenceOptions options{.seed = 3, .train = 2000, .test = 500};
  const auto pairs = translation_pairs(options);
  expect_disjoint(pairs, options, [](const TranslationPair& p) { return join(p.korean); });
  std::map<std::string, std::set<std::string>> partners;
  for (const auto& p : pairs.train) {
    ASSERT_EQ(p.alignment.size(), p.english.size());
    std::set<index_t> covered;
    for (std::size_t i = 0; i < p.english.size(); ++i) {
      partners[p.english[i]].insert(at(p.korean, p.alignment[i]));
      covered.insert(p.alignment[i]);
    }
    EXPECT_EQ(covered.size(), p.korean.size()) << join(p.korean) << ": every Korean word is aligned";
  }
  EXPECT_EQ(partners["will"], (std::set<std::string>{"것이다"}));
  EXPECT_EQ(partners["yesterday"], (std::set<std::string>{"어제"}));
  EXPECT_EQ(partners["drinks"], (std::set<std::string>{"마신다"}));
  EXPECT_EQ(partners["I"], (std::set<std::string>{"나는"}));
  const auto all = translation_pairs({.train = 6000, .test = 0}).train;
  const auto course =
      std::ranges::find_if(all, [](const auto& p) { return join(p.korean) == "나는 학교에 간다"; });
  ASSERT_NE(course, all.end());
  EXPECT_EQ(join(course->english), "I go to school");
  EXPECT_EQ(course->alignment, (std::vector<index_t>{0, 2, 1, 1}));
}

TEST(ToyLanguages, ANegationReversesTheLabelOfAReview) {
  for (const Language language : {Language::english, Language::korean}) {
    const SentenceOptions options{.seed = 1, .train = 1200, .test = 240};
    const auto all = reviews(language, options);
    expect_disjoint(all, options, [](const Review& r) { return join(r.words); });
    std::map<std::pair<std::string, bool>, std::set<index_t>> labels;
    std::map<index_t, int> count, negated;
    for (const Review& r : all.train) {
      labels[{at(r.words, r.adjective), r.negation >= 0}].insert(r.label);
      ++count[r.label];
      negated[r.label] += r.negation >= 0;
      EXPECT_TRUE(r.negation == -1 || r.negation == r.adjective - 1);
    }
    EXPECT_EQ(count[0], count[1]);
    EXPECT_EQ(negated[0], 300);
    EXPECT_EQ(negated[1], 300);
    for (const auto& [key, seen] : labels) {
      ASSERT_EQ(seen.size(), 1u) << key.first;
      EXPECT_NE(*seen.begin(), *labels.at({key.first, !key.second}).begin())
          << "a negation reverses the label";
    }
  }
}

TEST(ToyLanguages, TheLastWordDecidesThePronounsReferent) {
  for (const Language language : {Language::english, Language::korean}) {
    const SentenceOptions options{.seed = 1, .train = 1000, .test = 200};
    const auto all = pronoun_sentences(language, options);
    expect_disjoint(all, options, [](const PronounSentence& s) { return join(s.words); });
    int first = 0;
    for (const auto& s : all.train) {
      EXPECT_EQ(at(s.words, s.pronoun), language == Language::english ? "it" : "그것이");
      EXPECT_NE(s.referent, s.other);
      EXPECT_TRUE(s.referent < s.pronoun && s.other < s.pronoun);
      first += s.referent < s.other;
      const std::string text = join(s.words);
      EXPECT_TRUE(text.find("FIRST") == std::string::npos && text.find("WHY") == std::string::npos) << text;
      if (text.ends_with("too tired")) {
        EXPECT_LT(s.referent, s.other) << text;
      } else if (text.find("cross") != std::string::npos && text.ends_with("too wide")) {
        EXPECT_GT(s.referent, s.other) << text;
      }
    }
    EXPECT_EQ(first, 500);
  }
}

TEST(ToyLanguages, TheSeedDeterminesTheSentencesAndTooManyThrow) {
  const auto texts = [](std::uint64_t seed) {
    std::vector<std::string> list;
    for (const auto& p : translation_pairs({.seed = seed, .train = 20, .test = 5}).train)
      list.push_back(join(p.english));
    return list;
  };
  EXPECT_EQ(texts(1), texts(1));
  EXPECT_NE(texts(1), texts(2));
  expect_contains(error_of([] { translation_pairs({.train = 1'000'000}); }),
                  " sentences, got train = 1000000 and test = 200");
  expect_contains(error_of([] { reviews(Language::korean, {.train = -1}); }),
                  "[reviews] expected train >= 0 and test >= 0, got -1 and 200");
}

}  // namespace
}  // namespace heed::toy
