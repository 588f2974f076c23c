// characters.h — a text as character ids, random windows of it, and n-gram baselines.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "data/text/tokenizer.h"

namespace heed::lessons {

struct Characters {
  data::CharTokenizer tokenizer;
  std::vector<index_t> train, validation;  // the first 90 % of the text, and the rest

  // Characters that occur fewer than `min_count` times become [UNK].
  static Characters of(const std::string& text, index_t min_count) {
    Characters c{data::CharTokenizer::train({text}, {.min_count = min_count}), {}, {}};
    const std::vector<index_t> ids = c.tokenizer.encode(text);
    const auto cut = ids.begin() + static_cast<std::ptrdiff_t>(ids.size() * 9 / 10);
    c.train.assign(ids.begin(), cut);
    c.validation.assign(cut, ids.end());
    return c;
  }
  index_t vocabulary_size() const { return tokenizer.vocabulary().size(); }
};

struct Windows {
  IntTensor ids, next;  // (B, T): characters, and the next character of each
};

// Returns B windows of T characters that start at random positions of the text. Throws if the text
// is too short.
inline Windows windows(const std::vector<index_t>& text, index_t batch, index_t length, Generator& gen) {
  check(static_cast<index_t>(text.size()) > length, "windows", "expected a text of at least ", length + 1,
        " characters, got ", text.size());
  Windows w{IntTensor::zeros({batch, length}), IntTensor::zeros({batch, length})};
  for (index_t b = 0; b < batch; ++b) {
    const std::size_t start = gen.below(text.size() - static_cast<std::size_t>(length));
    for (std::size_t t = 0; t < static_cast<std::size_t>(length); ++t) {
      const auto index = static_cast<std::size_t>(b * length) + t;
      w.ids.values()[index] = text[start + t];
      w.next.values()[index] = text[start + t + 1];
    }
  }
  return w;
}

// Returns the mean -log p (nats) of the validation characters under an n-gram model of the training
// text: bigrams, or unigrams if not `bigrams`. One is added to each count (Laplace smoothing).
inline double ngram_loss(const Characters& c, bool bigrams) {
  std::map<std::pair<index_t, index_t>, double> pairs;
  std::map<index_t, double> contexts;
  const auto context = [&](const std::vector<index_t>& text, std::size_t i) {
    return bigrams ? text[i - 1] : 0;
  };
  for (std::size_t i = 1; i < c.train.size(); ++i) {
    ++pairs[{context(c.train, i), c.train[i]}];
    ++contexts[context(c.train, i)];
  }
  double sum = 0;
  for (std::size_t i = 1; i < c.validation.size(); ++i) {
    const index_t previous = context(c.validation, i);
    sum -= std::log((pairs[{previous, c.validation[i]}] + 1) /
                    (contexts[previous] + static_cast<double>(c.vocabulary_size())));
  }
  return sum / static_cast<double>(c.validation.size() - 1);
}

// Samples characters from the bigrams of the training text, which begins with `first`.
inline std::vector<index_t> sample_bigrams(const Characters& c, index_t first, index_t count,
                                           Generator& gen) {
  std::map<index_t, std::vector<index_t>> next;  // all characters that follow a character
  for (std::size_t i = 1; i < c.train.size(); ++i) next[c.train[i - 1]].push_back(c.train[i]);
  std::vector<index_t> ids = {first};
  while (static_cast<index_t>(ids.size()) < count) {
    const std::vector<index_t>& choices = next[ids.back()].empty() ? c.train : next[ids.back()];
    ids.push_back(choices[gen.below(choices.size())]);
  }
  return ids;
}

// Returns the part of the windows of `length` characters that occur earlier in the text: how much
// it repeats itself.
inline double repetition(const std::vector<index_t>& text, std::size_t length) {
  std::map<std::vector<index_t>, int> seen;
  int repeated = 0, all = 0;
  for (std::size_t i = 0; i + length <= text.size(); ++i, ++all)
    repeated += seen[std::vector<index_t>(text.begin() + static_cast<std::ptrdiff_t>(i),
                                          text.begin() + static_cast<std::ptrdiff_t>(i + length))]++ > 0;
  return static_cast<double>(repeated) / std::max(all, 1);
}

}  // namespace heed::lessons
