// exercises.h — the functions of the exercises on ViT. Shapes: B images, N patches per image, p
// the side of a patch in pixels, T = N + 1 tokens, C channels of a token, H heads. Images are (B,
// channels, height, width).
#pragma once

#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
Tensor normalise_images(const Tensor& images, const Tensor& mean, const Tensor& deviation);
Tensor patch_conv(const Tensor& images, const Tensor& weight, const Tensor& bias);
Tensor resize_positions(const Tensor& table, const Tensor& weights);
Tensor rollout(const std::vector<Tensor>& layers);

}  // namespace heed::exercise
