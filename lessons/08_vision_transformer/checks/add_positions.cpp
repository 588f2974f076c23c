#include <cmath>

#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Two pictures of four tokens (CLS and three patches), C = 3.
struct Fixture {
  Tensor x = tensor({{{1, 2, -3}, {4, 5, -6}, {7, 8, 9}, {-1, 0, 1}},
                     {{10, 12, 8}, {-4, 2, 0.5}, {3, -3, 6}, {0.25, 7, -9}}});
  Tensor table = tensor({{{0.1, 0.2, 0.3}, {-1, 1, 2}, {5, -5, 0.5}, {30, 20, -10}}});
};

void one_row_each(const Tensor& x, const Tensor& table) {
  check(table.size(1) == x.size(1), "add_positions", "a row for every token");
}
Tensor right(const Tensor& x, const Tensor& table) {
  one_row_each(x, table);
  return x + table;
}
Tensor written_into_x(const Tensor& x, const Tensor& table) {
  Tensor same = x;
  same.copy_(right(x, table));
  return same;
}
// Row b of the table for all tokens of picture b.
Tensor by_picture(const Tensor& x, const Tensor& table) {
  one_row_each(x, table);
  return x + table.slice(1, 0, x.size(0)).transpose(0, 1);
}

const checks::Exercise<decltype(add_positions)> exercise{
    "08_add_positions",
    add_positions,
    right,
    {{"VI-06", "CLS got no position: it stands at place 0, and the table has a row for it",
      [](auto& x, auto& table) {
        one_row_each(x, table);
        return cat({x.slice(1, 0, 1), x.slice(1, 1) + table.slice(1, 1)}, 1);
      }},
     {"VI-07", "N patches and CLS are N + 1 positions: a table of N was used, and the first patch got row 0",
      [](auto& x, auto& table) {
        return cat({x.slice(1, 0, 1), x.slice(1, 1) + table.slice(1, 0, x.size(1) - 1)}, 1);
      }},
     {"VI-08", "positions belong to tokens, not to pictures: picture b got row b for all of its tokens",
      by_picture},
     {"VI-26", "a table of one row was stretched over all tokens: that says nothing about places. Throw",
      [](auto& x, auto& table) { return x + table; }},
     {"VI-27", "a table of more rows was cut to fit: its rows mean the places of a larger picture. Throw",
      [](auto& x, auto& table) {
        check(table.size(1) >= x.size(1), "add_positions", "too few rows");
        return x + table.slice(1, 0, x.size(1));
      }},
     {"VI-28", "positions were put beside the tokens; add them, the width C stays",
      [](auto& x, auto& table) {
        one_row_each(x, table);
        return cat({x, table.expand(x.shape())}, 2);
      }},
     {"VI-29", "no gradient reaches the table: it is learned, like CLS",
      [](auto& x, auto& table) { return right(x, table.detach()); }},
     {"VI-30", "x itself was changed: give a new tensor, others still read the old one", written_into_x},
     {"PE-60", "every token got the same row of the table: token t gets row t",
      [](auto& x, auto& table) {
        one_row_each(x, table);
        return x + table.slice(1, 0, 1);
      }},
     {"PE-72", "the tokens were multiplied by √C; a Vision Transformer adds the table as it is",
      [](auto& x, auto& table) { return right(x * std::sqrt(static_cast<double>(x.size(2))), table); }}}};

TEST(AddPositions, GiveTokenTRowT) {
  exercise.call("add_positions(x (2, 4, 3), table (1, 4, 3))", [] {
    const Fixture a;
    return std::tuple(a.x, a.table);
  });
}

TEST(AddPositions, DoNotDependOnTheNumberOfImages) {
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

TEST(AddPositions, ThrowIfTheTableHasAnotherSize) {
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
