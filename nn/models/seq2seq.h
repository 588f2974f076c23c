// seq2seq.h — lesson 01: a recurrent encoder–decoder, with or without attention.
//
//   Seq2Seq model({.source_vocab = 90, .target_vocab = 80, .attention = AttentionKind::dot}, gen);
//   Tensor logits = model.forward(source, lengths, target).logits;    // teacher forcing
//   auto best = model.beam(source, lengths, {.bos = 1, .eos = 2});    // hypotheses for each source
#pragma once

#include <optional>
#include <vector>

#include "nn/additive_attention.h"
#include "nn/embedding.h"
#include "nn/linear.h"
#include "nn/models/generation.h"
#include "nn/rnn.h"

namespace heed::nn {

// The decoder's access to the encoder's hidden states.
enum class AttentionKind {
  none,      // only the encoder's last state, a single context vector. Sutskever, Vinyals, Le, 2014
  additive,  // additive attention. Bahdanau, Cho, Bengio, 2015
  dot        // scaled dot-product attention
};

struct Seq2SeqOptions {
  index_t source_vocab = 0, target_vocab = 0;
  index_t embed = 64, hidden = 64;
  AttentionKind attention = AttentionKind::none;
  // Two encoders of half the width, one per direction: a hidden state then depends on the tokens on
  // both sides. Bahdanau, Cho, Bengio, 2015.
  bool bidirectional = false;
};

// With probability 1 - ratio, a step uses the model's own token as input instead of the target's.
struct TeacherForcing {
  double ratio = 1;  // 1: always the target's token
  Generator* generator = nullptr;
};

struct Seq2SeqOutput {
  Tensor logits;   // (B, T, target_vocab)
  Tensor weights;  // the attention weights (B, T, S), or undefined without attention
};

// The encoder is a GRU. The decoder is a GRU cell that starts from the encoder's last state:
//   context = attend(state, memory);  state = cell([embedding(last token); context], state)
//   logits = out([state; context])    (both without the context if there is no attention)
struct Seq2Seq : ModuleOf<Seq2Seq> {
  Seq2SeqOptions options;
  Embedding source_embedding, target_embedding;
  GRU encoder;
  GRUCell cell;
  std::optional<AdditiveAttention> attention;
  Linear out;

  Seq2Seq(Seq2SeqOptions options, Generator& gen);

  // source (B, S) with these lengths (empty: all S); decoder_input (B, T), the token before each
  // target token: bos, then the target without its last token. Padding of the source influences
  // nothing. Throws "[Seq2Seq] …" if shapes or options are not valid, or if a length is not in [0,
  // S].
  Seq2SeqOutput forward(const IntTensor& source, const std::vector<index_t>& lengths,
                        const IntTensor& decoder_input, const TeacherForcing& teacher = {});
  // Returns the best hypotheses for each source of the batch, the best first; width 1 is greedy.
  // Runs in evaluation mode without a graph; the mode of each submodule is restored. Throws if bos
  // or eos is not in [0, target_vocab), and as check_beam_options does.
  std::vector<std::vector<Hypothesis>> beam(const IntTensor& source, const std::vector<index_t>& lengths,
                                            const BeamOptions& beam_options);
  void visit(Visitor& v) override;
  std::string type() const override { return "Seq2Seq"; }

 private:
  struct Memory {
    Tensor states;  // (B, S, hidden)
    Mask real;      // (B, 1, S)
  };
  struct Step {
    Tensor logits, state, weights;  // (B, V), (B, hidden), (B, 1, S)
  };
  struct Encoded {
    Memory memory;
    Tensor state;  // (B, hidden)
  };
  Encoded encode(const IntTensor& source, const std::vector<index_t>& lengths);
  Step decode(const IntTensor& last, const Tensor& state, const Memory& memory);
};

}  // namespace heed::nn
