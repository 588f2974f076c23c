// first_gradient.h — compares the gradient of an exercise's first input, for exercises whose
// other inputs are constants.
#pragma once

#include <string>
#include <tuple>

#include "lessons/check/check.h"

namespace heed::exercise {

constexpr checks::Forms no_gradients{.gradients = false};

// Compares the gradient with respect to the first of the inputs that make() returns. The other
// inputs do not require gradients, so a solution may use them as plain numbers.
template <class F, class Make>
void compare_first_gradient(const checks::Exercise<F>& exercise, const std::string& text, const Make& make) {
  exercise.compare("the gradient with respect to the first input of " + text, [&](F* f) {
    auto inputs = make();
    Tensor& x = std::get<0>(inputs);
    x.set_requires_grad();
    const Tensor loss = checks::weighted_sum({std::apply(f, inputs)});
    if (loss.defined()) loss.backward();
    return x.grad().defined() ? x.grad() : zeros(x.shape(), x.dtype());
  });
}

}  // namespace heed::exercise
