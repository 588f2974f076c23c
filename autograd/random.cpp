#include "autograd/random.h"

#include <numbers>

#include "autograd/error.h"

namespace heed {

std::array<std::uint32_t, 4> philox(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  std::array<std::uint32_t, 4> x = {low(counter), high(counter), low(stream), high(stream)};
  std::uint32_t key0 = low(seed), key1 = high(seed);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53} * x[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57} * x[2];
    x = {high(product1) ^ x[1] ^ key0, low(product1), high(product0) ^ x[3] ^ key1, low(product0)};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return x;
}

// One Philox output is two numbers of 64 bits: number n is half (n mod 2) of counter n / 2.
std::uint64_t RandomBlock::bits(std::uint64_t i) const {
  const std::uint64_t n = start_ + i;
  const auto four = philox(seed_, stream_, n / 2);
  const std::size_t half = (n % 2) * 2;
  return (std::uint64_t{four[half]} << 32) | four[half + 1];
}

double RandomBlock::uniform(std::uint64_t i) const { return static_cast<double>(bits(i) >> 11) * 0x1p-53; }

double RandomBlock::normal(std::uint64_t i) const {
  const std::uint64_t b = bits(i);
  const double u = (static_cast<double>(b >> 32) + 0.5) * 0x1p-32;  // in (0, 1), so that the log is finite
  const double angle = static_cast<double>(b & 0xFFFFFFFF) * 0x1p-32 * 2 * std::numbers::pi;
  return std::sqrt(-2 * std::log(u)) * std::cos(angle);
}

RandomBlock Generator::take(std::uint64_t n) {
  const RandomBlock block(seed_, stream_, counter_);
  counter_ += n;
  return block;
}

Generator Generator::fork() {
  // A child lives on a stream of its own, named by a mixed hash of its parent's stream and its number.
  ++forks_;
  const auto mixed = philox(~seed_, stream_, forks_);
  Generator child(seed_);
  child.stream_ = (std::uint64_t{mixed[0]} << 32 | mixed[1]) | 1;  // never stream 0, the root's
  return child;
}

std::uint64_t Generator::below(std::uint64_t n) {
  check(n > 0, "Generator", "below(0) has nothing to choose from; n must be at least 1");
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % n;  // numbers from here on would favour small results
  for (;;) {
    const std::uint64_t x = take(1).bits(0);
    if (x < limit) return x % n;
  }
}

}  // namespace heed
