#include "nn/layout.h"

#include <algorithm>

#include "autograd/ops/attention_masks.h"

namespace heed::nn {

void check_sequence(const char* op, const char* name, const Tensor& x, index_t channels, bool batch_first) {
  const bool fits = x.defined() && (x.rank() == 2 || x.rank() == 3) && x.size(-1) == channels;
  check(fits, op, "expected ", name, batch_first ? " (B, T, " : " (T, B, ", channels,
        ") with batch_first = ", batch_first ? "true" : "false", ", or (T, ", channels,
        ") for one sequence, got ", x);
}

AttentionSizes attention_sizes(const char* op, const Tensor& query, const Tensor& key, index_t heads,
                               bool batch_first, const SequenceNames& names) {
  const bool batched = query.rank() == 3;
  const int time = time_axis(query, batch_first);
  check(query.rank() == key.rank(), op, "expected ", names.query, " and ", names.key,
        " with the same number of axes, got ", query.shape(), " and ", key.shape(), ". Hint: unsqueeze(",
        batch_first ? 0 : 1, ") makes a batch of one from a single sequence");
  check(!batched || query.size(1 - time) == key.size(1 - time), op, "expected ", names.query, " and ",
        names.key, " with the same batch size, got ", query, " and ", key, "; the batch axis is ",
        batch_first ? "0 with batch_first = true" : "1 with batch_first = false");
  return {batched, batched ? query.size(1 - time) : 1, heads, query.size(time), key.size(time)};
}

static void check_broadcasts_to_scores(const char* op, const char* name, const Shape& shape,
                                       const AttentionSizes& sizes) {
  const Shape full{sizes.batch, sizes.heads, sizes.queries, sizes.keys};
  bool fits = shape.rank() >= 2 && shape.rank() <= (sizes.batched ? 4 : 2);
  for (int i = 1; fits && i <= shape.rank(); ++i) {  // axes count from the right; rank 3 has no head axis
    const index_t expected = i == 3 && shape.rank() == 3 ? sizes.batch : full.back(i);
    fits = shape.back(i) == expected || shape.back(i) == 1;
  }
  const index_t b = sizes.batch, t = sizes.queries, s = sizes.keys;
  const auto batched_shapes = [&] {
    return sizes.batched ? concat(", (B, T, S) = ", Shape{b, t, s}, ", (B, 1, S) or (B, H, T, S) = ", full)
                         : "";
  };
  check(fits, op, "expected ", name, " (T, S) = ", Shape{t, s}, batched_shapes, ", got ", shape,
        ". Hint: padding(lengths, S) makes (B, 1, S), causal(T) makes (T, T).");
}

void check_mask(const char* op, const char* name, const Mask& mask, const AttentionSizes& sizes) {
  if (!mask.defined()) return;
  check_broadcasts_to_scores(op, name, mask.shape(), sizes);
  if (sizes.batched) check_not_ambiguous(op, mask, sizes.batch, sizes.queries, 3);
}

void check_score_bias(const char* op, const char* name, const Tensor& bias, const AttentionSizes& sizes) {
  if (bias.defined()) check_broadcasts_to_scores(op, name, bias.shape(), sizes);
}

Tensor split_heads(const Tensor& x, index_t heads, bool batch_first) {
  Shape split = Shape::filled(x.rank() + 1, 1);
  for (int axis = 0; axis < x.rank() - 1; ++axis) split[axis] = x.size(axis);
  split[x.rank() - 1] = heads;
  split[x.rank()] = x.size(-1) / heads;
  const Tensor y = x.reshape(split);  // (..., T, H, D)
  return batch_first || x.rank() == 2 ? y.transpose(-3, -2) : y.permute({1, 2, 0, 3});
}

std::vector<Tensor> split_qkv(const Tensor& x, index_t heads) {
  const int rank = x.rank();
  Shape split = Shape::filled(rank + 2, 1);
  for (int axis = 0; axis < rank - 1; ++axis) split[axis] = x.size(axis);
  split[rank - 1] = 3;
  split[rank] = heads;
  split[rank + 1] = x.size(-1) / (3 * heads);
  Shape order = Shape::filled(rank + 2, rank - 1);  // (3, ..., H, T, D)
  for (int axis = 0; axis < rank - 2; ++axis) order[axis + 1] = axis;
  order[rank - 1] = rank;
  order[rank] = rank - 2;
  order[rank + 1] = rank + 1;
  return unbind(x.reshape(split).permute(order));
}

// The head axis must be next to D before both are merged into C.
Tensor join_heads(const Tensor& heads, bool batch_first) {
  const Tensor y = batch_first || heads.rank() == 3 ? heads.transpose(-3, -2) : heads.permute({2, 0, 1, 3});
  Shape joined = Shape::filled(y.rank() - 1, 1);
  for (int axis = 0; axis < y.rank() - 2; ++axis) joined[axis] = y.size(axis);
  joined[y.rank() - 2] = y.size(-2) * y.size(-1);
  return y.reshape(joined);
}

Tensor clear_positions(const Tensor& x, const Mask& real, bool batch_first) {
  if (!real.defined()) return x;
  const index_t n = real.shape().back(2), samples = x.rank() == 3 && real.rank() > 2 ? real.shape()[0] : 1;
  const index_t heads = real.numel() / std::max<index_t>(samples * n, 1);
  const bool time_first = x.rank() == 3 && !batch_first;
  std::vector<std::uint8_t> values(static_cast<std::size_t>(samples * n));
  for (index_t b = 0; b < samples; ++b)
    for (index_t h = 0; h < heads; ++h)
      for (index_t i = 0; i < n; ++i)
        values[static_cast<std::size_t>(time_first ? i * samples + b : b * n + i)] |=
            real.data()[(b * heads + h) * n + i];
  const Shape shape = x.rank() == 2 ? Shape{n, 1} : time_first ? Shape{n, samples, 1} : Shape{samples, n, 1};
  return clear_padding(x, Mask(std::move(values), shape));
}

Tensor clear_unattended(const Tensor& x, const Mask& mask, bool causal, bool batch_first) {
  if (!mask.defined()) return x;
  const index_t t = x.size(time_axis(x, batch_first));
  return clear_positions(x, ops::attended_positions(mask, {.on = causal}, t, t).keys, batch_first);
}

}  // namespace heed::nn
