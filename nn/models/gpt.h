// gpt.h — lesson 10: a decoder without cross-attention. Each token attends to itself and to the
// tokens before it and predicts the next one.
//
//   GPT gpt({.vocab_size = 65, .context = 64, .d_model = 128, .nhead = 4, .num_layers = 4}, gen);
//   Tensor logits = gpt(ids);                          // (B, T, V): logits[t] predicts token t + 1
//   KVCache cache;                                      // generation: each token is processed once
//   Tensor next = gpt.forward(prompt, cache);           // (B, 1, V)
//   next = gpt.forward(argmax(next, -1), cache);
//
// Differences from the block of lesson 05: a causal mask, pre-LN, GELU, learned positions, and an
// output layer that is tied to the embedding. Radford et al., "Language models are unsupervised
// multitask learners", 2019.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "nn/dropout.h"
#include "nn/embedding.h"
#include "nn/linear.h"
#include "nn/models/kv_cache.h"
#include "nn/models/sampling.h"
#include "nn/norm.h"

namespace heed::nn {

class Config;
struct PublishedNames;

struct GPTOptions {
  index_t vocab_size = 0;  // V
  index_t context = 1024;  // the maximal number of tokens
  index_t d_model = 0;     // C
  index_t nhead = 1;       // H; must divide d_model
  index_t num_layers = 1;
  double dropout = 0.1;  // of the outputs of the sublayers
  // Of the attention weights, and of the embeddings; empty: dropout.
  std::optional<double> attention_dropout = {}, embedding_dropout = {};
  double layer_norm_eps = 1e-5;
};
// GPT-2 small: 124,439,808 parameters.
inline GPTOptions gpt2_small() {
  return {.vocab_size = 50257, .context = 1024, .d_model = 768, .nhead = 12, .num_layers = 12};
}

// Causal self-attention: query t attends to keys 0 … t. x (B, T, C) -> (B, T, C).
struct CausalSelfAttention : ModuleOf<CausalSelfAttention> {
  GPTOptions options;
  Linear c_attn;  // C -> 3C: queries, keys and values in one product
  Linear c_proj;
  Dropout resid_dropout;
  Generator generator;  // for the dropout of the attention weights

  CausalSelfAttention(GPTOptions options, Generator& gen);
  // With a cache, x continues the cached sequence: its first token has index `position`. Throws if
  // the cached keys and values are not (B, H, context, D) of x's dtype, or if the last token does
  // not fit into the context.
  Tensor forward(const Tensor& x, KVCache::Layer* cache = nullptr, index_t position = 0);
  void visit(Visitor& v) override;
  std::string type() const override { return "CausalSelfAttention"; }
};

// C -> 4C -> C with the tanh approximation of GELU.
struct GPTFeedForward : ModuleOf<GPTFeedForward> {
  GPTOptions options;
  Linear c_fc, c_proj;
  Dropout dropout;

  GPTFeedForward(GPTOptions options, Generator& gen);
  Tensor forward(const Tensor& x);
  void visit(Visitor& v) override;
  std::string type() const override { return "GPTFeedForward"; }
};

// h = x + attention(norm(x));   y = h + feed_forward(norm(h))
struct GPTBlock : ModuleOf<GPTBlock> {
  GPTOptions options;
  LayerNorm ln_1;
  CausalSelfAttention attn;
  LayerNorm ln_2;
  GPTFeedForward mlp;

  GPTBlock(GPTOptions options, Generator& gen);
  Tensor forward(const Tensor& x, KVCache::Layer* cache = nullptr, index_t position = 0);
  void visit(Visitor& v) override;
  std::string type() const override { return "GPTBlock"; }
};

// Initialised as GPT-2: weights from N(0, 0.02²); the last layer of each sublayer has a standard
// deviation smaller by √(2 · num_layers).
struct GPT : ModuleOf<GPT> {
  GPTOptions options;
  Embedding wte;  // tokens (V, C), tied to the output layer
  Embedding wpe;  // positions (context, C)
  Dropout drop;
  std::vector<GPTBlock> h;
  LayerNorm ln_f;

  GPT(GPTOptions options, Generator& gen);
  // ids (B, T) -> logits (B, T, V)
  Tensor forward(const IntTensor& ids);
  // ids (B, T), the tokens after the cached ones -> logits of the last one (B, 1, V). Records no
  // graph. Throws "[GPT] …" if the tokens do not fit into the context, or if the cache does not
  // belong to this model and batch: its layers, batch size, heads, widths, dtype, length and owner
  // are checked. After an exception the cache is unchanged.
  Tensor forward(const IntTensor& ids, KVCache& cache);
  void visit(Visitor& v) override;
  std::string type() const override { return "GPT"; }
  std::string details() const override;
  // GPT-2 as Hugging Face publishes it. Throws "[config.json] …" for a setting that the model does
  // not implement.
  static GPTOptions from_config(const Config& config);
  static PublishedNames published_names();

 private:
  void check_cache(const KVCache& cache, const IntTensor& ids) const;
  Tensor hidden(const IntTensor& ids, KVCache* cache);
};

struct GenerateOptions {
  index_t tokens = 100;  // maximal number of generated tokens
  SamplingOptions sampling = {};
  // false: processes the whole sequence again for every token, with the same result.
  bool cached = true;
  index_t end = -1;  // the token that ends the sequence; -1: none
};
// Continues `prompt`, which must not be empty, and returns the generated tokens; `each` is called
// with every token as soon as it is generated. If the context is full, the model keeps its second
// half and discards the rest. Runs in evaluation mode without a graph; the mode of each submodule
// is restored. Throws "[generate] …" or "[sample] …" before any computation if the prompt is empty,
// an id is not in [0, V), or an option is out of range.
std::vector<index_t> generate(GPT& gpt, const std::vector<index_t>& prompt, const GenerateOptions& options,
                              Generator& gen, const std::function<void(index_t)>& each = {});

}  // namespace heed::nn
