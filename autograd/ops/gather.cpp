// gather.cpp — ops that copy parts of tensors: concatenation, indexing, rolling, flipping, padding.
#include <algorithm>
#include <utility>

#include "autograd/ops/common.h"
#include "autograd/ops/scatter.h"

namespace heed {

// cat(parts, axis): concatenates tensors along an axis; their other sizes must be equal.
//   backward   each dpart is the part's slice of dy
//   saves      nothing
Tensor cat(const std::vector<Tensor>& parts, index_t axis) {
  check(!parts.empty(), "cat", "expected at least one tensor, got none");
  ops::check_tensors("cat", {&parts[0]});
  const int a = wrap_axis("cat", axis, parts[0].shape());
  Shape shape = parts[0].shape();
  shape[a] = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    ops::check_tensors("cat", {&parts[0], &parts[i]});
    Shape expected = parts[0].shape();
    if (parts[i].rank() == expected.rank()) expected[a] = parts[i].shape()[a];
    check(parts[i].shape() == expected, "cat", "expected parts with equal sizes except along axis ", a,
          ", got ", parts[0], " for part 0 and ", parts[i], " for part ", i);
    shape[a] += parts[i].shape()[a];
  }
  Tensor y = ops::allocate("cat", shape, parts[0].dtype());
  std::vector<index_t> starts;
  index_t start = 0;
  for (const Tensor& part : parts) {
    starts.push_back(start);
    slice(y, a, start, start + part.shape()[a]).copy_(part.detach());
    start += part.shape()[a];
  }
  starts.push_back(start);
  const std::vector<internal::TensorRef> inputs(parts.begin(), parts.end());
  return record("cat", internal::Inputs(inputs), y, [a, starts](const Tensor& dy, Gradients& d) {
    for (std::size_t i = 0; i < d.size(); ++i)
      if (d.needs(i)) d[i] = slice(dy, a, starts[i], starts[i + 1]);
  });
}

// stack(parts, axis): cat() along a new axis.
Tensor stack(const std::vector<Tensor>& parts, index_t axis) {
  check(!parts.empty(), "stack", "expected at least one tensor, got none");
  std::vector<Tensor> unsqueezed;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    ops::check_tensors("stack", {&parts[0], &parts[i]});
    check(parts[i].shape() == parts[0].shape(), "stack", "expected parts of one shape, got ", parts[0],
          " for part 0 and ", parts[i], " for part ", i, ". Hint: cat() joins along an existing axis");
    unsqueezed.push_back(unsqueeze(parts[i], axis));
  }
  return cat(unsqueezed, axis < 0 ? axis + parts[0].rank() + 1 : axis);
}

// ---- indexing -----------------------------------------------------------------------------------

static void check_index(const char* op, const IntTensor& indices, index_t size, const Shape& shape,
                        int axis) {
  for (index_t i = 0; i < indices.numel(); ++i)
    check(indices[i] >= 0 && indices[i] < size, op, "expected indices in [0, ", size, ") for axis ", axis,
          " of ", shape, ", got ", indices[i], " at position ", i);
}

// The sizes of a tensor as (outer, size, inner), for indexing along the middle axis.
namespace {
struct AroundAxis {
  index_t outer = 1, size, inner = 1;
  AroundAxis(const Shape& shape, int axis) : size(shape[axis]) {
    for (int i = 0; i < axis; ++i) outer *= shape[i];
    for (int i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  }
};
}  // namespace

// index_select(x, axis, indices): the slices of x at these indices along an axis.
//   x (..., n, ...), indices (m) -> y (..., m, ...)
//   backward   each slice of dx is the sum of the slices of dy that were copied from it (see scatter.h)
//   saves      indices
Tensor index_select(const Tensor& x, index_t axis, const IntTensor& indices) {
  ops::check_tensors("index_select", {&x});
  const int a = wrap_axis("index_select", axis, x.shape());
  check(indices.rank() == 1, "index_select", "expected indices (n), got ", indices.shape());
  check_index("index_select", indices, x.shape()[a], x.shape(), a);
  const AroundAxis from(x.shape(), a);
  const index_t n = indices.numel(), inner = from.inner;
  Shape shape = x.shape();
  shape[a] = n;
  Tensor y = ops::allocate("index_select", shape, x.dtype());
  const Tensor xd = ops::dense(x);
  ops::dispatch(x.dtype(), [&]<class T>() {
    const T* px = xd.data<T>();
    T* py = ops::output<T>(y);
    for (index_t o = 0; o < from.outer; ++o)
      for (index_t i = 0; i < n; ++i)
        std::copy_n(px + (o * from.size + indices[i]) * inner, inner, py + (o * n + i) * inner);
  });
  return record("index_select", {x}, y,
                [indices, from, n, shape = x.shape()](const Tensor& dy, Gradients& d) {
                  const Tensor dyd = ops::dense(dy);
                  d[0] = zeros(shape, dy.dtype());
                  const ops::IndexGroups groups(indices, from.size);
                  ops::dispatch(dy.dtype(), [&]<class T>() {
                    for (index_t o = 0; o < from.outer; ++o)
                      ops::scatter_add(groups, dyd.data<T>() + o * n * from.inner, from.inner,
                                       ops::output<T>(d[0]) + o * from.size * from.inner);
                  });
                });
}

// gather(x, axis, indices): one element of x per index.
//   indices has x's rank and y's shape; its other axes may be shorter than x's, as in PyTorch
//   forward    y[i][j] = x[indices[i][j]][j] for axis 0, x[i][indices[i][j]] for axis 1, and so on
//   backward   dx = 0, then dx[indices[i][j]][j] += dy[i][j]; in f64 if more than 64 elements may
//              be added to one
//   saves      the offset in x of each element of y
//   taught in  lessons/07
Tensor gather(const Tensor& x, index_t axis, const IntTensor& indices) {
  ops::check_tensors("gather", {&x});
  const int a = wrap_axis("gather", axis, x.shape());
  check(indices.rank() == x.rank(), "gather", "expected indices with as many axes as x ", x, ", got ",
        indices.shape());
  for (int i = 0; i < x.rank(); ++i)
    check(i == a || indices.shape()[i] <= x.shape()[i], "gather", "expected indices no longer than x ", x,
          " along axis ", i, ", got ", indices.shape());
  check_index("gather", indices, x.shape()[a], x.shape(), a);
  Tensor y = ops::allocate("gather", indices.shape(), x.dtype());
  const Strides strides = contiguous_strides(x.shape()), own = contiguous_strides(indices.shape());
  std::vector<index_t> source(static_cast<std::size_t>(indices.numel()));  // offsets in contiguous x
  for (index_t i = 0; i < indices.numel(); ++i) {
    index_t offset = 0;
    for (int k = 0; k < x.rank(); ++k)
      offset += (k == a ? indices[i] : i / own[k] % indices.shape()[k]) * strides[k];
    source[static_cast<std::size_t>(i)] = offset;
  }
  const Tensor xd = ops::dense(x);
  ops::dispatch(x.dtype(), [&]<class T>() {
    for (std::size_t i = 0; i < source.size(); ++i) ops::output<T>(y)[i] = xd.data<T>()[source[i]];
  });
  const DType sum_type = indices.shape()[a] > 64 ? f64 : x.dtype();
  return record("gather", {x}, y, [source, sum_type, shape = x.shape()](const Tensor& dy, Gradients& d) {
    const Tensor dyd = ops::dense(dy);
    Tensor dx = zeros(shape, sum_type);
    ops::dispatch(dy.dtype(), [&]<class T>() {
      ops::dispatch(sum_type, [&]<class Sum>() {
        for (std::size_t i = 0; i < source.size(); ++i)
          ops::output<Sum>(dx)[source[i]] += static_cast<Sum>(dyd.data<T>()[i]);
      });
    });
    d[0] = to(dx, dy.dtype());
  });
}

// roll(x, shift, axis): moves the element at index i to (i + shift) mod n, by index_select.
Tensor roll(const Tensor& x, index_t shift, index_t axis) {
  ops::check_tensors("roll", {&x});
  const index_t n = x.shape()[wrap_axis("roll", axis, x.shape())];
  IntTensor order = IntTensor::arange(0, n);
  for (index_t i = 0; i < n; ++i) order.values()[static_cast<std::size_t>(i)] = ((i - shift % n) % n + n) % n;
  return index_select(x, axis, order);
}

// flip(x, axes): reverses the order along each of the axes, by index_select.
Tensor flip(const Tensor& x, const Axes& axes) {
  ops::check_tensors("flip", {&x});
  check(axes.rank() >= 1, "flip", "expected at least one axis, got none");
  Tensor y = x;
  for (const index_t axis : axes) {
    const index_t n = x.shape()[wrap_axis("flip", axis, x.shape())];
    IntTensor order = IntTensor::arange(0, n);
    std::reverse(order.values().begin(), order.values().end());
    y = index_select(y, axis, order);
  }
  return y;
}

// pad(x, {left, right, top, bottom, …}): adds elements of one value around the last axes, the last
// axis first.
//   backward   dx = the slice of dy that holds x
//   saves      nothing
Tensor pad(const Tensor& x, const std::vector<index_t>& amounts, double value) {
  ops::check_tensors("pad", {&x});
  const index_t axes = static_cast<index_t>(amounts.size()) / 2;
  check(amounts.size() % 2 == 0 && axes <= x.rank(), "pad", "expected two amounts per axis, at most ",
        2 * x.rank(), " for x ", x, ", got ", amounts.size());
  Shape shape = x.shape();
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    check(amounts[i] >= 0, "pad", "expected amounts >= 0, got ", amounts[i], " at position ", i,
          ". Hint: slice() removes elements");
    index_t& size = shape[x.rank() - 1 - static_cast<int>(i / 2)];
    check(!__builtin_add_overflow(size, amounts[i], &size), "pad", "too large: x ", x, " padded by ",
          amounts[i]);
  }
  const auto inside = [amounts, from = x.shape()](Tensor y) {
    for (std::size_t i = 0; i < amounts.size() / 2; ++i) {
      const int axis = from.rank() - 1 - static_cast<int>(i);
      y = slice(y, axis, amounts[2 * i], amounts[2 * i] + from[axis]);
    }
    return y;
  };
  Tensor y = ops::allocate("pad", shape, x.dtype()).fill_(value);
  inside(y).copy_(x.detach());
  return record("pad", {x}, y, [inside](const Tensor& dy, Gradients& d) { d[0] = inside(dy); });
}

}  // namespace heed
