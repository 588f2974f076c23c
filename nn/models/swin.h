// swin.h — lesson 10: attention inside windows that move, over a picture that gets smaller. What is far apart meets
// after a few layers, and the work grows with the number of pixels, not with its square.
//
//   SwinTransformer model(swin_t(), gen);                 // 28,288,354 parameters
//   Tensor logits = model(images);                         // (B, 3, 224, 224) -> (B, 1000)
//
//   patches 4 x 4   (B, 56, 56,  96)    2 blocks, 3 heads     8 x 8 windows of 7 x 7
//   merged          (B, 28, 28, 192)    2 blocks, 6 heads
//   merged          (B, 14, 14, 384)    6 blocks, 12 heads
//   merged          (B,  7,  7, 768)    2 blocks, 24 heads    one window: the whole picture
//
// What it changes about section 5's block: attention sees one window; every second block moves the windows by half;
// where a word stands is a bias on the scores and no vector; the norms stand before the sublayers. Liu et al., "Swin
// Transformer: hierarchical vision transformer using shifted windows", 2021. Names and numbers are torchvision's.
#pragma once

#include <vector>

#include "nn/conv.h"
#include "nn/dropout.h"
#include "nn/linear.h"
#include "nn/models/pretrained.h"
#include "nn/norm.h"
#include "nn/sequential.h"

namespace heed::nn {

// ---- windows: w x w pixels each, N = w² of them; pictures are (B, height, width, C) here -------------------

// Cut into nW windows, left to right, then down, and pixels in the same order: -> (B, nW, N, C). w divides both
// sides.
Tensor window_partition(const Tensor& x, index_t w);
// The way back: windows (B, nW, N, C) -> (B, height, width, C).
Tensor window_reverse(const Tensor& windows, index_t w, index_t height, index_t width);

// After the picture was rolled up by `down` and to the left by `right`, the last windows hold what came round from
// the other side. A pixel may attend to those of its window that came from its own side: (nW, N, N), true = may
// attend.
Mask shift_mask(index_t height, index_t width, index_t w, index_t down, index_t right);

// Row of the bias table for each query i and key j of a window, (N, N). The rows are the (2w - 1)² ways from a key to
// a query: (y_i - y_j + w - 1) · (2w - 1) + (x_i - x_j + w - 1).
IntTensor relative_position_index(index_t w);

// ---- the model ----------------------------------------------------------------------------------------------

struct SwinOptions {
  index_t channels = 3;
  index_t patch_size = 4;
  index_t embed_dim = 0;           // C of the first stage; each merging doubles it
  std::vector<index_t> depths;     // blocks of each stage
  std::vector<index_t> num_heads;  // of each stage
  index_t window_size = 7;
  index_t mlp_ratio = 4;  // the feed-forward's width, in C
  index_t num_classes = 0;
  double dropout = 0;  // after attention and in the feed-forward
  // Stochastic depth: while training, a sublayer of the last block is left out for a picture with this probability,
  // of earlier blocks with less. swin_t was trained with 0.2; evaluation does not know it. Huang et al., 2016.
  double stochastic_depth = 0;
  double layer_norm_eps = 1e-5;
  bool shifted = true;  // false: windows never move, so no pixel ever sees over the edge of its own
  bool masked = true;   // false: what came round from the other side is seen as if it stood there
};
inline SwinOptions swin_t() {
  return {.embed_dim = 96, .depths = {2, 2, 6, 2}, .num_heads = {3, 6, 12, 24}, .num_classes = 1000};
}

// One block's part of the options.
struct SwinBlockOptions {
  index_t dim = 0;  // C
  index_t nhead = 1;
  index_t window_size = 7;
  index_t shift = 0;  // how far the windows are moved, down and to the right
  index_t mlp_ratio = 4;
  double dropout = 0;
  double stochastic_depth = 0;
  double layer_norm_eps = 1e-5;
  bool masked = true;
};

// softmax(q kᵀ / √D + bias[relative position]) v inside each window. x (B, height, width, C) -> the same shape. Sides
// that windows do not divide are filled up with zeros, at the right and below, and cut off again; where one window
// holds a whole side, it does not move along it.
struct ShiftedWindowAttention : ModuleOf<ShiftedWindowAttention> {
  SwinBlockOptions options;
  Tensor relative_position_bias_table;  // ((2w - 1)², H)
  Tensor relative_position_index;       // (N²), whole numbers, as in the published files
  Linear qkv;                           // C -> 3C
  Linear proj;
  Dropout dropout;

  ShiftedWindowAttention(SwinBlockOptions options, Generator& gen);
  // Where `weights` is given, it becomes (B, nW, H, N, N), without history, for pictures.
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
  Sequential mlp;  // C -> mlp_ratio · C -> C, GELU between
  Generator generator;

  SwinBlock(SwinBlockOptions options, Generator& gen);
  Tensor forward(const Tensor& x);
  void visit(Visitor& v) override;
  std::string type() const override { return "SwinBlock"; }

 private:
  Tensor some_left_out(const Tensor& branch);
};

struct PatchMergingOptions {
  index_t dim = 0;
  double layer_norm_eps = 1e-5;
};

// Four neighbours become one: (B, height, width, C) -> (B, ⌈height / 2⌉, ⌈width / 2⌉, 2C). Their channels stand in
// the order (0, 0), (1, 0), (0, 1), (1, 1) of (row, column), are normalised, and 4C become 2C. An odd side gets a row
// of zeros.
struct PatchMerging : ModuleOf<PatchMerging> {
  PatchMergingOptions options;
  Linear reduction;
  LayerNorm norm;

  PatchMerging(PatchMergingOptions options, Generator& gen);
  Tensor forward(const Tensor& x) const;
  void visit(Visitor& v) override { v.child("reduction", reduction), v.child("norm", norm); }
  std::string type() const override { return "PatchMerging"; }
  static Tensor neighbours(const Tensor& x);  // (B, height, width, C) -> (B, ⌈height / 2⌉, ⌈width / 2⌉, 4C)
};

// images (B, channels, height, width) -> logits (B, num_classes), of the mean over what is left of the pixels. Any
// height and width. Starts as torchvision's: weights from N(0, 0.02) cut at ±2, biases 0.
struct SwinTransformer : ModuleOf<SwinTransformer> {
  SwinOptions options;
  Sequential features;  // 0: patches; then a stage's blocks and a merging in turn: 1, 2, … 7 of swin_t
  LayerNorm norm;
  Linear head;

  SwinTransformer(SwinOptions options, Generator& gen);
  Tensor forward(const Tensor& images);
  SwinBlock& block(index_t stage, index_t i);
  void visit(Visitor& v) override;
  std::string type() const override { return "SwinTransformer"; }
  std::string details() const override;

  // config.json holds torchvision's arguments: patch_size, embed_dim, depths, num_heads,
  // window_size, num_classes … The names of Hugging Face's SwinConfig are understood, too; weights
  // must have torchvision's names. Throws "[config.json] …" for a setting that this model does not
  // implement.
  static SwinOptions from_config(const Config& config);
  static PublishedNames published_names() { return {}; }  // torchvision's are ours
};

}  // namespace heed::nn
