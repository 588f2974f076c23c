// Lesson 03 · Self-attention: a sequence looks at itself
//
//   Q = X · W_q,   K = X · W_k,   V = X · W_v        three views of the same words
//   output = softmax(Q · Kᵀ / √d_k) · V              every word asks every word, itself included
//
// "The cat sat on the mat because it was tired": who is "it"? This program takes the three projections apart, shows
// that attention by itself does not know the order of words, and then lets a small model learn what pronouns mean.
// Run it: ./lesson_03 (or ./lesson_03 --figures figures).
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
using data::PronounSentence;

namespace {

const data::Words example = {"the", "cat", "sat", "on", "the", "mat", "because", "it", "was", "tired"};

void three_views(Page& page, Generator& gen) {
  page.step("One sequence, three views");
  page.say(
      "In lesson 02 the queries came from one sentence and the keys from another. Here all come from the "
      "same ten words, each time by a matrix of its own: what a word asks (query), what it can be asked "
      "about (key), and what it tells (value).");
  const index_t t = 10, c = 32;
  const Tensor x = randn({t, c}, gen);
  const nn::SelfAttention layer({.d_model = c, .d_k = 8, .d_v = 16}, gen);
  page.shape("X", x.shape(), "\"the cat sat on the mat because it was tired\"");
  page.shape("Q = X · W_q", layer.W_q(x).shape(), "d_k = 8");
  page.shape("K = X · W_k", layer.W_k(x).shape(), "the same width, for they are compared");
  page.shape("V = X · W_v", layer.W_v(x).shape(), "d_v = 16; any width will do");
  const AttentionResult result = layer(x);
  page.shape("weights", result.weights.shape(), "each word's shares of all words");
  page.shape("output", result.output.shape(), "each word, with what it found");

  Tensor other = x.clone();
  other.set({1, 0}, 5);  // another word in the place of "cat"
  const double moved = max_abs_difference(layer(other).output[7], result.output[7]);
  page.claim("any two words are one step apart",
             "\"cat\" changed: the output at \"it\", six words on, moves by " + fixed(moved, 3) +
                 " in one layer; a recurrent net needs six steps",
             moved > 0);
}

// Row i of x becomes row order[i].
Tensor reordered(const Tensor& x, const std::vector<index_t>& order) {
  return index_select(x, 0, IntTensor(order, {static_cast<index_t>(order.size())}));
}

void no_order(Page& page, Generator& gen) {
  page.step("It does not know the order of words");
  page.say(
      "Shuffle the words, and the outputs are shuffled in the same way, and nothing else changes: a sentence "
      "is a bag of words to it. That is why lesson 06 adds positions.");
  const Tensor x = randn({5, 16}, gen);
  const nn::SelfAttention layer({.d_model = 16}, gen);
  const std::vector<index_t> order = {3, 0, 4, 2, 1};
  const Tensor shuffled_after = reordered(layer(x).output, order);
  const Tensor shuffled_before = layer(reordered(x, order)).output;
  const double difference = max_abs_difference(shuffled_after, shuffled_before);
  page.claim("words in another order, outputs in another order", "the two ways differ by less than 1e-6",
             difference < 1e-6);
}

// ---- who is "it"? -----------------------------------------------------------------------------------------

// Reads words, and says which of them "it" stands for. In the first attention words learn about each other: "it"
// hears of "tired". In the second, queries and keys know that, but the values are the words themselves: what "it" reads
// there is its answer, so the weights show it.
struct Resolver : nn::ModuleOf<Resolver> {
  bool hears_first = true;  // without the first attention, to see what it is good for
  nn::Embedding words;
  nn::LearnedPositionalEncoding positions;
  nn::SelfAttention hear;
  nn::Linear W_q, W_k;

  Resolver(index_t vocabulary, index_t c, Generator& gen)
      : words({.num_embeddings = vocabulary, .embedding_dim = c}, gen),
        positions({.d_model = c, .dropout = 0, .max_len = 16, .batch_first = true}, gen),
        hear({.d_model = c}, gen),
        W_q({.in = c, .out = c, .bias = false}, gen),
        W_k({.in = c, .out = c, .bias = false}, gen) {
    const NoGrad no_grad;  // a word and its place are equally loud, and no softmax is sure from the start
    nn::init::normal(words.weight, gen, 0, 0.5);
    nn::init::normal(positions.weight, gen, 0, 0.5);
  }

  // ids (B, T), mask (B, 1, T) -> output (B, T, V): how near what each place has read is to each word of the
  // vocabulary; weights (B, T, T)
  AttentionResult forward(const IntTensor& ids, const Mask& mask) {
    const Tensor x = words(ids);
    Tensor h = positions(x);
    if (hears_first) h = h + hear(h, mask).output;
    const AttentionResult looked = attention(W_q(h), W_k(h), x, {.mask = mask});
    return {linear(looked.output, words.weight), looked.weights};
  }
  void visit(nn::Visitor& v) override {
    v.child("words", words), v.child("positions", positions), v.child("hear", hear);
    v.child("W_q", W_q), v.child("W_k", W_k);
  }
  std::string type() const override { return "Resolver"; }
};

// Sentences in one tensor, and the word that each "it" stands for.
struct Batch {
  IntTensor ids;        // (B, T)
  Mask mask;            // (B, 1, T)
  IntTensor pronouns;   // (B), places in (B · T)
  IntTensor referents;  // (B), word ids
};
Batch make_batch(const std::vector<PronounSentence>& sentences, const data::Vocabulary& vocabulary) {
  std::vector<std::vector<index_t>> texts;
  std::vector<index_t> pronouns, referents;
  for (const PronounSentence& s : sentences) {
    texts.emplace_back();
    for (const std::string& word : s.words) texts.back().push_back(vocabulary.id(word));
    referents.push_back(texts.back()[static_cast<std::size_t>(s.referent)]);
  }
  const data::PaddedBatch padded = data::pad_batch(texts);
  const index_t width = padded.ids.size(1), n = padded.ids.size(0);
  for (index_t i = 0; i < n; ++i)
    pronouns.push_back(i * width + sentences[static_cast<std::size_t>(i)].pronoun);
  return {padded.ids, padding(padded.lengths, width), IntTensor(pronouns, {n}), IntTensor(referents, {n})};
}

// What the model answers at each "it": (B, V).
Tensor answers(Resolver& model, const Batch& batch) {
  const Tensor all = model.forward(batch.ids, batch.mask).output;
  return index_select(all.reshape({-1, all.size(2)}), 0, batch.pronouns);
}

double resolved(Resolver& model, const std::vector<PronounSentence>& sentences,
                const data::Vocabulary& vocabulary) {
  const NoGrad no_grad;
  const Batch batch = make_batch(sentences, vocabulary);
  const IntTensor guess = argmax(answers(model, batch), -1);
  index_t right = 0;
  for (index_t i = 0; i < guess.numel(); ++i) right += guess[i] == batch.referents[i];
  return static_cast<double>(right) / static_cast<double>(guess.numel());
}

bool holds(const data::Words& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

struct Material {
  std::vector<PronounSentence> train, test;
  data::Vocabulary vocabulary;
};
Material sentences(const Options& options) {
  auto dealt =
      data::pronoun_sentences(data::Language::english, {.seed = options.seed, .train = 1600, .test = 400});
  Material m;
  std::vector<std::string> words;
  for (auto* part : {&dealt.train, &dealt.test})
    for (PronounSentence& s : *part) {
      words.insert(words.end(), s.words.begin(), s.words.end());
      // Never a cat and a mat together: the example stays unseen, with all its relatives.
      const bool relative = holds(s.words, "cat") && holds(s.words, "mat");
      if (!relative) (part == &dealt.train ? m.train : m.test).push_back(std::move(s));
    }
  words.insert(words.end(), example.begin(), example.end());
  words.emplace_back("soft");
  m.vocabulary = data::Vocabulary::count(words);
  return m;
}

// The loss of each pass over the sentences.
SvgCurve train(const Options& options, const std::string& name, Resolver& model, const Material& m,
               Generator& gen) {
  const index_t batch_size = 32, epochs = options.epochs > 0 ? options.epochs : options.quick ? 6 : 30;
  const index_t batches = static_cast<index_t>(m.train.size()) / batch_size;
  optim::Adam optimizer(model.parameters(), {.lr = 2e-3});
  std::vector<PronounSentence> order = m.train;
  Progress progress(name, epochs * batches, options.quiet);
  SvgCurve curve{.name = name, .x = {}, .y = {}};
  for (index_t epoch = 0; epoch < epochs; ++epoch) {
    gen.shuffle(order);
    double sum = 0;
    for (index_t b = 0; b < batches; ++b) {
      const auto begin = order.begin() + b * batch_size;
      const Batch batch = make_batch({begin, begin + batch_size}, m.vocabulary);
      const Tensor loss = cross_entropy(answers(model, batch), batch.referents);
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      sum += loss.item();
      progress.update(epoch * batches + b + 1, "loss " + fixed(sum / static_cast<double>(b + 1), 3));
    }
    curve.x.push_back(static_cast<double>(epoch + 1)), curve.y.push_back(sum / static_cast<double>(batches));
  }
  return curve;
}

void learn(const Options& options, Page& page, Resolver& model, const Material& m, Generator& gen) {
  page.step("Who is \"it\"?");
  page.say(
      concat("A model reads ", m.train.size(), " sentences of ", m.vocabulary.size(),
             " words, such as these, and must say at \"it\" which word is meant. The last word decides:"));
  page.print("");
  for (const std::size_t i : {0U, 1U, 2U, 3U}) {
    const PronounSentence& s = m.train[i];
    page.print("    " + data::join(s.words) + "  (" + s.words[static_cast<std::size_t>(s.referent)] + ")");
  }
  page.print("");
  page.say(
      "It attends twice: first every word hears of the others (\"it\" of \"tired\"), then \"it\" looks for "
      "its noun. A second model must look without having heard.");
  Resolver deaf(m.vocabulary.size(), 32, gen);
  deaf.hears_first = false;
  const SvgCurve curve = train(options, "hears, then looks", model, m, gen);
  const SvgCurve without = train(options, "only looks", deaf, m, gen);
  const double right = resolved(model, m.test, m.vocabulary), guessed = resolved(deaf, m.test, m.vocabulary);
  page.claim("attention can find what a pronoun means",
             concat("of ", m.test.size(), " unseen sentences ", percent(right), " resolved"), right >= 0.95);
  page.claim("to look for the right word, \"it\" must have heard of the last",
             percent(guessed) + " without the first attention", guessed < right - 0.2);
  if (!options.figures.empty())
    write_figure(options.figures, "pronoun_loss.svg",
                 svg_curves({curve, without}, {.title = "Learning what \"it\" means",
                                               .x_axis = "passes over the sentences",
                                               .y_axis = "cross-entropy (nats)",
                                               .baseline = std::log(2.0),
                                               .baseline_name = "one of two nouns (ln 2)"}));
}

// The weights of "it" on each word of the sentence.
Tensor looks(Resolver& model, const data::Words& words, const data::Vocabulary& vocabulary) {
  const NoGrad no_grad;
  const Batch batch = make_batch({{words, 7, 1, 5}}, vocabulary);
  return model.forward(batch.ids, batch.mask).weights[0][7];
}

void the_example(const Options& options, Page& page, Resolver& model, const data::Vocabulary& vocabulary) {
  page.step("The sentence of the course");
  page.say(
      "No sentence with both a cat and a mat was among those it learned from. Only the last word tells the "
      "two sentences apart, and only \"it\" is shown: how much it takes from each word.");
  data::Words partner = example;
  partner.back() = "soft";
  const Tensor tired = looks(model, example, vocabulary), soft = looks(model, partner, vocabulary);
  page.print("\n" + cells({"… tired", "… soft"}, {28, 12}));
  for (index_t i = 0; i < 10; ++i) {
    const auto place = static_cast<std::size_t>(i);
    page.print("    " + cells({i == 9 ? "tired / soft" : example[place], fixed(tired.at({i}), 2),
                               fixed(soft.at({i}), 2)},
                              {-14, 9, 12}));
  }
  const auto on = [](const Tensor& w, index_t noun) { return w.at({noun}); };
  page.claim("\"it\" attends to \"cat\"", "cat " + fixed(on(tired, 1), 2) + ", mat " + fixed(on(tired, 5), 2),
             on(tired, 1) > on(tired, 5));
  page.claim("and to \"mat\", where that is what it means",
             "mat " + fixed(on(soft, 5), 2) + ", cat " + fixed(on(soft, 1), 2), on(soft, 5) > on(soft, 1));
  if (options.figures.empty()) return;
  write_figure(options.figures, "it.svg",
               svg_heat_map(stack({tired, soft}), {.title = "What \"it\" looks at",
                                                   .row_axis = "the last word",
                                                   .column_axis = "word (key)",
                                                   .rows = {"tired", "soft"},
                                                   .columns = {"the", "cat", "sat", "on", "the", "mat",
                                                               "because", "it", "was", "last"}}));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_03",
                    .title = "Lesson 03 · Self-attention: a sequence looks at itself",
                    .data = {},
                    .trains = true};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    three_views(page, gen);
    no_order(page, gen);
    const Material material = sentences(options);
    Resolver model(material.vocabulary.size(), 32, gen);
    learn(options, page, model, material, gen);
    the_example(options, page, model, material.vocabulary);
    page.print("");
    page.say("Next: ./lesson_04 asks what several heads are good for.");
  });
}
