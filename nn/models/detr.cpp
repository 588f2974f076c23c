// detr.cpp — features, positions, encoder, queries, decoder, heads.
#include "nn/models/detr.h"

#include <cmath>
#include <numbers>

#include "nn/init.h"

namespace heed::nn {

using std::numbers::pi;

static DetectionTransformerOptions checked(const DetectionTransformerOptions& o) {
  check(o.nhead >= 1 && o.d_model >= 1, "DetectionTransformer", "d_model and nhead must be at least 1, got ",
        o.d_model, " and ", o.nhead);
  check(o.d_model % 4 == 0 && o.d_model % o.nhead == 0, "DetectionTransformer", "d_model = ", o.d_model,
        " must be a multiple of 4 and of nhead = ", o.nhead);
  check(o.in_channels >= 1 && o.num_queries >= 1 && o.num_classes >= 1, "DetectionTransformer",
        "in_channels, num_queries and num_classes must be at least 1, got ", o.in_channels, ", ",
        o.num_queries, " and ", o.num_classes);
  check(o.num_encoder_layers >= 0 && o.num_decoder_layers >= 1, "DetectionTransformer",
        "num_encoder_layers must not be negative and num_decoder_layers at least 1, got ",
        o.num_encoder_layers, " and ", o.num_decoder_layers);
  return o;
}

// ---- positions --------------------------------------------------------------------------------------------

// The real pixels of each line along one axis, counted: for pixel (i, j) the number up to it over
// the number of its whole line, times 2π. A line goes on by `step` from one pixel to the next, `n`
// times.
static void write_angles(const std::uint8_t* real, index_t n, index_t step, double* to) {
  index_t count = 0;
  for (index_t i = 0; i < n; ++i) {
    count += real[i * step];
    to[i * step] = static_cast<double>(count);
  }
  for (index_t i = 0; i < n; ++i) to[i * step] = 2 * pi * to[i * step] / (static_cast<double>(count) + 1e-6);
}

// Sine and cosine of angle / 10000^(2i / (C/2)) in turn.
static void write_waves(double angle, const std::vector<double>& wavelengths, double* to) {
  for (std::size_t c = 0; c < wavelengths.size(); ++c)
    to[c] = c % 2 == 0 ? std::sin(angle / wavelengths[c]) : std::cos(angle / wavelengths[c]);
}

Tensor sine_positions_2d(const Mask& real, index_t d_model, DType dtype) {
  check(real.defined() && real.rank() == 3, "sine_positions_2d", "the mask must be (B, height, width), got ",
        real.defined() ? to_string(real.shape()) : "an undefined mask");
  check(d_model >= 4 && d_model % 4 == 0, "sine_positions_2d", "d_model = ", d_model,
        " must be a multiple of 4");
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

static MultiheadAttentionOptions attention_of(const DetectionTransformerOptions& o) {
  return {.d_model = o.d_model,
          .nhead = o.nhead,
          .dropout = o.attention_dropout.value_or(o.dropout),
          .batch_first = true};
}

DETREncoderLayer::DETREncoderLayer(DetectionTransformerOptions o, Generator& gen)
    : options(checked(o)),
      self_attn(attention_of(o), gen),
      linear1({.in = o.d_model, .out = o.dim_feedforward}, gen),
      linear2({.in = o.dim_feedforward, .out = o.d_model}, gen),
      norm1({.size = o.d_model}),
      norm2({.size = o.d_model}),
      dropout({.p = o.activation_dropout.value_or(o.dropout)}, gen),
      dropout1({.p = o.dropout}, gen),
      dropout2({.p = o.dropout}, gen) {}

Tensor DETREncoderLayer::forward(const Tensor& x, const Tensor& p, const Mask& mask) {
  const char* op = "DETREncoderLayer";
  check_sequence(op, "x", x, options.d_model, true);
  check_mask(op, "mask", mask, attention_sizes(op, x, x, options.nhead, true));
  const Tensor in = clear_unattended(x, mask, false, true);
  const Tensor placed = in + p;
  const Tensor h = norm1(in + dropout1(self_attn.forward(placed, placed, in, {.mask = mask}).output));
  return norm2(h + dropout2(linear2(dropout(relu(linear1(h))))));
}

void DETREncoderLayer::visit(Visitor& v) {
  v.child("self_attn", self_attn);
  v.child("linear1", linear1);
  v.child("dropout", dropout);
  v.child("linear2", linear2);
  v.child("norm1", norm1);
  v.child("norm2", norm2);
  v.child("dropout1", dropout1);
  v.child("dropout2", dropout2);
}

DETRDecoderLayer::DETRDecoderLayer(DetectionTransformerOptions o, Generator& gen)
    : options(checked(o)),
      self_attn(attention_of(o), gen),
      multihead_attn(attention_of(o), gen),
      linear1({.in = o.d_model, .out = o.dim_feedforward}, gen),
      linear2({.in = o.dim_feedforward, .out = o.d_model}, gen),
      norm1({.size = o.d_model}),
      norm2({.size = o.d_model}),
      norm3({.size = o.d_model}),
      dropout({.p = o.activation_dropout.value_or(o.dropout)}, gen),
      dropout1({.p = o.dropout}, gen),
      dropout2({.p = o.dropout}, gen),
      dropout3({.p = o.dropout}, gen) {}

Tensor DETRDecoderLayer::forward(const Tensor& x, const Tensor& q, const Tensor& memory, const Tensor& p,
                                 const Mask& mask, std::vector<Tensor>* maps) {
  const Tensor asking = x + q;
  Tensor h = norm1(x + dropout1(self_attn.forward(asking, asking, x).output));
  const AttentionResult seen = multihead_attn.forward(
      h + q, memory + p, memory, {.mask = mask, .weights = maps ? Weights::per_head : Weights::none});
  if (maps) maps->push_back(seen.weights.detach());
  h = norm2(h + dropout2(seen.output));
  return norm3(h + dropout3(linear2(dropout(relu(linear1(h))))));
}

void DETRDecoderLayer::visit(Visitor& v) {
  v.child("self_attn", self_attn);
  v.child("multihead_attn", multihead_attn);
  v.child("linear1", linear1);
  v.child("dropout", dropout);
  v.child("linear2", linear2);
  v.child("norm1", norm1);
  v.child("norm2", norm2);
  v.child("norm3", norm3);
  v.child("dropout1", dropout1);
  v.child("dropout2", dropout2);
  v.child("dropout3", dropout3);
}

// ---- everything after the backbone ------------------------------------------------------------------------

DetectionTransformer::DetectionTransformer(DetectionTransformerOptions o, Generator& gen)
    : options(checked(o)),
      input_proj({.in_channels = o.in_channels, .out_channels = o.d_model}, gen),
      norm({.size = o.d_model}),
      query_embed(parameter({o.num_queries, o.d_model})),
      class_embed({.in = o.d_model, .out = o.num_classes + 1}, gen) {
  for (index_t i = 0; i < o.num_encoder_layers; ++i) encoder.emplace_back(o, gen);
  for (index_t i = 0; i < o.num_decoder_layers; ++i) decoder.emplace_back(o, gen);
  const auto start = [&](Module& layer) {
    for (Tensor& p : layer.parameters())
      if (p.rank() > 1) init::xavier_uniform(p, gen);
  };
  for (auto& layer : encoder) start(layer);
  for (auto& layer : decoder) start(layer);
  for (const index_t out : {o.d_model, o.d_model, index_t{4}})
    bbox_embed.emplace_back(LinearOptions{.in = o.d_model, .out = out}, gen);
  init::normal(query_embed, gen);
}

Detections DetectionTransformer::forward(const Tensor& features, const Mask& real,
                                         std::vector<Tensor>* maps) {
  check(features.defined() && features.rank() == 4 && features.size(1) == options.in_channels,
        "DetectionTransformer", "features must be (B, ", options.in_channels, ", height, width), got ",
        features.defined() ? to_string(features.shape()) : "an undefined tensor");
  const index_t batch = features.size(0), pixels = features.size(2) * features.size(3);
  const Shape map{batch, features.size(2), features.size(3)};
  check(!real.defined() || real.shape() == map, "DetectionTransformer", "the mask must be ", map, ", got ",
        real.shape());
  const Mask mask = real.defined() ? real.reshape({batch, 1, pixels}) : Mask();
  const Tensor p = real.defined() ? sine_positions_2d(real, options.d_model, features.dtype())
                                  : sine_positions_2d(Mask::full({1, map[1], map[2]}, true), options.d_model,
                                                      features.dtype());  // (B or 1, S, C)

  Tensor memory = input_proj(real.defined() ? clear_padding(features, real.unsqueeze(1)) : features)
                      .reshape({batch, options.d_model, pixels})
                      .transpose(1, 2);  // (B, S, C)
  for (auto& layer : encoder) memory = layer.forward(memory, p, mask);

  Tensor x = zeros({batch, options.num_queries, options.d_model}, features.dtype());
  std::vector<Tensor> said;  // by each layer
  for (auto& layer : decoder) {
    x = layer.forward(x, query_embed, memory, p, mask, maps);
    said.push_back(norm(x));
  }
  const Tensor all = stack(said);  // (L, B, N, C)
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

// ---- the model --------------------------------------------------------------------------------------------

static DetectionTransformerOptions reading(DetectionTransformerOptions o, const ResNet& backbone) {
  o.in_channels = backbone.out_channels();
  return o;
}

DETR::DETR(DETROptions o, Generator& gen)
    : options(o), backbone(o.backbone, gen), detector(reading(o.detector, backbone), gen) {}

// A pixel of the map is real where the image's pixel at its upper left is.
static Mask shrunk(const Mask& real, index_t height, index_t width) {
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
        images.defined() ? to_string(images.shape()) : "an undefined tensor");
  const Shape pixels{images.size(0), images.size(2), images.size(3)};
  check(real.shape() == pixels, "DETR", "the mask must be ", pixels, ", got ", real.shape());
  const Tensor features = backbone(clear_padding(images, real.unsqueeze(1)));
  return detector(features, shrunk(real, features.size(2), features.size(3)));
}

// ---- as it is published -----------------------------------------------------------------------------------

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
      // The backbone: timm's ResNet-50, of which the last map is read.
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
      // Initialisation, members without a reader, and the loss.
      {"use_pretrained_backbone", unused},
      {"init_std", unused},
      {"init_xavier_std", unused},
      {"num_hidden_layers", unused},  // encoder_layers once more
      {"max_position_embeddings", unused},
      {"classifier_dropout", unused},
      {"tie_word_embeddings", unused},
      {"auxiliary_loss", unused},  // every layer's detections are returned
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
  const Config config = file.checked({detr_members()});
  if (config.has("backbone_kwargs.out_indices.0"))
    config.require(config.wholes("backbone_kwargs.out_indices").back() == 4,
                   "'backbone_kwargs.out_indices' must end with 4, the backbone's last map, got ",
                   config.wholes("backbone_kwargs.out_indices").back());
  DETROptions o = detr_resnet50();
  o.backbone.in_channels = config.whole_or("num_channels", 3);
  DetectionTransformerOptions& d = o.detector;
  d.d_model = config.whole("d_model");
  d.nhead = config.whole("encoder_attention_heads");
  d.num_encoder_layers = config.whole("encoder_layers");
  d.num_decoder_layers = config.whole("decoder_layers");
  d.dim_feedforward = config.whole("encoder_ffn_dim");
  config.require(config.whole("decoder_attention_heads") == d.nhead &&
                     config.whole("decoder_ffn_dim") == d.dim_feedforward,
                 "'decoder_attention_heads' and 'decoder_ffn_dim' must be those of the encoder");
  config.must_divide("encoder_attention_heads", "d_model");
  d.dropout = config.number_or("dropout", 0.1);
  d.attention_dropout = config.number_or("attention_dropout", 0);
  d.activation_dropout = config.number_or("activation_dropout", 0);
  d.num_queries = config.whole("num_queries");
  d.num_classes = config.classes(2);  // as many as a file that leaves id2label out has
  return o;
}

}  // namespace heed::nn
