// mask.h — boolean masks, with one convention in the whole project: TRUE = MAY ATTEND.
//
// PyTorch uses both conventions: in key_padding_mask, true means masked, and in the attn_mask of
// scaled_dot_product_attention, true means that the query may attend. Here there is one, and the
// constructors are named after their purpose:
//
//   Mask mask = causal(T) & padding(lengths, T);  // (B, T, T): masks the future and the padding
//
// A query that may attend to no key gets zeros from attention, never NaN. The values of a key that
// no query may attend to do not matter: see AttentionOptions in ops.h.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <span>
#include <vector>

#include "autograd/int_tensor.h"
#include "autograd/shape.h"

namespace heed {

class Tensor;

// The alignment of T queries and S keys in a causal mask if T and S differ.
enum class CausalAlignment : std::uint8_t {
  bottom_right,  // query t attends to keys 0 … t + S - T, the last query to all: for a KV cache
  top_left       // query t attends to keys 0 … t: PyTorch's is_causal
};

// A contiguous row-major array of booleans. It is immutable, and copies share the bytes. Every
// function that returns a new mask throws "[causal] cannot allocate … bytes for a mask of shape …",
// with its own name, if the memory is not available.
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
  bool at(std::initializer_list<index_t> index) const;  // checked; negative indices count from the end
  index_t count() const;                                // the number of true elements

  Mask reshape(Shape shape) const;        // one size may be -1; shares the bytes
  Mask unsqueeze(index_t axis) const;     // a new axis of size 1; shares the bytes
  Mask expand(const Shape& shape) const;  // a broadcast copy, or *this if it has the shape

  // Whether the last two axes are known to be (queries, keys), as in a mask of causal(). The
  // operators and expand preserve this property if each operand has it or has one row for all
  // queries. reshape and unsqueeze drop it. See check_not_ambiguous().
  bool rows_are_queries() const { return rows_are_queries_; }

  // Equal shapes and values.
  friend bool operator==(const Mask& a, const Mask& b);
  // Logical operators. They broadcast as the ops of tensors do.
  friend Mask operator!(const Mask& m);
  friend Mask operator&(const Mask& a, const Mask& b);
  friend Mask operator|(const Mask& a, const Mask& b);

 private:
  template <class F>
  static Mask combine(const char* op, const Mask& a, const Mask& b, F f);
  friend Mask causal(index_t t, index_t s, CausalAlignment alignment);

  std::shared_ptr<const std::vector<std::uint8_t>> values_;
  Shape shape_{0};
  bool rows_are_queries_ = false;
};

// (T, S): each query may attend to the keys up to its own position. S = T by default; if they
// differ, the alignment determines the position.
Mask causal(index_t t, index_t s = -1, CausalAlignment alignment = CausalAlignment::bottom_right);
// (B, 1, S): sample b may attend to its first lengths[b] keys. Throws "[padding] …" if a length is
// outside [0, S].
Mask padding(std::span<const index_t> lengths, index_t s);
Mask padding(std::initializer_list<index_t> lengths, index_t s);
// (B, 1, S) from token ids (B, S): masks the keys whose id is `pad`.
Mask not_padding(const IntTensor& ids, index_t pad);

// Throws "[op] …" if a mask could mean (T, S) as well as (B, S): it has two axes, the first of size
// T = B > 1, and its rows are not known to be queries. The hint of the message shows how to expand
// the mask to `axes` axes, which are never ambiguous.
void check_not_ambiguous(const char* op, const Mask& mask, index_t batch, index_t t, int axes);

// Comparisons return masks: x > 0, equal(a, b). They broadcast as arithmetic does and have no
// gradient.
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
// Prints the shape, or "an undefined mask", for error messages.
void describe(std::ostream& out, const Mask& mask);

}  // namespace heed
