// gpt.h — lesson 10: the decoder alone. Each token attends to those before it and predicts the one that follows.
//
//   GPT gpt({.vocab_size = 65, .context = 64, .d_model = 128, .nhead = 4, .num_layers = 4}, gen);
//   Tensor logits = gpt(ids);                          // (B, T, V): logits[t] is about token t + 1
//   GPTCache cache;                                     // generation: each token is read once
//   Tensor next = gpt.forward(prompt, cache);           // (B, 1, V)
//   next = gpt.forward(argmax(next, -1), cache);
//
// What it changes about section 5's block: a causal mask, the norms before the sublayers, GELU, learned positions, and
// an output that is the embedding once more. Radford et al., "Language models are unsupervised multitask learners", 2019.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "nn/dropout.h"
#include "nn/embedding.h"
#include "nn/linear.h"
#include "nn/models/cache_owner.h"
#include "nn/models/pretrained.h"
#include "nn/models/sampling.h"
#include "nn/norm.h"

namespace heed::nn {

struct GPTOptions {
  index_t vocab_size = 0;  // V
  index_t context = 1024;  // the most tokens it has positions for
  index_t d_model = 0;     // C
  index_t nhead = 1;       // H; must divide d_model
  index_t num_layers = 1;
  double dropout = 0.1;  // of what the sublayers return
  // Of the attention weights, and of the embeddings; empty: dropout.
  std::optional<double> attention_dropout = {}, embedding_dropout = {};
  double layer_norm_eps = 1e-5;
};
// GPT-2 small: 124,439,808 parameters.
inline GPTOptions gpt2_small() {
  return {.vocab_size = 50257, .context = 1024, .d_model = 768, .nhead = 12, .num_layers = 12};
}

// The keys and values of the tokens that a model has read, a pair for each layer. They are all that later tokens ask of
// earlier ones: with them a token costs one row of every product instead of the whole sequence again.
// A copy shares the tensors: continue either the cache or its copy, not both.
struct GPTCache {
  struct Layer {
    Tensor keys, values;  // (B, H, context, D), of which the first `length` are filled
  };
  std::vector<Layer> layers;  // empty before the first call
  index_t length = 0;         // tokens read so far
  CacheOwner owner = {};      // the model, from the first call on; a clone is another
};

// Attention in which query t sees keys 0 … t. x (B, T, C) -> (B, T, C).
struct CausalSelfAttention : ModuleOf<CausalSelfAttention> {
  GPTOptions options;
  Linear c_attn;  // C -> 3C: queries, keys and values at once
  Linear c_proj;
  Dropout resid_dropout;
  Generator generator;  // of the dropout on the weights

  CausalSelfAttention(GPTOptions options, Generator& gen);
  // With `kept`, x continues what was read before: its first token is number `at`. Throws if kept's
  // keys and values are not (B, H, context, D) of x's dtype, or if the context ends before the last
  // token.
  Tensor forward(const Tensor& x, GPTCache::Layer* kept = nullptr, index_t at = 0);
  void visit(Visitor& v) override;
  std::string type() const override { return "CausalSelfAttention"; }
};

// C -> 4C -> C with the tanh form of GELU.
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
  Tensor forward(const Tensor& x, GPTCache::Layer* kept = nullptr, index_t at = 0);
  void visit(Visitor& v) override;
  std::string type() const override { return "GPTBlock"; }
};

// Starts as GPT-2 does: weights from N(0, 0.02), those that end a sublayer smaller by √(2 · num_layers).
struct GPT : ModuleOf<GPT> {
  GPTOptions options;
  Embedding wte;  // tokens (V, C); the output layer is the same tensor
  Embedding wpe;  // positions (context, C)
  Dropout drop;
  std::vector<GPTBlock> h;
  LayerNorm ln_f;

  GPT(GPTOptions options, Generator& gen);
  // ids (B, T) -> logits (B, T, V)
  Tensor forward(const IntTensor& ids);
  // ids (B, T): the tokens that follow what the cache holds -> logits of the last one (B, 1, V). Records nothing.
  // Throws "[GPT] …" if the context has no room for the tokens, or if the cache is not one of this
  // model and batch: its layers, batch size, heads, widths, dtype, length and owner are checked. An
  // exception leaves the cache as it was.
  Tensor forward(const IntTensor& ids, GPTCache& cache);
  void visit(Visitor& v) override;
  std::string type() const override { return "GPT"; }
  std::string details() const override;
  // GPT-2 as Hugging Face publishes it. Throws "[config.json] …" for a setting that this model does
  // not implement.
  static GPTOptions from_config(const Config& config);
  static PublishedNames published_names();

 private:
  void check_cache(const GPTCache& cache, const IntTensor& ids) const;
  Tensor hidden(const IntTensor& ids, GPTCache* cache);
};

struct GenerateOptions {
  index_t tokens = 100;  // how many to write
  SamplingOptions sampling = {};
  bool cached = true;  // false: reads everything again for every token, which gives the same text more slowly
  index_t end = -1;    // the token after which nothing follows; -1: none
};
// Goes on from `prompt`, which must not be empty, and returns what it wrote; `each` is called with a token as soon as it
// is there. Where the context is full, the later half of it is read again and the rest is
// forgotten. It runs in evaluation mode and records nothing; the mode of each submodule is
// restored. Throws "[generate] …" or "[sample] …" before any work if the prompt is empty, an id is
// not in [0, V), or an option is out of range.
std::vector<index_t> generate(GPT& gpt, const std::vector<index_t>& prompt, const GenerateOptions& options,
                              Generator& gen, const std::function<void(index_t)>& each = {});

// The names under which it is published that are not ours.
inline PublishedNames GPT::published_names() {
  // GPT-2 was written with one-dimensional convolutions of width 1, whose weights lie (in, out).
  static constexpr Rename table[] = {
      {"h.*.attn.c_attn.weight", "h.*.attn.c_attn.weight", How::transposed},
      {"h.*.attn.c_proj.weight", "h.*.attn.c_proj.weight", How::transposed},
      {"h.*.mlp.c_fc.weight", "h.*.mlp.c_fc.weight", How::transposed},
      {"h.*.mlp.c_proj.weight", "h.*.mlp.c_proj.weight", How::transposed},
  };
  static constexpr const char* prefixes[] = {"transformer."};
  // The causal masks were saved as buffers; the output layer is the embedding once more.
  // GPT2DoubleHeadsModel has a second head.
  static constexpr const char* ignored[] = {"h.*.attn.bias", "h.*.attn.masked_bias", "lm_head.weight",
                                            "multiple_choice_head.summary.weight",
                                            "multiple_choice_head.summary.bias"};
  return {.table = table, .prefixes = prefixes, .ignored = ignored};
}

}  // namespace heed::nn
