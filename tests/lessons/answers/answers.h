// answers.h — hand-written answers to an exercise, each with the verdict that its check must give.
//
//   const Answers<decltype(sdpa)> answers{
//       {"two loops", "pass", [](const Tensor& q, …) { … }},
//       {"no mask if there is one query", "wrong", …},
//       {"divided by d_k", "SD-02", …},
//       {"no scale and no mask", "likely SD-01", …}};
//   Tensor sdpa(const Tensor& q, …) { return answers.chosen(q, …); }
//
// "pass": a correct answer. "wrong": rejected under any name. An id: rejected and identified as that mistake.
// The exercise is that with the name of the file: 02_sdpa.cpp.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "lessons/check/check.h"

namespace heed::exercise {

template <class F>
struct WrittenAnswer {
  std::string name, verdict;
  F* function;
};

template <class F>
class Answers {
 public:
  Answers(std::initializer_list<WrittenAnswer<F>> answers, const char* file = __builtin_FILE()) {
    infos_.exercise = std::filesystem::path(file).stem().string();
    for (const WrittenAnswer<F>& answer : answers) {
      infos_.list.push_back({answer.name, answer.verdict});
      functions_.push_back(answer.function);
    }
    checks::register_answers(infos_);
  }
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  template <class... Arguments>
  decltype(auto) chosen(Arguments&&... arguments) const {
    return functions_.at(infos_.chosen)(std::forward<Arguments>(arguments)...);
  }

 private:
  checks::WrittenAnswers infos_;
  std::vector<F*> functions_;
};

}  // namespace heed::exercise
