// search_index.h — the index of the book's search: English words without their endings, and pairs of
// Korean syllables. assets/search.js divides a query in the same way.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lessons/site/inline.h"

namespace heed::book {

// The word without a common ending: "queries" → "query", "masking" → "mask", "scaled" → "scal".
std::string stem(std::string word);

// "Attention 가중치" gives "attention", "가중", "중치". A single syllable is a term of its own.
std::vector<std::string> search_terms(std::string_view text);

class SearchIndex {
 public:
  void add(const std::string& page, const std::string& title, const std::vector<Section>& sections);

  // {"pages": [[path, title], …], "sections": [[page, anchor, title, beginning of the text], …],
  //  "terms": {term: [4 · section + min(3, count), …], …}}
  std::string json() const;

 private:
  struct Entry {
    std::size_t page;
    std::string anchor, title, text;
  };
  std::vector<std::pair<std::string, std::string>> pages_;
  std::vector<Entry> entries_;
  std::map<std::string, std::map<std::size_t, int>> counts_;  // of a term in each entry
};

// A JSON string that may also be inside a <script> element: < is escaped.
std::string json_string(std::string_view text);

}  // namespace heed::book
