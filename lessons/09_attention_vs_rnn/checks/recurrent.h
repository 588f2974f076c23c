// recurrent.h — shared by the checks of recurrent networks: the tensors of their structs, and
// random weights.
#pragma once

#include "lessons/09_attention_vs_rnn/exercises.h"

namespace heed::nn {

template <class Visit>
void each_tensor(RecurrentWeights& w, const Visit& visit) {
  for (Tensor* t : {&w.weight_ih, &w.weight_hh, &w.bias_ih, &w.bias_hh}) visit(*t);
}
template <class Visit>
void each_tensor(RecurrentState& state, const Visit& visit) {
  visit(state.h);
  if (state.c.defined()) visit(state.c);  // undefined for a GRU and a plain RNN
}

}  // namespace heed::nn

namespace heed::exercise {

template <class Visit>
void each_tensor(RecurrentNet& net, const Visit& visit) {
  each_tensor(net.w, visit);
  visit(net.h);
}

// Returns random weights with `gates` blocks of rows; the two biases differ.
inline RecurrentWeights random_weights(index_t inputs, index_t hidden, index_t gates, Generator& gen) {
  const index_t rows = gates * hidden;
  return {randn({rows, inputs}, gen), randn({rows, hidden}, gen), randn({rows}, gen), randn({rows}, gen)};
}

}  // namespace heed::exercise
