// diagrams.h — the diagrams of lesson 05. Each runs its model once and draws the tensors of that run.
#pragma once

#include "lessons/05_transformer_architecture/translation.h"
#include "lessons/support/diagram.h"
#include "lessons/support/svg.h"
#include "nn/nn.h"

namespace heed::lessons {

// The encoder block, with its norms after the sublayers (post-LN) or before them. x (B, T, C).
inline std::string block_diagram(nn::TransformerEncoderLayer& layer, const Tensor& x) {
  const nn::EvaluationMode evaluation(layer);
  const bool pre = layer.options.norm_first;
  Diagram diagram(pre ? "The encoder block, pre-LN" : "The encoder block",
                  "Two sublayers, self-attention and a feed-forward network. Each has a residual connection "
                  "around it.",
                  400);
  DiagramColumn column(diagram, 148, 62, 186);
  const auto normed = [&](const Tensor& t, const nn::LayerNorm& norm) {
    column.op("LayerNorm");
    return norm(t);
  };
  constexpr double around = 30, right = 328;

  DiagramBox from = column.tensor("x", x.shape());
  const Tensor input = pre ? normed(x, layer.norm1) : x;
  const DiagramBox attend = column.op("self-attention");
  const AttentionResult attended =
      layer.self_attn.forward(input, input, input, {.weights = nn::Weights::per_head});
  column.tensor("attention", attended.output.shape());
  DiagramBox sum = column.sum();
  diagram.residual(from, sum, around);
  Tensor h = x + attended.output;
  if (!pre) h = normed(h, layer.norm1);
  from = column.tensor("h", h.shape());

  const Tensor inner = pre ? normed(h, layer.norm2) : h;
  const bool is_relu = layer.options.activation == nn::Activation::relu;
  const DiagramBox first = column.op(is_relu ? "linear 1\nReLU" : "linear 1\nGELU");
  const Tensor wide = nn::activate(layer.options.activation, layer.linear1, inner);
  column.tensor("hidden layer", wide.shape());
  const DiagramBox second = column.op("linear 2");
  const Tensor narrow = layer.linear2(wide);
  column.tensor("feed-forward", narrow.shape());
  sum = column.sum();
  diagram.residual(from, sum, around);
  Tensor y = h + narrow;
  if (!pre) y = normed(y, layer.norm2);
  const DiagramBox last = column.tensor("y", y.shape());
  check(max_abs_difference(y, layer.forward(x)) < 1e-5, "block_diagram", "expected the output of the layer");

  const DiagramBox weights =
      diagram.tensor(right, attend.middle() - 23, 124, "weights", attended.weights.shape());
  diagram.side_arrow(attend, weights);
  diagram.note(right, weights.bottom() + 20, "information", true);
  diagram.note(right, weights.bottom() + 37, "between words", true);
  diagram.note(right, (first.y + second.bottom()) / 2 - 4, "each word", true);
  diagram.note(right, (first.y + second.bottom()) / 2 + 13, "separately", true);
  diagram.note(20, last.bottom() + 30, "(B, T, C): sequences, words, channels");
  return diagram.svg();
}

// The sublayers of a block in a diagram: residual connections around ops, norms before or after them.
struct DiagramOfSublayers {
  Diagram& diagram;
  DiagramColumn& column;
  bool norm_first;
  double around;         // the position of the residual connections
  DiagramBox last = {};  // the end of the last sublayer

  // Appends a sublayer. Returns the box of its op.
  DiagramBox append(const std::string& op) {
    const DiagramBox box = column.op(norm_first ? "LayerNorm\n" + op : op), sum = column.sum();
    diagram.residual({.x = box.x, .y = box.y - 12}, sum, around);
    last = norm_first ? sum : column.op("LayerNorm");
    return box;
  }
};

// The attention weights of the first decoder block: causal self-attention, and cross-attention.
inline std::pair<Tensor, Tensor> decoder_weights(nn::TransformerDecoderLayer& layer, const Tensor& x,
                                                 const Tensor& memory) {
  const bool pre = layer.options.norm_first;
  const Tensor input = pre ? layer.norm1(x) : x;
  const AttentionResult self =
      layer.self_attn.forward(input, input, input, {.causal = true, .weights = nn::Weights::per_head});
  const Tensor h = x + self.output, query = pre ? layer.norm2(h) : layer.norm1(h);
  const AttentionResult cross =
      layer.multihead_attn.forward(query, memory, memory, {.weights = nn::Weights::per_head});
  return {self.weights, cross.weights};
}

// The whole Transformer. source (1, S), decoder_input (1, T).
inline std::string encoder_decoder_diagram(translation::Translator& model, const IntTensor& source,
                                           const IntTensor& decoder_input) {
  const nn::EvaluationMode evaluation(model);
  nn::Transformer& transformer = model.transformer;
  Diagram diagram("Encoder and decoder",
                  "The encoder turns the source into the memory. In each block of the decoder, "
                  "cross-attention reads keys and values from the memory.",
                  440);
  constexpr double width = 158, frame_width = 206, left = 115, right = 325;
  const bool pre = transformer.options.layer.norm_first;

  DiagramColumn encoder(diagram, left, 62, width);
  encoder.tensor("source", source.shape());
  encoder.op("embedding\npositions");
  const Tensor x = model.embed(model.source_embedding, source);
  encoder.tensor("x", x.shape());
  encoder.skip(30);
  DiagramOfSublayers in_encoder{diagram, encoder, pre, left - 91};
  const DiagramBox first = in_encoder.append("self-attention");
  in_encoder.append("feed-forward");
  diagram.frame(first, in_encoder.last, frame_width, concat("× ", transformer.encoder.layers.size()));
  encoder.skip(14);
  encoder.op("LayerNorm");
  nn::AttentionMaps maps;
  const Tensor memory = transformer.encoder.forward(x, {.maps = &maps});
  const DiagramBox memory_box = encoder.tensor("memory", memory.shape());

  DiagramColumn decoder(diagram, right, 62, width);
  decoder.tensor("decoder input", decoder_input.shape());
  decoder.op("embedding\npositions");
  const Tensor y = model.embed(model.target_embedding, decoder_input);
  decoder.tensor("y", y.shape());
  decoder.skip(30);
  DiagramOfSublayers in_decoder{diagram, decoder, pre, right + 91};
  const DiagramBox top = in_decoder.append("causal self-attention");
  const DiagramBox cross = in_decoder.append("cross-attention");
  in_decoder.append("feed-forward");
  diagram.frame(top, in_decoder.last, frame_width, concat("× ", transformer.decoder.layers.size()),
                Diagram::Corner::left);
  diagram.side_arrow(memory_box, cross, (left + right) / 2);
  decoder.skip(14);
  decoder.op("LayerNorm\nlinear");
  const Tensor logits = model.out(transformer.decoder.forward(y, memory));
  const DiagramBox last = decoder.tensor("logits", logits.shape());
  const std::vector<index_t> lengths(1, source.size(1));
  check(max_abs_difference(logits, model.forward(source, lengths, decoder_input)) < 1e-5,
        "encoder_decoder_diagram", "expected the logits of the model");

  const auto [self, cross_weights] = decoder_weights(transformer.decoder.layers[0], y, memory);
  const double notes_end =
      diagram.notes(36, memory_box.bottom() + 46,
                    {"attention weights", "(B, H, queries, keys):", concat("self ", maps[0].shape()),
                     concat("causal ", self.shape()), concat("cross ", cross_weights.shape())});
  diagram.notes(20, std::max(last.bottom(), notes_end) + 34,
                {"Cross-attention: queries from the decoder,", "keys and values from the memory."});
  return diagram.svg();
}

// Draws the model that the lesson trains to translate, with its first test sentence.
inline void draw_translator(const Options& options) {
  if (options.figures.empty()) return;
  const translation::Corpus corpus = translation::make_corpus(options);
  Generator gen(0);  // the diagram shows shapes only
  translation::Translator model({.source_vocab = corpus.korean.size(), .target_vocab = corpus.english.size()},
                                gen);
  const translation::Batch example = translation::make_batch({corpus.sentences.test.front()}, corpus);
  write_figure(options.figures, "encoder_decoder.svg",
               encoder_decoder_diagram(model, example.source, example.decoder_input));
}

}  // namespace heed::lessons
