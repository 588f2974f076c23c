// detr.h — lesson 10: object detection as set prediction. All objects of an image are predicted in
// parallel.
//
//   DETR detr(detr_resnet50(), gen);
//   Detections detections = detr(images);                   // (B, 3, h, w)
//   detections.logits[-1], detections.boxes[-1];     // (B, 100, 92), (B, 100, 4): of the last layer
//   detection_loss(detections, objects).total.backward();        // nn/models/detection_loss.h
//
// A convolutional network computes a feature map, whose pixels are the tokens of the encoder. In
// the decoder, N learned queries attend to them and to each other, without an order and without a
// mask; each predicts one object with its box, or "no object". Differences from the block of lesson
// 05: two-dimensional position encodings. They are added to the tokens of the image wherever these are
// queries or keys, instead of once to the input, and never to the values. Carion et al., "End-to-end
// object detection with Transformers", 2020.
#pragma once

#include <optional>
#include <vector>

#include "nn/models/resnet.h"
#include "nn/norm.h"
#include "nn/transformer_decoder.h"

namespace heed::nn {

class Config;
struct PublishedNames;

// Returns the position encodings (B, h · w, C) of the pixels of a feature map. The first C/2
// channels encode the row, the others the column, as alternating sines and cosines (see
// sinusoidal_table) of 2π · (i + 1) / size, so every image spans 2π in both directions. `real`
// (B, h, w) is true at pixels of the image; padding does not count as size.
Tensor sine_positions_2d(const Mask& real, index_t d_model, DType dtype = f32);

struct DetectionTransformerOptions {
  index_t in_channels = 2048;  // of the feature map
  index_t d_model = 256;       // C; a multiple of 4
  index_t nhead = 8;
  index_t num_encoder_layers = 6, num_decoder_layers = 6;
  index_t dim_feedforward = 2048;
  double dropout = 0.1;  // of the outputs of the sublayers
  // Of the attention weights, and inside the feed-forward; empty: dropout.
  std::optional<double> attention_dropout = {}, activation_dropout = {};
  index_t num_queries = 100;  // N, the maximal number of objects per image
  index_t num_classes = 91;   // K; the last of the K + 1 outputs of the class head is "no object"
};

// The predictions of all L decoder layers; those of the last layer are the result. Boxes are
// (cx, cy, w, h) relative to the image size.
struct Detections {
  Tensor logits;  // (L, B, N, K + 1)
  Tensor boxes;   // (L, B, N, 4), from 0 to 1
};

//   h = norm1(x + attention(x + p, x + p, x))
//   y = norm2(h + feed_forward(h)),              p: position encodings (B, S, C)
struct DETREncoderLayer : ModuleOf<DETREncoderLayer>, EncoderSublayers {
  DetectionTransformerOptions options;

  DETREncoderLayer(DetectionTransformerOptions options, Generator& gen);
  Tensor forward(const Tensor& x, const Tensor& p, const Mask& mask);
  void visit(Visitor& v) override { visit_sublayers(v); }
  std::string type() const override { return "DETREncoderLayer"; }
};

//   h = norm1(x + attention(x + q, x + q, x))            self-attention: no duplicate predictions
//   h = norm2(h + attention(h + q, memory + p, memory))  cross-attention to the image
//   y = norm3(h + feed_forward(h)),                      q: the learned queries (N, C)
struct DETRDecoderLayer : ModuleOf<DETRDecoderLayer>, DecoderSublayers {
  DetectionTransformerOptions options;

  DETRDecoderLayer(DetectionTransformerOptions options, Generator& gen);
  // If `maps` is not null, appends the cross-attention weights (B, H, N, S).
  Tensor forward(const Tensor& x, const Tensor& q, const Tensor& memory, const Tensor& p, const Mask& mask,
                 std::vector<Tensor>* maps = nullptr);
  void visit(Visitor& v) override { visit_sublayers(v); }
  std::string type() const override { return "DETRDecoderLayer"; }
};

// Everything after the backbone, for any feature map.
struct DetectionTransformer : ModuleOf<DetectionTransformer> {
  DetectionTransformerOptions options;
  Conv2d input_proj;  // 1x1, to C channels
  std::vector<DETREncoderLayer> encoder;
  std::vector<DETRDecoderLayer> decoder;
  LayerNorm norm;  // of the output of every decoder layer
  // (N, C), from N(0, 1). Added like a position encoding; the input of the decoder is zeros.
  Tensor query_embed;
  Linear class_embed;              // -> K + 1
  std::vector<Linear> bbox_embed;  // three layers with ReLU between them and a sigmoid after the last

  DetectionTransformer(DetectionTransformerOptions options, Generator& gen);
  // features (B, in_channels, h, w); real (B, h, w), true at pixels of the image (undefined:
  // everywhere). The other pixels may contain any values, NaN included: they influence no detection
  // and no gradient.
  Detections forward(const Tensor& features, const Mask& real = {}, std::vector<Tensor>* maps = nullptr);
  void visit(Visitor& v) override;
  std::string type() const override { return "DetectionTransformer"; }
};

struct DETROptions {
  ResNetOptions backbone = {.train_early = false};
  DetectionTransformerOptions detector = {};
};
// 41,524,768 parameters, of which 41,302,368 are trained; the stem and layer 1 of the ResNet
// (222,400) are frozen. The tensors of its frozen batch norms are buffers, which are not counted.
inline DETROptions detr_resnet50() { return {}; }

struct DETR : ModuleOf<DETR> {
  DETROptions options;
  ResNet backbone;
  DetectionTransformer detector;

  DETR(DETROptions options, Generator& gen);
  // images (B, 3, h, w), with each channel normalised to mean 0 and standard deviation 1 as in the
  // training of the backbone; real (B, h, w) as above. Convolutions at the border of an image read
  // the padding beyond it, which is zeros by convention; NaN, infinity and magnitudes above 1e15
  // there are replaced by zeros.
  Detections forward(const Tensor& images, const Mask& real = {});
  void visit(Visitor& v) override {
    v.child("backbone", backbone);
    v.child("detector", detector);
  }
  std::string type() const override { return "DETR"; }

  // As Hugging Face publishes facebook/detr-resnet-50. Throws "[config.json] …" for a setting that
  // the model does not implement. The weights of the loss are options of detection_loss.
  static DETROptions from_config(const Config& config);
  static PublishedNames published_names();
};

}  // namespace heed::nn
