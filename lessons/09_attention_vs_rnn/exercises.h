// exercises.h — the functions of the exercises of lesson 09. Shapes: B sequences in a batch, T
// time steps (queries), S keys, I channels of an input, H channels of a state, D channels of
// queries and keys.
#pragma once

#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"
#include "nn/rnn.h"

namespace heed::exercise {

// h (B, H); c (B, H) for an LSTM.
using nn::RecurrentState;
// weight_ih (gates · H, I), weight_hh (gates · H, H), bias_ih and bias_hh (gates · H).
using nn::RecurrentWeights;

// A recurrent network without gates, and its final state after the last sequence.
struct RecurrentNet {
  RecurrentWeights w;
  Tensor h;  // (B, H); undefined before the first sequence
};

struct RecurrentOutput {
  Tensor states;  // (T, B, H): the state after each token; 0 at padding
  Tensor last;    // (B, H): the state after the last token of each sequence
};

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
Tensor rnn_forward(RecurrentNet& net, const Tensor& x, const Tensor& h0);
RecurrentOutput rnn_forward_padded(const RecurrentWeights& w, const Tensor& x,
                                   const std::vector<index_t>& lengths, const Tensor& h0);
RecurrentState lstm_cell(const Tensor& x, const RecurrentState& before, const RecurrentWeights& w);
Tensor gru_cell(const Tensor& x, const Tensor& h, const RecurrentWeights& w);
Tensor attend_in_blocks(const Tensor& q, const Tensor& k, const Tensor& v, index_t block);

}  // namespace heed::exercise
