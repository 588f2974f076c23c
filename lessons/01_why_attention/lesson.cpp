// Lesson 01 · Why attention
//
//   without    encoder → one context vector → decoder             the whole sentence must fit into it
//   with       encoder → a state per word ⇐ decoder attends       a new context vector at every step
//
// A recurrent encoder processes Korean sentences, and a recurrent decoder generates English ones. The
// program trains the pair twice on sentences of 3 to 20 words, once with only the encoder's last state
// and once with additive attention. It measures the accuracy by sentence length and shows which Korean
// word each English word attends to. Usage: ./lesson_01 [--figures DIR]
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>

#include "data/text/batches.h"
#include "data/text/vocabulary.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "lessons/support/toy_languages.h"
#include "nn/models/models.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;
using toy::TranslationPair;

namespace {

constexpr index_t shortest = 3, longest = 20;  // Korean words in a sentence

// Joins clauses with 그리고 and "and". The training set and the test set have no clauses in common.
TranslationPair join_clauses(const std::vector<const TranslationPair*>& clauses) {
  TranslationPair whole;
  for (const TranslationPair* clause : clauses) {
    if (!whole.korean.empty()) {
      whole.alignment.push_back(static_cast<index_t>(whole.korean.size()));
      whole.korean.emplace_back("그리고");
      whole.english.emplace_back("and");
    }
    const auto offset = static_cast<index_t>(whole.korean.size());
    whole.korean.insert(whole.korean.end(), clause->korean.begin(), clause->korean.end());
    whole.english.insert(whole.english.end(), clause->english.begin(), clause->english.end());
    for (const index_t position : clause->alignment) whole.alignment.push_back(offset + position);
  }
  return whole;
}

// Returns a random sentence of one to four clauses with `least` to `most` Korean words.
TranslationPair make_sentence(const std::vector<TranslationPair>& clauses, index_t least, index_t most,
                              Generator& gen) {
  while (true) {
    std::vector<const TranslationPair*> chosen;
    const auto count = 1 + gen.below(4);
    for (std::uint64_t i = 0; i < count; ++i) chosen.push_back(&clauses[gen.below(clauses.size())]);
    TranslationPair whole = join_clauses(chosen);
    const auto words = static_cast<index_t>(whole.korean.size());
    if (words >= least && words <= most) return whole;
  }
}

std::vector<TranslationPair> make_sentences(std::size_t count, const std::vector<TranslationPair>& clauses,
                                            index_t least, index_t most, Generator& gen) {
  std::vector<TranslationPair> sentences(count);
  for (TranslationPair& sentence : sentences) sentence = make_sentence(clauses, least, most, gen);
  return sentences;
}

struct Corpus {
  toy::Sentences<TranslationPair> clauses;
  data::Vocabulary korean, english;
};
Corpus make_corpus(std::uint64_t seed) {
  Corpus m;
  m.clauses = toy::translation_pairs({.seed = seed, .train = 5000, .test = 500});
  std::vector<std::string> korean = {"그리고"}, english = {"and"};
  for (const TranslationPair& p : m.clauses.train) {
    korean.insert(korean.end(), p.korean.begin(), p.korean.end());
    english.insert(english.end(), p.english.begin(), p.english.end());
  }
  m.korean = data::Vocabulary::build(korean);
  m.english = data::Vocabulary::build(english);
  return m;
}

// The loss ignores this id, which pads the targets.
constexpr index_t ignored = -100;

struct Batch {
  IntTensor source;              // (B, S)
  std::vector<index_t> lengths;  // (B)
  IntTensor decoder_input;       // (B, T): [BOS], then the words
  IntTensor target;              // (B, T): the words, then [EOS]
};
Batch make_batch(const std::vector<TranslationPair>& sentences, const Corpus& m) {
  std::vector<std::vector<index_t>> source, decoder_input, target;
  for (const TranslationPair& p : sentences) {
    source.emplace_back();
    for (const std::string& word : p.korean) source.back().push_back(m.korean.id(word));
    decoder_input.push_back({data::bos_id});
    target.emplace_back();
    for (const std::string& word : p.english) {
      decoder_input.back().push_back(m.english.id(word));
      target.back().push_back(m.english.id(word));
    }
    target.back().push_back(data::eos_id);
  }
  const data::PaddedBatch padded = data::pad_batch(source);
  return {padded.ids, padded.lengths, data::pad_batch(decoder_input).ids,
          data::pad_batch(target, {.pad = ignored}).ids};
}

void the_bottleneck(Page& page, const Corpus& m, Generator& gen) {
  page.step("The bottleneck");
  page.say(
      "The encoder, a GRU, processes the Korean words and updates its hidden state. The decoder starts from "
      "the "
      "last state and generates English words. This context vector has the same size for every sentence:");
  page.print("");
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
  }
  page.print("");
  page.shape("encoder states", {1, 20, 64}, "one per word: (B, S, hidden)");
  page.shape("context vector", {1, 64}, "the last state: 64 numbers for 3 words or for 20");
  page.shape("with attention", {1, 20, 64}, "all states, with new weights at every step");
}

// Returns the fraction of words that greedy decoding generates at the correct position.
double accuracy(nn::Seq2Seq& model, const std::vector<TranslationPair>& sentences, const Corpus& m) {
  const Batch batch = make_batch(sentences, m);
  const auto translations = model.beam(
      batch.source, batch.lengths, {.bos = data::bos_id, .eos = data::eos_id, .width = 1, .max_length = 40});
  double correct = 0, total = 0;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const auto& generated = translations[i][0].ids;
    for (std::size_t t = 0; t < sentences[i].english.size(); ++t)
      correct += t < generated.size() && generated[t] == m.english.id(sentences[i].english[t]);
    total += static_cast<double>(sentences[i].english.size());
  }
  return correct / total;
}

SvgCurve train(const Options& options, const std::string& name, nn::Seq2Seq& model, const Corpus& m,
               Generator gen) {
  const int steps = options.quick ? 15 : 1200;
  optim::Adam optimizer(model.parameters(), {.lr = 4e-3});
  const optim::WarmupCosine schedule({.peak = 4e-3, .warmup = steps / 20, .total = steps});
  Progress progress(name, steps, options.quiet);
  SvgCurve curve{.name = name, .x = {}, .y = {}};
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
      curve.x.push_back(step);
      curve.y.push_back(loss.item());
    }
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
  return curve;
}

void by_length(const Options& options, Page& page, const Corpus& m, nn::Seq2Seq& plain,
               nn::Seq2Seq& attentive, Generator& gen) {
  page.step("Accuracy by sentence length");
  page.say(
      concat("Both models, with ", plain.parameter_count(), " and ", attentive.parameter_count(),
             " parameters, are trained on the same sentences of 3 to 20 words. Then each translates held-out "
             "sentences, whose clauses do not occur in the training set. Accuracy:"));
  // Both models are trained on the same random sentences.
  const Generator fork = gen.fork();
  const SvgCurve without = train(options, "without attention", plain, m, fork);
  const SvgCurve with = train(options, "with attention", attentive, m, fork);
  const std::vector<std::pair<index_t, index_t>> ranges = {{3, 5},   {6, 8},   {9, 11},
                                                           {12, 14}, {15, 17}, {18, 20}};
  SvgCurve plain_curve{.name = "without attention", .x = {}, .y = {}};
  SvgCurve attentive_curve{.name = "with attention", .x = {}, .y = {}};
  page.print("\n    " + cells({"Korean words", "without", "with attention"}, {-14, 10, 17}));
  for (const auto& [least, most] : ranges) {
    const auto sentences = make_sentences(options.quick ? 10 : 100, m.clauses.test, least, most, gen);
    const double a = accuracy(plain, sentences, m), b = accuracy(attentive, sentences, m);
    page.print("    " + cells({concat(least, " to ", most), percent(a), percent(b)}, {-14, 10, 17}));
    for (auto* curve : {&plain_curve, &attentive_curve})
      curve->x.push_back(static_cast<double>(least + most) / 2);
    plain_curve.y.push_back(100 * a);
    attentive_curve.y.push_back(100 * b);
  }
  const double lead = attentive_curve.y.back() - plain_curve.y.back();
  page.claim("a single context vector forgets long sentences",
             "from " + fixed(plain_curve.y.front(), 1) + " % at 3 to 5 words to " +
                 fixed(plain_curve.y.back(), 1) + " % at 18 to 20 words",
             plain_curve.y.back() < plain_curve.y.front() - 20);
  page.claim("attention does not forget long sentences",
             fixed(lead, 1) + " percentage points more at 18 to 20", lead >= 30);
  if (options.figures.empty()) return;
  write_figure(options.figures, "by_length.svg",
               svg_curves({plain_curve, attentive_curve}, {.title = "Accuracy by sentence length",
                                                           .x_axis = "Korean words in the sentence",
                                                           .y_axis = "accuracy (%)"}));
  write_figure(
      options.figures, "seq2seq_loss.svg",
      svg_curves({without, with},
                 {.title = "Training loss", .x_axis = "step", .y_axis = "cross-entropy (nats per word)"}));
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

void alignment(const Options& options, Page& page, const Corpus& m, nn::Seq2Seq& model, Generator& gen) {
  page.step("Alignment");
  page.say(
      "Attention weights for one sentence. Rows: the English words to be generated; columns: the Korean "
      "words "
      "that they attend to.");
  const NoGrad no_grad;
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
  page.claim("\"I\" attends to 나는", "weight " + fixed(weights.at({0, 0}), 2), weights.at({0, 0}) > 0.5);
  page.claim("\"school\" attends to 학교에", "weight " + fixed(weights.at({3, 1}), 2),
             weights.at({3, 1}) > 0.5);

  const auto sentences = make_sentences(options.quick ? 10 : 200, m.clauses.test, shortest, longest, gen);
  const Batch batch = make_batch(sentences, m);
  const AlignmentRates rates =
      alignment_rates(model.forward(batch.source, batch.lengths, batch.decoder_input).weights, sentences);
  page.print("");
  page.say(concat("In ", sentences.size(),
                  " held-out sentences: \"in the park\" translates one Korean word, 공원에서, and the three "
                  "words together "
                  "should attend mostly to it. For single words the rate is lower: after \"in\" has attended "
                  "to 공원에서, "
                  "\"park\" is known and need not attend to it again."));
  page.claim("the alignment is learned without supervision",
             percent(rates.phrases) + " of the phrases and " + percent(rates.words) +
                 " of the single words attend to theirs",
             rates.phrases >= 0.9);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_01", .title = "Lesson 01 · Why attention"};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    const Corpus corpus = make_corpus(options.seed);
    the_bottleneck(page, corpus, gen);
    const nn::Seq2SeqOptions sizes = {.source_vocab = corpus.korean.size(),
                                      .target_vocab = corpus.english.size(),
                                      .embed = 64,
                                      .hidden = 64,
                                      .bidirectional = true};
    nn::Seq2Seq plain(sizes, gen);
    nn::Seq2SeqOptions with_attention = sizes;
    with_attention.attention = nn::AttentionKind::additive;
    nn::Seq2Seq attentive(with_attention, gen);
    by_length(options, page, corpus, plain, attentive, gen);
    alignment(options, page, corpus, attentive, gen);
    page.print("");
    page.say("Next: ./lesson_02 computes attention step by step.");
  });
}
