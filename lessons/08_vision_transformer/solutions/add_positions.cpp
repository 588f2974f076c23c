// 08 · add_positions — tell every token where it stands.
//
//   x (B, T, C), table (1, T, C) -> (B, T, C): token t of every picture gets row t of the table
//   T = N + 1: row 0 is the place of CLS
//
// A table of any other number of rows belongs to pictures of another size: throw. Broadcasting refuses most such
// tables by itself. Which one does it let pass?
//
// You may use:  + (it broadcasts), x.size(axis),
//               check(holds, "add_positions", "what is wrong") (throws where `holds` is false).
#include "lessons/08_vision_transformer/exercises.h"

namespace heed::exercise {

Tensor add_positions(const Tensor& x, const Tensor& table) {
  // solution: add the table's row t to token t
  check(table.size(1) == x.size(1), "add_positions", x.size(1), " tokens, ", table.size(1), " positions");
  return x + table;
  // end
}

}  // namespace heed::exercise
