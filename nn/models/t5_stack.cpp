// t5_stack.cpp — distance buckets, attention with a position bias, the block, and the stack whose
// blocks share the bias.
#include <algorithm>
#include <cmath>

#include "autograd/ops/attention_masks.h"
#include "nn/feed_forward.h"
#include "nn/init.h"
#include "nn/layout.h"
#include "nn/models/t5.h"

namespace heed::nn {

T5Options validated(const T5Options& o) {
  check(o.vocab_size >= 1 && o.d_model >= 1 && o.d_kv >= 1 && o.d_ff >= 1 && o.nhead >= 1, "T5",
        "expected vocab_size, d_model, d_kv, d_ff and nhead of at least 1, got ", o.vocab_size, ", ",
        o.d_model, ", ", o.d_kv, ", ", o.d_ff, " and ", o.nhead);
  check(o.num_layers >= 0 && o.num_decoder_layers >= -1, "T5",
        "expected num_layers of at least 0 and num_decoder_layers of at least 0 (or -1 for num_layers), got ",
        o.num_layers, " and ", o.num_decoder_layers);
  check(o.num_buckets >= 4 && o.num_buckets % 4 == 0 && o.max_distance > o.num_buckets / 2, "T5",
        "expected num_buckets to be a multiple of 4 and max_distance to exceed num_buckets / 2, got ",
        o.num_buckets, " and ", o.max_distance);
  check(o.pad >= 0 && o.pad < o.vocab_size && o.eos >= 0 && o.eos < o.vocab_size, "T5",
        "expected pad and eos in [0, ", o.vocab_size, "), got ", o.pad, " and ", o.eos);
  return o;
}

static double root(index_t n) { return std::sqrt(static_cast<double>(n)); }

// Returns a layer without a bias, initialised from N(0, 1 / (in · scale)).
static Linear make_linear(index_t in, index_t out, Generator& gen, index_t scale = 1) {
  Linear layer({.in = in, .out = out, .bias = false}, gen);
  init::normal(layer.weight, gen, 0, 1 / root(in * scale));
  return layer;
}

// ---- distances and decoder input --------------------------------------------------------------------------

index_t relative_position_bucket(index_t distance, bool both_sides, index_t num_buckets,
                                 index_t max_distance) {
  const index_t n = both_sides ? num_buckets / 2 : num_buckets, near = n / 2;
  check(near >= 1 && max_distance > near, "relative_position_bucket", "expected max_distance to exceed ",
        near, ", the number of distances with separate buckets, got ", max_distance);
  distance = std::clamp(distance, -max_distance, max_distance);  // larger distances share one bucket
  const index_t first = both_sides && distance > 0 ? n : 0;      // keys after the query
  const index_t away = both_sides ? std::abs(distance) : std::max<index_t>(-distance, 0);
  if (away < near) return first + away;
  // Logarithms to base 2 are exact for powers of 2, and therefore for the limits of the usual
  // buckets.
  const double part = std::log2(static_cast<double>(away) / static_cast<double>(near)) /
                      std::log2(static_cast<double>(max_distance) / static_cast<double>(near));
  const auto far = static_cast<index_t>(part * static_cast<double>(n - near));
  return first + std::min(near + far, n - 1);
}

IntTensor shift_right(const IntTensor& labels, index_t start, index_t ignored) {
  check(labels.rank() == 2 && labels.size(1) >= 1, "shift_right",
        "expected labels (B, T) with at least one token, got ", labels);
  IntTensor shifted = IntTensor::zeros(labels.shape());
  const index_t t = labels.size(1);
  for (index_t i = 0; i < labels.numel(); ++i) {
    const index_t label = i % t == 0 ? start : labels[i - 1];
    shifted.values()[static_cast<std::size_t>(i)] = label == ignored ? start : label;
  }
  return shifted;
}

// ---- attention --------------------------------------------------------------------------------------------

T5Attention::T5Attention(T5Options o, Generator& gen)
    : options(validated(o)),
      q(make_linear(o.d_model, o.nhead * o.d_kv, gen, o.d_kv)),
      k(make_linear(o.d_model, o.nhead * o.d_kv, gen)),
      v(make_linear(o.d_model, o.nhead * o.d_kv, gen)),
      o(make_linear(o.nhead * o.d_kv, o.d_model, gen)),
      generator(gen.fork()) {}

KeysAndValues T5Attention::project(const Tensor& memory) const {
  return {split_heads(k(memory), options.nhead), split_heads(v(memory), options.nhead)};
}

Tensor T5Attention::forward(const Tensor& x, const KeysAndValues& memory, const Tensor& bias,
                            const Mask& mask, bool causal) {
  const Tensor y = scaled_dot_product_attention(split_heads(q(x), options.nhead), memory.keys, memory.values,
                                                {.mask = mask,
                                                 .causal = causal,
                                                 .dropout = training() ? options.dropout : 0,
                                                 .generator = &generator,
                                                 .scale = 1,
                                                 .bias = bias.defined() ? bias.unsqueeze(0) : bias});
  return o(join_heads(y));
}

void T5Attention::visit(Visitor& visitor) {
  visitor.child("q", q);
  visitor.child("k", k);
  visitor.child("v", v);
  visitor.child("o", o);
  visitor.generator("generator", generator);
}

// ---- block ------------------------------------------------------------------------------------------------

static RMSNormOptions norm_options(const T5Options& o) {
  return {.size = o.d_model, .eps = o.layer_norm_eps};
}

T5Block::T5Block(T5Options o, Generator& gen)
    : options(validated(o)),
      self_norm(norm_options(o)),
      self_attn(o, gen),
      ff_norm(norm_options(o)),
      wi(make_linear(o.d_model, o.d_ff, gen)),
      wo(make_linear(o.d_ff, o.d_model, gen)),
      dropout({.p = o.dropout}, gen) {
  if (!o.is_decoder) return;
  cross_norm.emplace(norm_options(o));
  cross_attn.emplace(o, gen);
}

static bool any(const KeysAndValues& cached) { return cached.keys.defined() || cached.values.defined(); }

// Requires `length` cached tokens; the keys and values of the memory may still be missing.
static void check_layer(const char* op, const KVCache::Layer& layer, const T5Options& o, const Tensor& x,
                        const Tensor& memory, index_t length) {
  const Shape target{x.size(0), o.nhead, length, o.d_kv}, source{x.size(0), o.nhead, memory.size(1), o.d_kv};
  if (length > 0 || any(layer.self_attn))
    check_keys_and_values(op, "self-attention", layer.self_attn, target, x.dtype());
  if (any(layer.cross_attn))
    check_keys_and_values(op, "cross-attention", layer.cross_attn, source, x.dtype());
}

// Requires x (B, T, C) and, for a decoder, a memory (B, S, C) of the same dtype. Only a decoder may
// have a cache.
static void check_inputs(const char* op, const T5Options& o, const Tensor& x, const Tensor& memory,
                         bool cached) {
  check(x.defined() && x.rank() == 3 && x.size(2) == o.d_model, op, "expected x (B, T, ", o.d_model,
        "), got ", x);
  check(!cached || o.is_decoder, op, "expected no cache in an encoder, got one. Hint: is_decoder = true");
  if (!o.is_decoder) return;
  check(memory.defined() && memory.rank() == 3 && memory.size(0) == x.size(0) && memory.size(2) == o.d_model,
        op, "expected memory (B, S, C) = (", x.size(0), ", S, ", o.d_model, "), got ", memory);
  check(memory.dtype() == x.dtype(), op, "expected memory of x's dtype ", heed::name(x.dtype()), ", got ",
        heed::name(memory.dtype()));
}

// Clears the positions of x (B, S, C) that no query may attend to under the mask (B, 1, 1, S).
static Tensor without_padding(const Tensor& x, const Mask& mask, index_t queries, const T5Options& o) {
  check_mask("T5", "mask", mask, {true, x.size(0), o.nhead, queries, x.size(1)});
  return clear_positions(x, ops::attended_positions(mask, {}, queries, x.size(1)).keys, true);
}

Tensor T5Block::forward(const Tensor& x, const T5Context& context, KVCache::Layer* cache) {
  check_inputs("T5Block", options, x, context.memory, cache != nullptr);
  KVCache::Layer next;
  if (cache) {
    const Tensor& keys = cache->self_attn.keys;
    const index_t length = keys.defined() && keys.rank() == 4 ? keys.size(2) : 0;
    check_layer("T5Block", *cache, options, x, context.memory, length);
    next = *cache;
  }
  KVCache::Layer* const updated = cache ? &next : nullptr;
  constexpr bool pre_ln = true;
  const Tensor in = options.is_decoder ? x : without_padding(x, context.mask, x.size(1), options);
  Tensor h =
      residual(in, self_norm, pre_ln, [&](const Tensor& y) { return dropout(attend(y, context, updated)); });
  if (cross_attn)
    h = residual(h, *cross_norm, pre_ln,
                 [&](const Tensor& y) { return dropout(cross_attend(y, context, updated)); });
  h = residual(h, ff_norm, pre_ln,
               [&](const Tensor& y) { return dropout(feed_forward(y, Activation::relu, wi, dropout, wo)); });
  if (cache) *cache = next;
  return h;
}

// Concatenating reads all cached tokens, but so does attention.
static Tensor append(const Tensor& cached, const Tensor& added) {
  return cached.defined() ? cat({cached, added}, 2) : added;
}

Tensor T5Block::attend(const Tensor& x, const T5Context& context, KVCache::Layer* cache) {
  KeysAndValues kv = self_attn.project(x);
  if (cache) {
    kv = {append(cache->self_attn.keys, kv.keys), append(cache->self_attn.values, kv.values)};
    cache->self_attn = kv;
  }
  return self_attn(x, kv, context.bias, options.is_decoder ? Mask() : context.mask, options.is_decoder);
}

Tensor T5Block::cross_attend(const Tensor& x, const T5Context& context, KVCache::Layer* cache) {
  const auto project = [&] {
    return cross_attn->project(without_padding(context.memory, context.mask, x.size(1), options));
  };
  if (!cache) return (*cross_attn)(x, project(), Tensor(), context.mask, false);
  if (!cache->cross_attn.keys.defined()) cache->cross_attn = project();
  return (*cross_attn)(x, cache->cross_attn, Tensor(), context.mask, false);
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

// ---- stack ------------------------------------------------------------------------------------------------

T5Stack::T5Stack(T5Options o, Generator& gen)
    : options(validated(o)),
      relative_attention_bias({.num_embeddings = o.num_buckets, .embedding_dim = o.nhead}, gen),
      final_norm(norm_options(o)),
      dropout({.p = o.dropout}, gen) {
  init::normal(relative_attention_bias.weight, gen, 0, 1 / root(o.d_model));
  const index_t layers = o.is_decoder && o.num_decoder_layers >= 0 ? o.num_decoder_layers : o.num_layers;
  for (index_t i = 0; i < layers; ++i) block.emplace_back(o, gen);
}

Tensor T5Stack::position_bias(index_t t, index_t s) const {
  std::vector<index_t> by_distance;  // from 1 - s (first key, last query) to t - 1
  for (index_t distance = 1 - s; distance < t; ++distance)
    by_distance.push_back(
        relative_position_bucket(distance, !options.is_decoder, options.num_buckets, options.max_distance));
  IntTensor buckets = IntTensor::zeros({t, s});
  for (index_t i = 0; i < t; ++i)  // key 0 has the distance t - s - i
    std::copy_n(by_distance.begin() + (t - 1 - i), s, buckets.values().begin() + i * s);
  return relative_attention_bias(buckets).permute({2, 0, 1}).contiguous();
}

void T5Stack::check_cache(const KVCache& cache, const Tensor& x, const Tensor& memory) const {
  check_layer_count("T5", cache, block.size());
  check(cache.length >= 0, "T5", "expected a cache of at least 0 tokens, got one of ", cache.length);
  for (const KVCache::Layer& layer : cache.layers) check_layer("T5", layer, options, x, memory, cache.length);
  check_owner("T5", cache, relative_attention_bias.weight);
}

Tensor T5Stack::forward(const Tensor& x, const Tensor& memory, const Mask& mask, KVCache* cache) {
  check_inputs("T5Stack", options, x, memory, cache != nullptr);
  if (mask.defined()) {
    const index_t keys = (options.is_decoder ? memory : x).size(1);
    check_mask("T5Stack", "mask", mask, {true, x.size(0), options.nhead, x.size(1), keys});
  }
  KVCache next;
  if (cache) {
    check_cache(*cache, x, memory);
    next = *cache;
    next.layers.resize(block.size());
  }
  const index_t t = x.size(1), s = t + next.length;
  const T5Context context{.bias = position_bias(t, s), .mask = with_score_axes(mask, true), .memory = memory};
  Tensor h = dropout(x);
  for (std::size_t i = 0; i < block.size(); ++i) h = block[i](h, context, cache ? &next.layers[i] : nullptr);
  Tensor y = dropout(final_norm(h));
  if (!cache) return y;
  next.length = s;
  next.owner.set(relative_attention_bias.weight);
  *cache = std::move(next);
  return y;
}

void T5Stack::visit(Visitor& v) {
  v.child("relative_attention_bias", relative_attention_bias);
  v.child("block", block);
  v.child("final_norm", final_norm);
  v.child("dropout", dropout);
}

}  // namespace heed::nn
