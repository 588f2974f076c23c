// exercises.h — the functions to be written in lesson 09. Letters: B batch, T time (queries), S keys, I width of an input,
// H width of a state, D width of queries and keys.
#pragma once

#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"
#include "nn/rnn.h"

namespace heed::exercise {

using nn::RecurrentState;  // h (B, H); c (B, H) for an LSTM
using nn::
    RecurrentWeights;  // weight_ih (gates · H, I), weight_hh (gates · H, H), bias_ih and bias_hh (gates · H)

// A plain recurrent net, and the state in which it was left by the text that it read last.
struct Reader {
  RecurrentWeights w;
  Tensor h;  // (B, H); undefined before the first text
};
Tensor rnn_read(Reader& net, const Tensor& x, const Tensor& h0);

struct Readings {
  Tensor states;  // (T, B, H): the state after each token; 0 at padding
  Tensor last;    // (B, H): the state after the last token of each sequence
};
Readings rnn_read_padded(const RecurrentWeights& w, const Tensor& x, const std::vector<index_t>& lengths,
                         const Tensor& h0);

RecurrentState lstm_cell(const Tensor& x, const RecurrentState& before, const RecurrentWeights& w);
Tensor gru_cell(const Tensor& x, const Tensor& h, const RecurrentWeights& w);

Tensor attend_in_blocks(const Tensor& q, const Tensor& k, const Tensor& v, index_t block);

}  // namespace heed::exercise
