// swin_names.cpp — the published settings and weight names of the Swin Transformer.
#include "nn/models/pretrained.h"
#include "nn/models/swin.h"

namespace heed::nn {

// ---- config.json ------------------------------------------------------------------------------------------

static std::span<const ConfigMember> swin_members() {
  using enum MemberKind;
  static constexpr ConfigMember table[] = {
      {"model_type", fixed, "'swin'"},
      {"architectures", fixed, "'SwinForImageClassification' | 'SwinModel' | 'SwinTransformer' | null"},
      {"num_channels", size},
      {"patch_size", square},
      {"embed_dim", size},
      {"depths", sizes},
      {"num_heads", sizes},
      {"window_size", square},
      {"mlp_ratio", size},
      {"num_classes", size},
      {"dropout", rate},
      {"stochastic_depth_prob", rate},
      {"layer_norm_eps", epsilon},
      {"attention_dropout", fixed, "0"},
      {"norm_layer", fixed, "null"},
      {"block", fixed, "null"},
      {"downsample_layer", fixed, "null"},
      // Hugging Face's names.
      {"drop_path_rate", alias, "stochastic_depth_prob"},  // for both sublayers
      {"id2label", labels, "null"},
      {"num_labels", size, "null"},
      {"hidden_act", fixed, "'gelu' | 'gelu_python'"},
      {"qkv_bias", fixed, "true"},
      {"use_absolute_embeddings", fixed, "false | null"},
      {"hidden_dropout_prob", fixed, "0"},  // applied elsewhere than torchvision's dropout
      {"attention_probs_dropout_prob", fixed, "0"},
      {"path_norm", fixed, "true"},  // the LayerNorm after the patch embedding
      // Derived from the image and from depths; the decoder of masked image modelling; the maps of
      // a backbone.
      {"image_size", unused},
      {"hidden_size", unused},
      {"num_layers", unused},
      {"num_hidden_layers", unused},
      {"encoder_stride", unused},
      {"out_features", unused},
      {"out_indices", unused},
      {"stage_names", unused},
      {"tie_word_embeddings", unused},
  };
  return table;
}

SwinOptions SwinTransformer::from_config(const Config& file) {
  const Config config = file.validated({swin_members()});
  // If the number of classes is absent, Hugging Face's default is 2, and torchvision's is 1000
  // (ImageNet).
  const index_t default_classes = config.has("model_type") ? 2 : 1000;
  SwinOptions o{.channels = config.integer_or("num_channels", 3),
                .patch_size = config.square("patch_size"),
                .embed_dim = config.integer("embed_dim"),
                .depths = config.integers("depths"),
                .num_heads = config.integers("num_heads"),
                .window_size = config.square("window_size"),
                .mlp_ratio = config.integer_or("mlp_ratio", 4),
                .num_classes = config.classes(default_classes),
                .dropout = config.number_or("dropout", 0),
                .stochastic_depth = config.number_or("stochastic_depth_prob", 0.1),
                .layer_norm_eps = config.number_or("layer_norm_eps", 1e-5)};
  for (const index_t depth : o.depths)  // the range of MemberKind::count
    config.require(depth <= 4096, "'depths' must be integers from 1 to 4096, got ", depth);
  return o;
}

// ---- names of the weights ---------------------------------------------------------------------------------

// The names of the module are torchvision's.
PublishedNames SwinTransformer::published_names() { return {}; }

}  // namespace heed::nn
