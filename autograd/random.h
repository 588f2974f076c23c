// random.h — counter-based random numbers (kernels/philox.h). Number i of a stream is a pure
// function of the seed, the stream and i, so the results of an op depend neither on the number of
// threads nor on the order in which elements are computed.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace heed {

// A block of reserved random numbers. They may be read in any order and from any thread.
class RandomBlock {
 public:
  RandomBlock(std::uint64_t seed, std::uint64_t stream, std::uint64_t start)
      : seed_(seed), stream_(stream), start_(start) {}
  std::uint64_t bits(std::uint64_t i) const;  // uniform over all 64-bit numbers
  double uniform(std::uint64_t i) const;      // [0, 1), 53 bits
  double normal(std::uint64_t i) const;       // mean 0, variance 1 (Box–Muller)
  // Number i of the block is number start() + i of this stream of this seed.
  std::uint64_t seed() const { return seed_; }
  std::uint64_t stream() const { return stream_; }
  std::uint64_t start() const { return start_; }

 private:
  std::uint64_t seed_, stream_, start_;
};

// A random number generator. It is passed to every function that uses random numbers; there is no
// global one. A copy has its own state and produces the same numbers.
class Generator {
 public:
  explicit Generator(std::uint64_t seed = 0) : seed_(seed) {}

  // Reserves the next n numbers.
  RandomBlock take(std::uint64_t n);
  // Returns an independent generator, on another stream.
  Generator fork();

  double uniform() { return take(1).uniform(0); }
  double normal() { return take(1).normal(0); }
  // Returns an unbiased integer in [0, n). Throws "[Generator] …" if n = 0.
  std::uint64_t below(std::uint64_t n);
  // Shuffles with the Fisher–Yates algorithm.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

  // The complete state, for checkpoints.
  struct State {
    std::uint64_t seed, stream, counter, forks;
    bool operator==(const State&) const = default;
  };
  State state() const { return {seed_, stream_, counter_, forks_}; }
  void set_state(const State& s) {
    seed_ = s.seed;
    stream_ = s.stream;
    counter_ = s.counter;
    forks_ = s.forks;
  }

 private:
  std::uint64_t seed_, stream_ = 0, counter_ = 0, forks_ = 0;
};

}  // namespace heed
