// create.cpp — constructors: filled, counted, random, or from lists.
#include <algorithm>
#include <cmath>
#include <new>

#include "autograd/graph.h"
#include "autograd/ops/common.h"
#include "autograd/tensor.h"

namespace heed {

// All memory of tensors is allocated here, so that an error names the op and the shape.
Tensor ops::allocate(const char* op, const Shape& shape, DType dtype) {
  check_sizes(op, shape);
  const std::size_t bytes = static_cast<std::size_t>(shape.numel()) * size_of(dtype);
  try {
    auto storage = internal::make_recycled<Storage>(bytes);
    return Tensor(internal::make_recycled<TensorState>(
        TensorState{std::move(storage), shape, contiguous_strides(shape), 0, dtype, false, {}, {}}));
  } catch (const std::bad_alloc&) {
    const char* backward_of = internal::running_backward();
    fail(op, "cannot allocate ", bytes, " bytes for shape ", shape, " ", name(dtype),
         backward_of ? " in the backward of " : "", backward_of ? backward_of : "",
         ". Hint: use smaller sizes, or fewer tensors at a time");
  }
}

constexpr double random_ns = 10;  // estimated cost of one random element

// Returns a new tensor whose element i is value(i).
template <class Value>
static Tensor generate(const char* op, const Shape& shape, DType dtype, Value&& value) {
  Tensor t = ops::allocate(op, shape, dtype);
  dispatch(dtype, [&]<class T>() {
    T* x = ops::output<T>(t);
    kernels::parallel_for(t.numel(), random_ns, [&](index_t begin, index_t stop) {
      for (index_t i = begin; i < stop; ++i) x[i] = static_cast<T>(value(i));
    });
  });
  return t;
}

Tensor empty(const Shape& shape, DType dtype) { return ops::allocate("empty", shape, dtype); }
Tensor zeros(const Shape& shape, DType dtype) { return ops::allocate("zeros", shape, dtype).fill_(0); }
Tensor ones(const Shape& shape, DType dtype) { return ops::allocate("ones", shape, dtype).fill_(1); }
Tensor full(const Shape& shape, double value, DType dtype) {
  return ops::allocate("full", shape, dtype).fill_(value);
}
Tensor scalar(double value, DType dtype) { return full({}, value, dtype); }

Tensor arange(double begin, double stop, double step, DType dtype) {
  check(step != 0 && std::isfinite(begin) && std::isfinite(stop) && std::isfinite(step), "arange",
        "expected finite bounds and a step other than 0, got ", begin, ", ", stop, ", ", step);
  const double count = std::max(0.0, std::ceil((stop - begin) / step));
  check(count < 0x1p44, "arange", "too large: from ", begin, " to ", stop, " in steps of ", step);
  return generate("arange", {static_cast<index_t>(count)}, dtype,
                  [&](index_t i) { return begin + static_cast<double>(i) * step; });
}

Tensor linspace(double begin, double last, index_t steps, DType dtype) {
  check(steps >= 0, "linspace", "expected a number of steps >= 0, got ", steps);
  const double step = steps > 1 ? (last - begin) / static_cast<double>(steps - 1) : 0;
  // Counts from the nearer end, so that the last element is exactly `last`.
  return generate("linspace", {steps}, dtype, [&](index_t i) {
    return i < (steps + 1) / 2 ? begin + static_cast<double>(i) * step
                               : last - static_cast<double>(steps - 1 - i) * step;
  });
}

Tensor eye(index_t n, DType dtype) {
  Tensor t = ops::allocate("eye", {n, n}, dtype).fill_(0);
  dispatch(dtype, [&]<class T>() {
    for (index_t i = 0; i < n; ++i) ops::output<T>(t)[i * n + i] = 1;
  });
  return t;
}

Tensor randn(const Shape& shape, Generator& gen, DType dtype) {
  check_sizes("randn", shape);
  const RandomBlock block = gen.take(static_cast<std::uint64_t>(shape.numel()));
  return generate("randn", shape, dtype,
                  [&](index_t i) { return block.normal(static_cast<std::uint64_t>(i)); });
}

Tensor rand(const Shape& shape, Generator& gen, DType dtype) {
  check_sizes("rand", shape);
  const RandomBlock block = gen.take(static_cast<std::uint64_t>(shape.numel()));
  // Uses 24 bits, which both dtypes represent exactly: rounding more bits to float could give 1.
  return generate("rand", shape, dtype, [&](index_t i) {
    return static_cast<double>(block.bits(static_cast<std::uint64_t>(i)) >> 40) * 0x1p-24;
  });
}

// ---- from values ------------------------------------------------------------------------------------------

Tensor tensor(std::initializer_list<NestedNumbers> list, DType dtype) {
  const Flattened<double> flattened("tensor", list);
  return from_vector(flattened.values, flattened.shape, dtype);
}

template <class T>
static Tensor from_values(const std::vector<T>& values, const Shape& shape, DType dtype) {
  check_sizes("from_vector", shape);
  check(static_cast<index_t>(values.size()) == shape.numel(), "from_vector", "expected ", shape.numel(),
        " values for shape ", shape, ", got ", values.size());
  return generate("from_vector", shape, dtype,
                  [&](index_t i) { return values[static_cast<std::size_t>(i)]; });
}
Tensor from_vector(const std::vector<double>& values, const Shape& shape, DType dtype) {
  return from_values(values, shape, dtype);
}
Tensor from_vector(const std::vector<float>& values, const Shape& shape) {
  return from_values(values, shape, f32);
}

Tensor from_memory(std::byte* data, const Shape& shape, DType dtype, std::shared_ptr<const void> owner) {
  check_sizes("from_memory", shape);
  check(owner != nullptr, "from_memory", "expected an owner that keeps the memory alive, got null");
  check(reinterpret_cast<std::uintptr_t>(data) % size_of(dtype) == 0, "from_memory",
        "expected memory that is aligned for ", name(dtype));
  const std::size_t bytes = static_cast<std::size_t>(shape.numel()) * size_of(dtype);
  auto storage = internal::make_recycled<Storage>(data, bytes, std::move(owner));
  return Tensor(internal::make_recycled<TensorState>(
      TensorState{std::move(storage), shape, contiguous_strides(shape), 0, dtype, false, {}, {}}));
}

Tensor view_of(const Tensor& base, const Shape& shape, const Strides& strides, index_t offset) {
  const TensorState& s = *base.state();
  return Tensor(internal::make_recycled<TensorState>(
      TensorState{s.storage, shape, strides, offset, s.dtype, false, {}, {}}));
}

}  // namespace heed
