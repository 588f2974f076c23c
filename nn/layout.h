// layout.h — the axes of sequences and of masks over them, as the layers expect them.
//
//   batch_first = false (the default, as in PyTorch and the course)   (T, B, C)
//   batch_first = true                                                (B, T, C)
//   one sequence alone, either way                                    (T, C)
#pragma once

#include "autograd/ops.h"

namespace heed::nn {

inline int time_axis(const Tensor& x, bool batch_first) { return x.rank() == 3 && batch_first ? 1 : 0; }

inline void check_sequence(const char* op, const char* what, const Tensor& x, index_t channels,
                           bool batch_first) {
  check(x.defined(), op, what, " is an undefined tensor");
  check((x.rank() == 2 || x.rank() == 3) && x.size(-1) == channels, op, what, " is ", x.shape(),
        "; with batch_first = ", batch_first ? "true it must be (B, T, " : "false it must be (T, B, ",
        channels, "), or (T, ", channels, ") for one sequence");
}

// The sizes of one call of attention: B samples (1 without a batch axis), H heads, T queries and
// S keys.
struct AttentionSizes {
  bool batched = false;
  index_t batch = 1, heads = 1, queries = 0, keys = 0;
};

// Of a query and a key sequence that check_sequence has seen; `names` are for the message. Throws
// "[op] …" if one has a batch axis and the other does not, or if the batch sizes differ.
struct SequenceNames {
  const char *query = "query", *key = "key";
};
AttentionSizes attention_sizes(const char* op, const Tensor& query, const Tensor& key, index_t heads,
                               bool batch_first, const SequenceNames& names = {});

// Throws "[op] …" unless a mask (or score bias) is undefined, (T, S), (B, T, S), (B, 1, S) or
// (B, H, T, S), where any size may be 1; without a batch axis, unless it is (T, S). Throws also if
// a mask is a (T, S) that could as well be (B, S): see check_not_ambiguous().
void check_mask(const char* op, const char* name, const Mask& mask, const AttentionSizes& sizes);
void check_score_bias(const char* op, const char* name, const Tensor& bias, const AttentionSizes& sizes);

// Such a mask or bias with all axes of the scores: (B, H, T, S), or (H, T, S) without a batch axis.
template <class Given>
Given over_scores(const Given& given, bool batched) {
  if (!given.defined()) return given;
  const Given samples = given.rank() == 2 ? given.unsqueeze(0) : given;
  return batched && samples.rank() == 3 ? samples.unsqueeze(1) : samples;
}

// x with zeros (see clear_padding in ops.h) at positions where `real` is false: one entry per
// position, (T, 1), (B, T, 1) or (B, H, T, 1), where a position is real if it is for one of the
// heads.
Tensor clear_positions(const Tensor& x, const Mask& real, bool batch_first);
// The same for self-attention under `mask` (undefined: x itself): clears the positions of x that no
// query may attend to. Whatever they hold, the layer's other outputs and all gradients do not
// depend on it.
Tensor clear_unattended(const Tensor& x, const Mask& mask, bool causal, bool batch_first);

}  // namespace heed::nn
