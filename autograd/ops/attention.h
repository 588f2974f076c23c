// attention.h — what the two forms of attention share.
#pragma once

#include <algorithm>

#include "autograd/ops.h"

namespace heed::ops {

// Throws "[op] …" if the mask does not fit the scores (..., T, S) or can be read in two ways.
void check_mask(const char* op, const Mask& mask, const Shape& scores);
// Throws "[op] …" if q, k, v or the options do not fit together.
void check_attention(const char* op, const Tensor& q, const Tensor& k, const Tensor& v,
                     const AttentionOptions& o);
// (..., T, S)
Shape scores_shape(const Tensor& q, const Tensor& k);
// The factor of the scores.
double scale_of(const Tensor& q, const AttentionOptions& o);
// The mask, and false where the bias is -inf; undefined if there is neither. The causal flag is
// apart.
Mask visible(const Mask& mask, const Tensor& bias);

// How many keys, from the first on, a query may attend to by a causal mask.
inline index_t causal_keys(index_t query, index_t t, index_t s, CausalAlignment alignment) {
  const index_t shift = alignment == CausalAlignment::bottom_right ? s - t : 0;
  return std::clamp<index_t>(query + 1 + shift, 0, s);
}
// The causal flag of a call.
struct CausalRule {
  bool on = false;
  CausalAlignment alignment = CausalAlignment::bottom_right;

  index_t keys(index_t query, index_t t, index_t s) const {
    return on ? causal_keys(query, t, s, alignment) : s;
  }
};

// The queries that may attend to a key and the keys that a query may attend to; undefined if all
// are. The mask has (1 or T, 1 or S) as its last axes.
struct Attended {
  Mask queries;  // (..., T, 1), the leading axes those of the mask
  Mask keys;     // (..., S, 1)
};
Attended attended(const Mask& mask, const CausalRule& causal, index_t t, index_t s);

// scaled_dot_product_attention after its arguments are checked: fused_attention.cpp.
Tensor fused_attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& o);

}  // namespace heed::ops
