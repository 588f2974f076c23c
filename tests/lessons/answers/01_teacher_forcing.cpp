#include <algorithm>

#include "data/text/batches.h"
#include "lessons/01_why_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Sequences = std::vector<std::vector<index_t>>;

IntTensor padded(const Sequences& sequences, index_t pad) {
  return data::pad_batch(sequences, {.pad = pad}).ids;
}
IntTensor input_of(Sequences sequences, const SpecialTokens& special) {
  for (auto& words : sequences) words.insert(words.begin(), special.bos);
  return padded(sequences, special.pad);
}
IntTensor target_of(Sequences sequences, const SpecialTokens& special) {
  for (auto& words : sequences) words.push_back(special.eos);
  return padded(sequences, special.pad);
}
index_t longest(const Sequences& sequences) {
  std::size_t most = 0;
  for (const auto& words : sequences) most = std::max(most, words.size());
  return static_cast<index_t>(most);
}
// Fills both tensors position by position, with T positions per row.
DecoderBatch filled(const Sequences& sequences, const SpecialTokens& special, index_t T) {
  const auto B = static_cast<index_t>(sequences.size());
  DecoderBatch batch{IntTensor::zeros({B, T}), IntTensor::zeros({B, T})};
  for (index_t b = 0; b < B; ++b) {
    const auto& words = sequences[static_cast<std::size_t>(b)];
    const auto n = static_cast<index_t>(words.size());
    for (index_t t = 0; t < T; ++t) {
      const auto position = static_cast<std::size_t>(b * T + t);
      batch.input.values()[position] = t == 0   ? special.bos
                                       : t <= n ? words[static_cast<std::size_t>(t - 1)]
                                                : special.pad;
      batch.target.values()[position] = t < n    ? words[static_cast<std::size_t>(t)]
                                        : t == n ? special.eos
                                                 : special.pad;
    }
  }
  return batch;
}

const Answers<decltype(teacher_forcing)> answers{
    {"position by position", "pass",
     [](const Sequences& sequences, const SpecialTokens& special) {
       return filled(sequences, special, longest(sequences) + 1);
     }},
    {"one batch, and eos is removed from the input", "pass",
     [](const Sequences& sequences, const SpecialTokens& special) {
       Sequences all = sequences;
       for (auto& words : all) {
         words.insert(words.begin(), special.bos);
         words.push_back(special.eos);
       }
       const IntTensor both = padded(all, special.pad);
       IntTensor input = both.slice(1, 0, both.size(1) - 1);
       std::replace(input.values().begin(), input.values().end(), special.eos, special.pad);
       return DecoderBatch{input, both.slice(1, 1, both.size(1))};
     }},
    {"one batch, two columns", "SQ-12",
     [](const Sequences& sequences, const SpecialTokens& special) {
       Sequences all = sequences;
       for (auto& words : all) {
         words.insert(words.begin(), special.bos);
         words.push_back(special.eos);
       }
       const IntTensor both = padded(all, special.pad);
       return DecoderBatch{both.slice(1, 0, both.size(1) - 1), both.slice(1, 1, both.size(1))};
     }},
    {"the pad id is 0", "SQ-13",
     [](const Sequences& sequences, const SpecialTokens& special) {
       const SpecialTokens zero{.bos = special.bos, .eos = special.eos, .pad = 0};
       return DecoderBatch{input_of(sequences, zero), target_of(sequences, zero)};
     }},
    {"the pad id of the input is 0", "wrong",
     [](const Sequences& sequences, const SpecialTokens& special) {
       const SpecialTokens zero{.bos = special.bos, .eos = special.eos, .pad = 0};
       return DecoderBatch{input_of(sequences, zero), target_of(sequences, special)};
     }},
    {"the first sequence's length for all", "wrong",
     [](const Sequences& sequences, const SpecialTokens& special) {
       return filled(sequences, special, static_cast<index_t>(sequences[0].size()) + 1);
     }},
    {"the last sequence's length for all", "wrong",
     [](const Sequences& sequences, const SpecialTokens& special) {
       return filled(sequences, special, static_cast<index_t>(sequences.back().size()) + 1);
     }},
    {"one position too many", "wrong",
     [](const Sequences& sequences, const SpecialTokens& special) {
       return filled(sequences, special, longest(sequences) + 2);
     }},
    {"one position too few", "wrong",
     [](const Sequences& sequences, const SpecialTokens& special) {
       return filled(sequences, special, longest(sequences));
     }},
    {"only the first sequence", "wrong",
     [](const Sequences& sequences, const SpecialTokens& special) {
       return filled({sequences[0]}, special, static_cast<index_t>(sequences[0].size()) + 1);
     }},
    {"sorted by length", "wrong",
     [](const Sequences& sequences, const SpecialTokens& special) {
       Sequences sorted = sequences;
       std::stable_sort(sorted.begin(), sorted.end(), [](auto& a, auto& b) { return a.size() > b.size(); });
       return DecoderBatch{input_of(sorted, special), target_of(sorted, special)};
     }},
    {"empty sequences are skipped", "wrong",
     [](const Sequences& sequences, const SpecialTokens& special) {
       Sequences some;
       for (const auto& words : sequences)
         if (!words.empty()) some.push_back(words);
       return DecoderBatch{input_of(some, special), target_of(some, special)};
     }},
    {"repeated words are written once", "wrong",
     [](const Sequences& sequences, const SpecialTokens& special) {
       Sequences once = sequences;
       for (auto& words : once) words.erase(std::unique(words.begin(), words.end()), words.end());
       return DecoderBatch{input_of(once, special), target_of(once, special)};
     }},
    {"id 0 is treated as padding", "wrong",
     [](const Sequences& sequences, const SpecialTokens& special) {
       DecoderBatch batch{input_of(sequences, special), target_of(sequences, special)};
       std::replace(batch.input.values().begin(), batch.input.values().end(), index_t{0}, special.pad);
       return batch;
     }},
    {"input and target exchanged", "SQ-63",
     [](const Sequences& sequences, const SpecialTokens& special) {
       return DecoderBatch{target_of(sequences, special), input_of(sequences, special)};
     }},
    {"bos and eos exchanged", "wrong",
     [](const Sequences& sequences, const SpecialTokens& special) {
       const SpecialTokens other{.bos = special.eos, .eos = special.bos, .pad = special.pad};
       return DecoderBatch{input_of(sequences, other), target_of(sequences, other)};
     }},
    {"the target is not shifted", "SQ-14",
     [](const Sequences& sequences, const SpecialTokens& special) {
       Sequences all = sequences;
       for (auto& words : all) {
         words.insert(words.begin(), special.bos);
         words.push_back(special.eos);
       }
       return DecoderBatch{padded(all, special.pad), padded(all, special.pad)};
     }},
    {"no bos, eos at the end of both", "SQ-01",
     [](const Sequences& sequences, const SpecialTokens& special) {
       return DecoderBatch{target_of(sequences, special), target_of(sequences, special)};
     }},
    {"padded on the left", "wrong", [](const Sequences& sequences, const SpecialTokens& special) {
       Sequences input = sequences, target = sequences;
       for (std::size_t b = 0; b < sequences.size(); ++b) {
         const auto missing = static_cast<std::size_t>(longest(sequences)) - sequences[b].size();
         input[b].insert(input[b].begin(), special.bos);
         input[b].insert(input[b].begin(), missing, special.pad);
         target[b].push_back(special.eos);
         target[b].insert(target[b].begin(), missing, special.pad);
       }
       return DecoderBatch{padded(input, special.pad), padded(target, special.pad)};
     }}};

}  // namespace

DecoderBatch teacher_forcing(const std::vector<std::vector<index_t>>& sequences,
                             const SpecialTokens& special) {
  return answers.chosen(sequences, special);
}

}  // namespace heed::exercise
