#include "lessons/10_bert/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

const Answers<decltype(segment_ids)> answers{
    {"one loop over all", "pass",
     [](const IntTensor& ids, index_t sep) {
       IntTensor result = IntTensor::zeros(ids.shape());
       bool second = false;
       for (index_t i = 0; i < ids.numel(); ++i) {
         if (i % ids.size(1) == 0) second = false;
         result.values()[static_cast<std::size_t>(i)] = second ? 1 : 0;
         second = second || ids[i] == sep;
       }
       return result;
     }},
    {"the position of the separator first, then the rest", "pass",
     [](const IntTensor& ids, index_t sep) {
       IntTensor result = IntTensor::zeros(ids.shape());
       for (index_t b = 0; b < ids.size(0); ++b) {
         index_t end = 0;
         while (end < ids.size(1) && ids.at({b, end}) != sep) ++end;
         for (index_t t = end + 1; t < ids.size(1); ++t)
           result.values()[static_cast<std::size_t>(b * ids.size(1) + t)] = 1;
       }
       return result;
     }},
    {"padding belongs to no sentence: 0", "wrong",
     [](const IntTensor& ids, index_t sep) {
       IntTensor result = IntTensor::zeros(ids.shape());
       for (index_t b = 0; b < ids.size(0); ++b) {
         index_t segment = 0;
         for (index_t t = 0; t < ids.size(1); ++t) {
           result.values()[static_cast<std::size_t>(b * ids.size(1) + t)] = ids.at({b, t}) == 0 ? 0 : segment;
           if (ids.at({b, t}) == sep) segment = 1;
         }
       }
       return result;
     }},
    {"the first row's separator for all rows", "wrong",
     [](const IntTensor& ids, index_t sep) {
       IntTensor result = IntTensor::zeros(ids.shape());
       index_t end = 0;
       while (end < ids.size(1) && ids.at({0, end}) != sep) ++end;
       for (index_t b = 0; b < ids.size(0); ++b)
         for (index_t t = end + 1; t < ids.size(1); ++t)
           result.values()[static_cast<std::size_t>(b * ids.size(1) + t)] = 1;
       return result;
     }},
    {"back to 0 at the second separator", "wrong",
     [](const IntTensor& ids, index_t sep) {
       IntTensor result = IntTensor::zeros(ids.shape());
       for (index_t b = 0; b < ids.size(0); ++b) {
         index_t segment = 0;
         for (index_t t = 0; t < ids.size(1); ++t) {
           result.values()[static_cast<std::size_t>(b * ids.size(1) + t)] = segment;
           if (ids.at({b, t}) == sep) segment = 1 - segment;
         }
       }
       return result;
     }},
    {"a separator of 2, ignoring the argument", "wrong",
     [](const IntTensor& ids, index_t) {
       IntTensor result = IntTensor::zeros(ids.shape());
       for (index_t b = 0; b < ids.size(0); ++b) {
         index_t segment = 0;
         for (index_t t = 0; t < ids.size(1); ++t) {
           result.values()[static_cast<std::size_t>(b * ids.size(1) + t)] = segment;
           if (ids.at({b, t}) == 2) segment = 1;
         }
       }
       return result;
     }},
    {"the segment carries over to the next row", "BE-11",
     [](const IntTensor& ids, index_t sep) {
       IntTensor segments = IntTensor::zeros(ids.shape());
       index_t segment = 0;
       for (index_t i = 0; i < ids.numel(); ++i) {
         segments.values()[static_cast<std::size_t>(i)] = segment;
         if (ids[i] == sep) segment = 1;
       }
       return segments;
     }},
    {"counts the separators", "BE-10",
     [](const IntTensor& ids, index_t sep) {
       IntTensor segments = IntTensor::zeros(ids.shape());
       for (index_t b = 0; b < ids.size(0); ++b) {
         index_t segment = 0;
         for (index_t t = 0; t < ids.size(1); ++t) {
           segments.values()[static_cast<std::size_t>(b * ids.size(1) + t)] = segment;
           segment += ids.at({b, t}) == sep;
         }
       }
       return segments;
     }},
    {"a row without a separator is 1 after [CLS]", "wrong",
     [](const IntTensor& ids, index_t sep) {
       IntTensor segments = IntTensor::zeros(ids.shape());
       for (index_t b = 0; b < ids.size(0); ++b) {
         index_t first = 0;
         for (index_t t = ids.size(1) - 1; t >= 0; --t)
           if (ids.at({b, t}) == sep) first = t;
         for (index_t t = first + 1; t < ids.size(1); ++t)
           segments.values()[static_cast<std::size_t>(b * ids.size(1) + t)] = 1;
       }
       return segments;
     }},
    {"the separator in the second segment", "BE-09",
     [](const IntTensor& ids, index_t sep) {
       IntTensor segments = IntTensor::zeros(ids.shape());
       for (index_t b = 0; b < ids.size(0); ++b) {
         index_t segment = 0;
         for (index_t t = 0; t < ids.size(1); ++t) {
           if (ids.at({b, t}) == sep) segment = 1;
           segments.values()[static_cast<std::size_t>(b * ids.size(1) + t)] = segment;
         }
       }
       return segments;
     }},
    {"up to the last separator", "wrong", [](const IntTensor& ids, index_t sep) {
       IntTensor segments = IntTensor::zeros(ids.shape());
       for (index_t b = 0; b < ids.size(0); ++b) {
         index_t last = ids.size(1);
         for (index_t t = 0; t < ids.size(1); ++t)
           if (ids.at({b, t}) == sep) last = t;
         for (index_t t = last + 1; t < ids.size(1); ++t)
           segments.values()[static_cast<std::size_t>(b * ids.size(1) + t)] = 1;
       }
       return segments;
     }}};

}  // namespace

IntTensor segment_ids(const IntTensor& ids, index_t sep) { return answers.chosen(ids, sep); }

}  // namespace heed::exercise
