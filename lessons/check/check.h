// check.h — how an exercise is checked: the same question is put to the learner's function, to the right one, and to
// its wrong twins; on a mismatch the twin that gives the learner's numbers to every question names the mistake.
//
//   const checks::Exercise<decltype(softmax_rows)> exercise{
//       "02_softmax_rows", softmax_rows, [](const Tensor& x) { return softmax(x, -1); },
//       {{"SD-06", "each row must sum to 1: softmax over the keys (the last axis)",
//         [](const Tensor& x) { return softmax(x, 0); }}}};
//
//   TEST(SoftmaxRows, AreSharesOfOneWhole) {
//     exercise.compare("softmax_rows({{0, 1}, {2, 4}})", [](auto f) { return f(tensor({{0, 1}, {2, 4}})); });
//   }
//
// A probe (the lambda) makes its inputs anew each time, so a function that writes into them harms nobody else. call() takes the
// inputs alone, as a tuple, and asks the question in every form of forms.h:
//
//   exercise.call("softmax_rows({{0, 1}, {2, 4}})", [] { return std::tuple(tensor({{0, 1}, {2, 4}})); });
//
// The program made from this has one exercise; check.cpp's main judges the learner, or a twin in its place (--as SD-06).
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "lessons/check/answer.h"
#include "lessons/check/forms.h"
#include "lessons/check/todo.h"

namespace heed::checks {

// A known mistake: the least code that makes it. `same_as`: an id before it in the list whose function computes the same
// (algebra, not neglect); the pair is then named by the first.
template <class F>
struct Twin {
  std::string id;       // of lessons/NN_name/mistakes.md
  std::string message;  // one line to the learner: what was done, or what to do instead
  F* function;
  std::string same_as = {};
};

// What is known of an exercise without its types.
struct Listed {
  std::string id;
  struct Known {
    std::string id, message, same_as;
  };
  std::vector<Known> twins;
  double tolerance;  // of |got - want|, relative to the largest |want| where that is above 1
};

// One question, and what came back.
struct Question {
  std::string text;  // as a learner could type it
  Answer right, got;
  std::vector<Answer> twins;
  std::string invariant_id, invariant_message;  // of an invariant; empty for a comparison of numbers
  bool as_given = true;                         // false: a question repeated in another form
};

// The verdict on this run is kept in check.cpp; these are how exercises reach it.
void list(const Listed& exercise);
int subject();  // -1: the learner's function is judged; else the twin with this number
void asking(
    const std::string& text);  // told before the judged function runs: should it crash, the question is known
void judge(const Question& question);

// Runs a probe; what it throws becomes its answer.
Answer ask(const std::function<Answer()>& probe);

template <class F>
class Exercise {
 public:
  using Probe = std::function<Answer(F*)>;

  Exercise(std::string id, F* learner, F* right, std::vector<Twin<F>> twins, double tolerance = 1e-4)
      : learner_(learner), right_(right), twins_(std::move(twins)) {
    Listed listed{std::move(id), {}, tolerance};
    for (const Twin<F>& t : twins_) listed.twins.push_back({t.id, t.message, t.same_as});
    list(listed);
  }

  // The numbers must be those of the right function. `text` shows the question as one could type it.
  void compare(const std::string& text, const Probe& probe) const { judge(put(text, probe)); }

  // Calls the function with the inputs that make() returns in a std::tuple, and compares its outputs in every form that `forms`
  // leaves on; a form without tensors is skipped. A function that takes a module by reference gets it from a smart pointer.
  template <class Make>
  void call(const std::string& text, const Make& make, const Forms& forms = {}) const {
    const auto outputs = [](F* f, auto& inputs) {
      return checks::call(f, inputs, Signature<F>::indices).answer;
    };
    compare(text, [&](F* f) {
      auto inputs = make();
      return outputs(f, inputs);
    });
    if (!has_tensors(make)) return;
    if (forms.unchanged) keeps_inputs(make);
    if (forms.f64) holds_in_f64(text, make);
    if (forms.views)
      compare_form(text + ", each tensor a non-contiguous view", [&](F* f) {
        auto inputs = make();
        walk(inputs, [](Tensor& t) {
          if (t.defined()) t = as_view(t);
        });
        return outputs(f, inputs);
      });
    if (forms.gradients)
      compare_form("gradients with respect to every input of " + text, [&](F* f) {
        auto inputs = make();
        return gradients(f, inputs);
      });
  }

  // What must hold whatever the numbers ("change an input, see what may not move"): true of the right function, and the
  // mistake `id` (or "" where none is known) makes it false.
  void invariant(const std::string& id, const std::string& message,
                 const std::function<bool(F*)>& holds) const {
    Question question = put(message, [&](F* f) { return Answer(holds(f)); });
    question.invariant_id = id, question.invariant_message = message;
    judge(question);
  }

 private:
  template <class Make>
  static bool has_tensors(const Make& make) {
    bool any = false;
    auto inputs = make();
    walk(inputs, [&](Tensor& t) { any = any || t.defined(); });
    return any;
  }

  // A form in which the right function throws would compare nothing.
  void compare_form(const std::string& text, const Probe& probe) const {
    Question question = put(text, probe);
    question.as_given = false;
    if (!question.right.error.empty())
      ADD_FAILURE() << "this check is at fault, the right function throws: " << text << "\n  "
                    << question.right.error;
    judge(question);
  }

  // The same numbers from f64 inputs, and as f64.
  template <class Make>
  void holds_in_f64(const std::string& text, const Make& make) const {
    compare_form(text + ", in f64", [&](F* f) {
      auto inputs = make();
      std::apply([](auto&... input) { (to_f64(input), ...); }, inputs);
      Outputs outputs = checks::call(f, inputs, Signature<F>::indices);
      for (const Tensor& t : outputs.tensors)
        if (t.defined()) outputs.answer.dtypes.push_back(t.dtype());
      return outputs.answer;
    });
  }

  template <class Make>
  void keeps_inputs(const Make& make) const {
    invariant("SD-34", "an input was changed: a Tensor is a handle, so write into a new one", [&](F* f) {
      const auto numbers = [](auto& inputs) {
        std::vector<Tensor> all;
        walk_inputs<F, false>(
            inputs, [&](Tensor& t) { all.push_back(t); }, Signature<F>::indices);
        return Answer(all);
      };
      auto inputs = make();
      const Answer before = numbers(inputs);
      checks::call(f, inputs, Signature<F>::indices);
      return difference(numbers(inputs), before).distance == 0;
    });
  }

  Question put(const std::string& text, const Probe& probe) const {
    F* judged = subject() < 0 ? learner_ : twins_[static_cast<std::size_t>(subject())].function;
    Question question{text, ask([&] { return probe(right_); }), Answer(0), {}, "", ""};
    asking(text);
    question.got = ask([&] { return probe(judged); });
    for (const Twin<F>& t : twins_) question.twins.push_back(ask([&] { return probe(t.function); }));
    return question;
  }

  F *learner_, *right_;
  std::vector<Twin<F>> twins_;
};

}  // namespace heed::checks
