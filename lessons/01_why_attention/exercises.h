// exercises.h — the functions to be written in lesson 01. Letters: B texts in a batch, T words that are written, S words
// that are read, H the hidden width, V vocabulary.
#pragma once

#include <functional>
#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

// Ids that are no words: before the first, after the last, and beyond the end.
struct Marks {
  index_t bos, eos, pad;
};
// What the writer is given at each place, and what it is to answer there: (B, T) each.
struct Taught {
  IntTensor given, wanted;
};
Taught teacher_forcing(const std::vector<std::vector<index_t>>& texts, const Marks& marks);

Tensor sequence_loss(const Tensor& logits, const IntTensor& wanted, index_t pad);

// One state a word, of texts padded to one length.
struct Padded {
  Tensor states;                 // (B, N, width)
  std::vector<index_t> lengths;  // (B): how many of the N are words
};
struct AdditiveWeights {
  Tensor W_q, W_k, v;  // (H, width of queries), (H, width of keys), (H)
};
Tensor additive_attention(const Padded& writer, const Padded& reader, const Tensor& values,
                          const AdditiveWeights& w);

// A trained model: it reads once, then writes one word at a time and carries a state along.
struct Written {
  Tensor scores, state;  // of each word to come next (V); the state after this step
};
struct Translator {
  std::function<Tensor(const std::vector<index_t>& source)> read;
  std::function<Written(index_t last, const Tensor& state)> write;
};
// A sentence of the test set, with the right answer beside it.
struct Example {
  std::vector<index_t> source, target;
};
std::vector<index_t> translate(const Translator& model, const Example& example, const Marks& marks,
                               index_t max_length);

}  // namespace heed::exercise
