// 00 · max_backward — the gradient of a maximum, and how several equal maxima share it.
//
//   x (any shape, at least one element), y = max over all elements of x, dy ()
//   -> dx, of x's shape
//
// If one element is the largest, y moves with it and with no other. If n elements are equal and the
// largest, y rises with each of them, but falls only if all of them fall: there is no slope. This
// course does as PyTorch's max over all elements does and shares dy evenly among them, so that dx
// sums to dy. Elements may be infinite; none is NaN.
//
// You may use:  max(x) (of all elements, shape ()); equal(a, b) (a Mask; it broadcasts);
//               mask.count(); where(mask, a, b) (a if true, else b; it broadcasts);
//               zeros(shape, dtype), x.dtype(), and + - * /. Nothing is recorded here.
#include "lessons/00_autograd/exercises.h"

namespace heed::exercise {

Tensor max_backward(const Tensor& x, const Tensor& dy) {
  // solution: share dy among the elements that are the largest
  const Mask largest = equal(x, max(x));
  return where(largest, dy / static_cast<double>(largest.count()), zeros({}, x.dtype()));
  // end
}

}  // namespace heed::exercise
