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
  todo("check the number of rows and add");
}

}  // namespace heed::exercise
