#include <algorithm>

#include "data/text/batches.h"
#include "lessons/01_why_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Texts = std::vector<std::vector<index_t>>;

IntTensor padded(const Texts& texts, index_t pad) { return data::pad_batch(texts, {.pad = pad}).ids; }
IntTensor given_of(Texts texts, const Marks& marks) {
  for (auto& words : texts) words.insert(words.begin(), marks.bos);
  return padded(texts, marks.pad);
}
IntTensor wanted_of(Texts texts, const Marks& marks) {
  for (auto& words : texts) words.push_back(marks.eos);
  return padded(texts, marks.pad);
}
index_t longest(const Texts& texts) {
  std::size_t most = 0;
  for (const auto& words : texts) most = std::max(most, words.size());
  return static_cast<index_t>(most);
}
// Both tensors filled place by place; T places in a row.
Taught filled(const Texts& texts, const Marks& marks, index_t T) {
  const auto B = static_cast<index_t>(texts.size());
  Taught taught{IntTensor::zeros({B, T}), IntTensor::zeros({B, T})};
  for (index_t b = 0; b < B; ++b) {
    const auto& words = texts[static_cast<std::size_t>(b)];
    const auto n = static_cast<index_t>(words.size());
    for (index_t t = 0; t < T; ++t) {
      const auto place = static_cast<std::size_t>(b * T + t);
      taught.given.values()[place] = t == 0   ? marks.bos
                                     : t <= n ? words[static_cast<std::size_t>(t - 1)]
                                              : marks.pad;
      taught.wanted.values()[place] = t < n    ? words[static_cast<std::size_t>(t)]
                                      : t == n ? marks.eos
                                               : marks.pad;
    }
  }
  return taught;
}

const Answers<decltype(teacher_forcing)> answers{
    {"place by place", "pass",
     [](const Texts& texts, const Marks& marks) { return filled(texts, marks, longest(texts) + 1); }},
    {"one batch, and eos is taken out of what is given", "pass",
     [](const Texts& texts, const Marks& marks) {
       Texts all = texts;
       for (auto& words : all) {
         words.insert(words.begin(), marks.bos);
         words.push_back(marks.eos);
       }
       const IntTensor both = padded(all, marks.pad);
       IntTensor given = both.slice(1, 0, both.size(1) - 1);
       std::replace(given.values().begin(), given.values().end(), marks.eos, marks.pad);
       return Taught{given, both.slice(1, 1, both.size(1))};
     }},
    {"one batch, two columns", "SQ-12",
     [](const Texts& texts, const Marks& marks) {
       Texts all = texts;
       for (auto& words : all) {
         words.insert(words.begin(), marks.bos);
         words.push_back(marks.eos);
       }
       const IntTensor both = padded(all, marks.pad);
       return Taught{both.slice(1, 0, both.size(1) - 1), both.slice(1, 1, both.size(1))};
     }},
    {"the pad id is 0", "SQ-13",
     [](const Texts& texts, const Marks& marks) {
       const Marks zero{.bos = marks.bos, .eos = marks.eos, .pad = 0};
       return Taught{given_of(texts, zero), wanted_of(texts, zero)};
     }},
    {"the pad id of what is given is 0", "wrong",
     [](const Texts& texts, const Marks& marks) {
       const Marks zero{.bos = marks.bos, .eos = marks.eos, .pad = 0};
       return Taught{given_of(texts, zero), wanted_of(texts, marks)};
     }},
    {"the first text's length for all", "wrong",
     [](const Texts& texts, const Marks& marks) {
       return filled(texts, marks, static_cast<index_t>(texts[0].size()) + 1);
     }},
    {"the last text's length for all", "wrong",
     [](const Texts& texts, const Marks& marks) {
       return filled(texts, marks, static_cast<index_t>(texts.back().size()) + 1);
     }},
    {"one place too many", "wrong",
     [](const Texts& texts, const Marks& marks) { return filled(texts, marks, longest(texts) + 2); }},
    {"one place too few", "wrong",
     [](const Texts& texts, const Marks& marks) { return filled(texts, marks, longest(texts)); }},
    {"the first text alone", "wrong",
     [](const Texts& texts, const Marks& marks) {
       return filled({texts[0]}, marks, static_cast<index_t>(texts[0].size()) + 1);
     }},
    {"sorted by length", "wrong",
     [](const Texts& texts, const Marks& marks) {
       Texts sorted = texts;
       std::stable_sort(sorted.begin(), sorted.end(), [](auto& a, auto& b) { return a.size() > b.size(); });
       return Taught{given_of(sorted, marks), wanted_of(sorted, marks)};
     }},
    {"texts without words are left out", "wrong",
     [](const Texts& texts, const Marks& marks) {
       Texts some;
       for (const auto& words : texts)
         if (!words.empty()) some.push_back(words);
       return Taught{given_of(some, marks), wanted_of(some, marks)};
     }},
    {"repeated words are written once", "wrong",
     [](const Texts& texts, const Marks& marks) {
       Texts once = texts;
       for (auto& words : once) words.erase(std::unique(words.begin(), words.end()), words.end());
       return Taught{given_of(once, marks), wanted_of(once, marks)};
     }},
    {"id 0 is taken for padding", "wrong",
     [](const Texts& texts, const Marks& marks) {
       Taught taught{given_of(texts, marks), wanted_of(texts, marks)};
       std::replace(taught.given.values().begin(), taught.given.values().end(), index_t{0}, marks.pad);
       return taught;
     }},
    {"given and wanted exchanged", "SQ-63",
     [](const Texts& texts, const Marks& marks) {
       return Taught{wanted_of(texts, marks), given_of(texts, marks)};
     }},
    {"bos and eos exchanged", "wrong",
     [](const Texts& texts, const Marks& marks) {
       const Marks other{.bos = marks.eos, .eos = marks.bos, .pad = marks.pad};
       return Taught{given_of(texts, other), wanted_of(texts, other)};
     }},
    {"what is wanted is not shifted", "SQ-14",
     [](const Texts& texts, const Marks& marks) {
       Texts all = texts;
       for (auto& words : all) {
         words.insert(words.begin(), marks.bos);
         words.push_back(marks.eos);
       }
       return Taught{padded(all, marks.pad), padded(all, marks.pad)};
     }},
    {"no bos, eos at the end of both", "SQ-01",
     [](const Texts& texts, const Marks& marks) {
       return Taught{wanted_of(texts, marks), wanted_of(texts, marks)};
     }},
    {"padded in front", "wrong", [](const Texts& texts, const Marks& marks) {
       Texts given = texts, wanted = texts;
       for (std::size_t b = 0; b < texts.size(); ++b) {
         const auto missing = static_cast<std::size_t>(longest(texts)) - texts[b].size();
         given[b].insert(given[b].begin(), marks.bos);
         given[b].insert(given[b].begin(), missing, marks.pad);
         wanted[b].push_back(marks.eos);
         wanted[b].insert(wanted[b].begin(), missing, marks.pad);
       }
       return Taught{padded(given, marks.pad), padded(wanted, marks.pad)};
     }}};

}  // namespace

Taught teacher_forcing(const std::vector<std::vector<index_t>>& texts, const Marks& marks) {
  return answers.chosen(texts, marks);
}

}  // namespace heed::exercise
