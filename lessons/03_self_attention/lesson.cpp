// Lesson 03 · Self-attention: a sequence attends to itself
//
//   Q = X · W_q,   K = X · W_k,   V = X · W_v        three projections of the same sequence
//   output = softmax(Q · Kᵀ / √d_k) · V              every word attends to every word, including itself
//
// "The cat sat on the mat because it was tired": who is "it"? This program shows the three
// projections, demonstrates that attention ignores the order of words, and trains a small model to
// resolve pronouns.
// Run it: ./lesson_03 (or ./lesson_03 --figures figures).
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>

#include "data/text/batches.h"
#include "data/text/vocabulary.h"
#include "lessons/support/attention_maps.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "lessons/support/toy_languages.h"
#include "nn/nn.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;
using toy::PronounSentence;

namespace {

const toy::Words example = {"the", "cat", "sat", "on", "the", "mat", "because", "it", "was", "tired"};

void three_projections(Page& page, Generator& gen) {
  page.step("One sequence, three projections");
  page.say(
      "In lesson 02 the queries came from one sentence and the keys from another. Here queries, keys and "
      "values are computed from the same ten words, each with a separate matrix. A query describes what a "
      "word is looking for, a key how it can be found, and a value the content that it passes on.");
  const index_t t = 10, c = 32;
  const Tensor x = randn({t, c}, gen);
  const nn::SelfAttention layer({.d_model = c, .d_k = 8, .d_v = 16}, gen);
  page.shape("X", x.shape(), "\"the cat sat on the mat because it was tired\"");
  page.shape("Q = X · W_q", layer.W_q(x).shape(), "d_k = 8");
  page.shape("K = X · W_k", layer.W_k(x).shape(), "the same width: queries and keys are compared");
  page.shape("V = X · W_v", layer.W_v(x).shape(), "d_v = 16; any width works");
  const AttentionResult result = layer(x);
  page.shape("weights", result.weights.shape(), "one row of attention weights per word");
  page.shape("output", result.output.shape(), "the weighted values, one vector per word");

  Tensor other = x.clone();
  other.set({1, 0}, 5);  // replaces "cat" by another word
  const double moved = max_abs_difference(layer(other).output[7], result.output[7]);
  page.claim("any two words are one step apart",
             "changing \"cat\" moves the output at \"it\", six words later, by " + fixed(moved, 3) +
                 " in one layer; a recurrent network needs six steps",
             moved > 0);
}

// Returns x with row order[i] of x as row i.
Tensor reordered(const Tensor& x, const std::vector<index_t>& order) {
  return index_select(x, 0, IntTensor(order, {static_cast<index_t>(order.size())}));
}

void permutation(Page& page, Generator& gen) {
  page.step("Attention ignores the order of words");
  page.say(
      "If the words are permuted, the outputs are permuted in the same way and are otherwise unchanged: "
      "self-attention treats a sentence as a bag of words. This is why lesson 06 adds positional encoding.");
  const Tensor x = randn({5, 16}, gen);
  const nn::SelfAttention layer({.d_model = 16}, gen);
  const std::vector<index_t> order = {3, 0, 4, 2, 1};
  const Tensor shuffled_after = reordered(layer(x).output, order);
  const Tensor shuffled_before = layer(reordered(x, order)).output;
  const double difference = max_abs_difference(shuffled_after, shuffled_before);
  page.claim("permuting the words permutes the outputs", "the two results differ by less than 1e-6",
             difference < 1e-6);
}

// ---- who is "it"?
// -----------------------------------------------------------------------------------------

// Predicts the word that "it" refers to. The first attention layer adds context to every word: "it"
// receives "tired". The second layer computes its queries and keys from the contextual vectors, but
// its values are the plain embeddings. The output at "it" is therefore a mixture of word
// embeddings, and its weights show which word was chosen.
struct Resolver : nn::ModuleOf<Resolver> {
  bool uses_context = true;    // false: without the first attention layer, for comparison
  bool uses_positions = true;  // false: --no-positions
  nn::Embedding embedding;
  nn::LearnedPositionalEncoding positions;
  nn::SelfAttention context;
  nn::Linear W_q, W_k;

  Resolver(index_t vocabulary, index_t c, Generator& gen)
      : embedding({.num_embeddings = vocabulary, .embedding_dim = c}, gen),
        positions({.d_model = c, .dropout = 0, .max_len = 16, .batch_first = true}, gen),
        context({.d_model = c}, gen),
        W_q({.in = c, .out = c, .bias = false}, gen),
        W_k({.in = c, .out = c, .bias = false}, gen) {
    // Words and positions get the same scale, and a small one, so that no softmax saturates before
    // training.
    const NoGrad no_grad;
    nn::init::normal(embedding.weight, gen, 0, 0.5);
    nn::init::normal(positions.weight, gen, 0, 0.5);
  }

  // x (B, T, C), embedded words -> the input of the first attention layer
  Tensor with_positions(const Tensor& x) { return uses_positions ? positions(x) : x; }

  // ids (B, T), mask (B, 1, T) -> output (B, T, V): logits over the vocabulary, the dot product of
  // each position's output with each word embedding; weights (B, T, T) of the second layer
  AttentionResult forward(const IntTensor& ids, const Mask& mask) {
    const Tensor x = embedding(ids);
    Tensor h = with_positions(x);
    if (uses_context) h = h + context(h, mask).output;
    const AttentionResult found = attention(W_q(h), W_k(h), x, {.mask = mask});
    return {linear(found.output, embedding.weight), found.weights};
  }
  void visit(nn::Visitor& v) override {
    v.child("embedding", embedding);
    v.child("positions", positions);
    v.child("context", context);
    v.child("W_q", W_q);
    v.child("W_k", W_k);
  }
  std::string type() const override { return "Resolver"; }
};

// A padded batch of sentences, and the word that each "it" refers to.
struct Batch {
  IntTensor ids;        // (B, T)
  Mask mask;            // (B, 1, T)
  IntTensor pronouns;   // (B), indices into (B · T)
  IntTensor referents;  // (B), word ids
};
Batch make_batch(const std::vector<PronounSentence>& sentences, const data::Vocabulary& vocabulary) {
  std::vector<std::vector<index_t>> id_lists;
  std::vector<index_t> pronouns, referents;
  for (const PronounSentence& s : sentences) {
    id_lists.emplace_back();
    for (const std::string& word : s.words) id_lists.back().push_back(vocabulary.id(word));
    referents.push_back(id_lists.back()[static_cast<std::size_t>(s.referent)]);
  }
  const data::PaddedBatch padded = data::pad_batch(id_lists);
  const index_t width = padded.ids.size(1), n = padded.ids.size(0);
  for (index_t i = 0; i < n; ++i)
    pronouns.push_back(i * width + sentences[static_cast<std::size_t>(i)].pronoun);
  return {padded.ids, padding(padded.lengths, width), IntTensor(pronouns, {n}), IntTensor(referents, {n})};
}

// Returns the logits at each "it": (B, V).
Tensor pronoun_logits(Resolver& model, const Batch& batch) {
  const Tensor all = model.forward(batch.ids, batch.mask).output;
  return index_select(all.reshape({-1, all.size(2)}), 0, batch.pronouns);
}

// Returns the fraction of sentences in which the referent of "it" is predicted correctly.
double accuracy(Resolver& model, const std::vector<PronounSentence>& sentences,
                const data::Vocabulary& vocabulary) {
  const NoGrad no_grad;
  const Batch batch = make_batch(sentences, vocabulary);
  const IntTensor prediction = argmax(pronoun_logits(model, batch), -1);
  index_t correct = 0;
  for (index_t i = 0; i < prediction.numel(); ++i) correct += prediction[i] == batch.referents[i];
  return static_cast<double>(correct) / static_cast<double>(prediction.numel());
}

bool contains(const toy::Words& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

struct Dataset {
  std::vector<PronounSentence> train, test;
  data::Vocabulary vocabulary;
};
Dataset make_dataset(const Options& options) {
  auto generated =
      toy::pronoun_sentences(toy::Language::english, {.seed = options.seed, .train = 1600, .test = 400});
  Dataset dataset;
  std::vector<std::string> words;
  for (auto* part : {&generated.train, &generated.test})
    for (PronounSentence& s : *part) {
      words.insert(words.end(), s.words.begin(), s.words.end());
      // Excludes every sentence with both a cat and a mat, so that the course's example is new to
      // the model.
      const bool excluded = contains(s.words, "cat") && contains(s.words, "mat");
      if (!excluded) (part == &generated.train ? dataset.train : dataset.test).push_back(std::move(s));
    }
  words.insert(words.end(), example.begin(), example.end());
  words.emplace_back("soft");
  dataset.vocabulary = data::Vocabulary::build(words);
  return dataset;
}

// Returns the mean training loss of each epoch.
SvgCurve train(const Options& options, const std::string& name, Resolver& model, const Dataset& dataset,
               Generator& gen) {
  const index_t batch_size = 32, epochs = options.epochs > 0 ? options.epochs : options.quick ? 6 : 30;
  const index_t batches = static_cast<index_t>(dataset.train.size()) / batch_size;
  optim::Adam optimizer(model.parameters(), {.lr = 2e-3});
  std::vector<PronounSentence> order = dataset.train;
  Progress progress(name, epochs * batches, options.quiet);
  SvgCurve curve{.name = name, .x = {}, .y = {}};
  for (index_t epoch = 0; epoch < epochs; ++epoch) {
    gen.shuffle(order);
    double sum = 0;
    for (index_t b = 0; b < batches; ++b) {
      const auto begin = order.begin() + b * batch_size;
      const Batch batch = make_batch({begin, begin + batch_size}, dataset.vocabulary);
      const Tensor loss = cross_entropy(pronoun_logits(model, batch), batch.referents);
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      sum += loss.item();
      progress.update(epoch * batches + b + 1, "loss " + fixed(sum / static_cast<double>(b + 1), 3));
    }
    curve.x.push_back(static_cast<double>(epoch + 1));
    curve.y.push_back(sum / static_cast<double>(batches));
  }
  return curve;
}

void resolve_pronouns(const Options& options, Page& page, Resolver& model, const Dataset& dataset,
                      Generator& gen) {
  page.step("Who is \"it\"?");
  page.say(
      concat("A model is trained on ", dataset.train.size(), " sentences with a vocabulary of ",
             dataset.vocabulary.size(),
             " words, such as these. At \"it\" it must predict the word that the pronoun refers to, which "
             "depends on the last word:"));
  page.print("");
  for (const std::size_t i : {0U, 1U, 2U, 3U}) {
    const PronounSentence& s = dataset.train[i];
    page.print("    " + toy::join(s.words) + "  (" + s.words[static_cast<std::size_t>(s.referent)] + ")");
  }
  page.print("");
  page.say(
      "The model has two attention layers. The first adds context to every word (\"tired\" to \"it\"); in "
      "the second, \"it\" searches for its noun. A second model has no context layer.");
  Resolver ablated(dataset.vocabulary.size(), 32, gen);
  ablated.uses_context = false;
  ablated.uses_positions = model.uses_positions;
  const SvgCurve curve = train(options, "with context layer", model, dataset, gen);
  const SvgCurve without = train(options, "without context layer", ablated, dataset, gen);
  const double with_context = accuracy(model, dataset.test, dataset.vocabulary),
               without_context = accuracy(ablated, dataset.test, dataset.vocabulary);
  page.claim("attention can resolve pronouns",
             concat(percent(with_context), " accuracy on ", dataset.test.size(), " held-out sentences"),
             with_context >= 0.95);
  page.claim("the pronoun needs context first", percent(without_context) + " without the context layer",
             without_context < with_context - 0.2);
  if (!options.figures.empty())
    write_figure(options.figures, "pronoun_loss.svg",
                 svg_curves({curve, without}, {.title = "Learning to resolve \"it\"",
                                               .x_axis = "epoch",
                                               .y_axis = "cross-entropy (nats)",
                                               .baseline = std::log(2.0),
                                               .baseline_name = "chance: two nouns (ln 2)"}));
}

// Returns the attention weights of "it" on each word of the sentence.
Tensor weights_of_it(Resolver& model, const toy::Words& words, const data::Vocabulary& vocabulary) {
  const NoGrad no_grad;
  const Batch batch = make_batch({{words, 7, 1, 5}}, vocabulary);
  return model.forward(batch.ids, batch.mask).weights[0][7];
}

void course_example(const Options& options, Page& page, Resolver& model, const data::Vocabulary& vocabulary) {
  page.step("The sentence of the course");
  page.say(
      "No sentence of the training set contains both a cat and a mat. The two sentences differ only in "
      "their last word. The table shows the attention weights of \"it\" on each word.");
  toy::Words partner = example;
  partner.back() = "soft";
  const Tensor tired = weights_of_it(model, example, vocabulary),
               soft = weights_of_it(model, partner, vocabulary);
  page.print("\n" + cells({"… tired", "… soft"}, {28, 12}));
  for (index_t i = 0; i < 10; ++i) {
    const auto position = static_cast<std::size_t>(i);
    page.print("    " + cells({i == 9 ? "tired / soft" : example[position], fixed(tired.at({i}), 2),
                               fixed(soft.at({i}), 2)},
                              {-14, 9, 12}));
  }
  const auto on = [](const Tensor& w, index_t noun) { return w.at({noun}); };
  page.claim("\"it\" attends to \"cat\"", "cat " + fixed(on(tired, 1), 2) + ", mat " + fixed(on(tired, 5), 2),
             on(tired, 1) > on(tired, 5));
  page.claim("\"it\" attends to \"mat\" if the last word is \"soft\"",
             "mat " + fixed(on(soft, 5), 2) + ", cat " + fixed(on(soft, 1), 2), on(soft, 5) > on(soft, 1));
  if (options.figures.empty()) return;
  write_figure(options.figures, "it.svg",
               svg_heat_map(stack({tired, soft}), {.title = "Attention weights of \"it\"",
                                                   .row_axis = "the last word",
                                                   .column_axis = "word (key)",
                                                   .rows = {"tired", "soft"},
                                                   .columns = {"the", "cat", "sat", "on", "the", "mat",
                                                               "because", "it", "was", "last"}}));
}

// For --look: the attention weights of both layers, and the word to which "it" refers.
SentenceAttention attend(const SavedModel& saved, const toy::Words& words) {
  Generator gen(0);
  const data::Vocabulary vocabulary(saved.words);
  Resolver model(vocabulary.size(), 32, gen);
  model.uses_positions = saved.is("positions", "yes");
  restore(model, saved);
  const IntTensor ids(ids_of(words, vocabulary), {1, static_cast<index_t>(words.size())});
  const AttentionResult found = model.forward(ids, Mask());
  SentenceAttention result{
      words, {model.context(model.with_positions(model.embedding(ids))).weights, found.weights}};
  const auto it = std::ranges::find(words, "it") - words.begin();
  if (it == std::ssize(words)) return result;
  const auto best = topk(softmax(found.output[0][it], -1), 1);
  result.result = concat("\"it\" refers to \"", vocabulary.word(best.indices[0]), "\", with probability ",
                         fixed(best.values.at({0}), 2));
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const About about{
      .program = "lesson_03",
      .title = "Lesson 03 · Self-attention: a sequence attends to itself",
      .data = {},
      .trains = true,
      .saves = true,
      .more = with_map_options({{"--no-positions", "", "train the models without position embeddings"}})};
  return run(argc, argv, about, [&](const Options& options, Page& page) {
    if (shows_maps(options)) return show_maps(about, options, page, {.attend = attend});
    Generator gen(options.seed);
    three_projections(page, gen);
    permutation(page, gen);
    const Dataset dataset = make_dataset(options);
    Resolver model(dataset.vocabulary.size(), 32, gen);
    model.uses_positions = !options.has("--no-positions");
    resolve_pronouns(options, page, model, dataset, gen);
    if (!options.save.empty())
      save_model(options, about,
                 {model.state_dict(),
                  dataset.vocabulary.words(),
                  {{"positions", model.uses_positions ? "yes" : "no"}}});
    course_example(options, page, model, dataset.vocabulary);
    page.print("");
    page.say("Next: ./lesson_04 shows why attention uses several heads.");
  });
}
