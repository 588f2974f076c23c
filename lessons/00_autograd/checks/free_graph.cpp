#include <unordered_set>

#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Next = std::function<void(const Value& node, std::vector<Value>& doomed)>;

// Takes what `next` puts on the list, the newest entry first.
void one_by_one(Value first, const Next& next) {
  std::vector<Value> doomed;
  doomed.push_back(std::move(first));
  while (!doomed.empty()) {
    const Value node = std::move(doomed.back());
    doomed.pop_back();
    next(node, doomed);
  }
}
void recursively(Value& last) {
  const Value node = std::move(last);
  if (node.use_count() > 1) return;
  for (Value& input : node->take_inputs()) recursively(input);
}
void all_inputs(const Value& node, std::vector<Value>& doomed) {
  for (Value& input : node->take_inputs()) doomed.push_back(std::move(input));
}

const checks::Exercise<decltype(free_graph)> exercise{
    "00_free_graph",
    free_graph,
    [](Value& last) {
      one_by_one(std::move(last), [](auto& node, auto& doomed) {
        if (node.use_count() == 1) all_inputs(node, doomed);
      });
    },
    {{"AG-22",
      "destructors ran inside destructors, as deep as the graph is long: keep a list of what is to be freed",
      [](Value& last) { last.reset(); }},
     {"AG-24", "free_graph calls itself, and a long graph ends the stack: keep a list of what is to be freed",
      recursively},
     {"AG-35", "numbers that others still hold lost their inputs: take apart only what you hold alone",
      [](Value& last) { one_by_one(std::move(last), all_inputs); }},
     {"AG-36", "only one input of each number was followed; the others were freed inside it",
      [](Value& last) {
        one_by_one(std::move(last), [](auto& node, auto& doomed) {
          if (node.use_count() > 1) return;
          std::vector<Value> inputs = node->take_inputs();
          if (!inputs.empty()) doomed.push_back(std::move(inputs[0]));
        });
      }},
     {"AG-37", "`last` still holds the newest number, so nothing was freed: move it", [](Value& last) {
        one_by_one(last, [](auto& node, auto& doomed) {
          if (node.use_count() == 1) all_inputs(node, doomed);
        });
      }}}};

// A chain above `first`: its newest number.
Value chain_of(int length, Value first) {
  for (int i = 0; i < length; ++i) first = number(i, {std::move(first)});
  return first;
}

// Frees what free_graph may have left, the youngest first, so that no check ends in the depth that it measures.
void free_the_rest(Value& last) {
  if (!last) return;
  std::vector<Value> numbers{std::move(last)};
  std::unordered_set<const Number*> seen{numbers[0].get()};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Value made = numbers[i];
    for (const Value& input : made->inputs())
      if (seen.insert(input.get()).second) numbers.push_back(input);
  }
  std::sort(numbers.begin(), numbers.end(), [](auto& a, auto& b) { return a->id > b->id; });
  for (Value& n : numbers) n.reset();
}

// Whether more than 3 destructors ran inside one another, how many numbers were left over, and
// whether `last` is empty.
template <class F, class Make>
std::vector<int> freed(F f, Make make) {
  const int before = Number::alive;
  Value last = make();
  Number::deepest = 0;
  f(last);
  const std::vector<int> result{Number::deepest > 3, Number::alive - before, last == nullptr};
  free_the_rest(last);
  return result;
}

// While one lives, take_inputs() throws before a recursive walk reaches the end of the stack.
struct StackLimit {
  StackLimit() { Number::stack_limit = stack_here() - 64 * 1024; }
  StackLimit(const StackLimit&) = delete;
  StackLimit& operator=(const StackLimit&) = delete;
  ~StackLimit() { Number::stack_limit = 0; }
};

TEST(FreeGraph, FreesEveryNumber) {
  exercise.compare(
      "how many numbers live after free_graph(last) of u = x · x, v = 3 u, last = u + v; is last empty?",
      [](auto f) {
        const int before = Number::alive;
        const Value x = number(2);
        Value u = number(4, {x, x}), v = number(12, {u}), last = number(16, {u, v});
        u.reset();
        v.reset();
        f(last);
        return std::vector<int>{Number::alive - before, last == nullptr, x.use_count() == 1};
      });
}

TEST(FreeGraph, DoesNotNestDestructors) {
  exercise.compare(
      "free_graph of a chain of 2,000 numbers: do more than 3 destructors run inside one another? How many "
      "numbers are left? Is last empty?",
      [](auto f) {
        const StackLimit limit;
        return freed(f, [] { return chain_of(2000, number(1)); });
      });
  exercise.compare("the same of a chain that goes on through the last of two inputs", [](auto f) {
    const StackLimit limit;
    return freed(f, [] {
      Value top = number(1);
      for (int i = 0; i < 2000; ++i) top = number(i, {number(0), std::move(top)});
      return top;
    });
  });
  exercise.compare("the same of a number made from three chains", [](auto f) {
    return freed(f, [] {
      return number(0, {chain_of(300, number(1)), chain_of(400, number(2)), chain_of(300, number(3))});
    });
  });
}

TEST(FreeGraph, FreesAChainOf200000) {
  exercise.compare("free_graph of a chain of 200,000 numbers: the same questions", [](auto f) {
    // A function that failed at 2,000 would overflow the stack; and the learner waits for the twins.
    const StackLimit limit;
    const std::vector<int> few = freed(f, [] { return chain_of(2000, number(1)); });
    if (few != std::vector<int>{0, 0, 1} || f != free_graph) return few;
    return freed(f, [] { return chain_of(200000, number(1)); });
  });
}

TEST(FreeGraph, FreesADiamondOnce) {
  exercise.compare("free_graph of a ladder of 300 numbers that are each used twice: the same questions",
                   [](auto f) {
                     return freed(f, [] {
                       Value top = number(1);
                       for (int i = 0; i < 300; ++i) top = number(i, {top, top});
                       return top;
                     });
                   });
}

TEST(FreeGraph, FreesALeaf) {
  exercise.compare("free_graph of a number without inputs: the same questions",
                   [](auto f) { return freed(f, [] { return number(1); }); });
}

TEST(FreeGraph, LeavesWholeWhatOthersHold) {
  exercise.compare(
      "last = 3 u, u = x · y, u is held elsewhere: its inputs after free_graph(last), its handles, x's, "
      "freed, is last empty?",
      [](auto f) {
        const Value x = number(2), y = number(5), u = number(10, {x, y});
        Value last = number(30, {u});
        const int before = Number::alive;
        f(last);
        return std::vector<long>{static_cast<long>(u->inputs().size()), u.use_count(), x.use_count(),
                                 before - Number::alive, last == nullptr};
      });
  exercise.compare(
      "last is held elsewhere: its inputs after free_graph(last), its handles, is last empty?", [](auto f) {
        const Value kept = number(2, {number(1)});
        Value last = kept;
        f(last);
        return std::vector<long>{static_cast<long>(kept->inputs().size()), kept.use_count(), last == nullptr};
      });
}

}  // namespace
}  // namespace heed::exercise
