#include "lessons/08_vision_transformer/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor right(const Tensor& words, index_t p, index_t height, index_t width) {
  const index_t b = words.size(0), channels = words.size(2) / (p * p), down = height / p, across = width / p;
  return words.reshape({b, down, across, channels, p, p})
      .permute({0, 3, 1, 4, 2, 5})
      .reshape({b, channels, height, width});
}

const Answers<decltype(unpatch)> answers{
    {"fold", "pass",
     [](const Tensor& words, index_t p, index_t height, index_t width) {
       return fold(words.transpose(1, 2), height, width, {.kernel_h = p, .kernel_w = p, .stride = p});
     }},
    {"squares joined to bands, bands to an image", "pass",
     [](const Tensor& words, index_t p, index_t height, index_t width) {
       std::vector<Tensor> bands;
       for (index_t y = 0, n = 0; y < height; y += p) {
         std::vector<Tensor> squares;
         for (index_t x = 0; x < width; x += p, ++n)
           squares.push_back(words.select(1, n).reshape({words.size(0), -1, p, p}));
         bands.push_back(cat(squares, 3));
       }
       return cat(bands, 2);
     }},
    {"two transposes in place of a permute", "pass",
     [](const Tensor& words, index_t p, index_t height, index_t width) {
       const index_t b = words.size(0), down = height / p, across = width / p;
       const Tensor squares =
           words.reshape({b, down, across, -1, p, p});  // (B, down, across, channels, p, p)
       return squares.transpose(1, 3).transpose(2, 3).transpose(3, 4).reshape({b, -1, height, width});
     }},
    {"the image is square", "wrong",
     [](const Tensor& words, index_t p, index_t height, index_t) { return right(words, p, height, height); }},
    {"height and width exchanged", "VI-11",
     [](const Tensor& words, index_t p, index_t height, index_t width) {
       return right(words, p, width, height).reshape({words.size(0), -1, height, width});
     }},
    {"down first if the image is square", "wrong",
     [](const Tensor& words, index_t p, index_t height, index_t width) {
       if (height != width) return right(words, p, height, width);
       const index_t b = words.size(0), n = height / p;
       return words.reshape({b, n, n, -1, p, p}).permute({0, 3, 2, 4, 1, 5}).reshape({b, -1, height, width});
     }},
    {"one channel", "wrong",
     [](const Tensor& words, index_t p, index_t height, index_t width) {
       const index_t b = words.size(0);
       return words.reshape({b, height / p, width / p, p, -1})
           .permute({0, 1, 3, 2, 4})
           .reshape({b, -1, height, width});
     }},
    {"the first image for all", "wrong",
     [](const Tensor& words, index_t p, index_t height, index_t width) {
       return right(words.slice(0, 0, 1).expand(words.shape()), p, height, width);
     }},
    {"a reshape", "VI-17",
     [](const Tensor& words, index_t p, index_t height, index_t width) {
       return words.reshape({words.size(0), words.size(2) / (p * p), height, width});
     }},
    {"the permute of patches", "VI-18",
     [](const Tensor& words, index_t p, index_t height, index_t width) {
       const index_t b = words.size(0), channels = words.size(2) / (p * p);
       return words.reshape({b, height / p, width / p, channels, p, p})
           .permute({0, 2, 4, 1, 3, 5})
           .reshape({b, channels, height, width});
     }},
    {"one row too little for one image", "wrong",
     [](const Tensor& words, index_t p, index_t height, index_t width) {
       const Tensor image = right(words, p, height, width);
       return words.size(0) == 1 ? image.slice(2, 0, height - 1) : image;
     }},
    {"detached", "wrong",
     [](const Tensor& words, index_t p, index_t height, index_t width) {
       return right(words.detach(), p, height, width);
     }},
    {"filled, in f32", "wrong",
     [](const Tensor& words, index_t p, index_t height, index_t width) {
       Tensor image = zeros({words.size(0), words.size(2) / (p * p), height, width});
       image.copy_(right(words.detach(), p, height, width));
       return image;
     }},
    {"writes into the words", "likely SD-34",
     [](const Tensor& words, index_t p, index_t height, index_t width) {
       const Tensor image = right(words, p, height, width).clone();
       Tensor same = words.detach();
       same.zero_();
       return image;
     }}};

}  // namespace

Tensor unpatch(const Tensor& words, index_t p, index_t height, index_t width) {
  return answers.chosen(words, p, height, width);
}

}  // namespace heed::exercise
