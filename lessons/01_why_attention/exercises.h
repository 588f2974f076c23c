// exercises.h — the functions of lesson 01, in the order of the exercises.
//
// Shape letters: B batch, T words of the target, S words of the source, H hidden width, V vocabulary.
#pragma once

#include <functional>
#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

// Ids of the special tokens: begin of sequence, end of sequence, and padding.
struct SpecialTokens {
  index_t bos, eos, pad;
};
// The decoder's input and the correct output at each position, (B, T) each.
struct DecoderBatch {
  IntTensor input, target;
};

// One state per word, for sequences padded to one length.
struct PaddedStates {
  Tensor states;                 // (B, N, width)
  std::vector<index_t> lengths;  // (B): how many of the N positions are words
};
struct AdditiveWeights {
  Tensor W_q, W_k, v;  // (H, width of queries), (H, width of keys), (H)
};

// A trained model: it encodes the source once, then decodes one word per step.
struct DecoderStep {
  Tensor scores;  // (V), one per possible next word
  Tensor state;   // the decoder's state after this step
};
struct Translator {
  std::function<Tensor(const std::vector<index_t>& source)> encode;
  std::function<DecoderStep(index_t last, const Tensor& state)> decode;
};
// A sentence of the test set and its correct translation.
struct Example {
  std::vector<index_t> source, target;
};

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
DecoderBatch teacher_forcing(const std::vector<std::vector<index_t>>& sequences,
                             const SpecialTokens& special);
Tensor sequence_loss(const Tensor& logits, const IntTensor& target, index_t pad);
Tensor additive_attention(const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values,
                          const AdditiveWeights& w);
std::vector<index_t> translate(const Translator& model, const Example& example, const SpecialTokens& special,
                               index_t max_length);

}  // namespace heed::exercise
