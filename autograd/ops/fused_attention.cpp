// fused_attention.cpp — attention as one op: where T·S is small, P (..., T, S) is kept for backward; elsewhere it is never whole.
#include "autograd/ops/attention.h"
#include "autograd/ops/attention_call.h"
#include "autograd/ops/keep_rule.h"

namespace heed {

namespace {

// A (T, S) up to this is kept for backward: cheaper than making it again.
constexpr index_t short_scores = index_t{256} * 256;

using Maker = Tensor (*)(const Shape&, DType);

// A tensor (B, H, T, D) laid out as (B, T, H, D), so that joining the heads again copies nothing; other ranks are dense.
template <Maker make>
Tensor head_major(const Shape& shape, DType dtype) {
  if (shape.rank() != 4) return make(shape, dtype);
  return make({shape[0], shape[2], shape[1], shape[3]}, dtype).transpose(1, 2);
}

ops::Call call_of(const Tensor& q, const Tensor& k, const AttentionOptions& options) {
  const double p = options.dropout;
  ops::Call call{.scores = ops::scores_shape(q, k),
                 .scale = ops::scale_of(q, options),
                 .causal = {options.causal, options.causal_alignment},
                 .mask = options.mask,
                 .keep = std::nullopt,
                 .keep_scale = p < 1 ? 1 / (1 - p) : 0};
  if (p > 0) call.keep = ops::keep_rule(call.scores.numel(), p, *options.generator);
  return call;
}

// What backward has of its inputs.
struct SavedInputs {
  Saved q, k, v, bias;
};

// Zeros for the gradients that are wanted, filled by `fill`.
template <class Fill>
void give(const SavedInputs& saved, const ops::Call& call, Maker zeros_like, DType dtype, Gradients& d,
          Fill fill) {
  const auto made = [&](std::size_t input, const Saved& like) {
    return d.needs(input) ? std::optional<ops::Matrices>(zeros_like(like.shape(), dtype)) : std::nullopt;
  };
  ops::AttentionGradients g{made(0, saved.q), made(1, saved.k), made(2, saved.v), {}};
  if (d.needs(3)) g.scores = zeros(call.scores, dtype);
  if (call.scores.numel() > 0) fill(g);
  if (g.q) d[0] = g.q->tensor;
  if (g.k) d[1] = g.k->tensor;
  if (g.v) d[2] = g.v->tensor;
  if (d.needs(3)) d[3] = sum_to(g.scores, saved.bias.shape());
}

Tensor short_attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options,
                       const Shape& out) {
  ops::Call call = call_of(q, k, options);
  const bool any = call.scores.numel() > 0;
  Tensor y = (any ? head_major<empty> : head_major<zeros>)(out, q.dtype());
  Tensor weights = grad_enabled() ? empty(call.scores, q.dtype()) : Tensor();
  if (any) {
    ops::Matrices to(y);
    const ops::Inputs in{call, ops::Matrices(q), ops::Matrices(k), ops::Matrices(v), options.bias};
    ops::dispatch(q.dtype(), [&]<class T>() { ops::short_forward<T>(in, to, weights); });
  }
  return record("scaled_dot_product_attention", {q, k, v, options.bias}, y,
                [saved = SavedInputs{Saved(q), Saved(k), Saved(v), Saved(options.bias)},
                 weights = Saved(weights), call = std::move(call)](const Tensor& dy, Gradients& d) {
                  give(saved, call, head_major<zeros>, dy.dtype(), d, [&](ops::AttentionGradients& g) {
                    const ops::Inputs in{call, ops::Matrices(saved.q()), ops::Matrices(saved.k()),
                                         ops::Matrices(saved.v()), saved.bias()};
                    ops::dispatch(dy.dtype(), [&]<class T>() {
                      ops::short_backward<T>(in, weights(), ops::Matrices(dy), g);
                    });
                  });
                });
}

// Dense: split heads leave a head's rows far apart, where they push each other out of the cache.
ops::Matrices together(const Tensor& x) { return ops::Matrices(ops::dense(x)); }

Tensor long_attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options,
                      const Shape& out) {
  ops::Call call = call_of(q, k, options);
  Tensor y = empty(out, q.dtype()), stats = empty({2, call.heads(), call.t()}, q.dtype());
  {
    ops::Matrices to(y);
    const ops::Inputs in{call, together(q), together(k), together(v), options.bias};
    ops::dispatch(q.dtype(), [&]<class T>() { ops::long_forward<T>(in, to, stats); });
  }
  return record("scaled_dot_product_attention", {q, k, v, options.bias}, y,
                [saved = SavedInputs{Saved(q), Saved(k), Saved(v), Saved(options.bias)}, y = Saved(y),
                 stats = Saved(stats), call = std::move(call)](const Tensor& dy, Gradients& d) {
                  give(saved, call, zeros, dy.dtype(), d, [&](ops::AttentionGradients& g) {
                    const ops::Inputs in{call, together(saved.q()), together(saved.k()), together(saved.v()),
                                         saved.bias()};
                    ops::dispatch(dy.dtype(), [&]<class T>() {
                      ops::long_backward<T>(in, ops::Matrices(y()), stats(), together(dy), g);
                    });
                  });
                });
}

}  // namespace

// The op itself; attention.cpp numbers its passes.
Tensor ops::fused_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                            const AttentionOptions& options) {
  Shape out = q.shape();
  out[q.rank() - 1] = v.size(-1);
  const bool is_long = q.size(-2) * k.size(-2) > short_scores;
  return (is_long ? long_attention : short_attention)(q, k, v, options, out);
}

}  // namespace heed
