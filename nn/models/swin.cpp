// swin.cpp — cut into windows, attend, put back; move the windows; merge pixels.
#include "nn/models/swin.h"

#include <algorithm>

#include "autograd/ops/common.h"
#include "nn/activations.h"
#include "nn/init.h"

namespace heed::nn {

// ---- windows ----------------------------------------------------------------------------------------------

Tensor window_partition(const Tensor& x, index_t w) {
  check(x.defined() && x.rank() == 4 && w >= 1 && x.size(1) % w == 0 && x.size(2) % w == 0,
        "window_partition", "x must be (B, height, width, C), its sides divisible by the window's side ", w,
        ", got ", x.defined() ? to_string(x.shape()) : "an undefined tensor");
  const index_t batch = x.size(0), down = x.size(1) / w, across = x.size(2) / w, channels = x.size(3);
  return x.reshape({batch, down, w, across, w, channels})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({batch, down * across, w * w, channels});
}

Tensor window_reverse(const Tensor& windows, index_t w, index_t height, index_t width) {
  check(windows.defined() && windows.rank() == 4 && w >= 1 && height % w == 0 && width % w == 0 &&
            windows.size(1) * w * w == height * width && windows.size(2) == w * w,
        "window_reverse", "windows of ", w, " x ", w, " for a picture of ", height, " x ", width,
        " must be (B, nW, ", w * w, ", C), got ",
        windows.defined() ? to_string(windows.shape()) : "an undefined tensor");
  const index_t batch = windows.size(0), down = height / w, across = width / w, channels = windows.size(3);
  return windows.reshape({batch, down, across, w, w, channels})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({batch, height, width, channels});
}

Mask shift_mask(index_t height, index_t width, index_t w, index_t down, index_t right) {
  check(w >= 1 && height >= w && width >= w && height % w == 0 && width % w == 0, "shift_mask", "windows of ",
        w, " x ", w, " do not cover ", height, " x ", width, " pixels");
  check(down >= 0 && down < w && right >= 0 && right < w, "shift_mask",
        "windows are moved by less than their side ", w, ", got ", down, " and ", right);
  const index_t n = w * w, across = width / w, count = height / w * across;
  std::vector<std::uint8_t> allowed = ops::allocate_mask("shift_mask", {count, n, n});
  auto to = allowed.begin();
  for (index_t window = 0; window < count; ++window) {
    // Whether pixel i of this window came round from above, and from the left: two bits.
    const auto side = [&](index_t i) {
      const index_t y = window / across * w + i / w, x = window % across * w + i % w;
      return 2 * (y >= height - down) + (x >= width - right);
    };
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < n; ++j) *to++ = side(i) == side(j);
  }
  return {std::move(allowed), {count, n, n}};
}

IntTensor relative_position_index(index_t w) {
  check(w >= 1, "relative_position_index", "a window's side must be at least 1, got ", w);
  IntTensor index = IntTensor::zeros({w * w, w * w});
  auto to = index.values().begin();
  for (index_t i = 0; i < w * w; ++i)
    for (index_t j = 0; j < w * w; ++j)
      *to++ = (i / w - j / w + w - 1) * (2 * w - 1) + (i % w - j % w + w - 1);
  return index;
}

// ---- attention in windows ---------------------------------------------------------------------------------

static Linear started(const LinearOptions& o, Generator& gen) {
  Linear layer(o, gen);
  init::trunc_normal(layer.weight, gen, 0, 0.02);
  if (o.bias) init::zeros(layer.bias);
  return layer;
}

static SwinBlockOptions checked(const SwinBlockOptions& o) {
  check(o.dim >= 1 && o.nhead >= 1, "Swin", "channels and heads of a stage must be at least 1, got ", o.dim,
        " and ", o.nhead);
  check(o.dim % o.nhead == 0, "Swin", "a stage's ", o.nhead, " heads must divide its ", o.dim, " channels");
  check(o.window_size >= 1 && o.shift >= 0 && o.shift < o.window_size, "Swin", "a window of side ",
        o.window_size, " cannot be moved by ", o.shift);
  check(o.mlp_ratio >= 1, "Swin", "mlp_ratio must be at least 1, got ", o.mlp_ratio);
  check(o.stochastic_depth >= 0 && o.stochastic_depth < 1, "Swin",
        "stochastic_depth is a probability below 1, got ", o.stochastic_depth);
  return o;
}

ShiftedWindowAttention::ShiftedWindowAttention(SwinBlockOptions o, Generator& gen)
    : options(checked(o)),
      relative_position_bias_table(parameter({(2 * o.window_size - 1) * (2 * o.window_size - 1), o.nhead})),
      qkv(started({.in = o.dim, .out = 3 * o.dim}, gen)),
      proj(started({.in = o.dim, .out = o.dim}, gen)),
      dropout({.p = o.dropout}, gen) {
  init::trunc_normal(relative_position_bias_table, gen, 0, 0.02);
  const IntTensor index = nn::relative_position_index(o.window_size);
  relative_position_index =
      from_vector(std::vector<double>(index.values().begin(), index.values().end()), {index.numel()});
}

Tensor ShiftedWindowAttention::bias() const {
  const index_t n = options.window_size * options.window_size;
  const std::vector<double> rows = relative_position_index.to_vector();
  const IntTensor ids(std::vector<index_t>(rows.begin(), rows.end()), {n, n});
  return embedding(relative_position_bias_table, ids).permute({2, 0, 1});  // (N, N, H) -> (H, N, N)
}

Tensor ShiftedWindowAttention::forward(const Tensor& x, Tensor* weights) {
  const char* op = "ShiftedWindowAttention";
  check(x.defined() && x.rank() == 4 && x.size(3) == options.dim, op, "x must be (B, height, width, ",
        options.dim, "), got ", x.defined() ? to_string(x.shape()) : "an undefined tensor");
  check(x.size(1) >= 1 && x.size(2) >= 1, op, "expected sides of at least one pixel, got x ", x.shape());
  const index_t w = options.window_size, height = x.size(1), width = x.size(2);
  const index_t full_h = (height + w - 1) / w * w, full_w = (width + w - 1) / w * w;
  const index_t down = full_h > w ? options.shift : 0, right = full_w > w ? options.shift : 0;

  Tensor y = full_h == height && full_w == width ? x : pad(x, {0, 0, 0, full_w - width, 0, full_h - height});
  if (down > 0) y = roll(y, -down, 1);
  if (right > 0) y = roll(y, -right, 2);
  const bool moved = down + right > 0;
  const Mask mask =
      moved && options.masked ? shift_mask(full_h, full_w, w, down, right).unsqueeze(1).unsqueeze(0) : Mask();
  y = window_reverse(attend(window_partition(y, w), mask, weights), w, full_h, full_w);
  if (down > 0) y = roll(y, down, 1);
  if (right > 0) y = roll(y, right, 2);
  return y.slice(1, 0, height).slice(2, 0, width);
}

// windows (B, nW, N, C), mask (1, nW, 1, N, N) or undefined -> (B, nW, N, C)
Tensor ShiftedWindowAttention::attend(const Tensor& windows, const Mask& mask, Tensor* weights) {
  const index_t batch = windows.size(0), count = windows.size(1), n = windows.size(2), heads = options.nhead;
  // (B, nW, N, 3C) -> three of (B, nW, H, N, D)
  const Tensor all =
      qkv(windows).reshape({batch, count, n, 3, heads, options.dim / heads}).permute({3, 0, 1, 4, 2, 5});
  const auto parts = unbind(all);
  const Tensor &q = parts[0], &k = parts[1], &v = parts[2];
  // torchvision adds -100 to what is hidden; here it gets a weight of exactly 0, and 1e-44 lies between the two.
  const AttentionOptions how{.mask = mask, .bias = bias().unsqueeze(0).unsqueeze(0)};
  if (weights) *weights = attention(q, k, v, how).weights.detach();
  const Tensor y = scaled_dot_product_attention(q, k, v, how);
  return dropout(proj(y.transpose(2, 3).reshape(windows.shape())));
}

void ShiftedWindowAttention::visit(Visitor& v) {
  v.parameter("relative_position_bias_table", relative_position_bias_table);
  v.buffer("relative_position_index", relative_position_index);
  v.child("qkv", qkv);
  v.child("proj", proj);
  v.child("dropout", dropout);
}

std::string ShiftedWindowAttention::details() const {
  return concat("nhead=", options.nhead, ", window_size=", options.window_size, ", shift=", options.shift,
                options.masked ? "" : ", masked=false");
}

// ---- block and merging ------------------------------------------------------------------------------------

SwinBlock::SwinBlock(SwinBlockOptions o, Generator& gen)
    : options(checked(o)),
      norm1({.size = o.dim, .eps = o.layer_norm_eps}),
      attn(o, gen),
      norm2({.size = o.dim, .eps = o.layer_norm_eps}),
      mlp(started({.in = o.dim, .out = o.mlp_ratio * o.dim}, gen), GELU(), Dropout({.p = o.dropout}, gen),
          started({.in = o.mlp_ratio * o.dim, .out = o.dim}, gen), Dropout({.p = o.dropout}, gen)),
      generator(gen.fork()) {}

Tensor SwinBlock::forward(const Tensor& x) {
  const Tensor h = x + some_left_out(attn(norm1(x)));
  return h + some_left_out(mlp(norm2(h)));
}

// Dropout of whole pictures: those that stay are divided by the probability of staying.
Tensor SwinBlock::some_left_out(const Tensor& branch) {
  if (!training() || options.stochastic_depth == 0) return branch;
  return branch *
         heed::dropout(ones({branch.size(0), 1, 1, 1}, branch.dtype()), options.stochastic_depth, generator);
}

void SwinBlock::visit(Visitor& v) {
  v.child("norm1", norm1);
  v.child("attn", attn);
  v.child("norm2", norm2);
  v.child("mlp", mlp);
  v.generator("generator", generator);
}

PatchMerging::PatchMerging(PatchMergingOptions o, Generator& gen)
    : options(o),
      reduction(started({.in = 4 * o.dim, .out = 2 * o.dim, .bias = false}, gen)),
      norm({.size = 4 * o.dim, .eps = o.layer_norm_eps}) {}

Tensor PatchMerging::neighbours(const Tensor& x) {
  check(x.defined() && x.rank() == 4, "PatchMerging", "x must be (B, height, width, C), got ",
        x.defined() ? to_string(x.shape()) : "an undefined tensor");
  const index_t odd_h = x.size(1) % 2, odd_w = x.size(2) % 2;
  const Tensor even = odd_h + odd_w == 0 ? x : pad(x, {0, 0, 0, odd_w, 0, odd_h});
  const auto at = [&](index_t row, index_t column) {
    return even.slice(1, row, to_end, 2).slice(2, column, to_end, 2);
  };
  return cat({at(0, 0), at(1, 0), at(0, 1), at(1, 1)}, -1);
}

Tensor PatchMerging::forward(const Tensor& x) const { return reduction(norm(neighbours(x))); }

// ---- the model --------------------------------------------------------------------------------------------

// (B, C, height, width) -> (B, height, width, C)
struct ChannelsLast : ModuleOf<ChannelsLast> {
  Tensor forward(const Tensor& x) const { return x.permute({0, 2, 3, 1}); }
  void visit(Visitor&) override {}
  std::string type() const override { return "ChannelsLast"; }
};

static SwinOptions checked(const SwinOptions& o) {
  check(o.channels >= 1 && o.patch_size >= 1 && o.embed_dim >= 1, "Swin",
        "channels, patch_size and embed_dim must be at least 1, got ", o.channels, ", ", o.patch_size,
        " and ", o.embed_dim);
  check(!o.depths.empty() && o.depths.size() == o.num_heads.size(), "Swin",
        "depths and num_heads must name the same stages, got ", o.depths.size(), " and ", o.num_heads.size());
  check(std::all_of(o.depths.begin(), o.depths.end(), [](index_t depth) { return depth >= 1; }), "Swin",
        "a stage has at least one block");
  constexpr std::size_t doublings = 24;  // up to 2^24 channels
  const std::size_t stages = o.depths.size();
  check(stages <= doublings && o.embed_dim <= index_t{1} << (doublings - stages + 1), "Swin",
        "expected at most 2^24 channels in the last stage, got ", stages,
        " stages from embed_dim = ", o.embed_dim, "; each stage doubles the channels");
  return o;
}

SwinTransformer::SwinTransformer(SwinOptions o, Generator& gen)
    : options(checked(o)),
      norm({.size = o.embed_dim << (o.depths.size() - 1), .eps = o.layer_norm_eps}),
      head(started({.in = o.embed_dim << (o.depths.size() - 1), .out = o.num_classes}, gen)) {
  features.add(Sequential(Conv2d({.in_channels = o.channels,
                                  .out_channels = o.embed_dim,
                                  .kernel_size = o.patch_size,
                                  .stride = o.patch_size},
                                 gen),
                          ChannelsLast(), LayerNorm({.size = o.embed_dim, .eps = o.layer_norm_eps})));
  index_t blocks = 0, at = 0, dim = o.embed_dim;
  for (const index_t depth : o.depths) blocks += depth;
  for (std::size_t stage = 0; stage < o.depths.size(); ++stage, dim *= 2) {
    if (stage > 0) features.add(PatchMerging({.dim = dim / 2, .layer_norm_eps = o.layer_norm_eps}, gen));
    Sequential list;
    for (index_t i = 0; i < o.depths[stage]; ++i, ++at)
      list.add(SwinBlock({.dim = dim,
                          .nhead = o.num_heads[stage],
                          .window_size = o.window_size,
                          .shift = o.shifted && i % 2 == 1 ? o.window_size / 2 : 0,
                          .mlp_ratio = o.mlp_ratio,
                          .dropout = o.dropout,
                          .stochastic_depth = o.stochastic_depth * static_cast<double>(at) /
                                              static_cast<double>(std::max<index_t>(blocks - 1, 1)),
                          .layer_norm_eps = o.layer_norm_eps,
                          .masked = o.masked},
                         gen));
    features.add(std::move(list));
  }
}

Tensor SwinTransformer::forward(const Tensor& images) {
  const index_t p = options.patch_size;
  check(images.defined() && images.rank() == 4 && images.size(1) == options.channels && images.size(2) >= p &&
            images.size(3) >= p,
        "Swin", "images must be (B, ", options.channels, ", height, width) with sides of at least ", p,
        ", got ", images.defined() ? to_string(images.shape()) : "an undefined tensor");
  return head(mean(norm(features(images)), {1, 2}));
}

SwinBlock& SwinTransformer::block(index_t stage, index_t i) {
  check(stage >= 0 && stage < static_cast<index_t>(options.depths.size()), "Swin", "there is no stage ",
        stage);
  return dynamic_cast<SwinBlock&>(dynamic_cast<Sequential&>(features[2 * stage + 1])[i]);
}

void SwinTransformer::visit(Visitor& v) {
  v.child("features", features);
  v.child("norm", norm);
  v.child("head", head);
}

std::string SwinTransformer::details() const {
  return concat("patch_size=", options.patch_size, ", window_size=", options.window_size,
                options.shifted ? "" : ", shifted=false", options.masked ? "" : ", masked=false");
}

// ---- published settings -----------------------------------------------------------------------------------

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
      {"drop_path_rate", alias, "stochastic_depth_prob"},  // of both sublayers
      {"id2label", labels, "null"},
      {"num_labels", size, "null"},
      {"hidden_act", fixed, "'gelu' | 'gelu_python'"},
      {"qkv_bias", fixed, "true"},
      {"use_absolute_embeddings", fixed, "false | null"},
      {"hidden_dropout_prob", fixed, "0"},  // at other places than torchvision's dropout
      {"attention_probs_dropout_prob", fixed, "0"},
      {"path_norm", fixed, "true"},  // the norm after the patches
      // Read from the image and from depths; the decoder of masked image modelling, and the maps of
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
  const Config config = file.checked({swin_members()});
  // Hugging Face's files leave out two classes without names, torchvision's the classes of ImageNet.
  const index_t default_classes = config.has("model_type") ? 2 : 1000;
  SwinOptions o{.channels = config.whole_or("num_channels", 3),
                .patch_size = config.square("patch_size"),
                .embed_dim = config.whole("embed_dim"),
                .depths = config.wholes("depths"),
                .num_heads = config.wholes("num_heads"),
                .window_size = config.square("window_size"),
                .mlp_ratio = config.whole_or("mlp_ratio", 4),
                .num_classes = config.classes(default_classes),
                .dropout = config.number_or("dropout", 0),
                .stochastic_depth = config.number_or("stochastic_depth_prob", 0.1),
                .layer_norm_eps = config.number_or("layer_norm_eps", 1e-5)};
  for (const index_t depth : o.depths)  // numbers of layers, as MemberKind::count
    config.require(depth <= 4096, "'depths' must be integers from 1 to 4096, got ", depth);
  return o;
}

}  // namespace heed::nn
