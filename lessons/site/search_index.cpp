// search_index.cpp — see search_index.h.
#include "lessons/site/search_index.h"

#include <algorithm>

namespace heed::book {

namespace {

constexpr std::size_t shown_bytes = 140;  // of a section's text in a result

bool drop_ending(std::string& word, std::string_view ending, std::size_t least) {
  if (word.size() < least || !word.ends_with(ending)) return false;
  word.resize(word.size() - ending.size());
  return true;
}

// The beginning of a text, cut between two characters, on one line.
std::string beginning_of(const std::string& text) {
  std::string line = replace_all(std::string(trim(text)), "\n", " ");
  if (line.size() <= shown_bytes) return line;
  std::size_t end = shown_bytes;
  while ((line[end] & 0xC0) == 0x80) --end;
  return line.substr(0, end) + "…";
}

}  // namespace

std::string stem(std::string word) {
  if (drop_ending(word, "ies", 5)) {
    word += 'y';
  } else if (word.size() > 3 && word.back() == 's' && !word.ends_with("ss") && !word.ends_with("us") &&
             !word.ends_with("is")) {
    word.pop_back();
  }
  const bool dropped = drop_ending(word, "ing", 6) || drop_ending(word, "ed", 5);
  const std::size_t size = word.size();
  const bool is_double = size > 3 && word[size - 1] == word[size - 2];
  if (dropped && is_double && std::string_view("lsz").find(word.back()) == std::string_view::npos)
    word.pop_back();
  if (word.size() > 3 && word.back() == 'e') word.pop_back();
  return word;
}

std::vector<std::string> search_terms(std::string_view text) {
  std::vector<std::string> terms;
  std::string word, previous;
  bool alone = false;  // whether `previous` is a syllable that no pair contains yet
  const auto finish = [&] {
    if (!word.empty()) terms.push_back(stem(lower(word)));
    if (alone) terms.push_back(previous);
    word.clear();
    previous.clear();
    alone = false;
  };
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t begin = position;
    const char32_t c = next_character(text, position);
    const std::string character(text.substr(begin, position - begin));
    const bool letter = c < 128 && is_word(static_cast<char>(c)) && c != '_';
    if (letter) {
      if (!previous.empty()) finish();
      word += character;
    } else if (is_hangul(c)) {
      if (!word.empty()) finish();
      alone = previous.empty();
      if (!alone) terms.push_back(previous + character);
      previous = character;
    } else {
      finish();
    }
  }
  finish();
  return terms;
}

void SearchIndex::add(const std::string& page, const std::string& title,
                      const std::vector<Section>& sections) {
  pages_.emplace_back(page, title);
  for (const Section& section : sections) {
    const std::size_t id = entries_.size();
    entries_.push_back({pages_.size() - 1, section.anchor, section.title, beginning_of(section.text)});
    for (const std::string& term : search_terms(section.title + "\n" + section.text)) ++counts_[term][id];
  }
}

std::string SearchIndex::json() const {
  std::string json = "{\"pages\":[";
  for (const auto& [path, title] : pages_)
    json += "[" + json_string(path) + "," + json_string(title) + "],\n";
  if (!pages_.empty()) json.resize(json.size() - 2);
  json += "],\n\"sections\":[";
  for (const Entry& entry : entries_)
    json += "[" + std::to_string(entry.page) + "," + json_string(entry.anchor) + "," +
            json_string(entry.title) + "," + json_string(entry.text) + "],\n";
  if (!entries_.empty()) json.resize(json.size() - 2);
  json += "],\n\"terms\":{";
  for (const auto& [term, entries] : counts_) {
    json += json_string(term) + ":[";
    for (const auto& [id, count] : entries)
      json += std::to_string(4 * id + static_cast<std::size_t>(std::min(count, 3))) + ",";
    json.back() = ']';
    json += ",\n";
  }
  if (!counts_.empty()) json.resize(json.size() - 2);
  return json + "}}";
}

std::string json_string(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        json += "\\\"";
        break;
      case '\\':
        json += "\\\\";
        break;
      case '\n':
        json += "\\n";
        break;
      case '\t':
        json += "\\t";
        break;
      case '<':
        json += "\\u003c";
        break;
      default:
        json += c;
    }
  }
  return json + "\"";
}

}  // namespace heed::book
