// seq2seq.h — lesson 01: one network reads, another writes, and what stands between them.
//
//   Seq2Seq model({.source_vocab = 90, .target_vocab = 80, .hidden = 64, .look = Look::additive}, gen);
//   Tensor logits = model.forward(source, lengths, target).logits;    // teacher forcing
//   auto texts = model.beam(source, lengths, {.bos = 1, .eos = 2});   // the best few of each sentence
#pragma once

#include <optional>
#include <vector>

#include "nn/additive_attention.h"
#include "nn/embedding.h"
#include "nn/linear.h"
#include "nn/models/beam.h"
#include "nn/rnn.h"

namespace heed::nn {

// What the writer sees of the sentence that was read, beside its own state.
enum class Look {
  none,      // nothing: all of it must fit into one vector, the bottleneck. Sutskever, Vinyals, Le, 2014
  additive,  // what its state attends to, additively. Bahdanau, Cho, Bengio, 2015
  dot        // what its state attends to, by scaled dot products
};

struct Seq2SeqOptions {
  index_t source_vocab = 0, target_vocab = 0;
  index_t embed = 64, hidden = 64;
  Look look = Look::none;
  bool bidirectional =
      false;  // two readers of half the width, one from each end: a word's state is of the words
              // around it, and not of those before it alone. Bahdanau, Cho, Bengio, 2015
};

// Its own words in place of the target's, some of the time: with probability 1 - ratio at each step.
struct TeacherForcing {
  double ratio = 1;  // 1: always the target's
  Generator* generator = nullptr;
};

struct Written {
  Tensor logits;   // (B, T, target_vocab)
  Tensor weights;  // (B, T, S): where it looked, or undefined
};

// A GRU reads; a GRU cell writes, beginning with the reader's last state.
//   context = attend(state, memory);  state = cell([embedding(last word); context], state)
//   logits = out([state; context])    (without the context where it does not look)
struct Seq2Seq : ModuleOf<Seq2Seq> {
  Seq2SeqOptions options;
  Embedding source_embedding, target_embedding;
  GRU encoder;
  GRUCell cell;
  std::optional<AdditiveAttention> attention;
  Linear out;

  Seq2Seq(Seq2SeqOptions options, Generator& gen);

  // source (B, S) of these lengths (empty: all S); given (B, T), the word before each word to write: bos, then the
  // target without its last. Padding of the source is neither read nor looked at. Throws "[Seq2Seq]
  // …" if shapes or options do not fit, or if a length is not in [0, S].
  Written forward(const IntTensor& source, const std::vector<index_t>& lengths, const IntTensor& given,
                  const TeacherForcing& teacher = {});
  // Texts of each sentence of the batch, the best first; how.width = 1 is greedy. Runs in
  // evaluation mode and records nothing; the mode of each submodule is restored. Throws if bos or
  // eos is not in [0, target_vocab), and as check_beam_options does.
  std::vector<std::vector<Hypothesis>> beam(const IntTensor& source, const std::vector<index_t>& lengths,
                                            const BeamOptions& how);
  void visit(Visitor& v) override;
  std::string type() const override { return "Seq2Seq"; }

 private:
  struct Memory {
    Tensor words;  // (B, S, hidden)
    Mask real;     // (B, 1, S)
  };
  struct Step {
    Tensor logits, state, weights;  // (B, V), (B, hidden), (B, 1, S)
  };
  struct Read {
    Memory memory;
    Tensor state;
  };
  Read read(const IntTensor& source, const std::vector<index_t>& lengths);
  Step write(const IntTensor& last, const Tensor& state, const Memory& memory);
};

}  // namespace heed::nn
