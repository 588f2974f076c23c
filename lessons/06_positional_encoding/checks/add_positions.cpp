#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

Tensor louder(const Tensor& words) { return words * std::sqrt(static_cast<double>(words.size(2))); }
// The first rows of the table, one for each word; longer texts are refused.
Tensor rows(const Tensor& words, const Tensor& table) {
  check(words.size(1) <= table.size(0), "add_positions", "the text is too long");
  return table.slice(0, 0, words.size(1));
}

Tensor right(const Tensor& words, const Tensor& table) { return louder(words) + rows(words, table); }

const tutor::Exercise<decltype(add_positions)> exercise{
    "06_add_positions",
    add_positions,
    right,
    {{"PE-09", "sample 1 got the mark of place 1: places run along the words (axis 1), not along the batch",
      [](auto& words, auto& table) {
        rows(words, table);
        return louder(words) + table.slice(0, 0, words.size(0)).unsqueeze(1);
      }},
     {"PE-12", "multiply the words by √d_model before the marks are added",
      [](auto& words, auto& table) { return words + rows(words, table); }},
     {"PE-14", "a text longer than the table must throw; a table of one row was stretched over it",
      [](auto& words, auto& table) { return louder(words) + table.slice(0, 0, words.size(1)); }},
     {"PE-15", "word order does not matter to your model: the marks were not added",
      [](auto& words, auto& table) {
        rows(words, table);
        return louder(words);
      }},
     {"PE-20", "a text longer than the table must throw; it began again with the marks of the first places",
      [](auto& words, auto& table) {
        std::vector<index_t> places;
        for (index_t t = 0; t < words.size(1); ++t) places.push_back(t % table.size(0));
        return louder(words) + index_select(table, 0, IntTensor(places, {words.size(1)}));
      }},
     {"PE-21", "the marks were multiplied, too: only the words are, before the sum",
      [](auto& words, auto& table) { return louder(words + rows(words, table)); }},
     {"PE-22", "the words were multiplied by d_model; by its square root",
      [](auto& words, auto& table) {
        return words * static_cast<double>(words.size(2)) + rows(words, table);
      }},
     {"PE-23", "the words were divided by √d_model; multiply: here they are too small, not too large",
      [](auto& words, auto& table) {
        return words / std::sqrt(static_cast<double>(words.size(2))) + rows(words, table);
      }}}};

// Two texts of three words, five channels, and marks for eight places.
Tensor words() {
  Generator gen(10);
  return randn({2, 3, 5}, gen);
}
Tensor table(index_t max_len) {
  Generator gen(11);
  return randn({max_len, 5}, gen);
}

// One mistake at a time: only who adds marks rightly is asked about texts that are too long: so the twins still fit.
auto* if_right_for_short(decltype(add_positions)* f) {
  const auto sum = [](auto* of) { return tutor::ask([&] { return of(words(), table(8)); }); };
  return tutor::difference(sum(f), sum(right)).distance < 1e-3 ? f : right;
}

TEST(AddPositions, OfWordsThatAreOnes) {
  exercise.compare(
      "add_positions(ones({2, 2, 4}), {{0, 1, 0, 1}, {0.84, 0.54, 0.01, 1}, {0.91, -0.42, 0.02, 1}})",
      [](auto f) {
        return f(ones({2, 2, 4}), tensor({{0, 1, 0, 1}, {0.84, 0.54, 0.01, 1}, {0.91, -0.42, 0.02, 1}}));
      });
}

TEST(AddPositions, OfTwoTexts) {
  exercise.compare("add_positions(words (2, 3, 5), table (8, 5))",
                   [](auto f) { return f(words(), table(8)); });
}

TEST(AddPositions, OfATextAsLongAsTheTable) {
  exercise.compare("add_positions(words (2, 3, 5), table (3, 5))",
                   [](auto f) { return f(words(), table(3)); });
}

TEST(AddPositions, RefusesATextLongerThanTheTable) {
  exercise.compare("add_positions(words (2, 3, 5), table (2, 5)): 3 words, 2 places; it must throw",
                   [](auto f) { return if_right_for_short(f)(words(), table(2)); });
}

TEST(AddPositions, RefusesTwoWordsWhereThereIsOnePlace) {
  exercise.compare("add_positions(words (2, 3, 5), table (1, 5)): 3 words, 1 place; it must throw",
                   [](auto f) { return if_right_for_short(f)(words(), table(1)); });
}

TEST(AddPositions, GivesEqualTextsEqualMarks) {
  exercise.invariant("PE-09", "two equal texts must come out equal", [](auto f) {
    const Tensor twice = cat({words().slice(0, 0, 1), words().slice(0, 0, 1)});
    const Tensor x = f(twice, table(8));
    return max_abs_difference(x[0], x[1]) == 0;
  });
}

TEST(AddPositions, LeavesTheInputsAsTheyAre) {
  exercise.invariant("", "neither the words nor the table may change, nor their type", [](auto f) {
    const Tensor x = words().to(f64), marks = table(8).to(f64);
    const Tensor sum = f(x, marks);
    return sum.dtype() == f64 && max_abs_difference(x, words().to(f64)) == 0 &&
           max_abs_difference(marks, table(8).to(f64)) == 0;
  });
}

TEST(AddPositions, PassGradientsToWordsAndTable) {
  exercise.compare("the gradients of words (2, 3, 5) and table (8, 5)", [](auto f) {
    Tensor x = words().set_requires_grad(), marks = table(8).set_requires_grad();
    const Tensor sum = f(x, marks);
    (sum * sum).sum().backward();
    return std::vector<Tensor>{x.grad(), marks.grad()};
  });
}

}  // namespace
}  // namespace heed::exercise
