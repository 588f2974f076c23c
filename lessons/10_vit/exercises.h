// exercises.h — the functions to be written on ViT. Letters: B batch, N patches, p side of a patch, T = N + 1 tokens,
// C width of a token, H heads. Sizes of pictures are written out: (B, channels, height, width).
#pragma once

#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

Tensor normalise_pictures(const Tensor& images, const Tensor& mean, const Tensor& deviation);
Tensor patch_conv(const Tensor& images, const Tensor& weight, const Tensor& bias);
Tensor resize_positions(const Tensor& table, const Tensor& weights);
Tensor rollout(const std::vector<Tensor>& layers);

}  // namespace heed::exercise
