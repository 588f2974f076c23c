// bpe_train.cpp — learns the merges: repeatedly, the most frequent pair becomes one token.
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

// Counts each pair of adjacent tokens, sorts the pairs by their counts, and records the words that
// contain them.
class PairCounts {
 public:
  // Changes a count at the next apply_changes(). Collecting the changes of a merge first is faster,
  // because many of them cancel out.
  void add(const Pair& pair, index_t amount, std::size_t word) {
    changes_[pair] += amount;
    if (amount > 0) words_[pair].insert(word);
  }
  void apply_changes() {
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
  // Sorted by negative count, so the most frequent pair comes first; ties are broken by the smaller ids.
  std::set<std::pair<index_t, Pair>> order_;
  std::unordered_map<Pair, std::unordered_set<std::size_t>, PairHash> words_;
};

void count_pairs(PairCounts& pairs, const Word& word, std::size_t index, index_t sign) {
  for (std::size_t i = 0; i + 1 < word.tokens.size(); ++i)
    pairs.add({word.tokens[i], word.tokens[i + 1]}, sign * word.count, index);
}

void merge(Word& word, const Pair& pair, index_t merged) {
  std::vector<index_t> tokens;
  for (std::size_t i = 0; i < word.tokens.size(); ++i) {
    const bool matches =
        i + 1 < word.tokens.size() && word.tokens[i] == pair.first && word.tokens[i + 1] == pair.second;
    tokens.push_back(matches ? merged : word.tokens[i]);
    i += matches ? 1 : 0;
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

BytePairEncoding BytePairEncoding::train(const std::vector<std::string>& texts,
                                         const BpeTrainOptions& options) {
  check(options.vocab_size >= 257 && options.min_count >= 1, "bpe",
        "expected vocab_size >= 257 (256 bytes and <|endoftext|>) and min_count >= 1, got ",
        options.vocab_size, " and ", options.min_count);
  std::vector<std::string> tokens;
  tokens.reserve(static_cast<std::size_t>(std::min<index_t>(options.vocab_size, 1 << 20)));
  for (int b = 0; b < 256; ++b) tokens.emplace_back(1, static_cast<char>(b));
  std::vector<Word> words = count_words(texts);
  PairCounts pairs;
  for (std::size_t i = 0; i < words.size(); ++i) count_pairs(pairs, words[i], i, 1);
  pairs.apply_changes();

  Merges merges;
  std::map<std::string, index_t> ids;
  while (static_cast<index_t>(tokens.size()) + 1 < options.vocab_size && !pairs.empty() &&
         pairs.best_count() >= options.min_count) {
    const Pair best = pairs.best();
    const std::string joined =
        tokens[static_cast<std::size_t>(best.first)] + tokens[static_cast<std::size_t>(best.second)];
    // Two pairs may result in the same bytes, which are one token.
    const auto [known, is_new] = ids.emplace(joined, static_cast<index_t>(tokens.size()));
    if (is_new) tokens.push_back(joined);
    const index_t merged = known->second;
    merges.push_back(best);
    for (const std::size_t i : pairs.take_words(best)) {
      count_pairs(pairs, words[i], i, -1);
      merge(words[i], best, merged);
      count_pairs(pairs, words[i], i, 1);
    }
    pairs.apply_changes();
  }
  tokens.emplace_back("<|endoftext|>");
  return {Vocabulary(std::move(tokens)), merges, "trained"};
}

}  // namespace heed::data
