// config_vision_test.cpp — the published configurations of ViT, DETR and Swin, member by member.
#include "nn/models/detr.h"
#include "nn/models/swin.h"
#include "nn/models/vision_transformer.h"
#include "tests/nn/models/config_cases.h"

namespace heed::nn {
namespace {

std::vector<double> build_vit(const Values& values) {
  const VisionTransformerOptions o = VisionTransformer::from_config(values);
  Generator gen(1);
  VisionTransformer vit(o, gen);
  return described(vit, vit(noise({1, o.channels, o.img_size, o.img_size})));
}

TEST(FamilyConfig, VisionTransformer) {
  const Values torchvision{{"image_size", 224.0},
                           {"patch_size", 16.0},
                           {"num_layers", 12.0},
                           {"num_heads", 12.0},
                           {"hidden_dim", 768.0},
                           {"mlp_dim", 3072.0},
                           {"dropout", 0.0},
                           {"attention_dropout", 0.0},
                           {"num_classes", 1000.0},
                           {"representation_size", nullptr},
                           {"conv_stem_configs", nullptr}};
  EXPECT_EQ(VisionTransformer::from_config(torchvision).layer_norm_eps, 1e-6);
  const Values hugging_face{{"model_type", text("vit")},
                            {"architectures.0", text("ViTForImageClassification")},
                            {"attention_probs_dropout_prob", 0.0},
                            {"encoder_stride", 16.0},
                            {"hidden_act", text("gelu")},
                            {"hidden_dropout_prob", 0.0},
                            {"hidden_size", 768.0},
                            {"image_size", 224.0},
                            {"initializer_range", 0.02},
                            {"intermediate_size", 3072.0},
                            {"layer_norm_eps", 1e-12},
                            {"num_attention_heads", 12.0},
                            {"num_channels", 3.0},
                            {"num_hidden_layers", 12.0},
                            {"patch_size", 16.0},
                            {"pooler_act", text("tanh")},
                            {"pooler_output_size", 768.0},
                            {"qkv_bias", true},
                            {"id2label.0", text("tench")},
                            {"id2label.1", text("goldfish")}};
  EXPECT_EQ(VisionTransformer::from_config(hugging_face).num_classes, 2);
  EXPECT_EQ(VisionTransformer::from_config(hugging_face).layer_norm_eps, 1e-12);
  Values without_labels = hugging_face, without_classes = torchvision;
  without_labels.erase("id2label.0");
  without_labels.erase("id2label.1");
  EXPECT_EQ(VisionTransformer::from_config(without_labels).num_classes, 2);
  without_classes.erase("num_classes");
  EXPECT_EQ(VisionTransformer::from_config(without_classes).num_classes, 1000);

  const Values tiny{{"image_size", 8.0}, {"patch_size", 4.0}, {"num_layers", 2.0}, {"num_heads", 2.0},
                    {"hidden_dim", 8.0}, {"mlp_dim", 16.0},   {"num_classes", 3.0}};
  expect_each_changes_the_model(build_vit, tiny,
                                {{"image_size", 12.0},
                                 {"patch_size", 2.0},
                                 {"num_channels", 1.0},
                                 {"num_layers", 1.0},
                                 {"num_heads", 4.0},
                                 {"hidden_dim", 4.0},
                                 {"mlp_dim", 8.0},
                                 {"num_classes", 4.0},
                                 {"dropout", 0.5},
                                 {"attention_dropout", 0.5},
                                 {"attention_probs_dropout_prob", 0.5},
                                 {"layer_norm_eps", 0.5}});
  expect_none_changes_the_model(build_vit, tiny, common_unused);
  expect_none_changes_the_model(
      build_vit, tiny, {{"encoder_stride", 4.0}, {"pooler_act", text("relu")}, {"pooler_output_size", 3.0}});
  expect_each_is_rejected(build_vit, tiny, common_rejected);
  expect_each_is_rejected(build_vit, tiny,
                          {{"model_type", text("deit")},
                           {"architectures.0", text("ViTMAEForPreTraining")},
                           {"representation_size", 16.0},
                           {"conv_stem_configs.0.kernel_size", 3.0},
                           {"norm_layer", text("RMSNorm")},
                           {"hidden_act", text("quick_gelu")},
                           {"qkv_bias", false},
                           {"hidden_dropout_prob", 0.1},
                           {"hidden_size", 16.0},
                           {"num_labels", 4.0},
                           {"use_mask_token", true},
                           {"drop_path_rate", 0.1},
                           {"num_heads", 3.0}});
  expect_sizes_are_checked(build_vit, tiny,
                           {"image_size", "patch_size", "num_channels", "num_layers", "num_heads",
                            "hidden_dim", "mlp_dim", "num_classes"});
}

std::vector<double> build_detr(const Values& values) {
  DETROptions o = DETR::from_config(values);
  o.backbone.width = 1;  // a small one of the same form
  o.backbone.blocks = {1, 1, 1, 1};
  Generator gen(1);
  DETR detr(o, gen);
  return described(detr, detr(noise({1, o.backbone.in_channels, 32, 64})).boxes);
}

TEST(FamilyConfig, Detr) {
  Values published{{"model_type", text("detr")},
                   {"architectures.0", text("DetrForObjectDetection")},
                   {"activation_dropout", 0.0},
                   {"activation_function", text("relu")},
                   {"attention_dropout", 0.0},
                   {"auxiliary_loss", false},
                   {"backbone", text("resnet50")},
                   {"backbone_config", nullptr},
                   {"backbone_kwargs", nullptr},
                   {"bbox_cost", 5.0},
                   {"bbox_loss_coefficient", 5.0},
                   {"class_cost", 1.0},
                   {"classifier_dropout", 0.0},
                   {"d_model", 256.0},
                   {"decoder_attention_heads", 8.0},
                   {"decoder_ffn_dim", 2048.0},
                   {"decoder_layerdrop", 0.0},
                   {"decoder_layers", 6.0},
                   {"dice_loss_coefficient", 1.0},
                   {"dilation", false},
                   {"dropout", 0.1},
                   {"encoder_attention_heads", 8.0},
                   {"encoder_ffn_dim", 2048.0},
                   {"encoder_layerdrop", 0.0},
                   {"encoder_layers", 6.0},
                   {"eos_coefficient", 0.1},
                   {"giou_cost", 2.0},
                   {"giou_loss_coefficient", 2.0},
                   {"init_std", 0.02},
                   {"init_xavier_std", 1.0},
                   {"is_encoder_decoder", true},
                   {"mask_loss_coefficient", 1.0},
                   {"max_position_embeddings", 1024.0},
                   {"num_channels", 3.0},
                   {"num_hidden_layers", 6.0},
                   {"num_queries", 100.0},
                   {"position_embedding_type", text("sine")},
                   {"scale_embedding", false},
                   {"use_pretrained_backbone", true},
                   {"use_timm_backbone", true}};
  for (int i = 0; i < 91; ++i) published[concat("id2label.", i)] = text("N/A");
  EXPECT_EQ(DETR::from_config(published).detector.num_classes, 91);
  EXPECT_EQ(DETR::from_config(published).detector.attention_dropout, 0);

  const Values tiny{{"d_model", 8.0},
                    {"encoder_attention_heads", 2.0},
                    {"decoder_attention_heads", 2.0},
                    {"encoder_layers", 1.0},
                    {"decoder_layers", 2.0},
                    {"encoder_ffn_dim", 16.0},
                    {"decoder_ffn_dim", 16.0},
                    {"num_queries", 5.0}};
  EXPECT_EQ(DETR::from_config(tiny).detector.num_classes, 2);  // a file of two classes leaves id2label out
  expect_each_changes_the_model(build_detr, tiny,
                                {{"num_channels", 1.0},
                                 {"backbone_kwargs.in_chans", 1.0},
                                 {"d_model", 12.0},
                                 {"encoder_layers", 2.0},
                                 {"decoder_layers", 1.0},
                                 {"num_queries", 4.0},
                                 {"dropout", 0.5},
                                 {"attention_dropout", 0.5},
                                 {"activation_dropout", 0.5},
                                 {"num_labels", 3.0},
                                 {"id2label.0", text("A")}});
  const Values heads = with(tiny, "decoder_attention_heads", 4.0), wide = with(tiny, "decoder_ffn_dim", 8.0);
  EXPECT_NE(build_detr(with(heads, "encoder_attention_heads", 4.0)), build_detr(tiny));
  EXPECT_NE(build_detr(with(wide, "encoder_ffn_dim", 8.0)), build_detr(tiny));
  expect_none_changes_the_model(build_detr, tiny, common_unused);
  expect_none_changes_the_model(build_detr, tiny,
                                {{"auxiliary_loss", true},
                                 {"class_cost", 9.0},
                                 {"eos_coefficient", 0.5},
                                 {"init_std", 0.5},
                                 {"max_position_embeddings", 4.0},
                                 {"use_pretrained_backbone", false},
                                 {"backbone_kwargs", std::monostate()},
                                 {"backbone_kwargs.out_indices.0", 4.0},
                                 {"backbone_kwargs.in_chans", 3.0}});
  expect_each_is_rejected(build_detr, tiny, common_rejected);
  expect_each_is_rejected(build_detr, tiny,
                          {{"model_type", text("deformable_detr")},
                           {"architectures.0", text("DeformableDetrForObjectDetection")},
                           {"dilation", true},
                           {"backbone", text("resnet101")},
                           {"backbone", nullptr},
                           {"use_timm_backbone", false},
                           {"backbone_config.model_type", text("resnet")},
                           {"backbone_kwargs.output_stride", 16.0},
                           {"position_embedding_type", text("learned")},
                           {"activation_function", text("gelu")},
                           {"scale_embedding", true},
                           {"encoder_layerdrop", 0.1},
                           {"decoder_layerdrop", 0.1},
                           {"is_encoder_decoder", false},
                           {"two_stage", true},
                           {"with_box_refine", true},
                           {"num_feature_levels", 4.0},
                           {"decoder_attention_heads", 4.0},
                           {"decoder_ffn_dim", 8.0},
                           {"hidden_size", 16.0}});
  EXPECT_EQ(error_of([&] { build_detr(with(tiny, "backbone_kwargs.out_indices.0", 3.0)); }),
            "[config.json] 'backbone_kwargs.out_indices' must end with 4, the backbone's last map, got 3");
  EXPECT_EQ(error_of([&] { build_detr(with(tiny, "dilation", true)); }),
            "[config.json] 'dilation' is true; this model computes as if it were false");
  expect_sizes_are_checked(
      build_detr, tiny,
      {"num_channels", "d_model", "encoder_attention_heads", "decoder_attention_heads", "encoder_layers",
       "decoder_layers", "encoder_ffn_dim", "decoder_ffn_dim", "num_queries", "num_labels"});
}

std::vector<double> build_swin(const Values& values) {
  const SwinOptions o = SwinTransformer::from_config(values);
  Generator gen(1);
  SwinTransformer swin(o, gen);
  return described(swin, swin(noise({3, o.channels, 12, 12})));
}

TEST(FamilyConfig, Swin) {
  const Values sizes{{"embed_dim", 96.0},   {"depths.0", 2.0},    {"depths.1", 2.0},    {"depths.2", 6.0},
                     {"depths.3", 2.0},     {"num_heads.0", 3.0}, {"num_heads.1", 6.0}, {"num_heads.2", 12.0},
                     {"num_heads.3", 24.0}, {"mlp_ratio", 4.0}};
  Values torchvision{{"patch_size.0", 4.0},   {"patch_size.1", 4.0},
                     {"window_size.0", 7.0},  {"window_size.1", 7.0},
                     {"dropout", 0.0},        {"attention_dropout", 0.0},
                     {"num_classes", 1000.0}, {"stochastic_depth_prob", 0.2}};
  torchvision.insert(sizes.begin(), sizes.end());
  EXPECT_EQ(SwinTransformer::from_config(torchvision).stochastic_depth, 0.2);
  Values hugging_face{{"model_type", text("swin")},
                      {"architectures.0", text("SwinForImageClassification")},
                      {"attention_probs_dropout_prob", 0.0},
                      {"drop_path_rate", 0.1},
                      {"encoder_stride", 32.0},
                      {"hidden_act", text("gelu")},
                      {"hidden_dropout_prob", 0.0},
                      {"hidden_size", 768.0},
                      {"image_size", 224.0},
                      {"initializer_range", 0.02},
                      {"layer_norm_eps", 1e-5},
                      {"num_channels", 3.0},
                      {"num_layers", 4.0},
                      {"out_features.0", text("stage4")},
                      {"out_indices.0", 4.0},
                      {"stage_names.0", text("stem")},
                      {"patch_size", 4.0},
                      {"path_norm", true},
                      {"qkv_bias", true},
                      {"use_absolute_embeddings", false},
                      {"window_size", 7.0}};
  hugging_face.insert(sizes.begin(), sizes.end());
  EXPECT_EQ(SwinTransformer::from_config(hugging_face).stochastic_depth, 0.1);
  EXPECT_EQ(SwinTransformer::from_config(hugging_face).num_classes, 2) << "a file without id2label";
  torchvision.erase("num_classes");
  EXPECT_EQ(SwinTransformer::from_config(torchvision).num_classes, 1000);

  const Values tiny{{"patch_size", 2.0},  {"embed_dim", 4.0},   {"depths.0", 2.0},
                    {"depths.1", 1.0},    {"num_heads.0", 1.0}, {"num_heads.1", 2.0},
                    {"window_size", 3.0}, {"num_classes", 3.0}, {"stochastic_depth_prob", 0.2}};
  expect_each_changes_the_model(build_swin, tiny,
                                {{"num_channels", 1.0},
                                 {"patch_size", 3.0},
                                 {"embed_dim", 8.0},
                                 {"depths.1", 2.0},
                                 {"num_heads.1", 4.0},
                                 {"window_size", 2.0},
                                 {"mlp_ratio", 2.0},
                                 {"num_classes", 4.0},
                                 {"dropout", 0.5},
                                 {"stochastic_depth_prob", 0.9},
                                 {"layer_norm_eps", 0.5}});
  expect_none_changes_the_model(build_swin, tiny, common_unused);
  expect_none_changes_the_model(build_swin, tiny,
                                {{"drop_path_rate", 0.2},
                                 {"image_size", 384.0},
                                 {"encoder_stride", 4.0},
                                 {"out_features.0", text("stage1")}});
  expect_each_is_rejected(build_swin, tiny, common_rejected);
  expect_each_is_rejected(build_swin, tiny,
                          {{"model_type", text("swinv2")},
                           {"architectures.0", text("Swinv2ForImageClassification")},
                           {"use_absolute_embeddings", true},
                           {"qkv_bias", false},
                           {"path_norm", false},
                           {"hidden_act", text("relu")},
                           {"attention_dropout", 0.1},
                           {"attention_probs_dropout_prob", 0.1},
                           {"hidden_dropout_prob", 0.1},
                           {"drop_path_rate", 0.1},
                           {"norm_layer", text("RMSNorm")},
                           {"block", text("SwinTransformerBlockV2")},
                           {"downsample_layer", text("PatchMergingV2")},
                           {"pretrained_window_sizes.0", 12.0},
                           {"mlp_ratio", 3.5},
                           {"depths.0", 0.0},
                           {"depths", text("tiny")},
                           {"num_labels", 4.0}});
  EXPECT_EQ(error_of([&] { build_swin(with(tiny, "depths.1", 16777216.0)); }),
            "[config.json] 'depths' must be integers from 1 to 4096, got 16777216");
  expect_sizes_are_checked(build_swin, tiny,
                           {"num_channels", "patch_size", "embed_dim", "depths.0", "num_heads.1",
                            "window_size", "mlp_ratio", "num_classes"});
}

}  // namespace
}  // namespace heed::nn
