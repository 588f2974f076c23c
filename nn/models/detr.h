// detr.h — lesson 10: what is in the picture, and where? A set of questions asked of it at once.
//
//   DETR detr(detr_resnet50(), gen);
//   Detections found = detr(images);                        // (B, 3, h, w)
//   found.logits[-1], found.boxes[-1];                      // (B, 100, 92), (B, 100, 4): of the last layer
//   detection_loss(found, objects).total.backward();        // nn/models/detection_loss.h
//
// A convolutional network makes a map of features; its pixels are words. An encoder reads them, and in a decoder N
// learned queries look at them and at each other, without any order and without a mask: each ends as one object with its
// box, or as "no object". What it changes about section 5's block: positions in two dimensions, added to the queries
// and keys of every attention instead of once at the beginning, and never to the values.
// Carion et al., "End-to-end object detection with Transformers", 2020.
#pragma once

#include <optional>
#include <vector>

#include "nn/dropout.h"
#include "nn/models/pretrained.h"
#include "nn/models/resnet.h"
#include "nn/multihead_attention.h"
#include "nn/norm.h"

namespace heed::nn {

// (B, h · w, C) for the pixels of a map: the first C/2 channels tell the row, the others the column, each as sines and
// cosines taking turns (as sinusoidal_table's) of 2π · (i + 1) / size, so that a picture is 2π high and wide whatever
// its size. `real` (B, h, w) is true where the picture is; padding at the right and below does not count as size.
Tensor sine_positions_2d(const Mask& real, index_t d_model, DType dtype = f32);

struct DetectionTransformerOptions {
  index_t in_channels = 2048;  // of the features
  index_t d_model = 256;       // C; a multiple of 4
  index_t nhead = 8;
  index_t num_encoder_layers = 6, num_decoder_layers = 6;
  index_t dim_feedforward = 2048;
  double dropout = 0.1;  // of what the sublayers return
  // Of the attention weights, and inside the feed-forward; empty: dropout.
  std::optional<double> attention_dropout = {}, activation_dropout = {};
  index_t num_queries = 100;  // N, the most objects that it can find
  index_t num_classes = 91;   // K; the class head has one output more, the last: no object
};

// What each decoder layer says (L of them, the last is the answer). Boxes are (cx, cy, w, h) in parts of the picture.
struct Detections {
  Tensor logits;  // (L, B, N, K + 1)
  Tensor boxes;   // (L, B, N, 4), from 0 to 1
};

// h = norm1(x + attention(x + p, x + p, x));   y = norm2(h + feed_forward(h)),   p the positions (B, S, C)
struct DETREncoderLayer : ModuleOf<DETREncoderLayer> {
  DetectionTransformerOptions options;
  MultiheadAttention self_attn;
  Linear linear1, linear2;
  LayerNorm norm1, norm2;
  Dropout dropout, dropout1, dropout2;

  DETREncoderLayer(DetectionTransformerOptions options, Generator& gen);
  Tensor forward(const Tensor& x, const Tensor& p, const Mask& mask);
  void visit(Visitor& v) override;
  std::string type() const override { return "DETREncoderLayer"; }
};

// h = norm1(x + attention(x + q, x + q, x))            queries see each other: nobody need say what another says
// h = norm2(h + attention(h + q, memory + p, memory))  and look at the picture
// y = norm3(h + feed_forward(h)),                      q the learned queries (N, C)
struct DETRDecoderLayer : ModuleOf<DETRDecoderLayer> {
  DetectionTransformerOptions options;
  MultiheadAttention self_attn, multihead_attn;
  Linear linear1, linear2;
  LayerNorm norm1, norm2, norm3;
  Dropout dropout, dropout1, dropout2, dropout3;

  DETRDecoderLayer(DetectionTransformerOptions options, Generator& gen);
  // With `maps`, the weights on the memory are appended to it: (B, H, N, S).
  Tensor forward(const Tensor& x, const Tensor& q, const Tensor& memory, const Tensor& p, const Mask& mask,
                 std::vector<Tensor>* maps = nullptr);
  void visit(Visitor& v) override;
  std::string type() const override { return "DETRDecoderLayer"; }
};

// Everything after the backbone, for any map of features.
struct DetectionTransformer : ModuleOf<DetectionTransformer> {
  DetectionTransformerOptions options;
  Conv2d input_proj;  // 1x1, to C channels
  std::vector<DETREncoderLayer> encoder;
  std::vector<DETRDecoderLayer> decoder;
  LayerNorm norm;      // of what every decoder layer says
  Tensor query_embed;  // (N, C), from N(0, 1): the queries' positions; what they know starts as zeros
  Linear class_embed;  // -> K + 1
  std::vector<Linear> bbox_embed;  // three, ReLU between them, sigmoid after the last

  DetectionTransformer(DetectionTransformerOptions options, Generator& gen);
  // features (B, in, h, w); real (B, h, w), true at the pixels of the image, or undefined:
  // everywhere. The others may hold anything, NaN included: they influence no detection and no
  // gradient.
  Detections forward(const Tensor& features, const Mask& real = {}, std::vector<Tensor>* maps = nullptr);
  void visit(Visitor& v) override;
  std::string type() const override { return "DetectionTransformer"; }
};

struct DETROptions {
  ResNetOptions backbone = {.train_early = false};
  DetectionTransformerOptions detector = {};
};
// 41,524,768 parameters, of which 41,302,368 are trained: the stem and layer 1 of the ResNet (222,400) are not. What
// its frozen batch norms hold are buffers, and counted nowhere.
inline DETROptions detr_resnet50() { return {}; }

struct DETR : ModuleOf<DETR> {
  DETROptions options;
  ResNet backbone;
  DetectionTransformer detector;

  DETR(DETROptions options, Generator& gen);
  // images (B, 3, h, w), each channel brought to mean 0 and deviation 1 as the backbone was trained; real as above, of
  // the images' pixels. Convolutions at the border of an image read the padding beyond it, which is
  // zeros by convention; if it holds NaN, an infinity or a magnitude above 1e15, it is read as
  // zeros.
  Detections forward(const Tensor& images, const Mask& real = {});
  void visit(Visitor& v) override { v.child("backbone", backbone), v.child("detector", detector); }
  std::string type() const override { return "DETR"; }

  // As Hugging Face publishes facebook/detr-resnet-50. Throws "[config.json] …" for a setting that
  // this model does not implement. The weights of the loss are options of detection_loss.
  static DETROptions from_config(const Config& config);
  static PublishedNames published_names();
};

// The names under which it is published, and ours.
inline PublishedNames DETR::published_names() {
  static constexpr Rename table[] = {
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
       How::row_third_0},
      {"model.encoder.layers.*.self_attn.q_proj.bias", "detector.encoder.*.self_attn.in_proj_bias",
       How::row_third_0},
      {"model.encoder.layers.*.self_attn.k_proj.weight", "detector.encoder.*.self_attn.in_proj_weight",
       How::row_third_1},
      {"model.encoder.layers.*.self_attn.k_proj.bias", "detector.encoder.*.self_attn.in_proj_bias",
       How::row_third_1},
      {"model.encoder.layers.*.self_attn.v_proj.weight", "detector.encoder.*.self_attn.in_proj_weight",
       How::row_third_2},
      {"model.encoder.layers.*.self_attn.v_proj.bias", "detector.encoder.*.self_attn.in_proj_bias",
       How::row_third_2},
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
       How::row_third_0},
      {"model.decoder.layers.*.self_attn.q_proj.bias", "detector.decoder.*.self_attn.in_proj_bias",
       How::row_third_0},
      {"model.decoder.layers.*.self_attn.k_proj.weight", "detector.decoder.*.self_attn.in_proj_weight",
       How::row_third_1},
      {"model.decoder.layers.*.self_attn.k_proj.bias", "detector.decoder.*.self_attn.in_proj_bias",
       How::row_third_1},
      {"model.decoder.layers.*.self_attn.v_proj.weight", "detector.decoder.*.self_attn.in_proj_weight",
       How::row_third_2},
      {"model.decoder.layers.*.self_attn.v_proj.bias", "detector.decoder.*.self_attn.in_proj_bias",
       How::row_third_2},
      {"model.decoder.layers.*.self_attn.out_proj.weight", "detector.decoder.*.self_attn.out_proj.weight"},
      {"model.decoder.layers.*.self_attn.out_proj.bias", "detector.decoder.*.self_attn.out_proj.bias"},
      {"model.decoder.layers.*.encoder_attn.q_proj.weight",
       "detector.decoder.*.multihead_attn.in_proj_weight", How::row_third_0},
      {"model.decoder.layers.*.encoder_attn.q_proj.bias", "detector.decoder.*.multihead_attn.in_proj_bias",
       How::row_third_0},
      {"model.decoder.layers.*.encoder_attn.k_proj.weight",
       "detector.decoder.*.multihead_attn.in_proj_weight", How::row_third_1},
      {"model.decoder.layers.*.encoder_attn.k_proj.bias", "detector.decoder.*.multihead_attn.in_proj_bias",
       How::row_third_1},
      {"model.decoder.layers.*.encoder_attn.v_proj.weight",
       "detector.decoder.*.multihead_attn.in_proj_weight", How::row_third_2},
      {"model.decoder.layers.*.encoder_attn.v_proj.bias", "detector.decoder.*.multihead_attn.in_proj_bias",
       How::row_third_2},
      {"model.decoder.layers.*.encoder_attn.out_proj.weight",
       "detector.decoder.*.multihead_attn.out_proj.weight"},
      {"model.decoder.layers.*.encoder_attn.out_proj.bias",
       "detector.decoder.*.multihead_attn.out_proj.bias"},
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
  static constexpr const char* ignored[] = {
      "model.backbone.conv_encoder.model.bn*.num_batches_tracked",
      "model.backbone.conv_encoder.model.layer*.*.bn*.num_batches_tracked",
      "model.backbone.conv_encoder.model.layer*.*.downsample.*.num_batches_tracked"};
  return {.table = table, .ignored = ignored};
}

}  // namespace heed::nn
