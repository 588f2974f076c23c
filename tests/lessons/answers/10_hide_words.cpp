#include "lessons/10_bert/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

// The result of a rule for each position.
template <class Rule>
IntTensor each(const IntTensor& ids, const Rule& rule) {
  IntTensor result = ids;
  for (std::size_t i = 0; i < result.values().size(); ++i) result.values()[i] = rule(i, ids.values()[i]);
  return result;
}

const Answers<decltype(hide_words)> answers{
    {"nested conditions", "pass",
     [](const IntTensor& ids, const Chances& c) {
       return each(ids, [&](std::size_t i, index_t id) {
         if (id >= first_word && c.asked[i] < 0.15)
           return c.how[i] < 0.8 ? mask_token : c.how[i] < 0.9 ? c.word[i] : id;
         return id;
       });
     }},
    {"a list of values", "pass",
     [](const IntTensor& ids, const Chances& c) {
       std::vector<index_t> values;
       for (index_t i = 0; i < ids.numel(); ++i) {
         const auto at = static_cast<std::size_t>(i);
         const bool keep = ids[i] < first_word || !(c.asked[at] < 0.15) || c.how[at] >= 0.9;
         values.push_back(keep ? ids[i] : c.how[at] < 0.8 ? mask_token : c.word[at]);
       }
       return IntTensor(values, ids.shape());
     }},
    {"0.15 belongs to it", "wrong",
     [](const IntTensor& ids, const Chances& c) {
       return each(ids, [&](std::size_t i, index_t id) {
         if (id < first_word || c.asked[i] > 0.15) return id;
         return c.how[i] < 0.8 ? mask_token : c.how[i] < 0.9 ? c.word[i] : id;
       });
     }},
    {"0.8 and 0.9 belong to the side below", "wrong",
     [](const IntTensor& ids, const Chances& c) {
       return each(ids, [&](std::size_t i, index_t id) {
         if (id < first_word || c.asked[i] >= 0.15) return id;
         return c.how[i] <= 0.8 ? mask_token : c.how[i] <= 0.9 ? c.word[i] : id;
       });
     }},
    {"the first word is taken for a special token", "wrong",
     [](const IntTensor& ids, const Chances& c) {
       return each(ids, [&](std::size_t i, index_t id) {
         if (id <= first_word || c.asked[i] >= 0.15) return id;
         return c.how[i] < 0.8 ? mask_token : c.how[i] < 0.9 ? c.word[i] : id;
       });
     }},
    {"padding is kept, other special tokens are not", "wrong",
     [](const IntTensor& ids, const Chances& c) {
       return each(ids, [&](std::size_t i, index_t id) {
         if (id == pad_token || c.asked[i] >= 0.15) return id;
         return c.how[i] < 0.8 ? mask_token : c.how[i] < 0.9 ? c.word[i] : id;
       });
     }},
    {"shares instead of limits", "BE-62",
     [](const IntTensor& ids, const Chances& c) {
       return each(ids, [&](std::size_t i, index_t id) {
         if (id < first_word || c.asked[i] >= 0.15) return id;
         return c.how[i] < 0.8 ? mask_token : c.how[i] < 0.1 ? c.word[i] : id;
       });
     }},
    {"one chance, and special tokens too", "wrong",
     [](const IntTensor& ids, const Chances& c) {
       return each(ids, [&](std::size_t i, index_t id) { return c.asked[i] < 0.15 ? mask_token : id; });
     }},
    {"stops at the first special token behind [CLS]", "wrong",
     [](const IntTensor& ids, const Chances& chances) {
       IntTensor result = ids;
       for (std::size_t i = 0; i < result.values().size(); ++i) {
         index_t& id = result.values()[i];
         if (i > 0 && id < first_word) break;
         if (id < first_word || chances.asked[i] >= 0.15) continue;
         if (chances.how[i] < 0.8)
           id = mask_token;
         else if (chances.how[i] < 0.9)
           id = chances.word[i];
       }
       return result;
     }},
    {"chances of the first row for all", "wrong",
     [](const IntTensor& ids, const Chances& chances) {
       IntTensor result = ids;
       const auto t = static_cast<std::size_t>(ids.size(1));
       for (std::size_t i = 0; i < result.values().size(); ++i) {
         index_t& id = result.values()[i];
         if (id < first_word || chances.asked[i % t] >= 0.15) continue;
         if (chances.how[i % t] < 0.8)
           id = mask_token;
         else if (chances.how[i % t] < 0.9)
           id = chances.word[i % t];
       }
       return result;
     }},
    {"the first text only", "wrong",
     [](const IntTensor& ids, const Chances& chances) {
       IntTensor result = ids;
       for (std::size_t i = 0; i < static_cast<std::size_t>(ids.size(1)); ++i) {
         index_t& id = result.values()[i];
         if (id < first_word || chances.asked[i] >= 0.15) continue;
         if (chances.how[i] < 0.8)
           id = mask_token;
         else if (chances.how[i] < 0.9)
           id = chances.word[i];
       }
       return result;
     }},
    {"random words last", "wrong",
     [](const IntTensor& ids, const Chances& chances) {
       IntTensor result = ids;
       for (std::size_t i = 0; i < result.values().size(); ++i) {
         index_t& id = result.values()[i];
         if (id < first_word || chances.asked[i] >= 0.15) continue;
         if (chances.how[i] < 0.8)
           id = mask_token;
         else if (chances.how[i] >= 0.9)
           id = chances.word[i];
       }
       return result;
     }},
    {"no random words", "BE-62",
     [](const IntTensor& ids, const Chances& chances) {
       IntTensor result = ids;
       for (std::size_t i = 0; i < result.values().size(); ++i) {
         index_t& id = result.values()[i];
         if (id < first_word || chances.asked[i] >= 0.15) continue;
         if (chances.how[i] < 0.8) id = mask_token;
       }
       return result;
     }},
    {"80 % of all", "BE-14",
     [](const IntTensor& ids, const Chances& chances) {
       IntTensor result = ids;
       for (std::size_t i = 0; i < result.values().size(); ++i) {
         index_t& id = result.values()[i];
         if (id < first_word) continue;
         if (chances.how[i] < 0.8)
           id = mask_token;
         else if (chances.how[i] < 0.9)
           id = chances.word[i];
       }
       return result;
     }},
    {"a random word counts its distance from the first word", "wrong",
     [](const IntTensor& ids, const Chances& chances) {
       IntTensor result = ids;
       for (std::size_t i = 0; i < result.values().size(); ++i) {
         index_t& id = result.values()[i];
         if (id < first_word || chances.asked[i] >= 0.15) continue;
         if (chances.how[i] < 0.8)
           id = mask_token;
         else if (chances.how[i] < 0.9)
           id = first_word + chances.word[i];
       }
       return result;
     }}};

}  // namespace

IntTensor hide_words(const IntTensor& ids, const Chances& chances) { return answers.chosen(ids, chances); }

}  // namespace heed::exercise
