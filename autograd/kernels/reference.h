// reference.h — what every kernel means, as loops that can be read at a glance. Slow on purpose.
//
// These are the specification: the tests hold the kernels of every instruction set to them. Read this file
// first, and vec_portable.h, elementwise.inl, rows.inl and gemm.inl after it.
#pragma once

#include "autograd/kernels/gemm.h"
#include "autograd/kernels/kernels.h"

namespace heed::kernels {

// The same contracts as the tables of kernels.h, one number at a time.
template <class T>
const Kernels<T>& reference();

template <class T>
void reference_gemm(const GemmShape& shape, const T* a, const T* b, T* c);

}  // namespace heed::kernels
