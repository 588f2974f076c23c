// 00 · multiply — one op of a graph: the product, and the way back.
//
//   y = a · b      dL/da += dL/dy · b      dL/db += dL/dy · a
//
// The product is a new number, made from a and b, with a `pass_back` that adds to both of their
// gradients. It is called later, once or several times, when y->grad is known; by then an optimizer
// may have written other values into a and b, but the slopes belong to the values that were
// multiplied, and the caller's handles may hold other numbers, so capture by value. Where nothing
// is recorded (an evaluation), y is a plain number without inputs and without pass_back. And who
// holds whom? A function that holds a Value keeps that number alive.
//
// You may use:  number(value, {input, input}) (the inputs may be left out), y->value, y->grad,
//               y->pass_back = [captures] { … }, y.get() (a pointer that keeps nothing alive),
//               grad_enabled() (false: nothing is recorded).
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

Value multiply(const Value& a, const Value& b) {
  // solution: make the product, and a pass_back that adds to both gradients
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
