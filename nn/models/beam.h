// beam.h — lessons 01 and 10: beam search, which extends several hypotheses at once and keeps the
// best.
//
// The model is a function, the decode step: it maps the last token of each of N hypotheses (N) to
// the log-probabilities of the next token (N, V). Beam search drops some hypotheses and continues
// others several times, so the step also receives the index of the previous hypothesis that each
// one continues; a model with states or caches reorders them.
//
//   const DecodeStep step = [&](const IntTensor& last, const std::vector<index_t>& parents) {
//     … return log_softmax(…);
//   };
//   auto best = beam_search({.bos = 1, .eos = 2, .width = 4, .max_length = 20}, step);
#pragma once

#include <functional>
#include <vector>

#include "autograd/int_tensor.h"
#include "autograd/tensor.h"

namespace heed::nn {

struct BeamOptions {
  index_t bos = 0, eos = 0;  // the token before the first one; the token after the last one
  index_t width = 4;         // number of hypotheses; 1 is greedy decoding
  index_t max_length = 100;  // maximal number of tokens, including eos
  // score = log p / ((5 + length) / 6)^length_penalty. Wu et al., 2016, equation 14.
  double length_penalty = 0;
};

struct Hypothesis {
  std::vector<index_t> ids;    // without bos and eos
  double log_probability = 0;  // of the whole sequence, including eos if it is finished
  double score = 0;            // the log-probability with the length penalty
  bool finished = false;       // ended by eos, not by max_length
};

using DecodeStep = std::function<Tensor(const IntTensor& last, const std::vector<index_t>& parents)>;

// Throws "[beam_search] …" if width or max_length is below 1, bos or eos is negative, or
// length_penalty is not finite or so large that the divisor of a score is out of the range of a
// double.
void check_beam_options(const BeamOptions& options);

// Returns at most `width` hypotheses, the best first, finished ones before unfinished ones.
// Hypotheses of equal score are ordered by their ids. Throws "[beam_search] …" for invalid options
// or if the step returns a wrong shape.
std::vector<Hypothesis> beam_search(const BeamOptions& options, const DecodeStep& step);

}  // namespace heed::nn
