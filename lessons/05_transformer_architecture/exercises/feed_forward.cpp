// 05_feed_forward — Write the feed-forward network: linear, ReLU, linear.
// Exercise 4 · 5 minutes · ●○○ · after 02_softmax_rows
//
//   x (B, T, C), w1 (F, C), b1 (F), w2 (C, F), b2 (C) -> (B, T, C)
//   y = ReLU(x · w1ᵀ + b1) · w2ᵀ + b2
//
// The same two matrices are applied to every word separately. What could the two matrices compute
// without an activation between them? T may be 0.
//
// You may use:  linear(x, weight, bias) = x · weightᵀ + bias, relu(x).
#include "lessons/05_transformer_architecture/exercises.h"

namespace heed::exercise {

Tensor feed_forward(const Tensor& x, const Tensor& w1, const Tensor& b1, const Tensor& w2, const Tensor& b2) {
  todo("project to F channels, apply ReLU, project back");
}

}  // namespace heed::exercise
