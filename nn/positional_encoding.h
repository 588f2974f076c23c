// positional_encoding.h — lesson 06: attention ignores the order of its input, so an encoding of
// each position is added to it.
#pragma once

#include "nn/dropout.h"
#include "nn/layout.h"
#include "nn/module.h"

namespace heed::nn {

// (length, d_model): channel 2i is sin(t / 10000^(2i/d_model)), channel 2i+1 the cosine of the same
// angle. An odd d_model has one more sine than cosines. Vaswani et al., 2017, section 3.5.
Tensor sinusoidal_table(index_t length, index_t d_model, DType dtype = f32);

struct PositionalEncodingOptions {
  index_t d_model = 0;
  double dropout = 0.1;
  index_t max_len = 5000;
  bool batch_first = false;
};

// x (T, B, C) -> dropout(x + the first T rows of the table). The table is a buffer: it is saved,
// but not trained. Throws "[PositionalEncoding] …" if T exceeds max_len.
struct PositionalEncoding : ModuleOf<PositionalEncoding> {
  PositionalEncodingOptions options;
  Tensor pe;  // (max_len, d_model)
  Dropout dropout;

  PositionalEncoding(PositionalEncodingOptions options, Generator& gen);
  Tensor forward(const Tensor& x);
  void visit(Visitor& v) override {
    v.buffer("pe", pe);
    v.child("dropout", dropout);
  }
  std::string type() const override { return "PositionalEncoding"; }
  std::string details() const override;
};

// The same with a learned table, initialised from N(0, 0.02²).
struct LearnedPositionalEncoding : ModuleOf<LearnedPositionalEncoding> {
  PositionalEncodingOptions options;
  Tensor weight;  // (max_len, d_model)
  Dropout dropout;

  LearnedPositionalEncoding(PositionalEncodingOptions options, Generator& gen);
  Tensor forward(const Tensor& x);
  void visit(Visitor& v) override {
    v.parameter("weight", weight);
    v.child("dropout", dropout);
  }
  std::string type() const override { return "LearnedPositionalEncoding"; }
  std::string details() const override;
};

}  // namespace heed::nn
