// 00_max_backward — The gradient of a maximum, divided among equal maxima.
// Exercise 7 · 10 minutes · ●○○ · after 00_sum_to
//
//   x (any shape, at least one element), y = max over all elements of x, dy ()
//   -> dx, of x's shape
//
// If one element is the unique maximum, y changes with this element and no other. If n elements are
// equal to the maximum, y increases with each of them but decreases only if all of them decrease, so
// the derivative does not exist. Like PyTorch's max over all elements, this course divides dy evenly
// among them, so that dx sums to dy. Elements may be infinite; none is NaN.
//
// You may use:  max(x) (of all elements, shape ()); equal(a, b) (a Mask; it broadcasts);
//               mask.count(); where(mask, a, b) (a if true, else b; it broadcasts);
//               zeros(shape, dtype), x.dtype(), and + - * /. Nothing is recorded here.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

Tensor max_backward(const Tensor& x, const Tensor& dy) {
  // solution: divide dy among the elements that equal the maximum
  const Mask largest = equal(x, max(x));
  return where(largest, dy / static_cast<double>(largest.count()), zeros({}, x.dtype()));
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Which elements change y when they change a little, and which do not? And which number must dx
//    sum to?
// 2. Compute a mask of the elements that equal max(x) and the number n of true entries; dx is dy /
//    n if the mask is true, and 0 otherwise.
// 3. `const Mask largest = equal(x, max(x));` then `where(largest, dy /
//    static_cast<double>(largest.count()), zeros({}, x.dtype()))`.
