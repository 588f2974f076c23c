// reduce.cpp — reductions over axes: sums, means, variances, maxima.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "autograd/ops/common.h"

namespace heed {

namespace {

// The axes to reduce, all if none are named, and the two possible shapes of the result.
struct Reduced {
  std::array<bool, max_rank> reduced{};
  Shape keepdim_shape;  // with size 1 for each reduced axis
  Shape squeezed;       // without the reduced axes
  index_t count = 1;    // the number of elements per result

  Reduced(const char* op, const Shape& shape, const Axes& axes) {
    for (const index_t axis : axes) {
      const auto a = static_cast<std::size_t>(wrap_axis(op, axis, shape));
      check(!reduced[a], op, "expected each axis once, got ", axes, " for shape ", shape);
      reduced[a] = true;
    }
    if (axes.rank() == 0) std::fill_n(reduced.begin(), shape.rank(), true);
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const bool reduces = reduced[static_cast<std::size_t>(axis)];
      keepdim_shape.push_back(reduces ? 1 : shape[axis]);
      if (reduces)
        count *= shape[axis];
      else
        squeezed.push_back(shape[axis]);
    }
  }
};

// Returns x with the reduced axes moved to the end, contiguous: (results, count).
Tensor as_rows(const Tensor& x, const Reduced& r) {
  if (std::is_sorted(r.reduced.begin(), r.reduced.begin() + x.rank())) return ops::dense(x);
  Shape order;
  for (const bool reduces : {false, true})
    for (int axis = 0; axis < x.rank(); ++axis)
      if (r.reduced[static_cast<std::size_t>(axis)] == reduces) order.push_back(axis);
  return ops::dense(x.detach().permute(order));
}

// Whether exactly the leading axes are reduced. Then the sums are sums of columns, and nothing is
// transposed.
bool reduces_leading_axes(const Reduced& r, int rank) {
  int axis = 0;
  while (axis < rank && r.reduced[static_cast<std::size_t>(axis)]) ++axis;
  return axis > 0 && axis < rank &&
         std::none_of(r.reduced.begin() + axis, r.reduced.begin() + rank,
                      [](bool reduces) { return reduces; });
}

Tensor sum_of(const Tensor& x, const Reduced& r) {
  Tensor y = ops::allocate("sum", r.squeezed, x.dtype());
  if (x.numel() == 0) return y.fill_(0);
  const bool columns = reduces_leading_axes(r, x.rank()) && y.numel() > 1;
  const Tensor rows = columns ? ops::dense(x) : as_rows(x, r);
  ops::dispatch(x.dtype(), [&]<class T>() {
    const T* px = rows.data<T>();
    T* py = ops::output<T>(y);
    if (columns) return kernels::kernels<T>().sum_columns(px, py, r.count, y.numel(), false);
    kernels::parallel_for(
        y.numel(), ops::cheap_ns * static_cast<double>(r.count), [&](index_t begin, index_t stop) {
          kernels::kernels<T>().sum_rows(px + begin * r.count, py + begin, stop - begin, r.count);
        });
  });
  return y;
}

Tensor with_axes(const Tensor& y, const Reduced& r, bool keepdim) {
  return keepdim ? y.reshape(r.keepdim_shape) : y;
}

}  // namespace

// sum(x, axes): the sum over some axes, or over all.
//   backward   dx = dy, repeated along the reduced axes (a view of dy)
//   saves      nothing
//   taught in  lessons/00
Tensor sum(const Tensor& x, const Axes& axes, bool keepdim) {
  ops::check_tensors("sum", {&x});
  const Reduced r("sum", x.shape(), axes);
  return with_axes(
      record("sum", {x}, sum_of(x, r),
             [keepdim_shape = r.keepdim_shape, from = x.shape()](const Tensor& dy, Gradients& d) {
               // A sum over everything is expanded into memory at once: its readers
               // need contiguous elements.
               d[0] = dy.numel() == 1 ? full(from, dy.item(), dy.dtype())
                                      : dy.reshape(keepdim_shape).expand(from);
             }),
      r, keepdim);
}

// mean(x, axes): y = sum(x, axes) / count, which is NaN over no elements, as in PyTorch.
Tensor mean(const Tensor& x, const Axes& axes, bool keepdim) {
  ops::check_tensors("mean", {&x});
  const Reduced r("mean", x.shape(), axes);
  return sum(x, axes, keepdim) / static_cast<double>(r.count);
}

// var(x, axes): the variance over some axes, or over all.
//   forward    y = sum((x - mean)²) / max(0, count - correction), in two passes: E[x²] - E[x]²
//              would lose all its digits if the mean is large
//   backward   dx = dy * 2 (x - mean) / max(0, count - correction)
//   saves      x - mean
//   taught in  lessons/05
Tensor var(const Tensor& x, const Axes& axes, int correction, bool keepdim) {
  ops::check_tensors("var", {&x});
  const Reduced r("var", x.shape(), axes);
  const double divisor = std::max(0.0, static_cast<double>(r.count) - correction);
  Tensor distance, y;
  {
    const NoGrad no_grad;
    distance = x - mean(x, axes, true);
    y = sum(distance * distance, axes) / divisor;
  }
  return with_axes(record("var", {x}, y,
                          [distance = Saved(distance), keepdim_shape = r.keepdim_shape, divisor](
                              const Tensor& dy, Gradients& d) {
                            d[0] = dy.reshape(keepdim_shape) * (2 / divisor) * distance();
                          }),
                   r, keepdim);
}

// sum_to(x, shape): sums x over the axes along which `shape` was broadcast to x's shape.
Tensor sum_to(const Tensor& x, const Shape& shape) {
  ops::check_tensors("sum_to", {&x});
  if (x.shape() == shape) return x;
  check(broadcast_shapes("sum_to", x.shape(), shape) == x.shape(), "sum_to",
        "expected a shape that broadcasts to x ", x, ", got ", shape);
  Axes axes;
  const int added = x.rank() - shape.rank();
  for (int axis = 0; axis < x.rank(); ++axis)
    if (axis < added || (shape[axis - added] == 1 && x.shape()[axis] != 1)) axes.push_back(axis);
  return axes.rank() == 0 ? x.reshape(shape) : sum(x, axes).reshape(shape);
}

// ---- maximum and minimum ------------------------------------------------------------------------

namespace {

// Returns the largest elements along one axis and their first indices, or the smallest if sign = -1.
ValuesAndIndices largest(const char* op, const Tensor& x, index_t axis, double sign, bool keepdim) {
  ops::check_tensors(op, {&x});
  const Reduced r(op, x.shape(), Axes{axis});
  check(r.count > 0, op, "expected at least one element along axis ", axis, ", got x ", x);
  const NoGrad no_grad;
  const Tensor rows = as_rows(sign < 0 ? neg(x) : x, r);
  Tensor values = ops::allocate(op, r.squeezed, x.dtype());
  IntTensor indices = IntTensor::zeros(r.squeezed);
  if (values.numel() > 0)
    ops::dispatch(x.dtype(), [&]<class T>() {
      kernels::kernels<T>().max_rows(rows.data<T>(), ops::output<T>(values), indices.values().data(),
                                     values.numel(), r.count);
    });
  if (sign < 0) values = neg(values);
  return keepdim ? ValuesAndIndices{values.reshape(r.keepdim_shape), indices.reshape(r.keepdim_shape)}
                 : ValuesAndIndices{values, indices};
}

// max(x, axis), min(x, axis): the largest or smallest elements along an axis, and their indices.
//   backward   dx = dy at the index of the element, 0 elsewhere
//   saves      the indices
ValuesAndIndices along(const char* op, const Tensor& x, index_t axis, double sign, bool keepdim) {
  auto [values, indices] = largest(op, x, axis, sign, keepdim);
  const int a = wrap_axis(op, axis, x.shape());
  Shape keepdim_shape = x.shape();
  keepdim_shape[a] = 1;
  values = record(op, {x}, values,
                  [indices = indices.reshape(keepdim_shape), keepdim_shape, a, from = x.shape()](
                      const Tensor& dy, Gradients& d) {
                    const Tensor g = ops::dense(dy.reshape(keepdim_shape));
                    d[0] = zeros(from, dy.dtype());
                    index_t inner = 1;
                    for (int axis = a + 1; axis < from.rank(); ++axis) inner *= from[axis];
                    ops::dispatch(dy.dtype(), [&]<class T>() {
                      for (index_t i = 0; i < g.numel(); ++i)
                        ops::output<T>(d[0])[(i / inner * from[a] + indices[i]) * inner + i % inner] =
                            g.data<T>()[i];
                    });
                  });
  return {values, indices};
}

// max(x), min(x): the largest or smallest of all elements, NaN if there is one.
//   backward   dx = dy divided evenly among the elements that are equal to y, or among all NaN if y is NaN
//   saves      x, y
Tensor of_all(const char* op, const Tensor& x, double sign) {
  ops::check_tensors(op, {&x});
  check(x.numel() > 0, op, "expected at least one element, got x ", x);
  const Tensor y = largest(op, x.detach().reshape({-1}), 0, sign, false).values;
  return record(op, {x}, y, [x = Saved(x), y = Saved(y)](const Tensor& dy, Gradients& d) {
    const Tensor from = x(), largest = y();
    const Mask ties = std::isnan(largest.item()) ? isnan(from) : equal(from, largest);
    const Tensor part = dy / static_cast<double>(ties.count());
    d[0] = where(ties, part, zeros({}, dy.dtype()));
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

// topk(x, k): the k largest elements of each row, in descending order; equal elements keep their order.
//   backward   dx = dy at the indices, 0 elsewhere, as in gather
ValuesAndIndices topk(const Tensor& x, index_t k) {
  ops::check_tensors("topk", {&x});
  check(x.rank() >= 1, "topk", "expected at least one axis, got x ", x);
  const index_t n = x.shape().back(1);
  check(k >= 0 && k <= n, "topk", "expected k in [0, ", n, "], the size of the last axis, got ", k, " for x ",
        x);
  Shape shape = x.shape();
  shape[shape.rank() - 1] = k;
  IntTensor indices = IntTensor::zeros(shape);
  const auto values = x.to_vector();
  std::vector<index_t> order(static_cast<std::size_t>(n));
  for (index_t row = 0; row < ops::rows_of(x.shape()); ++row) {
    const double* v = values.data() + row * n;
    std::iota(order.begin(), order.end(), index_t{0});
    // NaN counts as the largest element, as in max.
    const auto before = [v](index_t i, index_t j) {
      if (std::isnan(v[i]) != std::isnan(v[j])) return std::isnan(v[i]);
      return v[i] != v[j] && !std::isnan(v[i]) ? v[i] > v[j] : i < j;
    };
    std::partial_sort(order.begin(), order.begin() + k, order.end(), before);
    std::copy_n(order.begin(), k, indices.values().begin() + row * k);
  }
  return {gather(x, -1, indices), indices};
}

static Tensor logsumexp_of(const Tensor& x, const Reduced& r, index_t axis) {
  const NoGrad no_grad;
  if (r.count == 0) return full(r.keepdim_shape, -INFINITY, x.dtype());
  Tensor m = largest("logsumexp", x, axis, 1, true).values;
  // An infinite maximum is not subtracted, because inf - inf is NaN.
  m = where((m > -INFINITY) & (m < INFINITY), m, zeros({}, x.dtype()));
  return log(sum(exp(x - m), Axes{axis}, true)) + m;
}

// The softmax of x, with the limits for infinite y.
static Tensor logsumexp_derivative(const Tensor& x, const Tensor& y, index_t axis) {
  const Tensor zero = zeros({}, x.dtype());
  Tensor finite = where(equal(y, -INFINITY), zero, exp(x - y));
  const Mask infinite = equal(y, INFINITY);
  if (infinite.count() == 0) return finite;
  const Tensor limit = where(equal(x, INFINITY), ones({}, x.dtype()), zero);
  return where(infinite, limit / sum(limit, Axes{axis}, true), finite);
}

// logsumexp(x, axis): ln Σ exp(x) along an axis; -inf over an empty axis.
//   forward    y = m + ln Σ exp(x - m), m the maximum, so that exp cannot overflow
//   backward   dx = dy * exp(x - y), the softmax of x; 0 if y is -inf. If y is inf, dy is divided
//              evenly among the elements that are inf, the limit of the softmax (PyTorch: NaN)
//   saves      x, y
Tensor logsumexp(const Tensor& x, index_t axis, bool keepdim) {
  ops::check_tensors("logsumexp", {&x});
  const Reduced r("logsumexp", x.shape(), Axes{axis});
  const Tensor y = logsumexp_of(x, r, axis);
  return with_axes(record("logsumexp", {x}, y.reshape(r.squeezed),
                          [x = Saved(x), y = Saved(y), keepdim_shape = r.keepdim_shape, axis](
                              const Tensor& dy, Gradients& d) {
                            d[0] = dy.reshape(keepdim_shape) * logsumexp_derivative(x(), y(), axis);
                          }),
                   r, keepdim);
}

}  // namespace heed
