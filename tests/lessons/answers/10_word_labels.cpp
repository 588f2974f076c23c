#include "lessons/10_bert/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

const Answers<decltype(word_labels)> answers{
    {"a list of values", "pass",
     [](const IntTensor& ids, const Chances& c) {
       std::vector<index_t> values;
       for (index_t i = 0; i < ids.numel(); ++i)
         values.push_back(ids[i] >= first_word && c.asked[static_cast<std::size_t>(i)] < 0.15 ? ids[i]
                                                                                              : no_label);
       return IntTensor(values, ids.shape());
     }},
    {"-100 everywhere first", "pass",
     [](const IntTensor& ids, const Chances& c) {
       IntTensor labels(std::vector<index_t>(ids.values().size(), -100), ids.shape());
       for (std::size_t i = 0; i < ids.values().size(); ++i)
         if (ids.values()[i] >= first_word && c.asked[i] < 0.15) labels.values()[i] = ids.values()[i];
       return labels;
     }},
    {"0.15 belongs to it", "wrong",
     [](const IntTensor& ids, const Chances& c) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < ids.values().size(); ++i)
         if (ids.values()[i] < first_word || c.asked[i] > 0.15) labels.values()[i] = no_label;
       return labels;
     }},
    {"the first word has no label", "wrong",
     [](const IntTensor& ids, const Chances& c) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < ids.values().size(); ++i)
         if (ids.values()[i] <= first_word || c.asked[i] >= 0.15) labels.values()[i] = no_label;
       return labels;
     }},
    {"labels of the second way are the random words", "wrong",
     [](const IntTensor& ids, const Chances& c) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < ids.values().size(); ++i) {
         if (ids.values()[i] < first_word || c.asked[i] >= 0.15)
           labels.values()[i] = no_label;
         else if (c.how[i] >= 0.8 && c.how[i] < 0.9)
           labels.values()[i] = c.word[i];
       }
       return labels;
     }},
    {"-1", "wrong",
     [](const IntTensor& ids, const Chances& c) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < ids.values().size(); ++i)
         if (ids.values()[i] < first_word || c.asked[i] >= 0.15) labels.values()[i] = -1;
       return labels;
     }},
    {"only what becomes [MASK]", "BE-67",
     [](const IntTensor& ids, const Chances& chances) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < labels.values().size(); ++i) {
         index_t& label = labels.values()[i];
         if (label < first_word || chances.asked[i] >= 0.15 || chances.how[i] >= 0.8) label = no_label;
       }
       return labels;
     }},
    {"all but what stays", "BE-66",
     [](const IntTensor& ids, const Chances& chances) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < labels.values().size(); ++i) {
         index_t& label = labels.values()[i];
         if (label < first_word || chances.asked[i] >= 0.15 || chances.how[i] >= 0.9) label = no_label;
       }
       return labels;
     }},
    {"special tokens are asked for, too", "BE-70",
     [](const IntTensor& ids, const Chances& chances) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < labels.values().size(); ++i)
         if (chances.asked[i] >= 0.15) labels.values()[i] = no_label;
       return labels;
     }},
    {"the first text alone has labels", "wrong",
     [](const IntTensor& ids, const Chances& chances) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < labels.values().size(); ++i) {
         index_t& label = labels.values()[i];
         if (label < first_word || chances.asked[i] >= 0.15 || static_cast<index_t>(i) >= ids.size(1))
           label = no_label;
       }
       return labels;
     }},
    {"the words that are not asked for", "BE-71", [](const IntTensor& ids, const Chances& chances) {
       IntTensor labels = ids;
       for (std::size_t i = 0; i < labels.values().size(); ++i) {
         index_t& label = labels.values()[i];
         if (label < first_word || chances.asked[i] < 0.15) label = no_label;
       }
       return labels;
     }}};

}  // namespace

IntTensor word_labels(const IntTensor& ids, const Chances& chances) { return answers.chosen(ids, chances); }

}  // namespace heed::exercise
