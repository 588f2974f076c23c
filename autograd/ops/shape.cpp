// shape.cpp — views of the same elements, and the contiguous copy for kernels that cannot read a view.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "autograd/ops/common.h"

namespace heed {

// ---- the strided copy ---------------------------------------------------------------------------

namespace {

// The estimated cost of an element if rows and columns are exchanged.
constexpr double copy_ns = 0.5;

// Copies a strided matrix to contiguous memory. A transposed one is copied in small squares, which
// keep the cache lines of both sides in the L1 cache.
template <class T>
void copy_block(const T* x, index_t rows, index_t row_stride, index_t columns, index_t column_stride, T* y) {
  if (column_stride == 1) {
    for (index_t r = 0; r < rows; ++r) std::copy_n(x + r * row_stride, columns, y + r * columns);
    return;
  }
  constexpr index_t tile = 16;
  for (index_t r0 = 0; r0 < rows; r0 += tile)
    for (index_t c0 = 0; c0 < columns; c0 += tile)
      for (index_t r = r0; r < std::min(rows, r0 + tile); ++r)
        for (index_t c = c0; c < std::min(columns, c0 + tile); ++c)
          y[r * columns + c] = x[r * row_stride + c * column_stride];
}

// The offset of block i, in row-major order over the first `axes` axes.
index_t block_offset(const Tensor& x, int axes, index_t i) {
  index_t offset = 0;
  for (int axis = axes - 1; axis >= 0; --axis) {
    offset += (i % x.shape()[axis]) * x.strides()[axis];
    i /= x.shape()[axis];
  }
  return offset;
}

Tensor contiguous_copy(const char* op, const Tensor& x) {
  Tensor y = ops::allocate_like(op, x);
  if (x.numel() == 0) return y;
  const int rank = x.rank();
  const index_t columns = rank >= 1 ? x.shape()[rank - 1] : 1, rows = rank >= 2 ? x.shape()[rank - 2] : 1;
  const index_t column_stride = rank >= 1 ? x.strides()[rank - 1] : 1,
                row_stride = rank >= 2 ? x.strides()[rank - 2] : 0;
  const index_t block = rows * columns, blocks = x.numel() / block;
  ops::dispatch(x.dtype(), [&]<class T>() {
    const T* px = x.data<T>();
    T* py = ops::output<T>(y);
    kernels::parallel_for(blocks, copy_ns * static_cast<double>(block), [&](index_t begin, index_t stop) {
      for (index_t i = begin; i < stop; ++i)
        copy_block(px + block_offset(x, rank - 2, i), rows, row_stride, columns, column_stride,
                   py + i * block);
    });
  });
  return y;
}

}  // namespace

// clone(x): a contiguous copy.   dx = dy
Tensor clone(const Tensor& x) {
  ops::check_tensors("clone", {&x});
  return record("clone", {x}, contiguous_copy("clone", x), [](const Tensor& dy, Gradients& d) { d[0] = dy; });
}

// contiguous(x): x itself if it is contiguous, otherwise a copy.   dx = dy
Tensor contiguous(const Tensor& x) {
  ops::check_tensors("contiguous", {&x});
  if (x.is_contiguous()) return x;
  return record("contiguous", {x}, contiguous_copy("contiguous", x),
                [](const Tensor& dy, Gradients& d) { d[0] = dy; });
}

// to(x, dtype): x in another precision, or x itself.   dx = dy in the dtype of x
Tensor to(const Tensor& x, DType dtype) {
  ops::check_tensors("to", {&x});
  if (x.dtype() == dtype) return x;
  Tensor y = ops::allocate("to", x.shape(), dtype);
  y.copy_(x);
  return record("to", {x}, y, [from = x.dtype()](const Tensor& dy, Gradients& d) { d[0] = to(dy, from); });
}

// ---- views --------------------------------------------------------------------------------------

// Returns strides with which `shape` reads the elements of x in order without a copy, or nothing if
// there are none. Adjacent axes of x without a gap between them form a group, and the new axes must
// divide the groups evenly.
static std::optional<Strides> view_strides(const Tensor& x, const Shape& shape) {
  if (x.numel() == 0) return contiguous_strides(shape);
  Strides strides = Strides::filled(shape.rank(), 1);
  int target = shape.rank() - 1;
  index_t group = 1, base = 1;  // the number of elements in the group, and the stride of its innermost axis
  bool open = false;
  for (int axis = x.rank() - 1; axis >= 0; --axis) {
    if (x.shape()[axis] == 1) continue;
    if (!open) {
      base = x.strides()[axis];
      group = 1;
      open = true;
    }
    group *= x.shape()[axis];
    int outer = axis - 1;
    while (outer >= 0 && x.shape()[outer] == 1) --outer;
    if (outer >= 0 && x.strides()[outer] == group * base) continue;  // in the same group
    index_t filled = 1;
    while (target >= 0 && filled < group) {
      strides[target] = filled * base;
      filled *= shape[target];
      --target;
    }
    if (filled != group) return std::nullopt;
    open = false;
  }
  return strides;
}

// Returns `shape` with its -1, if it has one, replaced. Throws if the numbers of elements differ.
static Shape resolve(const char* op, const Tensor& x, const Shape& shape) {
  index_t known = 1;
  int unknown = -1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    check(shape[axis] >= -1, op, "expected sizes >= 0, or one -1 to be computed, got ", shape);
    check(shape[axis] != -1 || unknown < 0, op, "expected at most one -1, got ", shape);
    if (shape[axis] == -1) unknown = axis;
    check(shape[axis] == -1 || !__builtin_mul_overflow(known, shape[axis], &known), op, "too large: ", shape,
          " has more elements than memory can hold");
  }
  Shape result = shape;
  if (unknown >= 0) {
    check(known > 0 && x.numel() % known == 0, op, "expected sizes whose product divides ", x.numel(),
          ", the number of elements of x ", x, ", got ", shape, ", whose product without the -1 is ", known);
    result[unknown] = x.numel() / known;
  } else {
    check(known == x.numel(), op, "expected a shape with the ", x.numel(), " elements of x ", x, ", got ",
          shape, ", which has ", known);
  }
  check_sizes(op, result);
  return result;
}

static Tensor as_view(const char* op, const Tensor& x, const Shape& shape, const Strides& strides) {
  return record(op, {x}, view_of(x, shape, strides, x.offset()),
                [from = x.shape()](const Tensor& dy, Gradients& d) { d[0] = reshape(dy, from); });
}

// view(x, shape), reshape(x, shape): the same elements in the same order with another shape. view
// never copies.
//   backward   dx = dy with the shape of x
//   saves      nothing
//   taught in  lessons/04, which splits heads by view and transpose, and joins them by contiguous and view
Tensor view(const Tensor& x, const Shape& shape) {
  ops::check_tensors("view", {&x});
  const Shape target = resolve("view", x, shape);
  const auto strides = view_strides(x, target);
  check(strides.has_value(), "view", "expected a shape that needs no copy, got ", target, " for x ", x,
        " with strides ", x.strides(), ". Hint: reshape() copies if necessary");
  return as_view("view", x, target, *strides);
}

Tensor reshape(const Tensor& x, const Shape& shape) {
  ops::check_tensors("reshape", {&x});
  const Shape target = resolve("reshape", x, shape);
  if (target == x.shape()) return x;
  if (const auto strides = view_strides(x, target)) return as_view("reshape", x, target, *strides);
  const Tensor copy = contiguous(x);
  return as_view("reshape", copy, target, contiguous_strides(target));
}

// permute(x, axes): axis i of the result is axis axes[i] of x, as a view.
//   backward   dx = dy with the inverse permutation
//   saves      nothing
Tensor permute(const Tensor& x, const Shape& axes) {
  ops::check_tensors("permute", {&x});
  check(axes.rank() == x.rank(), "permute", "expected one axis per axis of x ", x, ", got ", axes);
  Shape shape = x.shape(), inverse = x.shape();
  Strides strides = x.strides();
  std::array<bool, max_rank> seen{};
  for (int i = 0; i < axes.rank(); ++i) {
    const int axis = wrap_axis("permute", axes[i], x.shape());
    check(!seen[static_cast<std::size_t>(axis)], "permute", "expected each axis once, got ", axes);
    seen[static_cast<std::size_t>(axis)] = true;
    shape[i] = x.shape()[axis];
    strides[i] = x.strides()[axis];
    inverse[axis] = i;
  }
  return record("permute", {x}, view_of(x, shape, strides, x.offset()),
                [inverse](const Tensor& dy, Gradients& d) { d[0] = permute(dy, inverse); });
}

// transpose(x, axis0, axis1): permute() of two axes.   dx = dy transposed
Tensor transpose(const Tensor& x, index_t axis0, index_t axis1) {
  ops::check_tensors("transpose", {&x});
  const int a = wrap_axis("transpose", axis0, x.shape()), b = wrap_axis("transpose", axis1, x.shape());
  Shape shape = x.shape();
  Strides strides = x.strides();
  std::swap(shape[a], shape[b]);
  std::swap(strides[a], strides[b]);
  return record("transpose", {x}, view_of(x, shape, strides, x.offset()),
                [a, b](const Tensor& dy, Gradients& d) { d[0] = transpose(dy, a, b); });
}

// expand(x, shape): repeats axes of size 1 and adds leading axes, as a view with strides of 0.
//   backward   dx = sum_to(dy, x's shape)
//   saves      nothing
Tensor expand(const Tensor& x, const Shape& shape) {
  ops::check_tensors("expand", {&x});
  const int added = shape.rank() - x.rank();
  check(added >= 0, "expand", "expected a shape with at least as many axes as x ", x, ", got ", shape);
  Shape target = shape;
  Strides strides = Strides::filled(shape.rank(), 0);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const index_t size = axis >= added ? x.shape()[axis - added] : 1;
    if (target[axis] == -1 && axis >= added) target[axis] = size;
    check(target[axis] >= 0 && (size == target[axis] || size == 1), "expand", "expected a shape that x ", x,
          " broadcasts to, got ", shape, "; axis ", axis, " of size ", size, " cannot be repeated");
    if (size == target[axis] && axis >= added) strides[axis] = x.strides()[axis - added];
  }
  check_sizes("expand", target);
  return record("expand", {x}, view_of(x, target, strides, x.offset()),
                [from = x.shape()](const Tensor& dy, Gradients& d) { d[0] = sum_to(dy, from); });
}

// squeeze(x, axis): removes an axis of size 1.   dx = dy with the shape of x
Tensor squeeze(const Tensor& x, index_t axis) {
  ops::check_tensors("squeeze", {&x});
  const int a = wrap_axis("squeeze", axis, x.shape());
  if (x.shape()[a] != 1) return x;
  Shape shape = x.shape();
  Strides strides = x.strides();
  shape.erase(a);
  strides.erase(a);
  return as_view("squeeze", x, shape, strides);
}

// unsqueeze(x, axis): adds an axis of size 1.   dx = dy with the shape of x
Tensor unsqueeze(const Tensor& x, index_t axis) {
  ops::check_tensors("unsqueeze", {&x});
  const index_t rank = x.rank();
  check(axis >= -rank - 1 && axis <= rank, "unsqueeze", "expected an axis in [", -rank - 1, ", ", rank,
        "] for x ", x, ", got ", axis);
  const int a = static_cast<int>(axis < 0 ? axis + rank + 1 : axis);
  Shape shape = x.shape();
  Strides strides = x.strides();
  shape.insert(a, 1);
  strides.insert(a, a < rank ? strides[a] * x.shape()[a] : 1);
  return as_view("unsqueeze", x, shape, strides);
}

// select(x, axis, i): the elements at index i along an axis, as a view without that axis.
//   backward   dx = 0, with dy at index i
//   saves      nothing
Tensor select(const Tensor& x, index_t axis, index_t i) {
  ops::check_tensors("select", {&x});
  check(x.rank() >= 1, "select", "expected at least one axis, got x ", x);
  const int a = wrap_axis("select", axis, x.shape());
  const index_t size = x.shape()[a];
  check(i >= -size && i < size, "select", "expected an index in [", -size, ", ", size, ") for axis ", a,
        " of x ", x, ", got ", i);
  if (i < 0) i += size;
  Shape shape = x.shape();
  Strides strides = x.strides();
  shape.erase(a);
  strides.erase(a);
  return record("select", {x}, view_of(x, shape, strides, x.offset() + i * x.strides()[a]),
                [from = x.shape(), a, i](const Tensor& dy, Gradients& d) {
                  d[0] = zeros(from, dy.dtype());
                  select(d[0], a, i).copy_(dy);
                });
}

// slice(x, axis, begin, stop, step): every step-th index in [begin, stop) along an axis, as a view.
//   backward   dx = 0, with dy at these indices
//   saves      nothing
Tensor slice(const Tensor& x, index_t axis, index_t begin, index_t stop, index_t step) {
  ops::check_tensors("slice", {&x});
  check(x.rank() >= 1, "slice", "expected at least one axis, got x ", x);
  const int a = wrap_axis("slice", axis, x.shape());
  check(step >= 1, "slice", "expected step >= 1, got ", step, ". Hint: flip() reverses an axis");
  const index_t size = x.shape()[a];
  const auto clamped = [size](index_t bound) {
    return std::clamp<index_t>(bound < 0 ? bound + size : bound, 0, size);
  };
  const index_t first = clamped(begin), last = std::max(first, clamped(stop));
  if (first == 0 && last == size && step == 1) return x;
  Shape shape = x.shape();
  Strides strides = x.strides();
  shape[a] = (last - first) / step + ((last - first) % step != 0);
  strides[a] *= shape[a] > 1 ? step : 1;
  return record("slice", {x}, view_of(x, shape, strides, x.offset() + first * x.strides()[a]),
                [from = x.shape(), a, first, last, step](const Tensor& dy, Gradients& d) {
                  d[0] = zeros(from, dy.dtype());
                  slice(d[0], a, first, last, step).copy_(dy);
                });
}

// index(x, {…}): select() for each number, slice() for each Slice; an Ellipsis skips the axes in between.
Tensor index(const Tensor& x, std::span<const Index> index) {
  ops::check_tensors("index", {&x});
  const auto is_ellipsis = [](const Index& i) { return std::holds_alternative<Ellipsis>(i); };
  const auto dots = std::count_if(index.begin(), index.end(), is_ellipsis);
  const index_t named = static_cast<index_t>(index.size()) - dots;
  check(dots <= 1, "index", "expected at most one Ellipsis, got ", dots);
  check(named <= x.rank(), "index", "expected at most ", x.rank(), " indices for x ", x, ", got ", named);
  Tensor y = x;
  index_t axis = 0;
  for (const Index& i : index) {
    if (const index_t* position = std::get_if<index_t>(&i)) {
      y = select(y, axis, *position);
    } else if (const Slice* part = std::get_if<Slice>(&i)) {
      y = slice(y, axis, part->begin, part->stop, part->step);
      ++axis;
    } else {
      axis += x.rank() - named;
    }
  }
  return y;
}

// ---- several parts of one tensor ----------------------------------------------------------------
//
// If each part were recorded by itself, each backward would return a tensor of x's shape that is 0
// except for one part: n² parts in total. Here all parts of one backward write into the same dx. A
// node has one output, so there are two kinds of nodes:
//
//   x <- whole (x's shape) <- part 0, part 1, …
//
// The first part that runs allocates dx and returns it to `whole`; the others find it and write into
// it. The node of `whole` has a smaller id than those of the parts, so it runs after all of them.
// The running backward owns dx; the parts refer to it by a weak pointer.

// Returns part(x, 0), …, part(x, count - 1), which must be disjoint views of x.
//   backward   part(dx, i) = the gradient of part i, or 0 if the part was not used
//   saves      nothing
template <class Part>
static std::vector<Tensor> parts_of(const char* op, const Tensor& x, index_t count, const Part& part) {
  const auto shared = std::make_shared<std::weak_ptr<TensorState>>();
  const Tensor whole = record(op, {x}, view_of(x, x.shape(), x.strides(), x.offset()),
                              [shared](const Tensor& dx, Gradients& d) {
                                shared->reset();  // the next backward allocates its own
                                d[0] = dx;
                              });
  const Tensor values = x.detach();
  std::vector<Tensor> parts;
  parts.reserve(static_cast<std::size_t>(count));
  for (index_t i = 0; i < count; ++i)
    parts.push_back(record("part", {whole}, part(values, i),
                           [shared, from = x.shape(), part, i](const Tensor& dy, Gradients& d) {
                             Tensor dx(shared->lock());
                             if (!dx.defined()) {
                               dx = zeros(from, dy.dtype());
                               *shared = dx.state();
                               d[0] = dx;
                             }
                             part(dx, i).copy_(dy);
                           }));
  return parts;
}

// unbind(x, axis): all x[i] along an axis, as views, for a loop over the steps of a sequence.
std::vector<Tensor> unbind(const Tensor& x, index_t axis) {
  ops::check_tensors("unbind", {&x});
  check(x.rank() >= 1, "unbind", "expected at least one axis, got x ", x);
  const int a = wrap_axis("unbind", axis, x.shape());
  return parts_of("unbind", x, x.shape()[a], [a](const Tensor& t, index_t i) { return select(t, a, i); });
}

// split(x, size, axis): slices of `size` along an axis; the last one may be shorter.
std::vector<Tensor> split(const Tensor& x, index_t size, index_t axis) {
  ops::check_tensors("split", {&x});
  check(x.rank() >= 1, "split", "expected at least one axis, got x ", x);
  check(size >= 1, "split", "expected size >= 1, got ", size);
  const int a = wrap_axis("split", axis, x.shape());
  const index_t count = x.shape()[a] / size + (x.shape()[a] % size != 0);
  return parts_of("split", x, count, [a, size](const Tensor& t, index_t i) {
    const index_t first = i * size, last = size < t.shape()[a] - first ? first + size : t.shape()[a];
    return slice(t, a, first, last);
  });
}

// chunk(x, count, axis): at most `count` slices of equal size; the last one may be shorter.
std::vector<Tensor> chunk(const Tensor& x, index_t count, index_t axis) {
  ops::check_tensors("chunk", {&x});
  check(count >= 1, "chunk", "expected count >= 1, got ", count);
  const index_t size = x.size(axis);
  return split(x, std::max<index_t>(1, size / count + (size % count != 0)), axis);
}

}  // namespace heed
