// sampling.cpp — sort, cut, draw.
#include "nn/models/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace heed::nn {

void check_sampling(const SamplingOptions& o) {
  check(o.temperature >= 0 && std::isfinite(o.temperature), "sample",
        "temperature must be finite and not negative, got ", o.temperature);
  check(o.top_k >= 0, "sample", "top_k must not be negative, got ", o.top_k);
  check(o.top_p > 0 && o.top_p <= 1, "sample", "top_p must be in (0, 1], got ", o.top_p);
}

// One row: `logits` becomes probabilities.
static void cut(double* logits, index_t vocabulary, const SamplingOptions& o) {
  std::vector<index_t> order(static_cast<std::size_t>(vocabulary));
  std::iota(order.begin(), order.end(), index_t{0});
  const auto likelier = [&](index_t a, index_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  };
  const index_t most = o.temperature == 0 ? 1 : o.top_k == 0 ? vocabulary : std::min(o.top_k, vocabulary);
  // Sorting 50,000 numbers costs more than a small model's step: only what is kept is sorted, and that only where needed.
  if (most < vocabulary)
    std::partial_sort(order.begin(), order.begin() + most, order.end(), likelier);
  else if (o.top_p < 1)
    std::sort(order.begin(), order.end(), likelier);
  order.resize(static_cast<std::size_t>(most));

  const double best = *std::max_element(logits, logits + vocabulary);
  check(std::isfinite(best), "sample", "a row of logits has no finite largest number, but ", best);
  std::vector<double> weights;
  weights.reserve(order.size());
  for (const index_t i : order)
    weights.push_back(o.temperature == 0 ? 1 : std::exp((logits[i] - best) / o.temperature));
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  // The token with which the sum reaches top_p is the last one in.
  std::size_t kept = 0;
  double sum = 0;
  while (kept < weights.size() && (kept == 0 || sum < o.top_p * all)) sum += weights[kept++];

  std::fill(logits, logits + vocabulary, 0.0);
  for (std::size_t i = 0; i < kept; ++i) logits[order[i]] = weights[i] / sum;
}

// Row-major, in double: 50,000 float32 probabilities need not sum to 1.
static std::vector<double> rows_of_probabilities(const Tensor& logits, const SamplingOptions& options) {
  check_sampling(options);
  check(logits.defined() && logits.rank() >= 1 && logits.size(-1) >= 1, "sample",
        "logits must be (..., V) with at least one token, got ",
        logits.defined() ? to_string(logits.shape()) : "an undefined tensor");
  std::vector<double> rows = logits.to_vector();
  check(std::none_of(rows.begin(), rows.end(), [](double x) { return std::isnan(x); }), "sample",
        "the logits hold NaN");
  const index_t vocabulary = logits.size(-1);
  for (index_t row = 0; row < logits.numel() / vocabulary; ++row)
    cut(rows.data() + row * vocabulary, vocabulary, options);
  return rows;
}

Tensor sampling_probabilities(const Tensor& logits, const SamplingOptions& options) {
  return from_vector(rows_of_probabilities(logits, options), logits.shape(), logits.dtype());
}

IntTensor sample(const Tensor& logits, const SamplingOptions& options, Generator& gen) {
  check(logits.defined() && logits.rank() == 2, "sample", "logits must be (B, V), got ",
        logits.defined() ? to_string(logits.shape()) : "an undefined tensor");
  const std::vector<double> rows = rows_of_probabilities(logits, options);
  const index_t batch = logits.size(0), vocabulary = logits.size(1);
  std::vector<index_t> chosen;
  for (index_t row = 0; row < batch; ++row) {
    double left = gen.uniform();
    index_t last = 0;  // where rounding leaves something over, the last token that may be drawn
    for (index_t i = 0; i < vocabulary && left >= 0; ++i) {
      const double p = rows[static_cast<std::size_t>(row * vocabulary + i)];
      if (p > 0) last = i;
      left -= p;
    }
    chosen.push_back(last);
  }
  return {std::move(chosen), {batch}};
}

}  // namespace heed::nn
