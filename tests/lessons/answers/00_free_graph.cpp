#include <algorithm>
#include <deque>
#include <unordered_set>

#include "lessons/00_autograd/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

void recursive(Value& last) {
  if (last.use_count() == 1)
    for (Value& input : last->take_inputs()) recursive(input);
  last.reset();
}

void recursive_except_first(Value& last) {
  Value node = std::move(last);
  while (node && node.use_count() == 1) {
    std::vector<Value> inputs = node->take_inputs();
    for (std::size_t i = 1; i < inputs.size(); ++i) recursive_except_first(inputs[i]);
    node = inputs.empty() ? Value() : inputs[0];
  }
}

const Answers<decltype(free_graph)> answers{
    {"a queue, oldest entry first", "pass",
     [](Value& last) {
       std::deque<Value> waiting;
       waiting.push_back(std::exchange(last, nullptr));
       while (!waiting.empty()) {
         Value node = std::move(waiting.front());
         waiting.pop_front();
         if (node.use_count() != 1) continue;
         std::vector<Value> inputs = node->take_inputs();
         node.reset();
         waiting.insert(waiting.end(), inputs.begin(), inputs.end());
       }
     }},
    {"all handles in a list, freed from the newest to the oldest", "pass",
     [](Value& last) {
       std::vector<Value> numbers{std::move(last)};
       std::unordered_set<const Number*> seen{numbers[0].get()};
       for (std::size_t i = 0; i < numbers.size(); ++i) {
         const Value made = numbers[i];
         for (const Value& input : made->inputs())
           if (seen.insert(input.get()).second) numbers.push_back(input);
       }
       std::sort(numbers.begin(), numbers.end(), [](auto& a, auto& b) { return a->id > b->id; });
       for (Value& n : numbers) n.reset();
     }},
    {"reset", "AG-22", [](Value& last) { last.reset(); }},
    {"recursive", "AG-24", recursive},
    {"recursive for all inputs except the first", "wrong", recursive_except_first},
    {"numbers that are held elsewhere are taken apart", "AG-35",
     [](Value& last) {
       std::vector<Value> doomed{std::move(last)};
       while (!doomed.empty()) {
         const Value node = std::move(doomed.back());
         doomed.pop_back();
         for (Value& input : node->take_inputs()) doomed.push_back(std::move(input));
       }
     }},
    {"use_count() > 2", "AG-35",
     [](Value& last) {
       std::vector<Value> doomed;
       doomed.push_back(std::move(last));
       while (!doomed.empty()) {
         const Value node = std::move(doomed.back());
         doomed.pop_back();
         if (node.use_count() > 2) continue;
         for (Value& input : node->take_inputs()) doomed.push_back(std::move(input));
       }
     }},
    {"last keeps the newest number if it is held elsewhere", "wrong",
     [](Value& last) {
       if (last.use_count() > 1) return;
       std::vector<Value> doomed;
       doomed.push_back(std::move(last));
       while (!doomed.empty()) {
         const Value node = std::move(doomed.back());
         doomed.pop_back();
         if (node.use_count() > 1) continue;
         for (Value& input : node->take_inputs()) doomed.push_back(std::move(input));
       }
     }},
    {"only the last input is followed", "wrong",
     [](Value& last) {
       Value node = std::move(last);
       while (node && node.use_count() == 1) {
         std::vector<Value> inputs = node->take_inputs();
         node = inputs.empty() ? Value() : inputs.back();
       }
     }},
    {"a copy of last is taken apart, and last is not emptied", "wrong",
     [](Value& last) {
       std::vector<Value> doomed{last};
       while (!doomed.empty()) {
         const Value node = std::move(doomed.back());
         doomed.pop_back();
         for (Value& input : node->take_inputs()) doomed.push_back(std::move(input));
       }
     }},
    {"everything is kept in a static list", "wrong",
     [](Value& last) {
       static std::vector<Value> rest;
       rest.push_back(std::move(last));
     }},
    {"one level only", "AG-22",
     [](Value& last) {
       const Value node = std::move(last);
       if (node.use_count() == 1) node->take_inputs();
     }},
    {"nothing", "AG-37", [](Value&) {}}};

}  // namespace

void free_graph(Value& last) { answers.chosen(last); }

}  // namespace heed::exercise
