// Lesson 03 · Self-attention: a sequence attends to itself
//
//   Q = X · W_q,   K = X · W_k,   V = X · W_v        three projections of the same sequence
//   output = softmax(Q · Kᵀ / √d_k) · V              every word attends to every word, including itself
//
// "The cat sat on the mat because it was tired": who is "it"? This program shows the three
// projections and why they are needed, demonstrates that attention ignores the order of words, and
// trains a small model to resolve pronouns.
// Run it: ./lesson_03 (or ./lesson_03 --figures figures).
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>
#include <optional>

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
  const index_t c = 32, cat = 1, it = 7;
  const Tensor x = randn({static_cast<index_t>(example.size()), c}, gen);
  const nn::SelfAttention layer({.d_model = c, .d_k = 8, .d_v = 16}, gen);
  const Tensor q = layer.W_q(x), k = layer.W_k(x), v = layer.W_v(x);
  page.shape("X", x.shape(), "\"" + toy::join(example) + "\"");
  page.shape("Q = X · W_q", q.shape(), concat("d_k = ", q.size(1)));
  page.shape("K = X · W_k", k.shape(), "the same width: queries and keys are compared");
  page.shape("V = X · W_v", v.shape(), concat("d_v = ", v.size(1), "; any width works"));
  const AttentionResult result = layer(x);
  page.shape("weights", result.weights.shape(), "one row of attention weights per word");
  page.shape("output", result.output.shape(), "the weighted values, one vector per word");

  Tensor other = x.clone();
  other.set({cat, 0}, 5);  // replaces "cat" by another word
  const double change = max_abs_difference(layer(other).output[it], result.output[it]);
  page.identity("one_step", "any two words are one step apart",
                {"changing \"cat\" changes the output at \"it\", ", number(it - cat), " words later, by ",
                 number(change, 3), " in one layer; a recurrent network needs ", number(it - cat), " steps"},
                change > 0);
}

// Returns the fraction of the words of x (T, C) that attend to themselves more than to any other word
// if Q = K = X.
double attend_to_themselves(const Tensor& x) {
  const IntTensor attended = argmax(attention(x, x, x).weights, -1);
  index_t count = 0;
  for (index_t t = 0; t < attended.numel(); ++t) count += attended[t] == t;
  return static_cast<double>(count) / static_cast<double>(attended.numel());
}

void why_projections(Page& page, Generator& gen) {
  page.step("Why three matrices?");
  page.say(
      "Without the matrices, Q = K = V = X. The score of a word with itself is x · x = |x|², and with "
      "another word at most |x| |y|. If all vectors have the same length, each word therefore attends most "
      "to "
      "itself. If another vector is longer, it may win. Here \"it\" and \"cat\" have length 2, and \"was\" "
      "is "
      "shorter:");
  const std::vector<std::string> words = {"cat", "was", "it"};
  const Tensor x = tensor({{2, 0}, {1, 1}, {0, 2}}), swap = tensor({{0, 1}, {1, 0}});
  const Tensor same = attention(x, x, x).weights, swapped = attention(matmul(x, swap), x, x).weights;
  page.print("\n    Q = K = X:\n" + indented(heat_map(same, {.rows = words, .columns = words}), 4));
  page.print("\n    W_q swaps the two channels:\n" +
             indented(heat_map(swapped, {.rows = words, .columns = words}), 4));
  page.claim("own_row", "\"was\", the shortest vector, does not attend most to itself",
             {"weights ", number(same.at({1, 0}), 2), ", ", number(same.at({1, 1}), 2), ", ",
              number(same.at({1, 2}), 2)},
             same.at({1, 1}) <= std::max(same.at({1, 0}), same.at({1, 2})));
  page.claim(
      "projection", "W_q lets \"it\" attend to \"cat\"",
      {"weight ", number(same.at({2, 0}), 2), " without W_q, ", number(swapped.at({2, 0}), 2), " with it"},
      swapped.at({2, 0}) > 0.5 && same.at({2, 0}) < 0.5);

  page.print("");
  page.say(
      "Words that attend to themselves more than to any other of 100 random words, if Q = K = X (chance "
      "level: "
      "1 %):");
  page.print("\n    " + cells({"channels", "own lengths", "same length"}, {-10, 13, 13}));
  std::vector<double> own, normalised;
  for (const index_t c : {2, 8, 32}) {
    const Tensor random = randn({100, c}, gen, f64);
    const Tensor lengths = sqrt((random * random).sum(-1, true));
    own.push_back(attend_to_themselves(random));
    normalised.push_back(attend_to_themselves(random / lengths));
    page.print("    " +
               cells({concat(c), percent(own.back(), 0), percent(normalised.back(), 0)}, {-10, 13, 13}));
  }
  page.identity("same_length", "if all vectors have the same length, every word attends most to itself",
                {percentage(*std::ranges::min_element(normalised), 0), " of the words, at every width"},
                *std::ranges::min_element(normalised) == 1);
  page.claim("own_lengths", "with different lengths, this is not so for few channels",
             {percentage(own[0], 0), " of the words with 2 channels, ", percentage(own[1], 0), " with 8, ",
              percentage(own[2], 0), " with 32"},
             own[0] < 0.5 && own[2] > own[0]);
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
  page.identity("permutation", "permuting the words permutes the outputs",
                {"the two results differ by at most ", power(difference)}, difference < 1e-6);
}

// ---- who is "it"? -----------------------------------------------------------------------------------------

// Predicts the word that "it" refers to. The first attention layer adds context to every word: "it"
// receives "tired". The second layer computes its queries and keys from the contextual vectors, but
// its values are the plain embeddings. The output at "it" is therefore a mixture of word
// embeddings, and its weights show which word was chosen.
struct Resolver : nn::ModuleOf<Resolver> {
  bool uses_positions = true;  // false: --no-positions
  nn::Embedding embedding;
  nn::LearnedPositionalEncoding positions;
  std::optional<nn::SelfAttention> context;  // empty: without the first attention layer, for comparison
  nn::Linear W_q, W_k;

  Resolver(index_t vocabulary, index_t c, bool uses_context, Generator& gen)
      : embedding({.num_embeddings = vocabulary, .embedding_dim = c}, gen),
        positions({.d_model = c, .dropout = 0, .max_len = 16, .batch_first = true}, gen),
        W_q({.in = c, .out = c, .bias = false}, gen),
        W_k({.in = c, .out = c, .bias = false}, gen) {
    // Words and positions get the same scale, and a small one, so that no softmax saturates before
    // training.
    const NoGrad no_grad;
    if (uses_context) context.emplace(nn::SelfAttentionOptions{.d_model = c}, gen);
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
    if (context) h = h + (*context)(h, mask).output;
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

// The words to which "it" attends.
struct Attended {
  // The fraction of the sentences in which the referent gets more weight than the other noun.
  double referent = 0;
  double last = 0;  // the mean weight of the last word
};
Attended attended_by_pronouns(Resolver& model, const std::vector<PronounSentence>& sentences,
                              const data::Vocabulary& vocabulary) {
  const NoGrad no_grad;
  const Batch batch = make_batch(sentences, vocabulary);
  const Tensor weights = model.forward(batch.ids, batch.mask).weights;
  Attended sum;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const PronounSentence& s = sentences[i];
    const Tensor row = weights[static_cast<index_t>(i)][s.pronoun];
    sum.referent += row.at({s.referent}) > row.at({s.other});
    sum.last += row.at({static_cast<index_t>(s.words.size()) - 1});
  }
  const auto count = static_cast<double>(sentences.size());
  return {sum.referent / count, sum.last / count};
}

// The better of two baselines: always the first noun, or always the second.
double chance_level(const std::vector<PronounSentence>& sentences) {
  double first = 0;
  for (const PronounSentence& s : sentences) first += s.referent < s.other;
  first /= static_cast<double>(sentences.size());
  return std::max(first, 1 - first);
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
  // The width of the model without the context layer is chosen so that it has as many parameters.
  Resolver ablated(dataset.vocabulary.size(), 43, false, gen);
  ablated.uses_positions = model.uses_positions;
  page.say(
      concat("The model has two attention layers. The first adds context to every word (\"tired\" to "
             "\"it\"); in the second, \"it\" searches for its noun. A second model has no context layer, "
             "but wider vectors: ",
             model.parameter_count(), " and ", ablated.parameter_count(), " parameters.",
             model.uses_positions ? "" : " Neither has position embeddings."));
  const SvgCurve loss = train(options, "with context layer", model, dataset, gen);
  const SvgCurve loss_without = train(options, "without context layer", ablated, dataset, gen);
  const double with_context = accuracy(model, dataset.test, dataset.vocabulary),
               without_context = accuracy(ablated, dataset.test, dataset.vocabulary),
               chance = chance_level(dataset.test);
  const auto count = [](index_t n) { return number(static_cast<double>(n)); };
  page.claim("pronouns", "attention can resolve pronouns",
             {percentage(with_context), " accuracy on ", count(static_cast<index_t>(dataset.test.size())),
              " held-out sentences, with ", count(model.parameter_count()),
              " parameters (always the same one of the two nouns: ", percentage(chance), ")"},
             with_context >= 0.95);
  const Attended attended = attended_by_pronouns(model, dataset.test, dataset.vocabulary),
                 without = attended_by_pronouns(ablated, dataset.test, dataset.vocabulary);
  page.claim("context", "without context, the weights of \"it\" do not distinguish the two nouns",
             {"the referent gets more weight than the other noun in ", percentage(without.referent),
              " of the sentences, with the context layer in ", percentage(attended.referent)},
             without.referent < 0.65 && attended.referent > 0.9);
  page.claim("embeddings", "without context, the embedding of the last word can still tell the referent",
             {percentage(without_context), " accuracy with ", count(ablated.parameter_count()),
              " parameters; \"it\" gives ", percentage(without.last),
              " of its weight to the last word, with the context layer ", percentage(attended.last)},
             without_context > 0.75 && without.last > attended.last + 0.1);
  if (!options.figures.empty())
    write_figure(options.figures, "pronoun_loss.svg",
                 svg_curves({loss, loss_without}, {.title = "Learning to resolve \"it\"",
                                                   .x_axis = "epoch",
                                                   .y_axis = "cross-entropy (nats)",
                                                   .baseline = std::log(2.0),
                                                   .baseline_name = "one of two nouns: ln 2",
                                                   .points = true}));
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
  const auto claim = [&](const std::string& id, const std::string& text, const Tensor& w, index_t noun,
                         index_t other) {
    page.claim(id, text,
               {example[static_cast<std::size_t>(noun)] + " ", number(w.at({noun}), 2),
                ", " + example[static_cast<std::size_t>(other)] + " ", number(w.at({other}), 2)},
               w.at({noun}) > w.at({other}));
  };
  claim("cat", "\"it\" attends to \"cat\"", tired, 1, 5);
  claim("mat", "\"it\" attends to \"mat\" if the last word is \"soft\"", soft, 5, 1);
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
  Resolver model(vocabulary.size(), 32, true, gen);
  model.uses_positions = saved.is("positions", "yes");
  restore(model, saved);
  const IntTensor ids(ids_of(words, vocabulary), {1, static_cast<index_t>(words.size())});
  const AttentionResult found = model.forward(ids, Mask());
  SentenceAttention result{
      words, {(*model.context)(model.with_positions(model.embedding(ids))).weights, found.weights}};
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
      .trains = true,
      .saves = true,
      .more = with_map_options({{"--no-positions", "", "train the models without position embeddings"}})};
  return run(argc, argv, about, [&](const Options& options, Page& page) {
    if (shows_maps(options)) return show_maps(about, options, page, {.attend = attend});
    Generator gen(options.seed);
    three_projections(page, gen);
    why_projections(page, gen);
    permutation(page, gen);
    const Dataset dataset = make_dataset(options);
    Resolver model(dataset.vocabulary.size(), 32, true, gen);
    model.uses_positions = !options.has("--no-positions");
    resolve_pronouns(options, page, model, dataset, gen);
    const std::string positions = model.uses_positions ? "yes" : "no";
    const SavedModel saved{model.state_dict(), dataset.vocabulary.words(), {{"positions", positions}}};
    if (!options.save.empty()) save_model(options, about, saved);
    course_example(options, page, model, dataset.vocabulary);
    page.print("\nNext: ./lesson_04 shows why attention uses several heads.");
  });
}
