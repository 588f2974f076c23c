// vision_transformer.cpp — cut, embed, prepend the class token, add positions, encode, read the class token.
#include "nn/models/vision_transformer.h"

#include "nn/init.h"

namespace heed::nn {

static VisionTransformerOptions checked(const VisionTransformerOptions& o) {
  check(o.img_size >= 1 && o.patch_size >= 1 && o.channels >= 1, "VisionTransformer",
        "img_size, patch_size and channels must be at least 1, got ", o.img_size, ", ", o.patch_size, " and ",
        o.channels);
  check(o.img_size % o.patch_size == 0, "VisionTransformer", "img_size = ", o.img_size,
        " is not divisible by patch_size = ", o.patch_size, "; patches must cover the image exactly");
  check(o.d_model >= 1, "VisionTransformer", "d_model must be at least 1, got ", o.d_model);
  return o;
}

VisionTransformer::VisionTransformer(VisionTransformerOptions o, Generator& gen)
    : options(checked(o)),
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
  // Small: at a deviation of 1 the positions would drown the patches.
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
        "VisionTransformer", "images must be (B, ", options.channels, ", ", size, ", ", size, "), got ",
        images.defined() ? to_string(images.shape()) : "an undefined tensor");
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

// ---- published settings -----------------------------------------------------------------------------------

static std::span<const ConfigMember> vit_members() {
  using enum MemberKind;
  static constexpr ConfigMember table[] = {
      {"model_type", fixed, "'vit'"},
      {"architectures", fixed, "'ViTForImageClassification' | 'ViTModel' | 'VisionTransformer' | null"},
      {"image_size", square},
      {"patch_size", square},
      {"num_channels", size},
      {"num_layers", count},
      {"num_heads", size},
      {"hidden_dim", size},
      {"mlp_dim", size},
      {"num_classes", size},
      {"dropout", rate},
      {"attention_dropout", rate},
      {"layer_norm_eps", epsilon},
      {"representation_size", fixed, "null"},
      {"conv_stem_configs", fixed, "null"},
      {"norm_layer", fixed, "null"},
      // Hugging Face's names.
      {"num_hidden_layers", alias, "num_layers"},
      {"num_attention_heads", alias, "num_heads"},
      {"hidden_size", alias, "hidden_dim"},
      {"intermediate_size", alias, "mlp_dim"},
      {"id2label", labels, "null"},
      {"num_labels", size, "null"},
      {"hidden_act", fixed, "'gelu' | 'gelu_python'"},
      {"qkv_bias", fixed, "true"},
      {"hidden_dropout_prob", fixed, "0"},  // at other places than torchvision's dropout
      {"attention_probs_dropout_prob", alias, "attention_dropout"},
      // The pooler of ViTModel, and the decoder of masked image modelling.
      {"pooler_act", unused},
      {"pooler_output_size", unused},
      {"encoder_stride", unused},
      {"tie_word_embeddings", unused},
  };
  return table;
}

VisionTransformerOptions VisionTransformer::from_config(const Config& file) {
  const Config config = file.checked({vit_members()});
  VisionTransformerOptions o = vit_b_16();
  o.img_size = config.square("image_size");
  o.patch_size = config.square("patch_size");
  o.channels = config.whole_or("num_channels", 3);
  o.num_layers = config.whole("num_layers");
  o.nhead = config.whole("num_heads");
  o.d_model = config.whole("hidden_dim");
  o.dim_feedforward = config.whole("mlp_dim");
  // Hugging Face's files leave out two classes without names, torchvision's the classes of ImageNet.
  o.num_classes = config.classes(config.has("model_type") ? 2 : 1000);
  o.dropout = config.number_or("dropout", 0);
  o.embedding_dropout = o.dropout;
  o.attention_dropout = config.number_or("attention_dropout", 0);
  o.layer_norm_eps = config.number_or("layer_norm_eps", 1e-6);
  config.must_divide("num_heads", "hidden_dim");
  return o;
}

}  // namespace heed::nn
