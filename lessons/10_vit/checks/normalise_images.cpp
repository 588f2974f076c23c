#include "lessons/08_vision_transformer/checks/images.h"
#include "lessons/10_vit/checks/first_gradient.h"
#include "lessons/10_vit/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor per_channel(const Tensor& channels) { return channels.reshape({1, -1, 1, 1}); }

const checks::Exercise<decltype(normalise_images)> exercise{
    "10_normalise_images",
    normalise_images,
    [](auto& images, auto& mean, auto& deviation) {
      return (images - per_channel(mean)) / per_channel(deviation);
    },
    {{"VI-47", "the means were subtracted from the columns: reshape them to (1, channels, 1, 1)",
      [](auto& images, auto& mean, auto& deviation) { return (images - mean) / deviation; }},
     {"VI-48", "the division came first: subtract the mean, then divide",
      [](auto& images, auto& mean, auto& deviation) {
        return images / per_channel(deviation) - per_channel(mean);
      }},
     {"VI-49", "the image's own statistics were used: use the given mean and deviation",
      [](auto& images, auto&, auto&) {
        const Tensor centred = images - images.mean(Axes{2, 3}, true);
        return centred / sqrt((centred * centred).mean(Axes{2, 3}, true));
      }},
     {"VI-50", "multiplied by the standard deviation: divide by it",
      [](auto& images, auto& mean, auto& deviation) {
        return (images - per_channel(mean)) * per_channel(deviation);
      }},
     {"VI-51", "the mean was added: subtract it",
      [](auto& images, auto& mean, auto& deviation) {
        return (images + per_channel(mean)) / per_channel(deviation);
      }},
     {"VI-52", "divided by the variance: divide by the standard deviation",
      [](auto& images, auto& mean, auto& deviation) {
        return (images - per_channel(mean)) / per_channel(deviation * deviation);
      }},
     {"VI-53", "the standard deviation was not used: divide by it",
      [](auto& images, auto& mean, auto&) { return images - per_channel(mean); }},
     {"VI-54", "the statistics of the first channel were used for all",
      [](auto& images, auto& mean, auto& deviation) {
        return (images - per_channel(mean.slice(0, 0, 1))) / per_channel(deviation.slice(0, 0, 1));
      }},
     {"VI-80", "mean and deviation are swapped: subtract the mean, divide by the deviation",
      [](auto& images, auto& mean, auto& deviation) {
        return (images - per_channel(deviation)) / per_channel(mean);
      }},
     {"VI-81", "the statistics of the batch were used: use the given mean and deviation",
      [](auto& images, auto&, auto&) {
        const Tensor centred = images - images.mean(Axes{0, 2, 3}, true);
        return centred / sqrt((centred * centred).mean(Axes{0, 2, 3}, true));
      }},
     {"VI-88", "only the mean was divided: (images - mean) needs parentheses",
      [](auto& images, auto& mean, auto& deviation) {
        return images - per_channel(mean) / per_channel(deviation);
      }},
     {"VI-82", "the means were aligned with the batch axis: channels are axis 1",
      [](auto& images, auto& mean, auto& deviation) {
        const Shape first{-1, 1, 1, 1};
        return (images - mean.reshape(first)) / deviation.reshape(first);
      }}}};

using Inputs = std::tuple<Tensor, Tensor, Tensor>;
Inputs inputs(const Shape& shape, const Tensor& mean, const Tensor& deviation) {
  return {numbered_images(shape) / 70.0, mean, deviation};
}
// Three channels and three columns, so that a mean aligned with the columns does not throw.
Inputs three_columns() { return inputs({2, 3, 4, 3}, tensor({0.5, -1, 2}), tensor({0.25, 2, 0.5})); }

TEST(NormaliseImages, NormalisesEveryChannel) {
  exercise.call(
      "normalise_images({{{{1, 2}}, {{3, 4}}}}, {0.5, 1}, {0.25, 3})",
      [] {
        return Inputs(tensor({{{{1, 2}}, {{3, 4}}}}), tensor({0.5, 1}), tensor({0.25, 3}));
      },
      no_gradients);
  exercise.call("normalise_images(images (2, 3, 4, 3), {0.5, -1, 2}, {0.25, 2, 0.5})", three_columns,
                no_gradients);
}

TEST(NormaliseImages, OfImagesOfAnySize) {
  exercise.call(
      "normalise_images(images (1, 2, 5, 7), {0.5, -1}, {0.25, 2})",
      [] {
        return inputs({1, 2, 5, 7}, tensor({0.5, -1}), tensor({0.25, 2}));
      },
      no_gradients);
  exercise.call(
      "normalise_images(images (3, 1, 2, 2), {0.5}, {0.25})",
      [] {
        return inputs({3, 1, 2, 2}, tensor({0.5}), tensor({0.25}));
      },
      no_gradients);
  exercise.call(
      "normalise_images(images (1, 4, 1, 1), {0.5, -1, 2, 3}, {0.25, 2, 0.5, 3})",
      [] {
        return inputs({1, 4, 1, 1}, tensor({0.5, -1, 2, 3}), tensor({0.25, 2, 0.5, 3}));
      },
      no_gradients);
}

TEST(NormaliseImages, UsesTheAxisOfTheChannels) {
  exercise.call(
      "normalise_images(images (3, 3, 3, 3), {0.5, -1, 2}, {0.25, 2, 0.5})",
      [] {
        return inputs({3, 3, 3, 3}, tensor({0.5, -1, 2}), tensor({0.25, 2, 0.5}));
      },
      no_gradients);
}

TEST(NormaliseImages, OfSmallAndLargeDeviations) {
  exercise.call(
      "normalise_images(images (2, 1, 3, 2), {0.5}, {0.000001})",
      [] {
        return inputs({2, 1, 3, 2}, tensor({0.5}), tensor({1e-6}));
      },
      no_gradients);
  exercise.call(
      "normalise_images(1000 · images (2, 2, 3, 2), {300, -500}, {1000, 2000})",
      [] {
        return Inputs(numbered_images({2, 2, 3, 2}) * (1000 / 70.0), tensor({300, -500}),
                      tensor({1000, 2000}));
      },
      no_gradients);
}

TEST(NormaliseImages, PassesGradientsToTheImages) {
  compare_first_gradient(exercise, "normalise_images(images (2, 3, 4, 3), {0.5, -1, 2}, {0.25, 2, 0.5})",
                         three_columns);
}

}  // namespace
}  // namespace heed::exercise

// wrong edit VI-50: ` / deviation` => ` * deviation`
