// fused_attention.cpp — attention as one op: short sequences keep P (..., T, S) for backward, long ones never have it whole.
#include "autograd/ops/attention.h"
#include "autograd/ops/attention_call.h"
#include "autograd/ops/keep_rule.h"

namespace heed {

namespace {

// A (T, S) up to this is made whole, and kept for backward: cheaper than making it again.
constexpr index_t short_scores = index_t{256} * 256;

// A result (B, H, T, D) laid out as (B, T, H, D), so that joining the heads again copies nothing; other ranks are dense.
Tensor head_major(const Shape& shape, DType dtype, Tensor (*make)(const Shape&, DType)) {
  if (shape.rank() != 4) return make(shape, dtype);
  return make({shape[0], shape[2], shape[1], shape[3]}, dtype).transpose(1, 2);
}

ops::Call call_of(const Tensor& q, const Tensor& k, const AttentionOptions& options) {
  const double p = options.dropout;
  ops::Call call{.scores = ops::scores_shape(q, k),
                 .scale = ops::scale_of(q, options),
                 .causal = options.causal,
                 .mask = ops::visible(options),
                 .keep = std::nullopt,
                 .keep_scale = p < 1 ? 1 / (1 - p) : 0};
  if (p > 0) call.keep = ops::keep_rule(call.scores.numel(), p, *options.generator);
  return call;
}

// Room for the gradients that are wanted, zeros.
ops::AttentionGradients wanted(const Gradients& d, const ops::Call& call, const Saved& q, const Saved& k,
                               const Saved& v, DType dtype, bool dense) {
  const auto made = [&](bool needed, const Saved& like) {
    if (!needed) return std::optional<ops::Matrices>();
    return std::optional<ops::Matrices>(dense ? zeros(like.shape(), dtype)
                                              : head_major(like.shape(), dtype, zeros));
  };
  ops::AttentionGradients g{made(d.needs(0), q), made(d.needs(1), k), made(d.needs(2), v), {}};
  if (d.needs(3)) g.scores = zeros(call.scores, dtype);
  return g;
}

void hand_over(ops::AttentionGradients& g, const Shape& bias, Gradients& d) {
  if (g.q) d[0] = g.q->tensor;
  if (g.k) d[1] = g.k->tensor;
  if (g.v) d[2] = g.v->tensor;
  if (d.needs(3)) d[3] = sum_to(g.scores, bias);
}

// Dense: split heads leave a head's rows far apart, where they push each other out of the cache.
ops::Matrices together(const Tensor& x) { return ops::Matrices(ops::dense(x)); }

Tensor long_attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options,
                      const Shape& out) {
  ops::Call call = call_of(q, k, options);
  Tensor y = empty(out, q.dtype()), stats = empty({2, call.heads(), call.t()}, q.dtype());
  ops::Matrices to(y);
  ops::dispatch(q.dtype(), [&]<class T>() {
    ops::long_forward<T>(call, together(q), together(k), together(v), options.bias, to, stats);
  });
  return record("scaled_dot_product_attention", {q, k, v, options.bias}, y,
                [q = Saved(q), k = Saved(k), v = Saved(v), bias = Saved(options.bias), y = Saved(y),
                 stats = Saved(stats), call = std::move(call)](const Tensor& dy, Gradients& d) {
                  ops::AttentionGradients g = wanted(d, call, q, k, v, dy.dtype(), true);
                  ops::dispatch(dy.dtype(), [&]<class T>() {
                    ops::long_backward<T>(call, together(q()), together(k()), together(v()), bias(),
                                          ops::Matrices(y()), stats(), together(dy), g);
                  });
                  hand_over(g, bias.shape(), d);
                });
}

}  // namespace

// The op itself; attention.cpp numbers its passes.
Tensor ops::fused_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                            const AttentionOptions& options) {
  Shape out = q.shape();
  out[q.rank() - 1] = v.size(-1);
  if (q.size(-2) * k.size(-2) > short_scores) return long_attention(q, k, v, options, out);

  Call call = call_of(q, k, options);
  Tensor y = head_major(out, q.dtype(), empty);
  Tensor weights = grad_enabled() ? empty(call.scores, q.dtype()) : Tensor();
  if (y.numel() > 0) {
    Matrices to(y);
    ops::dispatch(q.dtype(), [&]<class T>() {
      short_forward<T>(call, Matrices(q), Matrices(k), Matrices(v), options.bias, to, weights);
    });
  }
  return record("scaled_dot_product_attention", {q, k, v, options.bias}, y,
                [q = Saved(q), k = Saved(k), v = Saved(v), bias = Saved(options.bias),
                 weights = Saved(weights), call = std::move(call)](const Tensor& dy, Gradients& d) {
                  AttentionGradients g = wanted(d, call, q, k, v, dy.dtype(), false);
                  if (dy.numel() > 0)
                    ops::dispatch(dy.dtype(), [&]<class T>() {
                      short_backward<T>(call, Matrices(q()), Matrices(k()), Matrices(v()), weights(),
                                        Matrices(dy), g);
                    });
                  hand_over(g, bias.shape(), d);
                });
}

}  // namespace heed
