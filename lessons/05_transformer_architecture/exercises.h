// exercises.h — the functions to be written in lesson 05. Letters: B batch, T words, C channels, F the width inside.
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

// Gradients of a LayerNorm: of x (..., C), gamma (C) and beta (C).
struct LayerNormGradients {
  Tensor x, gamma, beta;
};

// One draw of dropout, made before: what is kept, and whether that matters now.
struct Dropping {
  double p = 0;           // the probability of being lost, below 1
  Mask keep = {};         // true = kept; of the shape of what is dropped
  bool training = false;  // false: nothing is dropped, whatever `keep` says
};

// Blocks, one after the other.
struct Stack {
  std::vector<std::shared_ptr<nn::TransformerEncoderLayer>> layers;
  std::shared_ptr<nn::LayerNorm> norm;  // applied at the end; null: there is none
};

Tensor layer_norm_forward(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps);
LayerNormGradients layer_norm_backward(const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps);
Tensor add_and_norm(const Tensor& x, const Function& f, const Function& norm, const Dropping& dropping);
Tensor feed_forward(const Tensor& x, const Tensor& w1, const Tensor& b1, const Tensor& w2, const Tensor& b2);
Tensor encoder_block(const Tensor& x, nn::TransformerEncoderLayer& parts, const Mask& allowed);
Stack make_stack(const nn::TransformerEncoderLayerOptions& layer, index_t num_layers, Generator& gen);

}  // namespace heed::exercise
