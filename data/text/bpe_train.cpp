// bpe_train.cpp — learning the merges: again and again, the most frequent pair becomes one token.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "autograd/error.h"
#include "data/text/bpe.h"

namespace heed::data {

namespace {

using Pair = std::pair<index_t, index_t>;

struct Word {
  std::vector<index_t> tokens;
  index_t count = 0;
};

struct PairHash {
  std::size_t operator()(const Pair& p) const {
    return static_cast<std::size_t>(p.first) * 0x9E3779B97F4A7C15u ^ static_cast<std::size_t>(p.second);
  }
};

// How often each pair of neighbours occurs, in what order, and in which words.
class PairCounts {
 public:
  // Takes effect at the next settle(): a merge takes a pair away in one place and brings it back in another.
  void add(const Pair& pair, index_t amount, std::size_t word) {
    changes_[pair] += amount;
    if (amount > 0) words_[pair].insert(word);
  }
  void settle() {
    for (const auto& [pair, change] : changes_) {
      if (change == 0) continue;
      index_t& count = counts_[pair];
      if (count > 0) order_.erase({-count, pair});
      count += change;
      if (count > 0) order_.insert({-count, pair});
    }
    changes_.clear();
  }
  bool empty() const { return order_.empty(); }
  Pair best() const { return order_.begin()->second; }
  index_t best_count() const { return -order_.begin()->first; }
  std::unordered_set<std::size_t> take_words(const Pair& pair) { return std::move(words_[pair]); }

 private:
  std::unordered_map<Pair, index_t, PairHash> counts_, changes_;
  std::set<std::pair<index_t, Pair>> order_;  // the most frequent first; of equals, the smaller ids
  std::unordered_map<Pair, std::unordered_set<std::size_t>, PairHash> words_;
};

void count_pairs(PairCounts& pairs, const Word& word, std::size_t place, index_t sign) {
  for (std::size_t i = 0; i + 1 < word.tokens.size(); ++i)
    pairs.add({word.tokens[i], word.tokens[i + 1]}, sign * word.count, place);
}

void merge(Word& word, const Pair& pair, index_t merged) {
  std::vector<index_t> tokens;
  for (std::size_t i = 0; i < word.tokens.size(); ++i) {
    const bool here =
        i + 1 < word.tokens.size() && word.tokens[i] == pair.first && word.tokens[i + 1] == pair.second;
    tokens.push_back(here ? merged : word.tokens[i]);
    i += here ? 1 : 0;
  }
  word.tokens = std::move(tokens);
}

std::vector<Word> count_words(const std::vector<std::string>& texts) {
  std::map<std::string_view, index_t> counts;
  for (const std::string& text : texts)
    for (const std::string_view word : BytePairEncoding::split(text)) ++counts[word];
  std::vector<Word> words;
  for (const auto& [text, count] : counts) {
    words.push_back({{}, count});
    for (const char b : text) words.back().tokens.push_back(static_cast<unsigned char>(b));
  }
  return words;
}

}  // namespace

BytePairEncoding BytePairEncoding::train(const std::vector<std::string>& texts, const BpeTrainOptions& o) {
  check(o.vocab_size >= 257 && o.min_count >= 1, "bpe", "vocab_size must be at least 257 (256 bytes and ",
        "<|endoftext|>) and min_count at least 1, got ", o.vocab_size, " and ", o.min_count);
  std::vector<std::string> tokens;
  tokens.reserve(static_cast<std::size_t>(std::min<index_t>(o.vocab_size, 1 << 20)));
  for (int b = 0; b < 256; ++b) tokens.emplace_back(1, static_cast<char>(b));
  std::vector<Word> words = count_words(texts);
  PairCounts pairs;
  for (std::size_t i = 0; i < words.size(); ++i) count_pairs(pairs, words[i], i, 1);
  pairs.settle();

  Merges merges;
  std::map<std::string, index_t> ids;
  while (static_cast<index_t>(tokens.size()) + 1 < o.vocab_size && !pairs.empty() &&
         pairs.best_count() >= o.min_count) {
    const Pair best = pairs.best();
    const std::string whole =
        tokens[static_cast<std::size_t>(best.first)] + tokens[static_cast<std::size_t>(best.second)];
    // Two pairs may make the same bytes; they are one token.
    const auto [known, is_new] = ids.emplace(whole, static_cast<index_t>(tokens.size()));
    if (is_new) tokens.push_back(whole);
    const index_t merged = known->second;
    merges.push_back(best);
    for (const std::size_t i : pairs.take_words(best)) {
      count_pairs(pairs, words[i], i, -1);
      merge(words[i], best, merged);
      count_pairs(pairs, words[i], i, 1);
    }
    pairs.settle();
  }
  tokens.emplace_back("<|endoftext|>");
  return {Vocabulary(std::move(tokens)), merges, "trained"};
}

}  // namespace heed::data
