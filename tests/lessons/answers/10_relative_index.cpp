#include "lessons/10_swin/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

const Answers<decltype(relative_index)> answers{
    {"four loops", "pass",
     [](index_t w) {
       IntTensor index = IntTensor::zeros({w * w, w * w});
       std::size_t at = 0;
       for (index_t yi = 0; yi < w; ++yi)
         for (index_t xi = 0; xi < w; ++xi)
           for (index_t yj = 0; yj < w; ++yj)
             for (index_t xj = 0; xj < w; ++xj)
               index.values()[at++] = (yi - yj + w - 1) * (2 * w - 1) + (xi - xj + w - 1);
       return index;
     }},
    {"from the centre of the table", "pass",
     [](index_t w) {
       const index_t ways = 2 * w - 1, middle = (ways * ways - 1) / 2;
       std::vector<index_t> values;
       for (index_t i = 0; i < w * w; ++i)
         for (index_t j = 0; j < w * w; ++j)
           values.push_back(middle + (i / w - j / w) * ways + i % w - j % w);
       return IntTensor(values, {w * w, w * w});
     }},
    {"3 offsets for every w", "wrong",
     [](index_t w) {
       std::vector<index_t> values;
       for (index_t i = 0; i < w * w; ++i)
         for (index_t j = 0; j < w * w; ++j)
           values.push_back((i / w - j / w + w - 1) * 3 + i % w - j % w + w - 1);
       return IntTensor(values, {w * w, w * w});
     }},
    {"the transpose", "SW-23",
     [](index_t w) {
       std::vector<index_t> values;
       for (index_t i = 0; i < w * w; ++i)
         for (index_t j = 0; j < w * w; ++j)
           values.push_back((j / w - i / w + w - 1) * (2 * w - 1) + j % w - i % w + w - 1);
       return IntTensor(values, {w * w, w * w});
     }},
    {"rows of w entries", "SW-24",
     [](index_t w) {
       std::vector<index_t> values;
       for (index_t i = 0; i < w * w; ++i)
         for (index_t j = 0; j < w * w; ++j)
           values.push_back((i / w - j / w + w - 1) * w + i % w - j % w + w - 1);
       return IntTensor(values, {w * w, w * w});
     }},
    {"columns first", "SW-25",
     [](index_t w) {
       std::vector<index_t> values;
       for (index_t i = 0; i < w * w; ++i)
         for (index_t j = 0; j < w * w; ++j)
           values.push_back((i % w - j % w + w - 1) * (2 * w - 1) + i / w - j / w + w - 1);
       return IntTensor(values, {w * w, w * w});
     }},
    {"absolute distances", "wrong",
     [](index_t w) {
       std::vector<index_t> values;
       for (index_t i = 0; i < w * w; ++i)
         for (index_t j = 0; j < w * w; ++j)
           values.push_back(std::abs(i / w - j / w) * (2 * w - 1) + std::abs(i % w - j % w));
       return IntTensor(values, {w * w, w * w});
     }},
    {"w added in place of w - 1", "SW-28",
     [](index_t w) {
       std::vector<index_t> values;
       for (index_t i = 0; i < w * w; ++i)
         for (index_t j = 0; j < w * w; ++j)
           values.push_back((i / w - j / w + w) * (2 * w - 1) + i % w - j % w + w);
       return IntTensor(values, {w * w, w * w});
     }},
    {"rows of 2 w entries", "wrong",
     [](index_t w) {
       std::vector<index_t> values;
       for (index_t i = 0; i < w * w; ++i)
         for (index_t j = 0; j < w * w; ++j)
           values.push_back((i / w - j / w + w - 1) * 2 * w + i % w - j % w + w - 1);
       return IntTensor(values, {w * w, w * w});
     }},
    {"sums as published before the stride", "SW-27",
     [](index_t w) {
       std::vector<index_t> values;
       for (index_t i = 0; i < w * w; ++i)
         for (index_t j = 0; j < w * w; ++j) values.push_back(i / w - j / w + w - 1 + i % w - j % w + w - 1);
       return IntTensor(values, {w * w, w * w});
     }},
    {"w - 1 is added to the rows only", "wrong", [](index_t w) {
       std::vector<index_t> values;
       for (index_t i = 0; i < w * w; ++i)
         for (index_t j = 0; j < w * w; ++j)
           values.push_back((i / w - j / w + w - 1) * (2 * w - 1) + i % w - j % w);
       return IntTensor(values, {w * w, w * w});
     }}};

}  // namespace

IntTensor relative_index(index_t w) { return answers.chosen(w); }

}  // namespace heed::exercise
