// random.h — random numbers by counter (Philox 4x32-10: Salmon et al., "Parallel random numbers: as easy
// as 1, 2, 3", 2011). Number i of a stream is a pure function of (seed, i), so what an op draws
// depends neither on threads nor on the order in which elements are visited.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace heed {

// A stretch of random numbers that has been set aside; number(i) may be asked in any order, by any thread.
class RandomBlock {
 public:
  RandomBlock(std::uint64_t seed, std::uint64_t stream, std::uint64_t start)
      : seed_(seed), stream_(stream), start_(start) {}
  std::uint64_t bits(std::uint64_t i) const;  // uniform over all 64-bit numbers
  double uniform(std::uint64_t i) const;      // [0, 1), 53 bits
  double normal(std::uint64_t i) const;       // mean 0, variance 1 (Box–Muller)
  // What number i is made of: number start() + i of this stream of this seed.
  std::uint64_t seed() const { return seed_; }
  std::uint64_t stream() const { return stream_; }
  std::uint64_t start() const { return start_; }

 private:
  std::uint64_t seed_, stream_, start_;
};

// A generator is passed to whoever needs randomness; there is no global one. Copying it copies its state.
class Generator {
 public:
  explicit Generator(std::uint64_t seed = 0) : seed_(seed) {}

  // Sets aside `n` numbers and moves on.
  RandomBlock take(std::uint64_t n);
  // An independent generator, on a stream of its own.
  Generator fork();

  double uniform() { return take(1).uniform(0); }
  double normal() { return take(1).normal(0); }
  // A whole number in [0, n), unbiased. Throws "[Generator] …" for n = 0.
  std::uint64_t below(std::uint64_t n);
  // Fisher–Yates.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

  // The whole state, for checkpoints.
  struct State {
    std::uint64_t seed, stream, counter, forks;
    bool operator==(const State&) const = default;
  };
  State state() const { return {seed_, stream_, counter_, forks_}; }
  void set_state(const State& s) {
    seed_ = s.seed, stream_ = s.stream, counter_ = s.counter, forks_ = s.forks;
  }

 private:
  std::uint64_t seed_, stream_ = 0, counter_ = 0, forks_ = 0;
};

}  // namespace heed
