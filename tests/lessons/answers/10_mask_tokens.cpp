#include "lessons/10_bert/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

// Applies rule(i, id) n each flat position i.
template <class Rule>
IntTensor each(const IntTensor& ids, const Rule& rule) {
  IntTensor result = ids;
  for (std::size_t i = 0; i < result.values().size(); ++i) result.values()[i] = rule(i, ids.values()[i]);
  return result;
}

const Answers<decltype(mask_tokens)> answers{
    {"nested conditions", "pass",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       return each(ids, [&](std::size_t i, index_t id) {
         if (id >= first_word && draws.select[i] < 0.15)
           return draws.action[i] < 0.8 ? mask_token : draws.action[i] < 0.9 ? draws.random_word[i] : id;
         return id;
       });
     }},
    {"a list of values", "pass",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       std::vector<index_t> values;
       for (index_t i = 0; i < ids.numel(); ++i) {
         const auto n = static_cast<std::size_t>(i);
         const bool keep = ids[i] < first_word || !(draws.select[n] < 0.15) || draws.action[n] >= 0.9;
         values.push_back(keep ? ids[i] : draws.action[n] < 0.8 ? mask_token : draws.random_word[n]);
       }
       return IntTensor(values, ids.shape());
     }},
    {"0.15 is selected", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       return each(ids, [&](std::size_t i, index_t id) {
         if (id < first_word || draws.select[i] > 0.15) return id;
         return draws.action[i] < 0.8 ? mask_token : draws.action[i] < 0.9 ? draws.random_word[i] : id;
       });
     }},
    {"the limits 0.8 and 0.9 are inclusive", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       return each(ids, [&](std::size_t i, index_t id) {
         if (id < first_word || draws.select[i] >= 0.15) return id;
         return draws.action[i] <= 0.8 ? mask_token : draws.action[i] <= 0.9 ? draws.random_word[i] : id;
       });
     }},
    {"the first word is treated as a special token", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       return each(ids, [&](std::size_t i, index_t id) {
         if (id <= first_word || draws.select[i] >= 0.15) return id;
         return draws.action[i] < 0.8 ? mask_token : draws.action[i] < 0.9 ? draws.random_word[i] : id;
       });
     }},
    {"padding is kept, other special tokens are not", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       return each(ids, [&](std::size_t i, index_t id) {
         if (id == pad_token || draws.select[i] >= 0.15) return id;
         return draws.action[i] < 0.8 ? mask_token : draws.action[i] < 0.9 ? draws.random_word[i] : id;
       });
     }},
    {"probabilities instead of cumulative limits", "BE-62",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       return each(ids, [&](std::size_t i, index_t id) {
         if (id < first_word || draws.select[i] >= 0.15) return id;
         return draws.action[i] < 0.8 ? mask_token : draws.action[i] < 0.1 ? draws.random_word[i] : id;
       });
     }},
    {"one draw, and special tokens too", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       return each(ids, [&](std::size_t i, index_t id) { return draws.select[i] < 0.15 ? mask_token : id; });
     }},
    {"stops at the first special token after [CLS]", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor result = ids;
       for (std::size_t i = 0; i < result.values().size(); ++i) {
         index_t& id = result.values()[i];
         if (i > 0 && id < first_word) break;
         if (id < first_word || draws.select[i] >= 0.15) continue;
         if (draws.action[i] < 0.8)
           id = mask_token;
         else if (draws.action[i] < 0.9)
           id = draws.random_word[i];
       }
       return result;
     }},
    {"the draws of the first row for all", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor result = ids;
       const auto t = static_cast<std::size_t>(ids.size(1));
       for (std::size_t i = 0; i < result.values().size(); ++i) {
         index_t& id = result.values()[i];
         if (id < first_word || draws.select[i % t] >= 0.15) continue;
         if (draws.action[i % t] < 0.8)
           id = mask_token;
         else if (draws.action[i % t] < 0.9)
           id = draws.random_word[i % t];
       }
       return result;
     }},
    {"the first sequence only", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor result = ids;
       for (std::size_t i = 0; i < static_cast<std::size_t>(ids.size(1)); ++i) {
         index_t& id = result.values()[i];
         if (id < first_word || draws.select[i] >= 0.15) continue;
         if (draws.action[i] < 0.8)
           id = mask_token;
         else if (draws.action[i] < 0.9)
           id = draws.random_word[i];
       }
       return result;
     }},
    {"random words last", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor result = ids;
       for (std::size_t i = 0; i < result.values().size(); ++i) {
         index_t& id = result.values()[i];
         if (id < first_word || draws.select[i] >= 0.15) continue;
         if (draws.action[i] < 0.8)
           id = mask_token;
         else if (draws.action[i] >= 0.9)
           id = draws.random_word[i];
       }
       return result;
     }},
    {"no random words", "BE-62",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor result = ids;
       for (std::size_t i = 0; i < result.values().size(); ++i) {
         index_t& id = result.values()[i];
         if (id < first_word || draws.select[i] >= 0.15) continue;
         if (draws.action[i] < 0.8) id = mask_token;
       }
       return result;
     }},
    {"80 % of all", "BE-14",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor result = ids;
       for (std::size_t i = 0; i < result.values().size(); ++i) {
         index_t& id = result.values()[i];
         if (id < first_word) continue;
         if (draws.action[i] < 0.8)
           id = mask_token;
         else if (draws.action[i] < 0.9)
           id = draws.random_word[i];
       }
       return result;
     }},
    {"a random word is an offset from the first word", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor result = ids;
       for (std::size_t i = 0; i < result.values().size(); ++i) {
         index_t& id = result.values()[i];
         if (id < first_word || draws.select[i] >= 0.15) continue;
         if (draws.action[i] < 0.8)
           id = mask_token;
         else if (draws.action[i] < 0.9)
           id = first_word + draws.random_word[i];
       }
       return result;
     }}};

}  // namespace

IntTensor mask_tokens(const IntTensor& ids, const MaskingDraws& draws) { return answers.chosen(ids, draws); }

}  // namespace heed::exercise
