#include "lessons/08_vision_transformer/checks/pictures.h"
#include "lessons/10_vit/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

// Three channels and three columns: a mean that is aligned with the columns does not fail by its shape.
struct Fixture {
  Tensor images = numbered({2, 3, 4, 3}) / 100.0, mean = tensor({0.5, -1, 2}),
         deviation = tensor({0.25, 2, 0.5});
};
Tensor of(const Tensor& channels) { return channels.reshape({1, -1, 1, 1}); }

const tutor::Exercise<decltype(normalise_pictures)> exercise{
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
     {"VI-54", "one channel's numbers were used for all", [](auto& images, auto& mean, auto& deviation) {
        return (images - of(mean.slice(0, 0, 1))) / of(deviation.slice(0, 0, 1));
      }}}};

TEST(NormalisePictures, BringsEveryChannelToItsScale) {
  exercise.compare("normalise_pictures(images (2, 3, 4, 3), {0.5, -1, 2}, {0.25, 2, 0.5})", [](auto f) {
    const Fixture a;
    return f(a.images, a.mean, a.deviation);
  });
}

TEST(NormalisePictures, OfPicturesOfAnySize) {
  exercise.compare("normalise_pictures(images (1, 2, 5, 7), {0.5, -1}, {0.25, 2})", [](auto f) {
    return f(numbered({1, 2, 5, 7}) / 100.0, tensor({0.5, -1}), tensor({0.25, 2}));
  });
  exercise.compare("normalise_pictures(images (3, 1, 2, 2), {0.5}, {0.25})", [](auto f) {
    return f(numbered({3, 1, 2, 2}) / 100.0, tensor({0.5}), tensor({0.25}));
  });
}

TEST(NormalisePictures, LeavesThePicturesAsTheyWere) {
  exercise.invariant("", "normalising must not change the pictures it was given", [](auto f) {
    const Fixture a;
    const Tensor before = a.images.clone();
    tutor::ask([&] { return f(a.images, a.mean, a.deviation); });
    return allclose(a.images, before, 0, 0);
  });
}

TEST(NormalisePictures, PassesGradientsOn) {
  exercise.compare("the gradient of the sum of squares with respect to images (2, 3, 4, 3)", [](auto f) {
    Fixture a;
    a.images.set_requires_grad();
    const Tensor y = f(a.images, a.mean, a.deviation);
    (y * y).sum().backward();
    return a.images.grad();
  });
}

}  // namespace
}  // namespace heed::exercise
