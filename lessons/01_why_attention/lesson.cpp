// Lesson 01 · Why attention
//
//   without    reader → one vector → writer                       all of the sentence must fit into it
//   with       reader → a vector for each word ⇐ writer looks     whatever it needs, when it needs it
//
// A recurrent net reads Korean, another writes English. This program trains the pair twice, once with nothing between them
// but the reader's last state, once with additive attention, on sentences of 3 to 20 words, and shows what becomes of the
// long ones, and which Korean word each English word looks at. Run it: ./lesson_01 (or ./lesson_01 --figures figures).
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>

#include "data/text/batches.h"
#include "data/text/sentences.h"
#include "data/text/vocabulary.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/nn.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;
using data::TranslationPair;

namespace {

constexpr index_t shortest = 3, longest = 20;  // Korean words in a sentence

// Clauses joined by 그리고 and "and"; the clauses of training and of the test have none in common.
TranslationPair join_clauses(const std::vector<const TranslationPair*>& clauses) {
  TranslationPair whole;
  for (const TranslationPair* clause : clauses) {
    if (!whole.korean.empty()) {
      whole.alignment.push_back(static_cast<index_t>(whole.korean.size()));
      whole.korean.emplace_back("그리고"), whole.english.emplace_back("and");
    }
    const auto offset = static_cast<index_t>(whole.korean.size());
    whole.korean.insert(whole.korean.end(), clause->korean.begin(), clause->korean.end());
    whole.english.insert(whole.english.end(), clause->english.begin(), clause->english.end());
    for (const index_t place : clause->alignment) whole.alignment.push_back(offset + place);
  }
  return whole;
}

// A sentence of one to four clauses, at most `most` words long.
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

struct Material {
  data::Sentences<TranslationPair> clauses;
  data::Vocabulary korean, english;
};
Material make_material(std::uint64_t seed) {
  Material m;
  m.clauses = data::translation_pairs({.seed = seed, .train = 5000, .test = 500});
  std::vector<std::string> korean = {"그리고"}, english = {"and"};
  for (const TranslationPair& p : m.clauses.train) {
    korean.insert(korean.end(), p.korean.begin(), p.korean.end());
    english.insert(english.end(), p.english.begin(), p.english.end());
  }
  m.korean = data::Vocabulary::build(korean), m.english = data::Vocabulary::build(english);
  return m;
}

struct Batch {
  IntTensor source;              // (B, S)
  std::vector<index_t> lengths;  // (B)
  IntTensor given, wanted;       // (B, T): [BOS] and the words; the words and [EOS], then what is not counted
};
constexpr index_t ignored = -100;
Batch make_batch(const std::vector<TranslationPair>& sentences, const Material& m) {
  std::vector<std::vector<index_t>> source, given, wanted;
  for (const TranslationPair& p : sentences) {
    source.emplace_back(), given.push_back({data::bos_id}), wanted.emplace_back();
    for (const std::string& word : p.korean) source.back().push_back(m.korean.id(word));
    for (const std::string& word : p.english)
      given.back().push_back(m.english.id(word)), wanted.back().push_back(m.english.id(word));
    wanted.back().push_back(data::eos_id);
  }
  const data::PaddedBatch padded = data::pad_batch(source);
  return {padded.ids, padded.lengths, data::pad_batch(given).ids,
          data::pad_batch(wanted, {.pad = ignored}).ids};
}

void the_bottleneck(Page& page, const Material& m, Generator& gen) {
  page.step("The bottleneck");
  page.say(
      "A reader (GRU) goes through the Korean words and carries a state along; a writer begins with the last "
      "state and puts down English words. Between the two stands one vector, however long the sentence:");
  page.print("");
  for (const index_t length : {3, 9, 20}) {
    const TranslationPair p = make_sentence(m.clauses.train, length, length, gen);
    std::string text = data::join(p.korean);
    if (columns(text) > 52) {  // cut between letters
      std::size_t end = 0;
      while (columns(text.substr(0, end)) < 50) end = text.find(' ', end + 1);
      text = text.substr(0, end) + " …";
    }
    page.print(cells({concat(length), text}, {6, 0}).insert(6, " words  "));
  }
  page.print("");
  page.shape("reader's states", {1, 20, 64}, "one for each word: (B, S, hidden)");
  page.shape("what is kept", {1, 64}, "the last one: 64 numbers for 3 words or for 20");
  page.shape("with attention", {1, 20, 64}, "all of them, weighed anew for each word written");
}

// The share of words that stand where they should, written by the model alone (the best word each time).
double words_right(nn::Seq2Seq& model, const std::vector<TranslationPair>& sentences, const Material& m) {
  const Batch batch = make_batch(sentences, m);
  const auto texts = model.beam(batch.source, batch.lengths,
                                {.bos = data::bos_id, .eos = data::eos_id, .width = 1, .max_length = 40});
  double right = 0, all = 0;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const auto& wrote = texts[i][0].ids;
    for (std::size_t t = 0; t < sentences[i].english.size(); ++t)
      right += t < wrote.size() && wrote[t] == m.english.id(sentences[i].english[t]);
    all += static_cast<double>(sentences[i].english.size());
  }
  return right / all;
}

SvgCurve train(const Options& options, const std::string& name, nn::Seq2Seq& model, const Material& m,
               Generator gen) {
  const int steps = options.quick ? 15 : 1200;
  optim::Adam optimizer(model.parameters(), {.lr = 4e-3});
  const optim::WarmupCosine schedule({.peak = 4e-3, .warmup = steps / 20, .total = steps});
  Progress progress(name, steps, options.quiet);
  SvgCurve curve{.name = name, .x = {}, .y = {}};
  for (int step = 1; step <= steps; ++step) {
    const auto sentences = make_sentences(32, m.clauses.train, shortest, longest, gen);
    const Batch batch = make_batch(sentences, m);
    const Tensor loss = cross_entropy(model.forward(batch.source, batch.lengths, batch.given).logits,
                                      batch.wanted, {.ignore_index = ignored});
    optimizer.set_lr(schedule(step - 1));
    optimizer.zero_grad();
    loss.backward();
    optim::clip_grad_norm(model.parameters(), 1.0);
    optimizer.step();
    if (step % 10 == 0) curve.x.push_back(step), curve.y.push_back(loss.item());
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
  return curve;
}

void by_length(const Options& options, Page& page, const Material& m, nn::Seq2Seq& blind, nn::Seq2Seq& seeing,
               Generator& gen) {
  page.step("Short sentences and long ones");
  page.say(concat("Both learn from the same sentences of 3 to 20 words, with ", blind.parameter_count(),
                  " and ", seeing.parameter_count(),
                  " parameters. Then each writes alone, sentences of clauses that it has never seen:"));
  const Generator same = gen.fork();
  const SvgCurve without = train(options, "without attention", blind, m, same),
                 with = train(options, "with attention", seeing, m, same);
  const std::vector<std::pair<index_t, index_t>> ranges = {{3, 5},   {6, 8},   {9, 11},
                                                           {12, 14}, {15, 17}, {18, 20}};
  SvgCurve blind_curve{.name = "without attention", .x = {}, .y = {}},
      seeing_curve{.name = "with attention", .x = {}, .y = {}};
  page.print("\n    " + cells({"Korean words", "without", "with attention"}, {-14, 10, 17}));
  for (const auto& [least, most] : ranges) {
    const auto sentences = make_sentences(options.quick ? 10 : 100, m.clauses.test, least, most, gen);
    const double a = words_right(blind, sentences, m), b = words_right(seeing, sentences, m);
    page.print("    " + cells({concat(least, " to ", most), percent(a), percent(b)}, {-14, 10, 17}));
    for (auto* curve : {&blind_curve, &seeing_curve})
      curve->x.push_back(static_cast<double>(least + most) / 2);
    blind_curve.y.push_back(100 * a), seeing_curve.y.push_back(100 * b);
  }
  const double lead = seeing_curve.y.back() - blind_curve.y.back();
  page.claim("one vector loses long sentences",
             "from " + fixed(blind_curve.y.front(), 1) + " % of the words at 3 to 5 to " +
                 fixed(blind_curve.y.back(), 1) + " % at 18 to 20",
             blind_curve.y.back() < blind_curve.y.front() - 20);
  page.claim("looking back does not", "it leads by " + fixed(lead, 1) + " points at 18 to 20 words",
             lead >= 30);
  if (options.figures.empty()) return;
  write_figure(options.figures, "by_length.svg",
               svg_curves({blind_curve, seeing_curve}, {.title = "What becomes of long sentences",
                                                        .x_axis = "Korean words in the sentence",
                                                        .y_axis = "English words right (%)"}));
  write_figure(options.figures, "seq2seq_loss.svg",
               svg_curves({without, with}, {.title = "Learning to translate",
                                            .x_axis = "step",
                                            .y_axis = "cross-entropy (nats a word)"}));
}

// Of all Korean words, the share that gets most of the weight of the English words that mean it, together; and of all
// English words, the share that looks most at its own.
struct Found {
  double phrases = 0, words = 0;
};
Found find_alignments(const Tensor& weights, const std::vector<TranslationPair>& sentences) {
  double phrases = 0, words = 0, all_phrases = 0, all_words = 0;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const TranslationPair& p = sentences[i];
    const auto count = static_cast<index_t>(p.korean.size());
    const Tensor looks = weights[static_cast<index_t>(i)].slice(1, 0, count);  // (T, S)
    std::vector<Tensor> together(p.korean.size());
    for (std::size_t t = 0; t < p.alignment.size(); ++t) {
      const Tensor row = looks[static_cast<index_t>(t)];
      words += argmax(row, 0)[0] == p.alignment[t];
      Tensor& sum = together[static_cast<std::size_t>(p.alignment[t])];
      sum = sum.defined() ? sum + row : row;
    }
    for (index_t s = 0; s < count; ++s) phrases += argmax(together[static_cast<std::size_t>(s)], 0)[0] == s;
    all_words += static_cast<double>(p.alignment.size()), all_phrases += static_cast<double>(count);
  }
  return {phrases / all_phrases, words / all_words};
}

void alignment(const Options& options, Page& page, const Material& m, nn::Seq2Seq& model, Generator& gen) {
  page.step("Which word looks where");
  page.say(
      "The course's sentence. Rows: the English word being written; columns: the Korean words it looks at.");
  const NoGrad no_grad;
  const TranslationPair course = {{"나는", "학교에", "간다"}, {"I", "go", "to", "school"}, {0, 2, 1, 1}};
  const Batch one = make_batch({course}, m);
  const Tensor weights = model.forward(one.source, one.lengths, one.given).weights[0].slice(0, 0, 4);
  page.print("\n" + indented(heat_map(weights, {.rows = course.english, .columns = course.korean}), 4));
  if (!options.figures.empty())
    write_figure(options.figures, "alignment.svg",
                 svg_heat_map(weights, {.title = "I go to school",
                                        .row_axis = "English word (query)",
                                        .column_axis = "Korean word (key)",
                                        .rows = course.english,
                                        .columns = course.korean}));
  page.claim("\"I\" looks at 나는", "weight " + fixed(weights.at({0, 0}), 2), weights.at({0, 0}) > 0.5);
  page.claim("\"school\" looks at 학교에", "weight " + fixed(weights.at({3, 1}), 2),
             weights.at({3, 1}) > 0.5);

  const auto sentences = make_sentences(options.quick ? 10 : 200, m.clauses.test, shortest, longest, gen);
  const Batch batch = make_batch(sentences, m);
  const Found found =
      find_alignments(model.forward(batch.source, batch.lengths, batch.given).weights, sentences);
  page.print("");
  page.say(concat(
      "In ", sentences.size(),
      " unseen sentences: \"in the park\" is one Korean word, 공원에서, and the three together should look "
      "at it. Taken one by one fewer do: once \"in\" has looked, \"park\" is known, and need not look "
      "again."));
  page.claim("nobody told it which word belongs to which",
             percent(found.phrases) + " of the phrases look at theirs, " + percent(found.words) +
                 " of the single words",
             found.phrases >= 0.9);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_01", .title = "Lesson 01 · Why attention"};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    const Material material = make_material(options.seed);
    the_bottleneck(page, material, gen);
    const nn::Seq2SeqOptions sizes = {.source_vocab = material.korean.size(),
                                      .target_vocab = material.english.size(),
                                      .embed = 64,
                                      .hidden = 64,
                                      .bidirectional = true};
    nn::Seq2Seq blind(sizes, gen);
    nn::Seq2SeqOptions looking = sizes;
    looking.look = nn::Look::additive;
    nn::Seq2Seq seeing(looking, gen);
    by_length(options, page, material, blind, seeing, gen);
    alignment(options, page, material, seeing, gen);
    page.print("");
    page.say("Next: ./lesson_02 takes attention itself apart.");
  });
}
