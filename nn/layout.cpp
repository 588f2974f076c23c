// layout.cpp — masks over sequences: checked, and applied to what nobody may attend to.
#include "nn/layout.h"

#include <algorithm>

#include "autograd/ops/attention_masks.h"

namespace heed::nn {

AttentionSizes attention_sizes(const char* op, const Tensor& query, const Tensor& key, index_t heads,
                               bool batch_first, const SequenceNames& names) {
  const bool batched = query.rank() == 3;
  const int time = time_axis(query, batch_first);
  check(query.rank() == key.rank(), op, "expected ", names.query, " and ", names.key,
        " with the same number of axes, got ", query.shape(), " and ", key.shape(), ". Hint: unsqueeze(",
        batch_first ? 0 : 1, ") makes a batch of one of a single sequence");
  check(!batched || query.size(1 - time) == key.size(1 - time), op, names.query, " ", query.shape(), " and ",
        names.key, " ", key.shape(), " have different batch sizes; with batch_first = ",
        batch_first ? "true they are on axis 0" : "false they are on axis 1");
  return {batched, batched ? query.size(1 - time) : 1, heads, query.size(time), key.size(time)};
}

static void check_over_scores(const char* op, const char* name, const Shape& given,
                              const AttentionSizes& sizes) {
  const Shape full{sizes.batch, sizes.heads, sizes.queries, sizes.keys};
  bool fits = given.rank() >= 2 && given.rank() <= (sizes.batched ? 4 : 2);
  for (int i = 1; fits && i <= given.rank(); ++i) {  // compared from the right; at rank 3 there is no H
    const index_t wanted = i == 3 && given.rank() == 3 ? sizes.batch : full.back(i), got = given.back(i);
    fits = got == wanted || got == 1;
  }
  const index_t b = sizes.batch, t = sizes.queries, s = sizes.keys;
  check(fits, op, "the ", name, " is ", given, "; it must be (T, S) = ", Shape{t, s},
        sizes.batched ? concat(", (B, T, S) = ", Shape{b, t, s}, ", (B, 1, S) or (B, H, T, S) = ", full) : "",
        ". Hint: padding(lengths, S) makes (B, 1, S), causal(T) makes (T, T).");
}

void check_mask(const char* op, const char* name, const Mask& mask, const AttentionSizes& sizes) {
  if (!mask.defined()) return;
  check_over_scores(op, name, mask.shape(), sizes);
  if (sizes.batched) check_not_ambiguous(op, mask, sizes.batch, sizes.queries, 3);
}

void check_score_bias(const char* op, const char* name, const Tensor& bias, const AttentionSizes& sizes) {
  if (bias.defined()) check_over_scores(op, name, bias.shape(), sizes);
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
