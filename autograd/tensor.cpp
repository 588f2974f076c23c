#include "autograd/tensor.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/graph.h"
#include "autograd/kernels/allocator.h"
#include "autograd/ops.h"
#include "autograd/ops/broadcast_runs.h"
#include "autograd/ops/common.h"

namespace heed {

Storage::Storage(std::size_t bytes)
    : data_(static_cast<std::byte*>(kernels::allocate(bytes))), bytes_(bytes) {}
Storage::Storage(std::byte* data, std::size_t bytes, std::shared_ptr<const void> owner)
    : data_(data), bytes_(bytes), owner_(std::move(owner)) {}
Storage::~Storage() {
  if (!owner_) kernels::release(data_, bytes_);
}

// ---- properties -------------------------------------------------------------------------------------------

void internal::fail_undefined() {
  fail("tensor", "expected a tensor, got ", Tensor(), ". Hint: a default-constructed Tensor is undefined");
}

index_t Tensor::size(index_t axis) const { return shape()[wrap_axis("size", axis, shape())]; }

bool Tensor::is_contiguous() const {
  const TensorState& s = checked_state();
  index_t expected = 1;
  for (int axis = s.shape.rank() - 1; axis >= 0; --axis) {
    if (s.shape[axis] == 0) return true;
    if (s.shape[axis] != 1 && s.strides[axis] != expected) return false;
    expected *= s.shape[axis];
  }
  return true;
}

// ---- element access ---------------------------------------------------------------------------------------

template <class T>
const T* Tensor::data() const {
  const TensorState& s = checked_state();
  check(s.dtype == dtype_of<T>, "data", "expected a tensor of ", heed::name(dtype_of<T>), ", got ",
        heed::name(s.dtype));
  const T* base = reinterpret_cast<const T*>(s.storage->data());
  return base ? base + s.offset : nullptr;
}
template const float* Tensor::data<float>() const;
template const double* Tensor::data<double>() const;

// Checks that t may be modified in place, and increments the version of its storage.
static void begin_write(const char* op, const Tensor& t) {
  if (!t.defined()) internal::fail_undefined();
  const TensorState& s = *t.state();
  check(!(grad_enabled() && s.requires_grad), op, "a tensor ", s.shape,
        " that requires grad cannot be modified in place, because this is not recorded. Hint: x = x + y "
        "makes a "
        "new tensor; an optimizer writes under NoGrad");
  for (int axis = 0; axis < s.shape.rank(); ++axis)
    check(s.strides[axis] != 0 || s.shape[axis] <= 1 || s.shape.numel() == 0, op, "a tensor ", s.shape,
          " expanded along axis ", axis,
          " cannot be modified in place, because its elements share memory. Hint: modify a clone()");
  s.storage->begin_write();
}

template <class T>
T* Tensor::mutable_data() {
  begin_write("mutable_data", *this);
  return const_cast<T*>(data<T>());
}
template float* Tensor::mutable_data<float>();
template double* Tensor::mutable_data<double>();

double Tensor::item() const {
  check(numel() == 1, "item", "expected a tensor with one element, got ", shape(),
        ". Hint: at({…}) reads one of several");
  return dispatch(dtype(), [&]<class T>() { return static_cast<double>(*data<T>()); });
}

double Tensor::at(std::initializer_list<index_t> index) const {
  const index_t offset = element_offset("at", shape(), strides(), index);
  return dispatch(dtype(), [&]<class T>() { return static_cast<double>(data<T>()[offset]); });
}

Tensor& Tensor::set(std::initializer_list<index_t> index, double value) {
  const index_t offset = element_offset("set", shape(), strides(), index);
  begin_write("set", *this);
  dispatch(dtype(), [&]<class T>() { const_cast<T*>(data<T>())[offset] = static_cast<T>(value); });
  return *this;
}

std::vector<double> Tensor::to_vector() const {
  const Tensor d = ops::dense(*this);
  return dispatch(dtype(),
                  [&]<class T>() { return std::vector<double>(d.data<T>(), d.data<T>() + d.numel()); });
}

// ---- modification in place --------------------------------------------------------------------------------

namespace {

// Calls element(i, j) with the offsets of corresponding elements of t and `from`, which have the
// same shape, in row-major order.
template <class Element>
void for_each_offset(const Tensor& t, const Tensor& from, Element&& element) {
  ops::for_each_run(t.shape(), t.strides(), from.strides(),
                    [&](index_t n, index_t i, index_t step_i, index_t j, index_t step_j) {
                      if (step_i == 1 && step_j == 1) {  // the compiler vectorises this loop
                        for (index_t k = 0; k < n; ++k) element(i + k, j + k);
                      } else {
                        for (index_t k = 0; k < n; ++k) element(i + k * step_i, j + k * step_j);
                      }
                    });
}

void check_other(const char* op, const Tensor& t, const Tensor& other) {
  check(other.defined() && other.shape() == t.shape(), op, "expected a tensor of shape ", t.shape(), ", got ",
        other, "; ops in place do not broadcast. Hint: expand() the other tensor");
}

// Returns `from`, or a copy if writing to t would overwrite elements of `from` that are still to be
// read.
Tensor without_overlap(const Tensor& t, const Tensor& from) {
  const bool overlap = t.state()->storage == from.state()->storage &&
                       !(t.offset() == from.offset() && t.strides() == from.strides());
  if (!overlap) return from;
  const NoGrad no_grad;
  return clone(from);
}

}  // namespace

Tensor& Tensor::fill_(double value) {
  begin_write("fill_", *this);
  dispatch(dtype(), [&]<class T>() {
    T* x = const_cast<T*>(data<T>());
    if (is_contiguous()) {
      kernels::kernels<T>().fill(static_cast<T>(value), x, numel());
    } else {
      for_each_offset(*this, *this, [&](index_t i, index_t) { x[i] = static_cast<T>(value); });
    }
  });
  return *this;
}

Tensor& Tensor::copy_(const Tensor& from) {
  check_other("copy_", *this, from);
  begin_write("copy_", *this);
  const Tensor source = without_overlap(*this, from);
  dispatch(dtype(), [&]<class T>() {
    dispatch(source.dtype(), [&]<class U>() {
      T* x = const_cast<T*>(data<T>());
      const U* y = source.data<U>();
      for_each_offset(*this, source, [&](index_t i, index_t j) { x[i] = static_cast<T>(y[j]); });
    });
  });
  return *this;
}

Tensor& Tensor::add_(const Tensor& other, double alpha) {
  check_other("add_", *this, other);
  check(other.dtype() == dtype(), "add_", "expected a tensor of ", heed::name(dtype()), ", got ",
        heed::name(other.dtype()), ". Hint: convert it with to()");
  begin_write("add_", *this);
  const Tensor source = without_overlap(*this, other);
  dispatch(dtype(), [&]<class T>() {
    T* x = const_cast<T*>(data<T>());
    const T* y = source.data<T>();
    if (is_contiguous() && source.is_contiguous()) {
      kernels::parallel_for(numel(), ops::cheap_ns, [&](index_t begin, index_t stop) {
        kernels::kernels<T>().axpby(static_cast<T>(alpha), y + begin, T{1}, x + begin, stop - begin);
      });
    } else {
      for_each_offset(*this, source, [&](index_t i, index_t j) { x[i] += static_cast<T>(alpha) * y[j]; });
    }
  });
  return *this;
}

Tensor& Tensor::mul_(double factor) {
  begin_write("mul_", *this);
  dispatch(dtype(), [&]<class T>() {
    T* x = const_cast<T*>(data<T>());
    for_each_offset(*this, *this, [&](index_t i, index_t) { x[i] *= static_cast<T>(factor); });
  });
  return *this;
}

Tensor ops::dense(const Tensor& x) {
  if (!x.defined() || x.is_contiguous()) return x;
  const NoGrad no_grad;
  return contiguous(x);
}

// ---- autograd ---------------------------------------------------------------------------------------------

bool Tensor::is_leaf() const { return checked_state().node == nullptr; }
const Tensor& Tensor::grad() const { return checked_state().grad; }

Tensor& Tensor::set_requires_grad(bool on) {
  check(
      on || is_leaf(), "set_requires_grad", "expected a leaf, got the output of ",
      [&] { return state_->node->op; },
      "; only a leaf can stop requiring grad. Hint: detach() returns the same values without history");
  state_->requires_grad = on;
  return *this;
}

void Tensor::set_grad(Tensor g) {
  checked_state();
  check(!g.defined() || (g.shape() == shape() && g.dtype() == dtype()), "set_grad", "expected a gradient ",
        shape(), " ", heed::name(dtype()), ", got ", g, " ", [&] { return heed::name(g.dtype()); });
  state_->grad = g.defined() ? internal::unshared(std::move(g)) : Tensor();
}

void Tensor::retain_grad() {
  check(requires_grad(), "retain_grad", "expected a tensor that requires grad, got ", shape());
  if (state_->node) state_->node->retained_output = state_;
}

Tensor Tensor::detach() const {
  const TensorState& s = checked_state();
  return Tensor(internal::make_recycled<TensorState>(
      TensorState{s.storage, s.shape, s.strides, s.offset, s.dtype, false, {}, {}}));
}

// ---- ops as methods ---------------------------------------------------------------------------------------

Tensor Tensor::clone() const { return heed::clone(*this); }
Tensor Tensor::to(DType dtype) const { return heed::to(*this, dtype); }
Tensor Tensor::reshape(const Shape& shape) const { return heed::reshape(*this, shape); }
Tensor Tensor::view(const Shape& shape) const { return heed::view(*this, shape); }
Tensor Tensor::transpose(index_t axis0, index_t axis1) const { return heed::transpose(*this, axis0, axis1); }
Tensor Tensor::permute(const Shape& axes) const { return heed::permute(*this, axes); }
Tensor Tensor::expand(const Shape& shape) const { return heed::expand(*this, shape); }
Tensor Tensor::squeeze(index_t axis) const { return heed::squeeze(*this, axis); }
Tensor Tensor::unsqueeze(index_t axis) const { return heed::unsqueeze(*this, axis); }
Tensor Tensor::contiguous() const { return heed::contiguous(*this); }
Tensor Tensor::select(index_t axis, index_t i) const { return heed::select(*this, axis, i); }
Tensor Tensor::slice(index_t axis, index_t begin, index_t stop, index_t step) const {
  return heed::slice(*this, axis, begin, stop, step);
}
Tensor Tensor::index(std::initializer_list<Index> index) const {
  return heed::index(*this, std::span(index.begin(), index.size()));
}
Tensor Tensor::sum(const Axes& axes, bool keepdim) const { return heed::sum(*this, axes, keepdim); }
Tensor Tensor::mean(const Axes& axes, bool keepdim) const { return heed::mean(*this, axes, keepdim); }

// ---- comparison -------------------------------------------------------------------------------------------

double max_abs_difference(const Tensor& a, const Tensor& b) {
  check(a.shape() == b.shape(), "max_abs_difference", "expected equal shapes, got ", a.shape(), " and ",
        b.shape());
  const auto x = a.to_vector(), y = b.to_vector();
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double difference = x[i] == y[i] ? 0 : std::abs(x[i] - y[i]);  // 0 for equal infinities
    if (std::isnan(difference)) return difference;
    worst = std::max(worst, difference);
  }
  return worst;
}

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol) {
  check(a.shape() == b.shape(), "allclose", "expected equal shapes, got ", a.shape(), " and ", b.shape());
  const auto x = a.to_vector(), y = b.to_vector();
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i] != y[i] && !(std::abs(x[i] - y[i]) <= atol + rtol * std::abs(y[i]))) return false;
  return true;
}

}  // namespace heed
