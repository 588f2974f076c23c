// seq2seq.cpp — read once, write word by word.
#include "nn/models/seq2seq.h"

namespace heed::nn {

static const char* const op = "Seq2Seq";

static Seq2SeqOptions checked(const Seq2SeqOptions& o) {
  check(o.source_vocab >= 1 && o.target_vocab >= 1 && o.embed >= 1 && o.hidden >= 1, op,
        "source_vocab, target_vocab, embed and hidden must be at least 1, got ", o.source_vocab, ", ",
        o.target_vocab, ", ", o.embed, " and ", o.hidden);
  check(!o.bidirectional || o.hidden % 2 == 0, op, "two readers share hidden = ", o.hidden,
        "; it must be even");
  return o;
}

Seq2Seq::Seq2Seq(Seq2SeqOptions o, Generator& gen)
    : options(checked(o)),
      source_embedding({.num_embeddings = o.source_vocab, .embedding_dim = o.embed}, gen),
      target_embedding({.num_embeddings = o.target_vocab, .embedding_dim = o.embed}, gen),
      encoder({.input_size = o.embed,
               .hidden_size = o.bidirectional ? o.hidden / 2 : o.hidden,
               .batch_first = true,
               .bidirectional = o.bidirectional},
              gen),
      cell({.input_size = o.embed + (o.look == Look::none ? 0 : o.hidden), .hidden_size = o.hidden}, gen),
      out({.in = o.hidden * (o.look == Look::none ? 1 : 2), .out = o.target_vocab}, gen) {
  if (o.look == Look::additive)
    attention.emplace(
        AdditiveAttentionOptions{.query_size = o.hidden, .key_size = o.hidden, .hidden_size = o.hidden}, gen);
}

Seq2Seq::Read Seq2Seq::read(const IntTensor& source, const std::vector<index_t>& lengths) {
  check(source.rank() == 2, op, "the source is ", source.shape(), "; it must be ids (B, S)");
  check(source.size(1) >= 1, op, "expected a source of at least one token, got ids ", source.shape());
  check(lengths.empty() || static_cast<index_t>(lengths.size()) == source.size(0), op, lengths.size(),
        " lengths for source ", source.shape());
  for (std::size_t b = 0; b < lengths.size(); ++b)
    check(lengths[b] >= 0 && lengths[b] <= source.size(1), op, "expected lengths in [0, ", source.size(1),
          "], got ", lengths[b], " for sample ", b);
  const RecurrentResult result = encoder.forward(source_embedding(source), {.lengths = lengths});
  const Mask real = lengths.empty() ? Mask::full({source.size(0), 1, source.size(1)}, true)
                                    : padding(lengths, source.size(1));
  const Tensor& last = result.state.h;  // (directions, B, hidden / directions)
  return {{result.output, real}, options.bidirectional ? cat({last[0], last[1]}, -1) : last[0]};
}

Seq2Seq::Step Seq2Seq::write(const IntTensor& last, const Tensor& state, const Memory& memory) {
  const Tensor word = target_embedding(last);  // (B, embed)
  if (options.look == Look::none) {
    const Tensor next = cell(word, state);
    return {out(next), next, {}};
  }
  const Tensor query = state.unsqueeze(1);  // (B, 1, hidden)
  const AttentionResult seen =
      attention ? attention->forward(query, memory.words, memory.words, memory.real)
                : heed::attention(query, memory.words, memory.words, {.mask = memory.real});
  const Tensor context = seen.output.squeeze(1);
  const Tensor next = cell(cat({word, context}, -1), state);
  return {out(cat({next, context}, -1)), next, seen.weights};
}

Written Seq2Seq::forward(const IntTensor& source, const std::vector<index_t>& lengths, const IntTensor& given,
                         const TeacherForcing& teacher) {
  check(given.rank() == 2 && source.rank() == 2 && given.size(0) == source.size(0) && given.size(1) >= 1, op,
        "the words given are ", given.shape(), " and the source ", source.shape(),
        "; they must be ids (B, T) and (B, S), T at least 1");
  check(teacher.ratio >= 0 && teacher.ratio <= 1, op, "the ratio of teacher forcing must be in [0, 1], got ",
        teacher.ratio);
  check(teacher.ratio == 1 || teacher.generator, op, "teacher forcing of ratio ", teacher.ratio,
        " needs a generator. Hint: {.ratio = 0.5, .generator = &gen}");
  auto [memory, state] = read(source, lengths);
  std::vector<Tensor> logits, weights;
  for (index_t t = 0; t < given.size(1); ++t) {
    const bool own = t > 0 && teacher.ratio < 1 && teacher.generator->uniform() >= teacher.ratio;
    const IntTensor last =
        own ? argmax(logits.back(), -1) : given.slice(1, t, t + 1).reshape({given.size(0)});
    const Step step = write(last, state, memory);
    state = step.state;
    logits.push_back(step.logits);
    if (step.weights.defined()) weights.push_back(step.weights);
  }
  return {stack(logits, 1), weights.empty() ? Tensor() : cat(weights, 1)};
}

std::vector<std::vector<Hypothesis>> Seq2Seq::beam(const IntTensor& source,
                                                   const std::vector<index_t>& lengths,
                                                   const BeamOptions& how) {
  check_beam_options(how);
  check(how.bos < options.target_vocab && how.eos < options.target_vocab, op, "expected bos and eos in [0, ",
        options.target_vocab, "), got ", how.bos, " and ", how.eos);
  const EvaluationMode evaluation(*this);
  const Read all = read(source, lengths);
  std::vector<std::vector<Hypothesis>> texts;
  for (index_t b = 0; b < source.size(0); ++b) {
    const index_t s = lengths.empty() ? source.size(1) : lengths[static_cast<std::size_t>(b)];
    const Tensor words = all.memory.words.slice(0, b, b + 1).slice(1, 0, s);
    Tensor state = all.state.slice(0, b, b + 1);
    texts.push_back(beam_search(how, [&](const IntTensor& last, const std::vector<index_t>& parents) {
      const auto count = static_cast<index_t>(parents.size());
      const Memory same{words.expand({count, s, options.hidden}), Mask::full({count, 1, s}, true)};
      const Step step = write(last, index_select(state, 0, IntTensor(parents, {count})), same);
      state = step.state;
      return log_softmax(step.logits, -1);
    }));
  }
  return texts;
}

void Seq2Seq::visit(Visitor& v) {
  v.child("source_embedding", source_embedding), v.child("target_embedding", target_embedding);
  v.child("encoder", encoder), v.child("cell", cell);
  v.child("attention", attention);
  v.child("out", out);
}

}  // namespace heed::nn
