// generation.h — lessons 01 and 10: sequences from a model, token by token.
//
// GPT, T5 and Seq2Seq generate through this interface. A model provides a function from the last
// tokens to the scores of the next ones; greedy decoding, sampling (sampling.h) and beam search
// (beam.h) choose the tokens.
#pragma once

#include <functional>
#include <vector>

#include "nn/models/beam.h"
#include "nn/models/sampling.h"

namespace heed::nn {

// The last token of N sequences (N) -> logits of the next token (N, V).
using NextLogits = std::function<Tensor(const IntTensor& last)>;
// Logits (N, V) -> the next token of each sequence (N).
using SelectToken = std::function<IntTensor(const Tensor& logits)>;

// Greedy decoding: the most probable token of each row.
IntTensor greedy(const Tensor& logits);

// Generates up to max_length tokens for each of the N sequences that end with `last` (N). A
// sequence ends with eos, which is included; -1: no token ends it. Stops early if all sequences
// have ended.
std::vector<std::vector<index_t>> generate_tokens(IntTensor last, index_t max_length, index_t eos,
                                                  const NextLogits& next_logits, const SelectToken& select);

// Throws "[op] …" unless there is one length in [min_length, S] for each sample of source (B, S),
// or none at all.
void check_lengths(const char* op, const IntTensor& source, const std::vector<index_t>& lengths,
                   index_t min_length);

// Runs a beam search for each sample of source (B, S) separately, so that no sample needs padding.
// `start(b, length)` returns the decode step of sample b, which has `length` tokens. The result has
// the best sequence first.
std::vector<std::vector<Hypothesis>> beam_search_batch(
    const IntTensor& source, const std::vector<index_t>& lengths, const BeamOptions& options,
    const std::function<DecodeStep(index_t sample, index_t length)>& start);

}  // namespace heed::nn
