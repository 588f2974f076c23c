// 05 · feed_forward — each word, thought over by itself: wider, ReLU, and back.
//
//   x (B, T, C), w1 (F, C), b1 (F), w2 (C, F), b2 (C) -> (B, T, C)
//   y = ReLU(x · w1ᵀ + b1) · w2ᵀ + b2
//
// The same two matrices serve every word. What would two matrices without anything between them be worth? T may be 0.
//
// You may use:  linear(x, weight, bias) = x · weightᵀ + bias, relu(x).
#include "lessons/05_transformer_architecture/exercises.h"

namespace heed::exercise {

Tensor feed_forward(const Tensor& x, const Tensor& w1, const Tensor& b1, const Tensor& w2, const Tensor& b2) {
  todo("go to F channels, ReLU, come back");
}

}  // namespace heed::exercise
