#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/08_vision_transformer/vit_parts.h"
#include "lessons/tutor/check.h"
#include "nn/init.h"
#include "nn/vision_transformer.h"

namespace heed::exercise {
namespace {

// A ViT for pictures (2, 6, 6) in patches of 3 x 3: N = 4, T = 5, C = 8, three classes. CLS and the positions are
// louder than at a usual start, so that a missing one shows.
struct Fixture {
  Generator gen{8};
  nn::VisionTransformer model{{.img_size = 6,
                               .patch_size = 3,
                               .channels = 2,
                               .num_classes = 3,
                               .d_model = 8,
                               .nhead = 2,
                               .num_layers = 2,
                               .dim_feedforward = 16,
                               .dropout = 0},
                              gen};
  Tensor images = randn({4, 2, 6, 6}, gen);
  Fixture() {
    const NoGrad no_grad;
    nn::init::normal(model.cls_token, gen, 0, 1);
    nn::init::normal(model.pos_embed, gen, 0, 1);
  }
  VitParts parts() {
    return {.patches = [this](const Tensor& x) { return model.patches(x); },
            .embed = model.patch_embed,
            .prepend_cls =
                [this](const Tensor& x) {
                  return cat({model.cls_token.expand({x.size(0), 1, x.size(2)}), x}, 1);
                },
            .add_positions =
                [this](const Tensor& x) {
                  check(x.size(1) == 5, "add_positions", x.size(1), " tokens, 5 positions: CLS has one, too");
                  return x + model.pos_embed;
                },
            .encoder = model.transformer,
            .head = model.fc};
  }
};

Tensor embedded(const Tensor& images, const VitParts& vit) { return vit.embed(vit.patches(images)); }
Tensor tokens(const Tensor& images, const VitParts& vit) {
  return vit.add_positions(vit.prepend_cls(embedded(images, vit)));
}
Tensor encoded(const Tensor& images, const VitParts& vit) { return vit.encoder(tokens(images, vit)); }
Tensor right(const Tensor& images, const VitParts& vit) {
  return vit.head(encoded(images, vit).select(1, 0));
}

const tutor::Exercise<decltype(vit_forward)> exercise{
    "08_vit_forward",
    vit_forward,
    right,
    {{"CL-04", "the head's scores went through a softmax: cross_entropy does that itself",
      [](auto& images, auto& vit) { return softmax(right(images, vit), -1); }},
     {"VI-31", "the head read the last patch; CLS is row 0",
      [](auto& images, auto& vit) { return vit.head(encoded(images, vit).select(1, -1)); }},
     {"VI-32", "this course reads the row of CLS; you took the mean of all rows",
      [](auto& images, auto& vit) { return vit.head(encoded(images, vit).mean(1)); }},
     {"VI-33", "the encoder was left out: CLS has not looked at any patch",
      [](auto& images, auto& vit) { return vit.head(tokens(images, vit).select(1, 0)); }},
     {"VI-34", "axis 0 is the batch here: you read all tokens of the first picture",
      [](auto& images, auto& vit) { return vit.head(encoded(images, vit).select(0, 0)); }},
     {"VI-35", "no positions: shuffled patches would give the same answer",
      [](auto& images, auto& vit) {
        return vit.head(vit.encoder(vit.prepend_cls(embedded(images, vit))).select(1, 0));
      }},
     {"VI-36", "the head read every token; one answer a picture, from the row of CLS",
      [](auto& images, auto& vit) { return vit.head(encoded(images, vit)); }},
     {"VI-37", "positions were added after the encoder: attention has not seen them",
      [](auto& images, auto& vit) {
        return vit.head(vit.add_positions(vit.encoder(vit.prepend_cls(embedded(images, vit)))).select(1, 0));
      }},
     {"VI-38", "the head read row 1, the first patch; CLS is row 0",
      [](auto& images, auto& vit) { return vit.head(encoded(images, vit).select(1, 1)); }}}};

TEST(VitForward, GivesEveryPictureItsScores) {
  exercise.compare("vit_forward(images (4, 2, 6, 6), vit)", [](auto f) {
    Fixture a;
    return f(a.images, a.parts());
  });
}

TEST(VitForward, OfOnePicture) {
  exercise.compare("vit_forward(images (1, 2, 6, 6), vit)", [](auto f) {
    Fixture a;
    return f(a.images.slice(0, 2, 3), a.parts());
  });
}

TEST(VitForward, IsTheModelOfTheLibrary) {
  exercise.invariant("", "the parts together must give what nn::VisionTransformer gives", [](auto f) {
    Fixture a;
    return allclose(f(a.images, a.parts()), a.model.forward(a.images), 1e-4, 1e-5);
  });
}

TEST(VitForward, TeachesEveryPart) {
  exercise.compare(
      "the gradients of the sum of the squares of the scores: of CLS, positions, embedding and head",
      [](auto f) {
        Fixture a;
        const Tensor scores = f(a.images, a.parts());
        (scores * scores).sum().backward();
        return std::vector<Tensor>{a.model.cls_token.grad(), a.model.pos_embed.grad(),
                                   a.model.patch_embed.weight.grad(), a.model.fc.weight.grad()};
      });
}

TEST(VitForward, LeavesThePicturesAsTheyWere) {
  exercise.invariant("", "reading the pictures must not change them", [](auto f) {
    Fixture a;
    const Tensor before = a.images.clone();
    tutor::ask([&] { return f(a.images, a.parts()); });
    return allclose(a.images, before, 0, 0);
  });
}

}  // namespace
}  // namespace heed::exercise
