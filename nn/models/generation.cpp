#include "nn/models/generation.h"

#include <algorithm>

#include "autograd/ops.h"

namespace heed::nn {

IntTensor greedy(const Tensor& logits) { return argmax(logits, -1); }

std::vector<std::vector<index_t>> generate_tokens(IntTensor last, index_t max_length, index_t eos,
                                                  const NextLogits& next_logits, const SelectToken& select) {
  std::vector<std::vector<index_t>> sequences(static_cast<std::size_t>(last.numel()));
  const auto has_ended = [eos](const auto& ids) { return eos >= 0 && !ids.empty() && ids.back() == eos; };
  for (index_t i = 0; i < max_length; ++i) {
    if (std::all_of(sequences.begin(), sequences.end(), has_ended)) break;
    last = select(next_logits(last));
    for (std::size_t n = 0; n < sequences.size(); ++n)
      if (!has_ended(sequences[n])) sequences[n].push_back(last.values()[n]);
  }
  return sequences;
}

void check_lengths(const char* op, const IntTensor& source, const std::vector<index_t>& lengths,
                   index_t min_length) {
  check(lengths.empty() || static_cast<index_t>(lengths.size()) == source.size(0), op,
        "expected one length per sample of source ", source, ", got ", lengths.size());
  for (std::size_t b = 0; b < lengths.size(); ++b)
    check(lengths[b] >= min_length && lengths[b] <= source.size(1), op, "expected lengths in [", min_length,
          ", ", source.size(1), "], got ", lengths[b], " for sample ", b);
}

std::vector<std::vector<Hypothesis>> beam_search_batch(
    const IntTensor& source, const std::vector<index_t>& lengths, const BeamOptions& options,
    const std::function<DecodeStep(index_t sample, index_t length)>& start) {
  std::vector<std::vector<Hypothesis>> result;
  for (index_t b = 0; b < source.size(0); ++b) {
    const index_t length = lengths.empty() ? source.size(1) : lengths[static_cast<std::size_t>(b)];
    result.push_back(beam_search(options, start(b, length)));
  }
  return result;
}

}  // namespace heed::nn
