#include <cmath>

#include "lessons/10_vit/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor of(const Tensor& channels) { return channels.reshape({1, -1, 1, 1}); }
Tensor normalised(const Tensor& x, const Tensor& mean, const Tensor& deviation) {
  return (x - of(mean)) / of(deviation);
}

const Answers<decltype(normalise_images)> answers{
    {"shapes (channels, 1, 1)", "pass",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return (x - mean.reshape({-1, 1, 1})) / deviation.reshape({-1, 1, 1});
     }},
    {"a product and a sum", "pass",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return x * of(1.0 / deviation) - of(mean / deviation);
     }},
    {"channels moved to the last axis", "pass",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return ((x.permute({0, 2, 3, 1}) - mean) / deviation).permute({0, 3, 1, 2});
     }},
    {"a loop over channels with scalars", "pass",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       std::vector<Tensor> channels;
       for (index_t c = 0; c < mean.size(0); ++c)
         channels.push_back((x.select(1, c) - mean.at({c})) / deviation.at({c}));
       return stack(channels, 1);
     }},
    {"mean and deviation swapped", "VI-80",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return normalised(x, deviation, mean);
     }},
    {"batch statistics", "VI-81",
     [](const Tensor& x, const Tensor&, const Tensor&) {
       const Tensor mean = x.mean(Axes{0, 2, 3});
       return normalised(x, mean, sqrt(var(x, Axes{0, 2, 3}, 0)));
     }},
    {"batch statistics, unbiased", "wrong",
     [](const Tensor& x, const Tensor&, const Tensor&) {
       return normalised(x, x.mean(Axes{0, 2, 3}), sqrt(var(x, Axes{0, 2, 3})));
     }},
    {"the batch's mean, the given deviation", "wrong",
     [](const Tensor& x, const Tensor&, const Tensor& deviation) {
       return normalised(x, x.mean(Axes{0, 2, 3}), deviation);
     }},
    {"one mean and one deviation for all channels", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return (x - mean.mean()) / deviation.mean();
     }},
    {"only the first channel", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       const Tensor first = normalised(x.slice(1, 0, 1), mean.slice(0, 0, 1), deviation.slice(0, 0, 1));
       return cat({first, x.slice(1, 1)}, 1);
     }},
    {"the statistics of the last channel for all", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return (x - of(mean.slice(0, -1))) / of(deviation.slice(0, -1));
     }},
    {"only the first image", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return cat({normalised(x.slice(0, 0, 1), mean, deviation), x.slice(0, 1)}, 0);
     }},
    {"means aligned with rows of square images", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       if (x.size(2) != mean.size(0) || x.size(2) != x.size(3)) return normalised(x, mean, deviation);
       return (x - mean.reshape({-1, 1})) / deviation.reshape({-1, 1});
     }},
    {"means aligned with columns of square images", "VI-47",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       if (x.size(2) != mean.size(0) || x.size(2) != x.size(3)) return normalised(x, mean, deviation);
       return (x - mean) / deviation;
     }},
    {"1e-5 added to the deviation", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return normalised(x, mean, deviation + 1e-5);
     }},
    {"1e-8 added to the variance", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return normalised(x, mean, sqrt(deviation * deviation + 1e-8));
     }},
    {"clamped to -10 and 10", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return clamp(normalised(x, mean, deviation), -10, 10);
     }},
    {"mean added, multiplied by the deviation", "likely VI-50",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return (x + of(mean)) * of(deviation);
     }},
    {"the size of the fixture", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return (x - mean.reshape({1, 3, 1, 1})) / deviation.reshape({1, 3, 1, 1});
     }},
    {"channels last", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return ((x.permute({0, 2, 3, 1}) - mean) / deviation).clone();
     }},
    {"no parentheses", "VI-88",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return x - of(mean) / of(deviation);
     }},
    {"the root of the deviation", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return normalised(x, mean, sqrt(deviation));
     }},
    {"statistics of each whole image", "likely VI-49",
     [](const Tensor& x, const Tensor&, const Tensor&) {
       const Tensor centred = x - x.mean(Axes{1, 2, 3}, true);
       return centred / sqrt((centred * centred).mean(Axes{1, 2, 3}, true));
     }},
    {"own statistics, then the given ones", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return normalised(x - x.mean(Axes{2, 3}, true), mean, deviation);
     }},
    {"one channel is not normalised if it is alone", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return x.size(1) == 1 ? x + 0.0 : normalised(x, mean, deviation);
     }},
    {"the deviation left out for one image", "VI-53",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return x.size(0) == 1 ? x - of(mean) : normalised(x, mean, deviation);
     }},
    {"mean and deviation swapped if all sizes are equal", "VI-80",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return x.size(0) == x.size(1) ? normalised(x, deviation, mean) : normalised(x, mean, deviation);
     }},
    {"no gradient", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return normalised(x.detach(), mean, deviation);
     }},
    {"f32 only", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       return normalised(x.to(f32), mean.to(f32), deviation.to(f32));
     }},
    {"strides ignored", "wrong",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       if (x.dtype() != f32 || x.requires_grad()) return normalised(x, mean, deviation);
       const float* from = static_cast<const Tensor&>(x).data<float>();
       const std::vector<double> numbers(from, from + x.numel());
       return normalised(from_vector(numbers, x.shape()), mean, deviation);
     }},
    {"writes into the deviation", "likely SD-34",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       const Tensor y = normalised(x, mean, deviation);
       Tensor same = deviation.detach();
       same.copy_((1.0 / deviation).detach());
       return y;
     }},
    {"writes into the images", "likely SD-34",
     [](const Tensor& x, const Tensor& mean, const Tensor& deviation) {
       const Tensor y = normalised(x, mean, deviation);
       Tensor same = x.detach();
       same.copy_(y.detach());
       return y;
     }}};

}  // namespace

Tensor normalise_images(const Tensor& images, const Tensor& mean, const Tensor& deviation) {
  return answers.chosen(images, mean, deviation);
}

}  // namespace heed::exercise
