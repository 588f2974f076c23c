// kernels.h — every loop that touches floats in bulk, as plain functions over raw pointers.
//
// Nothing here knows what a tensor is. An op checks shapes, makes its rows contiguous, and calls
// one of these. The same source is compiled once per instruction set (portable, AVX2+FMA, AVX-512,
// NEON); the table that suits the CPU is chosen once, at the first call, and `HEED_ISA` overrides
// the choice. `reference.h` holds the same contracts as naive loops: they are the specification,
// and the tests hold every table to them.
//
// Rules that all kernels keep:
//   - pointers are to contiguous elements; input and output may be the same array, never half overlap;
//   - n = 0 or rows = 0 does nothing;
//   - the result does not depend on the number of threads (see thread_pool.h);
//   - a reduction adds in one fixed order that depends on its length alone: blocks, then a tree of
//     their sums, so that its error bound grows with the logarithm of the length.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "autograd/kernels/index.h"

namespace heed::kernels {

// Element-wise functions y[i] = f(x[i]). The comment names what `unary_backward` wants as `saved`.
enum class Unary : int {
  neg,        // nothing: the backward is neg again
  exp,        // y
  log,        // x
  sqrt,       // y
  rsqrt,      // y
  abs,        // x
  tanh,       // y
  sigmoid,    // y
  relu,       // y (or x: the sign is the same)
  gelu,       // x      x * Phi(x), by erf
  gelu_tanh,  // x      the tanh approximation of GPT-2
  silu,       // x
  count
};

// Element-wise functions of two arguments.
enum class Binary : int { add, sub, mul, div, maximum, minimum, pow, count };

// Which of the two operands is one number for the whole row (broadcast), if any.
enum class Operands : int { both_rows, b_is_one, a_is_one };

// Dropout's random numbers: element i has 32 bits of a Philox stream (random.h) and is kept where they are not below
// the threshold. Numbers of 64 bits, from number `start` on, serve two elements each.
struct KeepSource {
  uint64_t seed, stream, start;
  uint64_t threshold;  // probability · 2³²
};

template <class T>
struct GemmKernels;  // packing and register tile of matmul: gemm.h

// One instruction set's kernels for one element type.
template <class T>
struct Kernels {
  const char* isa;  // "portable", "avx2", "avx512", "neon"
  index_t lanes;    // elements in one vector

  // y[i] = f(x[i])
  void (*unary)(Unary f, const T* x, T* y, index_t n);
  // dx[i] = dy[i] * f'(i), with what Unary says was saved
  void (*unary_backward)(Unary f, const T* dy, const T* saved, T* dx, index_t n);
  // y[i] = f(a[i], b[i]); the operand that `operands` names is read at index 0 only
  void (*binary)(Binary f, Operands operands, const T* a, const T* b, T* y, index_t n);
  // y[i] = alpha * x[i] + beta * y[i]; with beta = 0 y is not read
  void (*axpby)(T alpha, const T* x, T beta, T* y, index_t n);
  // y[i] = mask[i] ? a[i] : b[i]; mask bytes are 0 or 1; operands as in `binary`
  void (*select)(Operands operands, const uint8_t* mask, const T* a, const T* b, T* y, index_t n);

  // Row reductions: x (rows, n) -> y (rows).
  void (*sum_rows)(const T* x, T* y, index_t rows, index_t n);
  // ... and over the other axis: x (rows, n) -> y (n); `accumulate` adds to y.
  void (*sum_columns)(const T* x, T* y, index_t rows, index_t n, bool accumulate);
  // Largest value of each row and its first index; NaN counts as largest, as in PyTorch.
  // `index` may be null. n >= 1.
  void (*max_rows)(const T* x, T* y, int64_t* index, index_t rows, index_t n);

  // y = softmax(x) over each row of n. `mask` is null or (rows, n) bytes, 1 = may be attended;
  // a row with no 1 gives zeros.
  void (*softmax_rows)(const T* x, const uint8_t* mask, T* y, index_t rows, index_t n);
  // The same where a row comes in tiles: x (rows, n) is the next tile of `rows` rows, top and sum (rows) hold what the earlier ones
  // gave, at first -inf and 0. y = exp(x - top) with the new largest, 0 where hidden; shrink (rows) = exp(old top - new top) is
  // what the earlier tiles' y are still worth, 1 while there is nothing above -inf. After the last tile, softmax(x) =
  // exp(x - top) / sum; a row whose sum is 0 has seen nothing.
  void (*softmax_tile)(const T* x, const uint8_t* mask, T* y, T* top, T* sum, T* shrink, index_t rows,
                       index_t n);
  // y = exp(x - top[row]) * factor[row] where the mask allows, 0 elsewhere: such a tile once more, afterwards
  void (*exp_tile)(const T* x, const uint8_t* mask, const T* top, const T* factor, T* y, index_t rows,
                   index_t n);
  // dx = y * (dy - sum(dy * y))
  void (*softmax_rows_backward)(const T* dy, const T* y, T* dx, index_t rows, index_t n);
  // y = x - logsumexp(x)
  void (*log_softmax_rows)(const T* x, T* y, index_t rows, index_t n);
  // dx = dy - exp(y) * sum(dy)
  void (*log_softmax_rows_backward)(const T* dy, const T* y, T* dx, index_t rows, index_t n);

  // Layer normalisation over rows of n: y = (x - mean) * rstd * gamma + beta. gamma and beta (n) may
  // be null (1 and 0). mean, rstd (rows) are written for the backward; biased variance.
  void (*layer_norm)(const T* x, const T* gamma, const T* beta, T eps, T* y, T* mean, T* rstd, index_t rows,
                     index_t n);
  // dx = rstd * (dn - mean(dn) - nhat * mean(dn * nhat)) with dn = dy * gamma.
  // If dgamma/dbeta (n) are not null, they receive the sums over rows of dy * nhat and dy, added
  // row after row: for many rows, call it on blocks of rows and add their sums by sum_columns.
  void (*layer_norm_backward)(const T* dy, const T* x, const T* gamma, const T* mean, const T* rstd, T* dx,
                              T* dgamma, T* dbeta, index_t rows, index_t n);
  // Root-mean-square normalisation: y = x * rstd * gamma, rstd = 1 / sqrt(mean(x^2) + eps).
  void (*rms_norm)(const T* x, const T* gamma, T eps, T* y, T* rstd, index_t rows, index_t n);
  void (*rms_norm_backward)(const T* dy, const T* x, const T* gamma, const T* rstd, T* dx, T* dgamma,
                            index_t rows, index_t n);

  // One AdamW/Adam step over n parameters (optim/adam.h gives the formula):
  //   g += weight_decay_l2 * w;  m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2
  //   w = w * (1 - decoupled) - step * m / (sqrt(v) * inv_sqrt_correction2 + eps)
  // The hyperparameters are doubles: of 1 - 0.999999, float has but two correct digits.
  struct AdamStep {
    double beta1, beta2, eps, l2, decoupled, step, inv_sqrt_correction2;
  };
  void (*adam)(const AdamStep& s, T* w, const T* g, T* m, T* v, index_t n);

  // Which elements dropout keeps: word w holds, from bit 0 on, elements 64w … 64w + 63 of the source, 1 = kept. Fills
  // words first_word … first_word + count - 1.
  void (*keep_bits)(const KeepSource& source, index_t first_word, uint64_t* words, index_t count);
  // y[i] = x[i] * scale where bit first + i of the words is 1, else 0
  void (*drop)(const uint64_t* words, index_t first, const T* x, T scale, T* y, index_t n);

  // matmul: packing and the register tile, used by gemm.cpp only (declared in gemm.h).
  const GemmKernels<T>* gemm;
};

// The table in use: the widest that the CPU has, or what HEED_ISA names. An unknown or unavailable
// name in HEED_ISA throws Error "[HEED_ISA] …" that lists the available ones.
template <class T>
const Kernels<T>& kernels();

// The table of a named instruction set, or null where this build or this CPU does not have it.
template <class T>
const Kernels<T>* kernels_for(const char* isa);

}  // namespace heed::kernels
