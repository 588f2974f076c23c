#include "nn/attention.h"

#include "autograd/ops/attention_masks.h"

namespace heed::nn {

ScaledDotProductAttention::ScaledDotProductAttention(ScaledDotProductAttentionOptions o, Generator& gen)
    : options(o), generator(gen.fork()) {
  check(o.dropout >= 0 && o.dropout <= 1, "ScaledDotProductAttention",
        "expected a dropout probability in [0, 1], got ", o.dropout);
}

AttentionResult ScaledDotProductAttention::forward(const Tensor& q, const Tensor& k, const Tensor& v,
                                                   const Mask& mask) {
  return attention(q, k, v,
                   {.mask = mask, .dropout = training() ? options.dropout : 0, .generator = &generator});
}

// Also replaces widths of 0 by d_model.
static SelfAttentionOptions validated(SelfAttentionOptions o) {
  check(o.d_model >= 1 && o.d_k >= 0 && o.d_v >= 0, "SelfAttention",
        "expected d_model of at least 1 and d_k, d_v of at least 0, got ", o.d_model, ", ", o.d_k, ", ",
        o.d_v);
  if (o.d_k == 0) o.d_k = o.d_model;
  if (o.d_v == 0) o.d_v = o.d_model;
  return o;
}

SelfAttention::SelfAttention(SelfAttentionOptions o, Generator& gen)
    : options(validated(o)),
      W_q({.in = options.d_model, .out = options.d_k, .bias = options.bias}, gen),
      W_k({.in = options.d_model, .out = options.d_k, .bias = options.bias}, gen),
      W_v({.in = options.d_model, .out = options.d_v, .bias = options.bias}, gen) {}

AttentionResult SelfAttention::forward(const Tensor& x, const Mask& mask) const {
  check(x.defined() && x.rank() >= 2 && x.size(-1) == options.d_model, "SelfAttention",
        "expected x (..., T, ", options.d_model, "), got ", x);
  const index_t t = x.size(-2);
  Shape scores = x.shape();
  scores[x.rank() - 1] = t;
  ops::check_mask("SelfAttention", mask, scores);
  const Tensor in = clear_padding(x, ops::attended_positions(mask, {}, t, t).keys);
  return attention(W_q(in), W_k(in), W_v(in), {.mask = mask});
}

}  // namespace heed::nn
