#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "lessons/00_autograd/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using List = std::vector<Value>;

// Returns every number that y depends on, once, breadth first.
List dependencies(const Value& y) {
  List numbers{y};
  std::unordered_set<Number*> seen{y.get()};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const List inputs = numbers[i]->inputs();
    for (const Value& input : inputs)
      if (seen.insert(input.get()).second) numbers.push_back(input);
  }
  return numbers;
}
List newest_first(List numbers) {
  std::sort(numbers.begin(), numbers.end(), [](const Value& a, const Value& b) { return a->id > b->id; });
  return numbers;
}
void clear(const List& numbers) {
  for (const Value& n : numbers)
    if (n->pass_back) n->grad = 0;
}
void pass_back(const List& numbers) {
  for (const Value& n : numbers)
    if (n->pass_back) n->pass_back();
}

const Answers<decltype(backward)> answers{
    {"counts the users of each number (Kahn)", "pass",
     [](const Value& y) {
       const List numbers = dependencies(y);
       std::unordered_map<const Number*, int> users;
       for (const Value& n : numbers)
         for (const Value& input : n->inputs()) ++users[input.get()];
       clear(numbers);
       y->grad = 1;
       List ready{y};
       while (!ready.empty()) {
         const Value n = ready.back();
         ready.pop_back();
         if (n->pass_back) n->pass_back();
         for (const Value& input : n->inputs())
           if (--users[input.get()] == 0) ready.push_back(input);
       }
     }},
    {"a map from id to number, the newest removed first", "pass",
     [](const Value& y) {
       std::map<std::uint64_t, Value, std::greater<>> waiting{{y->id, y}};
       std::set<std::uint64_t> cleared{y->id};
       y->grad = 1;
       while (!waiting.empty()) {
         const Value n = waiting.begin()->second;
         waiting.erase(waiting.begin());
         for (const Value& input : n->inputs()) {
           if (cleared.insert(input->id).second && input->pass_back) input->grad = 0;
           waiting[input->id] = input;
         }
         if (n->pass_back) n->pass_back();
       }
     }},
    {"depth first with an explicit stack, reversed", "pass",
     [](const Value& y) {
       List order;
       std::unordered_set<const Number*> seen{y.get()};
       std::vector<std::pair<Value, std::size_t>> stack{{y, 0}};
       while (!stack.empty()) {
         const Value n = stack.back().first;
         const std::size_t next = stack.back().second++;
         if (next == n->inputs().size()) {
           order.push_back(n);
           stack.pop_back();
         } else if (seen.insert(n->inputs()[next].get()).second) {
           stack.emplace_back(n->inputs()[next], 0);
         }
       }
       std::reverse(order.begin(), order.end());
       clear(order);
       y->grad = 1;
       pass_back(order);
     }},
    {"recursive, otherwise correct", "AG-24",
     [](const Value& y) {
       List order;
       std::unordered_set<const Number*> seen;
       const std::function<void(const Value&)> visit = [&](const Value& n) {
         if (!seen.insert(n.get()).second) return;
         for (const Value& input : n->inputs()) visit(input);
         order.push_back(n);
       };
       visit(y);
       std::reverse(order.begin(), order.end());
       clear(order);
       y->grad = 1;
       pass_back(order);
     }},
    {"recursive for all inputs except the first", "wrong",
     [](const Value& y) {
       List order;
       std::unordered_set<const Number*> seen;
       const std::function<void(Value)> visit = [&](Value n) {
         while (n && seen.insert(n.get()).second) {
           order.push_back(n);
           for (std::size_t i = 1; i < n->inputs().size(); ++i) visit(n->inputs()[i]);
           n = n->inputs().empty() ? Value() : n->inputs()[0];
         }
       };
       visit(y);
       order = newest_first(order);
       clear(order);
       y->grad = 1;
       pass_back(order);
     }},
    {"breadth first", "wrong",
     [](const Value& y) {
       const List numbers = dependencies(y);
       clear(numbers);
       y->grad = 1;
       pass_back(numbers);
     }},
    {"oldest first", "AG-32",
     [](const Value& y) {
       List numbers = newest_first(dependencies(y));
       std::reverse(numbers.begin(), numbers.end());
       clear(numbers);
       y->grad = 1;
       pass_back(numbers);
     }},
    {"the leaves' gradients are cleared", "AG-31",
     [](const Value& y) {
       const List numbers = newest_first(dependencies(y));
       for (const Value& n : numbers) n->grad = 0;
       y->grad = 1;
       pass_back(numbers);
     }},
    {"nothing is cleared", "AG-06",
     [](const Value& y) {
       y->grad = 1;
       pass_back(newest_first(dependencies(y)));
     }},
    {"y's gradient is accumulated, not set", "AG-34",
     [](const Value& y) {
       const List numbers = newest_first(dependencies(y));
       for (const Value& n : numbers)
         if (n->pass_back && n != y) n->grad = 0;
       y->grad += 1;
       pass_back(numbers);
     }},
    {"cleared after it was passed back", "wrong",
     [](const Value& y) {
       const List numbers = newest_first(dependencies(y));
       y->grad = 1;
       for (const Value& n : numbers) {
         if (!n->pass_back) continue;
         n->pass_back();
         n->grad = 0;
       }
     }},
    {"numbers with equal values count as one", "wrong",
     [](const Value& y) {
       List numbers{y};
       std::set<double> seen{y->value};
       for (std::size_t i = 0; i < numbers.size(); ++i) {
         const List inputs = numbers[i]->inputs();
         for (const Value& input : inputs)
           if (seen.insert(input->value).second) numbers.push_back(input);
       }
       numbers = newest_first(numbers);
       clear(numbers);
       y->grad = 1;
       pass_back(numbers);
     }},
    {"only the first input is followed", "wrong",
     [](const Value& y) {
       List numbers;
       for (Value n = y; n; n = n->inputs().empty() ? Value() : n->inputs()[0]) numbers.push_back(n);
       clear(numbers);
       y->grad = 1;
       pass_back(numbers);
     }},
    {"every number once per path", "wrong",
     [](const Value& y) {
       List numbers{y};
       for (std::size_t i = 0; i < numbers.size() && numbers.size() < 300000; ++i) {
         const List inputs = numbers[i]->inputs();
         numbers.insert(numbers.end(), inputs.begin(), inputs.end());
       }
       numbers = newest_first(numbers);
       clear(numbers);
       y->grad = 1;
       pass_back(numbers);
     }},
    {"calls an empty pass_back", "wrong",
     [](const Value& y) {
       const List numbers = newest_first(dependencies(y));
       clear(numbers);
       y->grad = 1;
       for (const Value& n : numbers) n->pass_back();
     }},
    {"the graph is taken apart during the traversal", "wrong",
     [](const Value& y) {
       const List numbers = newest_first(dependencies(y));
       clear(numbers);
       y->grad = 1;
       pass_back(numbers);
       for (const Value& n : numbers) n->pass_back = nullptr;
     }},
    {"the first gradient is not set, nothing is cleared", "AG-33",
     [](const Value& y) { pass_back(newest_first(dependencies(y))); }},
    {"oldest first, and leaves are cleared", "likely AG-32", [](const Value& y) {
       List numbers = newest_first(dependencies(y));
       std::reverse(numbers.begin(), numbers.end());
       for (const Value& n : numbers) n->grad = 0;
       y->grad = 1;
       pass_back(numbers);
     }}};

}  // namespace

void backward(const Value& y) { answers.chosen(y); }

}  // namespace heed::exercise
