// translation.h — the whole Transformer of section 5, encoder and decoder, as a translator of short
// Korean sentences, compared with a recurrent network of the same number of parameters.
//
//   source → embedding → positional encoding → N encoder blocks → memory
//   target → embedding → positional encoding → N decoder blocks, which attend to the memory → logits
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "data/text/batches.h"
#include "data/text/vocabulary.h"
#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"
#include "lessons/support/toy_languages.h"
#include "nn/models/seq2seq.h"
#include "nn/nn.h"
#include "optim/optim.h"

namespace heed::lessons::translation {

using toy::TranslationPair;

// Few sentences to learn from, and a vocabulary of all words.
struct Corpus {
  toy::Sentences<TranslationPair> sentences;
  data::Vocabulary korean, english;
};

inline Corpus make_corpus(const Options& options) {
  Corpus corpus;
  corpus.sentences = toy::translation_pairs({.seed = options.seed, .train = 150, .test = 200});
  std::vector<std::string> korean, english;
  for (const auto* part : {&corpus.sentences.train, &corpus.sentences.test})
    for (const TranslationPair& pair : *part) {
      korean.insert(korean.end(), pair.korean.begin(), pair.korean.end());
      english.insert(english.end(), pair.english.begin(), pair.english.end());
    }
  corpus.korean = data::Vocabulary::build(korean);
  corpus.english = data::Vocabulary::build(english);
  if (options.quick) corpus.sentences.test.resize(20);
  return corpus;
}

inline std::vector<index_t> ids_of(const toy::Words& words, const data::Vocabulary& vocabulary) {
  std::vector<index_t> ids;
  for (const std::string& word : words) ids.push_back(vocabulary.id(word));
  return ids;
}

constexpr index_t ignored = -100;  // pads the targets; the loss skips it
constexpr index_t beam_width = 4;

struct Batch {
  IntTensor source;              // (B, S)
  std::vector<index_t> lengths;  // of the sources
  IntTensor decoder_input;       // (B, T): [BOS], then the words
  IntTensor target;              // (B, T): the words, then [EOS]
};

inline Batch make_batch(const std::vector<TranslationPair>& pairs, const Corpus& corpus) {
  std::vector<std::vector<index_t>> source, input, target;
  for (const TranslationPair& pair : pairs) {
    source.push_back(ids_of(pair.korean, corpus.korean));
    target.push_back(ids_of(pair.english, corpus.english));
    input.push_back(target.back());
    input.back().insert(input.back().begin(), data::bos_id);
    target.back().push_back(data::eos_id);
  }
  const data::PaddedBatch padded = data::pad_batch(source);
  return {padded.ids, padded.lengths, data::pad_batch(input).ids,
          data::pad_batch(target, {.pad = ignored}).ids};
}

struct TranslatorOptions {
  index_t source_vocab = 0, target_vocab = 0;
  index_t d_model = 64, nhead = 4, dim_feedforward = 128, num_layers = 2;
};

// Embedding, positional encoding, nn::Transformer and an output layer.
struct Translator : nn::ModuleOf<Translator> {
  TranslatorOptions options;
  nn::Embedding source_embedding, target_embedding;
  nn::PositionalEncoding positions;
  nn::Transformer transformer;
  nn::Linear out;

  Translator(TranslatorOptions o, Generator& gen)
      : options(o),
        source_embedding({.num_embeddings = o.source_vocab, .embedding_dim = o.d_model}, gen),
        target_embedding({.num_embeddings = o.target_vocab, .embedding_dim = o.d_model}, gen),
        positions({.d_model = o.d_model, .dropout = 0.1, .max_len = 64, .batch_first = true}, gen),
        transformer({.layer = {.d_model = o.d_model,
                               .nhead = o.nhead,
                               .dim_feedforward = o.dim_feedforward,
                               .dropout = 0.1,
                               .batch_first = true,
                               .norm_first = true},
                     .num_encoder_layers = o.num_layers,
                     .num_decoder_layers = o.num_layers},
                    gen),
        out({.in = o.d_model, .out = o.target_vocab}, gen) {
    // embed() multiplies by √d_model, so that token and position have similar sizes.
    const double deviation = 1 / std::sqrt(static_cast<double>(o.d_model));
    for (Tensor* weight : {&source_embedding.weight, &target_embedding.weight})
      nn::init::normal(*weight, gen, 0, deviation);
  }

  // ids (B, T) -> (B, T, C)
  Tensor embed(nn::Embedding& embedding, const IntTensor& ids) {
    return positions(embedding(ids) * std::sqrt(static_cast<double>(options.d_model)));
  }
  // source (B, S), decoder_input (B, T) -> logits (B, T, V)
  Tensor forward(const IntTensor& source, const std::vector<index_t>& lengths,
                 const IntTensor& decoder_input) {
    const Mask words = padding(lengths, source.size(1));
    return out(transformer.forward(embed(source_embedding, source), embed(target_embedding, decoder_input),
                                   {.source_mask = words}));
  }
  void visit(nn::Visitor& v) override {
    v.child("source_embedding", source_embedding);
    v.child("target_embedding", target_embedding);
    v.child("positions", positions);
    v.child("transformer", transformer);
    v.child("out", out);
  }
  std::string type() const override { return "Translator"; }
};

// Beam search. For clarity, each step runs the decoder on the whole beginning of the sentence again;
// lesson 10_gpt stores keys and values instead.
inline std::vector<nn::Hypothesis> hypotheses(Translator& model, const toy::Words& korean,
                                              const Corpus& corpus, index_t width) {
  const nn::EvaluationMode evaluation(model);
  const NoGrad no_grad;
  const std::vector<index_t> source = ids_of(korean, corpus.korean);
  const auto length = static_cast<index_t>(source.size());
  std::vector<std::vector<index_t>> beginnings;
  const nn::DecodeStep step = [&](const IntTensor& last, const std::vector<index_t>& parents) {
    std::vector<std::vector<index_t>> next;
    for (std::size_t n = 0; n < last.values().size(); ++n) {
      next.push_back(beginnings.empty() ? std::vector<index_t>{}
                                        : beginnings[static_cast<std::size_t>(parents[n])]);
      next.back().push_back(last.values()[n]);
    }
    beginnings = next;
    const std::vector<std::vector<index_t>> sources(next.size(), source);
    const Tensor logits = model.forward(data::pad_batch(sources).ids,
                                        std::vector<index_t>(next.size(), length), data::pad_batch(next).ids);
    return log_softmax(logits.select(1, logits.size(1) - 1), -1);
  };
  const nn::BeamOptions options{.bos = data::bos_id, .eos = data::eos_id, .width = width, .max_length = 20};
  return nn::beam_search(options, step);
}

inline std::vector<nn::Hypothesis> hypotheses(nn::Seq2Seq& model, const toy::Words& korean,
                                              const Corpus& corpus, index_t width) {
  const std::vector<index_t> source = ids_of(korean, corpus.korean);
  const auto length = static_cast<index_t>(source.size());
  const nn::BeamOptions options{.bos = data::bos_id, .eos = data::eos_id, .width = width, .max_length = 20};
  return model.beam(data::pad_batch({source}).ids, {length}, options)[0];
}

// The number of words to insert, delete or replace, to change one sequence into the other
// (Levenshtein, 1966).
inline index_t edit_distance(const std::vector<index_t>& a, const std::vector<index_t>& b) {
  std::vector<index_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<index_t>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    index_t diagonal = row[0];
    row[0] = static_cast<index_t>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const index_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

struct Score {
  double exact = 0;       // fraction of sentences without an error
  double word_error = 0;  // edit distance per word of the reference
};

// Scores `translate`, a function of a pair of sentences, on the held-out sentences.
template <class Translate>
Score score(const Corpus& corpus, const Translate& translate) {
  double exact = 0, errors = 0, words = 0;
  for (const TranslationPair& pair : corpus.sentences.test) {
    const std::vector<index_t> reference = ids_of(pair.english, corpus.english);
    const index_t distance = edit_distance(translate(pair), reference);
    exact += distance == 0;
    errors += static_cast<double>(distance);
    words += static_cast<double>(reference.size());
  }
  return {exact / static_cast<double>(corpus.sentences.test.size()), errors / words};
}

// A baseline without a model: copies the translation of the most similar training sentence.
inline std::vector<index_t> copied(const TranslationPair& pair, const Corpus& corpus) {
  const std::vector<index_t> source = ids_of(pair.korean, corpus.korean);
  const auto distance = [&](const TranslationPair& other) {
    return edit_distance(source, ids_of(other.korean, corpus.korean));
  };
  return ids_of(std::ranges::min_element(corpus.sentences.train, {}, distance)->english, corpus.english);
}

struct Recipe {
  int steps = 500, warmup = 50;
  double smoothing = 0.1;

  optim::WarmupCosine schedule() const {
    return optim::WarmupCosine({.peak = 3e-3, .warmup = warmup, .total = steps});
  }
};

inline Recipe recipe_of(const Options& options) {
  const int steps = options.quick ? 20 : 500;
  return {.steps = steps,
          .warmup = std::min(options.integer("--warmup", steps / 10, 0), steps - 1),
          .smoothing = options.number("--label-smoothing", 0.1)};
}

// `logits` computes the logits (B, T, V) of a batch.
template <class Model, class Logits>
void train(Model& model, const std::string& name, const Corpus& corpus, const Recipe& recipe,
           const Options& options, Generator gen, const Logits& logits) {
  const optim::WarmupCosine schedule = recipe.schedule();
  optim::Adam optimizer(model.parameters(), {.lr = 3e-3});
  Progress progress(name, recipe.steps, options.quiet);
  for (int step = 1; step <= recipe.steps; ++step) {
    std::vector<TranslationPair> pairs(32);
    for (TranslationPair& pair : pairs)
      pair = corpus.sentences.train[gen.below(corpus.sentences.train.size())];
    const Batch batch = make_batch(pairs, corpus);
    const Tensor loss = cross_entropy(logits(batch), batch.target,
                                      {.ignore_index = ignored, .label_smoothing = recipe.smoothing});
    optimizer.set_lr(schedule(step - 1));
    optimizer.zero_grad();
    loss.backward();
    optim::clip_grad_norm(model.parameters(), 1.0);
    optimizer.step();
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
}

// A trained Transformer. The same generator gives the same initial weights and batches.
inline Translator trained(const std::string& name, const Corpus& corpus, const Recipe& recipe,
                          const Options& options, Generator gen) {
  Translator model({.source_vocab = corpus.korean.size(), .target_vocab = corpus.english.size()}, gen);
  train(model, name, corpus, recipe, options, gen.fork(),
        [&](const Batch& b) { return model.forward(b.source, b.lengths, b.decoder_input); });
  return model;
}

// The probability of the most probable next word: the mean over the words of the held-out sentences.
inline double confidence(Translator& model, const Corpus& corpus) {
  const nn::EvaluationMode evaluation(model);
  const NoGrad no_grad;
  double total = 0, words = 0;
  for (const TranslationPair& pair : corpus.sentences.test) {
    const Batch batch = make_batch({pair}, corpus);
    const Tensor p = softmax(model.forward(batch.source, batch.lengths, batch.decoder_input), -1);
    total += max(p, -1).values.sum().item();
    words += static_cast<double>(batch.target.size(1));
  }
  return total / words;
}

// The attention weights of the last decoder block and of the first encoder block, as means over the heads.
struct Maps {
  Tensor encoder, decoder, cross;  // (S, S), (T, T), (T, S)
};

inline Maps attention_maps(Translator& model, const Batch& batch) {
  const nn::EvaluationMode evaluation(model);
  const NoGrad no_grad;
  nn::AttentionMaps encoder;
  const Tensor memory = model.transformer.encoder.forward(model.embed(model.source_embedding, batch.source),
                                                          {.maps = &encoder});
  Tensor x = model.embed(model.target_embedding, batch.decoder_input);
  auto& layers = model.transformer.decoder.layers;
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) x = layers[i].forward(x, memory);
  nn::TransformerDecoderLayer& last = layers.back();
  const Tensor normed = last.norm1(x);
  const AttentionResult self =
      last.self_attn.forward(normed, normed, normed, {.causal = true, .weights = nn::Weights::average});
  const Tensor query = last.norm2(x + self.output);
  const AttentionResult cross =
      last.multihead_attn.forward(query, memory, memory, {.weights = nn::Weights::average});
  return {encoder.front()[0].mean(0), self.weights[0], cross.weights[0]};
}

// The fraction of English words whose largest cross-attention weight is at the Korean word they
// translate, and the same fraction for a Korean word that is drawn at random.
struct Alignment {
  double accuracy = 0, chance = 0;
};

inline Alignment alignment(Translator& model, const Corpus& corpus) {
  Alignment result;
  double words = 0;
  for (const TranslationPair& pair : corpus.sentences.test) {
    const Tensor weights = attention_maps(model, make_batch({pair}, corpus)).cross;
    const IntTensor attended = argmax(weights, -1);
    const auto n = static_cast<double>(pair.alignment.size());
    for (std::size_t t = 0; t < pair.alignment.size(); ++t)
      result.accuracy += attended.values()[t] == pair.alignment[t];
    result.chance += n / static_cast<double>(pair.korean.size());
    words += n;
  }
  return {result.accuracy / words, result.chance / words};
}

// The recurrent model of lesson 01 whose number of parameters is closest to `parameters`.
inline nn::Seq2Seq recurrent_model(const Corpus& corpus, index_t parameters, Generator& gen) {
  nn::Seq2SeqOptions best;
  index_t least = -1;
  for (index_t hidden = 16; hidden <= 256; ++hidden) {
    const nn::Seq2SeqOptions options{.source_vocab = corpus.korean.size(),
                                     .target_vocab = corpus.english.size(),
                                     .embed = 64,
                                     .hidden = hidden,
                                     .attention = nn::AttentionKind::additive};
    Generator unused(0);
    const index_t count = nn::Seq2Seq(options, unused).parameter_count();
    const index_t distance = std::abs(count - parameters);
    if (least < 0 || distance < least) {
      least = distance;
      best = options;
    }
  }
  return nn::Seq2Seq(best, gen);
}

}  // namespace heed::lessons::translation
