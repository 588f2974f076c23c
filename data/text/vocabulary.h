// vocabulary.h — maps tokens to ids and back.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/int_tensor.h"

namespace heed::data {

// The ids of the special tokens in every vocabulary that Vocabulary::build returns.
inline constexpr index_t pad_id = 0, unknown_id = 1, bos_id = 2, eos_id = 3;

struct VocabularyOptions {
  index_t min_count = 1;  // rarer tokens become [UNK]
  index_t max_size = 0;   // including the special tokens; 0: no limit
};

class Vocabulary {
 public:
  Vocabulary() = default;
  // words[i] gets id i. Throws "[Vocabulary] …" for equal words.
  explicit Vocabulary(std::vector<std::string> words);
  // Returns [PAD], [UNK], [BOS], [EOS], then the words from the most to the least frequent; equally
  // frequent words are sorted by their bytes.
  static Vocabulary build(const std::vector<std::string>& words, const VocabularyOptions& options = {});

  index_t size() const { return static_cast<index_t>(words_.size()); }
  std::optional<index_t> find(std::string_view word) const;
  index_t id(std::string_view word) const;    // throws for an unknown word
  const std::string& word(index_t id) const;  // throws for an id outside [0, size)
  const std::vector<std::string>& words() const { return words_; }

 private:
  std::vector<std::string> words_;
  std::map<std::string, index_t, std::less<>> ids_;
};

}  // namespace heed::data
