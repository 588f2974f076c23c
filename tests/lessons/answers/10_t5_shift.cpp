#include "lessons/10_t5/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

const Answers<decltype(t5_shift)> answers{
    {"in place, from the end of each row", "pass",
     [](const IntTensor& labels, index_t start) {
       IntTensor decoder_input = labels;
       const index_t width = labels.size(1);
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = width - 1; t >= 0; --t) {
           const index_t previous = t > 0 ? labels.at({b, t - 1}) : start;
           decoder_input.values()[static_cast<std::size_t>(b * width + t)] =
               previous == -100 ? start : previous;
         }
       return decoder_input;
     }},
    {"filled with start", "pass",
     [](const IntTensor& labels, index_t start) {
       IntTensor decoder_input(std::vector<index_t>(labels.values().size(), start), labels.shape());
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 1; t < labels.size(1); ++t)
           if (const index_t id = labels.at({b, t - 1}); id != -100)
             decoder_input.values()[static_cast<std::size_t>(b * labels.size(1) + t)] = id;
       return decoder_input;
     }},
    {"the last real label instead of start", "wrong",
     [](const IntTensor& labels, index_t start) {
       IntTensor decoder_input = labels;
       for (index_t b = 0; b < labels.size(0); ++b) {
         index_t previous = start;
         for (index_t t = 0; t < labels.size(1); ++t) {
           decoder_input.values()[static_cast<std::size_t>(b * labels.size(1) + t)] = previous;
           if (labels.at({b, t}) != -100) previous = labels.at({b, t});
         }
       }
       return decoder_input;
     }},
    {"every negative id", "pass",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> decoder_input;
       for (index_t i = 0; i < labels.numel(); ++i) {
         const index_t previous = i % labels.size(1) == 0 ? start : labels[i - 1];
         decoder_input.push_back(previous < 0 ? start : previous);
       }
       return IntTensor(decoder_input, labels.shape());
     }},
    {"only the first row begins with start", "T5-29",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> decoder_input;
       for (index_t i = 0; i < labels.numel(); ++i) {
         const index_t previous = i == 0 ? start : labels[i - 1];
         decoder_input.push_back(previous < 0 ? start : previous);
       }
       return IntTensor(decoder_input, labels.shape());
     }},
    {"the last label wraps around", "T5-28",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> decoder_input;
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 0; t < labels.size(1); ++t) {
           const index_t previous = labels.at({b, (t + labels.size(1) - 1) % labels.size(1)});
           decoder_input.push_back(previous == -100 ? start : previous);
         }
       return IntTensor(decoder_input, {labels.size(0), labels.size(1)});
     }},
    {"0 for -100", "T5-32",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> decoder_input;
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 0; t < labels.size(1); ++t) {
           const index_t previous = t == 0 ? start : labels.at({b, t - 1});
           decoder_input.push_back(previous == -100 ? 0 : previous);
         }
       return IntTensor(decoder_input, {labels.size(0), labels.size(1)});
     }},
    {"shifted by two positions", "wrong",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> decoder_input;
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 0; t <= labels.size(1); ++t) {
           const index_t previous = t == 0 ? start : labels.at({b, t - 1});
           decoder_input.push_back(previous == -100 ? start : previous);
         }
       return IntTensor(decoder_input, {labels.size(0), labels.size(1) + 1});
     }},
    {"start wherever the label is -100", "wrong",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> decoder_input;
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 0; t < labels.size(1); ++t)
           decoder_input.push_back(t == 0 || labels.at({b, t}) == -100 ? start : labels.at({b, t - 1}));
       return IntTensor(decoder_input, {labels.size(0), labels.size(1)});
     }},
    {"0 becomes start, too", "wrong",
     [](const IntTensor& labels, index_t start) {
       std::vector<index_t> decoder_input;
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 0; t < labels.size(1); ++t) {
           const index_t previous = t == 0 ? start : labels.at({b, t - 1});
           decoder_input.push_back(previous <= 0 ? start : previous);
         }
       return IntTensor(decoder_input, {labels.size(0), labels.size(1)});
     }},
    {"shifted the other way", "T5-27", [](const IntTensor& labels, index_t start) {
       std::vector<index_t> decoder_input;
       for (index_t b = 0; b < labels.size(0); ++b)
         for (index_t t = 0; t < labels.size(1); ++t) {
           const index_t next = t + 1 == labels.size(1) ? start : labels.at({b, t + 1});
           decoder_input.push_back(next == -100 ? start : next);
         }
       return IntTensor(decoder_input, {labels.size(0), labels.size(1)});
     }}};

}  // namespace

IntTensor t5_shift(const IntTensor& labels, index_t start) { return answers.chosen(labels, start); }

}  // namespace heed::exercise
