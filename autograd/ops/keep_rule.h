// keep_rule.h — which elements dropout keeps: a function of the generator and the element's place alone, so that neither threads
// nor the order of work can change it, and a backward can ask again instead of remembering.
#pragma once

#include <cstdint>

#include "autograd/kernels/kernels.h"
#include "autograd/random.h"
#include "autograd/shape.h"

namespace heed::ops {

// Sets aside what n elements need. An element is kept where its 32 random bits are not below p.
inline kernels::KeepSource keep_rule(index_t n, double p, Generator& gen) {
  const RandomBlock block = gen.take(static_cast<std::uint64_t>((n + 1) / 2));
  return {block.seed(), block.stream(), block.start(), static_cast<std::uint64_t>(p * 0x1p32)};
}

}  // namespace heed::ops
