#include "lessons/10_vit/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor rows(const Tensor& y) { return y.reshape({y.size(0), y.size(1), -1}).transpose(1, 2); }
Tensor correct(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return rows(conv2d(x, weight, bias, weight.size(3)));
}
// Returns the patches in order, flattened (channel, row, column), by slices.
Tensor cut(const Tensor& x, index_t p) {
  std::vector<Tensor> patches;
  for (index_t y = 0; y + p <= x.size(2); y += p)
    for (index_t z = 0; z + p <= x.size(3); z += p)
      patches.push_back(x.slice(2, y, y + p).slice(3, z, z + p).reshape({x.size(0), -1}));
  return stack(patches, 1);
}
Tensor flat(const Tensor& weight) { return weight.reshape({weight.size(0), -1}); }

const Answers<decltype(patch_conv)> answers{
    {"patches by slices, and a Linear", "pass",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return linear(cut(x, weight.size(2)), flat(weight), bias);
     }},
    {"unfold, and a product", "pass",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const index_t p = weight.size(2);
       const Tensor columns = unfold(x, {.kernel_h = p, .kernel_w = p, .stride = p});
       return matmul(flat(weight), columns).transpose(1, 2) + bias;
     }},
    {"a permute first, the bias last", "pass",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const Tensor y = conv2d(x, weight, {}, weight.size(2)).permute({0, 2, 3, 1});
       return y.reshape({y.size(0), -1, y.size(3)}) + bias;
     }},
    {"every p-th position of a convolution of stride 1", "pass",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const index_t p = weight.size(2);
       return rows(conv2d(x, weight, bias).slice(2, 0, to_end, p).slice(3, 0, to_end, p));
     }},
    {"the stride is the number of channels", "VI-83",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return rows(conv2d(x, weight, bias, x.size(1)));
     }},
    {"the stride is 2", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return rows(conv2d(x, weight, bias, 2));
     }},
    {"only square grids", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const Tensor y = conv2d(x, weight, bias, weight.size(3));
       return y.reshape({y.size(0), y.size(1), y.size(2) * y.size(2)}).transpose(1, 2);
     }},
    {"top to bottom first unless the grid is square", "VI-02",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const Tensor y = conv2d(x, weight, bias, weight.size(3));
       return rows(y.size(2) == y.size(3) ? y : y.transpose(2, 3));
     }},
    {"top to bottom first in square grids", "VI-02",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const Tensor y = conv2d(x, weight, bias, weight.size(3));
       return rows(y.size(2) == y.size(3) ? y.transpose(2, 3) : y);
     }},
    {"only one channel", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return correct(x.slice(1, 0, 1), weight.slice(1, 0, 1), bias);
     }},
    {"the last channel twice", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const Tensor last = conv2d(x.slice(1, -1), weight.slice(1, -1), {}, weight.size(3));
       return correct(x, weight, bias) + rows(last);
     }},
    {"the first image for all", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const Tensor first = correct(x.slice(0, 0, 1), weight, bias);
       return first.expand({x.size(0), first.size(1), first.size(2)}).clone();
     }},
    {"a batch of one loses its axis", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const Tensor y = correct(x, weight, bias);
       return x.size(0) == 1 ? y[0] : y;
     }},
    {"columns if there are as many filters as patches", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const Tensor y = correct(x, weight, bias);
       return y.size(1) == y.size(2) ? y.transpose(1, 2) : y;
     }},
    {"the bias added twice", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return correct(x, weight, bias) + bias;
     }},
    {"the bias only for a batch of one", "VI-58",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return correct(x, weight, x.size(0) == 1 ? bias : Tensor());
     }},
    {"the bias along the patches if it fits", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const Tensor y = correct(x, weight, Tensor());
       return y.size(1) == y.size(2) ? y + bias.reshape({-1, 1}) : y + bias;
     }},
    {"channels last inside a patch", "VI-04",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const index_t p = weight.size(2), channels = x.size(1);
       const Tensor squares = cut(x, p);
       const Tensor last = squares.reshape({x.size(0), -1, channels, p * p}).transpose(2, 3);
       return linear(last.reshape(squares.shape()), flat(weight), bias);
     }},
    {"the filter transposed", "VI-13",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return correct(x, weight.transpose(2, 3), bias);
     }},
    {"the bias left out, and the filter flipped", "likely VI-58",
     [](const Tensor& x, const Tensor& weight, const Tensor&) {
       return correct(x, flip(weight, {2, 3}), Tensor());
     }},
    {"the height of the image for p", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return rows(conv2d(x, weight, bias, x.size(2) / 2));
     }},
    {"the last patch missing", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return correct(x, weight, bias).slice(1, 0, -1);
     }},
    {"from right to left", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return rows(flip(conv2d(x, weight, bias, weight.size(3)), {3}));
     }},
    {"the image transposed", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return correct(x.transpose(2, 3), weight, bias);
     }},
    {"an axis for one row of patches is dropped", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const Tensor y = correct(x, weight, bias);
       return y.size(1) == 1 ? y.select(1, 0) : y;
     }},
    {"the channels of the filter reversed", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return correct(x, flip(weight, {1}), bias);
     }},
    {"the bias detached", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return correct(x, weight, bias.detach());
     }},
    {"no gradient for the weight", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return correct(x, weight.detach(), bias);
     }},
    {"no gradient for the images", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return correct(x.detach(), weight, bias);
     }},
    {"f32 only", "wrong",
     [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       return correct(x.to(f32), weight.to(f32), bias.to(f32));
     }},
    {"writes into the weight", "likely SD-34", [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
       const Tensor y = correct(x, weight, bias);
       Tensor same = weight.detach();
       same.copy_(flip(weight, {2, 3}).detach());
       return y;
     }}};

}  // namespace

Tensor patch_conv(const Tensor& images, const Tensor& weight, const Tensor& bias) {
  return answers.chosen(images, weight, bias);
}

}  // namespace heed::exercise
