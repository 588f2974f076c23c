// vit_parts.h — the parts of a Vision Transformer that vit_forward combines.
#pragma once

#include <functional>

#include "nn/linear.h"
#include "nn/transformer_encoder.h"

namespace heed::exercise {

struct VitParts {
  using Part = std::function<Tensor(const Tensor&)>;
  Part patchify;                    // (B, channels, height, width) -> (B, N, channels · p · p)
  nn::Linear& embed;                // … -> (B, N, C)
  Part prepend_cls;                 // (B, N, C) -> (B, T, C), CLS in row 0
  Part add_positions;               // (B, T, C) -> (B, T, C); throws for any other number of tokens
  nn::TransformerEncoder& encoder;  // (B, T, C) -> (B, T, C); batch_first = true
  nn::Linear& head;                 // (…, C) -> (…, classes)
};

}  // namespace heed::exercise
