// layout.h — the axes of sequences, masks and heads, as the layers expect them.
//
//   batch_first = false (the default, as in PyTorch and the course)   (T, B, C)
//   batch_first = true                                                (B, T, C)
//   one sequence without a batch axis, in both cases                  (T, C)
#pragma once

#include <vector>

#include "autograd/ops.h"

namespace heed::nn {

inline int time_axis(const Tensor& x, bool batch_first) { return x.rank() == 3 && batch_first ? 1 : 0; }

// Throws "[op] …" unless x is a sequence of `channels` channels in this layout.
void check_sequence(const char* op, const char* name, const Tensor& x, index_t channels, bool batch_first);

// The sizes of one attention call: B samples (1 without a batch axis), H heads, T queries and S
// keys.
struct AttentionSizes {
  bool batched = false;
  index_t batch = 1, heads = 1, queries = 0, keys = 0;
};

// Returns the sizes for a query and a key sequence that check_sequence has accepted; `names` appear
// in the message. Throws "[op] …" if only one of them has a batch axis, or if the batch sizes
// differ.
struct SequenceNames {
  const char *query = "query", *key = "key";
};
AttentionSizes attention_sizes(const char* op, const Tensor& query, const Tensor& key, index_t heads,
                               bool batch_first, const SequenceNames& names = {});

// Throws "[op] …" unless a mask (or score bias) is undefined, (T, S), (B, T, S), (B, 1, S) or
// (B, H, T, S), with any size replaced by 1; without a batch axis, unless it is (T, S). Also throws if
// a mask (T, S) could equally be (B, S): see check_not_ambiguous().
void check_mask(const char* op, const char* name, const Mask& mask, const AttentionSizes& sizes);
void check_score_bias(const char* op, const char* name, const Tensor& bias, const AttentionSizes& sizes);

// Adds axes of size 1 to such a mask or bias until it has all axes of the scores: (B, H, T, S), or
// (H, T, S) without a batch axis.
template <class MaskOrBias>
MaskOrBias with_score_axes(const MaskOrBias& x, bool batched) {
  if (!x.defined()) return x;
  const MaskOrBias samples = x.rank() == 2 ? x.unsqueeze(0) : x;
  return batched && samples.rank() == 3 ? samples.unsqueeze(1) : samples;
}

// Splits the channels over heads; head h gets channels h·D … (h + 1)·D - 1. A view if x is
// contiguous.
//   x (..., T, H·D) -> (..., H, T, D);   with batch_first = false, (T, B, H·D) -> (B, H, T, D)
Tensor split_heads(const Tensor& x, index_t heads, bool batch_first = true);
// Splits the output of a stacked projection: x (..., T, 3·H·D) -> queries, keys and values, each
// (..., H, T, D). Its backward allocates less than that of chunk() and three times split_heads().
std::vector<Tensor> split_qkv(const Tensor& x, index_t heads);
// The inverse of split_heads.
Tensor join_heads(const Tensor& heads, bool batch_first = true);

// Returns x with zeros (see clear_padding in ops.h) at the positions at which `real` is false.
// `real` has one entry per position, (T, 1), (B, T, 1) or (B, H, T, 1); a position is real if it is
// real for at least one head.
Tensor clear_positions(const Tensor& x, const Mask& real, bool batch_first);
// Clears the positions of x that no query of a self-attention may attend to under `mask`
// (undefined: returns x). The values at these positions then influence no other output of the layer
// and no gradient.
Tensor clear_unattended(const Tensor& x, const Mask& mask, bool causal, bool batch_first);

}  // namespace heed::nn
