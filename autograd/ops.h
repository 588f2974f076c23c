// ops.h — every op, declared once. The definitions, with forward and backward side by side, are in
// ops/, one file per family.
//
// The letters for sizes are the same everywhere: B batch, T time (queries), S source (keys), C
// channels (d_model), H heads, D head width, V vocabulary. `...` is any number of leading axes.
// Negative axes count from the end. Operands broadcast as in PyTorch: aligned at the right, with
// equal sizes or 1.
//
// An op throws Error "[op] expected …, got …. Hint: …" before any work if its arguments are wrong.
// The dtypes of the operands must agree: f32 and f64 are never converted implicitly. An op throws
// "[op] cannot allocate … bytes for shape …" if its result does not fit into memory; a backward
// adds "in the backward of …".
//
// Sums, in forward and backward, are added as fixed trees: their error bound grows with the
// logarithm of the number of terms, and their bits do not depend on the number of threads. The
// inner sums of a matrix product are the exception: they are added in order.
//
// Infinities, NaN and empty axes give the values and gradients of PyTorch, unless a comment says otherwise.
#pragma once

#include <span>
#include <vector>

#include "autograd/graph.h"
#include "autograd/int_tensor.h"
#include "autograd/mask.h"
#include "autograd/random.h"
#include "autograd/tensor.h"

namespace heed {

// ---- ops/elementwise.cpp ------------------------------------------------------------------------
Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, const Tensor& b);
// As std::pow: (-inf)^0.5 is inf (PyTorch: NaN). The gradient with respect to b requires a > 0; it
// is 0 if a = 0 and b >= 0.
Tensor pow(const Tensor& a, const Tensor& b);
// NaN if either operand is NaN. Equal operands get half of the gradient each; if one is NaN, both
// get all of it.
Tensor maximum(const Tensor& a, const Tensor& b);
Tensor minimum(const Tensor& a, const Tensor& b);
Tensor add(const Tensor& a, double b);
Tensor mul(const Tensor& a, double b);
Tensor pow(const Tensor& a, double exponent);
inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator+(const Tensor& a, double b) { return add(a, b); }
inline Tensor operator+(double a, const Tensor& b) { return add(b, a); }
inline Tensor operator-(const Tensor& a, double b) { return add(a, -b); }
inline Tensor operator*(const Tensor& a, double b) { return mul(a, b); }
inline Tensor operator*(double a, const Tensor& b) { return mul(b, a); }
// A division, not a multiplication by 1/b: the bits are those of PyTorch.
Tensor operator/(const Tensor& a, double b);
Tensor operator/(double a, const Tensor& b);
Tensor operator-(double a, const Tensor& b);

Tensor neg(const Tensor& x);
inline Tensor operator-(const Tensor& x) { return neg(x); }
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor rsqrt(const Tensor& x);  // 1 / sqrt(x)
Tensor abs(const Tensor& x);    // gradient 0 at 0 and at NaN
Tensor tanh(const Tensor& x);
Tensor sigmoid(const Tensor& x);
Tensor relu(const Tensor& x);  // gradient 0 at 0, 1 at NaN
enum class Gelu { erf, tanh };
Tensor gelu(const Tensor& x, Gelu form = Gelu::erf);
Tensor silu(const Tensor& x);
// min(max(x, low), high), which is high if low > high. The gradient is dy if low <= x <= high, else 0.
Tensor clamp(const Tensor& x, double low, double high);
// condition ? a : b. All three broadcast together.
Tensor where(const Mask& condition, const Tensor& a, const Tensor& b);
// Replaces the elements at which `mask`, which broadcasts to x, is true. To mask attention scores,
// use masked_fill(scores, !mask, -INFINITY).
Tensor masked_fill(const Tensor& x, const Mask& mask, double value);

// ---- ops/reduce.cpp -----------------------------------------------------------------------------
// The reductions below reduce all axes if none is named. sum is 0 over no elements, mean and var are NaN.
Tensor sum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
// The variance. Divides by max(0, n - correction): 1 for the unbiased estimate, PyTorch's default;
// 0 as in LayerNorm.
Tensor var(const Tensor& x, const Axes& axes = {}, int correction = 1, bool keepdim = false);
struct ValuesAndIndices {
  Tensor values;
  IntTensor indices;
};
// The largest or smallest elements along an axis and their indices: the first one of equal
// elements; NaN counts as the largest and as the smallest. The gradient goes to that index. Throws
// if the axis is empty, as in PyTorch; so do argmax and the max and min over all elements.
ValuesAndIndices max(const Tensor& x, index_t axis, bool keepdim = false);
ValuesAndIndices min(const Tensor& x, index_t axis, bool keepdim = false);
// Over all elements, with rank 0. The gradient is divided evenly among equal elements, or among all NaN.
Tensor max(const Tensor& x);
Tensor min(const Tensor& x);
IntTensor argmax(const Tensor& x, index_t axis);
// The k largest elements along the last axis, in descending order, NaN first.
ValuesAndIndices topk(const Tensor& x, index_t k);
// ln Σ exp(x), which is -inf over an empty axis. If the result is inf, the gradient is divided
// evenly among the elements that are inf; if all elements are -inf, it is 0 (PyTorch: NaN for both).
Tensor logsumexp(const Tensor& x, index_t axis, bool keepdim = false);
// Undoes broadcasting: sums x over the axes along which `shape` was broadcast to x's shape.
Tensor sum_to(const Tensor& x, const Shape& shape);

// ---- ops/shape.cpp ------------------------------------------------------------------------------
Tensor to(const Tensor& x, DType dtype);
Tensor clone(const Tensor& x);
Tensor contiguous(const Tensor& x);  // x itself if it is contiguous
// One size of view and reshape may be -1. view throws if it would have to copy; reshape copies.
Tensor view(const Tensor& x, const Shape& shape);
Tensor reshape(const Tensor& x, const Shape& shape);
Tensor transpose(const Tensor& x, index_t axis0, index_t axis1);
Tensor permute(const Tensor& x, const Shape& axes);
Tensor expand(const Tensor& x, const Shape& shape);  // -1 keeps a size
Tensor squeeze(const Tensor& x, index_t axis);       // x itself if the size is not 1, as in PyTorch
Tensor unsqueeze(const Tensor& x, index_t axis);
Tensor select(const Tensor& x, index_t axis, index_t i);
Tensor slice(const Tensor& x, index_t axis, index_t begin, index_t stop = to_end, index_t step = 1);
Tensor index(const Tensor& x, std::span<const Index> index);
Tensor cat(const std::vector<Tensor>& parts, index_t axis = 0);
Tensor stack(const std::vector<Tensor>& parts, index_t axis = 0);
// All x[i] along an axis, as views. Use it for a loop over a sequence: its backward writes into one
// tensor of x's shape, while a select() at each step would allocate one per step.
std::vector<Tensor> unbind(const Tensor& x, index_t axis = 0);
// Slices of `size` along an axis; the last one may be shorter. Backward writes into one tensor, as
// in unbind.
std::vector<Tensor> split(const Tensor& x, index_t size, index_t axis = 0);
// At most `count` slices of equal size; the last one may be shorter.
std::vector<Tensor> chunk(const Tensor& x, index_t count, index_t axis = 0);
Tensor index_select(const Tensor& x, index_t axis, const IntTensor& indices);
// y[i][j][k] = x[i][j][indices[i][j][k]], for the last axis: one index per element of the result.
Tensor gather(const Tensor& x, index_t axis, const IntTensor& indices);
Tensor roll(const Tensor& x, index_t shift, index_t axis);
Tensor flip(const Tensor& x, const Axes& axes);
// Adds elements of one value around the last axes: pad(x, {left, right, top, bottom}), as in PyTorch.
Tensor pad(const Tensor& x, const std::vector<index_t>& amounts, double value = 0);

// ---- ops/matmul.cpp -----------------------------------------------------------------------------
// (..., n, k) x (..., k, m) -> (..., n, m); leading axes broadcast. A vector is used as a row on
// the left and as a column on the right, and the result does not have that axis.
Tensor matmul(const Tensor& a, const Tensor& b);
// x (..., in), weight (out, in), bias (out) or undefined -> x · weightᵀ + bias (..., out)
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});
// relu(linear(x, weight, bias)) as one op.
Tensor linear_relu(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

// ---- ops/softmax.cpp ----------------------------------------------------------------------------
// A row with an inf, or with -inf only, gives NaN. An empty axis gives an empty result.
Tensor softmax(const Tensor& x, index_t axis);
Tensor log_softmax(const Tensor& x, index_t axis);
// softmax over the last axis and the elements at which `allowed`, which broadcasts to x, is true.
// The others are 0, and so is a row without any.
Tensor masked_softmax(const Tensor& x, const Mask& allowed);

// ---- ops/loss.cpp -------------------------------------------------------------------------------
enum class Reduction { mean, sum, none };
struct CrossEntropyOptions {
  Reduction reduction = Reduction::mean;
  index_t ignore_index = -100;  // rows with this target are left out of the sum and of the mean
  double label_smoothing = 0;   // in [0, 1)
};
// logits (..., V), targets (...) in [0, V) -> a scalar in nats, or (...) for Reduction::none. The
// classes are the LAST axis (PyTorch: the second); there must be at least one. If there are no
// targets, or all are ignored, the mean is 0 (PyTorch: NaN). An ignored row has a gradient of 0
// even if its logits are NaN.
Tensor cross_entropy(const Tensor& logits, const IntTensor& targets, const CrossEntropyOptions& options = {});
// cross_entropy from log-probabilities.
Tensor nll_loss(const Tensor& log_probabilities, const IntTensor& targets,
                const CrossEntropyOptions& options = {});
Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean);
// targets in [0, 1], of x's shape. An infinite x gives the limit, 0 or inf (PyTorch: NaN if it
// computes 0 · inf).
Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target,
                                        Reduction reduction = Reduction::mean);

// ---- ops/norm.cpp -------------------------------------------------------------------------------
// Both normalise over the last axis, of C channels, and throw if C = 0 (PyTorch: an empty result).
// gamma and beta (C) may be undefined. Ba, Kiros, Hinton, "Layer normalization", 2016.
Tensor layer_norm(const Tensor& x, const Tensor& gamma = {}, const Tensor& beta = {}, double eps = 1e-5);
// Zhang, Sennrich, "Root mean square layer normalization", 2019.
Tensor rms_norm(const Tensor& x, const Tensor& gamma = {}, double eps = 1e-6);

// ---- ops/embedding.cpp --------------------------------------------------------------------------
// weight (V, C), ids (...) in [0, V) -> (..., C). A row that is used twice gets the sum of both
// gradients. Row padding_idx, if it is not negative, gets none.
Tensor embedding(const Tensor& weight, const IntTensor& ids, index_t padding_idx = -1);

// ---- ops/dropout.cpp ----------------------------------------------------------------------------
// Zeroes each element with probability p and scales the others by 1/(1-p). Whether element i is
// kept depends on the generator and i alone. A dropped inf or NaN becomes 0 (PyTorch: NaN).
// Srivastava et al., 2014.
Tensor dropout(const Tensor& x, double p, Generator& gen);

// ---- ops/attention.cpp, attention_masks.cpp, short_attention.cpp, long_attention.cpp ------------
// Padding may have any value, including NaN and infinities. These positions influence no output and
// no gradient: a key that no query may attend to, its value, and a query that may attend to no key.
// In self-attention, where q and k are one tensor, the query at the position of such a key
// influences only its own output. (They are read as zeros if they hold NaN, an infinity or a
// magnitude above 1e15.) A key that only some queries may attend to must be finite, because 0 * NaN
// is NaN for the others.
struct AttentionOptions {
  // true = may attend. Either (T, S), or fewer axes, for all samples and heads; or all axes of the
  // scores (..., T, S), each of their size or 1. Throws if it has more than 2 axes but fewer than
  // the scores, since (B, 1, S) would be matched with the heads, and if it could be both (T, S) and
  // (B, S): see check_not_ambiguous().
  Mask mask = {};
  // Also masks the keys after the query. The alignment defines which ones these are if T != S.
  bool causal = false;
  CausalAlignment causal_alignment = CausalAlignment::bottom_right;
  double dropout = 0;  // of the weights; requires `generator`
  Generator* generator = nullptr;
  double scale = 0;  // 0 means 1/sqrt(D)
  // Added to the scores after the scale, with axes as in the mask. -inf masks a key. A NaN does
  // not: if it is not masked, its row is NaN.
  Tensor bias = {};
};
struct AttentionResult {
  Tensor output;   // (..., T, Dv)
  Tensor weights;  // (..., T, S), before dropout; rows sum to 1, or are 0 if the query may attend to nothing
};
// The readable form, in four lines: scores, mask, softmax, weighted sum. Vaswani et al., 2017, equation 1.
//   q (..., T, D), k (..., S, D), v (..., S, Dv)
AttentionResult attention(const Tensor& q, const Tensor& k, const Tensor& v,
                          const AttentionOptions& options = {});
// The same contract as one op. If T·S is more than 65,536, the weights are computed tile by tile,
// and memory grows with T + S, not with T·S (unless a bias needs a gradient). Shorter sequences
// save the weights for backward, and read split heads in place.
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options = {});
// Sets x to 0 where `real`, which broadcasts to x, is false, if x has a NaN, an infinity or a
// magnitude above 1e15 there, which could pass through a product with 0. Otherwise returns x
// itself, without a copy. An undefined `real` is true everywhere. Modules apply it to padding
// before their projections.
Tensor clear_padding(const Tensor& x, const Mask& real);

// ---- ops/conv.cpp -------------------------------------------------------------------------------
struct Window {
  index_t kernel_h, kernel_w;
  index_t stride = 1, padding = 0;
  index_t dilation = 1;  // distance between adjacent pixels of the window
};
// Patches as columns: x (B, C, height, width) -> (B, C·kh·kw, L), with L positions row by row. A
// column is flattened as (channel, row, column), so the weight of a convolution is the weight of a
// patch embedding.
Tensor unfold(const Tensor& x, const Window& window);
// The adjoint of unfold: adds the patches to their pixels in (B, C, height, width).
Tensor fold(const Tensor& columns, index_t height, index_t width, const Window& window);
// x (B, C, h, w), weight (out, C / groups, kh, kw), bias (out) or undefined -> (B, out, h', w').
// Each group of filters reads its own group of channels. B, C and out may be 0 (PyTorch: not out).
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, index_t stride = 1,
              index_t padding = 0, index_t dilation = 1, index_t groups = 1);

}  // namespace heed
