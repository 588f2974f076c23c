// attention_masks.h — which queries may attend to which keys, for the ops and the modules of attention.
#pragma once

#include <algorithm>

#include "autograd/ops.h"

namespace heed::ops {

// Throws "[op] …" if `shape`, of a mask or a bias called `name`, does not fit the scores (..., T,
// S): it must broadcast to them, and have at most 2 axes or all of theirs.
void check_over_scores(const char* op, const char* name, const Shape& shape, const Shape& scores);
// The same for a mask. Also throws if the mask can be read in two ways: see check_not_ambiguous().
// An undefined mask passes.
void check_mask(const char* op, const Mask& mask, const Shape& scores);

// a & b. An undefined mask allows everything.
Mask combine_masks(const Mask& a, const Mask& b);
// The mask combined with the bias, whose -inf elements mask as well.
Mask mask_with_bias(const Mask& mask, const Tensor& bias);

// The number of keys, from the first one on, that a causal mask allows a query to attend to.
inline index_t causal_keys(index_t query, index_t t, index_t s, CausalAlignment alignment) {
  const index_t shift = alignment == CausalAlignment::bottom_right ? s - t : 0;
  return std::clamp<index_t>(query + 1 + shift, 0, s);
}
// The options `causal` and `causal_alignment` of a call.
struct CausalRule {
  bool on = false;
  CausalAlignment alignment = CausalAlignment::bottom_right;

  index_t keys(index_t query, index_t t, index_t s) const {
    return on ? causal_keys(query, t, s, alignment) : s;
  }
};

// The positions that take part in attention: queries that may attend to at least one key, and keys
// that at least one query may attend to. A mask is undefined if all positions take part. The
// leading axes are those of the mask that was given.
struct AttendedPositions {
  Mask queries;  // (..., T, 1)
  Mask keys;     // (..., S, 1)
};
// Requires a mask whose last axes are (1 or T, 1 or S), or an undefined one.
AttendedPositions attended_positions(const Mask& mask, const CausalRule& causal, index_t t, index_t s);

}  // namespace heed::ops
