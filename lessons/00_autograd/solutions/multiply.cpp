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
  // solution: create the product and a pass_back that adds to both gradients
  if (!grad_enabled()) return number(a->value * b->value);
  const Value product = number(a->value * b->value, {a, b});
  product->pass_back = [a, b, slope_a = b->value, slope_b = a->value, y = product.get()] {
    a->grad += y->grad * slope_a;
    b->grad += y->grad * slope_b;
  };
  return product;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. When the product is created, its gradient is not known yet. Which values must be stored for
//    later, and which must be read later?
// 2. Three things: the value, the inputs {a, b}, and a function that adds y->grad · (the value of
//    the other input) to the gradient of each input. Copy the two values into its capture list;
//    read y->grad through a pointer that does not keep y alive. When gradients are disabled, create
//    only the value.
// 3. `const Value product = number(a->value * b->value, {a, b});` then `product->pass_back = [a, b,
//    slope_a = b->value, slope_b = a->value, y = product.get()] { a->grad += y->grad * slope_a; …
//    };`
