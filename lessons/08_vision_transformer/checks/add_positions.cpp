#include <cmath>

#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Two images of four tokens (CLS and three patches), C = 3.
struct Fixture {
  Tensor x = tensor({{{1, 2, -3}, {4, 5, -6}, {7, 8, 9}, {-1, 0, 1}},
                     {{10, 12, 8}, {-4, 2, 0.5}, {3, -3, 6}, {0.25, 7, -9}}});
  Tensor table = tensor({{{0.1, 0.2, 0.3}, {-1, 1, 2}, {5, -5, 0.5}, {30, 20, -10}}});
};

void check_rows(const Tensor& x, const Tensor& table) {
  check(table.size(1) == x.size(1), "add_positions", "the table needs one row per token");
}
Tensor reference(const Tensor& x, const Tensor& table) {
  check_rows(x, table);
  return x + table;
}
Tensor written_into_x(const Tensor& x, const Tensor& table) {
  Tensor same = x;
  same.copy_(reference(x, table));
  return same;
}
// Adds row b of the table to all tokens of image b.
Tensor row_per_image(const Tensor& x, const Tensor& table) {
  check_rows(x, table);
  return x + table.slice(1, 0, x.size(0)).transpose(0, 1);
}

const checks::Exercise<decltype(add_positions)> exercise{
    "08_add_positions",
    add_positions,
    reference,
    {{"VI-06", "CLS got no position: it is token 0, and row 0 of the table belongs to it",
      [](auto& x, auto& table) {
        check_rows(x, table);
        return cat({x.slice(1, 0, 1), x.slice(1, 1) + table.slice(1, 1)}, 1);
      }},
     {"VI-07", "the first patch got row 0: N patches and CLS need N + 1 positions",
      [](auto& x, auto& table) {
        return cat({x.slice(1, 0, 1), x.slice(1, 1) + table.slice(1, 0, x.size(1) - 1)}, 1);
      }},
     {"VI-08", "all tokens of image b got row b: positions belong to tokens, not to images", row_per_image},
     {"VI-26", "a table of one row was broadcast to all tokens, so it encodes no position: throw",
      [](auto& x, auto& table) { return x + table; }},
     {"VI-27", "a longer table was cut to fit, but its rows belong to a larger image: throw",
      [](auto& x, auto& table) {
        check(table.size(1) >= x.size(1), "add_positions", "too few rows");
        return x + table.slice(1, 0, x.size(1));
      }},
     {"VI-28", "positions were concatenated to the tokens: add them, C does not change",
      [](auto& x, auto& table) {
        check_rows(x, table);
        return cat({x, table.expand(x.shape())}, 2);
      }},
     {"VI-29", "no gradient reaches the table, which is a learned parameter",
      [](auto& x, auto& table) { return reference(x, table.detach()); }},
     {"VI-30", "x itself was modified: return a new tensor, other code may still use x", written_into_x},
     {"PE-60", "every token got row 0 of the table: token t gets row t",
      [](auto& x, auto& table) {
        check_rows(x, table);
        return x + table.slice(1, 0, 1);
      }},
     {"PE-72", "the tokens were multiplied by √C: a Vision Transformer adds the table without a factor",
      [](auto& x, auto& table) { return reference(x * std::sqrt(static_cast<double>(x.size(2))), table); }}}};

TEST(AddPositions, AddsRowTToTokenT) {
  exercise.call("add_positions(x (2, 4, 3), table (1, 4, 3))", [] {
    const Fixture a;
    return std::tuple(a.x, a.table);
  });
}

TEST(AddPositions, DoesNotDependOnTheNumberOfImages) {
  exercise.call("add_positions(x (1, 4, 3), table (1, 4, 3))", [] {
    const Fixture a;
    return std::tuple(a.x.slice(0, 1), a.table);
  });
  exercise.call("add_positions(x (6, 4, 3), table (1, 4, 3))", [] {
    const Fixture a;
    return std::tuple(cat({a.x, a.x * 2.0, a.x - 3.0}), a.table);
  });
  exercise.call("add_positions(x (4, 4, 4), table (1, 4, 4))", [] {
    Generator gen(3);
    const Tensor x = randn({4, 4, 4}, gen), table = randn({1, 4, 4}, gen);
    return std::tuple(x, table);
  });
}

TEST(AddPositions, OfCLSAlone) {
  exercise.call("add_positions(x (2, 1, 3), table (1, 1, 3))", [] {
    const Fixture a;
    return std::tuple(a.x.slice(1, 0, 1), a.table.slice(1, 3));
  });
}

TEST(AddPositions, ThrowsIfTheTableHasAnotherSize) {
  for (const index_t rows : {1, 3, 5})
    exercise.compare(concat("add_positions(x (2, 4, 3), table (1, ", rows, ", 3)): it must throw"),
                     [rows](auto f) {
                       const Fixture a;
                       return f(a.x, cat({a.table, a.table}, 1).slice(1, 0, rows));
                     });
  exercise.compare("add_positions(x (1, 1, 3), table (1, 4, 3)): it must throw", [](auto f) {
    const Fixture a;
    return f(a.x.slice(0, 0, 1).slice(1, 0, 1), a.table);
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit VI-29: `x + table;` => `x + table.detach();`
