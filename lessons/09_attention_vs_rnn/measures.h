// measures.h — lesson 09: what can be said of a layer before any training: chains, times, gradients, bytes.
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

// n words of random numbers (B, C), without history.
inline std::vector<Tensor> random_words(index_t n, index_t batch, index_t width, Generator& gen,
                                        DType dtype = f32) {
  std::vector<Tensor> words;
  for (index_t i = 0; i < n; ++i) words.push_back(randn({batch, width}, gen, dtype));
  return words;
}

// The longest chain of ops behind y. So many must follow one another, however many threads there are.
inline index_t longest_chain(const Tensor& y) {
  const auto nodes = graph_nodes(y);              // newest first
  std::map<std::uint64_t, index_t> chain_length;  // of the longest chain that ends with the node of this id
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    index_t& length = chain_length[(*node)->id];
    length = 1;
    for (const Node::Input& input : (*node)->inputs)
      if (input.node) length = std::max(length, chain_length[input.node->id] + 1);
  }
  return chain_length.rbegin()->second;
}

// A number of threads for a scope.
class [[nodiscard]] Threads {
 public:
  explicit Threads(int n) : before_(num_threads()) { set_num_threads(n); }
  ~Threads() { set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

// Milliseconds of a forward and a backward: the LSTM's with 1 and 2 threads, then attention's. Medians of runs that
// take turns: where the machine is busy for a while, all four feel it.
inline std::array<double, 4> milliseconds(Layer& lstm, Layer& attention, const std::vector<Tensor>& words,
                                          std::size_t rounds) {
  std::array<std::vector<double>, 4> runs;
  for (std::size_t round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < 4; ++i) {
      const Threads threads(i % 2 == 0 ? 1 : 2);
      const Stopwatch watch;
      mean((i < 2 ? lstm : attention).forward(words)).backward();
      runs[i].push_back(1000 * watch.seconds());
    }
  std::array<double, 4> medians{};
  for (std::size_t i = 0; i < 4; ++i) {
    std::sort(runs[i].begin(), runs[i].end());
    medians[i] = runs[i][rounds / 2];
  }
  return medians;
}

// How much gradient reaches the first word from the last output, as a share of what reaches the last word.
inline double share_of_the_first(Layer& layer, index_t distance, Generator gen) {
  const auto norm = [](const Tensor& x) { return std::sqrt((x * x).sum().item()); };
  auto words = random_words(distance + 1, 16, narrow, gen, f64);
  for (Tensor& word : words) word.set_requires_grad();
  const Tensor last = layer.forward(words)[distance];
  (last * randn(last.shape(), gen, f64)).sum().backward();
  return norm(words.front().grad()) / norm(words.back().grad());
}

// The most bytes that tensors hold at once during a forward and a backward. On one thread: each has a workspace.
inline double peak_bytes(const std::function<Tensor()>& forward) {
  const Threads one(1);
  const std::int64_t before = memory_stats().live_bytes;
  reset_peak_memory();
  mean(forward()).backward();
  return static_cast<double>(memory_stats().peak_bytes - before);
}

}  // namespace heed::lessons
