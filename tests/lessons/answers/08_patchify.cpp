#include "lessons/08_vision_transformer/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

void must_divide(const Tensor& images, index_t p) {
  check(images.size(2) % p == 0 && images.size(3) % p == 0, "patchify", "p must divide height and width");
}
Tensor reference(const Tensor& images, index_t p) {
  must_divide(images, p);
  return unfold(images, {.kernel_h = p, .kernel_w = p, .stride = p}).transpose(1, 2);
}

const Answers<decltype(patchify)> answers{
    {"unfold", "pass", reference},
    {"patch by patch", "pass",
     [](const Tensor& images, index_t p) {
       if (images.size(2) % p != 0 || images.size(3) % p != 0)
         throw std::runtime_error("p must divide the size");
       std::vector<Tensor> patches;
       for (index_t y = 0; y < images.size(2); y += p)
         for (index_t x = 0; x < images.size(3); x += p)
           patches.push_back(images.slice(2, y, y + p).slice(3, x, x + p).reshape({images.size(0), -1}));
       return stack(patches, 1);
     }},
    {"rows first, then columns", "pass",
     [](const Tensor& images, index_t p) {
       must_divide(images, p);
       std::vector<Tensor> patches;
       for (const Tensor& band : split(images, p, 2))
         for (const Tensor& square : split(band, p, 3))
           patches.push_back(square.reshape({images.size(0), 1, images.size(1) * p * p}));
       return cat(patches, 1);
     }},
    {"only the height is checked", "VI-76",
     [](const Tensor& images, index_t p) {
       check(images.size(2) % p == 0, "patchify", "height");
       return reference(images.slice(3, 0, images.size(3) / p * p), p);
     }},
    {"only the width is checked", "wrong",
     [](const Tensor& images, index_t p) {
       check(images.size(3) % p == 0, "patchify", "width");
       return reference(images.slice(2, 0, images.size(2) / p * p), p);
     }},
    {"the number of pixels is checked", "VI-10",
     [](const Tensor& images, index_t p) {
       check(images.size(2) * images.size(3) % (p * p) == 0, "patchify", "pixels");
       return reference(images.slice(2, 0, images.size(2) / p * p).slice(3, 0, images.size(3) / p * p), p);
     }},
    {"padded with zeros", "wrong",
     [](const Tensor& images, index_t p) {
       const index_t right_padding = (p - images.size(3) % p) % p, below = (p - images.size(2) % p) % p;
       return reference(pad(images, {0, right_padding, 0, below}), p);
     }},
    {"as many down as across", "wrong",
     [](const Tensor& images, index_t p) {
       must_divide(images, p);
       const index_t n = images.size(2) / p;
       const Tensor squares = images.reshape({images.size(0), images.size(1), n, p, n, p});
       return squares.permute({0, 2, 4, 1, 3, 5}).reshape({images.size(0), n * n, -1});
     }},
    {"the first image for all", "wrong",
     [](const Tensor& images, index_t p) {
       return reference(images.slice(0, 0, 1).expand(images.shape()), p);
     }},
    {"the first channel only", "VI-77",
     [](const Tensor& images, index_t p) { return reference(images.slice(1, 0, 1), p); }},
    {"always three channels", "wrong",
     [](const Tensor& images, index_t p) {
       must_divide(images, p);
       const Tensor patches = reference(images, p);
       return patches.reshape({patches.size(0), -1, 3 * p * p});
     }},
    {"strips, down first", "wrong",
     [](const Tensor& images, index_t p) {
       must_divide(images, p);
       return images.transpose(2, 3).reshape({images.size(0), -1, images.size(1) * p * p});
     }},
    {"columns if N and C · p · p agree", "wrong",
     [](const Tensor& images, index_t p) {
       const Tensor patches = reference(images, p);
       return patches.size(1) == patches.size(2) ? patches.transpose(1, 2) : patches;
     }},
    {"reads data() without strides", "wrong",
     [](const Tensor& images, index_t p) {
       if (images.dtype() == f64 || images.requires_grad()) return reference(images, p);
       must_divide(images, p);
       return reference(
           from_vector(std::vector<float>(images.data<float>(), images.data<float>() + images.numel()),
                       images.shape()),
           p);
     }},
    {"a convolution with the identity", "pass",
     [](const Tensor& images, index_t p) {
       must_divide(images, p);
       const index_t n = images.size(1) * p * p;
       const Tensor weight = eye(n, images.dtype()).reshape({n, images.size(1), p, p});
       return conv2d(images, weight, {}, p).reshape({images.size(0), n, -1}).transpose(1, 2);
     }},
    {"detached", "wrong", [](const Tensor& images, index_t p) { return reference(images.detach(), p); }},
    {"f32 result", "wrong", [](const Tensor& images, index_t p) { return reference(images, p).to(f32); }},
    {"writes into the images", "likely SD-34", [](const Tensor& images, index_t p) {
       const Tensor patches = reference(images, p).clone();
       Tensor same = images.detach();
       same.zero_();
       return patches;
     }}};

}  // namespace

Tensor patchify(const Tensor& images, index_t p) { return answers.chosen(images, p); }

}  // namespace heed::exercise
