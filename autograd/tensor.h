// tensor.h — an n-dimensional array of floats that records the ops that produced it.
//
//   Generator gen(0);
//   Tensor w = randn({3, 2}, gen).set_requires_grad();
//   Tensor x = tensor({{1, 2, 3}, {4, 5, 6}});
//   Tensor loss = mean(matmul(x, w) * 2.0);
//   loss.backward();
//   std::cout << w.grad();
//
// A Tensor is a handle: copying it is cheap, and both copies refer to the same tensor, as in
// Python. Views (transpose, slice, reshape if possible, …) are other tensors that share the
// storage.
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
#include "autograd/nested.h"
#include "autograd/random.h"
#include "autograd/recycler.h"
#include "autograd/shape.h"

namespace heed {

// The element type is chosen at run time, so the kernels that ship are also the ones that gradcheck
// tests in f64.
enum class DType : std::uint8_t { f32, f64 };
inline constexpr DType f32 = DType::f32;
inline constexpr DType f64 = DType::f64;
inline const char* name(DType dtype) { return dtype == f32 ? "f32" : "f64"; }
inline std::size_t size_of(DType dtype) { return dtype == f32 ? sizeof(float) : sizeof(double); }

template <class T>
inline constexpr DType dtype_of = std::is_same_v<T, double> ? f64 : f32;
// Calls f with the C++ type of a dtype: dispatch(x.dtype(), [&]<class T>() { use(x.data<T>()); }).
template <class F>
decltype(auto) dispatch(DType dtype, F&& f) {
  if (dtype == f32) return std::forward<F>(f).template operator()<float>();
  return std::forward<F>(f).template operator()<double>();
}

struct PackedWeights;  // ops/packed_weights.cpp

// The memory of one or more tensors. Every write in place increments `version`, so that backward
// can detect that a saved value has been modified.
class Storage {
 public:
  explicit Storage(std::size_t bytes);
  // Memory that something else owns (a mapped file), kept alive by `owner`.
  Storage(std::byte* data, std::size_t bytes, std::shared_ptr<const void> owner);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::byte* data() { return data_; }
  std::size_t bytes() const { return bytes_; }
  bool owned() const { return !owner_; }
  // Called before every write in place.
  void begin_write() {
    ++version;
    packed.reset();
  }
  std::uint64_t version = 0;
  std::shared_ptr<PackedWeights> packed;  // copies of the values in the layout of matmul

 private:
  std::byte* data_;
  std::size_t bytes_;
  std::shared_ptr<const void> owner_;
};

class Tensor;
struct Node;         // graph.h
struct TensorState;  // below

// A part of an axis: Slice{1, 5}, Slice{-3} (the last three), Slice{0, to_end, 2}. Bounds are
// clamped, as in Python.
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
  Tensor() = default;  // undefined: every op rejects it with an Error
  explicit Tensor(std::shared_ptr<TensorState> state) : state_(std::move(state)) {}

  // ---- properties
  bool defined() const { return state_ != nullptr; }
  const Shape& shape() const;
  const Strides& strides() const;
  DType dtype() const;
  int rank() const;
  index_t size(index_t axis) const;  // a negative axis counts from the end
  index_t numel() const;
  bool is_contiguous() const;
  index_t offset() const;  // in elements, from the start of the storage

  // ---- element access
  // A pointer to the first element. The others are at the strides. T must match the dtype.
  template <class T>
  const T* data() const;
  // The same for writing, which counts as a modification in place: see set(). Call it again before
  // writing after a forward pass: ops may keep copies of values until the next modification.
  template <class T>
  T* mutable_data();
  double item() const;                                    // requires exactly one element
  double at(std::initializer_list<index_t> index) const;  // checked; negative indices count from the end
  std::vector<double> to_vector() const;                  // in row-major order

  // ---- modification in place
  // These are not recorded. They throw "[add_] …" if the tensor requires grad, except under NoGrad,
  // and if its elements share memory (after expand). All tensors that share the storage see the new
  // values.
  Tensor& set(std::initializer_list<index_t> index, double value);
  Tensor& fill_(double value);
  Tensor& zero_() { return fill_(0); }
  Tensor& copy_(const Tensor& from);                    // same shape; converts the dtype
  Tensor& add_(const Tensor& other, double alpha = 1);  // this += alpha * other; same shape and dtype
  Tensor& mul_(double factor);

  // ---- autograd
  bool requires_grad() const;
  Tensor& set_requires_grad(bool on = true);  // only a leaf can stop requiring grad; returns *this
  bool is_leaf() const;                       // not the output of a recorded op
  // The gradient, undefined until backward() has reached this tensor. backward() accumulates into
  // it.
  const Tensor& grad() const;
  // Replaces the gradient by g, or by a copy if another tensor refers to g's memory. An undefined g
  // clears it. Throws "[set_grad] …" unless g has the shape and dtype of this tensor.
  void set_grad(Tensor g);
  void zero_grad() { set_grad(Tensor()); }
  void retain_grad();     // store the gradient of a non-leaf tensor as well
  Tensor detach() const;  // a view of the same values, without history
  Tensor clone() const;   // a recorded copy with its own storage
  // Computes the gradient of this tensor with respect to every leaf and accumulates it into the
  // leaf's grad(). A leaf's gradient never shares memory with `gradient` or with another tensor.
  // Without `gradient`, the tensor must have one element. Throws "[backward] …".
  void backward(BackwardOptions options = {}) const;
  void backward(const Tensor& gradient, BackwardOptions options = {}) const;

  // ---- ops, see ops.h; as methods for chains such as x.transpose(0, 1).reshape({2, -1})
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
  // Views as in NumPy: x.index({0, all, Slice{1, 3}}), x.index({Ellipsis{}, -1}).
  Tensor index(std::initializer_list<Index> index) const;
  Tensor sum(const Axes& axes = {}, bool keepdim = false) const;
  Tensor mean(const Axes& axes = {}, bool keepdim = false) const;

  const std::shared_ptr<TensorState>& state() const { return state_; }

 private:
  // Throws "[tensor] …" if the tensor is undefined.
  const TensorState& checked_state() const;
  std::shared_ptr<TensorState> state_;
};

// The state that all copies of a Tensor share.
struct TensorState {
  std::shared_ptr<Storage> storage;
  Shape shape;
  Strides strides;
  index_t offset = 0;
  DType dtype = f32;
  bool requires_grad = false;
  std::shared_ptr<Node> node;  // the op that produced it; null for a leaf
  Tensor grad;
};

namespace internal {
[[noreturn]] void fail_undefined();
}

// Every op calls these several times, so they are inline.
inline const TensorState& Tensor::checked_state() const {
  if (!defined()) [[unlikely]]
    internal::fail_undefined();
  return *state_;
}
inline const Shape& Tensor::shape() const { return checked_state().shape; }
inline const Strides& Tensor::strides() const { return checked_state().strides; }
inline DType Tensor::dtype() const { return checked_state().dtype; }
inline index_t Tensor::offset() const { return checked_state().offset; }
inline int Tensor::rank() const { return shape().rank(); }
inline index_t Tensor::numel() const { return shape().numel(); }
inline bool Tensor::requires_grad() const { return checked_state().requires_grad; }

// Constructors. The results do not require grad. Each throws "[zeros] too large: …" if the number
// of elements overflows, and "[zeros] cannot allocate … bytes for shape …" if the memory is not
// available, as every op does.
Tensor empty(const Shape& shape, DType dtype = f32);  // unspecified values
Tensor zeros(const Shape& shape, DType dtype = f32);
Tensor ones(const Shape& shape, DType dtype = f32);
Tensor full(const Shape& shape, double value, DType dtype = f32);
Tensor arange(double begin, double stop, double step = 1, DType dtype = f32);  // [begin, stop)
Tensor linspace(double begin, double last, index_t steps, DType dtype = f32);  // includes both ends
Tensor eye(index_t n, DType dtype = f32);
Tensor randn(const Shape& shape, Generator& gen, DType dtype = f32);
Tensor rand(const Shape& shape, Generator& gen, DType dtype = f32);  // [0, 1)
// From nested lists: tensor({{1, 2}, {3, 4}}). Throws "[tensor] …" if rows differ in length.
Tensor tensor(std::initializer_list<NestedNumbers> list, DType dtype = f32);
Tensor scalar(double value, DType dtype = f32);  // rank 0
// From a flat row-major list.
Tensor from_vector(const std::vector<double>& values, const Shape& shape, DType dtype = f32);
Tensor from_vector(const std::vector<float>& values, const Shape& shape);
// A contiguous tensor over existing memory, which `owner` keeps alive. `data` must be aligned for
// the dtype.
Tensor from_memory(std::byte* data, const Shape& shape, DType dtype, std::shared_ptr<const void> owner);
// A view of the storage of `base`, not recorded.
Tensor view_of(const Tensor& base, const Shape& shape, const Strides& strides, index_t offset);

// Tensors with names: the state of a module, or the contents of a file.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

// Returns the maximum of |a - b|, NaN if either contains a NaN. Shapes must be equal.
double max_abs_difference(const Tensor& a, const Tensor& b);
// As NumPy's: whether |a - b| <= atol + rtol * |b| for all elements. NaN is never close.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8);

// Prints as PyTorch does: tensor([[1., 2.], [3., 4.]]).
std::ostream& operator<<(std::ostream& out, const Tensor& t);
// Prints the shape, or "an undefined tensor", for error messages.
void describe(std::ostream& out, const Tensor& t);

}  // namespace heed
