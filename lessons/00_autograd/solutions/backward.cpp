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
  // solution: collect every number behind y once, then pass back, the youngest first
  std::vector<Value> numbers{y};
  std::unordered_set<Number*> seen{y.get()};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Value made = numbers[i];  // a handle of its own: push_back may move the list
    for (const Value& input : made->inputs())
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
