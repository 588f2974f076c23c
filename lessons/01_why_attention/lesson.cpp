// Lesson 01 · Why attention
//
//   without    encoder → one context vector → decoder             the whole sentence must fit into it
//   with       encoder → a state per word ⇐ decoder attends       a new context vector at every step
//
// A recurrent encoder processes Korean sentences, and a recurrent decoder generates English ones. The
// program trains three pairs with about equally many parameters on sentences of 3 to 20 words: one with only
// the encoder's last state, one with additive attention and one with dot-product attention. It measures
// the quality of the translations by sentence length, prints some of them, and shows which Korean word
// each English word attends to. Usage: ./lesson_01 [--figures DIR] [--steps N] [--hidden N]
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "lessons/01_why_attention/translation.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/models/models.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

// A model, its training loss, and the quality of its translations by sentence length.
struct Translator {
  std::string name;
  nn::Seq2Seq model;
  SvgCurve loss = {.name = name, .x = {}, .y = {}};
  std::vector<double> accuracy = {}, errors = {}, words = {};
};

// Returns a model with about this many parameters: its hidden size is increased until it has as many.
nn::Seq2Seq make_model(nn::Seq2SeqOptions sizes, index_t parameters, Generator& gen) {
  std::optional<nn::Seq2Seq> nearest;
  for (;; sizes.hidden += 2) {
    Generator same = gen;
    nn::Seq2Seq model(sizes, same);
    const bool larger = model.parameter_count() > parameters;
    const auto distance = [&](nn::Seq2Seq& m) { return std::abs(m.parameter_count() - parameters); };
    if (!nearest || distance(model) < distance(*nearest)) nearest.emplace(std::move(model));
    if (!larger) continue;
    gen = same;
    return std::move(*nearest);
  }
}

std::vector<Translator> make_translators(const Options& options, const Corpus& m, Generator& gen) {
  nn::Seq2SeqOptions sizes = {.source_vocab = m.korean.size(),
                              .target_vocab = m.english.size(),
                              .embed = 64,
                              .hidden = options.integer("--hidden", 68, 2),
                              .attention = nn::AttentionKind::additive,
                              .bidirectional = true};
  nn::Seq2Seq additive(sizes, gen);
  const index_t parameters = additive.parameter_count();
  sizes.attention = nn::AttentionKind::none;
  nn::Seq2Seq plain = make_model(sizes, parameters, gen);
  sizes.attention = nn::AttentionKind::dot;
  nn::Seq2Seq dot = make_model(sizes, parameters, gen);
  std::vector<Translator> translators;
  translators.push_back({"no attention", std::move(plain)});
  translators.push_back({"additive", std::move(additive)});
  translators.push_back({"dot-product", std::move(dot)});
  return translators;
}

void the_bottleneck(Page& page, const Corpus& m, nn::Seq2Seq& plain, Generator& gen) {
  page.step("The bottleneck");
  page.say(
      "The encoder, a GRU, processes the Korean words and updates its hidden state. The decoder starts from "
      "the last state and generates English words. This context vector has the same size for every "
      "sentence:");
  page.print("");
  Tensor states, context;
  for (const index_t length : {3, 9, 20}) {
    const TranslationPair p = make_sentence(m.clauses.train, length, length, gen);
    std::string text = toy::join(p.korean);
    // Long sentences are cut between words.
    if (columns(text) > 52) {
      std::size_t end = 0;
      while (columns(text.substr(0, end)) < 50) end = text.find(' ', end + 1);
      text = text.substr(0, end) + " …";
    }
    page.print(cells({concat(length), text}, {6, 0}).insert(6, " words  "));
    const Batch batch = make_batch({p}, m);
    const nn::RecurrentResult encoded = plain.encoder.forward(plain.source_embedding(batch.source));
    states = encoded.output;
    context = cat({encoded.state.h[0], encoded.state.h[1]}, -1);  // one state per direction
  }
  page.print("");
  page.shape("encoder states", states.shape(), "one per word of the last sentence: (B, S, hidden)");
  page.shape("context vector", context.shape(), "the last state: its size does not depend on S");
  page.print("");
  page.say(
      "With attention, the decoder uses all encoder states, with new weights at every step. The query Q is "
      "the decoder's state. The keys K are the encoder's states. In this lesson, the values V are equal "
      "to K: they are the same states.");
}

void train(const Options& options, Translator& translator, const Corpus& m, Generator gen) {
  const int steps = options.integer("--steps", options.quick ? 15 : 1200);
  nn::Seq2Seq& model = translator.model;
  optim::Adam optimizer(model.parameters(), {.lr = 4e-3});
  const optim::WarmupCosine schedule({.peak = 4e-3, .warmup = steps / 20, .total = steps});
  Progress progress(translator.name, steps, options.quiet);
  for (int step = 1; step <= steps; ++step) {
    const auto sentences = make_sentences(32, m.clauses.train, shortest, longest, gen);
    const Batch batch = make_batch(sentences, m);
    const Tensor loss = cross_entropy(model.forward(batch.source, batch.lengths, batch.decoder_input).logits,
                                      batch.target, {.ignore_index = ignored});
    optimizer.set_lr(schedule(step - 1));
    optimizer.zero_grad();
    loss.backward();
    optim::clip_grad_norm(model.parameters(), 1.0);
    optimizer.step();
    if (step % 10 == 0) {
      translator.loss.x.push_back(step);
      translator.loss.y.push_back(loss.item());
    }
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
}

const std::vector<std::pair<index_t, index_t>> ranges = {{3, 5},   {6, 8},   {9, 11},
                                                         {12, 14}, {15, 17}, {18, 20}};
const std::vector<int> widths = {-14, 9, 14, 10, 13};

// Prints a table with a row per range of lengths, for the accuracy or the word error rate.
void print_by_length(Page& page, const std::string& title, const std::vector<double>& chance,
                     const std::vector<Translator>& translators, std::vector<double> Translator::*measured) {
  std::vector<std::string> head = {"Korean words", "chance"};
  for (const Translator& t : translators) head.push_back(t.name);
  page.print("\n    " + title + ":\n    " + cells(head, widths));
  for (std::size_t r = 0; r < ranges.size(); ++r) {
    std::vector<std::string> row = {concat(ranges[r].first, " to ", ranges[r].second), percent(chance[r])};
    for (const Translator& t : translators) row.push_back(percent((t.*measured)[r]));
    page.print("    " + cells(row, widths));
  }
}

// The claims about the quality in the first and the last range of lengths.
void quality_claims(Page& page, const std::vector<Translator>& translators,
                    const std::vector<double>& chance_accuracy, const std::vector<double>& chance_errors) {
  const Translator &plain = translators[0], &additive = translators[1], &dot = translators[2];
  const double lead = additive.accuracy.back() - plain.accuracy.back();
  page.claim("forgets", "a single context vector forgets long sentences",
             {"words at the correct position: ", percentage(plain.accuracy.front()), " at 3 to 5 words, ",
              percentage(plain.accuracy.back()), " at 18 to 20 words (chance level ",
              percentage(chance_accuracy.front()), " and ", percentage(chance_accuracy.back()), ")"},
             plain.accuracy.back() < plain.accuracy.front() - 0.2);
  page.claim("remembers", "additive attention does not forget long sentences",
             {percentage(additive.accuracy.back()), " at 18 to 20 words: ", number(100 * lead, 0),
              " percentage points more"},
             lead >= 0.3 && additive.accuracy.back() >= 0.9);
  page.claim("dot_product", "dot-product attention does not forget them, either",
             {percentage(dot.accuracy.back()), " at 18 to 20 words, with a word error rate of ",
              percentage(dot.errors.back())},
             dot.accuracy.back() - plain.accuracy.back() >= 0.3 && dot.accuracy.back() >= 0.8);
  page.claim("word_error_rate", "without attention, the word error rate is higher at every length",
             {percentage(plain.errors.front()), " at 3 to 5 words, ", percentage(plain.errors.back()),
              " at 18 to 20 words (chance level ", percentage(chance_errors.front()), " and ",
              percentage(chance_errors.back()), "); with additive attention ",
              percentage(additive.errors.front()), " and ", percentage(additive.errors.back())},
             *std::ranges::min_element(plain.errors) > *std::ranges::max_element(additive.errors) + 0.2);
  page.claim("length",
             "without attention, long translations lack words; how many are added to short ones varies "
             "between seeds",
             {number(plain.words.back(), 2), " words per word of the reference at 18 to 20 words, ",
              number(plain.words.front(), 2), " at 3 to 5; with additive attention ",
              number(additive.words.back(), 2), " and ", number(additive.words.front(), 2)},
             plain.words.back() < 0.9);
}

// Draws a curve per model, and one for the chance level.
void write_by_length(const Options& options, const std::string& file, const SvgCurves& labels,
                     const std::vector<double>& chance, const std::vector<Translator>& translators,
                     std::vector<double> Translator::*measured) {
  const auto curve = [](const std::string& name, const std::vector<double>& fractions) {
    SvgCurve result{.name = name, .x = {}, .y = {}};
    for (std::size_t r = 0; r < ranges.size(); ++r) {
      result.x.push_back(static_cast<double>(ranges[r].first + ranges[r].second) / 2);
      result.y.push_back(100 * fractions[r]);
    }
    return result;
  };
  std::vector<SvgCurve> curves;
  curves.reserve(translators.size() + 1);
  for (const Translator& t : translators) curves.push_back(curve(t.name, t.*measured));
  curves.push_back(curve("chance level", chance));
  write_figure(options.figures, file, svg_curves(curves, labels));
}

void write_curves(const Options& options, const Corpus& m, const std::vector<Translator>& translators,
                  const std::vector<double>& chance_accuracy, const std::vector<double>& chance_errors) {
  write_by_length(options, "by_length.svg",
                  {.title = "Accuracy by sentence length",
                   .x_axis = "Korean words in the sentence",
                   .y_axis = "words at the correct position (%)",
                   .points = true},
                  chance_accuracy, translators, &Translator::accuracy);
  write_by_length(options, "word_errors.svg",
                  {.title = "Word error rate by sentence length",
                   .x_axis = "Korean words in the sentence",
                   .y_axis = "edit distance divided by words (%)",
                   .points = true},
                  chance_errors, translators, &Translator::errors);
  std::vector<SvgCurve> losses;
  losses.reserve(translators.size());
  for (const Translator& t : translators) losses.push_back(t.loss);
  write_figure(options.figures, "seq2seq_loss.svg",
               svg_curves(losses, {.title = "Training loss",
                                   .x_axis = "step",
                                   .y_axis = "cross-entropy (nats per word)",
                                   .baseline = std::log(static_cast<double>(m.english.size())),
                                   .baseline_name = "all words equally likely",
                                   .logarithmic_y = true,
                                   .points = true}));
}

void by_length(const Options& options, Page& page, const Corpus& m, std::vector<Translator>& translators,
               Generator& gen) {
  page.step("Quality by sentence length");
  page.say(
      "Three models are trained on the same sentences of 3 to 20 words: one without attention, one with "
      "additive attention, and one with scaled dot-product attention. Then each translates held-out "
      "sentences, whose clauses do not occur in the training set. Chance level: the correct translation of "
      "another sentence of the same range.");
  std::vector<index_t> counts;
  counts.reserve(translators.size());
  for (Translator& t : translators) counts.push_back(t.model.parameter_count());
  const auto count = [&](std::size_t i) { return number(static_cast<double>(counts[i])); };
  const auto [fewest, most] = std::ranges::minmax(counts);
  const double excess = static_cast<double>(most) / static_cast<double>(fewest) - 1;
  page.identity("parameters", "the three models have about equally many parameters",
                {count(0), " without, ", count(1), " additive, ", count(2), " dot-product: within ",
                 percentage(excess)},
                excess < 0.02);
  // All models are trained on the same random sentences.
  const Generator fork = gen.fork();
  for (Translator& t : translators) train(options, t, m, fork);
  std::vector<double> chance_accuracy, chance_errors;
  for (const auto& [least, most_words] : ranges) {
    const auto sentences = make_sentences(options.quick ? 10 : 100, m.clauses.test, least, most_words, gen);
    std::vector<Ids> references;
    references.reserve(sentences.size());
    for (const TranslationPair& p : sentences) references.push_back(reference(p, m));
    for (Translator& t : translators) {
      const Quality q = quality(translate(t.model, sentences, m), references);
      t.accuracy.push_back(q.accuracy);
      t.errors.push_back(q.errors);
      t.words.push_back(q.words);
    }
    std::vector<Ids> others = references;
    std::rotate(others.begin(), others.begin() + 1, others.end());
    const Quality chance = quality(others, references);
    chance_accuracy.push_back(chance.accuracy);
    chance_errors.push_back(chance.errors);
  }
  print_by_length(page, "Words at the correct position", chance_accuracy, translators, &Translator::accuracy);
  print_by_length(page, "Word error rate (edit distance divided by words)", chance_errors, translators,
                  &Translator::errors);
  quality_claims(page, translators, chance_accuracy, chance_errors);
  if (!options.figures.empty()) write_curves(options, m, translators, chance_accuracy, chance_errors);
}

// "    name           the words, wrapped"
void print_words(Page& page, const std::string& name, const toy::Words& words) {
  constexpr std::size_t width = 56, indent = 18;
  std::string line, text = name + std::string(indent - columns(name), ' ');
  for (const std::string& word : words) {
    if (columns(line) + 1 + columns(word) > width) {
      text += line + "\n" + std::string(indent, ' ');
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  page.print(indented(text + line, 4));
}

void translations(Page& page, const Corpus& m, std::vector<Translator>& translators, Generator& gen) {
  page.step("Translations");
  page.say(
      "Held-out sentences of 4, 9 and 16 words. In brackets: the edit distance to the reference, in words.");
  for (const index_t length : {4, 9, 16}) {
    const TranslationPair p = make_sentence(m.clauses.test, length, length, gen);
    page.print("");
    print_words(page, "Korean", p.korean);
    print_words(page, "reference", p.english);
    for (Translator& t : translators) {
      const Ids ids = translate(t.model, {p}, m)[0];
      toy::Words words;
      for (const index_t id : ids) words.push_back(m.english.word(id));
      print_words(page, concat(t.name, " (", edit_distance(ids, reference(p, m)), ")"), words);
    }
  }
}

struct AlignmentRates {
  // Fraction of the Korean words that get the largest summed weight of their English translation.
  double phrases = 0;
  // Fraction of the English words whose largest weight is on their own Korean word.
  double words = 0;
};
AlignmentRates alignment_rates(const Tensor& weights, const std::vector<TranslationPair>& sentences) {
  double phrases = 0, words = 0, total_phrases = 0, total_words = 0;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const TranslationPair& p = sentences[i];
    const auto count = static_cast<index_t>(p.korean.size());
    const Tensor rows = weights[static_cast<index_t>(i)].slice(1, 0, count);  // (T, S)
    std::vector<Tensor> together(p.korean.size());
    for (std::size_t t = 0; t < p.alignment.size(); ++t) {
      const Tensor row = rows[static_cast<index_t>(t)];
      words += argmax(row, 0)[0] == p.alignment[t];
      Tensor& sum = together[static_cast<std::size_t>(p.alignment[t])];
      sum = sum.defined() ? sum + row : row;
    }
    for (index_t s = 0; s < count; ++s) phrases += argmax(together[static_cast<std::size_t>(s)], 0)[0] == s;
    total_words += static_cast<double>(p.alignment.size());
    total_phrases += static_cast<double>(count);
  }
  return {phrases / total_phrases, words / total_words};
}

// The weights (B, T, S) of a baseline that attends along the diagonal: English word t of T attends to
// the Korean word at the same fraction of the sentence.
Tensor diagonal_weights(const Shape& shape, const std::vector<TranslationPair>& sentences) {
  Tensor weights = zeros(shape);
  for (std::size_t b = 0; b < sentences.size(); ++b) {
    const auto target = static_cast<index_t>(sentences[b].english.size());
    const auto source = static_cast<index_t>(sentences[b].korean.size());
    for (index_t t = 0; t < target; ++t) weights.set({static_cast<index_t>(b), t, t * source / target}, 1);
  }
  return weights;
}

// The weights of one sentence, and whether its words attend to their translations.
void one_sentence(const Options& options, Page& page, const Corpus& m, nn::Seq2Seq& model) {
  const TranslationPair example = {{"나는", "학교에", "간다"}, {"I", "go", "to", "school"}, {0, 2, 1, 1}};
  const Batch one = make_batch({example}, m);
  const Tensor weights = model.forward(one.source, one.lengths, one.decoder_input).weights[0].slice(0, 0, 4);
  page.print("\n" + indented(heat_map(weights, {.rows = example.english, .columns = example.korean}), 4));
  if (!options.figures.empty())
    write_figure(options.figures, "alignment.svg",
                 svg_heat_map(weights, {.title = "I go to school",
                                        .row_axis = "English word (query)",
                                        .column_axis = "Korean word (key)",
                                        .rows = example.english,
                                        .columns = example.korean}));
  const auto attends = [&](const std::string& id, index_t word, index_t key) {
    const auto english = example.english[static_cast<std::size_t>(word)],
               korean = example.korean[static_cast<std::size_t>(key)];
    page.claim(id, concat("\"", english, "\" attends to ", korean, " more than to any other word"),
               {"weight ", number(weights.at({word, key}), 2)}, argmax(weights[word], 0)[0] == key);
  };
  attends("i", 0, 0);
  attends("school", 3, 1);
}

void alignment(const Options& options, Page& page, const Corpus& m, std::vector<Translator>& translators,
               Generator& gen) {
  page.step("Alignment");
  page.say(
      "Additive attention weights for one sentence. Rows: the English words to be generated; columns: the "
      "Korean words that they attend to.");
  const NoGrad no_grad;
  one_sentence(options, page, m, translators[1].model);
  const auto sentences = make_sentences(options.quick ? 10 : 200, m.clauses.test, shortest, longest, gen);
  const Batch batch = make_batch(sentences, m);
  const auto weights_of = [&](Translator& t) {
    return t.model.forward(batch.source, batch.lengths, batch.decoder_input).weights;
  };
  const Tensor additive_weights = weights_of(translators[1]);
  const AlignmentRates additive = alignment_rates(additive_weights, sentences),
                       dot = alignment_rates(weights_of(translators[2]), sentences),
                       diagonal =
                           alignment_rates(diagonal_weights(additive_weights.shape(), sentences), sentences);
  page.print("");
  page.say(
      concat("In ", sentences.size(),
             " held-out sentences: \"in the park\" translates one Korean word, 공원에서, and the three "
             "words together should attend mostly to it. For single words the rate is lower: after \"in\" "
             "has attended to 공원에서, \"park\" is known and need not attend to it again. The baseline "
             "attends along the diagonal, the alignment of two languages with the same word order:"));
  const std::vector<int> columns_of_rates = {-14, 10, 14};
  page.print("\n    " + cells({"", "phrases", "single words"}, columns_of_rates));
  for (const auto& [name, rates] :
       {std::pair("diagonal", diagonal), {"additive", additive}, {"dot-product", dot}})
    page.print("    " + cells({name, percent(rates.phrases), percent(rates.words)}, columns_of_rates));
  page.claim("alignment", "additive attention learns the alignment without supervision",
             {percentage(additive.phrases), " of the phrases and ", percentage(additive.words),
              " of the single words attend to theirs; on the diagonal ", percentage(diagonal.phrases),
              " and ", percentage(diagonal.words)},
             additive.phrases >= 0.75 && additive.words >= 0.75);
  page.claim("alignment_dot", "dot-product attention learns it, too",
             {percentage(dot.phrases), " of the phrases and ", percentage(dot.words), " of the single words"},
             dot.phrases >= 0.75 && dot.words >= 0.75);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_01",
                    .title = "Lesson 01 · Why attention",
                    .more = {{"--steps", "N", "training steps of each model (default 1200)"},
                             {"--hidden", "N", "hidden size with additive attention (even, default 68)"}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    const Corpus corpus = make_corpus(options.seed);
    std::vector<Translator> translators = make_translators(options, corpus, gen);
    the_bottleneck(page, corpus, translators[0].model, gen);
    by_length(options, page, corpus, translators, gen);
    translations(page, corpus, translators, gen);
    alignment(options, page, corpus, translators, gen);
    page.print("");
    page.say("Next: ./lesson_02 computes attention step by step.");
  });
}
