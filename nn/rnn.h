// rnn.h — lessons 01 and 09: recurrent networks, which process a sequence step by step and update a
// state.
//
//   RNN     h' = tanh(W_ih x + b_ih + W_hh h + b_hh)                          Elman, 1990
//   LSTM    i, f, o = σ(…), g = tanh(…);  c' = f c + i g;  h' = o tanh(c')    Hochreiter, Schmidhuber, 1997
//   GRU     r, z = σ(…);  n = tanh(W_in x + b_in + r (W_hn h + b_hn));
//           h' = (1 - z) n + z h                                              Cho et al., 2014
//
// … is W_ih x + b_ih + W_hh h + b_hh; the rows of the gates are stacked in the order (i, f, g, o)
// or (r, z, n). Names, layouts and initialisation are PyTorch's.
#pragma once

#include <vector>

#include "autograd/ops.h"
#include "nn/module.h"

namespace heed::nn {

// The hidden state h and, for an LSTM, the cell state c (otherwise undefined).
struct RecurrentState {
  Tensor h, c;
};

enum class Nonlinearity { tanh, relu };
enum class RecurrentKind { rnn, lstm, gru };

// The parameters of one layer in one direction.
struct RecurrentWeights {
  Tensor weight_ih, weight_hh;  // (gates · H, in), (gates · H, H)
  Tensor bias_ih, bias_hh;      // (gates · H), or undefined
};

struct RecurrentCellOptions {
  index_t input_size = 0, hidden_size = 0;
  bool bias = true;
  Nonlinearity nonlinearity = Nonlinearity::tanh;  // used by RNNCell only
};

// One step: x (B, in), state (B, H) -> the next state. An undefined state counts as zeros. Throws
// if x or a state has a wrong shape or dtype.
class RecurrentCell {
 public:
  RecurrentCellOptions options;
  Tensor weight_ih, weight_hh, bias_ih, bias_hh;

 protected:
  RecurrentCell(RecurrentKind kind, RecurrentCellOptions options, Generator& gen);
  RecurrentState step(RecurrentKind kind, const Tensor& x, const RecurrentState& state) const;
  void visit_weights(Visitor& v);
};

struct RNNCell : ModuleOf<RNNCell>, RecurrentCell {
  RNNCell(RecurrentCellOptions o, Generator& gen) : RecurrentCell(RecurrentKind::rnn, o, gen) {}
  Tensor forward(const Tensor& x, const Tensor& h = {}) const {
    return step(RecurrentKind::rnn, x, {h, {}}).h;
  }
  void visit(Visitor& v) override { visit_weights(v); }
  std::string type() const override { return "RNNCell"; }
};
struct LSTMCell : ModuleOf<LSTMCell>, RecurrentCell {
  LSTMCell(RecurrentCellOptions o, Generator& gen) : RecurrentCell(RecurrentKind::lstm, o, gen) {}
  RecurrentState forward(const Tensor& x, const RecurrentState& s = {}) const {
    return step(RecurrentKind::lstm, x, s);
  }
  void visit(Visitor& v) override { visit_weights(v); }
  std::string type() const override { return "LSTMCell"; }
};
struct GRUCell : ModuleOf<GRUCell>, RecurrentCell {
  GRUCell(RecurrentCellOptions o, Generator& gen) : RecurrentCell(RecurrentKind::gru, o, gen) {}
  Tensor forward(const Tensor& x, const Tensor& h = {}) const {
    return step(RecurrentKind::gru, x, {h, {}}).h;
  }
  void visit(Visitor& v) override { visit_weights(v); }
  std::string type() const override { return "GRUCell"; }
};

struct RecurrentOptions {
  index_t input_size = 0, hidden_size = 0;
  index_t num_layers = 1;
  bool bias = true;
  bool batch_first = false;    // (T, B, C), see layout.h
  double dropout = 0;          // between layers, in training mode
  bool bidirectional = false;  // adds a network that runs backwards; the outputs are concatenated
  Nonlinearity nonlinearity = Nonlinearity::tanh;  // used by RNN only
};

struct RecurrentForwardOptions {
  // Each (layers · directions, B, H), or (layers · directions, H) for one sequence (T, C).
  // Undefined: zeros.
  RecurrentState initial = {};
  std::vector<index_t> lengths = {};  // of each sample; empty: all have length T
};

struct RecurrentResult {
  Tensor output;         // (T, B, directions · H) of the last layer; 0 beyond a sample's length
  RecurrentState state;  // (layers · directions, B, H), after the last token of each sample
};

// x (T, B, in). Padding influences no state: beyond its length, the state of a sample does not
// change, and the backward direction starts at its last token, as with PyTorch's packed sequences.
// Padding may contain any values; the gradient with respect to it is 0. Throws "[GRU] …" if T is 0,
// if lengths or states do not match x, or if a cell state is passed to a network other than an
// LSTM.
class Recurrent {
 public:
  RecurrentOptions options;
  std::vector<RecurrentWeights> weights;  // layer 0 forward, layer 0 backward, layer 1 forward, …
  Generator generator;

 protected:
  Recurrent(RecurrentKind kind, RecurrentOptions options, Generator& gen);
  RecurrentResult run(RecurrentKind kind, const Tensor& x, const RecurrentForwardOptions& forward_options,
                      bool training);
  void visit_weights(Visitor& v);
  std::string describe() const;

 private:
  RecurrentResult run_batch(RecurrentKind kind, const Tensor& x,
                            const RecurrentForwardOptions& forward_options, bool training);
};

struct RNN : ModuleOf<RNN>, Recurrent {
  RNN(RecurrentOptions o, Generator& gen) : Recurrent(RecurrentKind::rnn, o, gen) {}
  RecurrentResult forward(const Tensor& x, const RecurrentForwardOptions& forward_options = {}) {
    return run(RecurrentKind::rnn, x, forward_options, training());
  }
  void visit(Visitor& v) override { visit_weights(v); }
  std::string type() const override { return "RNN"; }
  std::string details() const override { return describe(); }
};
struct LSTM : ModuleOf<LSTM>, Recurrent {
  LSTM(RecurrentOptions o, Generator& gen) : Recurrent(RecurrentKind::lstm, o, gen) {}
  RecurrentResult forward(const Tensor& x, const RecurrentForwardOptions& forward_options = {}) {
    return run(RecurrentKind::lstm, x, forward_options, training());
  }
  void visit(Visitor& v) override { visit_weights(v); }
  std::string type() const override { return "LSTM"; }
  std::string details() const override { return describe(); }
};
struct GRU : ModuleOf<GRU>, Recurrent {
  GRU(RecurrentOptions o, Generator& gen) : Recurrent(RecurrentKind::gru, o, gen) {}
  RecurrentResult forward(const Tensor& x, const RecurrentForwardOptions& forward_options = {}) {
    return run(RecurrentKind::gru, x, forward_options, training());
  }
  void visit(Visitor& v) override { visit_weights(v); }
  std::string type() const override { return "GRU"; }
  std::string details() const override { return describe(); }
};

}  // namespace heed::nn
