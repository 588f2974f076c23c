// swin.h — lesson 10: attention in shifted windows, over a feature map that shrinks from stage to
// stage. Distant pixels interact after a few layers, and the cost grows linearly with the number of
// pixels, not quadratically.
//
//   SwinTransformer model(swin_t(), gen);                 // 28,288,354 parameters
//   Tensor logits = model(images);                         // (B, 3, 224, 224) -> (B, 1000)
//
//   patches 4 x 4   (B, 56, 56,  96)    2 blocks, 3 heads     8 x 8 windows of 7 x 7
//   merged          (B, 28, 28, 192)    2 blocks, 6 heads
//   merged          (B, 14, 14, 384)    6 blocks, 12 heads
//   merged          (B,  7,  7, 768)    2 blocks, 24 heads    one window: the whole image
//
// Differences from the block of lesson 05: attention within one window; every second block shifts
// the windows by half their side; a relative position bias in the scores instead of position
// embeddings; pre-LN. Liu et al., "Swin Transformer: hierarchical vision transformer using shifted
// windows", 2021. Names and values are torchvision's.
#pragma once

#include <vector>

#include "nn/conv.h"
#include "nn/dropout.h"
#include "nn/linear.h"
#include "nn/norm.h"
#include "nn/sequential.h"

namespace heed::nn {

class Config;
struct PublishedNames;

// ---- windows of w x w pixels, N = w²; images are (B, height, width, C) ------------------------------------

// x -> (B, nW, N, C): nW windows in row-major order, with their pixels in row-major order. Throws
// unless w divides height and width.
Tensor window_partition(const Tensor& x, index_t w);
// The inverse: windows (B, nW, N, C) -> (B, height, width, C).
Tensor window_reverse(const Tensor& windows, index_t w, index_t height, index_t width);

// After rolling the image up by `down` and left by `right`, the last windows also contain pixels
// from the opposite side. Returns the mask (nW, N, N), true = may attend, that allows attention
// only between pixels from the same side.
Mask shift_mask(index_t height, index_t width, index_t w, index_t down, index_t right);

// The row of the bias table for each query i and key j of a window, (N, N). There is one row for
// each of the (2w - 1)² relative positions: (y_i - y_j + w - 1) · (2w - 1) + (x_i - x_j + w - 1).
IntTensor relative_position_index(index_t w);

// ---- model ------------------------------------------------------------------------------------------------

struct SwinOptions {
  index_t channels = 3;
  index_t patch_size = 4;
  index_t embed_dim = 0;           // C of the first stage; each merging doubles it
  std::vector<index_t> depths;     // number of blocks of each stage
  std::vector<index_t> num_heads;  // of each stage
  index_t window_size = 7;
  index_t mlp_ratio = 4;  // the width of the feed-forward is mlp_ratio · C
  index_t num_classes = 0;
  double dropout = 0;  // after attention and in the feed-forward
  // Stochastic depth: in training mode, each sublayer of the last block is skipped for an image
  // with this probability; it increases linearly from 0 in the first block. swin_t was trained with
  // 0.2. Huang et al., 2016.
  double stochastic_depth = 0;
  double layer_norm_eps = 1e-5;
  bool shifted = true;  // false: windows are not shifted, so no information crosses their edges
  bool masked = true;   // false: pixels from opposite sides attend to each other in shifted windows
};
inline SwinOptions swin_t() {
  return {.embed_dim = 96, .depths = {2, 2, 6, 2}, .num_heads = {3, 6, 12, 24}, .num_classes = 1000};
}

// The options of one block.
struct SwinBlockOptions {
  index_t dim = 0;  // C
  index_t nhead = 1;
  index_t window_size = 7;
  index_t shift = 0;  // of the windows, down and to the right, in pixels
  index_t mlp_ratio = 4;
  double dropout = 0;
  double stochastic_depth = 0;
  double layer_norm_eps = 1e-5;
  bool masked = true;
};

// softmax(q kᵀ / √D + bias[relative position]) v inside each window. x (B, height, width, C) -> the
// same shape. If windows do not divide a side, it is padded with zeros at the right or at the
// bottom, and cropped afterwards. If one window covers a whole side, windows are not shifted along
// it.
struct ShiftedWindowAttention : ModuleOf<ShiftedWindowAttention> {
  SwinBlockOptions options;
  Tensor relative_position_bias_table;  // ((2w - 1)², H)
  Tensor relative_position_index;       // (N²), integers, as in the published files
  Linear qkv;                           // C -> 3C
  Linear proj;
  Dropout dropout;

  ShiftedWindowAttention(SwinBlockOptions options, Generator& gen);
  // If `weights` is not null, it receives the attention weights (B, nW, H, N, N), detached from the
  // graph.
  Tensor forward(const Tensor& x, Tensor* weights = nullptr);
  Tensor bias() const;  // (H, N, N)
  void visit(Visitor& v) override;
  std::string type() const override { return "ShiftedWindowAttention"; }
  std::string details() const override;

 private:
  Tensor attend(const Tensor& windows, const Mask& mask, Tensor* weights);
};

// h = x + attention(norm1(x));   y = h + feed_forward(norm2(h))
struct SwinBlock : ModuleOf<SwinBlock> {
  SwinBlockOptions options;
  LayerNorm norm1;
  ShiftedWindowAttention attn;
  LayerNorm norm2;
  // The feed-forward: Linear, GELU, Dropout, Linear, Dropout. torchvision names them mlp.0 … mlp.4.
  Sequential mlp;
  Generator generator;

  SwinBlock(SwinBlockOptions options, Generator& gen);
  Tensor forward(const Tensor& x);
  void visit(Visitor& v) override;
  std::string type() const override { return "SwinBlock"; }

 private:
  Tensor stochastic_depth(const Tensor& branch);
};

struct PatchMergingOptions {
  index_t dim = 0;
  double layer_norm_eps = 1e-5;
};

// Merges 2 x 2 pixels: (B, height, width, C) -> (B, ⌈height / 2⌉, ⌈width / 2⌉, 2C). Concatenates
// their channels in the order (0, 0), (1, 0), (0, 1), (1, 1) of (row, column), normalises them, and
// maps 4C to 2C channels. An odd side is padded with zeros.
struct PatchMerging : ModuleOf<PatchMerging> {
  PatchMergingOptions options;
  Linear reduction;
  LayerNorm norm;

  PatchMerging(PatchMergingOptions options, Generator& gen);
  Tensor forward(const Tensor& x) const;
  void visit(Visitor& v) override {
    v.child("reduction", reduction);
    v.child("norm", norm);
  }
  std::string type() const override { return "PatchMerging"; }
  // (B, height, width, C) -> (B, ⌈height / 2⌉, ⌈width / 2⌉, 4C), the concatenation alone.
  static Tensor neighbours(const Tensor& x);
};

// images (B, channels, height, width) -> logits (B, num_classes), from the mean over the last
// feature map. Any height and width. Initialised as in torchvision: weights from N(0, 0.02²)
// truncated at ±2, biases 0.
struct SwinTransformer : ModuleOf<SwinTransformer> {
  SwinOptions options;
  Sequential features;  // 0: patch embedding; then the blocks of a stage and a PatchMerging alternate
  LayerNorm norm;
  Linear head;

  SwinTransformer(SwinOptions options, Generator& gen);
  Tensor forward(const Tensor& images);
  SwinBlock& block(index_t stage, index_t i);
  void visit(Visitor& v) override;
  std::string type() const override { return "SwinTransformer"; }
  std::string details() const override;

  // config.json has torchvision's arguments: patch_size, embed_dim, depths, num_heads, window_size,
  // num_classes … The names of Hugging Face's SwinConfig are supported, too; the weights must have
  // torchvision's names. Throws "[config.json] …" for a setting that the model does not implement.
  static SwinOptions from_config(const Config& config);
  static PublishedNames published_names();
};

}  // namespace heed::nn
