// 00 · backward — from the last number of a graph back to all that it was made from.
//
//   y -> every number x behind y:  x->grad += dy/dx where no op made x (a leaf: its pass_back is empty),
//                                  x->grad  = dy/dx where an op made it
//
// pass_back() of a number adds that number's share to the gradients of its inputs. So it may be
// called once for each number, and only when all shares of that number have come. Leaves keep the
// gradient that they have, so several calls add up there; what an older call left in the numbers
// between must not be passed on again. Nothing else changes: the graph may be walked once more. y
// itself may be a leaf whose gradient is 0. A graph may be a chain of 200,000 numbers; a function
// that calls itself is as deep in the stack as the chain is long.
//
// You may use:  y->grad, y->inputs(), y->id (a number is younger than what it was made from: its id is larger),
//               y->pass_back() (call it only where it is not empty), y.get(), and of the standard library
//               std::vector, std::set or std::unordered_set, std::sort.
#include <algorithm>
#include <unordered_set>

#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

void backward(const Value& y) {
  todo("collect every number behind y once, then pass back, the youngest first");
}

}  // namespace heed::exercise
