// translation_step.h — the step of the lesson in which the whole Transformer translates: what it
// prints, what it compares, and its claims.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "lessons/05_transformer_architecture/translation.h"
#include "lessons/support/svg.h"

namespace heed::lessons::translation {

// Shows the attention weights for a short sentence, so that the maps fit a terminal.
inline void show_maps(const Options& options, Page& page, Translator& model, const Corpus& corpus) {
  const auto first = corpus.sentences.test.begin();
  const TranslationPair& pair = *std::min_element(
      first, first + 20,
      [](const TranslationPair& a, const TranslationPair& b) { return a.english.size() < b.english.size(); });
  const Maps maps = attention_maps(model, make_batch({pair}, corpus));
  toy::Words input = pair.english, predicted = pair.english;
  input.insert(input.begin(), "[BOS]");
  predicted.emplace_back("[EOS]");
  struct Map {
    std::string file, title, explanation;
    const Tensor& weights;
    SvgHeatMap names;
  };
  const Map all[] = {
      {"encoder_attention",
       "Self-attention in the encoder",
       "Encoder, first block, self-attention: every Korean word attends to all Korean words.",
       maps.encoder,
       {.rows = pair.korean, .columns = pair.korean}},
      {"decoder_attention",
       "Causal self-attention in the decoder",
       "Decoder, last block, self-attention: a word attends to itself and to earlier words.",
       maps.decoder,
       {.rows = input, .columns = input, .allowed = causal(static_cast<index_t>(input.size()))}},
      {"cross_attention",
       "Cross-attention from the decoder to the encoder",
       "Decoder, last block, cross-attention: to predict the English word on the left, the decoder "
       "attends to the Korean words.",
       maps.cross,
       {.row_axis = "predicted word", .rows = predicted, .columns = pair.korean}}};
  page.print("");
  page.say("The three kinds of attention, as means over the heads:");
  for (const Map& map : all) {
    page.print("");
    page.say(map.explanation);
    page.print(indented(
        heat_map(map.weights,
                 {.rows = map.names.rows, .columns = map.names.columns, .allowed = map.names.allowed}),
        4));
    if (options.figures.empty()) continue;
    SvgHeatMap figure = map.names;
    figure.title = map.title;
    write_figure(options.figures, map.file + ".svg", svg_heat_map(map.weights, figure));
  }
}

inline std::string text_of(const std::vector<index_t>& ids, const Corpus& corpus) {
  toy::Words words;
  for (const index_t id : ids) words.push_back(corpus.english.word(id));
  return toy::join(words);
}

inline void show_translations(Page& page, Translator& model, nn::Seq2Seq& recurrent, const Corpus& corpus) {
  for (std::size_t i = 0; i < 3; ++i) {
    const TranslationPair& pair = corpus.sentences.test[i];
    page.print("\n    " + toy::join(pair.korean));
    page.print("      reference    " + toy::join(pair.english));
    page.print("      Transformer  " +
               text_of(hypotheses(model, pair.korean, corpus, beam_width)[0].ids, corpus));
    page.print("      GRU          " +
               text_of(hypotheses(recurrent, pair.korean, corpus, beam_width)[0].ids, corpus));
  }
}

// Compares beam search with greedy decoding, and shows the hypotheses of one sentence.
inline void show_beams(Page& page, Translator& model, const Corpus& corpus) {
  const TranslationPair& pair = corpus.sentences.test[0];
  page.print("");
  page.say(concat("Greedy decoding appends the most probable word at each step. Beam search keeps the ",
                  beam_width, " most probable beginnings. The hypotheses for \"", toy::join(pair.korean),
                  "\" with their log-probabilities:"));
  page.print("");
  for (const nn::Hypothesis& h : hypotheses(model, pair.korean, corpus, beam_width))
    page.print("    " + cells({fixed(h.log_probability, 2), "  " + text_of(h.ids, corpus)}, {7, -1}));
  double more = 0, less = 0;
  for (const TranslationPair& p : corpus.sentences.test) {
    const double difference = hypotheses(model, p.korean, corpus, beam_width)[0].log_probability -
                              hypotheses(model, p.korean, corpus, 1)[0].log_probability;
    more += difference > 1e-4;
    less += difference < -1e-4;
  }
  const auto n = static_cast<double>(corpus.sentences.test.size());
  page.claim("beam",
             "beam search rarely finds another translation than greedy decoding; that one is more probable",
             {"more probable for ", percentage(more / n), " of the sentences, less probable for ",
              percentage(less / n)},
             more >= less && more + less < 0.2 * n);
}

inline void explain_training(Page& page, const Recipe& recipe, const Corpus& corpus) {
  page.print("");
  page.say(concat("Warm-up: the learning rate rises linearly for ", recipe.warmup,
                  " steps, then falls along half a cosine:"));
  const optim::WarmupCosine schedule = recipe.schedule();
  std::vector<std::string> steps = {"step"}, rates = {"learning rate"};
  for (const int step : {1, recipe.steps / 20, recipe.steps / 10, recipe.steps / 2, recipe.steps}) {
    steps.push_back(concat(step));
    rates.push_back(fixed(schedule(step - 1), 5));
  }
  page.print("\n    " + cells(steps, {-15, 9, 9, 9, 9, 9}) + "\n    " + cells(rates, {-15, 9, 9, 9, 9, 9}) +
             "\n");
  const double other = recipe.smoothing / static_cast<double>(corpus.english.size());
  page.print("");
  page.say(concat("Label smoothing: the target distribution gives the correct word ",
                  fixed(1 - recipe.smoothing + other, 4), " instead of 1, and each of the ",
                  corpus.english.size() - 1, " others ", fixed(other, 4), " instead of 0."));
}

// Trains the Transformer without label smoothing and without warm-up, too, and scores all models.
inline void compare(const Options& options, Page& page, Translator& model, nn::Seq2Seq& recurrent,
                    const Corpus& corpus, const Generator& gen) {
  Recipe sharp = recipe_of(options), sudden = recipe_of(options);
  sharp.smoothing = 0;
  sudden.warmup = 0;
  Translator without_smoothing = trained("no label smoothing", corpus, sharp, options, gen);
  Translator without_warmup = trained("no warm-up", corpus, sudden, options, gen);
  const std::vector<int> widths = {-28, 12, 18, 17};
  page.print("\n    " +
             cells({"held-out sentences", "parameters", "without an error", "word error rate"}, widths));
  const auto row = [&](const std::string& name, index_t parameters, const Score& s) {
    page.print("    " + cells({name, concat(parameters), percent(s.exact), percent(s.word_error)}, widths));
    return s;
  };
  const auto by_beam = [&](auto& m, index_t width) {
    return score(corpus,
                 [&](const TranslationPair& p) { return hypotheses(m, p.korean, corpus, width)[0].ids; });
  };
  const index_t ours = model.parameter_count(), theirs = recurrent.parameter_count();
  row("Transformer, greedy", ours, by_beam(model, 1));
  const Score beam = row(concat("Transformer, beam ", beam_width), ours, by_beam(model, beam_width));
  row("  without label smoothing", ours, by_beam(without_smoothing, beam_width));
  const Score no_warmup = row("  without warm-up", ours, by_beam(without_warmup, beam_width));
  const Score gru = row(concat("GRU, beam ", beam_width), theirs, by_beam(recurrent, beam_width));
  const Score copy = row("most similar training pair", 0,
                         score(corpus, [&](const TranslationPair& p) { return copied(p, corpus); }));
  page.claim("translates", "the Transformer translates sentences that it has not seen",
             {percentage(beam.exact), " without an error, word error rate ", percentage(beam.word_error),
              "; the translation of the most similar training sentence has ", percentage(copy.exact), " and ",
              percentage(copy.word_error)},
             beam.exact > copy.exact + 0.5);
  page.claim("against_gru",
             "from 150 sentences it learns as well as a GRU with attention and as many parameters",
             {"word error rates ", percentage(beam.word_error), " with ", number(static_cast<double>(ours)),
              " parameters and ", percentage(gru.word_error), " with ", number(static_cast<double>(theirs))},
             beam.word_error <= gru.word_error + 0.01);
  const double smooth = confidence(model, corpus), plain = confidence(without_smoothing, corpus);
  page.claim("label_smoothing", "label smoothing makes the model less confident",
             {"the most probable next word has probability ", number(smooth, 3), ", without smoothing ",
              number(plain, 3)},
             smooth < plain - 0.02);
  page.claim("warm_up", "this small pre-LN model hardly needs warm-up",
             {"word error rate without it ", percentage(no_warmup.word_error)},
             no_warmup.word_error < beam.word_error + 0.05);
}

// The step of the lesson.
inline void run(const Options& options, Page& page, const Generator& gen) {
  page.step("The whole Transformer translates");
  page.say(
      "Encoder blocks process the Korean sentence, decoder blocks generate the English one. A decoder block "
      "has a second attention, whose keys and values come from the encoder. The model learns from only 150 "
      "sentences, beside the GRU with additive attention of lesson 01.");
  const Corpus corpus = make_corpus(options);
  const Recipe recipe = recipe_of(options);
  explain_training(page, recipe, corpus);
  Translator model = trained("Transformer", corpus, recipe, options, gen);
  const Batch example = make_batch({corpus.sentences.test.front()}, corpus);
  page.print("");
  page.shape("source", example.source.shape(), "Korean words (B, S)");
  page.shape("decoder input", example.decoder_input.shape(), "[BOS] and English words (B, T)");
  page.shape("logits", model.forward(example.source, example.lengths, example.decoder_input).shape(),
             "(B, T, V)");
  Generator gru_gen = gen;
  nn::Seq2Seq recurrent = recurrent_model(corpus, model.parameter_count(), gru_gen);
  train(recurrent, "GRU", corpus, recipe, options, gru_gen,
        [&](const Batch& b) { return recurrent.forward(b.source, b.lengths, b.decoder_input).logits; });
  show_translations(page, model, recurrent, corpus);
  show_beams(page, model, corpus);
  compare(options, page, model, recurrent, corpus, gen);
  show_maps(options, page, model, corpus);
  const Alignment aligned = alignment(model, corpus);
  page.claim("aligned", "cross-attention finds the Korean word that an English word translates",
             {percentage(aligned.accuracy), " of the words have their largest weight there; chance level ",
              percentage(aligned.chance)},
             aligned.accuracy > aligned.chance + 0.2);
}

}  // namespace heed::lessons::translation
