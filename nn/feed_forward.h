// feed_forward.h — the position-wise feed-forward network and the residual connection, which all
// Transformer blocks of this library share.
#pragma once

#include "nn/activations.h"
#include "nn/dropout.h"
#include "nn/linear.h"

namespace heed::nn {

// linear2(dropout(activation(linear1(x)))): x (..., C) -> (..., C), with linear1: C ->
// dim_feedforward and linear2: dim_feedforward -> C. The layers stay members of the block, because
// their names are PyTorch's. Vaswani et al., 2017, section 3.3.
inline Tensor feed_forward(const Tensor& x, Activation activation, const Linear& linear1, Dropout& dropout,
                           const Linear& linear2) {
  return linear2(dropout(activate(activation, linear1, x)));
}
inline Tensor feed_forward(const Tensor& x, Activation activation, const Linear& linear1,
                           const Linear& linear2) {
  return linear2(activate(activation, linear1, x));
}

// The residual connection around one sublayer.
//   post-LN (norm_first = false)   norm(x + sublayer(x))     Vaswani et al., 2017
//   pre-LN  (norm_first = true)    x + sublayer(norm(x))     Xiong et al., 2020
template <class Norm, class Sublayer>
Tensor residual(const Tensor& x, const Norm& norm, bool norm_first, const Sublayer& sublayer) {
  return norm_first ? x + sublayer(norm(x)) : norm(x + sublayer(x));
}

}  // namespace heed::nn
