#include <unordered_set>

#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Backward = decltype(backward);
using List = std::vector<double>;

// ---- the reference traversal and wrong ones ---------------------------------------------------------------

// Returns every number that y depends on, once, in breadth-first order.
std::vector<Value> dependencies(const Value& y) {
  std::vector<Value> numbers{y};
  std::unordered_set<const Number*> seen{y.get()};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Value made = numbers[i];
    for (const Value& input : made->inputs())
      if (seen.insert(input.get()).second) numbers.push_back(input);
  }
  return numbers;
}
std::vector<Value> newest_first(const Value& y) {
  std::vector<Value> numbers = dependencies(y);
  std::sort(numbers.begin(), numbers.end(), [](auto& a, auto& b) { return a->id > b->id; });
  return numbers;
}
void clear_inner(const std::vector<Value>& numbers) {
  for (const Value& n : numbers)
    if (n->pass_back) n->grad = 0;
}
void run(const std::vector<Value>& order) {
  for (const Value& n : order)
    if (n->pass_back) n->pass_back();
}
// The reference traversal with another order.
void in_order(const Value& y, const std::vector<Value>& order) {
  clear_inner(order);
  y->grad = 1;
  run(order);
}

void propagate_at_once(const Value& n) {
  if (!n->pass_back) return;
  n->pass_back();
  const std::vector<Value> inputs = n->inputs();
  std::unordered_set<const Number*> once;
  for (const Value& input : inputs)
    if (once.insert(input.get()).second) propagate_at_once(input);
}
void visit_before_inputs(const Value& n, std::unordered_set<const Number*>& seen, std::vector<Value>& order) {
  if (!seen.insert(n.get()).second) return;
  order.push_back(n);
  for (const Value& input : n->inputs()) visit_before_inputs(input, seen, order);
}
void visit_after_inputs(const Value& n, std::unordered_set<const Number*>& seen, std::vector<Value>& order) {
  if (!seen.insert(n.get()).second) return;
  for (const Value& input : n->inputs()) visit_after_inputs(input, seen, order);
  order.push_back(n);
}

const checks::Exercise<Backward> exercise{
    "00_backward",
    backward,
    [](const Value& y) { in_order(y, newest_first(y)); },
    {{"AG-02", "a number propagated its gradient after each contribution: call pass_back once, newest first",
      [](const Value& y) {
        clear_inner(dependencies(y));
        y->grad = 1;
        propagate_at_once(y);
      }},
     {"AG-03", "a number propagated its gradient before it was complete: the newest number goes first",
      [](const Value& y) {
        std::unordered_set<const Number*> seen;
        std::vector<Value> order;
        visit_before_inputs(y, seen, order);
        in_order(y, order);
      }},
     {"AG-04", "gradients were cleared during the traversal: clear all before the first pass_back",
      [](const Value& y) {
        y->grad = 1;
        for (const Value& n : newest_first(y)) {
          clear_inner(n->inputs());
          run({n});
        }
      }},
     {"AG-06", "gradients of an earlier call were propagated again: clear those of inner numbers first",
      [](const Value& y) {
        y->grad = 1;
        run(newest_first(y));
      }},
     {"AG-24", "the traversal is recursive, and a long graph overflows the stack: keep a list to visit",
      [](const Value& y) {
        std::unordered_set<const Number*> seen;
        std::vector<Value> order;
        visit_after_inputs(y, seen, order);
        std::reverse(order.begin(), order.end());
        in_order(y, order);
      }},
     {"AG-31", "the gradients of the leaves were cleared too: they accumulate over several calls",
      [](const Value& y) {
        const std::vector<Value> order = newest_first(y);
        for (const Value& n : order) n->grad = 0;
        y->grad = 1;
        run(order);
      }},
     {"AG-32", "oldest first: a number must wait for its users, which are newer than it",
      [](const Value& y) {
        std::vector<Value> order = newest_first(y);
        std::reverse(order.begin(), order.end());
        in_order(y, order);
      }},
     {"AG-33", "all gradients are 0 because y->grad was not set: dy/dy = 1",
      [](const Value& y) {
        const std::vector<Value> order = newest_first(y);
        clear_inner(order);
        run(order);
      }},
     {"AG-34", "the gradient of y was accumulated, not set to 1: its old gradient counted as well",
      [](const Value& y) {
        const std::vector<Value> order = newest_first(y);
        for (const Value& n : order)
          if (n->pass_back && n != y) n->grad = 0;
        y->grad += 1;
        run(order);
      }}}};

// ---- graphs -----------------------------------------------------------------------------------------------

// Creates the result of an op from its value, its inputs, and the derivative with respect to each input.
Value op(double value, const std::vector<Value>& inputs, const List& slopes) {
  const Value y = number(value, inputs);
  y->pass_back = [self = y.get(), slopes] {
    for (std::size_t i = 0; i < slopes.size(); ++i) self->inputs()[i]->grad += self->grad * slopes[i];
  };
  return y;
}
Value product(const Value& a, const Value& b) {
  return op(a->value * b->value, {a, b}, {b->value, a->value});
}
Value sum(const Value& a, const Value& b) { return op(a->value + b->value, {a, b}, {1, 1}); }
Value times(double factor, const Value& a) { return op(factor * a->value, {a}, {factor}); }

TEST(Backward, WaitsForAllContributionsToANumberUsedTwice) {
  exercise.compare("gradients of x, u, v, w after backward(w) of u = x · x, v = 3 u, w = u + v at x = 2",
                   [](auto f) {
                     const Value x = number(2), u = product(x, x), v = times(3, u), w = sum(u, v);
                     f(w);
                     return List{x->grad, u->grad, v->grad, w->grad};
                   });
  exercise.compare("gradients of x, u, v, w after backward(w) with w = v + u instead", [](auto f) {
    const Value x = number(2), u = product(x, x), v = times(3, u), w = sum(v, u);
    f(w);
    return List{x->grad, u->grad, v->grad, w->grad};
  });
}

TEST(Backward, ReachesEveryLeaf) {
  exercise.compare("gradients of a = 2.25, b = -3.5, c = 5.125 after backward of (a b + c)(c - 2 a) a",
                   [](auto f) {
                     const Value c = number(5.125), a = number(2.25), b = number(-3.5);
                     const Value right = sum(c, times(-2, a)), left = sum(product(a, b), c);
                     const Value y = product(product(left, right), a);
                     f(y);
                     return List{a->grad, b->grad, c->grad};
                   });
}

TEST(Backward, DistinguishesNumbersWithEqualValues) {
  exercise.compare("gradients of a = 2.125, b = 2.125, c = 4 after backward of (a b) (c a) + c", [](auto f) {
    const Value a = number(2.125), b = number(2.125), c = number(4);
    f(sum(product(product(a, b), product(c, a)), c));
    return List{a->grad, b->grad, c->grad};
  });
}

TEST(Backward, MayStartAtALeaf) {
  exercise.compare("x->grad, which was 0, after backward(x) of a leaf x", [](auto f) {
    const Value x = number(3);
    f(x);
    return x->grad;
  });
}

TEST(Backward, AddsToTheGradientOfALeaf) {
  exercise.compare("gradients of x, which was 10, and y after backward(y) of y = 2 x", [](auto f) {
    const Value x = number(4), y = times(2, x);
    x->grad = 10;
    f(y);
    return List{x->grad, y->grad};
  });
}

TEST(Backward, MayBeCalledTwice) {
  exercise.compare(
      "gradients of x, a, b after backward(b), and again backward(b), of a = 2 x, b = 3 a; whether b has a "
      "pass_back",
      [](auto f) {
        const Value x = number(1), a = times(2, x), b = times(3, a);
        f(b);
        f(b);
        return List{x->grad, a->grad, b->grad, 1.0 * static_cast<bool>(b->pass_back)};
      });
  exercise.compare("gradients of x, a, b after backward(a), then backward(b), of a = 2 x, b = 3 a",
                   [](auto f) {
                     const Value x = number(1), a = times(2, x), b = times(3, a);
                     f(a);
                     f(b);
                     return List{x->grad, a->grad, b->grad};
                   });
}

TEST(Backward, CallsEachPassBackOnce) {
  exercise.invariant("", "pass_back must run once per number, even if many paths lead to it", [](auto f) {
    std::vector<int> calls(12, 0);
    std::vector<Value> ladder{number(1)};
    for (int& count : calls) {
      const Value below = ladder.back(), y = number(0, {below, below});
      y->pass_back = [y = y.get(), below = below.get(), &count] {
        below->grad += 2 * y->grad;
        ++count;
      };
      ladder.push_back(y);
    }
    f(ladder.back());
    return ladder[0]->grad == 4096 && std::all_of(calls.begin(), calls.end(), [](int n) { return n == 1; });
  });
}

TEST(Backward, IgnoresNumbersThatYDoesNotDependOn) {
  exercise.invariant("", "a number that y does not depend on must neither pass back nor change", [](auto f) {
    const Value x = number(2), y = times(3, x), other = times(7, x);
    other->grad = 1;
    f(y);
    return x->grad == 3 && other->grad == 1 && y->inputs().size() == 1 && y->value == 6 && y->pass_back;
  });
}

// A chain on which a recursive traversal is stopped long before the stack overflows.
struct Chain {
  std::vector<Value> numbers{number(1)};
  // The chain continues through the only input of each number, or through the last of two.
  explicit Chain(int length, bool two_inputs = false) {
    for (int i = 0; i < length; ++i) {
      const Value below = numbers.back();
      const Value y = two_inputs ? number(1, {numbers[0], below}) : number(1, {below});
      y->pass_back = [y = y.get(), below = below.get()] { below->grad += y->grad; };
      numbers.push_back(y);
    }
    Number::stack_limit = stack_here() - 64 * 1024;
  }
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  // Frees the newest number first, one at a time.
  ~Chain() {
    Number::stack_limit = 0;
    while (!numbers.empty()) numbers.pop_back();
  }
};

TEST(Backward, IsNotRecursive) {
  exercise.compare("x->grad after backward of a chain of 200,000 numbers that begins with x", [](auto f) {
    // The twins use a short chain, to save time.
    const Chain chain(f == backward ? 200000 : 4000);
    f(chain.numbers.back());
    return chain.numbers[0]->grad;
  });
  exercise.compare("x->grad after backward of a chain of 4,000 numbers through the last of two inputs",
                   [](auto f) {
                     const Chain chain(4000, true);
                     f(chain.numbers.back());
                     return chain.numbers[0]->grad;
                   });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit AG-32: `a->id > b->id` => `a->id < b->id`
