// toy_languages.h — small generated languages for the lessons. The correct answer is known for
// every word.
//
//   const auto pairs = toy::translation_pairs({.seed = 0, .train = 1000, .test = 200});
//   pairs.train[0].korean      // 나는 어제 집에서 책을 읽었다
//   pairs.train[0].english     // I read a book at home yesterday
//   pairs.train[0].alignment   // 0 4 3 3 2 2 1: the index of the Korean word for each English word
//
// The same seed generates the same sentences. Training and test set have no sentence in common.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "autograd/shape.h"

namespace heed::toy {

using Words = std::vector<std::string>;

// Throws if the language has fewer than train + test sentences.
struct SentenceOptions {
  std::uint64_t seed = 0;
  index_t train = 1000, test = 200;
};
template <class T>
struct Sentences {
  std::vector<T> train, test;
};

// A Korean sentence and its English translation. Korean puts the verb last, English after the
// subject, so a model must learn to reorder words.
struct TranslationPair {
  Words korean, english;
  std::vector<index_t> alignment;  // for each English word, the index of its Korean word
};
Sentences<TranslationPair> translation_pairs(const SentenceOptions& options = {});
// All pairs of the language, in a fixed order.
std::vector<TranslationPair> all_translation_pairs();

enum class Language { english, korean };

// A review whose label depends on one small word: "not boring" is praise. A sum of one score per
// word cannot solve the task, because every word occurs in praise and in blame. Half of the reviews
// are praise.
struct Review {
  Words words;
  index_t label;      // 1 praise, 0 blame
  index_t adjective;  // index of the word that is positive or negative by itself
  index_t negation;   // index of the word that reverses it, or -1
};
Sentences<Review> reviews(Language language, const SentenceOptions& options = {});

// A sentence such as "the dog did not cross the road because it was too tired". The last word
// decides which noun "it" refers to.
struct PronounSentence {
  Words words;
  index_t pronoun;   // index of "it"
  index_t referent;  // index of the noun that it refers to
  index_t other;     // index of the other noun
};
Sentences<PronounSentence> pronoun_sentences(Language language, const SentenceOptions& options = {});

// Joins words with single spaces.
std::string join(const Words& words);

}  // namespace heed::toy
