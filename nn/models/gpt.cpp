// gpt.cpp — embed, blocks, norm, and the embedding again.
#include "nn/models/gpt.h"

#include <algorithm>
#include <cmath>

#include "nn/init.h"

namespace heed::nn {

// ---- published settings -----------------------------------------------------------------------------------

static std::span<const ConfigMember> gpt_members() {
  using enum MemberKind;
  static constexpr ConfigMember table[] = {
      {"model_type", fixed, "'gpt2'"},
      {"architectures", fixed, "'GPT2LMHeadModel' | 'GPT2Model' | 'GPT2DoubleHeadsModel' | null"},
      {"vocab_size", size},
      {"n_positions", size},
      {"n_ctx", size},  // of older files: n_positions once more
      {"n_embd", size},
      {"n_head", size},
      {"n_layer", count},
      {"n_inner", size, "null"},
      {"resid_pdrop", rate},
      {"attn_pdrop", rate},
      {"embd_pdrop", rate},
      {"layer_norm_epsilon", epsilon},
      {"hidden_size", alias, "n_embd"},
      {"max_position_embeddings", alias, "n_positions"},
      {"num_attention_heads", alias, "n_head"},
      {"num_hidden_layers", alias, "n_layer"},
      // Four names of one formula, the tanh form of GELU.
      {"activation_function", fixed, "'gelu_new' | 'gelu_pytorch_tanh' | 'gelu_fast' | 'gelu_accurate'"},
      {"scale_attn_weights", fixed, "true"},
      {"scale_attn_by_inverse_layer_idx", fixed, "false | null"},
      {"tie_word_embeddings", fixed, "true"},
      {"reorder_and_upcast_attn", unused},  // scores in float32, as always here
      // The summary of a sequence in GPT2DoubleHeadsModel, and members of the first files.
      {"summary_type", unused},
      {"summary_use_proj", unused},
      {"summary_activation", unused},
      {"summary_proj_to_labels", unused},
      {"summary_first_dropout", unused},
      {"classifier_dropout", unused},
      {"n_special", unused},
      {"predict_special_tokens", unused},
  };
  return table;
}

GPTOptions GPT::from_config(const Config& file) {
  const Config config = file.checked({gpt_members()});
  const index_t width = config.whole("n_embd");
  config.require(config.whole_or("n_inner", 4 * width) == 4 * width,
                 "'n_inner' must be 4 · n_embd in this model, got ", config.whole_or("n_inner", 0));
  config.must_divide("n_head", "n_embd");
  return {.vocab_size = config.whole("vocab_size"),
          .context = config.whole_or("n_positions", config.whole_or("n_ctx", 1024)),
          .d_model = width,
          .nhead = config.whole("n_head"),
          .num_layers = config.whole("n_layer"),
          .dropout = config.number_or("resid_pdrop", 0.1),
          .attention_dropout = config.number_or("attn_pdrop", 0.1),
          .embedding_dropout = config.number_or("embd_pdrop", 0.1),
          .layer_norm_eps = config.number_or("layer_norm_epsilon", 1e-5)};
}

// ---- the start --------------------------------------------------------------------------------------------

static GPTOptions checked(const GPTOptions& o) {
  check(o.vocab_size >= 1 && o.context >= 1 && o.num_layers >= 0, "GPT",
        "vocab_size and context must be at least 1 and num_layers not negative, got ", o.vocab_size, ", ",
        o.context, " and ", o.num_layers);
  check(o.d_model >= 1 && o.nhead >= 1, "GPT", "d_model and nhead must be at least 1, got ", o.d_model,
        " and ", o.nhead);
  check(o.d_model % o.nhead == 0, "GPT", "nhead = ", o.nhead, " must divide d_model = ", o.d_model);
  return o;
}

static void start(Linear& layer, double deviation, Generator& gen) {
  init::normal(layer.weight, gen, 0, deviation);
  init::zeros(layer.bias);
}

// Every layer adds two sublayers to one running sum; smaller ends keep its variance from growing with the depth.
static double end_deviation(const GPTOptions& o) {
  return 0.02 / std::sqrt(2.0 * static_cast<double>(std::max<index_t>(o.num_layers, 1)));
}

// ---- attention --------------------------------------------------------------------------------------------

// A cache's layer holds keys and values (B, H, context, D) of x's dtype.
static void check_layer(const char* op, const GPTCache::Layer& layer, const GPTOptions& o, index_t batch,
                        DType dtype) {
  const Shape expected{batch, o.nhead, o.context, o.d_model / o.nhead};
  for (const Tensor* t : {&layer.keys, &layer.values}) {
    const char* what = t == &layer.keys ? "keys " : "values ";
    check(t->defined(), op, "expected cached ", what, expected, ", got an undefined tensor");
    check(t->shape() == expected && t->dtype() == dtype, op, "expected cached ", what,
          "(B, H, context, D) = ", expected, " of ", name(dtype), ", got ", t->shape(), " of ",
          name(t->dtype()),
          "; a cache belongs to the model that filled it. Hint: start with an empty GPTCache");
  }
}

CausalSelfAttention::CausalSelfAttention(GPTOptions o, Generator& gen)
    : options(checked(o)),
      c_attn({.in = o.d_model, .out = 3 * o.d_model}, gen),
      c_proj({.in = o.d_model, .out = o.d_model}, gen),
      resid_dropout({.p = o.dropout}, gen),
      generator(gen.fork()) {
  start(c_attn, 0.02, gen);
  start(c_proj, end_deviation(o), gen);
}

Tensor CausalSelfAttention::forward(const Tensor& x, GPTCache::Layer* kept, index_t at) {
  const char* op = "CausalSelfAttention";
  if (!x.defined() || x.rank() != 3 || x.size(2) != options.d_model)
    fail(op, "x must be (B, T, ", options.d_model, "), got ",
         x.defined() ? to_string(x.shape()) : "an undefined tensor");
  const index_t batch = x.size(0), t = x.size(1), heads = options.nhead, width = options.d_model / heads;
  if (kept) {
    check_layer(op, *kept, options, batch, x.dtype());
    check(at >= 0 && at <= options.context - t, op, "expected a position in [0, ", options.context - t,
          "] for ", t, " tokens and a context of ", options.context, ", got ", at);
  }
  // (B, T, 3C) -> three of (B, H, T, D)
  const Tensor qkv = c_attn(x).reshape({batch, t, 3, heads, width}).permute({2, 0, 3, 1, 4});
  const auto parts = unbind(qkv);
  const Tensor& q = parts[0];
  Tensor k = parts[1], v = parts[2];
  if (kept) {
    kept->keys.slice(2, at, at + t).copy_(k);
    kept->values.slice(2, at, at + t).copy_(v);
    k = kept->keys.slice(2, 0, at + t), v = kept->values.slice(2, 0, at + t);
  }
  // `causal` is aligned at the last query and key: with a cache the T new tokens see all that came before them.
  const double rate = options.attention_dropout.value_or(options.dropout);
  const Tensor y = scaled_dot_product_attention(
      q, k, v, {.causal = true, .dropout = training() ? rate : 0, .generator = &generator});
  return resid_dropout(c_proj(y.transpose(1, 2).reshape({batch, t, options.d_model})));
}

void CausalSelfAttention::visit(Visitor& v) {
  v.child("c_attn", c_attn);
  v.child("c_proj", c_proj);
  v.child("resid_dropout", resid_dropout);
  v.generator("generator", generator);
}

// ---- the rest of a block ----------------------------------------------------------------------------------

GPTFeedForward::GPTFeedForward(GPTOptions o, Generator& gen)
    : options(checked(o)),
      c_fc({.in = o.d_model, .out = 4 * o.d_model}, gen),
      c_proj({.in = 4 * o.d_model, .out = o.d_model}, gen),
      dropout({.p = o.dropout}, gen) {
  start(c_fc, 0.02, gen);
  start(c_proj, end_deviation(o), gen);
}

Tensor GPTFeedForward::forward(const Tensor& x) { return dropout(c_proj(gelu(c_fc(x), Gelu::tanh))); }

void GPTFeedForward::visit(Visitor& v) {
  v.child("c_fc", c_fc);
  v.child("c_proj", c_proj);
  v.child("dropout", dropout);
}

GPTBlock::GPTBlock(GPTOptions o, Generator& gen)
    : options(checked(o)),
      ln_1({.size = o.d_model, .eps = o.layer_norm_eps}),
      attn(o, gen),
      ln_2({.size = o.d_model, .eps = o.layer_norm_eps}),
      mlp(o, gen) {}

Tensor GPTBlock::forward(const Tensor& x, GPTCache::Layer* kept, index_t at) {
  const Tensor h = x + attn(ln_1(x), kept, at);
  return h + mlp(ln_2(h));
}

void GPTBlock::visit(Visitor& v) {
  v.child("ln_1", ln_1);
  v.child("attn", attn);
  v.child("ln_2", ln_2);
  v.child("mlp", mlp);
}

// ---- the model --------------------------------------------------------------------------------------------

GPT::GPT(GPTOptions o, Generator& gen)
    : options(checked(o)),
      wte({.num_embeddings = o.vocab_size, .embedding_dim = o.d_model}, gen),
      wpe({.num_embeddings = o.context, .embedding_dim = o.d_model}, gen),
      drop({.p = o.embedding_dropout.value_or(o.dropout)}, gen),
      ln_f({.size = o.d_model, .eps = o.layer_norm_eps}) {
  init::normal(wte.weight, gen, 0, 0.02);
  init::normal(wpe.weight, gen, 0, 0.02);
  for (index_t i = 0; i < o.num_layers; ++i) h.emplace_back(o, gen);
}

Tensor GPT::forward(const IntTensor& ids) { return linear(hidden(ids, nullptr), wte.weight); }

// The new keys and values are written beyond the cache's `length`, so an exception leaves the cache
// as it was.
Tensor GPT::forward(const IntTensor& ids, GPTCache& cache) {
  const NoGrad no_grad;
  GPTCache next = cache;
  Tensor logits = linear(hidden(ids, &next).slice(1, -1), wte.weight);
  cache = std::move(next);
  return logits;
}

void GPT::check_cache(const GPTCache& cache, const IntTensor& ids) const {
  const bool unused = cache.layers.empty() && cache.length == 0;
  check(unused || cache.layers.size() == h.size(), "GPT", "expected a cache of ", h.size(),
        " layers, as the model has, got one of ", cache.layers.size(),
        "; a cache belongs to the model that filled it. Hint: start with an empty GPTCache");
  check(cache.length >= 0 && cache.length <= options.context, "GPT", "expected a cache of 0 to ",
        options.context, " tokens, the context, got one of ", cache.length);
  for (const GPTCache::Layer& layer : cache.layers) {
    const bool has_batch = layer.keys.defined() && layer.keys.rank() == 4;
    check(!has_batch || layer.keys.size(0) == ids.size(0), "GPT",
          "the cache is of another batch size than ids ", ids.shape());
    check_layer("GPT", layer, options, ids.size(0), wte.weight.dtype());
  }
  check(unused || cache.owner.admits(wte.weight), "GPT",
        "the cache was filled by another model of the same sizes; its keys and values come from other "
        "weights. Hint: start with an empty GPTCache");
}

// (B, T) -> (B, T, C), normalised: what the output layer reads.
Tensor GPT::hidden(const IntTensor& ids, GPTCache* cache) {
  check(ids.rank() == 2 && ids.size(1) >= 1, "GPT", "ids must be (B, T) with at least one token, got ",
        ids.shape());
  if (cache) check_cache(*cache, ids);
  const index_t batch = ids.size(0), t = ids.size(1), at = cache ? cache->length : 0;
  check(at + t <= options.context, "GPT", at + t, " tokens do not fit into the context of ", options.context,
        at > 0 ? concat("; ", at, " of them are in the cache") : "");
  if (cache && cache->layers.empty())
    for (std::size_t i = 0; i < h.size(); ++i) {
      const Shape room{batch, options.nhead, options.context, options.d_model / options.nhead};
      cache->layers.push_back({empty(room, wte.weight.dtype()), empty(room, wte.weight.dtype())});
    }
  Tensor x = drop(wte(ids) + wpe(IntTensor::arange(at, at + t)));
  for (std::size_t i = 0; i < h.size(); ++i) x = h[i](x, cache ? &cache->layers[i] : nullptr, at);
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

// ---- writing ----------------------------------------------------------------------------------------------

static void check_arguments(const GPTOptions& model, const std::vector<index_t>& prompt,
                            const GenerateOptions& o) {
  check(!prompt.empty(), "generate", "the prompt is empty; there must be at least one token to go on from");
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
  std::vector<index_t> seen = prompt;  // what the model looks at
  const auto forget = [&] {
    if (seen.size() <= context) return false;
    seen.erase(seen.begin(), seen.end() - static_cast<std::ptrdiff_t>(std::max<std::size_t>(context / 2, 1)));
    return true;
  };
  forget();
  std::vector<index_t> written;
  GPTCache cache;
  while (static_cast<index_t>(written.size()) < o.tokens) {
    const auto old = static_cast<std::ptrdiff_t>(cache.length);
    const std::vector<index_t> unread(seen.begin() + (o.cached ? old : 0), seen.end());
    const IntTensor ids(unread, {1, static_cast<index_t>(unread.size())});
    const Tensor logits = o.cached ? gpt.forward(ids, cache) : gpt.forward(ids).slice(1, -1);  // (1, 1, V)
    const index_t next = sample(logits.select(0, 0), o.sampling, gen).item();
    written.push_back(next), seen.push_back(next);
    if (each) each(next);
    if (next == o.end) break;
    if (forget()) cache = {};
  }
  return written;
}

}  // namespace heed::nn
