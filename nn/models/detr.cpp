#include "nn/models/detr.h"

#include <cmath>
#include <numbers>

#include "nn/feed_forward.h"
#include "nn/init.h"

namespace heed::nn {

using std::numbers::pi;

static DetectionTransformerOptions validated(const DetectionTransformerOptions& o) {
  check(o.nhead >= 1 && o.d_model >= 1, "DetectionTransformer",
        "expected d_model and nhead of at least 1, got ", o.d_model, " and ", o.nhead);
  check(o.d_model % 4 == 0 && o.d_model % o.nhead == 0, "DetectionTransformer",
        "expected d_model to be a multiple of 4 and of nhead = ", o.nhead, ", got ", o.d_model);
  check(o.in_channels >= 1 && o.num_queries >= 1 && o.num_classes >= 1, "DetectionTransformer",
        "expected in_channels, num_queries and num_classes of at least 1, got ", o.in_channels, ", ",
        o.num_queries, " and ", o.num_classes);
  check(o.num_encoder_layers >= 0 && o.num_decoder_layers >= 1, "DetectionTransformer",
        "expected num_encoder_layers of at least 0 and num_decoder_layers of at least 1, got ",
        o.num_encoder_layers, " and ", o.num_decoder_layers);
  const double inner = o.activation_dropout.value_or(o.dropout);
  check(inner >= 0 && inner <= 1, "DetectionTransformer", "expected an activation_dropout in [0, 1], got ",
        inner);
  return o;
}

// ---- positions --------------------------------------------------------------------------------------------

// Writes the angles of one line of n pixels, which are `step` apart: for each pixel, 2π times the
// number of real pixels up to it, divided by the number of real pixels of the line.
static void write_angles(const std::uint8_t* real, index_t n, index_t step, double* to) {
  index_t count = 0;
  for (index_t i = 0; i < n; ++i) {
    count += real[i * step];
    to[i * step] = static_cast<double>(count);
  }
  for (index_t i = 0; i < n; ++i) to[i * step] = 2 * pi * to[i * step] / (static_cast<double>(count) + 1e-6);
}

// Writes alternating sines and cosines of angle / 10000^(2i / (C/2)).
static void write_waves(double angle, const std::vector<double>& wavelengths, double* to) {
  for (std::size_t c = 0; c < wavelengths.size(); ++c)
    to[c] = c % 2 == 0 ? std::sin(angle / wavelengths[c]) : std::cos(angle / wavelengths[c]);
}

Tensor sine_positions_2d(const Mask& real, index_t d_model, DType dtype) {
  check(real.defined() && real.rank() == 3, "sine_positions_2d", "expected a mask (B, height, width), got ",
        real);
  check(d_model >= 4 && d_model % 4 == 0, "sine_positions_2d", "expected d_model to be a multiple of 4, got ",
        d_model);
  const index_t batch = real.shape()[0], height = real.shape()[1], width = real.shape()[2],
                half = d_model / 2, pixels = height * width;
  const auto size = static_cast<std::size_t>(real.numel());
  std::vector<double> down(size), across(size);
  for (index_t b = 0; b < batch; ++b) {
    const std::uint8_t* image = real.data() + b * pixels;
    for (index_t j = 0; j < width; ++j) write_angles(image + j, height, width, down.data() + b * pixels + j);
    for (index_t i = 0; i < height; ++i)
      write_angles(image + i * width, width, 1, across.data() + b * pixels + i * width);
  }
  std::vector<double> wavelengths;  // of channels 2i and 2i + 1
  for (index_t c = 0; c < half; ++c)
    wavelengths.push_back(std::pow(10000, static_cast<double>(c - c % 2) / static_cast<double>(half)));
  std::vector<double> values(size * static_cast<std::size_t>(d_model));
  for (std::size_t i = 0; i < size; ++i) {
    double* to = values.data() + i * static_cast<std::size_t>(d_model);
    write_waves(down[i], wavelengths, to);
    write_waves(across[i], wavelengths, to + half);
  }
  return from_vector(values, {batch, pixels, d_model}, dtype);
}

// ---- layers -----------------------------------------------------------------------------------------------

static MultiheadAttentionOptions attention_options(const DetectionTransformerOptions& o) {
  return {.d_model = o.d_model,
          .nhead = o.nhead,
          .dropout = o.attention_dropout.value_or(o.dropout),
          .batch_first = true};
}

static TransformerEncoderLayerOptions layer_options(const DetectionTransformerOptions& o) {
  return {.d_model = o.d_model, .nhead = o.nhead, .dim_feedforward = o.dim_feedforward, .dropout = o.dropout};
}

static constexpr bool pre_ln = false;

DETREncoderLayer::DETREncoderLayer(DetectionTransformerOptions o, Generator& gen)
    : EncoderSublayers(attention_options(validated(o)), layer_options(o), gen), options(o) {
  dropout.options.p = o.activation_dropout.value_or(o.dropout);
}

Tensor DETREncoderLayer::forward(const Tensor& x, const Tensor& p, const Mask& mask) {
  const char* op = "DETREncoderLayer";
  check_sequence(op, "x", x, options.d_model, true);
  check_mask(op, "mask", mask, attention_sizes(op, x, x, options.nhead, true));
  const auto attend = [&](const Tensor& y) {
    const Tensor positioned = y + p;
    return dropout1(self_attn.forward(positioned, positioned, y, {.mask = mask}).output);
  };
  const Tensor h = residual(clear_unattended(x, mask, false, true), norm1, pre_ln, attend);
  return residual(h, norm2, pre_ln, [&](const Tensor& y) { return feed_forward(y, Activation::relu); });
}

DETRDecoderLayer::DETRDecoderLayer(DetectionTransformerOptions o, Generator& gen)
    : DecoderSublayers(attention_options(validated(o)), layer_options(o), gen), options(o) {
  dropout.options.p = o.activation_dropout.value_or(o.dropout);
}

Tensor DETRDecoderLayer::forward(const Tensor& x, const Tensor& q, const Tensor& memory, const Tensor& p,
                                 const Mask& mask, std::vector<Tensor>* maps) {
  const auto attend = [&](const Tensor& y) {
    const Tensor positioned = y + q;
    return dropout1(self_attn.forward(positioned, positioned, y).output);
  };
  const auto cross_attend = [&](const Tensor& y) {
    const Weights weights = maps ? Weights::per_head : Weights::none;
    const AttentionResult attended =
        multihead_attn.forward(y + q, memory + p, memory, {.mask = mask, .weights = weights});
    if (maps) maps->push_back(attended.weights.detach());
    return dropout2(attended.output);
  };
  Tensor h = residual(x, norm1, pre_ln, attend);
  h = residual(h, norm2, pre_ln, cross_attend);
  return residual(h, norm3, pre_ln, [&](const Tensor& y) { return feed_forward(y, Activation::relu); });
}

// ---- after the backbone -----------------------------------------------------------------------------------

DetectionTransformer::DetectionTransformer(DetectionTransformerOptions o, Generator& gen)
    : options(validated(o)),
      input_proj({.in_channels = o.in_channels, .out_channels = o.d_model}, gen),
      norm({.size = o.d_model}),
      query_embed(parameter({o.num_queries, o.d_model})),
      class_embed({.in = o.d_model, .out = o.num_classes + 1}, gen) {
  for (index_t i = 0; i < o.num_encoder_layers; ++i) encoder.emplace_back(o, gen);
  for (index_t i = 0; i < o.num_decoder_layers; ++i) decoder.emplace_back(o, gen);
  const auto initialise = [&](Module& layer) {
    for (Tensor& p : layer.parameters())
      if (p.rank() > 1) init::xavier_uniform(p, gen);
  };
  for (auto& layer : encoder) initialise(layer);
  for (auto& layer : decoder) initialise(layer);
  for (const index_t out : {o.d_model, o.d_model, index_t{4}})
    bbox_embed.emplace_back(LinearOptions{.in = o.d_model, .out = out}, gen);
  init::normal(query_embed, gen);
}

Detections DetectionTransformer::forward(const Tensor& features, const Mask& real,
                                         std::vector<Tensor>* maps) {
  check(features.defined() && features.rank() == 4 && features.size(1) == options.in_channels,
        "DetectionTransformer", "expected features (B, ", options.in_channels, ", height, width), got ",
        features);
  const index_t batch = features.size(0), pixels = features.size(2) * features.size(3);
  const Shape map{batch, features.size(2), features.size(3)};
  check(!real.defined() || real.shape() == map, "DetectionTransformer", "expected a mask ", map, ", got ",
        real);
  const Mask mask = real.defined() ? real.reshape({batch, 1, pixels}) : Mask();
  const Mask pixels_of_image = real.defined() ? real : Mask::full({1, map[1], map[2]}, true);
  const Tensor p = sine_positions_2d(pixels_of_image, options.d_model, features.dtype());  // (B or 1, S, C)

  Tensor memory = input_proj(real.defined() ? clear_padding(features, real.unsqueeze(1)) : features)
                      .reshape({batch, options.d_model, pixels})
                      .transpose(1, 2);  // (B, S, C)
  for (auto& layer : encoder) memory = layer.forward(memory, p, mask);

  Tensor x = zeros({batch, options.num_queries, options.d_model}, features.dtype());
  std::vector<Tensor> outputs;  // of each layer
  for (auto& layer : decoder) {
    x = layer.forward(x, query_embed, memory, p, mask, maps);
    outputs.push_back(norm(x));
  }
  const Tensor all = stack(outputs);  // (L, B, N, C)
  const Tensor box = bbox_embed[2](relu(bbox_embed[1](relu(bbox_embed[0](all)))));
  return {class_embed(all), sigmoid(box)};
}

void DetectionTransformer::visit(Visitor& v) {
  v.parameter("query_embed", query_embed);
  v.child("input_proj", input_proj);
  v.child("encoder", encoder);
  v.child("decoder", decoder);
  v.child("norm", norm);
  v.child("class_embed", class_embed);
  v.child("bbox_embed", bbox_embed);
}

// ---- model ------------------------------------------------------------------------------------------------

static DetectionTransformerOptions with_channels_of(DetectionTransformerOptions o, const ResNet& backbone) {
  o.in_channels = backbone.out_channels();
  return o;
}

DETR::DETR(DETROptions o, Generator& gen)
    : options(o), backbone(o.backbone, gen), detector(with_channels_of(o.detector, backbone), gen) {}

// A pixel of the feature map is real if the corresponding upper left pixel of the image is.
static Mask downsample(const Mask& real, index_t height, index_t width) {
  const index_t batch = real.shape()[0], rows = real.shape()[1], columns = real.shape()[2];
  std::vector<std::uint8_t> values;
  for (index_t b = 0; b < batch; ++b)
    for (index_t i = 0; i < height; ++i)
      for (index_t j = 0; j < width; ++j)
        values.push_back(real.data()[(b * rows + i * rows / height) * columns + j * columns / width]);
  return {std::move(values), {batch, height, width}};
}

Detections DETR::forward(const Tensor& images, const Mask& real) {
  if (!real.defined()) return detector(backbone(images));
  check(images.defined() && images.rank() == 4, "DETR", "expected images (B, C, height, width), got ",
        images);
  const Shape pixels{images.size(0), images.size(2), images.size(3)};
  check(real.shape() == pixels, "DETR", "expected a mask ", pixels, ", got ", real);
  const Tensor features = backbone(clear_padding(images, real.unsqueeze(1)));
  return detector(features, downsample(real, features.size(2), features.size(3)));
}

}  // namespace heed::nn
