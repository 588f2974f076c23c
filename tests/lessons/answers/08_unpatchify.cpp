#include "lessons/08_vision_transformer/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor reference(const Tensor& patches, index_t p, index_t height, index_t width) {
  const index_t b = patches.size(0), channels = patches.size(2) / (p * p), down = height / p,
                across = width / p;
  return patches.reshape({b, down, across, channels, p, p})
      .permute({0, 3, 1, 4, 2, 5})
      .reshape({b, channels, height, width});
}

const Answers<decltype(unpatchify)> answers{
    {"fold", "pass",
     [](const Tensor& patches, index_t p, index_t height, index_t width) {
       return fold(patches.transpose(1, 2), height, width, {.kernel_h = p, .kernel_w = p, .stride = p});
     }},
    {"patches joined to rows, rows to an image", "pass",
     [](const Tensor& patches, index_t p, index_t height, index_t width) {
       std::vector<Tensor> bands;
       for (index_t y = 0, n = 0; y < height; y += p) {
         std::vector<Tensor> squares;
         for (index_t x = 0; x < width; x += p, ++n)
           squares.push_back(patches.select(1, n).reshape({patches.size(0), -1, p, p}));
         bands.push_back(cat(squares, 3));
       }
       return cat(bands, 2);
     }},
    {"transposes instead of a permute", "pass",
     [](const Tensor& patches, index_t p, index_t height, index_t width) {
       const index_t b = patches.size(0), down = height / p, across = width / p;
       const Tensor squares =
           patches.reshape({b, down, across, -1, p, p});  // (B, down, across, channels, p, p)
       return squares.transpose(1, 3).transpose(2, 3).transpose(3, 4).reshape({b, -1, height, width});
     }},
    {"the image is square", "wrong",
     [](const Tensor& patches, index_t p, index_t height, index_t) {
       return reference(patches, p, height, height);
     }},
    {"height and width swapped", "VI-11",
     [](const Tensor& patches, index_t p, index_t height, index_t width) {
       return reference(patches, p, width, height).reshape({patches.size(0), -1, height, width});
     }},
    {"down first if the image is square", "wrong",
     [](const Tensor& patches, index_t p, index_t height, index_t width) {
       if (height != width) return reference(patches, p, height, width);
       const index_t b = patches.size(0), n = height / p;
       return patches.reshape({b, n, n, -1, p, p})
           .permute({0, 3, 2, 4, 1, 5})
           .reshape({b, -1, height, width});
     }},
    {"always one channel", "wrong",
     [](const Tensor& patches, index_t p, index_t height, index_t width) {
       const index_t b = patches.size(0);
       return patches.reshape({b, height / p, width / p, p, -1})
           .permute({0, 1, 3, 2, 4})
           .reshape({b, -1, height, width});
     }},
    {"the first image for all", "wrong",
     [](const Tensor& patches, index_t p, index_t height, index_t width) {
       return reference(patches.slice(0, 0, 1).expand(patches.shape()), p, height, width);
     }},
    {"a reshape", "VI-17",
     [](const Tensor& patches, index_t p, index_t height, index_t width) {
       return patches.reshape({patches.size(0), patches.size(2) / (p * p), height, width});
     }},
    {"the permute of patchify", "VI-18",
     [](const Tensor& patches, index_t p, index_t height, index_t width) {
       const index_t b = patches.size(0), channels = patches.size(2) / (p * p);
       return patches.reshape({b, height / p, width / p, channels, p, p})
           .permute({0, 2, 4, 1, 3, 5})
           .reshape({b, channels, height, width});
     }},
    {"one row missing for one image", "wrong",
     [](const Tensor& patches, index_t p, index_t height, index_t width) {
       const Tensor image = reference(patches, p, height, width);
       return patches.size(0) == 1 ? image.slice(2, 0, height - 1) : image;
     }},
    {"detached", "wrong",
     [](const Tensor& patches, index_t p, index_t height, index_t width) {
       return reference(patches.detach(), p, height, width);
     }},
    {"filled, in f32", "wrong",
     [](const Tensor& patches, index_t p, index_t height, index_t width) {
       Tensor image = zeros({patches.size(0), patches.size(2) / (p * p), height, width});
       image.copy_(reference(patches.detach(), p, height, width));
       return image;
     }},
    {"writes into the patches", "likely SD-34",
     [](const Tensor& patches, index_t p, index_t height, index_t width) {
       const Tensor image = reference(patches, p, height, width).clone();
       Tensor same = patches.detach();
       same.zero_();
       return image;
     }}};

}  // namespace

Tensor unpatchify(const Tensor& patches, index_t p, index_t height, index_t width) {
  return answers.chosen(patches, p, height, width);
}

}  // namespace heed::exercise
