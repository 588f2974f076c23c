// t5.cpp — the complete model: encoder and decoder (t5_stack.cpp) with a shared embedding, and
// generation.
#include "nn/models/t5.h"

#include <cmath>
#include <utility>

namespace heed::nn {

static T5Options decoder_options(T5Options o) {
  o.is_decoder = true;
  return o;
}

T5::T5(T5Options o, Generator& gen)
    : options(validated(o)),
      shared({.num_embeddings = o.vocab_size, .embedding_dim = o.d_model}, gen),
      encoder(o, gen),
      decoder(decoder_options(o), gen) {}

static void check_ids(const char* name, const IntTensor& ids) {
  check(ids.rank() == 2 && ids.size(1) >= 1, "T5", "expected ", name, " (B, T) with at least one token, got ",
        ids);
}

static void check_source_mask(const Mask& mask, index_t batch, index_t tokens) {
  check(!mask.defined() || mask.shape() == Shape{batch, 1, tokens}, "T5",
        "expected source_mask (B, 1, S) = ", Shape{batch, 1, tokens}, ", got ", mask,
        ". Hint: not_padding(source, pad)");
}

Tensor T5::encode(const IntTensor& source, const Mask& source_mask) {
  check_ids("source", source);
  check_source_mask(source_mask, source.size(0), source.size(1));
  return encoder(shared(source), Tensor(), source_mask);
}

// The factor compensates for the length of the embedding's rows, so the initial logits have a
// variance of about 1.
Tensor T5::logits_of(const Tensor& hidden) const {
  return linear(hidden * (1 / std::sqrt(static_cast<double>(options.d_model))), shared.weight);
}

Tensor T5::forward(const IntTensor& source, const IntTensor& decoder_input, const Mask& source_mask) {
  check_ids("source", source);
  check_ids("decoder_input", decoder_input);
  check(decoder_input.size(0) == source.size(0), "T5",
        "expected source and decoder_input of one batch size, got ", source, " and ", decoder_input);
  const Tensor memory = encode(source, source_mask);
  return logits_of(decoder(shared(decoder_input), memory, source_mask));
}

Tensor T5::forward(const IntTensor& decoder_input, const Tensor& memory, KVCache& cache,
                   const Mask& source_mask) {
  check_ids("decoder_input", decoder_input);
  const index_t batch = decoder_input.size(0);
  check(memory.defined() && memory.rank() == 3 && memory.size(0) == batch, "T5",
        "expected memory (B, S, C) of ", "the batch size of decoder_input ", decoder_input, ", got ", memory);
  for (const KVCache::Layer& layer : cache.layers)
    for (const Tensor* t : {&layer.self_attn.keys, &layer.cross_attn.keys})
      check(!t->defined() || t->rank() != 4 || t->size(0) == batch, "T5",
            "expected a cache of the batch size of decoder_input ", decoder_input, ", got cached keys ", *t);
  check_source_mask(source_mask, memory.size(0), memory.size(1));
  const NoGrad no_grad;
  KVCache next = cache;
  Tensor logits = logits_of(decoder(shared(decoder_input), memory, source_mask, &next).slice(1, -1));
  cache = std::move(next);
  return logits;
}

std::vector<std::vector<index_t>> T5::generate(const IntTensor& source,
                                               const T5GenerateOptions& generate_options) {
  check(generate_options.max_length >= 1, "T5", "expected max_length of at least 1, got ",
        generate_options.max_length);
  const EvaluationMode evaluation(*this);
  const Mask& mask = generate_options.source_mask;
  const Tensor memory = encode(source, mask);
  const index_t batch = source.size(0);
  KVCache cache;
  const NextLogits next_logits = [&](const IntTensor& last) {
    return forward(last.reshape({batch, 1}), memory, cache, mask).select(1, 0);
  };
  const IntTensor start(std::vector<index_t>(static_cast<std::size_t>(batch), options.pad), {batch});
  auto sequences = generate_tokens(start, generate_options.max_length, options.eos, next_logits, greedy);
  for (auto& ids : sequences)
    if (!ids.empty() && ids.back() == options.eos) ids.pop_back();
  return sequences;
}

std::vector<std::vector<Hypothesis>> T5::beam(const IntTensor& source, const std::vector<index_t>& lengths,
                                              BeamOptions beam_options) {
  check_ids("source", source);
  check_lengths("T5", source, lengths, 1);
  for (index_t i = 0; i < source.numel(); ++i) {
    const index_t b = i / source.size(1), s = i % source.size(1);
    const bool is_padding = !lengths.empty() && s >= lengths[static_cast<std::size_t>(b)];
    check(is_padding || (source[i] >= 0 && source[i] < options.vocab_size), "T5",
          "expected source ids in [0, ", options.vocab_size, "), got ", source[i], " at ", Shape{b, s});
  }
  beam_options.bos = options.pad;
  beam_options.eos = options.eos;
  check_beam_options(beam_options);
  const EvaluationMode evaluation(*this);
  const auto start = [&](index_t b, index_t s) -> DecodeStep {
    const Tensor memory = encode(source.slice(0, b, b + 1).slice(1, 0, s));
    return [this, memory, s, cache = KVCache()](const IntTensor& last,
                                                const std::vector<index_t>& parents) mutable {
      cache.reorder(parents);
      const Tensor memories = memory.expand({last.size(0), s, options.d_model});
      return log_softmax(forward(last.reshape({-1, 1}), memories, cache).select(1, 0), -1);
    };
  };
  return beam_search_batch(source, lengths, beam_options, start);
}

void T5::visit(Visitor& v) {
  v.child("shared", shared);
  v.child("encoder", encoder);
  v.child("decoder", decoder);
}

std::string T5::details() const {
  return concat("vocab_size=", options.vocab_size, ", d_model=", options.d_model, ", d_kv=", options.d_kv,
                ", nhead=", options.nhead);
}

}  // namespace heed::nn
