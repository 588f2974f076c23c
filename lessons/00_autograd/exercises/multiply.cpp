// 00_multiply — One op of a computation graph: the product and its backward function.
// Exercise 2 · 15 minutes · ●●○ · after 00_hello
//
//   y = a · b      dL/da += dL/dy · b      dL/db += dL/dy · a
//
// The product is a new number with the inputs a and b and a `pass_back` function that adds to the
// gradients of both. pass_back is called later, once or several times, when y->grad is known. By
// then an optimizer may have changed the values of a and b, but the derivatives belong to the values
// that were multiplied. The caller's handles may refer to other numbers by then, so capture by
// value. If gradients are disabled (evaluation mode), y is a plain number without inputs and without
// pass_back. Consider ownership as well: a function that captures a Value keeps that number alive.
//
// You may use:  number(value, {input, input}) (the inputs may be omitted), y->value, y->grad,
//               y->pass_back = [captures] { … }, y.get() (a pointer that keeps nothing alive),
//               grad_enabled() (false: nothing is recorded).
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

Value multiply(const Value& a, const Value& b) {
  todo("create the product and a pass_back that adds to both gradients");
}

}  // namespace heed::exercise
