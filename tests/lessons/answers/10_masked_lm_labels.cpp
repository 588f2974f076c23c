#include "lessons/10_bert/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

const Answers<decltype(masked_lm_labels)> answers{
    {"a list of values", "pass",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       std::vector<index_t> values;
       for (index_t i = 0; i < ids.numel(); ++i)
         values.push_back(
             ids[i] >= first_word && draws.select[static_cast<std::size_t>(i)] < 0.15 ? ids[i] : no_label);
       return IntTensor(values, ids.shape());
     }},
    {"-100 everywhere first", "pass",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor labels(std::vector<index_t>(ids.values().size(), -100), ids.shape());
       for (std::size_t i = 0; i < ids.values().size(); ++i)
         if (ids.values()[i] >= first_word && draws.select[i] < 0.15) labels.values()[i] = ids.values()[i];
       return labels;
     }},
    {"0.15 is selected", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < ids.values().size(); ++i)
         if (ids.values()[i] < first_word || draws.select[i] > 0.15) labels.values()[i] = no_label;
       return labels;
     }},
    {"the first word has no label", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < ids.values().size(); ++i)
         if (ids.values()[i] <= first_word || draws.select[i] >= 0.15) labels.values()[i] = no_label;
       return labels;
     }},
    {"random words are the labels of the second case", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < ids.values().size(); ++i) {
         if (ids.values()[i] < first_word || draws.select[i] >= 0.15)
           labels.values()[i] = no_label;
         else if (draws.action[i] >= 0.8 && draws.action[i] < 0.9)
           labels.values()[i] = draws.random_word[i];
       }
       return labels;
     }},
    {"-1", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < ids.values().size(); ++i)
         if (ids.values()[i] < first_word || draws.select[i] >= 0.15) labels.values()[i] = -1;
       return labels;
     }},
    {"only positions with [MASK]", "BE-67",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < labels.values().size(); ++i) {
         index_t& label = labels.values()[i];
         if (label < first_word || draws.select[i] >= 0.15 || draws.action[i] >= 0.8) label = no_label;
       }
       return labels;
     }},
    {"all but unchanged words", "BE-66",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < labels.values().size(); ++i) {
         index_t& label = labels.values()[i];
         if (label < first_word || draws.select[i] >= 0.15 || draws.action[i] >= 0.9) label = no_label;
       }
       return labels;
     }},
    {"special tokens are selected, too", "BE-70",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < labels.values().size(); ++i)
         if (draws.select[i] >= 0.15) labels.values()[i] = no_label;
       return labels;
     }},
    {"only the first sequence has labels", "wrong",
     [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < labels.values().size(); ++i) {
         index_t& label = labels.values()[i];
         if (label < first_word || draws.select[i] >= 0.15 || static_cast<index_t>(i) >= ids.size(1))
           label = no_label;
       }
       return labels;
     }},
    {"the words that are not selected", "BE-71", [](const IntTensor& ids, const MaskingDraws& draws) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < labels.values().size(); ++i) {
         index_t& label = labels.values()[i];
         if (label < first_word || draws.select[i] < 0.15) label = no_label;
       }
       return labels;
     }}};

}  // namespace

IntTensor masked_lm_labels(const IntTensor& ids, const MaskingDraws& draws) {
  return answers.chosen(ids, draws);
}

}  // namespace heed::exercise
