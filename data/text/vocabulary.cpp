#include "data/text/vocabulary.h"

#include <algorithm>
#include <utility>

#include "autograd/error.h"
#include "data/json.h"

namespace heed::data {

static const char* const vocabulary_op = "Vocabulary";

Vocabulary::Vocabulary(std::vector<std::string> words) : words_(std::move(words)) {
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const auto [first, is_new] = ids_.emplace(words_[i], static_cast<index_t>(i));
    check(is_new, vocabulary_op, "expected unique words, got ", Quoted{words_[i]}, " at ", first->second,
          " and ", i);
  }
}

Vocabulary Vocabulary::build(const std::vector<std::string>& words, const VocabularyOptions& options) {
  std::vector<std::string> list{"[PAD]", "[UNK]", "[BOS]", "[EOS]"};
  check(options.min_count >= 1 && options.max_size >= 0, vocabulary_op,
        "expected min_count >= 1 and max_size >= 0, got ", options.min_count, " and ", options.max_size);
  check(options.max_size == 0 || options.max_size >= static_cast<index_t>(list.size()), vocabulary_op,
        "expected max_size >= ", list.size(), " (the special tokens), got ", options.max_size);
  std::map<std::string_view, index_t> counts;
  for (const std::string& word : words) ++counts[word];
  for (const std::string& special : list) counts.erase(special);

  std::vector<std::pair<std::string_view, index_t>> order(counts.begin(), counts.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [word, n] : order) {
    if (n < options.min_count ||
        (options.max_size > 0 && static_cast<index_t>(list.size()) == options.max_size))
      break;
    list.emplace_back(word);
  }
  return Vocabulary(std::move(list));
}

std::optional<index_t> Vocabulary::find(std::string_view word) const {
  const auto found = ids_.find(word);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

index_t Vocabulary::id(std::string_view word) const {
  const auto found = find(word);
  check(found.has_value(), vocabulary_op, "expected a word in the vocabulary of ", size(), ", got ",
        Quoted{word});
  return *found;
}

const std::string& Vocabulary::word(index_t id) const {
  check(id >= 0 && id < size(), vocabulary_op, "expected an id in [0, ", size(), "), got ", id);
  return words_[static_cast<std::size_t>(id)];
}

}  // namespace heed::data
