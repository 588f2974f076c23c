#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor scaled(const Tensor& words) { return words * std::sqrt(static_cast<double>(words.size(-1))); }
void check_length(const Tensor& words, const Tensor& table) {
  check(words.size(1) <= table.size(0), "add_positions", words.size(1), " words, ", table.size(0), " rows");
}
Tensor reference(const Tensor& words, const Tensor& table) {
  check_length(words, table);
  return scaled(words) + table.slice(0, 0, words.size(1));
}

const Answers<decltype(add_positions)> answers{
    {"index_select, and a standard exception", "pass",
     [](const Tensor& words, const Tensor& table) {
       if (words.size(1) > table.size(0)) throw std::invalid_argument("a sequence of 3 words, a table of 2");
       return index_select(table, 0, IntTensor::arange(0, words.size(1))) + scaled(words);
     }},
    {"sequence by sequence", "pass",
     [](const Tensor& words, const Tensor& table) {
       check_length(words, table);
       std::vector<Tensor> sequences;
       for (const Tensor& sequence : unbind(words))
         sequences.push_back(scaled(sequence) + table.slice(0, 0, words.size(1)));
       return stack(sequences);
     }},
    {"row 0 for every word", "PE-60",
     [](const Tensor& words, const Tensor& table) {
       check_length(words, table);
       return scaled(words) + table[0];
     }},
    {"row 0 for every word of a single sequence", "wrong",
     [](const Tensor& words, const Tensor& table) {
       check_length(words, table);
       return words.size(0) == 1 ? scaled(words) + table[0] : reference(words, table);
     }},
    {"positions count from 1", "PE-16",
     [](const Tensor& words, const Tensor& table) {
       check_length(words, table);
       return scaled(words) + table.slice(0, 1, words.size(1) + 1);
     }},
    {"the last rows of the table", "PE-65",
     [](const Tensor& words, const Tensor& table) {
       check_length(words, table);
       return scaled(words) + table.slice(0, table.size(0) - words.size(1));
     }},
    {"no factor and no positions", "wrong",
     [](const Tensor& words, const Tensor& table) {
       check_length(words, table);
       return words + 0.0;
     }},
    {"no factor, positions along the batch", "wrong",
     [](const Tensor& words, const Tensor& table) {
       check_length(words, table);
       return words + table.slice(0, 0, words.size(0)).unsqueeze(1);
     }},
    {"a table of one row is broadcast", "PE-14",
     [](const Tensor& words, const Tensor& table) {
       return scaled(words) + table.slice(0, 0, words.size(1));
     }},
    {"the positions repeat", "PE-20",
     [](const Tensor& words, const Tensor& table) {
       std::vector<index_t> rows;
       for (index_t t = 0; t < words.size(1); ++t) rows.push_back(t % table.size(0));
       return scaled(words) + index_select(table, 0, IntTensor(rows, {words.size(1)}));
     }},
    {"words past the table get no position", "wrong",
     [](const Tensor& words, const Tensor& table) {
       const index_t known = std::min(words.size(1), table.size(0));
       return scaled(words) + pad(table.slice(0, 0, known), {0, 0, 0, words.size(1) - known});
     }},
    {"throws if the sequence is as long as the table", "wrong",
     [](const Tensor& words, const Tensor& table) {
       check(words.size(1) < table.size(0), "add_positions", "too long");
       return reference(words, table);
     }},
    {"an error without numbers", "wrong",
     [](const Tensor& words, const Tensor& table) {
       check(words.size(1) <= table.size(0), "add_positions", "the sequence is too long");
       return reference(words, table);
     }},
    {"throws for no words", "wrong",
     [](const Tensor& words, const Tensor& table) {
       check(words.size(1) > 0, "add_positions", "no words");
       return reference(words, table);
     }},
    {"the table is scaled by 1 / √C", "wrong",
     [](const Tensor& words, const Tensor& table) {
       const double root = std::sqrt(static_cast<double>(words.size(2)));
       check_length(words, table);
       return words + table.slice(0, 0, words.size(1)) / root;
     }},
    {"subtracted", "wrong",
     [](const Tensor& words, const Tensor& table) { return scaled(words) * 2.0 - reference(words, table); }},
    {"the positions of the first sequence only", "wrong",
     [](const Tensor& words, const Tensor& table) {
       const Tensor sum = reference(words, table);
       return words.size(0) < 2 ? sum : cat({sum.slice(0, 0, 1), scaled(words).slice(0, 1)});
     }},
    {"the factor is √T", "PE-71",
     [](const Tensor& words, const Tensor& table) {
       return words * std::sqrt(static_cast<double>(words.size(1))) + reference(words, table) - scaled(words);
     }},
    {"the table is detached", "PE-61",
     [](const Tensor& words, const Tensor& table) { return reference(words, table.detach()); }},
    {"f32 result", "wrong",
     [](const Tensor& words, const Tensor& table) { return reference(words, table).to(f32); }},
    {"modifies the words", "likely SD-34", [](const Tensor& words, const Tensor& table) {
       const Tensor sum = reference(words, table);
       Tensor same = words.detach();
       same.copy_(sum.detach());
       return sum;
     }}};

}  // namespace

Tensor add_positions(const Tensor& words, const Tensor& table) { return answers.chosen(words, table); }

}  // namespace heed::exercise
