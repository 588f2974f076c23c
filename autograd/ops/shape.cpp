// shape.cpp — other views of the same numbers, and the copy that a kernel needs when a view will not do.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "autograd/ops/common.h"

namespace heed {

// ---- the strided copy -------------------------------------------------------------------------------------

namespace {

// Copies a strided block to dense memory: the two innermost axes as a tile (a transpose reads columns, so
// small squares keep both sides in the cache), the outer ones as an odometer.
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

// Offset of the i-th block, counted in row-major order over the axes before `axes`.
index_t block_offset(const Tensor& x, int axes, index_t i) {
  index_t offset = 0;
  for (int axis = axes - 1; axis >= 0; --axis) {
    offset += (i % x.shape()[axis]) * x.strides()[axis];
    i /= x.shape()[axis];
  }
  return offset;
}

Tensor dense_copy(const char* op, const Tensor& x) {
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
    kernels::parallel_for(blocks, ops::cheap_grain / block + 1, [&](index_t begin, index_t stop) {
      for (index_t i = begin; i < stop; ++i)
        copy_block(px + block_offset(x, rank - 2, i), rows, row_stride, columns, column_stride,
                   py + i * block);
    });
  });
  return y;
}

}  // namespace

// clone(x), contiguous(x), to(x): the same numbers in dense memory of their own,
// perhaps in the other precision.
//   backward   dx = dy (converted back)
Tensor clone(const Tensor& x) {
  ops::check_tensors("clone", {&x});
  return record("clone", {x}, dense_copy("clone", x), [](const Tensor& dy, Gradients& d) { d[0] = dy; });
}

Tensor contiguous(const Tensor& x) {
  ops::check_tensors("contiguous", {&x});
  if (x.is_contiguous()) return x;
  return record("contiguous", {x}, dense_copy("contiguous", x),
                [](const Tensor& dy, Gradients& d) { d[0] = dy; });
}

Tensor to(const Tensor& x, DType dtype) {
  ops::check_tensors("to", {&x});
  if (x.dtype() == dtype) return x;
  Tensor y = ops::allocate("to", x.shape(), dtype);
  y.copy_(x);
  return record("to", {x}, y, [from = x.dtype()](const Tensor& dy, Gradients& d) { d[0] = to(dy, from); });
}

// ---- views ------------------------------------------------------------------------------------------------

// Strides that let `shape` name the elements of x in their order without a copy; nothing where
// there are none. Axes of x that follow each other without a gap form a group, and each group must
// be filled by whole new axes.
static std::optional<Strides> view_strides(const Tensor& x, const Shape& shape) {
  if (x.numel() == 0) return contiguous_strides(shape);
  Strides strides = Strides::filled(shape.rank(), 1);
  int target = shape.rank() - 1;
  index_t group = 1, base = 1;  // elements in this group so far, and the stride of its innermost axis
  bool open = false;
  for (int axis = x.rank() - 1; axis >= 0; --axis) {
    if (x.shape()[axis] == 1) continue;
    if (!open) base = x.strides()[axis], group = 1, open = true;
    group *= x.shape()[axis];
    int outer = axis - 1;
    while (outer >= 0 && x.shape()[outer] == 1) --outer;
    if (outer >= 0 && x.strides()[outer] == group * base) continue;  // the group goes on
    index_t filled = 1;
    while (target >= 0 && filled < group) {
      strides[target] = filled * base;
      filled *= shape[target--];
    }
    if (filled != group) return std::nullopt;
    open = false;
  }
  return strides;
}

// `shape` with its one -1 worked out. Throws where that cannot be, or the numbers of elements differ.
static Shape resolve(const char* op, const Tensor& x, const Shape& shape) {
  index_t known = 1;
  int unknown = -1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    check(shape[axis] >= -1, op, "a size cannot be negative, got ", shape,
          "; one may be -1, to be worked out");
    check(shape[axis] != -1 || unknown < 0, op, "only one size may be -1, got ", shape);
    if (shape[axis] == -1) unknown = axis;
    check(shape[axis] == -1 || !__builtin_mul_overflow(known, shape[axis], &known), op, "too large: ", shape);
  }
  Shape result = shape;
  if (unknown >= 0) {
    check(known > 0 && x.numel() % known == 0, op, x.shape(), " with ", x.numel(),
          " elements does not fit into ", shape, "; the sizes that are given multiply to ", known);
    result[unknown] = x.numel() / known;
  } else {
    check(known == x.numel(), op, x.shape(), " has ", x.numel(), " elements and ", shape, " holds ", known,
          "; they must be equal");
  }
  check_sizes(op, result);
  return result;
}

static Tensor as_view(const char* op, const Tensor& x, const Shape& shape, const Strides& strides) {
  return record(op, {x}, view_of(x, shape, strides, x.offset()),
                [from = x.shape()](const Tensor& dy, Gradients& d) { d[0] = reshape(dy, from); });
}

// view(x, shape), reshape(x, shape): the same elements in the same order under other sizes.
//   backward   dx = dy under x's sizes
//   taught in  lessons/04 (heads are split by view and transpose, and joined by contiguous and view)
Tensor view(const Tensor& x, const Shape& shape) {
  ops::check_tensors("view", {&x});
  const Shape target = resolve("view", x, shape);
  const auto strides = view_strides(x, target);
  check(strides.has_value(), "view", x.shape(), " with strides ", x.strides(), " cannot be seen as ", target,
        " without a copy. Hint: reshape() copies where it must");
  return as_view("view", x, target, *strides);
}

Tensor reshape(const Tensor& x, const Shape& shape) {
  ops::check_tensors("reshape", {&x});
  const Shape target = resolve("reshape", x, shape);
  if (target == x.shape()) return x;
  if (const auto strides = view_strides(x, target)) return as_view("reshape", x, target, *strides);
  const Tensor dense = contiguous(x);
  return as_view("reshape", dense, target, contiguous_strides(target));
}

// permute(x, axes): axis i of the result is axis axes[i] of x. transpose swaps two.
//   backward   dx = dy permuted back
Tensor permute(const Tensor& x, const Shape& axes) {
  ops::check_tensors("permute", {&x});
  check(axes.rank() == x.rank(), "permute", "one axis for each of ", x.shape(), ", got ", axes);
  Shape shape = x.shape(), inverse = x.shape();
  Strides strides = x.strides();
  std::array<bool, max_rank> seen{};
  for (int i = 0; i < axes.rank(); ++i) {
    const int axis = wrap_axis("permute", axes[i], x.shape());
    check(!std::exchange(seen[static_cast<std::size_t>(axis)], true), "permute", "axis ", axis,
          " is named twice in ", axes);
    shape[i] = x.shape()[axis];
    strides[i] = x.strides()[axis];
    inverse[axis] = i;
  }
  return record("permute", {x}, view_of(x, shape, strides, x.offset()),
                [inverse](const Tensor& dy, Gradients& d) { d[0] = permute(dy, inverse); });
}

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

// expand(x, shape): repeats axes of size 1, and adds leading ones, without copying: their stride is 0.
//   backward   dx = dy summed over what was repeated
Tensor expand(const Tensor& x, const Shape& shape) {
  ops::check_tensors("expand", {&x});
  const int added = shape.rank() - x.rank();
  check(added >= 0, "expand", x.shape(), " has more axes than ", shape);
  Shape target = shape;
  Strides strides = Strides::filled(shape.rank(), 0);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const index_t size = axis >= added ? x.shape()[axis - added] : 1;
    if (target[axis] == -1 && axis >= added) target[axis] = size;
    check(target[axis] >= 0 && (size == target[axis] || size == 1), "expand", x.shape(),
          " does not stretch to ", shape, ": axis ", axis, " has ", size,
          "; only a size of 1 can be repeated");
    if (size == target[axis] && axis >= added) strides[axis] = x.strides()[axis - added];
  }
  check_sizes("expand", target);
  return record("expand", {x}, view_of(x, target, strides, x.offset()),
                [from = x.shape()](const Tensor& dy, Gradients& d) { d[0] = sum_to(dy, from); });
}

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

Tensor unsqueeze(const Tensor& x, index_t axis) {
  ops::check_tensors("unsqueeze", {&x});
  const index_t rank = x.rank();
  check(axis >= -rank - 1 && axis <= rank, "unsqueeze", "axis ", axis, " is out of range for ", x.shape(),
        "; it must be in [", -rank - 1, ", ", rank, "]");
  const int a = static_cast<int>(axis < 0 ? axis + rank + 1 : axis);
  Shape shape = x.shape();
  Strides strides = x.strides();
  shape.insert(a, 1);
  strides.insert(a, a < rank ? strides[a] * x.shape()[a] : 1);
  return as_view("unsqueeze", x, shape, strides);
}

// select(x, axis, i), slice(x, axis, begin, stop, step): a part of x, as a view.
//   backward   dx = zeros, with dy written into that part; parts that overlap add up as gradients always do
Tensor select(const Tensor& x, index_t axis, index_t i) {
  ops::check_tensors("select", {&x});
  check(x.rank() >= 1, "select", "a tensor without axes has nothing to select from");
  const int a = wrap_axis("select", axis, x.shape());
  const index_t size = x.shape()[a];
  check(i >= -size && i < size, "select", "index ", i, " is out of range for axis ", a, " of ", x.shape(),
        "; it must be in [", -size, ", ", size, ")");
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

Tensor slice(const Tensor& x, index_t axis, index_t begin, index_t stop, index_t step) {
  ops::check_tensors("slice", {&x});
  check(x.rank() >= 1, "slice", "a tensor without axes has nothing to slice");
  const int a = wrap_axis("slice", axis, x.shape());
  check(step >= 1, "slice", "the step must be at least 1, got ", step, ". Hint: flip() turns an axis around");
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

Tensor index(const Tensor& x, std::span<const Index> index) {
  ops::check_tensors("index", {&x});
  const auto is_ellipsis = [](const Index& i) { return std::holds_alternative<Ellipsis>(i); };
  const auto dots = std::count_if(index.begin(), index.end(), is_ellipsis);
  const index_t named = static_cast<index_t>(index.size()) - dots;
  check(dots <= 1, "index", "only one Ellipsis may stand in an index");
  check(named <= x.rank(), "index", x.shape(), " has ", x.rank(), " axes, the index names ", named);
  Tensor y = x;
  index_t axis = 0;
  for (const Index& i : index) {
    if (const index_t* at = std::get_if<index_t>(&i)) {
      y = select(y, axis, *at);
    } else if (const Slice* part = std::get_if<Slice>(&i)) {
      y = slice(y, axis++, part->begin, part->stop, part->step);
    } else {
      axis += x.rank() - named;
    }
  }
  return y;
}

// unbind(x, axis): every x[i] along an axis, as views: what a loop over a sequence reads its steps from.
//   backward   dx[i] = dy of part i, 0 where a part was not used
// n selects would each hand x a whole tensor that is 0 but for one part, n² numbers in all. Here the parts of one backward
// write into one dx. A node has one output, so there are two kinds of nodes:
//
//   x <- unbind (x's shape) <- part 0, part 1, …
//
// The first part that runs makes dx and hands it to unbind; the others find it and write beside it. unbind's node is older than
// theirs, so it runs when all have written. dx belongs to the backward that is running: the parts hold it by a weak pointer.
std::vector<Tensor> unbind(const Tensor& x, index_t axis) {
  ops::check_tensors("unbind", {&x});
  check(x.rank() >= 1, "unbind", "a tensor without axes has no parts");
  const int a = wrap_axis("unbind", axis, x.shape());
  const auto shared = std::make_shared<std::weak_ptr<TensorState>>();
  const Tensor whole = record("unbind", {x}, view_of(x, x.shape(), x.strides(), x.offset()),
                              [shared](const Tensor& dx, Gradients& d) {
                                shared->reset();  // the next backward makes its own
                                d[0] = dx;
                              });
  std::vector<Tensor> parts;
  parts.reserve(static_cast<std::size_t>(x.shape()[a]));
  for (index_t i = 0; i < x.shape()[a]; ++i)
    parts.push_back(record("part", {whole}, select(x.detach(), a, i),
                           [shared, from = x.shape(), a, i](const Tensor& dy, Gradients& d) {
                             Tensor dx(shared->lock());
                             if (!dx.defined()) {
                               d[0] = dx = zeros(from, dy.dtype());
                               *shared = dx.state();
                             }
                             select(dx, a, i).copy_(dy);
                           }));
  return parts;
}

std::vector<Tensor> split(const Tensor& x, index_t size, index_t axis) {
  ops::check_tensors("split", {&x});
  check(size >= 1, "split", "parts must have at least one element, got size ", size);
  const int a = wrap_axis("split", axis, x.shape());
  std::vector<Tensor> parts;
  for (index_t begin = 0; begin < x.shape()[a]; begin += size)
    parts.push_back(slice(x, a, begin, begin + size));
  return parts;
}

std::vector<Tensor> chunk(const Tensor& x, index_t count, index_t axis) {
  ops::check_tensors("chunk", {&x});
  check(count >= 1, "chunk", "at least one part, got ", count);
  const index_t size = x.size(axis);
  return split(x, std::max<index_t>(1, size / count + (size % count != 0)), axis);
}

}  // namespace heed
