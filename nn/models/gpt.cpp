#include "nn/models/gpt.h"

#include <algorithm>
#include <cmath>

#include "nn/feed_forward.h"
#include "nn/init.h"
#include "nn/layout.h"
#include "nn/models/generation.h"

namespace heed::nn {

// ---- options and initialisation ---------------------------------------------------------------------------

static GPTOptions validated(const GPTOptions& o) {
  check(o.vocab_size >= 1 && o.context >= 1 && o.num_layers >= 0, "GPT",
        "expected vocab_size and context of at least 1 and num_layers of at least 0, got ", o.vocab_size,
        ", ", o.context, " and ", o.num_layers);
  check(o.d_model >= 1 && o.nhead >= 1, "GPT", "expected d_model and nhead of at least 1, got ", o.d_model,
        " and ", o.nhead);
  check(o.d_model % o.nhead == 0, "GPT", "expected nhead to divide d_model, got nhead = ", o.nhead,
        " and d_model = ", o.d_model);
  return o;
}

static void initialise(Linear& layer, double deviation, Generator& gen) {
  init::normal(layer.weight, gen, 0, deviation);
  init::zeros(layer.bias);
}

// The standard deviation of the last layer of a sublayer. Every block adds two sublayers to the
// residual stream; smaller weights keep its variance from growing with the depth.
static double residual_deviation(const GPTOptions& o) {
  return 0.02 / std::sqrt(2.0 * static_cast<double>(std::max<index_t>(o.num_layers, 1)));
}

static Shape cache_shape(const GPTOptions& o, index_t batch) {
  return {batch, o.nhead, o.context, o.d_model / o.nhead};
}

// ---- attention --------------------------------------------------------------------------------------------

CausalSelfAttention::CausalSelfAttention(GPTOptions o, Generator& gen)
    : options(validated(o)),
      c_attn({.in = o.d_model, .out = 3 * o.d_model}, gen),
      c_proj({.in = o.d_model, .out = o.d_model}, gen),
      resid_dropout({.p = o.dropout}, gen),
      generator(gen.fork()) {
  initialise(c_attn, 0.02, gen);
  initialise(c_proj, residual_deviation(o), gen);
}

// Writes keys and values (B, H, T, D) at `position` and returns all of the sequence so far.
static KeysAndValues append(KVCache::Layer& cache, const KeysAndValues& added, index_t position) {
  const index_t end = position + added.keys.size(2);
  KeysAndValues& cached = cache.self_attn;
  cached.keys.slice(2, position, end).copy_(added.keys);
  cached.values.slice(2, position, end).copy_(added.values);
  return {cached.keys.slice(2, 0, end), cached.values.slice(2, 0, end)};
}

Tensor CausalSelfAttention::forward(const Tensor& x, KVCache::Layer* cache, index_t position) {
  const char* op = "CausalSelfAttention";
  check(x.defined() && x.rank() == 3 && x.size(2) == options.d_model, op, "expected x (B, T, ",
        options.d_model, "), got ", x);
  if (cache) {
    const index_t t = x.size(1);
    check_keys_and_values(op, "self-attention", cache->self_attn, cache_shape(options, x.size(0)), x.dtype());
    check(position >= 0 && position <= options.context - t, op, "expected a position in [0, ",
          options.context - t, "] for ", t, " tokens and a context of ", options.context, ", got ", position);
  }
  const auto parts = split_qkv(c_attn(x), options.nhead);  // three of (B, H, T, D)
  const Tensor& q = parts[0];
  KeysAndValues kv{parts[1], parts[2]};
  if (cache) kv = append(*cache, kv, position);
  // `causal` is aligned at the last query and key: with a cache, the T new tokens attend to all
  // tokens before them.
  const double rate = options.attention_dropout.value_or(options.dropout);
  const Tensor y = scaled_dot_product_attention(
      q, kv.keys, kv.values, {.causal = true, .dropout = training() ? rate : 0, .generator = &generator});
  return resid_dropout(c_proj(join_heads(y)));
}

void CausalSelfAttention::visit(Visitor& v) {
  v.child("c_attn", c_attn);
  v.child("c_proj", c_proj);
  v.child("resid_dropout", resid_dropout);
  v.generator("generator", generator);
}

// ---- block ------------------------------------------------------------------------------------------------

GPTFeedForward::GPTFeedForward(GPTOptions o, Generator& gen)
    : options(validated(o)),
      c_fc({.in = o.d_model, .out = 4 * o.d_model}, gen),
      c_proj({.in = 4 * o.d_model, .out = o.d_model}, gen),
      dropout({.p = o.dropout}, gen) {
  initialise(c_fc, 0.02, gen);
  initialise(c_proj, residual_deviation(o), gen);
}

Tensor GPTFeedForward::forward(const Tensor& x) {
  return dropout(feed_forward(x, Activation::gelu_tanh, c_fc, c_proj));
}

void GPTFeedForward::visit(Visitor& v) {
  v.child("c_fc", c_fc);
  v.child("c_proj", c_proj);
  v.child("dropout", dropout);
}

GPTBlock::GPTBlock(GPTOptions o, Generator& gen)
    : options(validated(o)),
      ln_1({.size = o.d_model, .eps = o.layer_norm_eps}),
      attn(o, gen),
      ln_2({.size = o.d_model, .eps = o.layer_norm_eps}),
      mlp(o, gen) {}

Tensor GPTBlock::forward(const Tensor& x, KVCache::Layer* cache, index_t position) {
  constexpr bool pre_ln = true;
  const Tensor h = residual(x, ln_1, pre_ln, [&](const Tensor& y) { return attn(y, cache, position); });
  return residual(h, ln_2, pre_ln, [&](const Tensor& y) { return mlp(y); });
}

void GPTBlock::visit(Visitor& v) {
  v.child("ln_1", ln_1);
  v.child("attn", attn);
  v.child("ln_2", ln_2);
  v.child("mlp", mlp);
}

// ---- model ------------------------------------------------------------------------------------------------

GPT::GPT(GPTOptions o, Generator& gen)
    : options(validated(o)),
      wte({.num_embeddings = o.vocab_size, .embedding_dim = o.d_model}, gen),
      wpe({.num_embeddings = o.context, .embedding_dim = o.d_model}, gen),
      drop({.p = o.embedding_dropout.value_or(o.dropout)}, gen),
      ln_f({.size = o.d_model, .eps = o.layer_norm_eps}) {
  init::normal(wte.weight, gen, 0, 0.02);
  init::normal(wpe.weight, gen, 0, 0.02);
  for (index_t i = 0; i < o.num_layers; ++i) h.emplace_back(o, gen);
}

Tensor GPT::forward(const IntTensor& ids) { return linear(hidden(ids, nullptr), wte.weight); }

// New keys and values are written beyond the cache's `length`, so after an exception the cache is
// unchanged.
Tensor GPT::forward(const IntTensor& ids, KVCache& cache) {
  const NoGrad no_grad;
  KVCache next = cache;
  Tensor logits = linear(hidden(ids, &next).slice(1, -1), wte.weight);
  cache = std::move(next);
  return logits;
}

void GPT::check_cache(const KVCache& cache, const IntTensor& ids) const {
  check_layer_count("GPT", cache, h.size());
  check(cache.length >= 0 && cache.length <= options.context, "GPT", "expected a cache of 0 to ",
        options.context, " tokens, the context, got one of ", cache.length);
  for (const KVCache::Layer& layer : cache.layers) {
    const Tensor& keys = layer.self_attn.keys;
    check(!keys.defined() || keys.rank() != 4 || keys.size(0) == ids.size(0), "GPT",
          "expected a cache of the batch size of ids ", ids, ", got cached keys ", keys);
    check_keys_and_values("GPT", "self-attention", layer.self_attn, cache_shape(options, ids.size(0)),
                          wte.weight.dtype());
  }
  check_owner("GPT", cache, wte.weight);
}

// ids (B, T) -> the normalised input of the output layer (B, T, C).
Tensor GPT::hidden(const IntTensor& ids, KVCache* cache) {
  check(ids.rank() == 2 && ids.size(1) >= 1, "GPT", "expected ids (B, T) with at least one token, got ", ids);
  if (cache) check_cache(*cache, ids);
  const index_t batch = ids.size(0), t = ids.size(1), position = cache ? cache->length : 0;
  check(position + t <= options.context, "GPT", "expected at most ", options.context,
        " tokens, the context, got ", position + t, ", of which ", position, " are cached");
  if (cache && cache->layers.empty())
    for (std::size_t i = 0; i < h.size(); ++i) {
      const Shape shape = cache_shape(options, batch);
      cache->layers.push_back({{empty(shape, wte.weight.dtype()), empty(shape, wte.weight.dtype())}});
    }
  Tensor x = drop(wte(ids) + wpe(IntTensor::arange(position, position + t)));
  for (std::size_t i = 0; i < h.size(); ++i) x = h[i](x, cache ? &cache->layers[i] : nullptr, position);
  if (cache) {
    cache->length += t;
    cache->owner.set(wte.weight);
  }
  return ln_f(x);
}

void GPT::visit(Visitor& v) {
  v.child("wte", wte);
  v.child("wpe", wpe);
  v.child("drop", drop);
  v.child("h", h);
  v.child("ln_f", ln_f);
}

std::string GPT::details() const {
  return concat("vocab_size=", options.vocab_size, ", context=", options.context,
                ", d_model=", options.d_model, ", nhead=", options.nhead);
}

// ---- generation -------------------------------------------------------------------------------------------

static void check_arguments(const GPTOptions& model, const std::vector<index_t>& prompt,
                            const GenerateOptions& o) {
  check(!prompt.empty(), "generate", "expected a prompt of at least one token, got an empty one");
  for (std::size_t i = 0; i < prompt.size(); ++i)
    check(prompt[i] >= 0 && prompt[i] < model.vocab_size, "generate", "expected prompt ids in [0, ",
          model.vocab_size, "), got ", prompt[i], " at position ", i);
  check(o.tokens >= 0, "generate", "expected tokens to be at least 0, got ", o.tokens);
  check(o.end >= -1 && o.end < model.vocab_size, "generate", "expected end to be an id in [0, ",
        model.vocab_size, ") or -1 for none, got ", o.end);
  check_sampling(o.sampling);
}

std::vector<index_t> generate(GPT& gpt, const std::vector<index_t>& prompt, const GenerateOptions& o,
                              Generator& gen, const std::function<void(index_t)>& each) {
  check_arguments(gpt.options, prompt, o);
  const EvaluationMode evaluation(gpt);
  const auto context = static_cast<std::size_t>(gpt.options.context);
  std::vector<index_t> window(prompt.begin(), prompt.end() - 1);  // the tokens that the model attends to
  KVCache cache;
  const NextLogits next_logits = [&](const IntTensor& last) {
    window.push_back(last.item());
    if (window.size() > context) {
      const auto retained = static_cast<std::ptrdiff_t>(std::max<std::size_t>(context / 2, 1));
      window.erase(window.begin(), window.end() - retained);
      cache = {};
    }
    const std::vector<index_t> added(
        window.begin() + (o.cached ? static_cast<std::ptrdiff_t>(cache.length) : 0), window.end());
    const IntTensor ids(added, {1, static_cast<index_t>(added.size())});
    const Tensor logits = o.cached ? gpt.forward(ids, cache) : gpt.forward(ids).slice(1, -1);  // (1, 1, V)
    return logits.select(0, 0);
  };
  const SelectToken select = [&](const Tensor& logits) {
    IntTensor next = sample(logits, o.sampling, gen);
    if (each) each(next.item());
    return next;
  };
  return generate_tokens(IntTensor(std::vector<index_t>{prompt.back()}, {1}), o.tokens, o.end, next_logits,
                         select)[0];
}

}  // namespace heed::nn
