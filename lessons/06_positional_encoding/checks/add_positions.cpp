#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor scaled(const Tensor& words) { return words * std::sqrt(static_cast<double>(words.size(2))); }
// Returns the first rows of the table, one per word. Throws if the sequence is longer than the table.
Tensor rows(const Tensor& words, const Tensor& table) {
  check(words.size(1) <= table.size(0), "add_positions", words.size(1), " words, but ", table.size(0),
        " rows");
  return table.slice(0, 0, words.size(1));
}

Tensor reference(const Tensor& words, const Tensor& table) { return scaled(words) + rows(words, table); }

const checks::Exercise<decltype(add_positions)> exercise{
    "06_add_positions",
    add_positions,
    reference,
    {{"PE-09", "positions were counted along the batch; count them along the words (axis 1)",
      [](auto& words, auto& table) {
        rows(words, table);
        return scaled(words) + table.slice(0, 0, words.size(0)).unsqueeze(1);
      }},
     {"PE-12", "the words were not multiplied by √d_model before the encodings were added",
      [](auto& words, auto& table) { return words + rows(words, table); }},
     {"PE-14", "a table of one row was broadcast; a sequence longer than the table must throw",
      [](auto& words, auto& table) { return scaled(words) + table.slice(0, 0, words.size(1)); }},
     {"PE-15", "the encodings were not added, so the order of the words has no effect",
      [](auto& words, auto& table) {
        rows(words, table);
        return scaled(words);
      }},
     {"PE-20", "the encodings repeat; a sequence longer than the table must throw",
      [](auto& words, auto& table) {
        std::vector<index_t> positions;
        for (index_t t = 0; t < words.size(1); ++t) positions.push_back(t % table.size(0));
        return scaled(words) + index_select(table, 0, IntTensor(positions, {words.size(1)}));
      }},
     {"PE-21", "the encodings were multiplied, too; multiply only the words, before the sum",
      [](auto& words, auto& table) { return scaled(words + rows(words, table)); }},
     {"PE-22", "the words were multiplied by d_model; multiply by its square root",
      [](auto& words, auto& table) {
        return words * static_cast<double>(words.size(2)) + rows(words, table);
      }},
     {"PE-71", "the words were multiplied by √T; multiply by √C, the square root of their width",
      [](auto& words, auto& table) {
        return words * std::sqrt(static_cast<double>(words.size(1))) + rows(words, table);
      }},
     {"PE-23", "the words were divided by √d_model; multiply instead",
      [](auto& words, auto& table) {
        return words / std::sqrt(static_cast<double>(words.size(2))) + rows(words, table);
      }},
     {"PE-16", "positions were counted from 1; the first word gets row 0",
      [](auto& words, auto& table) {
        rows(words, table);
        return scaled(words) + table.slice(0, 1, words.size(1) + 1);
      }},
     {"PE-60", "every word got the same row of the table; word t gets row t",
      [](auto& words, auto& table) {
        rows(words, table);
        return scaled(words) + table.slice(0, 0, 1);
      }},
     {"PE-61", "no gradient reaches the table; a learned table needs one",
      [](auto& words, auto& table) { return reference(words, table.detach()); }},
     {"PE-65", "the last rows of the table were used; word t gets row t, counted from the start",
      [](auto& words, auto& table) {
        rows(words, table);
        return scaled(words) + table.slice(0, table.size(0) - words.size(1));
      }}}};

// Two sequences of three words, five channels, and a table of eight rows.
Tensor words() {
  Generator gen(10);
  return randn({2, 3, 5}, gen);
}
Tensor table(index_t max_len) {
  Generator gen(11);
  return randn({max_len, 5}, gen);
}

// Returns f if it is correct for a short sequence, else the reference. Only such answers are
// tested with sequences that are too long; otherwise a failure there could conceal another mistake.
auto* if_correct_for_short(decltype(add_positions)* f) {
  const auto sum = [](auto* function) {
    return checks::answer_of([&] { return function(words(), table(8)); });
  };
  return checks::difference(sum(f), sum(reference)).distance < 1e-3 ? f : reference;
}

TEST(AddPositions, OfWordsThatAreOnes) {
  exercise.call(
      "add_positions(ones({2, 2, 4}), {{0, 1, 0, 1}, {0.84, 0.54, 0.01, 1}, {0.91, -0.42, 0.02, 1}})", [] {
        return std::tuple(ones({2, 2, 4}),
                          tensor({{0, 1, 0, 1}, {0.84, 0.54, 0.01, 1}, {0.91, -0.42, 0.02, 1}}));
      });
}

TEST(AddPositions, OfTwoSequences) {
  exercise.call("add_positions(words (2, 3, 5), table (8, 5))", [] { return std::tuple(words(), table(8)); });
}

TEST(AddPositions, OfOneSequenceOfOneWordAndOfNone) {
  exercise.call("add_positions(words (1, 3, 5), table (8, 5))",
                [] { return std::tuple(words().slice(0, 1), table(8)); });
  exercise.call("add_positions(words (2, 1, 5), table (8, 5))",
                [] { return std::tuple(words().slice(1, 0, 1), table(8)); });
  exercise.call("add_positions(words (2, 0, 5), table (8, 5))",
                [] { return std::tuple(words().slice(1, 0, 0), table(8)); });
}

TEST(AddPositions, OfASequenceAsLongAsTheTable) {
  exercise.call("add_positions(words (2, 3, 5), table (3, 5))", [] { return std::tuple(words(), table(3)); });
  exercise.call("add_positions(words (2, 1, 5), table (1, 5))",
                [] { return std::tuple(words().slice(1, 2), table(1)); });
}

TEST(AddPositions, ThrowsIfASequenceIsLongerThanTheTable) {
  exercise.compare("add_positions(words (2, 3, 5), table (2, 5)): 3 words, 2 rows; it must throw",
                   [](auto f) { return if_correct_for_short(f)(words(), table(2)); });
  exercise.invariant("", "the error for 3 words and 2 rows must contain both numbers", [](auto f) {
    const std::string error =
        checks::answer_of([&] { return if_correct_for_short(f)(words(), table(2)); }).error;
    return error.find('3') != std::string::npos && error.find('2') != std::string::npos;
  });
}

TEST(AddPositions, ThrowsIfATableOfOneRowWouldBeBroadcast) {
  exercise.compare("add_positions(words (2, 3, 5), table (1, 5)): 3 words, 1 row; it must throw",
                   [](auto f) { return if_correct_for_short(f)(words(), table(1)); });
}

TEST(AddPositions, GivesEqualSequencesEqualOutputs) {
  exercise.invariant("", "the outputs of two equal sequences must be equal", [](auto f) {
    const Tensor twice = cat({words().slice(0, 0, 1), words().slice(0, 0, 1)});
    const Tensor x = f(twice, table(8));
    return max_abs_difference(x[0], x[1]) == 0;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit PE-09: `table.slice(0, 0, length)` => `table.slice(0, 0, words.size(0)).unsqueeze(1)`
