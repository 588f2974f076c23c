#include "data/text/vocabulary.h"

#include <algorithm>
#include <utility>

#include "autograd/error.h"
#include "data/json.h"

namespace heed::data {

static const char* const op = "Vocabulary";

Vocabulary::Vocabulary(std::vector<std::string> words) : words_(std::move(words)) {
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const auto [first, is_new] = ids_.emplace(words_[i], static_cast<index_t>(i));
    check(is_new, op, "the word ", json_string(words_[i]), " has two ids, ", first->second, " and ", i);
  }
}

Vocabulary Vocabulary::count(const std::vector<std::string>& words, const CountOptions& o) {
  std::vector<std::string> list{"[PAD]", "[UNK]", "[BOS]", "[EOS]"};
  check(o.min_count >= 1 && o.max_size >= 0, op, "min_count must be at least 1 and max_size at least 0, got ",
        o.min_count, " and ", o.max_size);
  check(o.max_size == 0 || o.max_size >= static_cast<index_t>(list.size()), op, "max_size = ", o.max_size,
        " does not even hold the ", list.size(), " special words");
  std::map<std::string_view, index_t> counts;
  for (const std::string& word : words) ++counts[word];
  for (const std::string& special : list) counts.erase(special);

  std::vector<std::pair<std::string_view, index_t>> order(counts.begin(), counts.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [word, n] : order) {
    if (n < o.min_count || (o.max_size > 0 && static_cast<index_t>(list.size()) == o.max_size)) break;
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
  check(found.has_value(), op, "no word ", json_string(word), " among ", size());
  return *found;
}

const std::string& Vocabulary::word(index_t id) const {
  check(id >= 0 && id < size(), op, "id ", id, " is outside [0, ", size(), ")");
  return words_[static_cast<std::size_t>(id)];
}

}  // namespace heed::data
