// t5.cpp — the whole model: an encoder and a decoder (t5_stack.cpp) that share the embedding, generation, and config.json.
#include "nn/models/t5.h"

#include <algorithm>
#include <cmath>

namespace heed::nn {

// ---- the model --------------------------------------------------------------------------------------------

static T5Options decoder_of(T5Options o) {
  o.is_decoder = true;
  return o;
}

T5::T5(T5Options o, Generator& gen)
    : options(o.checked()),
      shared({.num_embeddings = o.vocab_size, .embedding_dim = o.d_model}, gen),
      encoder(o, gen),
      decoder(decoder_of(o), gen) {}

static void check_ids(const char* what, const IntTensor& ids) {
  check(ids.rank() == 2 && ids.size(1) >= 1, "T5", what, " must be (B, T) with at least one word, got ",
        ids.shape());
}

static void check_mask(const Mask& mask, index_t batch, index_t words) {
  check(!mask.defined() || mask.shape() == Shape{batch, 1, words}, "T5", "source_mask ", mask.shape(),
        " must be (B, 1, S) = ", Shape{batch, 1, words}, ". Hint: not_padding(source, pad)");
}

Tensor T5::encode(const IntTensor& source, const Mask& source_mask) {
  check_ids("source", source);
  check_mask(source_mask, source.size(0), source.size(1));
  return encoder(shared(source), Tensor(), source_mask);
}

// The factor makes up for the length of the embedding's rows: with it logits start with a variance of about 1.
Tensor T5::scores(const Tensor& hidden) const {
  return linear(hidden * (1 / std::sqrt(static_cast<double>(options.d_model))), shared.weight);
}

Tensor T5::forward(const IntTensor& source, const IntTensor& given, const Mask& source_mask) {
  check_ids("source", source), check_ids("given", given);
  check(given.size(0) == source.size(0), "T5", "source ", source.shape(), " and given ", given.shape(),
        " are not of one batch size");
  const Tensor memory = encode(source, source_mask);
  return scores(decoder(shared(given), memory, source_mask));
}

Tensor T5::forward(const IntTensor& given, const Tensor& memory, T5Cache& cache, const Mask& source_mask) {
  check_ids("given", given);
  check(!memory.defined() || memory.rank() == 3, "T5", "expected memory (B, S, C), got ",
        memory.defined() ? to_string(memory.shape()) : "");
  check(memory.defined() && memory.size(0) == given.size(0), "T5", "memory ",
        memory.defined() ? to_string(memory.shape()) : "(undefined)", " and given ", given.shape(),
        " are not of one batch size");
  for (const T5Cache::Layer& layer : cache.layers)
    for (const Tensor* t : {&layer.written.keys, &layer.memory.keys})
      check(!t->defined() || t->rank() != 4 || t->size(0) == given.size(0), "T5",
            "the cache is of another batch size than given ", given.shape());
  check_mask(source_mask, memory.size(0), memory.size(1));
  const NoGrad no_grad;
  T5Cache next = cache;
  Tensor logits = scores(decoder(shared(given), memory, source_mask, &next).slice(1, -1));
  cache = std::move(next);
  return logits;
}

std::vector<std::vector<index_t>> T5::generate(const IntTensor& source, const T5WriteOptions& how) {
  check(how.max_length >= 1, "T5", "max_length must be at least 1, got ", how.max_length);
  const EvaluationMode evaluation(*this);
  const Tensor memory = encode(source, how.source_mask);
  std::vector<std::vector<index_t>> texts(static_cast<std::size_t>(source.size(0)));
  std::vector<bool> ended(texts.size(), false);
  T5Cache cache;
  IntTensor last(std::vector<index_t>(texts.size(), options.pad), {source.size(0), 1});
  for (index_t i = 0; i < how.max_length && std::count(ended.begin(), ended.end(), false) > 0; ++i) {
    last = argmax(forward(last, memory, cache, how.source_mask), -1);
    for (std::size_t b = 0; b < texts.size(); ++b) {
      const index_t word = last.values()[b];
      ended[b] = ended[b] || word == options.eos;
      if (!ended[b]) texts[b].push_back(word);
    }
  }
  return texts;
}

void T5Cache::pick(const std::vector<index_t>& parents) {
  const IntTensor rows(parents, {static_cast<index_t>(parents.size())});
  std::vector<Layer> picked = layers;
  for (Layer& layer : picked)
    for (Tensor* t : {&layer.written.keys, &layer.written.values, &layer.memory.keys, &layer.memory.values}) {
      check(t->defined() && t->rank() == 4, "T5Cache",
            "expected keys and values (B, H, S, D) in each layer, got ",
            t->defined() ? to_string(t->shape()) : "an undefined tensor");
      for (const index_t row : parents)
        check(row >= 0 && row < t->size(0), "T5Cache", "expected parents in [0, ", t->size(0), "), got ",
              row);
      *t = index_select(*t, 0, rows);
    }
  layers = std::move(picked);
}

std::vector<std::vector<Hypothesis>> T5::beam(const IntTensor& source, const std::vector<index_t>& lengths,
                                              BeamOptions how) {
  check_ids("source", source);
  check(lengths.empty() || static_cast<index_t>(lengths.size()) == source.size(0), "T5", lengths.size(),
        " lengths for source ", source.shape());
  for (std::size_t b = 0; b < lengths.size(); ++b)
    check(lengths[b] >= 1 && lengths[b] <= source.size(1), "T5", "expected lengths in [1, ", source.size(1),
          "], got ", lengths[b], " for sample ", b);
  for (index_t i = 0; i < source.numel(); ++i) {
    const index_t b = i / source.size(1), s = i % source.size(1);
    const bool padding = !lengths.empty() && s >= lengths[static_cast<std::size_t>(b)];
    check(padding || (source[i] >= 0 && source[i] < options.vocab_size), "T5", "expected source ids in [0, ",
          options.vocab_size, "), got ", source[i], " at ", Shape{b, s});
  }
  how.bos = options.pad, how.eos = options.eos;
  check_beam_options(how);
  const EvaluationMode evaluation(*this);
  std::vector<std::vector<Hypothesis>> texts;
  for (index_t b = 0; b < source.size(0); ++b) {  // alone, so that nothing is padded
    const index_t s = lengths.empty() ? source.size(1) : lengths[static_cast<std::size_t>(b)];
    const Tensor memory = encode(source.slice(0, b, b + 1).slice(1, 0, s));
    T5Cache cache;
    texts.push_back(beam_search(how, [&](const IntTensor& last, const std::vector<index_t>& parents) {
      cache.pick(parents);
      const Tensor same = memory.expand({last.size(0), s, options.d_model});
      return log_softmax(forward(last.reshape({-1, 1}), same, cache).select(1, 0), -1);
    }));
  }
  return texts;
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

// ---- published settings ------------------------------------------------------------------------------------

static std::span<const ConfigMember> t5_members() {
  using enum MemberKind;
  static constexpr ConfigMember table[] = {
      {"model_type", fixed, "'t5'"},
      {"architectures", fixed, "'T5ForConditionalGeneration' | 'T5WithLMHeadModel' | 'T5Model' | null"},
      {"vocab_size", size},
      {"d_model", size},
      {"d_kv", size},
      {"d_ff", size},
      {"num_heads", size},
      {"num_layers", count},
      {"num_decoder_layers", count, "null"},
      {"relative_attention_num_buckets", size},
      {"relative_attention_max_distance", size},
      {"dropout_rate", rate},
      {"layer_norm_epsilon", epsilon},
      {"pad_token_id", id},
      {"eos_token_id", id},
      {"decoder_start_token_id", id, "null"},
      {"hidden_size", alias, "d_model"},
      {"head_dim", alias, "d_kv"},
      {"num_attention_heads", alias, "num_heads"},
      {"num_hidden_layers", alias, "num_layers"},
      // T5 1.1 and Flan-T5 have a gated feed-forward and an output layer of their own, whose input
      // is not scaled.
      {"feed_forward_proj", fixed, "'relu'"},
      {"dense_act_fn", fixed, "'relu'"},
      {"is_gated_act", fixed, "false | null"},
      {"tie_word_embeddings", fixed, "true"},
      {"scale_decoder_outputs", fixed, "true"},
      {"is_encoder_decoder", fixed, "true"},
      {"initializer_factor", unused},
      {"classifier_dropout", unused},
      {"n_positions", unused},  // of the texts it was trained on; relative positions have no limit
  };
  return table;
}

T5Options T5::from_config(const Config& file) {
  const Config c = file.checked({t5_members()});
  const index_t pad = c.whole_or("pad_token_id", 0);
  c.require(c.whole_or("decoder_start_token_id", pad) == pad, "'decoder_start_token_id' is ",
            c.whole_or("decoder_start_token_id", pad), "; this model starts with 'pad_token_id', ", pad);
  const index_t layers = c.whole("num_layers");
  return {.vocab_size = c.whole("vocab_size"),
          .d_model = c.whole("d_model"),
          .d_kv = c.whole("d_kv"),
          .d_ff = c.whole("d_ff"),
          .nhead = c.whole("num_heads"),
          .num_layers = layers,
          .num_decoder_layers = c.whole_or("num_decoder_layers", layers),
          .num_buckets = c.whole("relative_attention_num_buckets"),
          .max_distance = c.whole_or("relative_attention_max_distance", 128),
          .dropout = c.number("dropout_rate"),
          .layer_norm_eps = c.number("layer_norm_epsilon"),
          .pad = pad,
          .eos = c.whole_or("eos_token_id", 1)};
}

}  // namespace heed::nn
