// sampling.h — lesson 10: sampling the next token from logits.
//
//   IntTensor next = sample(logits, {.temperature = 0.8, .top_k = 40}, gen);   // (B, V) -> (B)
//
// Always choosing the most probable token gives repetitive text. Sampling from all tokens
// occasionally gives nonsense, because thousands of improbable tokens are probable together.
// Therefore the tail of the distribution is cut off before sampling.
#pragma once

#include "autograd/int_tensor.h"
#include "autograd/random.h"
#include "autograd/tensor.h"

namespace heed::nn {

struct SamplingOptions {
  // Divides the logits: below 1 the distribution is sharper, above 1 flatter. 0: always the most
  // probable token.
  double temperature = 1;
  index_t top_k = 0;  // keeps the k most probable tokens; 0: all. Fan, Lewis, Dauphin, 2018
  double top_p =
      1;  // of these, keeps the fewest whose probabilities reach p. Holtzman et al., 2020: the nucleus
};

// Throws "[sample] …" if an option is out of range or NaN.
void check_sampling(const SamplingOptions& options);

// logits (..., V) -> probabilities (..., V). Applies temperature, top_k and top_p in this order.
// Discarded tokens get exactly 0, the others sum to 1, and at least one token remains. Of equal
// logits, lower ids are kept first. Throws "[sample] …" for options out of range, and for logits
// that are NaN or all -infinity.
Tensor sampling_probabilities(const Tensor& logits, const SamplingOptions& options);

// Samples one token per row: (B, V) -> (B).
IntTensor sample(const Tensor& logits, const SamplingOptions& options, Generator& gen);

}  // namespace heed::nn
