// 00_backward — Traverse a graph from its last number back to the leaves.
// Exercise 3 · 25 minutes · ●●● · after 00_multiply
//
//   y -> every number x that y depends on:
//        x->grad += dy/dx if x is a leaf (not produced by an op: its pass_back is empty),
//        x->grad  = dy/dx if an op produced x
//
// The pass_back() of a number adds to the gradients of its inputs. It must therefore be called once
// per number, and only after that number has received all its contributions. Leaves accumulate
// gradients over several calls; the gradients that an earlier call left in the other numbers must
// not be propagated again. Nothing else changes, so backward can be called again. y itself may be a
// leaf whose gradient is 0. A graph may be a chain of 200,000 numbers, and a recursive function needs
// as many stack frames as the chain is long.
//
// You may use:  y->grad, y->inputs(), y->id (a number has a larger id than its inputs),
//               y->pass_back() (call it only if it is not empty), y.get(), and of the standard
//               library std::vector, std::set or std::unordered_set, std::sort.
#include <algorithm>
#include <unordered_set>

#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

void backward(const Value& y) {
  todo("collect every number that y depends on, then pass back from the newest to the oldest");
}

}  // namespace heed::exercise
