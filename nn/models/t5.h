// t5.h — lesson 10: text-to-text. An encoder–decoder whose attention scores get a relative position
// bias.
//
//   T5 t5({.vocab_size = 100, .d_model = 64, .d_kv = 16, .d_ff = 128, .num_layers = 2}, gen);
//   Tensor logits = t5.forward(source, shift_right(labels), not_padding(source, 0));   // (B, T, V)
//   auto outputs = t5.generate(source, {.max_length = 20, .source_mask = not_padding(source, 0)});
//
// Differences from the block of lesson 05: RMSNorm before the sublayers, no biases, no division of
// the scores by √D (the initialisation of q compensates for it), and no position embeddings.
// Instead, each stack has a table with one number per head and bucket of distances, which is added
// to the scores of all its layers. Raffel et al., "Exploring the limits of transfer learning with a
// unified text-to-text transformer", 2020.
#pragma once

#include <optional>
#include <vector>

#include "nn/dropout.h"
#include "nn/embedding.h"
#include "nn/linear.h"
#include "nn/models/generation.h"
#include "nn/models/kv_cache.h"
#include "nn/norm.h"

namespace heed::nn {

class Config;
struct PublishedNames;

struct T5Options {
  index_t vocab_size = 0;           // V
  index_t d_model = 0;              // C
  index_t d_kv = 64;                // D, the width of a head; nhead · d_kv need not be d_model
  index_t d_ff = 2048;              // the width inside the feed-forward
  index_t nhead = 1;                // H
  index_t num_layers = 1;           // of the encoder
  index_t num_decoder_layers = -1;  // -1: num_layers
  index_t num_buckets = 32;         // number of buckets of distances
  index_t max_distance = 128;       // distances from here on share the last bucket
  double dropout = 0.1;
  double layer_norm_eps = 1e-6;
  index_t pad = 0, eos = 1;  // pad is also the first token of the decoder's input
  bool is_decoder = false;   // for a block or a stack; the complete model has one of each
};
// Returns the options. Throws "[T5] …" if a value is out of range.
T5Options validated(const T5Options& options);

// t5-small: 60,506,624 parameters.
inline T5Options t5_small() {
  return {.vocab_size = 32128, .d_model = 512, .d_kv = 64, .d_ff = 2048, .nhead = 8, .num_layers = 6};
}

// Returns the bucket of a distance, key - query. Near distances have one bucket each; farther ones
// share buckets, whose width grows with the distance. With n buckets (if keys are on both sides, n
// is half of num_buckets, and the upper half is for keys after the query):
//   |distance| < n/2   |distance|
//   otherwise          n/2 + ⌊log(|distance| / (n/2)) / log(max_distance / (n/2)) · n/2⌋, at most n - 1
// With both_sides = false, for a decoder, a key after the query counts as distance 0 (the causal
// mask excludes it).
index_t relative_position_bucket(index_t distance, bool both_sides, index_t num_buckets = 32,
                                 index_t max_distance = 128);

// Returns the decoder's input for these labels (B, T): `start`, then the labels without the last.
// Labels equal to `ignored` become `start`, which is T5's padding.
IntTensor shift_right(const IntTensor& labels, index_t start = 0, index_t ignored = -100);

// softmax(q · kᵀ + bias) · v with queries from x, and keys and values from x or from the encoder's
// output. No biases.
struct T5Attention : ModuleOf<T5Attention> {
  T5Options options;
  Linear q, k, v;       // C -> H·D
  Linear o;             // H·D -> C
  Generator generator;  // for the dropout of the attention weights

  T5Attention(T5Options options, Generator& gen);
  KeysAndValues project(const Tensor& memory) const;  // memory (B, S, C)
  // x (B, T, C) -> (B, T, C). bias (H, T, S) or undefined; mask (B, 1, 1, S) or undefined. `causal`
  // is aligned at the last query and key, as in attention().
  Tensor forward(const Tensor& x, const KeysAndValues& memory, const Tensor& bias, const Mask& mask,
                 bool causal);
  void visit(Visitor& v) override;
  std::string type() const override { return "T5Attention"; }
};

// The inputs of a block besides x.
struct T5Context {
  Tensor bias = {};    // (H, T, S), the relative position bias of self-attention
  Mask mask = {};      // (B, 1, 1, S) or undefined: masks the padding of the source in both stacks
  Tensor memory = {};  // (B, S, C), the encoder's output; undefined in the encoder
};

//   h = x + attention(norm(x))
//   h = h + cross_attention(norm(h), memory)      in a decoder
//   y = h + feed_forward(norm(h))
//   feed_forward(x) = relu(x · wiᵀ) · woᵀ
struct T5Block : ModuleOf<T5Block> {
  T5Options options;
  RMSNorm self_norm;
  T5Attention self_attn;
  std::optional<RMSNorm> cross_norm;
  std::optional<T5Attention>
      cross_attn;  // without a position bias: source and target positions are not comparable
  RMSNorm ff_norm;
  Linear wi, wo;  // C -> d_ff -> C
  Dropout dropout;

  T5Block(T5Options options, Generator& gen);
  // Throws "[T5Block] …", and leaves the cache unchanged, if shapes or dtypes do not match.
  Tensor forward(const Tensor& x, const T5Context& context, KVCache::Layer* cache = nullptr);
  void visit(Visitor& v) override;
  std::string type() const override { return "T5Block"; }

 private:
  Tensor attend(const Tensor& x, const T5Context& context, KVCache::Layer* cache);
  Tensor cross_attend(const Tensor& x, const T5Context& context, KVCache::Layer* cache);
};

// Blocks that share one position bias, and a final norm. x (B, T, C) -> (B, T, C).
struct T5Stack : ModuleOf<T5Stack> {
  T5Options options;
  Embedding relative_attention_bias;  // (num_buckets, H); published as part of the first block
  std::vector<T5Block> block;
  RMSNorm final_norm;
  Dropout dropout;  // of the input and of the output

  T5Stack(T5Options options, Generator& gen);
  // (H, T, S): the bias of the scores for queries at the last T of S positions.
  Tensor position_bias(index_t t, index_t s) const;
  // With a cache, x continues the cached sequence. The mask, over x in an encoder and over the
  // memory in a decoder, is (B, 1, S), or has other axes as in AttendOptions. Throws "[T5] …", and
  // leaves the cache unchanged, if its layers, batch size, heads, widths, dtype, length or owner do
  // not match this stack, x and memory.
  Tensor forward(const Tensor& x, const Tensor& memory = {}, const Mask& mask = {}, KVCache* cache = nullptr);
  void visit(Visitor& v) override;
  std::string type() const override { return "T5Stack"; }

 private:
  void check_cache(const KVCache& cache, const Tensor& x, const Tensor& memory) const;
};

struct T5GenerateOptions {
  index_t max_length = 100;  // maximal number of tokens, including eos
  Mask source_mask = {};
};

// `source_mask` (B, 1, S) masks the padding of the source in both stacks: not_padding(source, pad).
// Padding may contain any values, NaN included: it influences no logits and no gradient.
// Initialised as T5: embeddings from N(0, 1); q from N(0, 1 / (C · D)), so the scores need no
// division.
struct T5 : ModuleOf<T5> {
  T5Options options;
  Embedding shared;  // (V, C): the embedding of both stacks, and the output layer
  T5Stack encoder, decoder;

  T5(T5Options options, Generator& gen);
  // source (B, S) -> (B, S, C)
  Tensor encode(const IntTensor& source, const Mask& source_mask = {});
  // source (B, S), decoder_input (B, T) -> logits (B, T, V): logits[t] predicts label t, which is
  // decoder_input[t + 1].
  //   logits = decoder(decoder_input) / √C · sharedᵀ      (the tied embedding has rows of length √C)
  Tensor forward(const IntTensor& source, const IntTensor& decoder_input, const Mask& source_mask = {});
  // decoder_input (B, T), the tokens after the cached ones -> logits of the last one (B, 1, V).
  // Records no graph. The keys and values of the memory are computed in the first call; for another
  // memory, start with an empty cache. Throws "[T5] …", and leaves the cache unchanged, if the
  // cache or the memory does not belong to this model and batch.
  Tensor forward(const IntTensor& decoder_input, const Tensor& memory, KVCache& cache,
                 const Mask& source_mask = {});
  // Greedy decoding until all sequences have ended; returns the tokens of each sequence before eos.
  // Throws if max_length is below 1. generate and beam run in evaluation mode without a graph; the
  // mode of each submodule is restored.
  std::vector<std::vector<index_t>> generate(const IntTensor& source,
                                             const T5GenerateOptions& generate_options = {});
  // Beam search with a cache: the best hypotheses for each source (B, S) with these lengths (empty:
  // all S), the best first. bos and eos are always the model's; width 1 is greedy. Throws "[T5] …"
  // if a length is not in [1, S], and as check_beam_options does.
  std::vector<std::vector<Hypothesis>> beam(const IntTensor& source, const std::vector<index_t>& lengths,
                                            BeamOptions beam_options);
  void visit(Visitor& v) override;
  std::string type() const override { return "T5"; }
  std::string details() const override;

  // t5-small, t5-base, … as Hugging Face publishes them; not T5 1.1 and Flan-T5, whose feed-forward
  // is gated. Throws "[config.json] …" for a setting that the model does not implement.
  static T5Options from_config(const Config& config);
  static PublishedNames published_names();

 private:
  Tensor logits_of(const Tensor& hidden) const;
};

}  // namespace heed::nn
