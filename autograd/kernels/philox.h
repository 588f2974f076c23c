// philox.h — Philox 4x32-10, a random number generator by counter: Salmon et al., "Parallel random
// numbers: as easy as 1, 2, 3", 2011.
#pragma once

#include <array>
#include <cstdint>

namespace heed::kernels {

// Returns four independent 32-bit numbers for one counter of a stream.
std::array<std::uint32_t, 4> philox(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter);

// Returns 64-bit number n of a stream. Each counter gives two of them: number n is half (n mod 2)
// of counter n / 2.
std::uint64_t philox_bits(std::uint64_t seed, std::uint64_t stream, std::uint64_t n);

}  // namespace heed::kernels
