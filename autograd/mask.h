// mask.h — true and false, with one meaning in the whole project: TRUE = MAY ATTEND.
//
// PyTorch uses both conventions (key_padding_mask: true = hide; attn_mask of
// scaled_dot_product_attention: true = keep). Here there is one, and constructors that say what they mean:
//
//   Mask mask = causal(T) & padding(lengths, T);      // (B, T, T): neither the future nor the padding
//
// A row that may attend to nothing gives a row of zeros from attention, never NaN.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <span>
#include <vector>

#include "autograd/ids.h"
#include "autograd/shape.h"

namespace heed {

class Tensor;

// A dense row-major array of booleans, immutable; copies share the bytes.
class Mask {
 public:
  Mask() = default;  // undefined: "no mask"
  Mask(std::vector<std::uint8_t> values, Shape shape);
  static Mask full(const Shape& shape, bool value);
  // From nested lists of 0 and 1: Mask::of({{1, 0}, {1, 1}}).
  static Mask of(std::initializer_list<NestedInts> list);

  bool defined() const { return values_ != nullptr; }
  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  index_t numel() const { return shape_.numel(); }
  const std::uint8_t* data() const { return values_->data(); }  // bytes 0 or 1
  bool at(std::initializer_list<index_t> index) const;          // checked; negative counts from the end
  index_t count() const;                                        // how many are true

  Mask reshape(Shape shape) const;        // one size may be -1
  Mask unsqueeze(index_t axis) const;     // a new axis of size 1
  Mask expand(const Shape& shape) const;  // broadcast, as a dense copy (or itself where nothing changes)

  friend bool operator==(const Mask& a, const Mask& b);

 private:
  std::shared_ptr<const std::vector<std::uint8_t>> values_;
  Shape shape_{0};
};

// Logic, broadcasting as tensors do.
Mask operator!(const Mask& m);
Mask operator&(const Mask& a, const Mask& b);
Mask operator|(const Mask& a, const Mask& b);

// (T, S): query t may see keys up to its own place. With S > T the last query sees all keys (aligned at the
// bottom right), which is what a key–value cache needs. S = T where not given.
Mask causal(index_t t, index_t s = -1);
// (B, 1, S): sample b may attend to its first lengths[b] keys. Throws where a length is outside [0, S].
Mask padding(std::span<const index_t> lengths, index_t s);
Mask padding(std::initializer_list<index_t> lengths, index_t s);
// (B, 1, S) from token ids (B, S): keys that equal `pad` are hidden.
Mask not_padding(const IntTensor& ids, index_t pad);

// Comparisons make masks: (x > 0), (a == b). Broadcasting as arithmetic does; no gradient.
Mask operator>(const Tensor& a, const Tensor& b);
Mask operator<(const Tensor& a, const Tensor& b);
Mask operator>=(const Tensor& a, const Tensor& b);
Mask operator<=(const Tensor& a, const Tensor& b);
Mask equal(const Tensor& a, const Tensor& b);
Mask operator>(const Tensor& a, double b);
Mask operator<(const Tensor& a, double b);
Mask operator>=(const Tensor& a, double b);
Mask operator<=(const Tensor& a, double b);
Mask equal(const Tensor& a, double b);
Mask isnan(const Tensor& a);

std::ostream& operator<<(std::ostream& out, const Mask& mask);

}  // namespace heed
