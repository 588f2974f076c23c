#include "autograd/random.h"

#include <cmath>
#include <numbers>

#include "autograd/error.h"
#include "autograd/kernels/philox.h"

namespace heed {

std::uint64_t RandomBlock::bits(std::uint64_t i) const {
  return kernels::philox_bits(seed_, stream_, start_ + i);
}

double RandomBlock::uniform(std::uint64_t i) const { return static_cast<double>(bits(i) >> 11) * 0x1p-53; }

double RandomBlock::normal(std::uint64_t i) const {
  const std::uint64_t b = bits(i);
  const double u = (static_cast<double>(b >> 32) + 0.5) * 0x1p-32;  // in (0, 1): the log is finite
  const double angle = static_cast<double>(b & 0xFFFFFFFF) * 0x1p-32 * 2 * std::numbers::pi;
  return std::sqrt(-2 * std::log(u)) * std::cos(angle);
}

RandomBlock Generator::take(std::uint64_t n) {
  const RandomBlock block(seed_, stream_, counter_);
  counter_ += n;
  return block;
}

Generator Generator::fork() {
  // The child's stream is a hash of the parent's stream and the number of the fork.
  ++forks_;
  const auto mixed = kernels::philox(~seed_, stream_, forks_);
  Generator child(seed_);
  child.stream_ =
      (std::uint64_t{mixed[0]} << 32 | mixed[1]) | 1;  // never 0, the stream of an unforked generator
  return child;
}

std::uint64_t Generator::below(std::uint64_t n) {
  check(n > 0, "Generator", "expected n >= 1 for below(n), got 0");
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % n;  // larger numbers would favour small results
  for (;;) {
    const std::uint64_t x = take(1).bits(0);
    if (x < limit) return x % n;
  }
}

}  // namespace heed
