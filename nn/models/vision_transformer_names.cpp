// vision_transformer_names.cpp — the published settings and weight names of the Vision Transformer.
#include "nn/models/pretrained.h"
#include "nn/models/vision_transformer.h"

namespace heed::nn {

// ---- config.json ------------------------------------------------------------------------------------------

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
      {"hidden_dropout_prob", fixed, "0"},  // applied elsewhere than torchvision's dropout
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
  const Config config = file.validated({vit_members()});
  VisionTransformerOptions o = vit_b_16();
  o.img_size = config.square("image_size");
  o.patch_size = config.square("patch_size");
  o.channels = config.integer_or("num_channels", 3);
  o.num_layers = config.integer("num_layers");
  o.nhead = config.integer("num_heads");
  o.d_model = config.integer("hidden_dim");
  o.dim_feedforward = config.integer("mlp_dim");
  // If the number of classes is absent, Hugging Face's default is 2, and torchvision's is 1000
  // (ImageNet).
  o.num_classes = config.classes(config.has("model_type") ? 2 : 1000);
  o.dropout = config.number_or("dropout", 0);
  o.embedding_dropout = o.dropout;
  o.attention_dropout = config.number_or("attention_dropout", 0);
  o.layer_norm_eps = config.number_or("layer_norm_eps", 1e-6);
  config.must_divide("num_heads", "hidden_dim");
  return o;
}

// ---- names of the weights ---------------------------------------------------------------------------------

PublishedNames VisionTransformer::published_names() {
  static constexpr NameMapping table[] = {
      {"class_token", "cls_token"},
      {"conv_proj.weight", "patch_embed.weight", Transform::flatten},
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
  // The published files use older names than torchvision's code.
  static constexpr std::pair<const char*, const char*> endings[] = {{"mlp.linear_1.weight", "mlp.0.weight"},
                                                                    {"mlp.linear_1.bias", "mlp.0.bias"},
                                                                    {"mlp.linear_2.weight", "mlp.3.weight"},
                                                                    {"mlp.linear_2.bias", "mlp.3.bias"}};
  return {.table = table, .endings = endings};
}

}  // namespace heed::nn
