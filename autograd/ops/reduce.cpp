// reduce.cpp — many numbers to fewer: sums, means, largest values.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "autograd/ops/common.h"

namespace heed {

namespace {

// Which axes go (all where none are named), and the two shapes that leaves.
struct Plan {
  std::array<bool, max_rank> gone{};
  Shape kept;         // with size 1 where an axis goes
  Shape squeezed;     // without those axes
  index_t count = 1;  // how many elements each result is made of

  Plan(const char* op, const Shape& shape, const Axes& axes) {
    for (const index_t axis : axes) {
      const auto a = static_cast<std::size_t>(wrap_axis(op, axis, shape));
      check(!gone[a], op, "axis ", axis, " is named twice for ", shape);
      gone[a] = true;
    }
    if (axes.rank() == 0) std::fill_n(gone.begin(), shape.rank(), true);
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const bool goes = gone[static_cast<std::size_t>(axis)];
      kept.push_back(goes ? 1 : shape[axis]);
      if (goes)
        count *= shape[axis];
      else
        squeezed.push_back(shape[axis]);
    }
  }
};

// x with the axes that go moved to the end, dense: (results, count).
Tensor as_rows(const Tensor& x, const Plan& r) {
  Shape order;
  for (const bool goes : {false, true})
    for (int axis = 0; axis < x.rank(); ++axis)
      if (r.gone[static_cast<std::size_t>(axis)] == goes) order.push_back(axis);
  return ops::dense(x.detach().permute(order));
}

// True where exactly the first axes go: then the sum runs down columns, without moving anything.
bool leading(const Plan& r, int rank) {
  int axis = 0;
  while (axis < rank && r.gone[static_cast<std::size_t>(axis)]) ++axis;
  return axis > 0 && axis < rank &&
         std::none_of(r.gone.begin() + axis, r.gone.begin() + rank, [](bool g) { return g; });
}

Tensor sum_of(const Tensor& x, const Plan& r) {
  Tensor y = ops::allocate("sum", r.squeezed, x.dtype());
  if (x.numel() == 0) return y.fill_(0);
  const bool columns = leading(r, x.rank()) && y.numel() > 1;
  const Tensor rows = columns ? ops::dense(x) : as_rows(x, r);
  ops::dispatch(x.dtype(), [&]<class T>() {
    const T* px = rows.data<T>();
    T* py = ops::output<T>(y);
    if (columns) return kernels::kernels<T>().sum_columns(px, py, r.count, y.numel(), false);
    kernels::parallel_for(y.numel(), ops::cheap_grain / r.count + 1, [&](index_t begin, index_t stop) {
      kernels::kernels<T>().sum_rows(px + begin * r.count, py + begin, stop - begin, r.count);
    });
  });
  return y;
}

Tensor keep(const Tensor& y, const Plan& r, bool keepdim) { return keepdim ? y.reshape(r.kept) : y; }

}  // namespace

// sum(x, axes): y = the sum over axes.   dx = dy, repeated (a view, no copy)
Tensor sum(const Tensor& x, const Axes& axes, bool keepdim) {
  ops::check_tensors("sum", {&x});
  const Plan r("sum", x.shape(), axes);
  return keep(record("sum", {x}, sum_of(x, r),
                     [kept = r.kept, from = x.shape()](const Tensor& dy, Gradients& d) {
                       // One number for all is written out at once: whoever reads it wants it dense.
                       d[0] = dy.numel() == 1 ? full(from, dy.item(), dy.dtype())
                                              : dy.reshape(kept).expand(from);
                     }),
              r, keepdim);
}

// mean(x, axes) = sum / count; NaN over no elements, as in PyTorch
Tensor mean(const Tensor& x, const Axes& axes, bool keepdim) {
  ops::check_tensors("mean", {&x});
  const Plan r("mean", x.shape(), axes);
  return sum(x, axes, keepdim) / static_cast<double>(r.count);
}

// var(x, axes): the sum of squared distances from the mean, over max(0, count - correction).
//   backward   dx = dy * 2 (x - mean) / max(0, count - correction)
//   saves      x - mean
// Two passes: the one-pass formula E[x²] - E[x]² loses all its digits when the mean is large.
Tensor var(const Tensor& x, const Axes& axes, int correction, bool keepdim) {
  ops::check_tensors("var", {&x});
  const Plan r("var", x.shape(), axes);
  const double divisor = std::max(0.0, static_cast<double>(r.count) - correction);
  Tensor distance, y;
  {
    const NoGrad no_grad;
    distance = x - mean(x, axes, true);
    y = sum(distance * distance, axes) / divisor;
  }
  return keep(record("var", {x}, y,
                     [distance = Saved(distance), kept = r.kept, divisor](const Tensor& dy, Gradients& d) {
                       d[0] = dy.reshape(kept) * (2 / divisor) * distance();
                     }),
              r, keepdim);
}

// sum_to(x, shape): sums x over the axes along which `shape` was stretched to x's shape.
Tensor sum_to(const Tensor& x, const Shape& shape) {
  ops::check_tensors("sum_to", {&x});
  if (x.shape() == shape) return x;
  check(broadcast_shapes("sum_to", x.shape(), shape) == x.shape(), "sum_to", shape, " was not stretched to ",
        x.shape());
  Axes axes;
  const int added = x.rank() - shape.rank();
  for (int axis = 0; axis < x.rank(); ++axis)
    if (axis < added || (shape[axis - added] == 1 && x.shape()[axis] != 1)) axes.push_back(axis);
  return axes.rank() == 0 ? x.reshape(shape) : sum(x, axes).reshape(shape);
}

// ---- the largest and the smallest -------------------------------------------------------------------------

namespace {

// Values and first places of the largest along one axis; `sign` -1 asks for the smallest.
ValuesAndIndices largest(const char* op, const Tensor& x, index_t axis, double sign, bool keepdim) {
  ops::check_tensors(op, {&x});
  const Plan r(op, x.shape(), Axes{axis});
  check(r.count > 0, op, "axis ", axis, " of ", x.shape(), " is empty; there is no ", op, " of nothing");
  const NoGrad no_grad;
  const Tensor rows = as_rows(sign < 0 ? neg(x) : x, r);
  Tensor values = ops::allocate(op, r.squeezed, x.dtype());
  IntTensor places = IntTensor::zeros(r.squeezed);
  if (values.numel() > 0)
    ops::dispatch(x.dtype(), [&]<class T>() {
      kernels::kernels<T>().max_rows(rows.data<T>(), ops::output<T>(values), places.values().data(),
                                     values.numel(), r.count);
    });
  if (sign < 0) values = neg(values);
  return keepdim ? ValuesAndIndices{values.reshape(r.kept), places.reshape(r.kept)}
                 : ValuesAndIndices{values, places};
}

// max(x, axis): y = the largest.   dx = dy at the place it came from, 0 elsewhere
//   saves      the places
ValuesAndIndices along(const char* op, const Tensor& x, index_t axis, double sign, bool keepdim) {
  auto [values, places] = largest(op, x, axis, sign, keepdim);
  const int a = wrap_axis(op, axis, x.shape());
  Shape kept = x.shape();
  kept[a] = 1;
  values = record(op, {x}, values,
                  [places = places.reshape(kept), kept, a, from = x.shape()](const Tensor& dy, Gradients& d) {
                    const Tensor g = ops::dense(dy.reshape(kept));
                    d[0] = zeros(from, dy.dtype());
                    index_t inner = 1;
                    for (int axis = a + 1; axis < from.rank(); ++axis) inner *= from[axis];
                    ops::dispatch(dy.dtype(), [&]<class T>() {
                      for (index_t i = 0; i < g.numel(); ++i)
                        ops::output<T>(d[0])[(i / inner * from[a] + places[i]) * inner + i % inner] =
                            g.data<T>()[i];
                    });
                  });
  return {values, places};
}

// max(x): the largest of all, NaN if there is one.   dx = dy shared evenly by all that are equal to
// it, or by all NaN
Tensor of_all(const char* op, const Tensor& x, double sign) {
  ops::check_tensors(op, {&x});
  check(x.numel() > 0, op, x.shape(), " is empty; there is no ", op, " of nothing");
  const Tensor y = largest(op, x.detach().reshape({-1}), 0, sign, false).values;
  return record(op, {x}, y, [x = Saved(x), y = Saved(y)](const Tensor& dy, Gradients& d) {
    const Tensor from = x(), largest = y();
    const Mask ties = std::isnan(largest.item()) ? isnan(from) : equal(from, largest);
    const Tensor share = dy / static_cast<double>(ties.count());
    d[0] = where(ties, share, zeros({}, dy.dtype()));
  });
}

}  // namespace

ValuesAndIndices max(const Tensor& x, index_t axis, bool keepdim) {
  return along("max", x, axis, 1, keepdim);
}
ValuesAndIndices min(const Tensor& x, index_t axis, bool keepdim) {
  return along("min", x, axis, -1, keepdim);
}
Tensor max(const Tensor& x) { return of_all("max", x, 1); }
Tensor min(const Tensor& x) { return of_all("min", x, -1); }
IntTensor argmax(const Tensor& x, index_t axis) { return largest("argmax", x, axis, 1, false).indices; }

// topk(x, k): the k largest of each row, largest first; of equals the first comes first.
//   backward   as gather's: dy goes back to the places
ValuesAndIndices topk(const Tensor& x, index_t k) {
  ops::check_tensors("topk", {&x});
  check(x.rank() >= 1, "topk", "needs an axis to choose along, got a single number");
  const index_t n = x.shape().back(1);
  check(k >= 0 && k <= n, "topk", "k = ", k, " is out of range for the last axis of ", x.shape(),
        "; it must be in [0, ", n, "]");
  Shape shape = x.shape();
  shape[shape.rank() - 1] = k;
  IntTensor places = IntTensor::zeros(shape);
  const auto values = x.to_vector();
  std::vector<index_t> order(static_cast<std::size_t>(n));
  for (index_t row = 0; row < ops::rows_of(x.shape()); ++row) {
    const double* v = values.data() + row * n;
    std::iota(order.begin(), order.end(), index_t{0});
    // NaN counts as largest, as in max
    const auto before = [v](index_t i, index_t j) {
      if (std::isnan(v[i]) != std::isnan(v[j])) return std::isnan(v[i]);
      return v[i] != v[j] && !std::isnan(v[i]) ? v[i] > v[j] : i < j;
    };
    std::partial_sort(order.begin(), order.begin() + k, order.end(), before);
    std::copy_n(order.begin(), k, places.values().begin() + row * k);
  }
  return {gather(x, -1, places), places};
}

// logsumexp(x, axis): y = m + ln Σ exp(x - m), m the largest: exp never overflows. -inf over an
// empty axis.
//   backward   dx = dy * exp(x - y), the softmax; 0 if all of a row is -inf. If y is inf, the
//              elements that are inf share dy evenly, the limit of the softmax (where PyTorch gives
//              NaN)
//   saves      x, y
static Tensor logsumexp_of(const Tensor& x, const Plan& r, index_t axis) {
  const NoGrad no_grad;
  if (r.count == 0) return full(r.kept, -INFINITY, x.dtype());
  Tensor m = largest("logsumexp", x, axis, 1, true).values;
  m = where((m > -INFINITY) & (m < INFINITY), m, zeros({}, x.dtype()));  // inf - inf would be NaN
  return log(sum(exp(x - m), Axes{axis}, true)) + m;
}

static Tensor logsumexp_slope(const Tensor& x, const Tensor& y, index_t axis) {
  const Tensor zero = zeros({}, x.dtype());
  const Tensor slope = where(equal(y, -INFINITY), zero, exp(x - y));
  const Mask infinite = equal(y, INFINITY);
  if (infinite.count() == 0) return slope;
  const Tensor tops = where(equal(x, INFINITY), ones({}, x.dtype()), zero);
  return where(infinite, tops / sum(tops, Axes{axis}, true), slope);
}

Tensor logsumexp(const Tensor& x, index_t axis, bool keepdim) {
  ops::check_tensors("logsumexp", {&x});
  const Plan r("logsumexp", x.shape(), Axes{axis});
  const Tensor y = logsumexp_of(x, r, axis);
  return keep(record("logsumexp", {x}, y.reshape(r.squeezed),
                     [x = Saved(x), y = Saved(y), kept = r.kept, axis](const Tensor& dy, Gradients& d) {
                       d[0] = dy.reshape(kept) * logsumexp_slope(x(), y(), axis);
                     }),
              r, keepdim);
}

}  // namespace heed
