// vocabulary.h — words and their numbers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/int_tensor.h"

namespace heed::data {

// The first ids of every vocabulary that is counted here.
inline constexpr index_t pad_id = 0, unknown_id = 1, bos_id = 2, eos_id = 3;

struct CountOptions {
  index_t min_count = 1;  // rarer words become [UNK]
  index_t max_size = 0;   // specials included; 0: as many as there are
};

class Vocabulary {
 public:
  Vocabulary() = default;
  // Word i gets id i. Throws "[Vocabulary] …" where a word stands twice.
  explicit Vocabulary(std::vector<std::string> words);
  // [PAD], [UNK], [BOS], [EOS], then the words by how often they occur, equals in the order of their bytes.
  static Vocabulary count(const std::vector<std::string>& words, const CountOptions& options = {});

  index_t size() const { return static_cast<index_t>(words_.size()); }
  std::optional<index_t> find(std::string_view word) const;
  index_t id(std::string_view word) const;    // throws where there is none
  const std::string& word(index_t id) const;  // throws outside [0, size)
  const std::vector<std::string>& words() const { return words_; }

 private:
  std::vector<std::string> words_;
  std::map<std::string, index_t, std::less<>> ids_;
};

}  // namespace heed::data
