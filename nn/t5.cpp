// t5.cpp — buckets, attention with a bias, the block, the stack that shares its bias, and the model.
#include "nn/t5.h"

#include <algorithm>
#include <cmath>

#include "nn/init.h"

namespace heed::nn {

static T5Options checked(const T5Options& o) {
  check(o.vocab_size >= 1 && o.d_model >= 1 && o.d_kv >= 1 && o.d_ff >= 1 && o.nhead >= 1, "T5",
        "vocab_size, d_model, d_kv, d_ff and nhead must be at least 1, got ", o.vocab_size, ", ", o.d_model,
        ", ", o.d_kv, ", ", o.d_ff, " and ", o.nhead);
  check(o.num_layers >= 0 && o.num_decoder_layers >= -1, "T5",
        "num_layers must not be negative, nor num_decoder_layers (-1: as many), got ", o.num_layers, " and ",
        o.num_decoder_layers);
  check(o.num_buckets >= 4 && o.num_buckets % 4 == 0 && o.max_distance > o.num_buckets / 2, "T5",
        "num_buckets must be a multiple of 4 and max_distance more than its half, got ", o.num_buckets,
        " and ", o.max_distance);
  check(o.pad >= 0 && o.pad < o.vocab_size && o.eos >= 0 && o.eos < o.vocab_size, "T5", "pad ", o.pad,
        " and eos ", o.eos, " must be among the ", o.vocab_size, " ids");
  return o;
}

static double root(index_t n) { return std::sqrt(static_cast<double>(n)); }

// A layer without a bias, from N(0, 1 / (in · more)).
static Linear make(index_t in, index_t out, Generator& gen, index_t more = 1) {
  Linear layer({.in = in, .out = out, .bias = false}, gen);
  init::normal(layer.weight, gen, 0, 1 / root(in * more));
  return layer;
}

// ---- words and distances ----------------------------------------------------------------------------------

index_t relative_position_bucket(index_t distance, bool both_sides, index_t num_buckets,
                                 index_t max_distance) {
  const index_t n = both_sides ? num_buckets / 2 : num_buckets, near = n / 2;
  check(near >= 1 && max_distance > near, "relative_position_bucket", "max_distance ", max_distance,
        " must be more than the ", near, " distances that have a bucket each");
  distance = std::clamp(distance, -max_distance, max_distance);  // all beyond share one bucket
  const index_t first = both_sides && distance > 0 ? n : 0;      // keys after the query
  const index_t away = both_sides ? std::abs(distance) : std::max<index_t>(-distance, 0);
  if (away < near) return first + away;
  // Logarithms to base 2 of the powers of 2 are exact, and with them the borders between the usual buckets.
  const double part = std::log2(static_cast<double>(away) / static_cast<double>(near)) /
                      std::log2(static_cast<double>(max_distance) / static_cast<double>(near));
  const auto far = static_cast<index_t>(part * static_cast<double>(n - near));
  return first + std::min(near + far, n - 1);
}

IntTensor shift_right(const IntTensor& labels, index_t start, index_t ignored) {
  check(labels.rank() == 2 && labels.size(1) >= 1, "shift_right",
        "labels must be (B, T) with at least one word, got ", labels.shape());
  IntTensor given = IntTensor::zeros(labels.shape());
  const index_t t = labels.size(1);
  for (index_t i = 0; i < labels.numel(); ++i) {
    const bool first = i % t == 0;
    const index_t word = first ? start : labels[i - 1];
    given.values()[static_cast<std::size_t>(i)] = word == ignored ? start : word;
  }
  return given;
}

// ---- attention --------------------------------------------------------------------------------------------

T5Attention::T5Attention(T5Options o, Generator& gen)
    : options(checked(o)),
      q(make(o.d_model, o.nhead * o.d_kv, gen, o.d_kv)),
      k(make(o.d_model, o.nhead * o.d_kv, gen)),
      v(make(o.d_model, o.nhead * o.d_kv, gen)),
      o(make(o.nhead * o.d_kv, o.d_model, gen)),
      generator(gen.fork()) {}

// (B, T, H·D) -> (B, H, T, D)
static Tensor heads(const Tensor& x, const T5Options& o) {
  return x.reshape({x.size(0), x.size(1), o.nhead, o.d_kv}).transpose(1, 2);
}

T5Attention::KeysAndValues T5Attention::project(const Tensor& memory) const {
  return {heads(k(memory), options), heads(v(memory), options)};
}

Tensor T5Attention::forward(const Tensor& x, const KeysAndValues& memory, const Tensor& bias,
                            const Mask& mask, bool causal) {
  const Tensor mixed = scaled_dot_product_attention(heads(q(x), options), memory.keys, memory.values,
                                                    {.mask = mask,
                                                     .causal = causal,
                                                     .dropout = training() ? options.dropout : 0,
                                                     .generator = &generator,
                                                     .scale = 1,
                                                     .bias = bias});
  return o(mixed.transpose(1, 2).reshape({x.size(0), x.size(1), options.nhead * options.d_kv}));
}

void T5Attention::visit(Visitor& v_) {
  v_.child("q", q);
  v_.child("k", k);
  v_.child("v", v);
  v_.child("o", o);
  v_.generator("generator", generator);
}

// ---- the block --------------------------------------------------------------------------------------------

static RMSNormOptions norm_of(const T5Options& o) { return {.size = o.d_model, .eps = o.layer_norm_eps}; }

T5Block::T5Block(T5Options o, Generator& gen)
    : options(checked(o)),
      self_norm(norm_of(o)),
      self_attn(o, gen),
      ff_norm(norm_of(o)),
      wi(make(o.d_model, o.d_ff, gen)),
      wo(make(o.d_ff, o.d_model, gen)),
      dropout({.p = o.dropout}, gen) {
  if (!o.is_decoder) return;
  cross_norm.emplace(norm_of(o));
  cross_attn.emplace(o, gen);
}

// A pair that is cached is whole, and (B, H, S, D) of the expected dtype.
static void check_cached(const char* op, const char* what, const T5Attention::KeysAndValues& cached,
                         const Shape& expected, DType dtype) {
  for (const Tensor* t : {&cached.keys, &cached.values}) {
    const char* part = t == &cached.keys ? " keys " : " values ";
    check(t->defined(), op, "expected cached ", what, part, expected, ", got an undefined tensor");
    check(t->shape() == expected && t->dtype() == dtype, op, "expected cached ", what, part,
          "(B, H, S, D) = ", expected, " of ", name(dtype), ", got ", t->shape(), " of ", name(t->dtype()),
          "; a cache belongs to the model that filled it. Hint: start with an empty T5Cache");
  }
}

static bool any(const T5Attention::KeysAndValues& cached) {
  return cached.keys.defined() || cached.values.defined();
}

// `length` tokens have been written; the memory's keys and values may still be missing.
static void check_layer(const char* op, const T5Cache::Layer& layer, const T5Options& o, const Tensor& x,
                        const Tensor& memory, index_t length) {
  const Shape written{x.size(0), o.nhead, length, o.d_kv};
  if (length > 0 || any(layer.written)) check_cached(op, "target", layer.written, written, x.dtype());
  const Shape read{x.size(0), o.nhead, memory.size(1), o.d_kv};
  if (any(layer.memory)) check_cached(op, "memory", layer.memory, read, x.dtype());
}

static std::string shape_of(const Tensor& t) {
  return t.defined() ? to_string(t.shape()) : "an undefined tensor";
}

// x (B, T, C), and for a decoder a memory (B, S, C) of the same dtype; only a decoder has a cache.
// Each token comes here, so a message is formatted only if a check fails.
static void check_inputs(const char* op, const T5Options& o, const Tensor& x, const Tensor& memory,
                         bool cached) {
  if (!x.defined() || x.rank() != 3 || x.size(2) != o.d_model)
    fail(op, "x must be (B, T, ", o.d_model, "), got ", shape_of(x));
  check(!cached || o.is_decoder, op, "a cache needs a decoder. Hint: is_decoder = true");
  if (!o.is_decoder) return;
  if (!memory.defined() || memory.rank() != 3 || memory.size(0) != x.size(0) || memory.size(2) != o.d_model)
    fail(op, "expected memory (B, S, C) = (", x.size(0), ", S, ", o.d_model, "), got ", shape_of(memory));
  check(memory.dtype() == x.dtype(), op, "x is ", name(x.dtype()), " and memory ", name(memory.dtype()),
        "; dtypes must agree");
}

Tensor T5Block::forward(const Tensor& x, const T5Context& context, T5Cache::Layer* kept) {
  check_inputs("T5Block", options, x, context.memory, kept != nullptr);
  T5Cache::Layer next;
  if (kept) {
    const Tensor& keys = kept->written.keys;
    const index_t length = keys.defined() && keys.rank() == 4 ? keys.size(2) : 0;
    check_layer("T5Block", *kept, options, x, context.memory, length);
    next = *kept;
  }
  T5Cache::Layer* const cached = kept ? &next : nullptr;
  Tensor h = x + dropout(attend(self_norm(x), context, cached));
  if (cross_attn) h = h + dropout(look((*cross_norm)(h), context, cached));
  Tensor y = h + dropout(wo(dropout(relu(wi(ff_norm(h))))));
  if (kept) *kept = next;
  return y;
}

// Words are kept by joining the old and the new: that reads all of them, and so does attention.
static Tensor joined(const Tensor& old, const Tensor& more) {
  return old.defined() ? cat({old, more}, 2) : more;
}

Tensor T5Block::attend(const Tensor& x, const T5Context& context, T5Cache::Layer* kept) {
  T5Attention::KeysAndValues words = self_attn.project(x);
  if (kept) {
    words = {joined(kept->written.keys, words.keys), joined(kept->written.values, words.values)};
    kept->written = words;
  }
  return self_attn(x, words, context.bias, options.is_decoder ? Mask() : context.mask, options.is_decoder);
}

Tensor T5Block::look(const Tensor& x, const T5Context& context, T5Cache::Layer* kept) {
  if (!kept) return (*cross_attn)(x, cross_attn->project(context.memory), Tensor(), context.mask, false);
  if (!kept->memory.keys.defined()) kept->memory = cross_attn->project(context.memory);
  return (*cross_attn)(x, kept->memory, Tensor(), context.mask, false);
}

void T5Block::visit(Visitor& v) {
  v.child("self_norm", self_norm);
  v.child("self_attn", self_attn);
  v.child("cross_norm", cross_norm);
  v.child("cross_attn", cross_attn);
  v.child("ff_norm", ff_norm);
  v.child("wi", wi);
  v.child("wo", wo);
  v.child("dropout", dropout);
}

// ---- the stack --------------------------------------------------------------------------------------------

T5Stack::T5Stack(T5Options o, Generator& gen)
    : options(checked(o)),
      relative_attention_bias({.num_embeddings = o.num_buckets, .embedding_dim = o.nhead}, gen),
      final_norm(norm_of(o)),
      dropout({.p = o.dropout}, gen) {
  init::normal(relative_attention_bias.weight, gen, 0, 1 / root(o.d_model));
  const index_t layers = o.is_decoder && o.num_decoder_layers >= 0 ? o.num_decoder_layers : o.num_layers;
  for (index_t i = 0; i < layers; ++i) block.emplace_back(o, gen);
}

Tensor T5Stack::position_bias(index_t t, index_t s) const {
  IntTensor buckets = IntTensor::zeros({t, s});
  for (index_t i = 0; i < t; ++i)
    for (index_t key = 0; key < s; ++key)
      buckets.values()[static_cast<std::size_t>(i * s + key)] = relative_position_bucket(
          key - (s - t + i), !options.is_decoder, options.num_buckets, options.max_distance);
  return relative_attention_bias(buckets).permute({2, 0, 1}).contiguous();
}

void T5Stack::check_cache(const T5Cache& cache, const Tensor& x, const Tensor& memory) const {
  const bool unused = cache.layers.empty() && cache.length == 0;
  check(unused || cache.layers.size() == block.size(), "T5", "expected a cache of ", block.size(),
        " layers, as the decoder has, got one of ", cache.layers.size(),
        "; a cache belongs to the model that filled it. Hint: start with an empty T5Cache");
  check(cache.length >= 0, "T5", "expected a cache of at least 0 tokens, got one of ", cache.length);
  for (const T5Cache::Layer& layer : cache.layers) check_layer("T5", layer, options, x, memory, cache.length);
  check(unused || cache.owner.admits(relative_attention_bias.weight), "T5",
        "the cache was filled by another model of the same sizes; its keys and values come from other "
        "weights. Hint: start with an empty T5Cache");
}

Tensor T5Stack::forward(const Tensor& x, const Tensor& memory, const Mask& mask, T5Cache* cache) {
  check_inputs("T5Stack", options, x, memory, cache != nullptr);
  const Shape scores{x.size(0), x.size(1), options.is_decoder ? memory.size(1) : x.size(1)};
  const bool broadcasts =
      !mask.defined() || (mask.rank() == 3 && broadcast_shapes("T5Stack", scores, mask.shape()) == scores);
  check(broadcasts, "T5Stack", "expected a mask that broadcasts to (B, T, S) = ", scores, ", got ",
        mask.shape());
  T5Cache next;
  if (cache) {
    check_cache(*cache, x, memory);
    next = *cache;
    next.layers.resize(block.size());
  }
  const index_t t = x.size(1), s = t + next.length;
  const T5Context context{
      .bias = position_bias(t, s), .mask = mask.defined() ? mask.unsqueeze(1) : mask, .memory = memory};
  Tensor h = dropout(x);
  for (std::size_t i = 0; i < block.size(); ++i) h = block[i](h, context, cache ? &next.layers[i] : nullptr);
  Tensor y = dropout(final_norm(h));
  next.length = s;
  next.owner.set(relative_attention_bias.weight);
  if (cache) *cache = std::move(next);
  return y;
}

void T5Stack::visit(Visitor& v) {
  v.child("relative_attention_bias", relative_attention_bias);
  v.child("block", block);
  v.child("final_norm", final_norm);
  v.child("dropout", dropout);
}

// ---- the model --------------------------------------------------------------------------------------------

static T5Options decoder_of(T5Options o) {
  o.is_decoder = true;
  return o;
}

T5::T5(T5Options o, Generator& gen)
    : options(checked(o)),
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
  return linear(hidden * (1 / root(options.d_model)), shared.weight);
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
  check(memory.defined() && memory.rank() == 3 && memory.size(0) == given.size(0), "T5", "memory ",
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
