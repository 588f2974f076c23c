// 10 · patch_conv — the patch embedding, as the published weights have it: a convolution.
//
//   images (B, channels, height, width), weight (C, channels, p, p), bias (C) -> (B, N, C)
//   patches do not overlap; they go left to right, then down
//   height and width are multiples of p, and need not be equal
//
// It is lesson 08's cut and Linear in one step: each of the C filters reads a patch and gives one number of it.
// A convolution leaves (B, C, down, across): the encoder wants one row a patch.
//
// You may use:  conv2d(images, weight, bias, stride), x.size(axis), x.reshape({…}), x.transpose(axis, axis).
#include "lessons/10_vit/exercises.h"

namespace heed::exercise {

Tensor patch_conv(const Tensor& images, const Tensor& weight, const Tensor& bias) {
  // solution: convolve, and make a row of each patch
  const Tensor y = conv2d(images, weight, bias, weight.size(3));  // (B, C, down, across)
  return y.reshape({y.size(0), y.size(1), -1}).transpose(1, 2);
  // end
}

}  // namespace heed::exercise
