// attention.cpp — scaled dot-product attention: first composed of simpler ops, then one fused op.
//
// attention_kernels.h declares the two implementations of the fused op: short_attention.cpp and
// long_attention.cpp.
#include <cmath>
#include <utility>

#include "autograd/ops/attention_kernels.h"
#include "autograd/ops/dropout.h"

namespace heed {

namespace {

// The arguments of a call, after validation. Padding in q, k and v is cleared. The mask also
// excludes the scores whose bias is -inf, but not those that the causal rule excludes.
struct Arguments {
  Tensor q, k, v;
  Mask mask;
  double scale;
};
Arguments prepare(const char* op, const Tensor& q, const Tensor& k, const Tensor& v,
                  const AttentionOptions& options);

}  // namespace

// attention(q, k, v): for each query, the average of the values, weighted by how well the query
// matches each key.
//   q (..., T, D), k (..., S, D), v (..., S, Dv) -> output (..., T, Dv), weights (..., T, S)
//   forward    output = softmax(q · kᵀ / sqrt(D)) · v
//   backward   the gradients of its steps, by autograd
//   taught in  lessons/02
// Vaswani et al., "Attention is all you need", 2017, equation 1.
AttentionResult attention(const Tensor& q, const Tensor& k, const Tensor& v,
                          const AttentionOptions& options) {
  const Arguments in = prepare("attention", q, k, v, options);
  Mask mask = in.mask;
  if (options.causal)
    mask = ops::combine_masks(mask, causal(q.size(-2), k.size(-2), options.causal_alignment));

  Tensor scores = matmul(in.q, in.k.transpose(-2, -1)) * in.scale;
  if (options.bias.defined()) scores = scores + options.bias;
  const Tensor weights = mask.defined() ? masked_softmax(scores, mask) : softmax(scores, -1);
  const Tensor dropped =
      options.dropout > 0 ? dropout(weights, options.dropout, *options.generator) : weights;
  return {matmul(dropped, in.v), weights};
}

// ---- the fused op -------------------------------------------------------------------------------

namespace {

// A call is short if T·S is at most this, and long otherwise. A short call saves the weights for
// backward, which takes less time than recomputing them.
constexpr index_t max_short_scores = index_t{256} * 256;

// Allocates a tensor (..., T, D) for the result or a gradient. For a short call, (B, H, T, D) is
// stored as (B, T, H, D), so that joining the heads needs no copy.
Tensor allocate_heads(const char* op, const Shape& shape, DType dtype, bool is_long, bool zeroed) {
  const bool heads_after_time = !is_long && shape.rank() == 4;
  const Shape stored = heads_after_time ? Shape{shape[0], shape[2], shape[1], shape[3]} : shape;
  Tensor x = ops::allocate(op, stored, dtype);
  if (zeroed) x.fill_(0);
  return heads_after_time ? x.transpose(1, 2) : x;
}

// Returns q, k, v or dy as a batch of matrices. In a long call, a tensor that is not contiguous is
// copied first, because the rows of split heads lie far apart and compete for the same cache sets.
ops::MatrixBatch matrices(const Tensor& x, bool is_long) {
  return ops::MatrixBatch(is_long ? ops::dense(x) : x);
}

ops::AttentionParams params_of(const Arguments& in, const AttentionOptions& options) {
  const double p = options.dropout;
  Shape scores = in.q.shape();
  scores[in.q.rank() - 1] = in.k.size(-2);
  ops::AttentionParams params{.scores = scores,
                              .scale = in.scale,
                              .causal = {options.causal, options.causal_alignment},
                              .mask = in.mask,
                              .keep = std::nullopt,
                              .keep_scale = p < 1 ? 1 / (1 - p) : 0};
  if (p > 0) params.keep = ops::keep_source(scores.numel(), p, *options.generator);
  return params;
}

// The tensors saved for backward. A short call saves the weights P. A long call saves the result
// and two statistics per row, from which backward recomputes P.
struct SavedAttention {
  Saved q, k, v, bias, y, weights_or_stats;
};

// Accumulates the gradients of a call. Requires at least one score.
void add_gradients(const SavedAttention& saved, const ops::AttentionParams& params, const Tensor& dy,
                   bool is_long, ops::AttentionGradients& gradients) {
  const ops::AttentionInputs inputs{params, matrices(saved.q(), is_long), matrices(saved.k(), is_long),
                                    matrices(saved.v(), is_long), saved.bias()};
  const ops::MatrixBatch dy_matrices = matrices(dy, is_long);
  const Tensor weights_or_stats = saved.weights_or_stats();
  ops::dispatch(dy.dtype(), [&]<class T>() {
    if (is_long)
      ops::long_backward<T>(inputs, ops::MatrixBatch(saved.y()), weights_or_stats, dy_matrices, gradients);
    else
      ops::short_backward<T>(inputs, weights_or_stats, dy_matrices, gradients);
  });
}

}  // namespace

// scaled_dot_product_attention(q, k, v): attention() as one fused op. A test compares the two.
//   q (..., T, D), k (..., S, D), v (..., S, Dv) -> O (..., T, Dv)
//   forward    1  scores = q · kᵀ * scale (+ bias)
//              2  P = softmax(scores), 0 where masked
//              3  O = drop(P) · v, where drop is dropout
//   backward   3  dv = drop(P)ᵀ · dO;  dP = drop(dO · vᵀ), with the same elements dropped
//              2  dS = P * (dP - sum(dP * P)), the gradient with respect to the scores
//              1  dq = dS · k * scale;  dk = dSᵀ · q * scale;  dbias = dS, summed to
//                 the shape of the bias
//   saves      q, k, v, bias, and P (..., T, S) if T·S <= 65,536; otherwise O and two numbers per
//              row, from which backward recomputes P. The dropout mask is recomputed from the
//              generator's state
//   taught in  lessons/04, lessons/09
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options) {
  const char* op = "scaled_dot_product_attention";
  const Arguments in = prepare(op, q, k, v, options);
  ops::AttentionParams params = params_of(in, options);
  const DType dtype = q.dtype();
  const bool is_long = params.queries() * params.keys() > max_short_scores;
  const bool is_empty = params.scores.numel() == 0;

  Shape shape = q.shape();
  shape[q.rank() - 1] = v.size(-1);
  Tensor y = allocate_heads(op, shape, dtype, is_long, is_empty);
  Tensor weights_or_stats;
  if (is_long)
    weights_or_stats = ops::allocate(op, {2, params.heads(), params.queries()}, dtype);
  else if (grad_enabled())
    weights_or_stats = ops::allocate(op, params.scores, dtype);
  if (!is_empty) {
    ops::MatrixBatch output(y);
    const ops::AttentionInputs inputs{params, matrices(in.q, is_long), matrices(in.k, is_long),
                                      matrices(in.v, is_long), options.bias};
    ops::dispatch(dtype, [&]<class T>() {
      (is_long ? ops::long_forward<T> : ops::short_forward<T>)(inputs, output, weights_or_stats);
    });
  }

  SavedAttention saved{Saved(in.q),
                       Saved(in.k),
                       Saved(in.v),
                       Saved(options.bias),
                       Saved(is_long ? y : Tensor()),
                       Saved(weights_or_stats)};
  return record(op, {in.q, in.k, in.v, options.bias}, y,
                [op, is_long, is_empty, saved = std::move(saved), params = std::move(params)](
                    const Tensor& dy, Gradients& d) {
                  const auto allocate_if_needed = [&](std::size_t input, const Saved& x) {
                    if (!d.needs(input)) return std::optional<ops::MatrixBatch>();
                    return std::optional<ops::MatrixBatch>(
                        allocate_heads(op, x.shape(), dy.dtype(), is_long, !is_long || is_empty));
                  };
                  ops::AttentionGradients g{allocate_if_needed(0, saved.q), allocate_if_needed(1, saved.k),
                                            allocate_if_needed(2, saved.v), Tensor()};
                  if (d.needs(3)) g.scores = ops::allocate(op, params.scores, dy.dtype()).fill_(0);
                  if (!is_empty) add_gradients(saved, params, dy, is_long, g);
                  if (g.q) d[0] = g.q->tensor;
                  if (g.k) d[1] = g.k->tensor;
                  if (g.v) d[2] = g.v->tensor;
                  if (d.needs(3)) d[3] = sum_to(g.scores, saved.bias.shape());
                });
}

// ---- arguments ----------------------------------------------------------------------------------

namespace {

// Throws "[op] …" if an argument is invalid or the shapes do not match.
void check_arguments(const char* op, const Tensor& q, const Tensor& k, const Tensor& v,
                     const AttentionOptions& options) {
  ops::check_tensors(op, {&q, &k, &v});
  const auto shapes = [&] { return concat("q ", q.shape(), ", k ", k.shape(), ", v ", v.shape()); };
  check(q.rank() >= 2 && k.rank() == q.rank() && v.rank() == q.rank(), op,
        "expected q, k and v with the same number of axes, at least 2, got ", shapes);
  for (int axis = 0; axis + 2 < q.rank(); ++axis)
    check(q.shape()[axis] == k.shape()[axis] && q.shape()[axis] == v.shape()[axis], op,
          "expected q, k and v with the same leading axes (batch and heads), got ", shapes, "; axis ", axis,
          " differs");
  check(q.size(-1) == k.size(-1), op, "expected q and k of the same width, got ", shapes,
        "; a score is the dot product of two rows");
  check(q.size(-1) >= 1, op, "expected q and k of width 1 or more, got ", shapes);
  check(k.size(-2) == v.size(-2), op, "expected one value per key, got ", shapes,
        "; k and v must have the same length");
  check(options.dropout >= 0 && options.dropout <= 1, op, "expected dropout in [0, 1], got ",
        options.dropout);
  check(options.dropout == 0 || options.generator, op, "expected a generator for dropout ", options.dropout,
        ", got none. Hint: {.dropout = 0.1, .generator = &gen}");
  check(options.scale >= 0, op, "expected a positive scale, or 0 for 1/sqrt(D), got ", options.scale);

  Shape scores = q.shape();
  scores[q.rank() - 1] = k.size(-2);
  ops::check_mask(op, options.mask, scores);
  if (!options.bias.defined()) return;
  ops::check_tensors(op, {&q, &options.bias});
  ops::check_over_scores(op, "bias", options.bias.shape(), scores);
}

// Padding may contain NaN. Its weights are 0, but 0 * NaN is NaN, so a NaN would spread through
// P · v in forward and through dO · vᵀ, dS · k and dSᵀ · q in backward. Therefore the queries that
// may attend to no key are cleared, and so are the keys and values to which no query may attend. If
// q and k are the same tensor, its copy that was cleared as keys also serves as the queries.
Arguments prepare(const char* op, const Tensor& q, const Tensor& k, const Tensor& v,
                  const AttentionOptions& options) {
  check_arguments(op, q, k, v, options);
  const Mask mask = ops::mask_with_bias(options.mask, options.bias);
  const ops::CausalRule causal{options.causal, options.causal_alignment};
  const ops::AttendedPositions attended = ops::attended_positions(mask, causal, q.size(-2), k.size(-2));
  const Tensor keys = clear_padding(k, attended.keys);
  const Tensor queries = q.state() == k.state() ? keys : clear_padding(q, attended.queries);
  const Tensor values = v.state() == k.state() ? keys : clear_padding(v, attended.keys);
  const double scale = options.scale > 0 ? options.scale : 1 / std::sqrt(static_cast<double>(q.size(-1)));
  return {queries, keys, values, mask, scale};
}

}  // namespace

}  // namespace heed
