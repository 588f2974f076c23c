// vision_transformer.h — lessons 08 and 10: an image as a sequence of patches.
#pragma once

#include <optional>

#include "nn/models/pretrained.h"
#include "nn/transformer_encoder.h"

namespace heed::nn {

struct VisionTransformerOptions {
  index_t img_size = 0;    // height and width
  index_t patch_size = 0;  // must divide img_size
  index_t channels = 3;
  index_t num_classes = 0;
  index_t d_model = 0;
  index_t nhead = 1;
  index_t num_layers = 1;
  index_t dim_feedforward = 2048;
  double dropout = 0.1;
  std::optional<double> attention_dropout = {};  // of the attention weights; empty: dropout
  double embedding_dropout = 0;                  // of what the encoder reads
  Activation activation = Activation::relu;
  bool norm_first = false;  // also ends the stack with a norm
  double layer_norm_eps = 1e-5;
};
// ViT-B/16 at 224 x 224 pixels, as torchvision's vit_b_16: 86,567,656 parameters. It is pre-LN, with GELU.
inline VisionTransformerOptions vit_b_16() {
  return {.img_size = 224,
          .patch_size = 16,
          .num_classes = 1000,
          .d_model = 768,
          .nhead = 12,
          .num_layers = 12,
          .dim_feedforward = 3072,
          .dropout = 0,
          .activation = Activation::gelu,
          .norm_first = true,
          .layer_norm_eps = 1e-6};
}

// images (B, channels, img_size, img_size) -> logits (B, num_classes), read from the class token.
// Dosovitskiy et al., "An image is worth 16x16 words", 2021.
struct VisionTransformer : ModuleOf<VisionTransformer> {
  VisionTransformerOptions options;
  Tensor cls_token;  // (1, 1, C)
  Tensor pos_embed;  // (1, N + 1, C): the class token has a position, too
  Linear patch_embed;
  std::optional<Dropout> embedding_dropout;  // if its rate is not 0
  TransformerEncoder transformer;
  Linear fc;

  VisionTransformer(VisionTransformerOptions options, Generator& gen);
  Tensor forward(const Tensor& images);
  OutputWithAttention forward_with_attention(const Tensor& images);
  // (B, N, channels · patch_size²): patches row by row, each flattened (channel, row, column), so that
  // patch_embed's weight is that of a convolution of stride patch_size.
  Tensor patches(const Tensor& images) const;
  // What the encoder reads: (B, N + 1, C), the class token first, positions added.
  Tensor tokens(const Tensor& images);
  index_t num_patches() const;  // N = (img_size / patch_size)²
  void visit(Visitor& v) override;
  std::string type() const override { return "VisionTransformer"; }
  std::string details() const override;

  // config.json holds torchvision's arguments: image_size, patch_size, num_layers, num_heads,
  // hidden_dim, mlp_dim … The names of Hugging Face's ViTConfig are understood, too; weights must
  // have torchvision's names. Throws "[config.json] …" for a setting that this model does not
  // implement.
  static VisionTransformerOptions from_config(const Config& config);
  static PublishedNames published_names();
};

// The names under which it is published, and ours.
inline PublishedNames VisionTransformer::published_names() {
  static constexpr Rename table[] = {
      {"class_token", "cls_token"},
      {"conv_proj.weight", "patch_embed.weight", How::flattened},
      {"conv_proj.bias", "patch_embed.bias"},
      {"encoder.pos_embedding", "pos_embed"},
      {"encoder.layers.encoder_layer_*.ln_1.weight", "transformer.layers.*.norm1.weight"},
      {"encoder.layers.encoder_layer_*.ln_1.bias", "transformer.layers.*.norm1.bias"},
      {"encoder.layers.encoder_layer_*.self_attention.in_proj_weight",
       "transformer.layers.*.self_attn.in_proj_weight"},
      {"encoder.layers.encoder_layer_*.self_attention.in_proj_bias",
       "transformer.layers.*.self_attn.in_proj_bias"},
      {"encoder.layers.encoder_layer_*.self_attention.out_proj.weight",
       "transformer.layers.*.self_attn.out_proj.weight"},
      {"encoder.layers.encoder_layer_*.self_attention.out_proj.bias",
       "transformer.layers.*.self_attn.out_proj.bias"},
      {"encoder.layers.encoder_layer_*.ln_2.weight", "transformer.layers.*.norm2.weight"},
      {"encoder.layers.encoder_layer_*.ln_2.bias", "transformer.layers.*.norm2.bias"},
      {"encoder.layers.encoder_layer_*.mlp.0.weight", "transformer.layers.*.linear1.weight"},
      {"encoder.layers.encoder_layer_*.mlp.0.bias", "transformer.layers.*.linear1.bias"},
      {"encoder.layers.encoder_layer_*.mlp.3.weight", "transformer.layers.*.linear2.weight"},
      {"encoder.layers.encoder_layer_*.mlp.3.bias", "transformer.layers.*.linear2.bias"},
      {"encoder.ln.weight", "transformer.norm.weight"},
      {"encoder.ln.bias", "transformer.norm.bias"},
      {"heads.head.weight", "fc.weight"},
      {"heads.head.bias", "fc.bias"},
  };
  // The published files are older than torchvision's own names.
  static constexpr std::pair<const char*, const char*> endings[] = {{"mlp.linear_1.weight", "mlp.0.weight"},
                                                                    {"mlp.linear_1.bias", "mlp.0.bias"},
                                                                    {"mlp.linear_2.weight", "mlp.3.weight"},
                                                                    {"mlp.linear_2.bias", "mlp.3.bias"}};
  return {.table = table, .endings = endings};
}

}  // namespace heed::nn
