// 10_normalise_images — Normalise images with the statistics of the training set.
// Exercise 1 · 10 minutes · ●○○ · after 06_add_positions
//
//   images (B, channels, height, width), mean (channels), deviation (channels) -> the shape of images
//   y = (x - mean of its channel) / standard deviation of its channel, which is positive
//   mean and deviation are constants: only images needs a gradient
//
// The statistics belong to the weights: they were computed from the training images, not from the
// images to classify. Broadcasting aligns shapes at the right, with the columns of an image, so
// reshape mean and deviation first.
//
// You may use:  x.reshape({…}) (one size may be -1), + - * / between tensors.
#include "lessons/10_vit/exercises.h"

namespace heed::exercise {

Tensor normalise_images(const Tensor& images, const Tensor& mean, const Tensor& deviation) {
  // solution: subtract the mean, divide by the standard deviation
  const Shape channels{1, -1, 1, 1};
  return (images - mean.reshape(channels)) / deviation.reshape(channels);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. images is (B, channels, height, width), mean is (channels). If the shapes are aligned at the
//    right, from which axis would the mean be subtracted?
// 2. Reshape mean and deviation to (1, channels, 1, 1); then one subtraction and one division.
// 3. `(images - mean.reshape({1, -1, 1, 1})) / deviation.reshape({1, -1, 1, 1})`.
