// 00 · free_graph — let go of a graph, however long it is.
//
//   last, not empty -> empty, and every number behind it that nobody else holds is gone
//
// When the last handle of a number goes, its destructor lets go of its inputs; where that was their last handle,
// their destructors run, inside the first one, and so on: `last.reset()` is as deep in the stack as the graph is
// long, and a chain of 200,000 numbers may end the program. So take the graph apart such that no destructor finds
// anything left to do. A number that somebody else holds too stays, with all that is behind it.
//
// You may use:  std::move(last) (leaves `last` empty), value.use_count() (handles of that number, this one included),
//               value->take_inputs() (its inputs as a std::vector<Value>; it holds them no longer), std::vector.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

void free_graph(Value& last) {
  todo("free every number that nobody else holds, one by one, without recursion");
}

}  // namespace heed::exercise
