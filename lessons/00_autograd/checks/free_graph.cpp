#include <unordered_set>

#include "lessons/00_autograd/exercises.h"
#include "lessons/tutor/check.h"

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
void all_inputs(const Value& node, std::vector<Value>& doomed) {
  for (Value& input : node->take_inputs()) doomed.push_back(std::move(input));
}

const tutor::Exercise<decltype(free_graph)> exercise{
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
     {"AG-35", "numbers that others still hold lost their inputs: take apart only what you hold alone",
      [](Value& last) { one_by_one(std::move(last), all_inputs); }},
     {"AG-36", "only the first input of each number was followed; the others were freed inside it",
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

// How many destructors ran inside one another, and how many numbers were left over.
struct Freed {
  int nested, left;
};
template <class F, class Make>
Freed freed(F f, Make make) {
  const int before = Number::alive;
  Value last = make();
  Number::deepest = 0;
  f(last);
  const Freed result{Number::deepest, Number::alive - before};
  free_the_rest(last);
  return result;
}

TEST(FreeGraph, FreesEveryNumber) {
  exercise.compare(
      "how many numbers live after free_graph(last) of u = x · x, v = 3 u, last = u + v; is last empty?",
      [](auto f) {
        const int before = Number::alive;
        const Value x = number(2);
        Value u = number(4, {x, x}), v = number(12, {u}), last = number(16, {u, v});
        u.reset(), v.reset();
        f(last);
        return std::vector<int>{Number::alive - before, last == nullptr, x.use_count() == 1};
      });
}

TEST(FreeGraph, DoesNotNestDestructors) {
  exercise.invariant("AG-22", "the destructors of a chain must not run inside one another", [](auto f) {
    // A few hundred first, which no stack minds; then a length that it would.
    const Freed few = freed(f, [] { return chain_of(500, number(1)); });
    if (few.nested > 3 || few.left != 0) return false;
    const Freed many = freed(f, [] { return chain_of(200000, number(1)); });
    return many.nested <= 3 && many.left == 0;
  });
  exercise.invariant(
      "", "a number made from three chains: their destructors must not run inside one another", [](auto f) {
        const Freed both = freed(f, [] {
          return number(0, {chain_of(300, number(1)), chain_of(400, number(2)), chain_of(300, number(3))});
        });
        return both.nested <= 3 && both.left == 0;
      });
}

TEST(FreeGraph, FreesADiamondOnce) {
  exercise.invariant("", "a ladder of numbers that are each used twice must be freed, none left over",
                     [](auto f) {
                       const Freed ladder = freed(f, [] {
                         Value top = number(1);
                         for (int i = 0; i < 300; ++i) top = number(i, {top, top});
                         return top;
                       });
                       return ladder.nested <= 3 && ladder.left == 0;
                     });
}

TEST(FreeGraph, LeavesWholeWhatOthersHold) {
  exercise.compare(
      "last = 3 u, u = x · y, u is held elsewhere: its inputs after free_graph(last), its handles, x's, "
      "freed",
      [](auto f) {
        const Value x = number(2), y = number(5), u = number(10, {x, y});
        Value last = number(30, {u});
        const int before = Number::alive;
        f(last);
        return std::vector<long>{static_cast<long>(u->inputs().size()), u.use_count(), x.use_count(),
                                 before - Number::alive};
      });
  exercise.compare("last is held elsewhere: its inputs after free_graph(last), its handles", [](auto f) {
    const Value kept = number(2, {number(1)});
    Value last = kept;
    f(last);
    return std::vector<long>{static_cast<long>(kept->inputs().size()), kept.use_count()};
  });
}

}  // namespace
}  // namespace heed::exercise
