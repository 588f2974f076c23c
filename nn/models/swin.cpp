#include "nn/models/swin.h"

#include <algorithm>

#include "autograd/ops/common.h"
#include "nn/feed_forward.h"
#include "nn/init.h"
#include "nn/layout.h"

namespace heed::nn {

// ---- windows ----------------------------------------------------------------------------------------------

Tensor window_partition(const Tensor& x, index_t w) {
  check(
      x.defined() && x.rank() == 4 && w >= 1 && x.size(1) % w == 0 && x.size(2) % w == 0, "window_partition",
      "expected x (B, height, width, C) with height and width divisible by the window side ", w, ", got ", x);
  const index_t batch = x.size(0), down = x.size(1) / w, across = x.size(2) / w, channels = x.size(3);
  return x.reshape({batch, down, w, across, w, channels})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({batch, down * across, w * w, channels});
}

Tensor window_reverse(const Tensor& windows, index_t w, index_t height, index_t width) {
  check(windows.defined() && windows.rank() == 4 && w >= 1 && height % w == 0 && width % w == 0 &&
            windows.size(1) * w * w == height * width && windows.size(2) == w * w,
        "window_reverse", "expected windows (B, nW, ", w * w, ", C) that cover an image of ", height, " x ",
        width, ", got ", windows);
  const index_t batch = windows.size(0), down = height / w, across = width / w, channels = windows.size(3);
  return windows.reshape({batch, down, across, w, w, channels})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({batch, height, width, channels});
}

Mask shift_mask(index_t height, index_t width, index_t w, index_t down, index_t right) {
  check(w >= 1 && height >= w && width >= w && height % w == 0 && width % w == 0, "shift_mask",
        "expected an image that windows of ", w, " x ", w, " cover exactly, got ", height, " x ", width);
  check(down >= 0 && down < w && right >= 0 && right < w, "shift_mask", "expected shifts in [0, ", w,
        "), the window side, got ", down, " and ", right);
  const index_t n = w * w, across = width / w, count = height / w * across;
  std::vector<std::uint8_t> allowed = ops::allocate_mask("shift_mask", {count, n, n});
  auto to = allowed.begin();
  for (index_t window = 0; window < count; ++window) {
    // Two bits: whether pixel i of this window comes from the top side, and from the left side of
    // the image.
    const auto side = [&](index_t i) {
      const index_t y = window / across * w + i / w, x = window % across * w + i % w;
      return 2 * (y >= height - down) + (x >= width - right);
    };
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < n; ++j, ++to) *to = side(i) == side(j);
  }
  return {std::move(allowed), {count, n, n}};
}

IntTensor relative_position_index(index_t w) {
  check(w >= 1, "relative_position_index", "expected a window side of at least 1, got ", w);
  IntTensor index = IntTensor::zeros({w * w, w * w});
  auto to = index.values().begin();
  for (index_t i = 0; i < w * w; ++i)
    for (index_t j = 0; j < w * w; ++j, ++to)
      *to = (i / w - j / w + w - 1) * (2 * w - 1) + (i % w - j % w + w - 1);
  return index;
}

// ---- window attention -------------------------------------------------------------------------------------

static Linear make_linear(const LinearOptions& o, Generator& gen) {
  Linear layer(o, gen);
  init::trunc_normal(layer.weight, gen, 0, 0.02);
  if (o.bias) init::zeros(layer.bias);
  return layer;
}

static SwinBlockOptions validated(const SwinBlockOptions& o) {
  check(o.dim >= 1 && o.nhead >= 1, "Swin", "expected at least one channel and one head per stage, got ",
        o.dim, " and ", o.nhead);
  check(o.dim % o.nhead == 0, "Swin", "expected the heads of a stage to divide its channels, got ", o.nhead,
        " and ", o.dim);
  check(o.window_size >= 1 && o.shift >= 0 && o.shift < o.window_size, "Swin", "expected a shift in [0, ",
        o.window_size, "), the window side, got ", o.shift);
  check(o.mlp_ratio >= 1, "Swin", "expected mlp_ratio of at least 1, got ", o.mlp_ratio);
  check(o.stochastic_depth >= 0 && o.stochastic_depth < 1, "Swin",
        "expected a stochastic_depth probability in [0, 1), got ", o.stochastic_depth);
  return o;
}

ShiftedWindowAttention::ShiftedWindowAttention(SwinBlockOptions o, Generator& gen)
    : options(validated(o)),
      relative_position_bias_table(parameter({(2 * o.window_size - 1) * (2 * o.window_size - 1), o.nhead})),
      qkv(make_linear({.in = o.dim, .out = 3 * o.dim}, gen)),
      proj(make_linear({.in = o.dim, .out = o.dim}, gen)),
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
  check(x.defined() && x.rank() == 4 && x.size(3) == options.dim, op, "expected x (B, height, width, ",
        options.dim, "), got ", x);
  check(x.size(1) >= 1 && x.size(2) >= 1, op, "expected sides of at least one pixel, got ", x);
  const index_t w = options.window_size, height = x.size(1), width = x.size(2);
  const index_t full_h = (height + w - 1) / w * w, full_w = (width + w - 1) / w * w;
  const index_t down = full_h > w ? options.shift : 0, right = full_w > w ? options.shift : 0;

  Tensor y = full_h == height && full_w == width ? x : pad(x, {0, 0, 0, full_w - width, 0, full_h - height});
  if (down > 0) y = roll(y, -down, 1);
  if (right > 0) y = roll(y, -right, 2);
  const bool shifted = down + right > 0;
  const Mask mask = shifted && options.masked
                        ? shift_mask(full_h, full_w, w, down, right).unsqueeze(1).unsqueeze(0)
                        : Mask();
  y = window_reverse(attend(window_partition(y, w), mask, weights), w, full_h, full_w);
  if (down > 0) y = roll(y, down, 1);
  if (right > 0) y = roll(y, right, 2);
  return y.slice(1, 0, height).slice(2, 0, width);
}

// windows (B, nW, N, C), mask (1, nW, 1, N, N) or undefined -> (B, nW, N, C)
Tensor ShiftedWindowAttention::attend(const Tensor& windows, const Mask& mask, Tensor* weights) {
  const auto parts = split_qkv(qkv(windows), options.nhead);  // three of (B, nW, H, N, D)
  const Tensor &q = parts[0], &k = parts[1], &v = parts[2];
  // torchvision adds -100 to masked scores. A mask gives a weight of exactly 0; the difference is
  // about 1e-44.
  const AttentionOptions attend_options{.mask = mask, .bias = bias().unsqueeze(0).unsqueeze(0)};
  if (weights) *weights = attention(q, k, v, attend_options).weights.detach();
  return dropout(proj(join_heads(scaled_dot_product_attention(q, k, v, attend_options))));
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

// ---- block and patch merging ------------------------------------------------------------------------------

SwinBlock::SwinBlock(SwinBlockOptions o, Generator& gen)
    : options(validated(o)),
      norm1({.size = o.dim, .eps = o.layer_norm_eps}),
      attn(o, gen),
      norm2({.size = o.dim, .eps = o.layer_norm_eps}),
      mlp(make_linear({.in = o.dim, .out = o.mlp_ratio * o.dim}, gen), GELU(), Dropout({.p = o.dropout}, gen),
          make_linear({.in = o.mlp_ratio * o.dim, .out = o.dim}, gen), Dropout({.p = o.dropout}, gen)),
      generator(gen.fork()) {}

Tensor SwinBlock::forward(const Tensor& x) {
  constexpr bool pre_ln = true;
  const Tensor h = residual(x, norm1, pre_ln, [&](const Tensor& y) { return stochastic_depth(attn(y)); });
  return residual(h, norm2, pre_ln, [&](const Tensor& y) { return stochastic_depth(mlp(y)); });
}

// Dropout of whole images: the kept ones are divided by the probability of being kept.
Tensor SwinBlock::stochastic_depth(const Tensor& branch) {
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
      reduction(make_linear({.in = 4 * o.dim, .out = 2 * o.dim, .bias = false}, gen)),
      norm({.size = 4 * o.dim, .eps = o.layer_norm_eps}) {}

Tensor PatchMerging::neighbours(const Tensor& x) {
  check(x.defined() && x.rank() == 4, "PatchMerging", "expected x (B, height, width, C), got ", x);
  const index_t odd_h = x.size(1) % 2, odd_w = x.size(2) % 2;
  const Tensor even = odd_h + odd_w == 0 ? x : pad(x, {0, 0, 0, odd_w, 0, odd_h});
  const auto pixels = [&](index_t row, index_t column) {
    return even.slice(1, row, to_end, 2).slice(2, column, to_end, 2);
  };
  return cat({pixels(0, 0), pixels(1, 0), pixels(0, 1), pixels(1, 1)}, -1);
}

Tensor PatchMerging::forward(const Tensor& x) const { return reduction(norm(neighbours(x))); }

// ---- model ------------------------------------------------------------------------------------------------

// (B, C, height, width) -> (B, height, width, C)
struct ChannelsLast : ModuleOf<ChannelsLast> {
  Tensor forward(const Tensor& x) const { return x.permute({0, 2, 3, 1}); }
  void visit(Visitor&) override {}
  std::string type() const override { return "ChannelsLast"; }
};

static SwinOptions validated(const SwinOptions& o) {
  check(o.channels >= 1 && o.patch_size >= 1 && o.embed_dim >= 1, "Swin",
        "expected channels, patch_size and embed_dim of at least 1, got ", o.channels, ", ", o.patch_size,
        " and ", o.embed_dim);
  check(!o.depths.empty() && o.depths.size() == o.num_heads.size(), "Swin",
        "expected depths and num_heads for the same number of stages, got ", o.depths.size(), " and ",
        o.num_heads.size());
  check(std::all_of(o.depths.begin(), o.depths.end(), [](index_t depth) { return depth >= 1; }), "Swin",
        "expected at least one block per stage, got none");
  constexpr std::size_t doublings = 24;  // at most 2^24 channels
  const std::size_t stages = o.depths.size();
  check(stages <= doublings && o.embed_dim <= index_t{1} << (doublings - stages + 1), "Swin",
        "expected at most 2^24 channels in the last stage, got ", stages,
        " stages from embed_dim = ", o.embed_dim, "; each stage doubles the channels");
  return o;
}

SwinTransformer::SwinTransformer(SwinOptions o, Generator& gen)
    : options(validated(o)),
      norm({.size = o.embed_dim << (o.depths.size() - 1), .eps = o.layer_norm_eps}),
      head(make_linear({.in = o.embed_dim << (o.depths.size() - 1), .out = o.num_classes}, gen)) {
  features.add(Sequential(Conv2d({.in_channels = o.channels,
                                  .out_channels = o.embed_dim,
                                  .kernel_size = o.patch_size,
                                  .stride = o.patch_size},
                                 gen),
                          ChannelsLast(), LayerNorm({.size = o.embed_dim, .eps = o.layer_norm_eps})));
  index_t blocks = 0, index = 0, dim = o.embed_dim;
  for (const index_t depth : o.depths) blocks += depth;
  for (std::size_t stage = 0; stage < o.depths.size(); ++stage, dim *= 2) {
    if (stage > 0) features.add(PatchMerging({.dim = dim / 2, .layer_norm_eps = o.layer_norm_eps}, gen));
    Sequential list;
    for (index_t i = 0; i < o.depths[stage]; ++i, ++index)
      list.add(SwinBlock({.dim = dim,
                          .nhead = o.num_heads[stage],
                          .window_size = o.window_size,
                          .shift = o.shifted && i % 2 == 1 ? o.window_size / 2 : 0,
                          .mlp_ratio = o.mlp_ratio,
                          .dropout = o.dropout,
                          .stochastic_depth = o.stochastic_depth * static_cast<double>(index) /
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
        "Swin", "expected images (B, ", options.channels, ", height, width) with sides of at least ", p,
        ", got ", images);
  return head(mean(norm(features(images)), {1, 2}));
}

SwinBlock& SwinTransformer::block(index_t stage, index_t i) {
  check(stage >= 0 && stage < static_cast<index_t>(options.depths.size()), "Swin", "expected a stage in [0, ",
        options.depths.size(), "), got ", stage);
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

}  // namespace heed::nn
