#include "nn/models/vision_transformer.h"

#include "nn/init.h"

namespace heed::nn {

static VisionTransformerOptions validated(const VisionTransformerOptions& o) {
  check(o.img_size >= 1 && o.patch_size >= 1 && o.channels >= 1, "VisionTransformer",
        "expected img_size, patch_size and channels of at least 1, got ", o.img_size, ", ", o.patch_size,
        " and ", o.channels);
  check(o.img_size % o.patch_size == 0, "VisionTransformer",
        "expected patch_size to divide img_size, got patch_size = ", o.patch_size,
        " and img_size = ", o.img_size);
  check(o.d_model >= 1, "VisionTransformer", "expected d_model of at least 1, got ", o.d_model);
  return o;
}

VisionTransformer::VisionTransformer(VisionTransformerOptions o, Generator& gen)
    : options(validated(o)),
      cls_token(parameter({1, 1, o.d_model})),
      pos_embed(parameter({1, num_patches() + 1, o.d_model})),
      patch_embed({.in = o.channels * o.patch_size * o.patch_size, .out = o.d_model}, gen),
      transformer({.layer = {.d_model = o.d_model,
                             .nhead = o.nhead,
                             .dim_feedforward = o.dim_feedforward,
                             .dropout = o.dropout,
                             .activation = o.activation,
                             .layer_norm_eps = o.layer_norm_eps,
                             .batch_first = true,
                             .norm_first = o.norm_first},
                   .num_layers = o.num_layers,
                   .norm = o.norm_first},
                  gen),
      fc({.in = o.d_model, .out = o.num_classes}, gen) {
  // With a standard deviation of 1, the position embeddings would dominate the patches.
  init::normal(cls_token, gen, 0, 0.02);
  init::normal(pos_embed, gen, 0, 0.02);
  for (auto& layer : transformer.layers)
    layer.self_attn.options.dropout = o.attention_dropout.value_or(o.dropout);
  if (o.embedding_dropout > 0) embedding_dropout.emplace(DropoutOptions{.p = o.embedding_dropout}, gen);
}

index_t VisionTransformer::num_patches() const {
  const index_t side = options.img_size / options.patch_size;
  return side * side;
}

Tensor VisionTransformer::patches(const Tensor& images) const {
  const index_t size = options.img_size, p = options.patch_size;
  check(images.defined() && images.rank() == 4 && images.size(1) == options.channels &&
            images.size(2) == size && images.size(3) == size,
        "VisionTransformer", "expected images (B, ", options.channels, ", ", size, ", ", size, "), got ",
        images);
  return unfold(images, {.kernel_h = p, .kernel_w = p, .stride = p}).transpose(1, 2);
}

Tensor VisionTransformer::tokens(const Tensor& images) {
  const Tensor x = patch_embed(patches(images));  // (B, N, C)
  const Tensor cls = cls_token.expand({x.size(0), 1, options.d_model});
  const Tensor y = cat({cls, x}, 1) + pos_embed;
  return embedding_dropout ? (*embedding_dropout)(y) : y;
}

Tensor VisionTransformer::forward(const Tensor& images) {
  return fc(transformer(tokens(images)).select(1, 0));
}

OutputWithAttention VisionTransformer::forward_with_attention(const Tensor& images) {
  auto [x, weights] = transformer.forward_with_attention(tokens(images));
  return {fc(x.select(1, 0)), weights};
}

void VisionTransformer::visit(Visitor& v) {
  v.parameter("cls_token", cls_token);
  v.parameter("pos_embed", pos_embed);
  v.child("patch_embed", patch_embed);
  v.child("embedding_dropout", embedding_dropout);
  v.child("transformer", transformer);
  v.child("fc", fc);
}

std::string VisionTransformer::details() const {
  return concat("img_size=", options.img_size, ", patch_size=", options.patch_size,
                ", channels=", options.channels);
}

}  // namespace heed::nn
