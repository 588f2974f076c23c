#include "nn/models/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace heed::nn {

void check_sampling(const SamplingOptions& o) {
  check(o.temperature >= 0 && std::isfinite(o.temperature), "sample",
        "expected a finite temperature of at least 0, got ", o.temperature);
  check(o.top_k >= 0, "sample", "expected top_k of at least 0, got ", o.top_k);
  check(o.top_p > 0 && o.top_p <= 1, "sample", "expected top_p in (0, 1], got ", o.top_p);
}

// Replaces one row of logits by probabilities.
static void to_probabilities(double* logits, index_t vocabulary, const SamplingOptions& o) {
  std::vector<index_t> order(static_cast<std::size_t>(vocabulary));
  std::iota(order.begin(), order.end(), index_t{0});
  const auto more_probable = [&](index_t a, index_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  };
  const index_t most = o.temperature == 0 ? 1 : o.top_k == 0 ? vocabulary : std::min(o.top_k, vocabulary);
  // Sorting 50,000 numbers costs more than a step of a small model, so only the `most` best tokens are
  // sorted, and only if their order matters.
  if (most < vocabulary)
    std::partial_sort(order.begin(), order.begin() + most, order.end(), more_probable);
  else if (o.top_p < 1)
    std::sort(order.begin(), order.end(), more_probable);
  order.resize(static_cast<std::size_t>(most));

  const double best = *std::max_element(logits, logits + vocabulary);
  check(std::isfinite(best), "sample", "expected a finite largest logit in each row, got ", best);
  std::vector<double> weights;
  weights.reserve(order.size());
  for (const index_t i : order)
    weights.push_back(o.temperature == 0 ? 1 : std::exp((logits[i] - best) / o.temperature));
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  // The token with which the sum reaches top_p is the last one in the nucleus.
  std::size_t nucleus_size = 0;
  double sum = 0;
  while (nucleus_size < weights.size() && (nucleus_size == 0 || sum < o.top_p * all)) {
    sum += weights[nucleus_size];
    ++nucleus_size;
  }

  std::fill(logits, logits + vocabulary, 0.0);
  for (std::size_t i = 0; i < nucleus_size; ++i) logits[order[i]] = weights[i] / sum;
}

// Returns all rows in double precision: 50,000 float32 probabilities need not sum to 1.
static std::vector<double> rows_of_probabilities(const Tensor& logits, const SamplingOptions& options) {
  check_sampling(options);
  check(logits.defined() && logits.rank() >= 1 && logits.size(-1) >= 1, "sample",
        "expected logits (..., V) with at least one token, got ", logits);
  std::vector<double> rows = logits.to_vector();
  check(std::none_of(rows.begin(), rows.end(), [](double x) { return std::isnan(x); }), "sample",
        "expected logits without NaN, got NaN");
  const index_t vocabulary = logits.size(-1);
  for (index_t row = 0; row < logits.numel() / vocabulary; ++row)
    to_probabilities(rows.data() + row * vocabulary, vocabulary, options);
  return rows;
}

Tensor sampling_probabilities(const Tensor& logits, const SamplingOptions& options) {
  return from_vector(rows_of_probabilities(logits, options), logits.shape(), logits.dtype());
}

IntTensor sample(const Tensor& logits, const SamplingOptions& options, Generator& gen) {
  check(logits.defined() && logits.rank() == 2, "sample", "expected logits (B, V), got ", logits);
  const std::vector<double> rows = rows_of_probabilities(logits, options);
  const index_t batch = logits.size(0), vocabulary = logits.size(1);
  std::vector<index_t> chosen;
  for (index_t row = 0; row < batch; ++row) {
    double remaining = gen.uniform();
    index_t last = 0;  // if rounding leaves a remainder, the last token with a probability above 0
    for (index_t i = 0; i < vocabulary && remaining >= 0; ++i) {
      const double p = rows[static_cast<std::size_t>(row * vocabulary + i)];
      if (p > 0) last = i;
      remaining -= p;
    }
    chosen.push_back(last);
  }
  return {std::move(chosen), {batch}};
}

}  // namespace heed::nn
