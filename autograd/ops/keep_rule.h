// keep_rule.h — which elements dropout keeps: a function of the generator and the element's place alone, so that neither threads
// nor the order of work can change it, and a backward can ask again instead of remembering.
#pragma once

#include <cstdint>

#include "autograd/random.h"
#include "autograd/shape.h"

namespace heed::ops {

// An element is kept where its 32 random bits are not below p. The generator's 64 bits serve two elements.
class KeepRule {
 public:
  // Sets aside what n elements need.
  KeepRule(index_t n, double p, Generator& gen)
      : block_(gen.take(static_cast<std::uint64_t>((n + 1) / 2))),
        threshold_(static_cast<std::uint64_t>(p * 0x1p32)) {}

  // Elements 2i and 2i + 1, as bits 0 and 1.
  std::uint64_t pair(index_t i) const {
    const std::uint64_t bits = block_.bits(static_cast<std::uint64_t>(i));
    return static_cast<std::uint64_t>((bits & 0xFFFFFFFF) >= threshold_) |
           static_cast<std::uint64_t>((bits >> 32) >= threshold_) << 1;
  }

 private:
  RandomBlock block_;
  std::uint64_t threshold_;
};

}  // namespace heed::ops
