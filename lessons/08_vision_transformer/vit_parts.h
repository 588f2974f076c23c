// vit_parts.h — what vit_forward is given: the parts of a Vision Transformer, in the order of their making.
#pragma once

#include <functional>

#include "nn/linear.h"
#include "nn/transformer_encoder.h"

namespace heed::exercise {

struct VitParts {
  using Part = std::function<Tensor(const Tensor&)>;
  Part patches;                     // (B, channels, height, width) -> (B, N, channels · p · p)
  nn::Linear& embed;                // … -> (B, N, C)
  Part prepend_cls;                 // (B, N, C) -> (B, T, C), CLS in row 0
  Part add_positions;               // (B, T, C) -> (B, T, C); throws for any other number of tokens
  nn::TransformerEncoder& encoder;  // (B, T, C) -> (B, T, C): made with batch_first = true
  nn::Linear& head;                 // (…, C) -> (…, classes)
};

}  // namespace heed::exercise
