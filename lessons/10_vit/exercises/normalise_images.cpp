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
  todo("subtract the mean, divide by the standard deviation");
}

}  // namespace heed::exercise
