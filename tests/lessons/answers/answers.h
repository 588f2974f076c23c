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
// HEED_ANSWER=list prints "index<TAB>verdict<TAB>name" for each answer. With HEED_ANSWER=2, the third answer
// is judged as the learner's.
#pragma once

#include <cstdlib>
#include <initializer_list>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace heed::exercise {

template <class F>
struct WrittenAnswer {
  std::string name, verdict;
  F* function;
};

template <class F>
class Answers {
 public:
  Answers(std::initializer_list<WrittenAnswer<F>> answers) : answers_(answers) {
    const char* choice = std::getenv("HEED_ANSWER");
    if (!choice) return;
    if (std::string(choice) == "list") list();
    chosen_ = static_cast<std::size_t>(std::atoi(choice));
  }

  template <class... Arguments>
  decltype(auto) chosen(Arguments&&... arguments) const {
    return answers_.at(chosen_).function(std::forward<Arguments>(arguments)...);
  }

 private:
  [[noreturn]] void list() const {
    for (std::size_t i = 0; i < answers_.size(); ++i)
      std::cout << i << '\t' << answers_[i].verdict << '\t' << answers_[i].name << '\n';
    std::cout.flush();
    std::_Exit(0);
  }

  std::vector<WrittenAnswer<F>> answers_;
  std::size_t chosen_ = 0;
};

}  // namespace heed::exercise
