// check.h — checks an exercise: calls the learner's function, the reference function and the wrong
// twins with the same inputs. If the learner's answers differ from the reference, the twin with the
// learner's answers names the mistake.
//
//   const checks::Exercise<decltype(softmax_rows)> exercise{
//       "02_softmax_rows", softmax_rows, [](const Tensor& x) { return softmax(x, -1); },
//       {{"SD-06", "each row must sum to 1: softmax over the keys (the last axis)",
//         [](const Tensor& x) { return softmax(x, 0); }}}};
//
//   TEST(SoftmaxRows, SumToOne) {
//     exercise.compare("softmax_rows({{0, 1}, {2, 4}})", [](auto f) { return f(tensor({{0, 1}, {2, 4}})); });
//   }
//
// A probe (the lambda) creates its inputs in every call, so a function that modifies them does not
// affect the others. call() receives only the inputs, as a tuple, and repeats the question in all
// forms of forms.h:
//
//   exercise.call("softmax_rows({{0, 1}, {2, 4}})", [] { return std::tuple(tensor({{0, 1}, {2, 4}})); });
//
// The learner's function and its check are a program of their own; program.cpp contains its main().
// The solutions of a lesson are one program, and so are the hand-written answers of the tests.
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

// A known mistake: the shortest function that makes it. `same_as`: the id of an earlier twin that
// computes the same for all inputs; both are then named by the earlier id.
template <class F>
struct Twin {
  std::string id;       // of a section in lessons/NN_name/mistakes.md
  std::string message;  // one line for the learner: the mistake, or the correction
  F* function;
  std::string same_as = {};
};

// An exercise without its types.
struct ExerciseInfo {
  std::string id;
  struct TwinInfo {
    std::string id, message, same_as;
  };
  std::vector<TwinInfo> twins;
  double tolerance;  // of |got - want|, relative to the largest |want| if that is above 1
};

// A question and the answers to it.
struct Question {
  std::string text;  // the call, as a learner could type it
  Answer reference, got;
  std::vector<Answer> twins;
  std::string invariant_id, invariant_message;  // of an invariant; empty if numbers are compared
  bool repeats = false;                         // whether it repeats another question in a different form
};

// Hand-written answers to an exercise, which the option --each judges one after another in place of
// the learner's function.
struct WrittenAnswers {
  struct Info {
    std::string name, verdict;
  };
  std::string exercise;
  std::vector<Info> list;
  std::size_t chosen = 0;
};

// The state of the running program is described in verdict.h; exercises access it by these
// functions.
void register_exercise(const ExerciseInfo& exercise);
void register_answers(WrittenAnswers& answers);
int subject();  // the index of the twin that is judged; -1: the learner's function
// Stores the question before the judged function is called, so it is known if the function crashes.
void announce(const std::string& question);
// If an earlier subject was asked this question, copies the answers of the reference function and
// the twins. Otherwise returns false.
bool recall(Question& question);
void judge(const Question& question);

// Runs a probe. An exception becomes its answer.
Answer answer_of(const std::function<Answer()>& probe);

template <class F>
class Exercise {
 public:
  using Probe = std::function<Answer(F*)>;

  Exercise(std::string id, F* learner, F* reference, std::vector<Twin<F>> twins, double tolerance = 1e-4)
      : learner_(learner), reference_(reference), twins_(std::move(twins)) {
    ExerciseInfo info{std::move(id), {}, tolerance};
    for (const Twin<F>& t : twins_) info.twins.push_back({t.id, t.message, t.same_as});
    register_exercise(info);
  }

  // Requires the learner's answer to equal that of the reference function. `text`: the call, as a
  // learner could type it.
  void compare(const std::string& text, const Probe& probe) const { judge(make_question(text, probe)); }

  // Calls the function with the inputs that make() returns in a std::tuple, and compares its
  // outputs in every form that `forms` enables. Without tensors among the inputs, only the call as
  // given is made. If the function expects a reference to a module, the tuple contains a smart
  // pointer to it.
  template <class Make>
  void call(const std::string& text, const Make& make, const Forms& forms = {}) const {
    call_in_forms<std::invoke_result_t<Make>>(text, make, forms);
  }

  // A property that holds for every correct function, for example that changing a masked key does
  // not change the output. `id`: the mistake that violates it, or "" if none is known.
  void invariant(const std::string& id, const std::string& message,
                 const std::function<bool(F*)>& holds) const {
    Question question = make_question(message, [&](F* f) { return Answer(holds(f)); });
    question.invariant_id = id;
    question.invariant_message = message;
    judge(question);
  }

 private:
  // Creates the inputs of a call, a std::tuple. The functions below have this type as a parameter
  // because a check makes many calls with few types of inputs: a template over the lambdas is
  // compiled once per call, which takes three times as long.
  template <class Inputs>
  using Make = std::function<Inputs()>;

  template <class Inputs>
  void call_in_forms(const std::string& text, const Make<Inputs>& make, const Forms& forms) const {
    compare(text, [&](F* f) {
      Inputs inputs = make();
      return answer(f, inputs);
    });
    if (!has_tensors(make)) return;
    if (forms.unchanged) check_inputs_unchanged(make);
    if (forms.f64) compare_in_f64(text, make);
    if (forms.views)
      compare_form(text + ", each tensor a non-contiguous view", [&](F* f) {
        Inputs inputs = make();
        walk(inputs, [](Tensor& t) {
          if (t.defined()) t = as_view(t);
        });
        return answer(f, inputs);
      });
    if (forms.gradients)
      compare_form("gradients with respect to every input of " + text, [&](F* f) {
        Inputs inputs = make();
        return gradients(f, inputs);
      });
  }

  template <class Inputs>
  static Answer answer(F* f, Inputs& inputs) {
    return checks::call(f, inputs, Signature<F>::indices).answer;
  }

  template <class Inputs>
  static bool has_tensors(const Make<Inputs>& make) {
    bool any = false;
    Inputs inputs = make();
    walk(inputs, [&](Tensor& t) { any = any || t.defined(); });
    return any;
  }

  // Fails if the reference function throws in this form, because then nothing would be compared.
  void compare_form(const std::string& text, const Probe& probe) const {
    Question question = make_question(text, probe);
    question.repeats = true;
    if (!question.reference.error.empty())
      ADD_FAILURE() << "this check is wrong, the reference function throws: " << text << "\n  "
                    << question.reference.error;
    judge(question);
  }

  // The inputs as f64 tensors; the outputs must have the reference function's dtypes, too.
  template <class Inputs>
  void compare_in_f64(const std::string& text, const Make<Inputs>& make) const {
    compare_form(text + ", in f64", [&](F* f) {
      Inputs inputs = make();
      std::apply([](auto&... input) { (to_f64(input), ...); }, inputs);
      Outputs outputs = checks::call(f, inputs, Signature<F>::indices);
      for (const Tensor& t : outputs.tensors)
        if (t.defined()) outputs.answer.dtypes.push_back(t.dtype());
      return outputs.answer;
    });
  }

  template <class Inputs>
  void check_inputs_unchanged(const Make<Inputs>& make) const {
    invariant("SD-34", "an input was changed: a Tensor is a handle, so write into a new one", [&](F* f) {
      const auto numbers = [](auto& inputs) {
        std::vector<Tensor> all;
        walk_inputs<F, false>(
            inputs, [&](Tensor& t) { all.push_back(t); }, Signature<F>::indices);
        return Answer(all);
      };
      Inputs inputs = make();
      const Answer before = numbers(inputs);
      checks::call(f, inputs, Signature<F>::indices);
      return difference(numbers(inputs), before).distance == 0;
    });
  }

  Question make_question(const std::string& text, const Probe& probe) const {
    F* judged = subject() < 0 ? learner_ : twins_[static_cast<std::size_t>(subject())].function;
    Question question{text, Answer(0), Answer(0), {}, "", ""};
    const bool known = recall(question);
    if (!known) question.reference = answer_of([&] { return probe(reference_); });
    announce(text);
    question.got = answer_of([&] { return probe(judged); });
    if (!known)
      for (const Twin<F>& t : twins_) question.twins.push_back(answer_of([&] { return probe(t.function); }));
    return question;
  }

  F *learner_, *reference_;
  std::vector<Twin<F>> twins_;
};

}  // namespace heed::checks
