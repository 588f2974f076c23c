#include "lessons/10_t5/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

const Answers<decltype(t5_shift)> answers{
    {"in place, from the end of each row", "pass",
     [](const IntTensor& labels, index_t start) {
       IntTensor given = labels;
       const index_t width = labels.size(1);
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = width - 1; t >= 0; --t) {
           const index_t before = t > 0 ? labels.at({b, t - 1}) : start;
           given.values()[static_cast<std::size_t>(b * width + t)] = before == -100 ? start : before;
         }
       return given;
     }},
    {"filled with start", "pass",
     [](const IntTensor& labels, index_t start) {
       IntTensor given(std::vector<index_t>(labels.values().size(), start), labels.shape());
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 1; t < labels.size(1); ++t)
           if (const index_t id = labels.at({b, t - 1}); id != -100)
             given.values()[static_cast<std::size_t>(b * labels.size(1) + t)] = id;
       return given;
     }},
    {"the last real label instead of start", "wrong",
     [](const IntTensor& labels, index_t start) {
       IntTensor given = labels;
       for (index_t b = 0; b < labels.size(0); ++b) {
         index_t before = start;
         for (index_t t = 0; t < labels.size(1); ++t) {
           given.values()[static_cast<std::size_t>(b * labels.size(1) + t)] = before;
           if (labels.at({b, t}) != -100) before = labels.at({b, t});
         }
       }
       return given;
     }},
    {"every negative id", "pass",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> given;
       for (index_t i = 0; i < labels.numel(); ++i) {
         const index_t before = i % labels.size(1) == 0 ? start : labels[i - 1];
         given.push_back(before < 0 ? start : before);
       }
       return IntTensor(given, labels.shape());
     }},
    {"only the first row begins with start", "T5-29",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> given;
       for (index_t i = 0; i < labels.numel(); ++i) {
         const index_t before = i == 0 ? start : labels[i - 1];
         given.push_back(before < 0 ? start : before);
       }
       return IntTensor(given, labels.shape());
     }},
    {"the last label comes round", "T5-28",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> given;
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 0; t < labels.size(1); ++t) {
           const index_t before = labels.at({b, (t + labels.size(1) - 1) % labels.size(1)});
           given.push_back(before == -100 ? start : before);
         }
       return IntTensor(given, {labels.size(0), labels.size(1)});
     }},
    {"0 for -100", "T5-32",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> given;
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 0; t < labels.size(1); ++t) {
           const index_t before = t == 0 ? start : labels.at({b, t - 1});
           given.push_back(before == -100 ? 0 : before);
         }
       return IntTensor(given, {labels.size(0), labels.size(1)});
     }},
    {"one place more", "wrong",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> given;
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 0; t <= labels.size(1); ++t) {
           const index_t before = t == 0 ? start : labels.at({b, t - 1});
           given.push_back(before == -100 ? start : before);
         }
       return IntTensor(given, {labels.size(0), labels.size(1) + 1});
     }},
    {"start wherever the label is -100", "wrong",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> given;
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 0; t < labels.size(1); ++t)
           given.push_back(t == 0 || labels.at({b, t}) == -100 ? start : labels.at({b, t - 1}));
       return IntTensor(given, {labels.size(0), labels.size(1)});
     }},
    {"0 becomes start, too", "wrong",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> given;
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 0; t < labels.size(1); ++t) {
           const index_t before = t == 0 ? start : labels.at({b, t - 1});
           given.push_back(before <= 0 ? start : before);
         }
       return IntTensor(given, {labels.size(0), labels.size(1)});
     }},
    {"shifted the other way", "T5-27", [](const IntTensor& labels, index_t start) {
       std::vector<index_t> given;
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 0; t < labels.size(1); ++t) {
           const index_t next = t + 1 == labels.size(1) ? start : labels.at({b, t + 1});
           given.push_back(next == -100 ? start : next);
         }
       return IntTensor(given, {labels.size(0), labels.size(1)});
     }}};

}  // namespace

IntTensor t5_shift(const IntTensor& labels, index_t start) { return answers.chosen(labels, start); }

}  // namespace heed::exercise
