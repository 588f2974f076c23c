// measures.h — lesson 09: measurements of untrained layers: dependent ops, time, gradients and
// memory.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <vector>

#include "autograd/memory.h"
#include "autograd/threads.h"
#include "lessons/09_attention_vs_rnn/models.h"

namespace heed::lessons {

// Returns n random tokens (B, C).
inline std::vector<Tensor> random_tokens(index_t n, index_t batch, index_t width, Generator& gen,
                                         DType dtype = f32) {
  std::vector<Tensor> tokens;
  for (index_t i = 0; i < n; ++i) tokens.push_back(randn({batch, width}, gen, dtype));
  return tokens;
}

// Returns the length of the longest chain of dependent ops in the graph of y. These ops cannot
// run in parallel.
inline index_t longest_chain(const Tensor& y) {
  const auto nodes = graph_nodes(y);              // newest first
  std::map<std::uint64_t, index_t> chain_length;  // by id: the longest chain that ends with the node
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    index_t& length = chain_length[(*node)->id];
    length = 1;
    for (const Node::Input& input : (*node)->inputs)
      if (input.node) length = std::max(length, chain_length[input.node->id] + 1);
  }
  return chain_length.rbegin()->second;
}

// Sets the number of threads for a scope.
class [[nodiscard]] Threads {
 public:
  explicit Threads(int n) : before_(num_threads()) { set_num_threads(n); }
  ~Threads() { set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

// Times a forward and a backward pass: the LSTM with 1 and 2 threads, then attention with 1 and 2.
// The four take turns, so that a temporary load of the machine affects all of them. The load is
// measured between the rounds.
inline std::array<Timing, 4> milliseconds(Layer& lstm, Layer& attention, const std::vector<Tensor>& tokens,
                                          std::size_t rounds, Disturbance& disturbance) {
  std::array<std::vector<double>, 4> runs;
  for (std::size_t round = 0; round < rounds; ++round) {
    if (rounds > 1) disturbance.add_load();
    for (std::size_t i = 0; i < 4; ++i) {
      const Threads threads(i % 2 == 0 ? 1 : 2);
      const Stopwatch watch;
      mean((i < 2 ? lstm : attention).forward(tokens)).backward();
      runs[i].push_back(1000 * watch.seconds());
    }
  }
  std::array<Timing, 4> timings{};
  for (std::size_t i = 0; i < 4; ++i) {
    timings[i] = timing_of(runs[i]);
    disturbance.add(timings[i]);
  }
  return timings;
}

// Returns the norm of the gradient of the last output with respect to the first token, relative
// to that of the last token.
inline double relative_gradient(Layer& layer, index_t distance, Generator gen) {
  const auto norm = [](const Tensor& x) { return std::sqrt((x * x).sum().item()); };
  auto tokens = random_tokens(distance + 1, 16, narrow, gen, f64);
  for (Tensor& token : tokens) token.set_requires_grad();
  const Tensor last = layer.forward(tokens)[distance];
  (last * randn(last.shape(), gen, f64)).sum().backward();
  return norm(tokens.front().grad()) / norm(tokens.back().grad());
}

// Returns the peak memory of tensors during a forward and a backward pass, in bytes. Uses one
// thread, because each thread allocates its own workspace.
inline double peak_bytes(const std::function<Tensor()>& forward) {
  const Threads one(1);
  const std::int64_t before = memory_stats().live_bytes;
  reset_peak_memory();
  mean(forward()).backward();
  return static_cast<double>(memory_stats().peak_bytes - before);
}

}  // namespace heed::lessons
