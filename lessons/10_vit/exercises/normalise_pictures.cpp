// 10 · normalise_pictures — bring pictures to the scale on which a model was trained.
//
//   images (B, channels, height, width), mean (channels), deviation (channels) -> the same shape as images
//   y = (x - mean of its channel) / deviation of its channel, which is above 0
//   mean and deviation are constants: only images needs a gradient
//
// The numbers belong to the weights: they are those of the training pictures, not of the picture at hand. Shapes are
// aligned at the right, where the columns of a picture are: say where the channels stand.
//
// You may use:  x.reshape({…}) (one size may be -1), + - * / between tensors.
#include "lessons/10_vit/exercises.h"

namespace heed::exercise {

Tensor normalise_pictures(const Tensor& images, const Tensor& mean, const Tensor& deviation) {
  todo("subtract the mean, divide by the deviation");
}

}  // namespace heed::exercise
