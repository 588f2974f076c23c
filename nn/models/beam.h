// beam.h — writing with a model: the best next word each time, or the best few texts at once.
//
// A model is given as a step: from the last word of each text under way (N) to the log-probabilities of the next
// one (N, V). A beam drops some texts and doubles others, so a step is also told from which text of the step before
// each one grew; what the model carries along (states, caches) is to be picked by that.
//
//   const auto step = [&](const IntTensor& last, const std::vector<index_t>& parents) { … return log_softmax(…); };
//   auto texts = beam_search({.bos = 1, .eos = 2, .width = 4, .max_length = 20}, step);
#pragma once

#include <functional>
#include <vector>

#include "autograd/ids.h"
#include "autograd/tensor.h"

namespace heed::nn {

struct BeamOptions {
  index_t bos = 0, eos = 0;   // the word before the first, the word after the last
  index_t width = 4;          // texts kept; 1 is greedy
  index_t max_length = 100;   // words at most, the eos included
  double length_penalty = 0;  // score = log p / ((5 + length) / 6)^penalty; Wu et al., 2016, equation 14
};

struct Hypothesis {
  std::vector<index_t> ids;    // without bos and eos
  double log_probability = 0;  // of the whole text, its eos included where it has one
  double score = 0;            // what texts are ordered by
  bool finished = false;       // ended by eos, not by max_length
};

using DecodeStep = std::function<Tensor(const IntTensor& last, const std::vector<index_t>& parents)>;

// Throws "[beam_search] …" if width or max_length is below 1, bos or eos is negative, or
// length_penalty is not finite or so large that the divisor of a score leaves the range of a
// double.
void check_beam_options(const BeamOptions& options);

// At most `width` texts, the best first; the finished ones before those that were cut. Equal scores keep the order
// of their ids. Throws "[beam_search] …" for impossible options or a step of another shape.
std::vector<Hypothesis> beam_search(const BeamOptions& options, const DecodeStep& step);

}  // namespace heed::nn
