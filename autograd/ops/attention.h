// attention.h — what the two forms of attention share.
#pragma once

#include "autograd/ops.h"

namespace heed::ops {

// Throws where q, k, v or the options do not fit together: "[op] …".
void check_attention(const char* op, const Tensor& q, const Tensor& k, const Tensor& v,
                     const AttentionOptions& o);
// (..., T, S)
Shape scores_shape(const Tensor& q, const Tensor& k);
// What the scores are multiplied by.
double scale_of(const Tensor& q, const AttentionOptions& o);
// What the mask and the bias let through (a bias of -inf hides), the causal flag apart; undefined where that is all.
Mask visible(const AttentionOptions& o);

// scaled_dot_product_attention once its arguments are checked: fused_attention.cpp.
Tensor fused_attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& o);

}  // namespace heed::ops
