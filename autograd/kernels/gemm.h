// gemm.h — matrix multiplication C = op(A) · op(B), blocked, packed and threaded.
#pragma once

#include <algorithm>

#include "autograd/kernels/kernels.h"

namespace heed::kernels {

// C (m, n) = op(A) (m, k) · op(B) (k, n), all row-major with a leading dimension (the distance in
// elements between the starts of two stored rows). `transpose_a` means A is stored as (k, m),
// `transpose_b` that B is stored as (n, k). With `accumulate` the product is added to C.
struct GemmShape {
  bool transpose_a = false, transpose_b = false;
  index_t m = 0, n = 0, k = 0;
  index_t lda = 0, ldb = 0, ldc = 0;
  bool accumulate = false;
};

// Floating-point operations, some microseconds of one CPU: what is less is not worth waking a thread for.
inline constexpr double worth_a_thread = 5e5;

// So many pieces of this much work a thread should take at once, at least: a grain for parallel_for.
inline index_t pieces_at_once(double flops) {
  return std::max<index_t>(1, static_cast<index_t>(worth_a_thread / std::max(flops, 1.0)));
}

// What is done to a part of C while it is still in the cache: + bias (n), then a function of each element.
template <class T>
struct Epilogue {
  const T* bias = nullptr;
  Unary f = Unary::count;  // count: none
};

// One product. Threads are used where the work is worth it; the bits do not depend on how many.
// k = 0 writes zeros (or leaves C with `accumulate`), before the epilogue.
//
// Each element of C is one chain of fma over k, in pieces that depend on k alone: the bits are the same however C is cut, with
// one row or many, and on AVX2, AVX-512 and NEON. The exception: up to 4 rows against a transposed B of more than 16 K numbers are
// dot products, with a chain for each lane of a vector.
template <class T>
void gemm(const GemmShape& shape, const T* a, const T* b, T* c, const Epilogue<T>& epilogue = {});

// One operand of a product as gemm reads it: rows `ld` elements apart, or the transpose of such a matrix.
template <class T>
struct MatrixView {
  const T* data;
  index_t ld;
  bool transposed = false;
};

// The same with views: C (m, n), rows `ldc` apart, = a (m, k) · b (k, n). `shape` supplies m, n, k and
// `accumulate`.
template <class T>
void gemm(GemmShape shape, const MatrixView<T>& a, const MatrixView<T>& b, T* c, index_t ldc) {
  shape.transpose_a = a.transposed;
  shape.transpose_b = b.transposed;
  shape.lda = a.ld;
  shape.ldb = b.ld;
  shape.ldc = ldc;
  gemm<T>(shape, a.data, b.data, c);
}

// `batch` products of one shape; product i reads a + a_offset[i], b + b_offset[i] and writes
// c + c_offset[i]. Offsets are in elements; the C blocks must not overlap.
template <class T>
void gemm_batched(const GemmShape& shape, index_t batch, const T* a, const index_t* a_offset, const T* b,
                  const index_t* b_offset, T* c, const index_t* c_offset);

}  // namespace heed::kernels
