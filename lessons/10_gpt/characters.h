// characters.h — a text as numbers, batches of it, and how well counting alone predicts it.
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
  std::vector<index_t> train, validation;  // the first nine tenths, and the rest

  // Characters that stand in the text less than `rare` times become [UNK].
  static Characters of(const std::string& text, index_t rare) {
    Characters c{data::CharTokenizer::train({text}, {.min_count = rare}), {}, {}};
    const std::vector<index_t> ids = c.tokenizer.encode(text);
    const auto cut = ids.begin() + static_cast<std::ptrdiff_t>(ids.size() * 9 / 10);
    c.train.assign(ids.begin(), cut), c.validation.assign(cut, ids.end());
    return c;
  }
  index_t kinds() const { return tokenizer.vocabulary().size(); }
};

struct Windows {
  IntTensor ids, next;  // (B, T): characters, and each one's follower
};

// B stretches of T + 1 characters from anywhere in the text.
inline Windows windows(const std::vector<index_t>& text, index_t batch, index_t length, Generator& gen) {
  check(static_cast<index_t>(text.size()) > length, "windows", "a text of ", text.size(),
        " characters has no stretch of ", length + 1);
  Windows w{IntTensor::zeros({batch, length}), IntTensor::zeros({batch, length})};
  for (index_t b = 0; b < batch; ++b) {
    const std::size_t at = gen.below(text.size() - static_cast<std::size_t>(length));
    for (std::size_t t = 0; t < static_cast<std::size_t>(length); ++t) {
      const auto place = static_cast<std::size_t>(b * length) + t;
      w.ids.values()[place] = text[at + t], w.next.values()[place] = text[at + t + 1];
    }
  }
  return w;
}

// Mean -log p (nats) of the validation characters where p was counted on the training text, one added to each count:
// of a character alone, or of it after the one before.
inline double counted_loss(const Characters& c, bool with_the_one_before) {
  std::map<std::pair<index_t, index_t>, double> pairs;
  std::map<index_t, double> before;
  const auto context = [&](const std::vector<index_t>& text, std::size_t i) {
    return with_the_one_before ? text[i - 1] : 0;
  };
  for (std::size_t i = 1; i < c.train.size(); ++i) {
    ++pairs[{context(c.train, i), c.train[i]}];
    ++before[context(c.train, i)];
  }
  double sum = 0;
  for (std::size_t i = 1; i < c.validation.size(); ++i) {
    const index_t left = context(c.validation, i);
    sum -= std::log((pairs[{left, c.validation[i]}] + 1) / (before[left] + static_cast<double>(c.kinds())));
  }
  return sum / static_cast<double>(c.validation.size() - 1);
}

// The part of a text's stretches of `length` characters that stood in it before: how much it goes in circles.
inline double repeated(const std::vector<index_t>& text, std::size_t length) {
  std::map<std::vector<index_t>, int> seen;
  int again = 0, all = 0;
  for (std::size_t i = 0; i + length <= text.size(); ++i, ++all)
    again += seen[std::vector<index_t>(text.begin() + static_cast<std::ptrdiff_t>(i),
                                       text.begin() + static_cast<std::ptrdiff_t>(i + length))]++ > 0;
  return static_cast<double>(again) / std::max(all, 1);
}

}  // namespace heed::lessons
