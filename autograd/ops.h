// ops.h — every op, declared once. The definitions, forward beside backward, are in ops/, one file a family.
//
// Letters for sizes are the same everywhere: B batch, T time (queries), S source (keys), C channels
// (d_model), H heads, D width of a head, V vocabulary. `...` is any number of leading axes. Axes count from
// the end when negative. Operands broadcast as in PyTorch: aligned at the right, sizes equal or 1.
//
// All refuse bad arguments before any work with an Error "[op] what is wrong: shapes; the rule. Hint: …".
// Dtypes of operands must agree: mixing f32 and f64 is an error, not a conversion. An op whose
// result does not fit into memory throws "[op] cannot allocate … bytes for shape …"; a backward
// adds "in the backward of …".
//
// Sums, forward and backward, are added as fixed trees: their error bound grows with the logarithm
// of the number of terms, and their bits do not depend on the number of threads. (The inner sums of
// a matrix product are not.)
//
// Infinities, NaN and empty axes give the values and gradients of PyTorch, unless a comment here
// says otherwise.
#pragma once

#include <span>
#include <vector>

#include "autograd/graph.h"
#include "autograd/int_tensor.h"
#include "autograd/mask.h"
#include "autograd/random.h"
#include "autograd/tensor.h"

namespace heed {

// ---- ops/elementwise.cpp ----------------------------------------------------------------------------------
Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, const Tensor& b);
// As std::pow, so (-inf)^0.5 is inf (PyTorch: NaN). The gradient with respect to b needs a > 0; it
// is 0 if a = 0 and b >= 0.
Tensor pow(const Tensor& a, const Tensor& b);
// NaN if either is. Equal operands get half of the gradient each; with a NaN, each gets all of it.
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
Tensor operator/(const Tensor& a, double b);  // divides (does not multiply by 1/b): the same bits as PyTorch
Tensor operator/(double a, const Tensor& b);
Tensor operator-(double a, const Tensor& b);

Tensor neg(const Tensor& x);
inline Tensor operator-(const Tensor& x) { return neg(x); }
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor rsqrt(const Tensor& x);  // 1 / sqrt(x)
Tensor abs(const Tensor& x);    // gradient 0 at 0 and NaN
Tensor tanh(const Tensor& x);
Tensor sigmoid(const Tensor& x);
Tensor relu(const Tensor& x);  // gradient 0 at 0, 1 at NaN
enum class Gelu { erf, tanh };
Tensor gelu(const Tensor& x, Gelu form = Gelu::erf);
Tensor silu(const Tensor& x);
// min(max(x, low), high): high everywhere if low > high. The gradient passes if low <= x <= high.
Tensor clamp(const Tensor& x, double low, double high);
// condition ? a : b, all broadcast together.
Tensor where(const Mask& condition, const Tensor& a, const Tensor& b);
// x with `value` where `mask` is true (mask broadcasts to x). Hiding what a mask does not allow is
// masked_fill(scores, !mask, -INFINITY).
Tensor masked_fill(const Tensor& x, const Mask& mask, double value);

// ---- ops/reduce.cpp ---------------------------------------------------------------------------------------
// Over no elements: 0.
Tensor sum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
// Over no elements: NaN.
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
// Variance; divides by max(0, n - correction) (1: unbiased, PyTorch's default; 0: the one LayerNorm
// uses). Over no elements: NaN.
Tensor var(const Tensor& x, const Axes& axes = {}, int correction = 1, bool keepdim = false);
struct ValuesAndIndices {
  Tensor values;
  IntTensor indices;
};
// Largest or smallest along an axis, and its index (the first of equals; a NaN counts as largest
// and as smallest). The gradient goes to that index. Throw "[max] … is empty …" if the axis has no
// elements, as in PyTorch; so do argmax and the max and min of all.
ValuesAndIndices max(const Tensor& x, index_t axis, bool keepdim = false);
ValuesAndIndices min(const Tensor& x, index_t axis, bool keepdim = false);
Tensor max(const Tensor& x);  // of all: rank 0. Equals share the gradient evenly, as do NaN if there are any.
Tensor min(const Tensor& x);
IntTensor argmax(const Tensor& x, index_t axis);
// The k largest along the last axis, largest first (NaN before all).
ValuesAndIndices topk(const Tensor& x, index_t k);
// ln Σ exp(x). Over an empty axis: -inf. Gradients of infinite results (PyTorch: NaN): if the
// result is inf, the elements that are inf share the gradient evenly; if all elements are -inf, it
// is 0.
Tensor logsumexp(const Tensor& x, index_t axis, bool keepdim = false);
// Undoes broadcasting: sums x over the axes along which `shape` was stretched.
Tensor sum_to(const Tensor& x, const Shape& shape);

// ---- ops/shape.cpp ----------------------------------------------------------------------------------------
Tensor to(const Tensor& x, DType dtype);
Tensor clone(const Tensor& x);
Tensor contiguous(const Tensor& x);                // x itself where it already is
Tensor view(const Tensor& x, const Shape& shape);  // never copies: throws where strides do not allow it
Tensor reshape(const Tensor& x,
               const Shape& shape);  // a view where possible, else a copy; one size may be -1
Tensor transpose(const Tensor& x, index_t axis0, index_t axis1);
Tensor permute(const Tensor& x, const Shape& axes);
Tensor expand(const Tensor& x, const Shape& shape);  // -1 keeps a size
Tensor squeeze(const Tensor& x, index_t axis);       // unchanged where the size is not 1, as in PyTorch
Tensor unsqueeze(const Tensor& x, index_t axis);
Tensor select(const Tensor& x, index_t axis, index_t i);
Tensor slice(const Tensor& x, index_t axis, index_t begin, index_t stop = to_end, index_t step = 1);
Tensor index(const Tensor& x, std::span<const Index> index);
Tensor cat(const std::vector<Tensor>& parts, index_t axis = 0);
Tensor stack(const std::vector<Tensor>& parts, index_t axis = 0);
// Every x[i] along an axis, as views; none where the axis has no elements. For a loop over all of a sequence: backward writes
// into one tensor of x's shape, where a select at each step would fill one each.
std::vector<Tensor> unbind(const Tensor& x, index_t axis = 0);
std::vector<Tensor> split(const Tensor& x, index_t size,
                          index_t axis = 0);  // parts of `size`, the last shorter
std::vector<Tensor> chunk(const Tensor& x, index_t count, index_t axis = 0);  // `count` parts
Tensor index_select(const Tensor& x, index_t axis, const IntTensor& indices);
// y[i][j][k] = x[i][j][indices[i][j][k]] (for the last axis): one index for each element of the result.
Tensor gather(const Tensor& x, index_t axis, const IntTensor& indices);
Tensor roll(const Tensor& x, index_t shift, index_t axis);
Tensor flip(const Tensor& x, const Axes& axes);
// Adds `value`s around the last axes: pad(x, {left, right, top, bottom}) as in PyTorch.
Tensor pad(const Tensor& x, const std::vector<index_t>& amounts, double value = 0);

// ---- ops/matmul.cpp ---------------------------------------------------------------------------------------
// (..., n, k) x (..., k, m) -> (..., n, m); leading axes broadcast; a vector is a row on the left and a
// column on the right, and loses that axis again.
Tensor matmul(const Tensor& a, const Tensor& b);
// x (..., in), weight (out, in), bias (out) or undefined -> x · weightᵀ + bias (..., out)
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});
// relu(linear(x, weight, bias)) in one pass.
Tensor linear_relu(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

// ---- ops/softmax.cpp --------------------------------------------------------------------------------------
// A row with an inf, or with nothing but -inf, gives NaN. An empty axis gives an empty result.
Tensor softmax(const Tensor& x, index_t axis);
Tensor log_softmax(const Tensor& x, index_t axis);
// softmax over the last axis of what `allowed` lets through (it broadcasts to x); a
// row that allows nothing is 0.
Tensor masked_softmax(const Tensor& x, const Mask& allowed);

// ---- ops/loss.cpp -----------------------------------------------------------------------------------------
enum class Reduction { mean, sum, none };
struct CrossEntropyOptions {
  Reduction reduction = Reduction::mean;
  index_t ignore_index = -100;  // targets of this value count neither in the sum nor in the mean
  double label_smoothing = 0;   // in [0, 1)
};
// logits (..., V), targets (...) in [0, V) -> scalar, or (...) for Reduction::none. In nats. The classes are
// the LAST axis (PyTorch puts them second); there must be at least one. If all targets are ignored,
// or there are none, the mean is 0 (PyTorch: NaN). An ignored row has gradient 0 even if its logits
// are NaN.
Tensor cross_entropy(const Tensor& logits, const IntTensor& targets, const CrossEntropyOptions& options = {});
// The same from log-probabilities.
Tensor nll_loss(const Tensor& log_probabilities, const IntTensor& targets,
                const CrossEntropyOptions& options = {});
Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean);
// targets in [0, 1], of x's shape. An infinite x gives the limit, 0 or inf (PyTorch: NaN if that is
// 0 · inf on the way).
Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target,
                                        Reduction reduction = Reduction::mean);

// ---- ops/norm.cpp -----------------------------------------------------------------------------------------
// Over the last axis; gamma and beta (C) may be undefined. Both throw if C = 0 (PyTorch: an empty
// result). Ba, Kiros, Hinton, "Layer normalization", 2016.
Tensor layer_norm(const Tensor& x, const Tensor& gamma = {}, const Tensor& beta = {}, double eps = 1e-5);
// Zhang, Sennrich, "Root mean square layer normalization", 2019.
Tensor rms_norm(const Tensor& x, const Tensor& gamma = {}, double eps = 1e-6);

// ---- ops/embedding.cpp ------------------------------------------------------------------------------------
// weight (V, C), ids (...) in [0, V) -> (..., C). A row that is used twice gets both gradients.
// padding_idx >= 0: that row gets no gradient.
Tensor embedding(const Tensor& weight, const IntTensor& ids, index_t padding_idx = -1);

// ---- ops/dropout.cpp --------------------------------------------------------------------------------------
// Zeroes each element with probability p and scales the rest by 1/(1-p). Element i's fate depends on the
// generator and i alone. A dropped inf or NaN becomes 0 (PyTorch: NaN). Srivastava et al., 2014.
Tensor dropout(const Tensor& x, double p, Generator& gen);

// ---- ops/attention.cpp, fused_attention.cpp, short_attention.cpp, long_attention.cpp ----------------------
// What masked positions may hold: anything, NaN and infinities included. A key that no query may
// attend to, its value, and a query that may attend to no key influence no output and no gradient;
// nor does, in self-attention (q and k are one tensor), the query at the position of such a key,
// but for its own output. (They are read as zeros if they hold NaN, an infinity or a magnitude
// above 1e15.) A key that some queries may attend to and others may not must be finite: 0 * NaN is
// NaN for all.
struct AttentionOptions {
  // true = may attend. (T, S), or fewer axes, for all samples and heads; or as many axes as the
  // scores (..., T, S), each of their size or 1. Throws if it has more than 2 axes and fewer than
  // the scores, as (B, 1, S) would be matched with the heads, and if B = T > 1 and it is a (T, S)
  // that could as well be (B, S): see check_not_ambiguous().
  Mask mask = {};
  // Also masks keys after the query; the alignment says which these are if T != S.
  bool causal = false;
  CausalAlignment causal_alignment = CausalAlignment::bottom_right;
  double dropout = 0;  // on the weights; needs `generator`
  Generator* generator = nullptr;
  double scale = 0;  // 0 means 1/sqrt(D)
  // Added to the scores after the scale; axes as the mask's. -inf masks a key, and nothing else
  // does: a NaN that is not masked makes its row NaN.
  Tensor bias = {};
};
struct AttentionResult {
  Tensor output;  // (..., T, Dv)
  // (..., T, S), before dropout; each row sums to 1, or is all 0 if the query may attend to
  // nothing.
  Tensor weights;
};
// The readable form, in four lines: scores, mask, softmax, weighted sum. Vaswani et al., 2017, equation 1.
//   q (..., T, D), k (..., S, D), v (..., S, Dv)
AttentionResult attention(const Tensor& q, const Tensor& k, const Tensor& v,
                          const AttentionOptions& options = {});
// The same contract as one op. Where T·S is more than 65,536 the weights are made tile by tile: memory grows with T + S, not with
// their product (but for a bias that needs a gradient). Shorter sequences keep them where gradients are recorded, and read
// transposed heads in place.
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options = {});
// x as modules read it if part of it is padding. If x holds NaN, an infinity or a magnitude above
// 1e15 where `real` is false, which could pass through a product with 0: x with zeros there.
// Otherwise x itself, without a copy. `real` broadcasts to x; an undefined one is true everywhere.
//   backward   dx = dy, 0 where x was cleared
Tensor clear_padding(const Tensor& x, const Mask& real);

// ---- ops/conv.cpp -----------------------------------------------------------------------------------------
struct Window {
  index_t kernel_h, kernel_w;
  index_t stride = 1, padding = 0;
  index_t dilation = 1;  // from one pixel of the window to the next
};
// Patches as columns: x (B, C, height, width) -> (B, C·kh·kw, L), L positions row by row; each column is
// flattened (channel, row, column), so a convolution's weight is a patch embedding's weight.
Tensor unfold(const Tensor& x, const Window& window);
// The adjoint: patches put back into (B, C, height, width), overlaps added.
Tensor fold(const Tensor& columns, index_t height, index_t width, const Window& window);
// x (B, C, h, w), weight (out, C / groups, kh, kw), bias (out) or undefined -> (B, out, h', w'). With groups, each
// group of filters sees its own part of the channels. Any of B, C and out may be 0 (PyTorch: out
// may not).
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, index_t stride = 1,
              index_t padding = 0, index_t dilation = 1, index_t groups = 1);

}  // namespace heed
