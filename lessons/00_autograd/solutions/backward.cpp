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
  // solution: collect every number that y depends on, then pass back from the newest to the oldest
  std::vector<Value> numbers{y};
  std::unordered_set<Number*> seen{y.get()};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    // Copy the handle, because push_back may reallocate the vector.
    const Value node = numbers[i];
    for (const Value& input : node->inputs())
      if (seen.insert(input.get()).second) numbers.push_back(input);
  }
  std::sort(numbers.begin(), numbers.end(), [](const Value& a, const Value& b) { return a->id > b->id; });
  for (const Value& n : numbers)
    if (n->pass_back) n->grad = 0;
  y->grad = 1;
  for (const Value& n : numbers)
    if (n->pass_back) n->pass_back();
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Which number may propagate its gradient first, and which one last? In u = x · x, v = 3u, w = u
//    + v: which numbers must u wait for?
// 2. Four steps: collect every number that y depends on, once; sort by id, the newest first; clear
//    the gradients of the numbers that an op produced, and set that of y to 1; call each pass_back
//    in that order. To collect without recursion, append to a list while you iterate over it by
//    index.
// 3. `std::vector<Value> numbers{y};` and for each i < numbers.size(): append every input of
//    numbers[i] for which `seen.insert(input.get()).second` is true. Then
//    `std::sort(…, a->id > b->id)`, `n->grad = 0` if n->pass_back, `y->grad = 1`, and the calls.
