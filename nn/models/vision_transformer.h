// vision_transformer.h — lessons 08 and 10: a Transformer encoder over the patches of an image.
#pragma once

#include <optional>

#include "nn/transformer_encoder.h"

namespace heed::nn {

class Config;
struct PublishedNames;

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
  double embedding_dropout = 0;                  // of the encoder's input
  Activation activation = Activation::relu;
  bool norm_first = false;  // pre-LN; also ends the stack with a LayerNorm
  double layer_norm_eps = 1e-5;
};
// ViT-B/16 at 224 x 224 pixels, as torchvision's vit_b_16: 86,567,656 parameters. It is pre-LN,
// with GELU.
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

// images (B, channels, img_size, img_size) -> logits (B, num_classes), computed from the class
// token. Dosovitskiy et al., "An image is worth 16x16 words", 2021.
struct VisionTransformer : ModuleOf<VisionTransformer> {
  VisionTransformerOptions options;
  Tensor cls_token;  // (1, 1, C)
  Tensor pos_embed;  // (1, N + 1, C), including the class token
  Linear patch_embed;
  std::optional<Dropout> embedding_dropout;  // present if its rate is not 0
  TransformerEncoder transformer;
  Linear fc;

  VisionTransformer(VisionTransformerOptions options, Generator& gen);
  Tensor forward(const Tensor& images);
  OutputWithAttention forward_with_attention(const Tensor& images);
  // images -> (B, N, channels · patch_size²): the patches row by row, each flattened as (channel,
  // row, column). With this order, the weight of patch_embed equals that of a convolution with
  // stride patch_size.
  Tensor patches(const Tensor& images) const;
  // images -> the input of the encoder (B, N + 1, C): the class token first, position embeddings
  // added.
  Tensor tokens(const Tensor& images);
  index_t num_patches() const;  // N = (img_size / patch_size)²
  void visit(Visitor& v) override;
  std::string type() const override { return "VisionTransformer"; }
  std::string details() const override;

  // config.json has torchvision's arguments: image_size, patch_size, num_layers, num_heads,
  // hidden_dim, mlp_dim … The names of Hugging Face's ViTConfig are supported, too; the weights
  // must have torchvision's names. Throws "[config.json] …" for a setting that the model does not
  // implement.
  static VisionTransformerOptions from_config(const Config& config);
  static PublishedNames published_names();
};

}  // namespace heed::nn
