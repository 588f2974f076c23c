#include "lessons/08_vision_transformer/checks/pictures.h"
#include "lessons/10_vit/checks/first_gradient.h"
#include "lessons/10_vit/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor of(const Tensor& channels) { return channels.reshape({1, -1, 1, 1}); }

const checks::Exercise<decltype(normalise_pictures)> exercise{
    "10_normalise_pictures",
    normalise_pictures,
    [](auto& images, auto& mean, auto& deviation) { return (images - of(mean)) / of(deviation); },
    {{"VI-47",
      "the means were subtracted from columns: shapes are aligned at the right. Say where the channels stand",
      [](auto& images, auto& mean, auto& deviation) { return (images - mean) / deviation; }},
     {"VI-48", "divided first: subtract the mean, then divide by the deviation",
      [](auto& images, auto& mean, auto& deviation) { return images / of(deviation) - of(mean); }},
     {"VI-49",
      "the mean of the picture itself was used: the weights were trained with the numbers that are given",
      [](auto& images, auto&, auto&) {
        const Tensor centred = images - images.mean(Axes{2, 3}, true);
        return centred / sqrt((centred * centred).mean(Axes{2, 3}, true));
      }},
     {"VI-50", "multiplied by the deviation: divide by it",
      [](auto& images, auto& mean, auto& deviation) { return (images - of(mean)) * of(deviation); }},
     {"VI-51", "the mean was added: subtract it",
      [](auto& images, auto& mean, auto& deviation) { return (images + of(mean)) / of(deviation); }},
     {"VI-52", "divided by the square of the deviation: that is the variance",
      [](auto& images, auto& mean, auto& deviation) {
        return (images - of(mean)) / of(deviation * deviation);
      }},
     {"VI-53", "the deviation was not used: the channels keep scales that the model does not know",
      [](auto& images, auto& mean, auto&) { return images - of(mean); }},
     {"VI-54", "one channel's numbers were used for all",
      [](auto& images, auto& mean, auto& deviation) {
        return (images - of(mean.slice(0, 0, 1))) / of(deviation.slice(0, 0, 1));
      }},
     {"VI-80", "mean and deviation were exchanged: subtract the mean, divide by the deviation",
      [](auto& images, auto& mean, auto& deviation) { return (images - of(deviation)) / of(mean); }},
     {"VI-81", "the statistics of this batch were used: the model expects those of its training images",
      [](auto& images, auto&, auto&) {
        const Tensor centred = images - images.mean(Axes{0, 2, 3}, true);
        return centred / sqrt((centred * centred).mean(Axes{0, 2, 3}, true));
      }},
     {"VI-88", "only the mean was divided by the deviation: (images - mean) needs parentheses",
      [](auto& images, auto& mean, auto& deviation) { return images - of(mean) / of(deviation); }},
     {"VI-82", "the means were aligned with the batch axis; channels are axis 1",
      [](auto& images, auto& mean, auto& deviation) {
        const Shape first{-1, 1, 1, 1};
        return (images - mean.reshape(first)) / deviation.reshape(first);
      }}}};

using Inputs = std::tuple<Tensor, Tensor, Tensor>;
Inputs inputs(const Shape& shape, const Tensor& mean, const Tensor& deviation) {
  return {numbered(shape) / 70.0, mean, deviation};
}
// Three channels and three columns: a mean that is aligned with the columns does not fail by its shape.
Inputs three_columns() { return inputs({2, 3, 4, 3}, tensor({0.5, -1, 2}), tensor({0.25, 2, 0.5})); }

TEST(NormalisePictures, BringsEveryChannelToItsScale) {
  exercise.call(
      "normalise_pictures({{{{1, 2}}, {{3, 4}}}}, {0.5, 1}, {0.25, 3})",
      [] {
        return Inputs(tensor({{{{1, 2}}, {{3, 4}}}}), tensor({0.5, 1}), tensor({0.25, 3}));
      },
      no_gradients);
  exercise.call("normalise_pictures(images (2, 3, 4, 3), {0.5, -1, 2}, {0.25, 2, 0.5})", three_columns,
                no_gradients);
}

TEST(NormalisePictures, OfPicturesOfAnySize) {
  exercise.call(
      "normalise_pictures(images (1, 2, 5, 7), {0.5, -1}, {0.25, 2})",
      [] {
        return inputs({1, 2, 5, 7}, tensor({0.5, -1}), tensor({0.25, 2}));
      },
      no_gradients);
  exercise.call(
      "normalise_pictures(images (3, 1, 2, 2), {0.5}, {0.25})",
      [] {
        return inputs({3, 1, 2, 2}, tensor({0.5}), tensor({0.25}));
      },
      no_gradients);
  exercise.call(
      "normalise_pictures(images (1, 4, 1, 1), {0.5, -1, 2, 3}, {0.25, 2, 0.5, 3})",
      [] {
        return inputs({1, 4, 1, 1}, tensor({0.5, -1, 2, 3}), tensor({0.25, 2, 0.5, 3}));
      },
      no_gradients);
}

TEST(NormalisePictures, KnowsTheAxisOfTheChannels) {
  exercise.call(
      "normalise_pictures(images (3, 3, 3, 3), {0.5, -1, 2}, {0.25, 2, 0.5})",
      [] {
        return inputs({3, 3, 3, 3}, tensor({0.5, -1, 2}), tensor({0.25, 2, 0.5}));
      },
      no_gradients);
}

TEST(NormalisePictures, OfSmallAndLargeDeviations) {
  exercise.call(
      "normalise_pictures(images (2, 1, 3, 2), {0.5}, {0.000001})",
      [] {
        return inputs({2, 1, 3, 2}, tensor({0.5}), tensor({1e-6}));
      },
      no_gradients);
  exercise.call(
      "normalise_pictures(1000 · images (2, 2, 3, 2), {300, -500}, {1000, 2000})",
      [] {
        return Inputs(numbered({2, 2, 3, 2}) * (1000 / 70.0), tensor({300, -500}), tensor({1000, 2000}));
      },
      no_gradients);
}

TEST(NormalisePictures, PassesGradientsOn) {
  compare_first_gradient(exercise, "normalise_pictures(images (2, 3, 4, 3), {0.5, -1, 2}, {0.25, 2, 0.5})",
                         three_columns);
}

}  // namespace
}  // namespace heed::exercise
