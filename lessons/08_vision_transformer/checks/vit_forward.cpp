#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/08_vision_transformer/vit_parts.h"
#include "lessons/check/check.h"
#include "nn/init.h"
#include "nn/models/vision_transformer.h"

namespace heed::exercise {
namespace {

// A ViT for images (2, 6, 6) in patches of 3 x 3: N = 4, T = 5, C = 8, three classes. CLS and the
// positions are larger than at initialisation, so that a missing one changes the output. Converts
// to VitParts.
struct Vit : nn::VisionTransformer {
  explicit Vit(double dropout, Generator gen = Generator(8))
      : nn::VisionTransformer({.img_size = 6,
                               .patch_size = 3,
                               .channels = 2,
                               .num_classes = 3,
                               .d_model = 8,
                               .nhead = 2,
                               .num_layers = 2,
                               .dim_feedforward = 16,
                               .dropout = dropout},
                              gen) {
    const NoGrad no_grad;
    nn::init::normal(cls_token, gen, 0, 1);
    nn::init::normal(pos_embed, gen, 0, 1);
  }
  operator VitParts() {  // NOLINT: implicit, for vit_forward
    return {.patchify = [this](const Tensor& x) { return patches(x); },
            .embed = patch_embed,
            .prepend_cls =
                [this](const Tensor& x) {
                  return cat({cls_token.expand({x.size(0), 1, x.size(2)}), x}, 1);
                },
            .add_positions =
                [this](const Tensor& x) {
                  check(x.size(1) == 5, "add_positions", x.size(1),
                        " tokens, 5 positions (CLS has one, too)");
                  return x + pos_embed;
                },
            .encoder = transformer,
            .head = fc};
  }
};

// Returns the inputs of a call: images and a ViT.
auto inputs(index_t images, double dropout = 0) {
  Generator gen(10);
  return std::tuple(randn({images, 2, 6, 6}, gen), std::make_unique<Vit>(dropout));
}

Tensor embedded(const Tensor& images, const VitParts& vit) { return vit.embed(vit.patchify(images)); }
Tensor tokens(const Tensor& images, const VitParts& vit) {
  return vit.add_positions(vit.prepend_cls(embedded(images, vit)));
}
Tensor encoded(const Tensor& images, const VitParts& vit) { return vit.encoder(tokens(images, vit)); }
Tensor reference(const Tensor& images, const VitParts& vit) {
  return vit.head(encoded(images, vit).select(1, 0));
}

const checks::Exercise<decltype(vit_forward)> exercise{
    "08_vit_forward",
    vit_forward,
    reference,
    {{"CL-04", "a softmax was applied to the logits: cross_entropy applies it itself",
      [](auto& images, auto& vit) { return softmax(reference(images, vit), -1); }},
     {"VI-31", "the head used the last patch: CLS is row 0",
      [](auto& images, auto& vit) { return vit.head(encoded(images, vit).select(1, -1)); }},
     {"VI-32", "the head used the mean of all rows: use the row of CLS",
      [](auto& images, auto& vit) { return vit.head(encoded(images, vit).mean(1)); }},
     {"VI-33", "the encoder was left out: CLS has not attended to any patch",
      [](auto& images, auto& vit) { return vit.head(tokens(images, vit).select(1, 0)); }},
     {"VI-34", "all tokens of the first image were used: axis 0 is the batch, select row 0 of axis 1",
      [](auto& images, auto& vit) { return vit.head(encoded(images, vit).select(0, 0)); }},
     {"VI-35", "the positions are missing: shuffled patches would give the same logits",
      [](auto& images, auto& vit) {
        return vit.head(vit.encoder(vit.prepend_cls(embedded(images, vit))).select(1, 0));
      }},
     {"VI-36", "the head was applied to every token: apply it to the row of CLS only",
      [](auto& images, auto& vit) { return vit.head(encoded(images, vit)); }},
     {"VI-37", "the positions were added after the encoder, so attention did not use them",
      [](auto& images, auto& vit) {
        return vit.head(vit.add_positions(vit.encoder(vit.prepend_cls(embedded(images, vit)))).select(1, 0));
      }},
     {"VI-38", "the head used row 1, the first patch: CLS is row 0",
      [](auto& images, auto& vit) { return vit.head(encoded(images, vit).select(1, 1)); }},
     {"CL-24", "the encoder was left in eval mode: the caller chooses the mode",
      [](auto& images, auto& vit) {
        vit.encoder.eval();
        return reference(images, vit);
      }},
     {"AG-45", "no gradient reaches the parts before the encoder: the tokens were detached",
      [](auto& images, auto& vit) {
        return vit.head(vit.encoder(tokens(images, vit).detach()).select(1, 0));
      }}}};

TEST(VitForward, ReturnsOneRowOfLogitsPerImage) {
  for (const index_t n : {4, 1})
    exercise.call(concat("vit_forward(images (", n, ", 2, 6, 6), vit)"), [n] { return inputs(n); });
}

TEST(VitForward, OfAsManyImagesAsTokens) {
  exercise.call("vit_forward(images (5, 2, 6, 6), vit)", [] { return inputs(5); });
}

TEST(VitForward, DoesNotChangeTheMode) {
  exercise.call("vit_forward(images (2, 2, 6, 6), vit in train mode with dropout 0.3)",
                [] { return inputs(2, 0.3); });
}

TEST(VitForward, MatchesTheLibrary) {
  exercise.invariant("", "the output must equal that of nn::VisionTransformer", [](auto f) {
    const auto [images, vit] = inputs(4);
    return allclose(f(images, *vit), vit->forward(images), 1e-4, 1e-5);
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit VI-34: `select(1, 0)` => `select(0, 0)`
