// Lesson 08; covers the mistakes VI-01 … VI-10.
#include "nn/models/vision_transformer.h"

#include <cmath>

#include "nn/models/pretrained.h"
#include "tests/testing.h"

namespace heed::nn {

static VisionTransformer make(VisionTransformerOptions o) {
  o.num_classes = 3;
  o.d_model = 8;
  o.nhead = 2;
  o.dim_feedforward = 16;
  Generator gen(4);
  VisionTransformer model(o, gen);
  model.eval();
  return model;
}

TEST(VisionTransformer, APatchIsASquareAndPatchesGoRowByRow) {
  const VisionTransformer model = make({.img_size = 4, .patch_size = 2, .channels = 1});
  const Tensor image = arange(0, 16).reshape({1, 1, 4, 4});
  expect_same_bits(model.patches(image)[0],
                   tensor({{0, 1, 4, 5}, {2, 3, 6, 7}, {8, 9, 12, 13}, {10, 11, 14, 15}}));
}

TEST(VisionTransformer, APatchIsFlattenedInTheOrderOfAConvolution) {
  const VisionTransformer model = make({.img_size = 4, .patch_size = 2, .channels = 2});
  const Tensor images = noise({3, 2, 4, 4});
  const Tensor embedded = model.patch_embed(model.patches(images));  // (B, N, C)
  const Tensor convolved = conv2d(images, model.patch_embed.weight.reshape({8, 2, 2, 2}),
                                  model.patch_embed.bias, 2);  // (B, C, 2, 2)
  expect_close(embedded, convolved.reshape({3, 8, 4}).transpose(1, 2), 1e-5);
}

TEST(VisionTransformer, TheCoursesImageHas196PatchesAnd197Tokens) {
  VisionTransformer model = make({.img_size = 224, .patch_size = 16, .num_layers = 1});
  EXPECT_EQ(model.num_patches(), 196);
  EXPECT_EQ(model.pos_embed.shape(), (Shape{1, 197, 8}));
  const Tensor image = noise({1, 3, 224, 224});
  EXPECT_EQ(model.patches(image).shape(), (Shape{1, 196, 768}));
  EXPECT_EQ(model.tokens(image).shape(), (Shape{1, 197, 8}));
  EXPECT_EQ(model(image).shape(), (Shape{1, 3}));
}

TEST(VisionTransformer, HasTheCoursesNames) {
  const VisionTransformer model = make({.img_size = 4, .patch_size = 2, .norm_first = true});
  std::string names;
  for (const auto& [name, p] : model.named_parameters())
    if (!name.starts_with("transformer.layers")) names += name + " ";
  EXPECT_EQ(
      names,
      "cls_token pos_embed patch_embed.weight patch_embed.bias transformer.norm.weight transformer.norm.bias "
      "fc.weight fc.bias ");
  EXPECT_NEAR(std::sqrt(var(make({.img_size = 32, .patch_size = 2}).pos_embed).item()), 0.02, 0.001);
}

TEST(VisionTransformer, TheHeadUsesTheClassTokenWhichHasAPosition) {
  VisionTransformer model = make({.img_size = 4, .patch_size = 2, .num_layers = 0});
  const Tensor images = noise({2, 3, 4, 4});
  const Tensor cls = model.cls_token[0] + model.pos_embed[0].slice(0, 0, 1);  // (1, C)
  expect_close(model.tokens(images).select(1, 0), cls.expand({2, 8}), 0);
  expect_close(model(images), model.fc(cls).expand({2, 3}));  // without layers nothing else reaches it
  VisionTransformer deep = make({.img_size = 4, .patch_size = 2, .num_layers = 1});
  EXPECT_GT(max_abs_difference(deep(images)[0], deep(images)[1]), 1e-5);
}

TEST(VisionTransformer, PositionsBelongToPatchesAndNotToSamples) {
  VisionTransformer model = make({.img_size = 4, .patch_size = 2});
  const Tensor images = noise({3, 3, 4, 4});
  expect_close(model(images).slice(0, 1, 2), model(images.slice(0, 1, 2)), 1e-5);
}

TEST(VisionTransformer, EveryParameterGetsAGradient) {
  VisionTransformer model = make({.img_size = 4, .patch_size = 2, .num_layers = 2});
  const Tensor y = model(noise({3, 3, 4, 4}));
  model.check_all_named(y);
  cross_entropy(y, IntTensor({0, 1, 2})).backward();
  for (const auto& [name, p] : model.named_parameters()) EXPECT_TRUE(p.grad().defined()) << name;
}

TEST(VisionTransformer, ReturnsTheAttentionOfEveryLayer) {
  VisionTransformer model = make({.img_size = 4, .patch_size = 2, .num_layers = 2});
  const auto [output, weights] = model.forward_with_attention(noise({3, 3, 4, 4}));
  ASSERT_EQ(weights.size(), 2u);
  EXPECT_EQ(weights[0].shape(), (Shape{3, 2, 5, 5}));
  expect_close(output, model(noise({3, 3, 4, 4})), 1e-5);
}

TEST(VisionTransformer, ClonesAndPrints) {
  VisionTransformer model = make({.img_size = 4, .patch_size = 2});
  VisionTransformer twin = model.clone();
  expect_same_bits(twin(noise({1, 3, 4, 4})), model(noise({1, 3, 4, 4})));
  EXPECT_TRUE(concat(model).starts_with("VisionTransformer(img_size=4, patch_size=2, channels=3  # "));
}

TEST(VisionTransformer, HasThePublishedNumberOfParameters) {
  Generator gen(0);
  const NoInit no_init;
  EXPECT_EQ(VisionTransformer(vit_b_16(), gen).parameter_count(), 86567656);
}

TEST(VisionTransformer, ReadsAConfigAndThePublishedNamesOldAndNew) {
  const Config config({{"image_size", 4.0},
                       {"patch_size", 2.0},
                       {"num_layers", 1.0},
                       {"num_heads", 2.0},
                       {"hidden_dim", 6.0},
                       {"mlp_dim", 8.0},
                       {"num_classes", 3.0}});
  const VisionTransformerOptions o = VisionTransformer::from_config(config);
  EXPECT_TRUE(o.norm_first);
  EXPECT_EQ(o.layer_norm_eps, 1e-6);
  Generator gen(4);
  VisionTransformer model(o, gen);
  NamedTensors published;
  const std::string layer = "encoder.layers.encoder_layer_0.";
  const auto add = [&](const std::string& name, const Shape& shape) {
    published.emplace_back(name, noise(shape, published.size()));
  };
  add("class_token", {1, 1, 6});
  add("conv_proj.weight", {6, 3, 2, 2});
  add("conv_proj.bias", {6});
  add("encoder.pos_embedding", {1, 5, 6});
  add("encoder.ln.weight", {6});
  add("encoder.ln.bias", {6});
  add(layer + "ln_1.weight", {6});
  add(layer + "ln_1.bias", {6});
  add(layer + "ln_2.weight", {6});
  add(layer + "ln_2.bias", {6});
  add(layer + "self_attention.in_proj_weight", {18, 6});
  add(layer + "self_attention.in_proj_bias", {18});
  add(layer + "self_attention.out_proj.weight", {6, 6});
  add(layer + "self_attention.out_proj.bias", {6});
  add(layer + "mlp.linear_1.weight", {8, 6});
  add(layer + "mlp.linear_1.bias", {8});
  add(layer + "mlp.3.weight", {6, 8});
  add(layer + "mlp.3.bias", {6});
  add("heads.head.weight", {3, 6});
  add("heads.head.bias", {3});
  load_published(model, published, VisionTransformer::published_names());
  expect_same_bits(model.patch_embed.weight, published[1].second.reshape({6, 12}));
  expect_same_bits(model.transformer.layers[0].linear1.weight, published[14].second);
  expect_same_bits(model.fc.bias, published.back().second);
  published.pop_back();
  expect_contains(error_of([&] { load_published(model, published, VisionTransformer::published_names()); }),
                  "missing: 'heads.head.bias'");
}

TEST(VisionTransformer, ErrorsNameTheCause) {
  EXPECT_EQ(
      error_of([] { make({.img_size = 28, .patch_size = 5}); }),
      "[VisionTransformer] expected patch_size to divide img_size, got patch_size = 5 and img_size = 28");
  EXPECT_EQ(error_of([] { make({.img_size = 28}); }),
            "[VisionTransformer] expected img_size, patch_size and channels of at least 1, got 28, 0 and 3");
  Generator gen(4);
  EXPECT_EQ(error_of([&] { VisionTransformer({.img_size = 4, .patch_size = 2}, gen); }),
            "[VisionTransformer] expected d_model of at least 1, got 0");
  VisionTransformer model = make({.img_size = 4, .patch_size = 2});
  EXPECT_EQ(error_of([&] {
              model(zeros({1, 3, 4, 5}));
            }),
            "[VisionTransformer] expected images (B, 3, 4, 4), got (1, 3, 4, 5)");
  EXPECT_EQ(error_of([&] {
              model(zeros({3, 4, 4}));
            }),
            "[VisionTransformer] expected images (B, 3, 4, 4), got (3, 4, 4)");
}

}  // namespace heed::nn
