// kernels.h — every loop over many floats, as plain functions over raw pointers.
//
// Kernels do not use tensors. An op checks shapes, makes its rows contiguous and calls one of
// these. The same source is compiled once per instruction set (portable, AVX2 with FMA, AVX-512,
// NEON). The table for the CPU is chosen at the first call, and the environment variable HEED_ISA
// overrides the choice. reference.h implements the same contracts as naive loops: they are the
// specification, and the tests compare every table with them.
//
// Rules for all kernels:
//   - Pointers refer to contiguous elements. Input and output may be the same array but must not
//     overlap partly.
//   - n = 0 or rows = 0 does nothing.
//   - The result does not depend on the number of threads (see thread_pool.h).
//   - A reduction adds in a fixed order that depends on its length alone: blocks first, then a tree
//     of their sums. The error bound therefore grows with the logarithm of the length.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "autograd/kernels/index.h"

namespace heed::kernels {

// Elementwise functions of one argument: none (the identity), neg, exp, … functions.inl lists and
// defines them.
enum class Unary : int {
#define UNARY(name, saved, f, slope) name,
#include "autograd/kernels/functions.inl"
};

// Elementwise functions of two arguments: add, sub, …
enum class Binary : int {
#define BINARY(name, f) name,
#include "autograd/kernels/functions.inl"
};

// The value that an op saves so that `unary_backward` can compute the derivative.
enum class Saves : int { nothing, x, y };

// The functions in the order of the enums.
struct UnaryFunction {
  const char* name;
  Saves saves;
};
inline constexpr UnaryFunction unary_functions[] = {
#define UNARY(name, saved, f, slope) {#name, Saves::saved},
#include "autograd/kernels/functions.inl"
};
inline constexpr const char* binary_functions[] = {
#define BINARY(name, f) #name,
#include "autograd/kernels/functions.inl"
};

// Which operand, if any, is a single element that is broadcast over the row.
enum class Operands : int { both_rows, b_is_one, a_is_one };

// The random numbers of dropout. Element i has 32 bits of a Philox stream (philox.h) and is kept if
// they are not below the threshold. Each 64-bit number of the stream, from number `start` on,
// serves two elements.
struct KeepSource {
  uint64_t seed, stream, start;
  uint64_t threshold;  // probability of dropping · 2³²
};

template <class T>
struct GemmKernels;  // gemm_tiles.h

// The kernels of one instruction set for one element type.
template <class T>
struct Kernels {
  const char* isa;  // "portable", "avx2", "avx512", "neon"
  index_t lanes;    // elements in one vector

  // y[i] = f(x[i])
  void (*unary)(Unary f, const T* x, T* y, index_t n);
  // dx[i] = dy[i] * f'(x[i]), computed from the saved value that functions.inl lists
  void (*unary_backward)(Unary f, const T* dy, const T* saved, T* dx, index_t n);
  // y[i] = f(a[i], b[i]). An operand that is a single element is read at index 0 only.
  void (*binary)(Binary f, Operands operands, const T* a, const T* b, T* y, index_t n);
  // y[i] = value
  void (*fill)(T value, T* y, index_t n);
  // y[i] = alpha * x[i] + beta * y[i]. If beta = 0, y is not read.
  void (*axpby)(T alpha, const T* x, T beta, T* y, index_t n);
  // y[i] = mask[i] ? a[i] : b[i]. The bytes of the mask are 0 or 1. Operands as in `binary`.
  void (*select)(Operands operands, const uint8_t* mask, const T* a, const T* b, T* y, index_t n);

  // Row reductions: x (rows, n) -> y (rows).
  void (*sum_rows)(const T* x, T* y, index_t rows, index_t n);
  // Column reductions: x (rows, n) -> y (n). `accumulate` adds to y.
  void (*sum_columns)(const T* x, T* y, index_t rows, index_t n, bool accumulate);
  // The maximum of each row and its first index. NaN counts as the largest value, as in PyTorch.
  // `index` may be null. Requires n >= 1.
  void (*max_rows)(const T* x, T* y, int64_t* index, index_t rows, index_t n);

  // y = softmax(x) over each row of n. `mask` is null or (rows, n) bytes, 1 = may attend. A row
  // without a 1 gives zeros.
  void (*softmax_rows)(const T* x, const uint8_t* mask, T* y, index_t rows, index_t n);
  // Online softmax, for rows that arrive in tiles: x (rows, n) is the next tile. top (rows) is the
  // maximum so far and sum (rows) the sum of exp(x - top) so far; they start as -inf and 0 and are
  // updated. y = exp(x - top) with the new maximum, 0 if masked. shrink (rows) = exp(old top - new
  // top) is the factor by which the earlier tiles' y must be multiplied, 0 as long as no score is
  // above -inf. After the last tile, softmax(x) = exp(x - top) / sum. A row with sum 0 is fully
  // masked. y may be x.
  void (*softmax_tile)(const T* x, const uint8_t* mask, T* y, T* top, T* sum, T* shrink, index_t rows,
                       index_t n);
  // The backward of such a tile, once top, factor = 1 / sum and dot = sum(dp * p), all (rows), are
  // final: p = exp(x - top) * factor and ds = p * (dp - dot), both 0 if masked. Requires x <= top.
  // p may be x, and ds may be dp.
  void (*softmax_tile_backward)(const T* x, const T* dp, const uint8_t* mask, const T* top, const T* factor,
                                const T* dot, T* p, T* ds, index_t rows, index_t n);
  // dx = y * (dy - sum(dy * y))
  void (*softmax_rows_backward)(const T* dy, const T* y, T* dx, index_t rows, index_t n);
  // y = x - logsumexp(x)
  void (*log_softmax_rows)(const T* x, T* y, index_t rows, index_t n);
  // dx = dy - exp(y) * sum(dy)
  void (*log_softmax_rows_backward)(const T* dy, const T* y, T* dx, index_t rows, index_t n);

  // Layer normalisation of each row: y = (x - mean) * rstd * gamma + beta, with the biased
  // variance. gamma and beta (n) may be null, for 1 and 0. mean and rstd (rows) are written for the
  // backward.
  void (*layer_norm)(const T* x, const T* gamma, const T* beta, T eps, T* y, T* mean, T* rstd, index_t rows,
                     index_t n);
  // dx = rstd * (dn - mean(dn) - nhat * mean(dn * nhat)) with dn = dy * gamma. If dgamma and dbeta
  // (n) are not null, they receive the sums over rows of dy * nhat and of dy, added row after row.
  // For many rows, call it on blocks of rows and add the blocks' sums with sum_columns.
  void (*layer_norm_backward)(const T* dy, const T* x, const T* gamma, const T* mean, const T* rstd, T* dx,
                              T* dgamma, T* dbeta, index_t rows, index_t n);
  // Root-mean-square normalisation: y = x * rstd * gamma, rstd = 1 / sqrt(mean(x^2) + eps).
  void (*rms_norm)(const T* x, const T* gamma, T eps, T* y, T* rstd, index_t rows, index_t n);
  void (*rms_norm_backward)(const T* dy, const T* x, const T* gamma, const T* rstd, T* dx, T* dgamma,
                            index_t rows, index_t n);

  // One step of Adam or AdamW over n parameters:
  //   g += l2 * w;  m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g²
  //   w = w * (1 - decoupled) - step * m / (sqrt(v) * inv_sqrt_correction2 + eps)
  // The hyperparameters are doubles because 1 - 0.999999 has only two correct digits in float.
  struct AdamStep {
    double beta1, beta2, eps, l2, decoupled, step, inv_sqrt_correction2;
  };
  void (*adam)(const AdamStep& s, T* w, const T* g, T* m, T* v, index_t n);

  // Computes which elements dropout keeps. Word w holds elements 64w … 64w + 63 of the source, from
  // bit 0 on, 1 = kept. Fills words first_word … first_word + count - 1.
  void (*keep_bits)(const KeepSource& source, index_t first_word, uint64_t* words, index_t count);
  // y[i] = x[i] * scale if bit first + i of the words is 1, else 0.
  void (*drop)(const uint64_t* words, index_t first, const T* x, T scale, T* y, index_t n);

  // Packing and register tiles for gemm.cpp. Null in the reference table.
  const GemmKernels<T>* gemm;
};

// Returns the table in use: the one that HEED_ISA names, otherwise the widest that the CPU
// supports. Throws Error "[HEED_ISA] …", with a list of the available names, if HEED_ISA names none
// of them.
template <class T>
const Kernels<T>& kernels();

// Returns the table of a named instruction set, or null if this build or this CPU does not support
// it.
template <class T>
const Kernels<T>* kernels_for(const char* isa);

}  // namespace heed::kernels
