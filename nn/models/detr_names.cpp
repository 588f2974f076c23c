// detr_names.cpp — the published settings and weight names of DETR.
#include "nn/models/detr.h"
#include "nn/models/pretrained.h"

namespace heed::nn {

// ---- config.json ------------------------------------------------------------------------------------------

static std::span<const ConfigMember> detr_members() {
  using enum MemberKind;
  static constexpr ConfigMember table[] = {
      {"model_type", fixed, "'detr'"},
      {"architectures", fixed, "'DetrForObjectDetection' | 'DetrModel' | null"},
      {"num_channels", size},
      {"d_model", size},
      {"encoder_attention_heads", size},
      {"decoder_attention_heads", size},
      {"encoder_layers", count},
      {"decoder_layers", count},
      {"encoder_ffn_dim", size},
      {"decoder_ffn_dim", size},
      {"dropout", rate},
      {"attention_dropout", rate},
      {"activation_dropout", rate},
      {"num_queries", size},
      {"id2label", labels, "null"},
      {"num_labels", size, "null"},
      {"hidden_size", alias, "d_model"},
      {"num_attention_heads", alias, "encoder_attention_heads"},
      {"activation_function", fixed, "'relu'"},
      {"position_embedding_type", fixed, "'sine'"},
      {"scale_embedding", fixed, "false | null"},
      {"encoder_layerdrop", fixed, "0"},
      {"decoder_layerdrop", fixed, "0"},
      {"is_encoder_decoder", fixed, "true"},
      // The backbone: timm's ResNet-50; DETR uses its last feature map.
      {"backbone", fixed, "'resnet50'"},
      {"use_timm_backbone", fixed, "true"},
      {"dilation", fixed, "false | null"},
      {"backbone_config", fixed, "null"},
      {"backbone_kwargs", fixed, "null"},
      {"backbone_kwargs.out_indices", sizes},
      {"backbone_kwargs.in_chans", alias, "num_channels"},
      {"freeze_backbone", unused},
      // Deformable DETR.
      {"two_stage", fixed, "false | null"},
      {"with_box_refine", fixed, "false | null"},
      {"num_feature_levels", fixed, "1"},
      // Initialisation, members that no model uses, and the loss.
      {"use_pretrained_backbone", unused},
      {"init_std", unused},
      {"init_xavier_std", unused},
      {"num_hidden_layers", unused},  // equals encoder_layers
      {"max_position_embeddings", unused},
      {"classifier_dropout", unused},
      {"tie_word_embeddings", unused},
      {"auxiliary_loss", unused},  // the detections of every layer are returned
      {"class_cost", unused},
      {"bbox_cost", unused},
      {"giou_cost", unused},
      {"mask_loss_coefficient", unused},
      {"dice_loss_coefficient", unused},
      {"bbox_loss_coefficient", unused},
      {"giou_loss_coefficient", unused},
      {"eos_coefficient", unused},
  };
  return table;
}

DETROptions DETR::from_config(const Config& file) {
  const Config config = file.validated({detr_members()});
  if (config.has("backbone_kwargs.out_indices.0"))
    config.require(config.integers("backbone_kwargs.out_indices").back() == 4,
                   "'backbone_kwargs.out_indices' must end with 4, the backbone's last map, got ",
                   config.integers("backbone_kwargs.out_indices").back());
  DETROptions o = detr_resnet50();
  o.backbone.in_channels = config.integer_or("num_channels", 3);
  DetectionTransformerOptions& d = o.detector;
  d.d_model = config.integer("d_model");
  d.nhead = config.integer("encoder_attention_heads");
  d.num_encoder_layers = config.integer("encoder_layers");
  d.num_decoder_layers = config.integer("decoder_layers");
  d.dim_feedforward = config.integer("encoder_ffn_dim");
  config.require(config.integer("decoder_attention_heads") == d.nhead &&
                     config.integer("decoder_ffn_dim") == d.dim_feedforward,
                 "'decoder_attention_heads' and 'decoder_ffn_dim' must be those of the encoder");
  config.must_divide("encoder_attention_heads", "d_model");
  d.dropout = config.number_or("dropout", 0.1);
  d.attention_dropout = config.number_or("attention_dropout", 0);
  d.activation_dropout = config.number_or("activation_dropout", 0);
  d.num_queries = config.integer("num_queries");
  d.num_classes = config.classes(2);  // Hugging Face's default if id2label is absent
  return o;
}

// ---- names of the weights ---------------------------------------------------------------------------------

static constexpr NameMapping table[] = {
    {"model.backbone.conv_encoder.model.conv1.weight", "backbone.conv1.weight"},
    {"model.backbone.conv_encoder.model.bn1.weight", "backbone.bn1.weight"},
    {"model.backbone.conv_encoder.model.bn1.bias", "backbone.bn1.bias"},
    {"model.backbone.conv_encoder.model.bn1.running_mean", "backbone.bn1.running_mean"},
    {"model.backbone.conv_encoder.model.bn1.running_var", "backbone.bn1.running_var"},
    {"model.backbone.conv_encoder.model.layer*.*.conv*.weight", "backbone.layer*.*.conv*.weight"},
    {"model.backbone.conv_encoder.model.layer*.*.bn*.weight", "backbone.layer*.*.bn*.weight"},
    {"model.backbone.conv_encoder.model.layer*.*.bn*.bias", "backbone.layer*.*.bn*.bias"},
    {"model.backbone.conv_encoder.model.layer*.*.bn*.running_mean", "backbone.layer*.*.bn*.running_mean"},
    {"model.backbone.conv_encoder.model.layer*.*.bn*.running_var", "backbone.layer*.*.bn*.running_var"},
    {"model.backbone.conv_encoder.model.layer*.*.downsample.0.weight",
     "backbone.layer*.*.downsample.0.weight"},
    {"model.backbone.conv_encoder.model.layer*.*.downsample.1.weight",
     "backbone.layer*.*.downsample.1.weight"},
    {"model.backbone.conv_encoder.model.layer*.*.downsample.1.bias", "backbone.layer*.*.downsample.1.bias"},
    {"model.backbone.conv_encoder.model.layer*.*.downsample.1.running_mean",
     "backbone.layer*.*.downsample.1.running_mean"},
    {"model.backbone.conv_encoder.model.layer*.*.downsample.1.running_var",
     "backbone.layer*.*.downsample.1.running_var"},
    {"model.input_projection.weight", "detector.input_proj.weight"},
    {"model.input_projection.bias", "detector.input_proj.bias"},
    {"model.query_position_embeddings.weight", "detector.query_embed"},
    {"model.encoder.layers.*.self_attn.q_proj.weight", "detector.encoder.*.self_attn.in_proj_weight",
     Transform::query_rows},
    {"model.encoder.layers.*.self_attn.q_proj.bias", "detector.encoder.*.self_attn.in_proj_bias",
     Transform::query_rows},
    {"model.encoder.layers.*.self_attn.k_proj.weight", "detector.encoder.*.self_attn.in_proj_weight",
     Transform::key_rows},
    {"model.encoder.layers.*.self_attn.k_proj.bias", "detector.encoder.*.self_attn.in_proj_bias",
     Transform::key_rows},
    {"model.encoder.layers.*.self_attn.v_proj.weight", "detector.encoder.*.self_attn.in_proj_weight",
     Transform::value_rows},
    {"model.encoder.layers.*.self_attn.v_proj.bias", "detector.encoder.*.self_attn.in_proj_bias",
     Transform::value_rows},
    {"model.encoder.layers.*.self_attn.out_proj.weight", "detector.encoder.*.self_attn.out_proj.weight"},
    {"model.encoder.layers.*.self_attn.out_proj.bias", "detector.encoder.*.self_attn.out_proj.bias"},
    {"model.encoder.layers.*.fc1.weight", "detector.encoder.*.linear1.weight"},
    {"model.encoder.layers.*.fc1.bias", "detector.encoder.*.linear1.bias"},
    {"model.encoder.layers.*.fc2.weight", "detector.encoder.*.linear2.weight"},
    {"model.encoder.layers.*.fc2.bias", "detector.encoder.*.linear2.bias"},
    {"model.encoder.layers.*.self_attn_layer_norm.weight", "detector.encoder.*.norm1.weight"},
    {"model.encoder.layers.*.self_attn_layer_norm.bias", "detector.encoder.*.norm1.bias"},
    {"model.encoder.layers.*.final_layer_norm.weight", "detector.encoder.*.norm2.weight"},
    {"model.encoder.layers.*.final_layer_norm.bias", "detector.encoder.*.norm2.bias"},
    {"model.decoder.layers.*.self_attn.q_proj.weight", "detector.decoder.*.self_attn.in_proj_weight",
     Transform::query_rows},
    {"model.decoder.layers.*.self_attn.q_proj.bias", "detector.decoder.*.self_attn.in_proj_bias",
     Transform::query_rows},
    {"model.decoder.layers.*.self_attn.k_proj.weight", "detector.decoder.*.self_attn.in_proj_weight",
     Transform::key_rows},
    {"model.decoder.layers.*.self_attn.k_proj.bias", "detector.decoder.*.self_attn.in_proj_bias",
     Transform::key_rows},
    {"model.decoder.layers.*.self_attn.v_proj.weight", "detector.decoder.*.self_attn.in_proj_weight",
     Transform::value_rows},
    {"model.decoder.layers.*.self_attn.v_proj.bias", "detector.decoder.*.self_attn.in_proj_bias",
     Transform::value_rows},
    {"model.decoder.layers.*.self_attn.out_proj.weight", "detector.decoder.*.self_attn.out_proj.weight"},
    {"model.decoder.layers.*.self_attn.out_proj.bias", "detector.decoder.*.self_attn.out_proj.bias"},
    {"model.decoder.layers.*.encoder_attn.q_proj.weight", "detector.decoder.*.multihead_attn.in_proj_weight",
     Transform::query_rows},
    {"model.decoder.layers.*.encoder_attn.q_proj.bias", "detector.decoder.*.multihead_attn.in_proj_bias",
     Transform::query_rows},
    {"model.decoder.layers.*.encoder_attn.k_proj.weight", "detector.decoder.*.multihead_attn.in_proj_weight",
     Transform::key_rows},
    {"model.decoder.layers.*.encoder_attn.k_proj.bias", "detector.decoder.*.multihead_attn.in_proj_bias",
     Transform::key_rows},
    {"model.decoder.layers.*.encoder_attn.v_proj.weight", "detector.decoder.*.multihead_attn.in_proj_weight",
     Transform::value_rows},
    {"model.decoder.layers.*.encoder_attn.v_proj.bias", "detector.decoder.*.multihead_attn.in_proj_bias",
     Transform::value_rows},
    {"model.decoder.layers.*.encoder_attn.out_proj.weight",
     "detector.decoder.*.multihead_attn.out_proj.weight"},
    {"model.decoder.layers.*.encoder_attn.out_proj.bias", "detector.decoder.*.multihead_attn.out_proj.bias"},
    {"model.decoder.layers.*.fc1.weight", "detector.decoder.*.linear1.weight"},
    {"model.decoder.layers.*.fc1.bias", "detector.decoder.*.linear1.bias"},
    {"model.decoder.layers.*.fc2.weight", "detector.decoder.*.linear2.weight"},
    {"model.decoder.layers.*.fc2.bias", "detector.decoder.*.linear2.bias"},
    {"model.decoder.layers.*.self_attn_layer_norm.weight", "detector.decoder.*.norm1.weight"},
    {"model.decoder.layers.*.self_attn_layer_norm.bias", "detector.decoder.*.norm1.bias"},
    {"model.decoder.layers.*.encoder_attn_layer_norm.weight", "detector.decoder.*.norm2.weight"},
    {"model.decoder.layers.*.encoder_attn_layer_norm.bias", "detector.decoder.*.norm2.bias"},
    {"model.decoder.layers.*.final_layer_norm.weight", "detector.decoder.*.norm3.weight"},
    {"model.decoder.layers.*.final_layer_norm.bias", "detector.decoder.*.norm3.bias"},
    {"model.decoder.layernorm.weight", "detector.norm.weight"},
    {"model.decoder.layernorm.bias", "detector.norm.bias"},
    {"class_labels_classifier.weight", "detector.class_embed.weight"},
    {"class_labels_classifier.bias", "detector.class_embed.bias"},
    {"bbox_predictor.layers.*.weight", "detector.bbox_embed.*.weight"},
    {"bbox_predictor.layers.*.bias", "detector.bbox_embed.*.bias"},
};

PublishedNames DETR::published_names() {
  static constexpr const char* ignored[] = {
      "model.backbone.conv_encoder.model.bn*.num_batches_tracked",
      "model.backbone.conv_encoder.model.layer*.*.bn*.num_batches_tracked",
      "model.backbone.conv_encoder.model.layer*.*.downsample.*.num_batches_tracked"};
  return {.table = table, .ignored = ignored};
}

}  // namespace heed::nn
