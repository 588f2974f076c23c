// published_weights.h — fills in the [MASK] tokens of a prompt with BERT's published weights.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "data/pretrained.h"
#include "data/text/wordpiece.h"
#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"
#include "nn/models/models.h"

namespace heed::lessons {

// Returns the rows of hidden (B, T, C) at the given flat positions b · T + t: (N, C).
inline Tensor rows_at(const Tensor& hidden, const std::vector<index_t>& positions) {
  const index_t rows = hidden.size(0) * hidden.size(1);
  return embedding(hidden.reshape({rows, hidden.size(2)}),
                   {positions, {static_cast<index_t>(positions.size())}});
}

// The token ids of a prompt, and the positions of its [MASK] tokens.
struct MaskedPrompt {
  std::vector<index_t> ids, positions;
};

inline MaskedPrompt tokenize(const std::string& prompt, const data::WordPiece& pieces) {
  const data::Vocabulary& vocabulary = pieces.vocabulary();
  MaskedPrompt masked{.ids = {vocabulary.id("[CLS]")}, .positions = {}};
  for (std::size_t begin = 0;;) {
    const std::size_t next = std::min(prompt.find("[MASK]", begin), prompt.size());
    for (const index_t id : pieces.encode(prompt.substr(begin, next - begin))) masked.ids.push_back(id);
    if (next == prompt.size()) break;
    masked.positions.push_back(static_cast<index_t>(masked.ids.size()));
    masked.ids.push_back(vocabulary.id("[MASK]"));
    begin = next + 6;
  }
  masked.ids.push_back(vocabulary.id("[SEP]"));
  return masked;
}

// Prints the tokens that the model receives, and the five most probable tokens for each [MASK].
inline void fill_in(Page& page, nn::BertForMaskedLM& bert, const data::Vocabulary& vocabulary,
                    const MaskedPrompt& prompt) {
  std::string tokens;
  for (const index_t id : prompt.ids) tokens += " " + vocabulary.word(id);
  page.say("Tokens:" + tokens);
  if (std::ranges::count(prompt.ids, vocabulary.id("[UNK]")) > 0)
    page.say("[UNK] replaces a word that the vocabulary cannot represent.");
  const NoGrad no_grad;
  const Tensor hidden = bert.bert(IntTensor(prompt.ids, {1, static_cast<index_t>(prompt.ids.size())}));
  const auto best = topk(softmax(bert.head(rows_at(hidden, prompt.positions)), -1), 5);
  page.print("");
  for (index_t n = 0; n < best.values.size(0); ++n) {
    std::string line = concat("  [MASK] ", n + 1, ":");
    for (index_t i = 0; i < 5; ++i)
      line += "  " + vocabulary.word(best.indices[n * 5 + i]) + " " + fixed(best.values.at({n, i}), 3);
    page.print(line);
  }
}

// Fills in the [MASK] tokens of the prompt with published weights (config.json, model.safetensors,
// vocab.txt).
inline void with_published_weights(const Options& options, Page& page) {
  const std::string folder = options.value("--weights");
  const std::string prompt =
      options.more.contains("--prompt") ? options.value("--prompt") : "Attention is all you [MASK].";
  check(prompt.find("[MASK]") != std::string::npos, "--prompt", "expected a text with [MASK], got \"", prompt,
        "\". Hint: try \"Attention is all you [MASK].\"");
  const std::string list =
      std::filesystem::path(data::pretrained_files(folder).config).replace_filename("vocab.txt").string();
  page.step("BERT from " + folder);
  const Stopwatch watch;
  const auto pieces = data::WordPiece::load(list);
  for (const char* special : {"[CLS]", "[SEP]", "[MASK]"})
    check(pieces.vocabulary().find(special).has_value(), "vocab.txt", list, ": no ", special, " among its ",
          pieces.vocabulary().size(), " tokens. Hint: use BERT's vocab.txt");
  auto bert = nn::from_pretrained<nn::BertForMaskedLM>(folder);
  check(pieces.vocabulary().size() == bert.options.vocab_size, "vocab.txt", list, ": ",
        pieces.vocabulary().size(), " tokens, but the weights have ", bert.options.vocab_size,
        ". Hint: use the vocab.txt and the weights of the same model");
  page.say(concat(bert.parameter_count(), " parameters, loaded in ", fixed(watch.seconds(), 2), " s."));
  fill_in(page, bert, pieces.vocabulary(), tokenize(prompt, pieces));
  page.print(concat("\n  Done in ", fixed(watch.seconds(), 2), " s."));
}

}  // namespace heed::lessons
