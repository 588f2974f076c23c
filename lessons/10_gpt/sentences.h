// sentences.h — the training text of the lesson: sentences of a small language, one per line. Since
// all its sentences are known, a generated sentence can be checked.
#pragma once

#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "data/text/lines.h"
#include "lessons/10_gpt/characters.h"
#include "lessons/support/toy_languages.h"

namespace heed::lessons {

// English sentences in random order, each at most once.
inline std::string sentences_text(std::uint64_t seed) {
  std::string text;
  for (const toy::TranslationPair& pair :
       toy::translation_pairs({.seed = seed, .train = 2000, .test = 0}).train)
    text += toy::join(pair.english) + "\n";
  return text;
}

// All sentences of the language.
inline std::set<std::string> language() {
  std::set<std::string> all;
  for (const toy::TranslationPair& pair : toy::all_translation_pairs()) all.insert(toy::join(pair.english));
  return all;
}

// The loss (nats per character) of a model that knows the language and nothing else: all sentences
// are equally probable.
inline double least_loss(const std::set<std::string>& sentences) {
  double characters = 0;
  for (const std::string& sentence : sentences)
    characters += static_cast<double>(sentence.size() + 1);  // with the line end
  const auto count = static_cast<double>(sentences.size());
  return std::log(count) / (characters / count);
}

// The complete lines of a generated text: without the first and the last one.
struct Checked {
  double lines = 0;
  double correct = 0;  // fraction that belongs to the language
  double novel = 0;    // fraction of the correct lines that is not in the training text
};

inline Checked checked(const std::vector<index_t>& generated, const Characters& text,
                       const std::set<std::string>& sentences) {
  const std::string training = "\n" + text.tokenizer.decode(text.train) + "\n";
  const std::string decoded = text.tokenizer.decode(generated);
  const std::vector<std::string_view> lines = data::lines_of(decoded);
  Checked result;
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    const std::string line(lines[i]);
    ++result.lines;
    if (!sentences.contains(line)) continue;
    ++result.correct;
    result.novel += training.find("\n" + line + "\n") == std::string::npos;
  }
  result.novel /= std::max(result.correct, 1.0);
  result.correct /= std::max(result.lines, 1.0);
  return result;
}

}  // namespace heed::lessons
