// sampling.h — lesson 10: from logits to the next token.
//
//   IntTensor next = sample(logits, {.temperature = 0.8, .top_k = 40, .top_p = 0.95}, gen);      // (B, V) -> (B)
//
// The best token each time gives dull texts that go in circles, and drawing from all of them gives nonsense once in a
// while, for the thousands of unlikely tokens are likely together. So the tail is cut off, and then one is drawn.
#pragma once

#include "autograd/ids.h"
#include "autograd/random.h"
#include "autograd/tensor.h"

namespace heed::nn {

struct SamplingOptions {
  double temperature =
      1;              // logits are divided by it: below 1 surer, above 1 bolder; 0: the best token, always
  index_t top_k = 0;  // only the k likeliest; 0: all. Fan, Lewis, Dauphin, 2018
  double top_p = 1;   // of these, the fewest that together reach p. Holtzman et al., 2020: the nucleus
};

// Throws "[sample] …" if an option is out of range or NaN.
void check_sampling(const SamplingOptions& options);

// logits (..., V) -> probabilities (..., V), in this order: temperature, top_k, top_p. Tokens that are left out have
// exactly 0, the others sum to 1, and at least one stays. Of equal logits those of lower ids stay.
// Throws "[sample] …" for options out of range, and for logits that are NaN or all -infinity.
Tensor sampling_probabilities(const Tensor& logits, const SamplingOptions& options);

// One token for each row (B, V) -> (B).
IntTensor sample(const Tensor& logits, const SamplingOptions& options, Generator& gen);

}  // namespace heed::nn
