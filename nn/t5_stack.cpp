// t5_stack.cpp — buckets, attention with a bias, the block, and the stack whose blocks share the bias.
#include <algorithm>
#include <cmath>

#include "autograd/ops/attention_masks.h"
#include "nn/init.h"
#include "nn/layout.h"
#include "nn/t5.h"

namespace heed::nn {

T5Options T5Options::checked() const {
  const T5Options& o = *this;
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
    : options(o.checked()),
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
                                                     .bias = bias.defined() ? bias.unsqueeze(0) : bias});
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
    : options(o.checked()),
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

// x (B, S, C) with its padding cleared: the positions that no query may attend to by the mask
// (B, 1, 1, S).
static Tensor without_padding(const Tensor& x, const Mask& mask, index_t queries, const T5Options& o) {
  check_mask("T5", "mask", mask, {true, x.size(0), o.nhead, queries, x.size(1)});
  return clear_positions(x, ops::attended_positions(mask, {}, queries, x.size(1)).keys, true);
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
  const Tensor in = options.is_decoder ? x : without_padding(x, context.mask, x.size(1), options);
  Tensor h = in + dropout(attend(self_norm(in), context, cached));
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
  const auto project = [&] {
    return cross_attn->project(without_padding(context.memory, context.mask, x.size(1), options));
  };
  if (!kept) return (*cross_attn)(x, project(), Tensor(), context.mask, false);
  if (!kept->memory.keys.defined()) kept->memory = project();
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
    : options(o.checked()),
      relative_attention_bias({.num_embeddings = o.num_buckets, .embedding_dim = o.nhead}, gen),
      final_norm(norm_of(o)),
      dropout({.p = o.dropout}, gen) {
  init::normal(relative_attention_bias.weight, gen, 0, 1 / root(o.d_model));
  const index_t layers = o.is_decoder && o.num_decoder_layers >= 0 ? o.num_decoder_layers : o.num_layers;
  for (index_t i = 0; i < layers; ++i) block.emplace_back(o, gen);
}

Tensor T5Stack::position_bias(index_t t, index_t s) const {
  std::vector<index_t> by_distance;  // from 1 - s, of the first key and the last query, to t - 1
  for (index_t distance = 1 - s; distance < t; ++distance)
    by_distance.push_back(
        relative_position_bucket(distance, !options.is_decoder, options.num_buckets, options.max_distance));
  IntTensor buckets = IntTensor::zeros({t, s});
  for (index_t i = 0; i < t; ++i)  // the distance of key 0 is t - s - i
    std::copy_n(by_distance.begin() + (t - 1 - i), s, buckets.values().begin() + i * s);
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
  if (mask.defined()) {
    const index_t keys = (options.is_decoder ? memory : x).size(1);
    check_mask("T5Stack", "mask", mask, {true, x.size(0), options.nhead, x.size(1), keys});
  }
  T5Cache next;
  if (cache) {
    check_cache(*cache, x, memory);
    next = *cache;
    next.layers.resize(block.size());
  }
  const index_t t = x.size(1), s = t + next.length;
  const T5Context context{.bias = position_bias(t, s), .mask = over_scores(mask, true), .memory = memory};
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

}  // namespace heed::nn
