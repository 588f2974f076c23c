#include "lessons/08_vision_transformer/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor reference(const Tensor& weights, index_t down, index_t across) {
  return weights.mean(1).select(1, 0).slice(1, 1).reshape({weights.size(0), down, across});
}

const Answers<decltype(cls_attention)> answers{
    {"the row first, then the mean", "pass",
     [](const Tensor& weights, index_t down, index_t across) {
       const Tensor rows = weights.select(2, 0).slice(2, 1);  // (B, H, N)
       return sum(rows, {1}).reshape({-1, down, across}) / static_cast<double>(weights.size(1));
     }},
    {"head by head", "pass",
     [](const Tensor& weights, index_t down, index_t across) {
       const index_t heads = weights.size(1);
       Tensor total = zeros({weights.size(0), down, across}, weights.dtype());
       for (index_t h = 0; h < heads; ++h)
         total = total + weights.select(1, h).select(1, 0).slice(1, 1).reshape(total.shape());
       return total / static_cast<double>(heads);
     }},
    {"the column", "VI-39",
     [](const Tensor& weights, index_t down, index_t across) {
       return reference(weights.transpose(2, 3), down, across);
     }},
    {"the column, of the first head", "likely VI-39",
     [](const Tensor& weights, index_t down, index_t across) {
       return reference(weights.slice(1, 0, 1).transpose(2, 3), down, across);
     }},
    {"the row of the first patch", "wrong",
     [](const Tensor& weights, index_t down, index_t across) {
       return weights.mean(1).select(1, 1).slice(1, 1).reshape({weights.size(0), down, across});
     }},
    {"the sum of the heads if there is one image", "VI-42",
     [](const Tensor& weights, index_t down, index_t across) {
       const Tensor map = reference(weights, down, across);
       return map.size(0) == 1 ? map * static_cast<double>(weights.size(1)) : map;
     }},
    {"CLS is included, the last patch is missing", "VI-40",
     [](const Tensor& weights, index_t down, index_t across) {
       return weights.mean(1)
           .select(1, 0)
           .slice(1, 0, down * across)
           .reshape({weights.size(0), down, across});
     }},
    {"the last head", "wrong",
     [](const Tensor& weights, index_t down, index_t across) {
       return reference(weights.slice(1, -1), down, across);
     }},
    {"the mean of four heads", "wrong",
     [](const Tensor& weights, index_t down, index_t across) {
       return weights.sum(1).select(1, 0).slice(1, 1).reshape({weights.size(0), down, across}) / 4.0;
     }},
    {"the first image for all", "wrong",
     [](const Tensor& weights, index_t down, index_t across) {
       return reference(weights.slice(0, 0, 1), down, across).expand({weights.size(0), down, across});
     }},
    {"the mean over the images", "wrong",
     [](const Tensor& weights, index_t down, index_t across) {
       return reference(weights.mean({0}, true), down, across).expand({weights.size(0), down, across});
     }},
    {"without the axis of the batch for one image", "wrong",
     [](const Tensor& weights, index_t down, index_t across) {
       const Tensor map = reference(weights, down, across);
       return map.size(0) == 1 ? map.squeeze(0) : map;
     }},
    {"another softmax", "wrong",
     [](const Tensor& weights, index_t down, index_t across) {
       const Tensor map = reference(weights, down, across);
       return softmax(map.reshape({map.size(0), -1}), -1).reshape(map.shape());
     }},
    {"divided by its maximum", "wrong",
     [](const Tensor& weights, index_t down, index_t across) {
       const Tensor map = reference(weights, down, across);
       return map / max(map.reshape({map.size(0), -1}), -1, true).values.unsqueeze(2);
     }},
    {"divided by 1 - the weight of CLS", "likely VI-43",
     [](const Tensor& weights, index_t down, index_t across) {
       const Tensor of_cls = weights.mean(1).select(1, 0);
       return reference(weights, down, across) / (1.0 - of_cls.select(1, 0)).reshape({-1, 1, 1});
     }},
    {"rows and columns swapped if the grid is tall", "VI-44",
     [](const Tensor& weights, index_t down, index_t across) {
       if (down <= across) return reference(weights, down, across);
       return reference(weights, across, down).transpose(1, 2);
     }},
    {"detached", "wrong",
     [](const Tensor& weights, index_t down, index_t across) {
       return reference(weights.detach(), down, across);
     }},
    {"f32 result", "wrong",
     [](const Tensor& weights, index_t down, index_t across) {
       return reference(weights, down, across).to(f32);
     }},
    {"CLS is set to 0 in the argument", "likely SD-34",
     [](const Tensor& weights, index_t down, index_t across) {
       const Tensor map = reference(weights, down, across);
       Tensor same = weights.detach();
       same.select(2, 0).select(2, 0).zero_();
       return map;
     }}};

}  // namespace

Tensor cls_attention(const Tensor& weights, index_t down, index_t across) {
  return answers.chosen(weights, down, across);
}

}  // namespace heed::exercise
