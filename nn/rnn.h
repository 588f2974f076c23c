// rnn.h — lessons 01 and 09: networks that read one word after the other and carry a state along.
//
//   RNN     h' = tanh(W_ih x + b_ih + W_hh h + b_hh)                          Elman, 1990
//   LSTM    i, f, o = σ(…), g = tanh(…);  c' = f c + i g;  h' = o tanh(c')    Hochreiter, Schmidhuber, 1997
//   GRU     r, z = σ(…);  n = tanh(W_in x + b_in + r (W_hn h + b_hn));  h' = (1 - z) n + z h    Cho et al., 2014
//
// … stands for W_ih x + b_ih + W_hh h + b_hh, with the gates' rows on top of each other: (i, f, g, o), (r, z, n).
// Names, layouts and starts are PyTorch's.
#pragma once

#include <vector>

#include "autograd/ops.h"
#include "nn/module.h"

namespace heed::nn {

// The hidden state; the LSTM also has a cell. c is undefined for the others.
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
  Nonlinearity nonlinearity = Nonlinearity::tanh;  // RNNCell's only
};

// One step: x (B, in), state (B, H) -> the next state. An undefined state is zeros. Throws if x or
// a state has another shape or dtype.
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
  double dropout = 0;          // between layers, while training
  bool bidirectional = false;  // a second network reads from the end; outputs stand side by side
  Nonlinearity nonlinearity = Nonlinearity::tanh;  // RNN's only
};

struct ReadOptions {
  // (layers · directions, B, H) each, (layers · directions, H) for one sequence (T, C); undefined:
  // zeros.
  RecurrentState initial = {};
  std::vector<index_t> lengths = {};  // of each sample; empty: all are T long
};

struct RecurrentResult {
  Tensor output;         // (T, B, directions · H) of the last layer; 0 beyond a sample's length
  RecurrentState state;  // (layers · directions, B, H): after each sample's last word, whatever its length
};

// x (T, B, in). Padding never reaches a state: a sample's state stands still beyond its length, and the backward
// direction begins at its last word, as with PyTorch's packed sequences. Nor does it reach a
// gradient, whatever it holds: the gradient with respect to padding is 0. Throws "[GRU] …" if T is
// 0, if lengths or states do not fit x, or if a cell state is given to another network than an
// LSTM.
class Recurrent {
 public:
  RecurrentOptions options;
  std::vector<RecurrentWeights> weights;  // layer 0 forward, layer 0 backward, layer 1 forward, …
  Generator generator;

 protected:
  Recurrent(RecurrentKind kind, RecurrentOptions options, Generator& gen);
  RecurrentResult read(RecurrentKind kind, const Tensor& x, const ReadOptions& how, bool training);
  void visit_weights(Visitor& v);
  std::string describe() const;

 private:
  RecurrentResult read_batch(RecurrentKind kind, const Tensor& x, const ReadOptions& how, bool training);
};

struct RNN : ModuleOf<RNN>, Recurrent {
  RNN(RecurrentOptions o, Generator& gen) : Recurrent(RecurrentKind::rnn, o, gen) {}
  RecurrentResult forward(const Tensor& x, const ReadOptions& how = {}) {
    return read(RecurrentKind::rnn, x, how, training());
  }
  void visit(Visitor& v) override { visit_weights(v); }
  std::string type() const override { return "RNN"; }
  std::string details() const override { return describe(); }
};
struct LSTM : ModuleOf<LSTM>, Recurrent {
  LSTM(RecurrentOptions o, Generator& gen) : Recurrent(RecurrentKind::lstm, o, gen) {}
  RecurrentResult forward(const Tensor& x, const ReadOptions& how = {}) {
    return read(RecurrentKind::lstm, x, how, training());
  }
  void visit(Visitor& v) override { visit_weights(v); }
  std::string type() const override { return "LSTM"; }
  std::string details() const override { return describe(); }
};
struct GRU : ModuleOf<GRU>, Recurrent {
  GRU(RecurrentOptions o, Generator& gen) : Recurrent(RecurrentKind::gru, o, gen) {}
  RecurrentResult forward(const Tensor& x, const ReadOptions& how = {}) {
    return read(RecurrentKind::gru, x, how, training());
  }
  void visit(Visitor& v) override { visit_weights(v); }
  std::string type() const override { return "GRU"; }
  std::string details() const override { return describe(); }
};

}  // namespace heed::nn
