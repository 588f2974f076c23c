// reference.h — the specification of every kernel, as the shortest correct loops. Slow on purpose.
//
// The tests compare the kernels of every instruction set with these. Read reference.cpp first, then
// vec_portable.h, elementwise.inl, rows.inl, softmax_tile.inl and gemm.inl.
#pragma once

#include "autograd/kernels/gemm.h"
#include "autograd/kernels/kernels.h"

namespace heed::kernels {

// Returns a table with the contracts of kernels.h, computed one element at a time.
template <class T>
const Kernels<T>& reference();

template <class T>
void reference_gemm(const GemmShape& shape, const T* a, const T* b, T* c);

}  // namespace heed::kernels
