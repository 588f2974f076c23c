#include <unordered_set>

#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Decides which inputs of a node are appended to the list.
using Visit = std::function<void(const Value& node, std::vector<Value>& to_free)>;

// Frees the entries of a list, the newest first; `visit` may append more.
void one_by_one(Value first, const Visit& visit) {
  std::vector<Value> to_free;
  to_free.push_back(std::move(first));
  while (!to_free.empty()) {
    const Value node = std::move(to_free.back());
    to_free.pop_back();
    visit(node, to_free);
  }
}
void recursively(Value& last) {
  const Value node = std::move(last);
  if (node.use_count() > 1) return;
  for (Value& input : node->take_inputs()) recursively(input);
}
void all_inputs(const Value& node, std::vector<Value>& to_free) {
  for (Value& input : node->take_inputs()) to_free.push_back(std::move(input));
}

const checks::Exercise<decltype(free_graph)> exercise{
    "00_free_graph",
    free_graph,
    [](Value& last) {
      one_by_one(std::move(last), [](auto& node, auto& to_free) {
        if (node.use_count() == 1) all_inputs(node, to_free);
      });
    },
    {{"AG-22",
      "destructors ran inside destructors, as deep as the graph is long: keep a list of numbers to free",
      [](Value& last) { last.reset(); }},
     {"AG-24",
      "free_graph is recursive, and a long graph overflows the stack: keep a list of numbers to free",
      recursively},
     {"AG-35", "numbers with other owners lost their inputs: check use_count() first",
      [](Value& last) { one_by_one(std::move(last), all_inputs); }},
     {"AG-36", "only one input of each number was followed; the others were freed recursively",
      [](Value& last) {
        one_by_one(std::move(last), [](auto& node, auto& to_free) {
          if (node.use_count() > 1) return;
          std::vector<Value> inputs = node->take_inputs();
          if (!inputs.empty()) to_free.push_back(std::move(inputs[0]));
        });
      }},
     {"AG-37", "`last` still holds the newest number, so nothing was freed: use std::move(last)",
      [](Value& last) {
        one_by_one(last, [](auto& node, auto& to_free) {
          if (node.use_count() == 1) all_inputs(node, to_free);
        });
      }}}};

// Returns the newest number of a chain that starts at `first`.
Value chain_of(int length, Value first) {
  for (int i = 0; i < length; ++i) first = number(i, {std::move(first)});
  return first;
}

// Frees the numbers that free_graph left, the newest first, so that a failed check cannot overflow
// the stack.
void free_the_rest(Value& last) {
  if (!last) return;
  std::vector<Value> numbers{std::move(last)};
  std::unordered_set<const Number*> seen{numbers[0].get()};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Value node = numbers[i];
    for (const Value& input : node->inputs())
      if (seen.insert(input.get()).second) numbers.push_back(input);
  }
  std::sort(numbers.begin(), numbers.end(), [](auto& a, auto& b) { return a->id > b->id; });
  for (Value& n : numbers) n.reset();
}

// Returns whether more than 3 destructors were nested, how many numbers were left, and whether `last` is
// empty.
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

// While an object of this class exists, take_inputs() throws before a recursive traversal overflows
// the stack.
struct StackLimit {
  StackLimit() { Number::stack_limit = stack_here() - 64 * 1024; }
  StackLimit(const StackLimit&) = delete;
  StackLimit& operator=(const StackLimit&) = delete;
  ~StackLimit() { Number::stack_limit = 0; }
};

TEST(FreeGraph, FreesEveryNumber) {
  exercise.compare(
      "numbers alive after free_graph(last) of u = x · x, v = 3 u, last = u + v; whether last is empty",
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
      "free_graph of a chain of 2,000 numbers: whether more than 3 destructors are nested, how many numbers "
      "are left, whether last is empty",
      [](auto f) {
        const StackLimit limit;
        return freed(f, [] { return chain_of(2000, number(1)); });
      });
  exercise.compare("the same for a chain that continues through the last of two inputs", [](auto f) {
    const StackLimit limit;
    return freed(f, [] {
      Value top = number(1);
      for (int i = 0; i < 2000; ++i) top = number(i, {number(0), std::move(top)});
      return top;
    });
  });
  exercise.compare("the same for a number with three chains as inputs", [](auto f) {
    return freed(f, [] {
      return number(0, {chain_of(300, number(1)), chain_of(400, number(2)), chain_of(300, number(3))});
    });
  });
}

TEST(FreeGraph, FreesAChainOf200000) {
  exercise.compare("the same for a chain of 200,000 numbers", [](auto f) {
    // A function that failed at 2,000 would overflow the stack. The twins use a short chain, to save time.
    const StackLimit limit;
    const std::vector<int> few = freed(f, [] { return chain_of(2000, number(1)); });
    if (few != std::vector<int>{0, 0, 1} || f != free_graph) return few;
    return freed(f, [] { return chain_of(200000, number(1)); });
  });
}

TEST(FreeGraph, FreesNumbersThatAreUsedTwice) {
  exercise.compare("the same for a chain of 300 numbers that are each used twice", [](auto f) {
    return freed(f, [] {
      Value top = number(1);
      for (int i = 0; i < 300; ++i) top = number(i, {top, top});
      return top;
    });
  });
}

TEST(FreeGraph, FreesALeaf) {
  exercise.compare("the same for a number without inputs",
                   [](auto f) { return freed(f, [] { return number(1); }); });
}

TEST(FreeGraph, KeepsNumbersThatAreHeldElsewhere) {
  exercise.compare(
      "last = 3 u, u = x · y, u is held elsewhere: its inputs after free_graph(last), its handles, those of "
      "x, the numbers freed, whether last is empty",
      [](auto f) {
        const Value x = number(2), y = number(5), u = number(10, {x, y});
        Value last = number(30, {u});
        const int before = Number::alive;
        f(last);
        return std::vector<long>{static_cast<long>(u->inputs().size()), u.use_count(), x.use_count(),
                                 before - Number::alive, last == nullptr};
      });
  exercise.compare(
      "last is held elsewhere: its inputs after free_graph(last), its handles, whether last is empty",
      [](auto f) {
        const Value held = number(2, {number(1)});
        Value last = held;
        f(last);
        return std::vector<long>{static_cast<long>(held->inputs().size()), held.use_count(), last == nullptr};
      });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit AG-35: `if (node.use_count() > 1) continue;` => ``
