// t5.h — lesson 10: text to text. An encoder reads, a decoder writes, and where a word stands is said in the scores.
//
//   T5 t5({.vocab_size = 100, .d_model = 64, .d_kv = 16, .d_ff = 128, .nhead = 4, .num_layers = 2}, gen);
//   Tensor logits = t5.forward(source, shift_right(labels), not_padding(source, 0));   // (B, T, V)
//   auto texts = t5.generate(source, {.max_length = 20, .source_mask = not_padding(source, 0)});
//
// What it changes about section 5's block: RMSNorm before the sublayers, no biases, no division of the scores by √D
// (the start of the weights of q makes up for it), and no vectors of positions: each stack has one table of
// numbers, one for each head and each distance between two words, that is added to the scores of all its layers.
// Raffel et al., "Exploring the limits of transfer learning with a unified text-to-text transformer", 2020.
#pragma once

#include <optional>
#include <vector>

#include "nn/dropout.h"
#include "nn/embedding.h"
#include "nn/linear.h"
#include "nn/models/beam.h"
#include "nn/models/cache_owner.h"
#include "nn/models/pretrained.h"
#include "nn/norm.h"

namespace heed::nn {

struct T5Options {
  index_t vocab_size = 0;           // V
  index_t d_model = 0;              // C
  index_t d_kv = 64;                // D, the width of a head; nhead · d_kv need not be d_model
  index_t d_ff = 2048;              // the width inside the feed-forward
  index_t nhead = 1;                // H
  index_t num_layers = 1;           // of the encoder
  index_t num_decoder_layers = -1;  // -1: as many as of the encoder
  index_t num_buckets = 32;         // numbers a head has for distances
  index_t max_distance = 128;       // from here on all distances share one
  double dropout = 0.1;
  double layer_norm_eps = 1e-6;
  index_t pad = 0, eos = 1;   // pad is also what the decoder is given before the first word
  bool is_decoder = false;    // of a block or a stack; the whole model has one of each
  T5Options checked() const;  // itself; throws "[T5] …" if a number is out of range
};
// t5-small: 60,506,624 parameters.
inline T5Options t5_small() {
  return {.vocab_size = 32128, .d_model = 512, .d_kv = 64, .d_ff = 2048, .nhead = 8, .num_layers = 6};
}

// Which of the numbers belongs to a distance, key - query. Near distances have one each, far ones share, the wider
// the farther: of n numbers (half of num_buckets where keys may be on both sides; the upper half is for keys after
// the query)
//   |distance| < n/2   itself
//   else               n/2 + ⌊log(|distance| / (n/2)) / log(max_distance / (n/2)) · n/2⌋, at most n - 1
// One-sided, for a decoder: a key after the query counts as distance 0 (the causal mask hides it).
index_t relative_position_bucket(index_t distance, bool both_sides, index_t num_buckets = 32,
                                 index_t max_distance = 128);

// What the decoder is given, to write these labels (B, T): `start`, then the labels without the last. Labels that
// do not count (`ignored`) become `start`, which in T5 is the padding.
IntTensor shift_right(const IntTensor& labels, index_t start = 0, index_t ignored = -100);

// Queries from x, keys and values from x or from what the encoder has read: softmax(q · kᵀ + bias) · v. No biases.
struct T5Attention : ModuleOf<T5Attention> {
  T5Options options;
  Linear q, k, v;       // C -> H·D
  Linear o;             // H·D -> C
  Generator generator;  // of the dropout on the weights

  struct KeysAndValues {
    Tensor keys, values;  // (B, H, S, D)
  };
  T5Attention(T5Options options, Generator& gen);
  KeysAndValues project(const Tensor& memory) const;  // (B, S, C)
  // x (B, T, C) -> (B, T, C). bias (H, T, S) or undefined; mask (B, 1, 1, S) or undefined. `causal` as in
  // attention: aligned at the last query and key.
  Tensor forward(const Tensor& x, const KeysAndValues& memory, const Tensor& bias, const Mask& mask,
                 bool causal);
  void visit(Visitor& v) override;
  std::string type() const override { return "T5Attention"; }
};

// What a decoder keeps of the words that it has written: then each costs one row of every product. The keys and
// values of the encoder's output are made once.
struct T5Cache {
  struct Layer {
    T5Attention::KeysAndValues written, memory;
  };
  std::vector<Layer> layers;  // empty before the first call
  index_t length = 0;         // words read so far
  CacheOwner owner = {};      // the decoder, from the first call on

  // Row i becomes what row parents[i] was: a beam drops some texts and doubles others. Throws
  // "[T5Cache] …", and changes nothing, if a parent is not a row or a layer's keys or values are
  // missing.
  void pick(const std::vector<index_t>& parents);
};

// What a block attends to. `mask` (B, 1, 1, S) is of the padding of the source, which both stacks may not look at:
// the encoder in its own words, the decoder in the memory.
struct T5Context {
  Tensor bias = {};    // (H, T, S): of self attention, by distance
  Mask mask = {};      // (B, 1, 1, S) or undefined
  Tensor memory = {};  // (B, S, C): what the encoder has read; undefined in the encoder
};

// x + dropout(attention(norm(x))), the same with the memory in a decoder, then x + dropout(feed_forward(norm(x))).
//   feed_forward(x) = relu(x · wiᵀ) · woᵀ
struct T5Block : ModuleOf<T5Block> {
  T5Options options;
  RMSNorm self_norm;
  T5Attention self_attn;
  std::optional<RMSNorm> cross_norm;
  // Looks at the memory, without a bias: distances between two texts say nothing.
  std::optional<T5Attention> cross_attn;
  RMSNorm ff_norm;
  Linear wi, wo;  // C -> d_ff -> C
  Dropout dropout;

  T5Block(T5Options options, Generator& gen);
  Tensor forward(const Tensor& x, const T5Context& context, T5Cache::Layer* kept = nullptr);
  void visit(Visitor& v) override;
  std::string type() const override { return "T5Block"; }

 private:
  Tensor attend(const Tensor& x, const T5Context& context, T5Cache::Layer* kept);
  Tensor look(const Tensor& x, const T5Context& context, T5Cache::Layer* kept);
};

// Blocks, all with the one bias, and a last norm. x (B, T, C) -> (B, T, C).
struct T5Stack : ModuleOf<T5Stack> {
  T5Options options;
  Embedding relative_attention_bias;  // (num_buckets, H): published under the first block
  std::vector<T5Block> block;
  RMSNorm final_norm;
  Dropout dropout;  // of the first sum and of the last

  T5Stack(T5Options options, Generator& gen);
  // (H, T, S): what is added to the scores of queries that are the last T of S words.
  Tensor position_bias(index_t t, index_t s) const;
  // With a cache, x continues what was read before. Throws "[T5] …", and leaves the cache as it
  // was, if its layers, batch size, heads, widths, dtype, length or owner are not those of this
  // stack, x and memory. The mask, of an encoder over x and of a decoder over the memory, is
  // (B, 1, S), or as in AttendOptions.
  Tensor forward(const Tensor& x, const Tensor& memory = {}, const Mask& mask = {}, T5Cache* cache = nullptr);
  void visit(Visitor& v) override;
  std::string type() const override { return "T5Stack"; }

 private:
  void check_cache(const T5Cache& cache, const Tensor& x, const Tensor& memory) const;
};

struct T5WriteOptions {
  index_t max_length = 100;  // words at most, the eos included
  Mask source_mask = {};
};

// `source_mask` (B, 1, S) hides the padding of the source from both stacks: not_padding(source,
// pad). What is padded may hold anything, NaN included: it influences no logits and no gradient.
// Starts as T5 does: embeddings from N(0, 1); q from N(0, 1 / (C · D)), so that scores need no
// division.
struct T5 : ModuleOf<T5> {
  T5Options options;
  Embedding shared;  // (V, C): words to read, words to write, and the output layer
  T5Stack encoder, decoder;

  T5(T5Options options, Generator& gen);
  // source (B, S) -> (B, S, C)
  Tensor encode(const IntTensor& source, const Mask& source_mask = {});
  // source (B, S), given (B, T) -> logits (B, T, V): logits[t] is about the label t, given[t + 1].
  //   logits = decoder(given) / √C · sharedᵀ          (the output layer is the embedding, whose rows are √C long)
  Tensor forward(const IntTensor& source, const IntTensor& given, const Mask& source_mask = {});
  // The words that follow what the cache holds -> logits of the last one (B, 1, V). Records
  // nothing. Throws "[T5] …", and leaves the cache as it was, if the cache or the memory is not one
  // of this model and batch: shapes and dtypes are compared. The memory's keys and values are
  // computed in the first call; for another memory of the same shape, start with an empty cache.
  Tensor forward(const IntTensor& given, const Tensor& memory, T5Cache& cache, const Mask& source_mask = {});
  // The best word each time, until all texts have ended; of each text the words before its eos.
  // Throws if max_length is below 1. Both generate and beam run in evaluation mode and record
  // nothing; each submodule's mode is restored.
  std::vector<std::vector<index_t>> generate(const IntTensor& source, const T5WriteOptions& how = {});
  // The best few texts of each source (B, S) of these lengths (empty: all S), the best first, with the cache. bos and
  // eos are the model's own, whatever `how` says; width 1 is greedy. Throws "[T5] …" if a length is
  // not in [1, S], and as check_beam_options does.
  std::vector<std::vector<Hypothesis>> beam(const IntTensor& source, const std::vector<index_t>& lengths,
                                            BeamOptions how);
  void visit(Visitor& v) override;
  std::string type() const override { return "T5"; }
  std::string details() const override;

  // The published files: t5-small, t5-base, … (not T5 1.1 and Flan-T5, whose feed-forward is
  // gated). Throws "[config.json] …" for a setting that this model does not implement.
  static T5Options from_config(const Config& config);
  static PublishedNames published_names();

 private:
  Tensor scores(const Tensor& hidden) const;
};

// The names under which it is published, and ours.
inline PublishedNames T5::published_names() {
  static constexpr Rename table[] = {
      {"encoder.block.*.layer.0.layer_norm.weight", "encoder.block.*.self_norm.weight"},
      {"encoder.block.*.layer.0.SelfAttention.q.weight", "encoder.block.*.self_attn.q.weight"},
      {"encoder.block.*.layer.0.SelfAttention.k.weight", "encoder.block.*.self_attn.k.weight"},
      {"encoder.block.*.layer.0.SelfAttention.v.weight", "encoder.block.*.self_attn.v.weight"},
      {"encoder.block.*.layer.0.SelfAttention.o.weight", "encoder.block.*.self_attn.o.weight"},
      {"encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
       "encoder.relative_attention_bias.weight"},
      {"encoder.block.*.layer.1.layer_norm.weight", "encoder.block.*.ff_norm.weight"},
      {"encoder.block.*.layer.1.DenseReluDense.wi.weight", "encoder.block.*.wi.weight"},
      {"encoder.block.*.layer.1.DenseReluDense.wo.weight", "encoder.block.*.wo.weight"},
      {"encoder.final_layer_norm.weight", "encoder.final_norm.weight"},
      {"decoder.block.*.layer.0.layer_norm.weight", "decoder.block.*.self_norm.weight"},
      {"decoder.block.*.layer.0.SelfAttention.q.weight", "decoder.block.*.self_attn.q.weight"},
      {"decoder.block.*.layer.0.SelfAttention.k.weight", "decoder.block.*.self_attn.k.weight"},
      {"decoder.block.*.layer.0.SelfAttention.v.weight", "decoder.block.*.self_attn.v.weight"},
      {"decoder.block.*.layer.0.SelfAttention.o.weight", "decoder.block.*.self_attn.o.weight"},
      {"decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
       "decoder.relative_attention_bias.weight"},
      {"decoder.block.*.layer.1.layer_norm.weight", "decoder.block.*.cross_norm.weight"},
      {"decoder.block.*.layer.1.EncDecAttention.q.weight", "decoder.block.*.cross_attn.q.weight"},
      {"decoder.block.*.layer.1.EncDecAttention.k.weight", "decoder.block.*.cross_attn.k.weight"},
      {"decoder.block.*.layer.1.EncDecAttention.v.weight", "decoder.block.*.cross_attn.v.weight"},
      {"decoder.block.*.layer.1.EncDecAttention.o.weight", "decoder.block.*.cross_attn.o.weight"},
      {"decoder.block.*.layer.2.layer_norm.weight", "decoder.block.*.ff_norm.weight"},
      {"decoder.block.*.layer.2.DenseReluDense.wi.weight", "decoder.block.*.wi.weight"},
      {"decoder.block.*.layer.2.DenseReluDense.wo.weight", "decoder.block.*.wo.weight"},
      {"decoder.final_layer_norm.weight", "decoder.final_norm.weight"}};
  // The embedding under its other names, and a table that the first published files hold and nothing reads.
  static constexpr const char* ignored[] = {
      "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight",
      "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"};
  return {.table = table, .ignored = ignored};
}

}  // namespace heed::nn
