// dropout.h — which elements dropout keeps, for dropout() and for attention.
#pragma once

#include <cstdint>

#include "autograd/kernels/kernels.h"
#include "autograd/random.h"
#include "autograd/shape.h"

namespace heed::ops {

// Draws the random numbers for n elements from `gen`. An element is kept if its 32 random bits are
// at least p · 2³². The bits depend on the generator and the element's index alone: neither the
// threads nor the order of the work can change them, and backward can recompute them instead of
// saving them.
inline kernels::KeepSource keep_source(index_t n, double p, Generator& gen) {
  const RandomBlock block = gen.take(static_cast<std::uint64_t>((n + 1) / 2));
  return {block.seed(), block.stream(), block.start(), static_cast<std::uint64_t>(p * 0x1p32)};
}

}  // namespace heed::ops
