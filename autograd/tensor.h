// tensor.h — an array of floats that remembers how it was made.
//
//   Generator gen(0);
//   Tensor w = randn({3, 2}, gen).set_requires_grad();
//   Tensor x = tensor({{1, 2, 3}, {4, 5, 6}});
//   Tensor loss = mean(matmul(x, w) * 2.0);
//   loss.backward();
//   std::cout << w.grad();
//
// A Tensor is a handle: copying it is cheap and both copies are the same tensor, as in Python. Views
// (transpose, slice, reshape where it can, …) are other tensors over the same storage.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "autograd/error.h"
#include "autograd/int_tensor.h"
#include "autograd/mask.h"
#include "autograd/random.h"
#include "autograd/shape.h"

namespace heed {

enum class DType : std::uint8_t { f32, f64 };
inline constexpr DType f32 = DType::f32;
inline constexpr DType f64 = DType::f64;
const char* name(DType dtype);  // "f32"
inline std::size_t size_of(DType dtype) { return dtype == f32 ? sizeof(float) : sizeof(double); }

template <class T>
inline constexpr DType dtype_of = std::is_same_v<T, double> ? f64 : f32;
// Calls f with the C++ type of a dtype: dispatch(x.dtype(), [&]<class T>() { use(x.data<T>()); }).
template <class F>
decltype(auto) dispatch(DType dtype, F&& f) {
  if (dtype == f32) return std::forward<F>(f).template operator()<float>();
  return std::forward<F>(f).template operator()<double>();
}

// The bytes under one or more tensors. `version` grows with every write in place, so that backward can tell
// when something that it saved is no longer what the forward saw.
class Storage {
 public:
  explicit Storage(std::size_t bytes);
  // Somebody else's bytes (a mapped file), which `owner` keeps alive.
  Storage(std::byte* data, std::size_t bytes, std::shared_ptr<const void> owner);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::byte* data() { return data_; }
  std::size_t bytes() const { return bytes_; }
  bool owned() const { return !owner_; }
  std::uint64_t version = 0;

 private:
  std::byte* data_;
  std::size_t bytes_;
  std::shared_ptr<const void> owner_;
};

class Tensor;
struct Node;  // graph.h
// What all copies of one Tensor share.
struct TensorState;

// Nested lists of numbers: tensor({{1, 2}, {3, 4}}).
struct NestedNumbers {
  template <class N>
  requires std::is_arithmetic_v<N> NestedNumbers(N value) : value(static_cast<double>(value)) {}  // NOLINT
  NestedNumbers(std::initializer_list<NestedNumbers> list) : is_list(true), list(list) {}         // NOLINT
  bool is_list = false;
  double value = 0;
  std::vector<NestedNumbers> list;
};

// Part of an axis: Slice{1, 5}, Slice{-3} (the last three), Slice{0, to_end, 2}. Bounds clamp as in Python.
inline constexpr index_t to_end = INT64_MAX;
struct Slice {
  index_t begin = 0, stop = to_end, step = 1;
};
struct Ellipsis {};
inline constexpr Slice all{};
using Index = std::variant<index_t, Slice, Ellipsis>;

struct BackwardOptions {
  bool retain_graph = false;  // keep the graph for another backward
};

class Tensor {
 public:
  Tensor() = default;  // undefined: holds nothing; every op refuses it by name
  explicit Tensor(std::shared_ptr<TensorState> state) : state_(std::move(state)) {}

  // What it is.
  bool defined() const { return state_ != nullptr; }
  const Shape& shape() const;
  const Strides& strides() const;
  DType dtype() const;
  int rank() const { return shape().rank(); }
  index_t size(index_t axis) const;  // axis may be negative
  index_t numel() const { return shape().numel(); }
  bool is_contiguous() const;
  index_t offset() const;  // elements from the start of the storage

  // Numbers out. `data<T>()` needs T to be the dtype; elements are at the strides.
  template <class T>
  const T* data() const;
  // The same, to write: counts as a change in place. Throws where autograd would not notice (see add_).
  template <class T>
  T* mutable_data();
  double item() const;                                    // of a tensor with one element
  double at(std::initializer_list<index_t> index) const;  // checked; negative counts from the end
  std::vector<double> to_vector() const;                  // row-major, whatever the strides

  // Changes in place. They are not recorded: throws "[add_] …" for a tensor that requires grad, unless
  // under NoGrad. Everything that shares the storage sees the change.
  Tensor& set(std::initializer_list<index_t> index, double value);
  Tensor& fill_(double value);
  Tensor& zero_() { return fill_(0); }
  Tensor& copy_(const Tensor& from);                    // same shape; converts the dtype
  Tensor& add_(const Tensor& other, double alpha = 1);  // this += alpha * other, same shape and dtype
  Tensor& mul_(double factor);

  // Autograd.
  bool requires_grad() const;
  Tensor& set_requires_grad(bool on = true);  // of a leaf; returns *this
  bool is_leaf() const;                       // not made by a recorded op
  // Undefined until backward has reached this tensor. backward() adds to it; a copy of this handle
  // keeps the numbers that it had.
  const Tensor& grad() const;
  // Replaces grad() by a copy of g, or by g itself if nothing else refers to its memory. g has this
  // tensor's shape and dtype, or is undefined; otherwise throws "[set_grad] …".
  void set_grad(Tensor g);
  void zero_grad() { set_grad(Tensor()); }
  void retain_grad();     // keep the gradient of a tensor that is no leaf, too
  Tensor detach() const;  // the same numbers (shared), without history
  Tensor clone() const;   // recorded copy with storage of its own
  // Adds the gradient of this tensor with respect to every leaf to its grad(), which never shares
  // memory with `gradient` or any other tensor. Without `gradient` the tensor must have one
  // element. Throws "[backward] …".
  void backward(BackwardOptions options = {}) const;
  void backward(const Tensor& gradient, BackwardOptions options = {}) const;

  // Recorded, as in ops.h; methods because chains read better.
  Tensor to(DType dtype) const;
  Tensor reshape(const Shape& shape) const;
  Tensor view(const Shape& shape) const;
  Tensor transpose(index_t axis0, index_t axis1) const;
  Tensor permute(const Shape& axes) const;
  Tensor expand(const Shape& shape) const;
  Tensor squeeze(index_t axis) const;
  Tensor unsqueeze(index_t axis) const;
  Tensor contiguous() const;
  Tensor select(index_t axis, index_t i) const;
  Tensor slice(index_t axis, index_t begin, index_t stop = to_end, index_t step = 1) const;
  Tensor operator[](index_t i) const { return select(0, i); }
  // x.index({0, all, Slice{1, 3}}), x.index({Ellipsis{}, -1}): views, as in NumPy.
  Tensor index(std::initializer_list<Index> index) const;
  Tensor sum(const Axes& axes = {}, bool keepdim = false) const;
  Tensor mean(const Axes& axes = {}, bool keepdim = false) const;

  const std::shared_ptr<TensorState>& state() const { return state_; }

 private:
  std::shared_ptr<TensorState> state_;
};

struct TensorState {
  std::shared_ptr<Storage> storage;
  Shape shape;
  Strides strides;
  index_t offset = 0;
  DType dtype = f32;
  bool requires_grad = false;
  std::shared_ptr<Node> node;  // the op that made it; null for a leaf
  Tensor grad;
};

// Constructors. Nothing here requires grad. Each throws "[zeros] too large: …" if the number of
// elements cannot be represented, and "[zeros] cannot allocate … bytes for shape …" if the memory
// is not available, as does every op.
Tensor empty(const Shape& shape, DType dtype = f32);  // contents unspecified
Tensor zeros(const Shape& shape, DType dtype = f32);
Tensor ones(const Shape& shape, DType dtype = f32);
Tensor full(const Shape& shape, double value, DType dtype = f32);
Tensor arange(double begin, double stop, double step = 1, DType dtype = f32);  // [begin, stop)
Tensor linspace(double begin, double last, index_t steps, DType dtype = f32);  // both ends included
Tensor eye(index_t n, DType dtype = f32);
Tensor randn(const Shape& shape, Generator& gen, DType dtype = f32);
Tensor rand(const Shape& shape, Generator& gen, DType dtype = f32);  // [0, 1)
// From nested lists: tensor({{1, 2}, {3, 4}}); throws "[tensor] …" where rows differ in length.
Tensor tensor(std::initializer_list<NestedNumbers> list, DType dtype = f32);
Tensor scalar(double value, DType dtype = f32);  // rank 0
// From a flat row-major list and a shape.
Tensor from_vector(const std::vector<double>& values, const Shape& shape, DType dtype = f32);
Tensor from_vector(const std::vector<float>& values, const Shape& shape);
// A dense tensor over somebody else's memory, which `owner` keeps alive; `data` must be aligned for the dtype.
Tensor from_memory(std::byte* data, const Shape& shape, DType dtype, std::shared_ptr<const void> owner);
// A tensor over an existing storage (views).
Tensor view_of(const Tensor& base, const Shape& shape, const Strides& strides, index_t offset);

// Names with tensors: what a module's state is, and what a file holds.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

// Largest |a - b|; NaN where either has one. Shapes must agree.
double max_abs_difference(const Tensor& a, const Tensor& b);
// As NumPy's: |a - b| <= atol + rtol * |b| everywhere; NaN is never close.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8);

// Prints as PyTorch does: tensor([[1., 2.], [3., 4.]]).
std::ostream& operator<<(std::ostream& out, const Tensor& t);
// What an error message prints: the shape, or "an undefined tensor".
void describe(std::ostream& out, const Tensor& t);

}  // namespace heed
