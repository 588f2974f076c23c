// 08_add_positions — Add the position embeddings to the tokens, with a check of the table's size.
// Exercise 4 · 10 minutes · ●○○ · after 08_prepend_cls
//
//   x (B, T, C), table (1, T, C) -> (B, T, C): row t of the table is added to token t of every image
//   T = N + 1: row 0 is the position of CLS
//
// A table with another number of rows belongs to images of another size: throw. Broadcasting
// rejects most of these tables. Which one does it accept?
//
// You may use:  + (it broadcasts), x.size(axis),
//               check(condition, "add_positions", "message") (throws if the condition is false).
#include "lessons/08_vision_transformer/exercises.h"

namespace heed::exercise {

Tensor add_positions(const Tensor& x, const Tensor& table) {
  // solution: check the number of rows and add
  check(table.size(1) == x.size(1), "add_positions", "expected ", x.size(1), " positions, got ",
        table.size(1));
  return x + table;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. In x (B, T, C) + table (1, T, C), how is the axis of size 1 broadcast? What would happen if
//    the table also had a single row?
// 2. Check that the table has T rows; then one addition, (B, T, C).
// 3. `check(table.size(1) == x.size(1), "add_positions", "…")`, then `x + table`.
