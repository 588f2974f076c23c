#include <unordered_set>

#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Backward = decltype(backward);
using List = std::vector<double>;

// ---- the right walk, and wrong ones -----------------------------------------------------------------------

// Every number behind y, once, as they are met from y on.
std::vector<Value> behind(const Value& y) {
  std::vector<Value> numbers{y};
  std::unordered_set<const Number*> seen{y.get()};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Value made = numbers[i];
    for (const Value& input : made->inputs())
      if (seen.insert(input.get()).second) numbers.push_back(input);
  }
  return numbers;
}
std::vector<Value> youngest_first(const Value& y) {
  std::vector<Value> numbers = behind(y);
  std::sort(numbers.begin(), numbers.end(), [](auto& a, auto& b) { return a->id > b->id; });
  return numbers;
}
void clear_between(const std::vector<Value>& numbers) {
  for (const Value& n : numbers)
    if (n->pass_back) n->grad = 0;
}
void run(const std::vector<Value>& order) {
  for (const Value& n : order)
    if (n->pass_back) n->pass_back();
}
// The right walk, but for the order.
void in_order(const Value& y, const std::vector<Value>& order) {
  clear_between(order);
  y->grad = 1;
  run(order);
}

void speak_at_once(const Value& n) {
  if (!n->pass_back) return;
  n->pass_back();
  const std::vector<Value> inputs = n->inputs();
  std::unordered_set<const Number*> once;
  for (const Value& input : inputs)
    if (once.insert(input.get()).second) speak_at_once(input);
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
    [](const Value& y) { in_order(y, youngest_first(y)); },
    {{"AG-02",
      "a number passed its gradient on before all shares had come, and again for each: youngest first, once",
      [](const Value& y) {
        clear_between(behind(y));
        y->grad = 1;
        speak_at_once(y);
      }},
     {"AG-03", "each number once, but some before all their shares had come: the youngest must go first",
      [](const Value& y) {
        std::unordered_set<const Number*> seen;
        std::vector<Value> order;
        visit_before_inputs(y, seen, order);
        in_order(y, order);
      }},
     {"AG-04",
      "gradients were cleared on the way, and shares with them: clear all before the first pass_back",
      [](const Value& y) {
        y->grad = 1;
        for (const Value& n : youngest_first(y)) {
          clear_between(n->inputs());
          run({n});
        }
      }},
     {"AG-06", "what an older call left in the numbers between was passed on again: clear it first",
      [](const Value& y) {
        y->grad = 1;
        run(youngest_first(y));
      }},
     {"AG-24",
      "the walk calls itself, and a long graph ends the stack: keep a list of what is still to be visited",
      [](const Value& y) {
        std::unordered_set<const Number*> seen;
        std::vector<Value> order;
        visit_after_inputs(y, seen, order);
        std::reverse(order.begin(), order.end());
        in_order(y, order);
      }},
     {"AG-31", "the leaves' gradients were cleared too: several calls must add up there",
      [](const Value& y) {
        const std::vector<Value> order = youngest_first(y);
        for (const Value& n : order) n->grad = 0;
        y->grad = 1;
        run(order);
      }},
     {"AG-32", "oldest first: a number must wait for those that were made from it, and they are younger",
      [](const Value& y) {
        std::vector<Value> order = youngest_first(y);
        std::reverse(order.begin(), order.end());
        in_order(y, order);
      }},
     {"AG-33", "all gradients are 0, for nothing set the first: dy/dy = 1",
      [](const Value& y) {
        const std::vector<Value> order = youngest_first(y);
        clear_between(order);
        run(order);
      }},
     {"AG-34", "y's own gradient was added to, not set: what it held from before counted as well",
      [](const Value& y) {
        const std::vector<Value> order = youngest_first(y);
        for (const Value& n : order)
          if (n->pass_back && n != y) n->grad = 0;
        y->grad += 1;
        run(order);
      }}}};

// ---- graphs -----------------------------------------------------------------------------------------------

// What every op of numbers comes to: a value, its inputs, a slope towards each.
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

TEST(Backward, WaitsForAllSharesOfANumberThatIsUsedTwice) {
  exercise.compare("gradients of x, u, v, w after backward(w) of u = x · x, v = 3 u, w = u + v at x = 2",
                   [](auto f) {
                     const Value x = number(2), u = product(x, x), v = times(3, u), w = sum(u, v);
                     f(w);
                     return List{x->grad, u->grad, v->grad, w->grad};
                   });
  exercise.compare("gradients of x, u, v, w after the same with w = v + u", [](auto f) {
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

TEST(Backward, TellsNumbersOfOneValueApart) {
  exercise.compare("gradients of a = 2.125, b = 2.125, c = 4 after backward of (a b) (c a) + c", [](auto f) {
    const Value a = number(2.125), b = number(2.125), c = number(4);
    f(sum(product(product(a, b), product(c, a)), c));
    return List{a->grad, b->grad, c->grad};
  });
}

TEST(Backward, MayBeginAtALeaf) {
  exercise.compare("x->grad, which was 0, after backward(x) of a number x that no op made", [](auto f) {
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
      "gradients of x, a, b after backward(b), and again backward(b), of a = 2 x, b = 3 a; has b a "
      "pass_back?",
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
  exercise.invariant(
      "", "pass_back must run once for each number that an op made, however many ways lead there",
      [](auto f) {
        std::vector<int> calls(12, 0);
        std::vector<Value> ladder{number(1)};
        for (int& count : calls) {
          const Value below = ladder.back(), y = number(0, {below, below});
          y->pass_back = [y = y.get(), below = below.get(), &count] { below->grad += 2 * y->grad, ++count; };
          ladder.push_back(y);
        }
        f(ladder.back());
        return ladder[0]->grad == 4096 &&
               std::all_of(calls.begin(), calls.end(), [](int n) { return n == 1; });
      });
}

TEST(Backward, LeavesAloneWhatYWasNotMadeFrom) {
  exercise.invariant(
      "", "a number made from x, but not behind y, must neither pass back nor change", [](auto f) {
        const Value x = number(2), y = times(3, x), other = times(7, x);
        other->grad = 1;
        f(y);
        return x->grad == 3 && other->grad == 1 && y->inputs().size() == 1 && y->value == 6 && y->pass_back;
      });
}

// A chain on which a recursive walk is stopped long before the stack ends.
struct Chain {
  std::vector<Value> numbers{number(1)};
  // The chain goes on through each number's only input, or through the last of two.
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
  ~Chain() {  // the youngest first, each alone
    Number::stack_limit = 0;
    while (!numbers.empty()) numbers.pop_back();
  }
};

TEST(Backward, DoesNotCallItself) {
  exercise.compare("x->grad after backward of a chain of 200,000 numbers that begins with x", [](auto f) {
    const Chain chain(f == backward ? 200000 : 4000);  // the learner waits for all the others
    f(chain.numbers.back());
    return chain.numbers[0]->grad;
  });
  exercise.compare(
      "x->grad after backward of a chain of 4,000 numbers that goes on through the last of two inputs",
      [](auto f) {
        const Chain chain(4000, true);
        f(chain.numbers.back());
        return chain.numbers[0]->grad;
      });
}

}  // namespace
}  // namespace heed::exercise
