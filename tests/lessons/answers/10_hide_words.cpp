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
    {"one chance, and special tokens too", "wrong", [](const IntTensor& ids, const Chances& c) {
       return each(ids, [&](std::size_t i, index_t id) { return c.asked[i] < 0.15 ? mask_token : id; });
     }}};

}  // namespace

IntTensor hide_words(const IntTensor& ids, const Chances& chances) { return answers.chosen(ids, chances); }

}  // namespace heed::exercise
