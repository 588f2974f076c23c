// 10_patch_conv — Compute the patch embedding with a single convolution.
// Exercise 2 · 10 minutes · ●●○ · after 08_patchify
//
//   images (B, channels, height, width), weight (C, channels, p, p), bias (C) -> (B, N, C)
//   patches do not overlap and are ordered left to right, then top to bottom
//   height and width are multiples of p and need not be equal
//
// One convolution computes lesson 08's patchify and Linear: each of the C filters maps a patch to
// one value. It returns (B, C, down, across), whereas the encoder expects one row per patch.
//
// You may use:  conv2d(images, weight, bias, stride), x.size(axis), x.reshape({…}),
//               x.transpose(axis, axis).
#include "lessons/10_vit/exercises.h"

namespace heed::exercise {

Tensor patch_conv(const Tensor& images, const Tensor& weight, const Tensor& bias) {
  // solution: convolve, then make each patch a row
  const Tensor y = conv2d(images, weight, bias, weight.size(3));  // (B, C, down, across)
  return y.reshape({y.size(0), y.size(1), -1}).transpose(1, 2);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. By how many pixels must the filter move from one patch to the next if patches do not overlap?
// 2. conv2d with a stride of p gives (B, C, down, across); merge its last two axes to N; then one
//    row per patch: (B, N, C).
// 3. `conv2d(images, weight, bias, weight.size(3))`, a `reshape({b, c, -1})`, and a
//    `transpose(1, 2)`.
