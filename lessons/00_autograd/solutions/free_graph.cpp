// 00_free_graph — Free a graph of any length without recursion.
// Exercise 4 · 15 minutes · ●●○ · after 00_backward
//
//   last, not empty -> empty; every number that only `last` kept alive is freed
//
// When the last handle of a number is destroyed, its destructor releases the inputs. If those were
// the last handles of the inputs, their destructors run inside the first one, and so on. The
// recursion of `last.reset()` is as deep as the graph is long, and a chain of 200,000 numbers can
// overflow the stack. Take the graph apart so that every destructor has nothing left to release. A
// number that is also held elsewhere stays alive, with everything it depends on.
//
// You may use:  std::move(last) (leaves `last` empty), value.use_count() (the number of handles,
//               including this one), value->take_inputs() (returns the inputs as a
//               std::vector<Value> and leaves the number without inputs), std::vector.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

void free_graph(Value& last) {
  // solution: free every number that is not held elsewhere, one by one, without recursion
  std::vector<Value> to_free;
  to_free.push_back(std::move(last));
  while (!to_free.empty()) {
    const Value node = std::move(to_free.back());
    to_free.pop_back();
    // Another owner, or another entry of the list, still holds this number.
    if (node.use_count() > 1) continue;
    for (Value& input : node->take_inputs()) to_free.push_back(std::move(input));
  }
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Destructors nest when one of them releases the last handle of an input. Who could hold that
//    input a little longer?
// 2. Keep a list of handles that starts with `last`. Remove one handle from the list; if it is the
//    only owner of its number, move all its inputs to the list, so that its destructor has none
//    left to release.
// 3. `to_free.push_back(std::move(last));` then, until the list is empty:
//    `const Value node = std::move(to_free.back()); to_free.pop_back();`, `continue` if
//    `node.use_count() > 1`, otherwise move each of `node->take_inputs()` to the list.
