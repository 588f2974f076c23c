// sentences.h — small languages for the lessons, made up here: what is right is known for every word.
//
//   const auto pairs = translation_pairs({.seed = 0, .train = 1000, .test = 200});
//   pairs.train[0].korean      // 나는 어제 집에서 책을 읽었다
//   pairs.train[0].english     // I read a book at home yesterday
//   pairs.train[0].alignment   // 0 4 3 3 2 2 1: each English word's Korean one
//
// The same seed gives the same sentences; train and test share none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "autograd/shape.h"

namespace heed::data {

using Words = std::vector<std::string>;

struct SentenceOptions {
  std::uint64_t seed = 0;
  index_t train = 1000, test = 200;  // throws where the language has fewer sentences than both
};
template <class T>
struct Sentences {
  std::vector<T> train, test;
};

// Korean puts the verb last, English after the subject: the order of words is what there is to learn.
struct TranslationPair {
  Words korean, english;
  std::vector<index_t> alignment;  // for each English word, the place of its Korean word
};
Sentences<TranslationPair> translation_pairs(const SentenceOptions& options = {});

enum class Language { english, korean };

// What a review says turns on a small word: "not boring" is praise. Counting words cannot solve it, for every word
// occurs in praise and in blame. Half are praise.
struct Review {
  Words words;
  index_t label;      // 1 praise, 0 blame
  index_t adjective;  // the place of the word that is praise or blame by itself
  index_t negation;   // the place of the word that turns it around, or -1
};
Sentences<Review> reviews(Language language, const SentenceOptions& options = {});

// "the dog did not cross the road because it was too tired": who is "it"? The last word tells.
struct PronounSentence {
  Words words;
  index_t pronoun;   // the place of "it"
  index_t referent;  // of the noun that is meant
  index_t other;     // of the noun that is not
};
Sentences<PronounSentence> pronoun_sentences(Language language, const SentenceOptions& options = {});

// The words with a space between: a sentence's text.
std::string join(const Words& words);

}  // namespace heed::data
