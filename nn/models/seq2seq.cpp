#include "nn/models/seq2seq.h"

namespace heed::nn {

static const char* const seq2seq_op = "Seq2Seq";

static Seq2SeqOptions validated(const Seq2SeqOptions& o) {
  check(o.source_vocab >= 1 && o.target_vocab >= 1 && o.embed >= 1 && o.hidden >= 1, seq2seq_op,
        "expected source_vocab, target_vocab, embed and hidden of at least 1, got ", o.source_vocab, ", ",
        o.target_vocab, ", ", o.embed, " and ", o.hidden);
  check(!o.bidirectional || o.hidden % 2 == 0, seq2seq_op,
        "expected an even hidden size for two directions, got hidden = ", o.hidden);
  return o;
}

Seq2Seq::Seq2Seq(Seq2SeqOptions o, Generator& gen)
    : options(validated(o)),
      source_embedding({.num_embeddings = o.source_vocab, .embedding_dim = o.embed}, gen),
      target_embedding({.num_embeddings = o.target_vocab, .embedding_dim = o.embed}, gen),
      encoder({.input_size = o.embed,
               .hidden_size = o.bidirectional ? o.hidden / 2 : o.hidden,
               .batch_first = true,
               .bidirectional = o.bidirectional},
              gen),
      cell({.input_size = o.embed + (o.attention == AttentionKind::none ? 0 : o.hidden),
            .hidden_size = o.hidden},
           gen),
      out({.in = o.hidden * (o.attention == AttentionKind::none ? 1 : 2), .out = o.target_vocab}, gen) {
  if (o.attention == AttentionKind::additive)
    attention.emplace(
        AdditiveAttentionOptions{.query_size = o.hidden, .key_size = o.hidden, .hidden_size = o.hidden}, gen);
}

Seq2Seq::Encoded Seq2Seq::encode(const IntTensor& source, const std::vector<index_t>& lengths) {
  check(source.rank() == 2 && source.size(1) >= 1, seq2seq_op,
        "expected source ids (B, S) with at least one token, got ", source);
  check_lengths(seq2seq_op, source, lengths, 0);
  const RecurrentResult result = encoder.forward(source_embedding(source), {.lengths = lengths});
  const Mask real = lengths.empty() ? Mask::full({source.size(0), 1, source.size(1)}, true)
                                    : padding(lengths, source.size(1));
  const Tensor& last = result.state.h;  // (directions, B, hidden / directions)
  return {{result.output, real}, options.bidirectional ? cat({last[0], last[1]}, -1) : last[0]};
}

Seq2Seq::Step Seq2Seq::decode(const IntTensor& last, const Tensor& state, const Memory& memory) {
  const Tensor token = target_embedding(last);  // (B, embed)
  if (options.attention == AttentionKind::none) {
    const Tensor next = cell(token, state);
    return {out(next), next, {}};
  }
  const Tensor query = state.unsqueeze(1);  // (B, 1, hidden)
  const AttentionResult attended =
      attention ? attention->forward(query, memory.states, memory.states, memory.real)
                : heed::attention(query, memory.states, memory.states, {.mask = memory.real});
  const Tensor context = attended.output.squeeze(1);
  const Tensor next = cell(cat({token, context}, -1), state);
  return {out(cat({next, context}, -1)), next, attended.weights};
}

Seq2SeqOutput Seq2Seq::forward(const IntTensor& source, const std::vector<index_t>& lengths,
                               const IntTensor& decoder_input, const TeacherForcing& teacher) {
  const IntTensor& input = decoder_input;
  check(input.rank() == 2 && source.rank() == 2 && input.size(0) == source.size(0) && input.size(1) >= 1,
        seq2seq_op, "expected source (B, S) and decoder_input (B, T) with at least one token, got ", source,
        " and ", input);
  check(teacher.ratio >= 0 && teacher.ratio <= 1, seq2seq_op,
        "expected a teacher forcing ratio in [0, 1], got ", teacher.ratio);
  check(teacher.ratio == 1 || teacher.generator, seq2seq_op,
        "expected a generator for the teacher forcing ratio ", teacher.ratio,
        ", got none. Hint: {.ratio = 0.5, .generator = &gen}");
  auto [memory, state] = encode(source, lengths);
  std::vector<Tensor> logits, weights;
  for (index_t t = 0; t < input.size(1); ++t) {
    const bool own = t > 0 && teacher.ratio < 1 && teacher.generator->uniform() >= teacher.ratio;
    const IntTensor last = own ? greedy(logits.back()) : input.slice(1, t, t + 1).reshape({input.size(0)});
    const Step step = decode(last, state, memory);
    state = step.state;
    logits.push_back(step.logits);
    if (step.weights.defined()) weights.push_back(step.weights);
  }
  return {stack(logits, 1), weights.empty() ? Tensor() : cat(weights, 1)};
}

std::vector<std::vector<Hypothesis>> Seq2Seq::beam(const IntTensor& source,
                                                   const std::vector<index_t>& lengths,
                                                   const BeamOptions& beam_options) {
  check_beam_options(beam_options);
  check(beam_options.bos < options.target_vocab && beam_options.eos < options.target_vocab, seq2seq_op,
        "expected bos and eos in [0, ", options.target_vocab, "), got ", beam_options.bos, " and ",
        beam_options.eos);
  const EvaluationMode evaluation(*this);
  const Encoded all = encode(source, lengths);
  const auto start = [&](index_t b, index_t s) -> DecodeStep {
    const Tensor states = all.memory.states.slice(0, b, b + 1).slice(1, 0, s);
    Tensor state = all.state.slice(0, b, b + 1);
    return [this, states, state, s](const IntTensor& last, const std::vector<index_t>& parents) mutable {
      const auto count = static_cast<index_t>(parents.size());
      const Memory memory{states.expand({count, s, options.hidden}), Mask::full({count, 1, s}, true)};
      const Step step = decode(last, index_select(state, 0, IntTensor(parents, {count})), memory);
      state = step.state;
      return log_softmax(step.logits, -1);
    };
  };
  return beam_search_batch(source, lengths, beam_options, start);
}

void Seq2Seq::visit(Visitor& v) {
  v.child("source_embedding", source_embedding);
  v.child("target_embedding", target_embedding);
  v.child("encoder", encoder);
  v.child("cell", cell);
  v.child("attention", attention);
  v.child("out", out);
}

}  // namespace heed::nn
