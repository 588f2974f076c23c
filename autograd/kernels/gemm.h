// gemm.h — matrix multiplication C = op(A) · op(B): blocked, packed and threaded.
#pragma once

#include <algorithm>

#include "autograd/kernels/kernels.h"
#include "autograd/kernels/workspace.h"

namespace heed::kernels {

// The sizes and the layout of a product C (m, n) = op(A) (m, k) · op(B) (k, n). All matrices are
// row-major. A leading dimension is the distance, in elements, between the beginnings of two stored
// rows.
struct GemmShape {
  bool transpose_a = false;  // A is stored as (k, m)
  bool transpose_b = false;  // B is stored as (n, k)
  index_t m = 0, n = 0, k = 0;
  index_t lda = 0, ldb = 0, ldc = 0;
  bool accumulate = false;  // add the product to C instead of overwriting it
};

// Returns the estimated time, in nanoseconds, of a product with this many floating-point operations.
inline double gemm_ns(double flops) { return flops / 150; }

// Applied to each part of C while it is still in the cache: adds bias (n), then applies a function.
template <class T>
struct Epilogue {
  const T* bias = nullptr;
  Unary f = Unary::none;
};

// One operand of a product: rows `ld` elements apart, or the transpose of such a matrix.
template <class T>
struct MatrixView {
  const T* data;
  index_t ld;
  bool transposed = false;
};

// A copy of B (k, n) in the panels that gemm() packs B into. Products with the same B save that time.
template <class T>
class PackedMatrix {
 public:
  // Throws std::bad_alloc if the memory is not available.
  PackedMatrix(const MatrixView<T>& b, index_t k, index_t n);
  // The panels from column j on of the piece of k that begins at p0. j must be the first column of a
  // panel.
  const T* panels(index_t p0, index_t piece, index_t j) const {
    return panels_.data() + p0 * columns_ + j * piece;
  }

 private:
  index_t columns_;  // of all panels
  Workspace<T> panels_;
};

// Computes one product, on several threads if it is large enough. If k = 0, the product is 0.
//
// Each element of C is one chain of fma over k, in pieces that depend on k alone. The bits
// therefore do not depend on the number of threads, nor on the number of rows, and they are the
// same on AVX2, AVX-512 and NEON. There is one exception: up to 4 rows times a transposed B of more
// than 16 K elements are dot products, with one chain per lane of a vector.
// `packed` is null, or a packed copy of b. It does not change the bits.
template <class T>
void gemm(const GemmShape& shape, const T* a, const T* b, T* c, const Epilogue<T>& epilogue = {},
          const PackedMatrix<T>* packed = nullptr);

// The same with views: C (m, n), rows `ldc` apart, = a (m, k) · b (k, n). `shape` supplies m, n, k
// and `accumulate`.
template <class T>
void gemm(GemmShape shape, const MatrixView<T>& a, const MatrixView<T>& b, T* c, index_t ldc) {
  shape.transpose_a = a.transposed;
  shape.transpose_b = b.transposed;
  shape.lda = a.ld;
  shape.ldb = b.ld;
  shape.ldc = ldc;
  gemm<T>(shape, a.data, b.data, c);
}

// Computes `batch` products of one shape: product i reads a + a_offset[i] and b + b_offset[i] and
// writes c + c_offset[i]. Offsets are in elements. The matrices of C must not overlap.
template <class T>
void gemm_batched(const GemmShape& shape, index_t batch, const T* a, const index_t* a_offset, const T* b,
                  const index_t* b_offset, T* c, const index_t* c_offset);

}  // namespace heed::kernels
