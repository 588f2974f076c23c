// sha256.cpp — see sha256.h. The algorithm is that of FIPS 180-4.
#include "lessons/site/sha256.h"

#include <bit>
#include <cmath>

namespace heed::book {

namespace {

using Words32 = std::array<std::uint32_t, 64>;

// The first 32 bits of the fractional parts of the cube roots (or square roots) of the first primes.
// A double has 53 bits, of which at most 3 belong to the integer part of a root below 8.
Words32 root_bits(bool cube) {
  Words32 bits{};
  std::size_t count = 0;
  for (int n = 2; count < bits.size(); ++n) {
    bool prime = true;
    for (int d = 2; d * d <= n; ++d) prime = prime && n % d != 0;
    if (!prime) continue;
    const double root = cube ? std::cbrt(n) : std::sqrt(n);
    bits[count++] = static_cast<std::uint32_t>((root - std::floor(root)) * 4294967296.0);
  }
  return bits;
}

// Adds a block of 64 bytes to the state.
void add_block(std::string_view block, std::array<std::uint32_t, 8>& state) {
  static const Words32 k = root_bits(true);
  Words32 w{};
  for (std::size_t i = 0; i < 64; ++i) w[i / 4] = (w[i / 4] << 8) | static_cast<std::uint8_t>(block[i]);
  for (std::size_t i = 16; i < 64; ++i) {
    const std::uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const std::uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  std::array<std::uint32_t, 8> s = state;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::uint32_t s1 = std::rotr(s[4], 6) ^ std::rotr(s[4], 11) ^ std::rotr(s[4], 25);
    const std::uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
    const std::uint32_t t1 = s[7] + s1 + choice + k[i] + w[i];
    const std::uint32_t s0 = std::rotr(s[0], 2) ^ std::rotr(s[0], 13) ^ std::rotr(s[0], 22);
    const std::uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    s = {t1 + s0 + majority, s[0], s[1], s[2], s[3] + t1, s[4], s[5], s[6]};
  }
  for (std::size_t i = 0; i < 8; ++i) state[i] += s[i];
}

}  // namespace

std::array<std::uint8_t, 32> sha256(std::string_view text) {
  std::array<std::uint32_t, 8> state{};
  const Words32 roots = root_bits(false);
  for (std::size_t i = 0; i < 8; ++i) state[i] = roots[i];
  std::string padded(text);
  padded += '\x80';
  while (padded.size() % 64 != 56) padded += '\0';
  const std::uint64_t bits = text.size() * 8;
  for (int shift = 56; shift >= 0; shift -= 8) padded += static_cast<char>(bits >> shift);
  for (std::size_t i = 0; i < padded.size(); i += 64)
    add_block(std::string_view(padded).substr(i, 64), state);
  std::array<std::uint8_t, 32> hash{};
  for (std::size_t i = 0; i < 32; ++i)
    hash[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  return hash;
}

std::string sha256_source(std::string_view text) {
  const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::array<std::uint8_t, 32> hash = sha256(text);
  std::string base64;
  for (std::size_t i = 0; i < 33; i += 3) {
    const std::uint32_t third = i + 2 < 32 ? hash[i + 2] : 0u;
    const std::uint32_t group = std::uint32_t{hash[i]} << 16 | std::uint32_t{hash[i + 1]} << 8 | third;
    for (int shift = 18; shift >= 0; shift -= 6) base64 += digits[(group >> shift) & 63];
  }
  base64.back() = '=';  // 32 bytes are one short of a multiple of 3
  return "sha256-" + base64;
}

}  // namespace heed::book
