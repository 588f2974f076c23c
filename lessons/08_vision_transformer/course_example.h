// course_example.h — the model of the course document, on an RGB image of 224 x 224 pixels.
#pragma once

#include "data/data.h"
#include "lessons/support/lesson.h"
#include "nn/models/vision_transformer.h"

namespace heed::lessons {

// The course's example: an RGB image of 224 x 224 pixels in patches of 16. The image is the digit with
// each pixel enlarged to 28 x 28, in three equal channels. The course names no width and no depth for
// it: these are those of its encoder. Its position embeddings are randn, those of heed smaller.
inline void course_example(Page& page, const data::Dataset& train, Generator gen) {
  page.say(
      "The course's example is an image of 224 x 224 pixels in three channels and patches of 16 x 16 pixels. "
      "Here is the digit in this size, and the course's model with the width, heads and layers of its "
      "encoder (512, 8 and 6):");
  nn::VisionTransformer model(
      {.img_size = 224, .patch_size = 16, .num_classes = 1000, .d_model = 512, .nhead = 8, .num_layers = 6},
      gen);
  const NoGrad no_grad;
  nn::init::normal(model.pos_embed, gen, 0, 1);
  model.eval();
  const Tensor digit = train.images[0].reshape({1, 1, 8, 1, 8, 1});
  const Tensor image = digit.expand({1, 3, 8, 28, 8, 28}).reshape({1, 3, 224, 224});
  const Tensor patches = model.patches(image), tokens = model.tokens(image);
  page.shape("image", image.shape(), "(B, channels, height, width)");
  page.shape("patches", patches.shape(), "each of 16 · 16 · 3 values");
  page.shape("tokens", tokens.shape(), "embedded, with CLS and positions");
  page.shape("logits", model.forward(image).shape(), concat("of ", model.parameter_count(), " parameters"));
  page.identity("tokens", "224 x 224 pixels in patches of 16 give 196 patches",
                {"(224 / 16)² = ", number(static_cast<double>(patches.size(1))), ", and ",
                 number(static_cast<double>(tokens.size(1))), " tokens with CLS"},
                patches.size(1) == 196 && tokens.size(1) == 197);
}

}  // namespace heed::lessons
