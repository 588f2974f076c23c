// attention_of_cls.h — how much CLS attends to each patch of an image of 8 x 8 pixels.
#pragma once

#include "autograd/autograd.h"
#include "nn/models/vision_transformer.h"

namespace heed::lessons {

// The number of patches in a row of the image.
inline index_t side_of(const nn::VisionTransformer& model) { return 8 / model.options.patch_size; }

// Returns the attention weights of CLS on the patches in the last layer, averaged over the heads,
// (B, side, side).
inline Tensor cls_attention(nn::VisionTransformer& model, const Tensor& images) {
  const auto result = model.forward_with_attention(images);
  const Tensor last = result.weights.back().mean(1);  // (B, T, T)
  return last.select(1, 0).slice(1, 1).reshape({images.size(0), side_of(model), side_of(model)});
}

// Repeats each weight (side, side) over the pixels of its patch, so that it covers the image.
inline Tensor over_pixels(const Tensor& weights) {
  const index_t side = weights.size(0), p = 8 / side;
  return weights.reshape({side, 1, side, 1}).expand({side, p, side, p}).reshape({8, 8});
}

// Attention rollout: how much each token contributes to CLS through all layers, if every layer
// passes half of its input through the residual connection and mixes the other half by its
// attention weights. Abnar, Zuidema, "Quantifying attention flow in Transformers", 2020.
inline Tensor rollout(nn::VisionTransformer& model, const Tensor& image) {
  const index_t side = side_of(model), tokens = side * side + 1;
  Tensor flow = eye(tokens);
  for (const Tensor& weights : model.forward_with_attention(image).weights)
    flow = matmul((weights[0].mean(0) + eye(tokens)) / 2.0, flow);
  return flow[0].slice(0, 1).reshape({side, side});  // the weights of CLS on the patches
}

}  // namespace heed::lessons
