// packed_weights.h — weights that inference keeps in the layout that matmul packs them into.
#pragma once

#include <memory>

#include "autograd/kernels/gemm.h"
#include "autograd/ops/matrix_batch.h"

namespace heed::ops {

// Returns a packed copy of `weight`, read as a matrix (k, n), for a product with `rows` rows, or null
// if keeping one would not pay off. The copy belongs to the storage of the weight: it is released
// with the storage, and when a tensor of that storage is modified.
//
// A copy doubles the memory of the weight. It is therefore made only if gradients are off and the
// same values are used a second time. Not made for few rows, which gemm computes without packing,
// nor for many, beside which packing takes little time.
template <class T>
std::shared_ptr<const kernels::PackedMatrix<T>> packed_weight(const kernels::MatrixView<T>& weight,
                                                              Storage& storage, index_t k, index_t n,
                                                              index_t rows);

}  // namespace heed::ops
