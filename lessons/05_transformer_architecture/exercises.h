// exercises.h — the exercises of lesson 05, in order. Shape letters: B batch, T words, C channels,
// F width of the feed-forward network.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"
#include "nn/transformer_encoder.h"

namespace heed::exercise {

// A sublayer, or a norm: (..., C) -> (..., C).
using Function = std::function<Tensor(const Tensor&)>;

// The gradients of a LayerNorm with respect to x (..., C), gamma (C) and beta (C).
struct LayerNormGradients {
  Tensor x, gamma, beta;
};

// The random choices of one dropout, drawn in advance.
struct Dropping {
  double p = 0;           // probability of dropping an element, below 1
  Mask keep = {};         // true = kept; has the shape of the tensor that dropout is applied to
  bool training = false;  // false: nothing is dropped, and `keep` is not used
};

// Blocks that are applied in order.
struct Stack {
  std::vector<std::shared_ptr<nn::TransformerEncoderLayer>> layers;
  std::shared_ptr<nn::LayerNorm> norm;  // applied after the last block; null if there is none
};

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
Tensor layer_norm_forward(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps);
LayerNormGradients layer_norm_backward(const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps);
Tensor add_and_norm(const Tensor& x, const Function& f, const Function& norm, const Dropping& dropping);
Tensor feed_forward(const Tensor& x, const Tensor& w1, const Tensor& b1, const Tensor& w2, const Tensor& b2);
Tensor encoder_block(const Tensor& x, nn::TransformerEncoderLayer& parts, const Mask& allowed);
Stack encoder_stack(const nn::TransformerEncoderLayerOptions& layer, index_t num_layers, Generator& gen);

}  // namespace heed::exercise
