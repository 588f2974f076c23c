// Lesson 10 · BERT: the encoder alone
//
//   [CLS] 나는 [MASK] 읽는다 [SEP] I read a book [SEP]  →  post-LN blocks, no mask  →  책을
//
// Masked language modelling: an encoder learns to predict words that were masked. This needs no
// labels, and the pre-trained encoder then needs few labels for a classification task. With
// --weights DIR the program loads BERT's published files instead and fills in the [MASK] tokens of
// --prompt "…". Run it: ./lesson_10_bert (or ./lesson_10_bert --figures figures).
#include "lessons/support/lesson.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>

#include "data/pretrained.h"
#include "data/text/wordpiece.h"
#include "lessons/10_bert/masking.h"
#include "lessons/support/parameter_table.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/models/models.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

nn::BertOptions small(index_t vocabulary) {
  return {.vocab_size = vocabulary,
          .max_positions = 32,
          .d_model = 64,
          .nhead = 4,
          .num_layers = 2,
          .dim_feedforward = 128,
          .dropout = 0.1};
}

Tensor encode(nn::Bert& bert, const BertBatch& batch) {
  return bert.forward(batch.ids, {.segments = batch.segments, .mask = padding(batch.lengths, batch.time())});
}

// Returns the rows of hidden (B, T, C) at the given flat positions b · T + t: (N, C).
Tensor rows_at(const Tensor& hidden, const std::vector<index_t>& positions) {
  const index_t rows = hidden.size(0) * hidden.size(1);
  return embedding(hidden.reshape({rows, hidden.size(2)}),
                   {positions, {static_cast<index_t>(positions.size())}});
}

// ---- 1 ----------------------------------------------------------------------------------------------------

void bidirectional_attention(Page& page, Generator& gen) {
  page.step("Attention in both directions");
  page.say(
      "The encoder block of section 5 without changes. A word is replaced by the token [MASK]; there is no "
      "attention mask, so every position attends to all the others, before and after it:");
  nn::Bert bert(small(50), gen);
  bert.eval();
  const NoGrad no_grad;
  const IntTensor ids{{cls, 10, 11, 12, sep}};
  const Tensor y = bert(ids);
  page.shape("ids", ids.shape(), "[CLS], three words, [SEP]");
  page.shape("hidden", y.shape(), "one vector per token, in context");
  page.shape("pooled", bert.pooled(y).shape(), "[CLS] through one more layer: the sentence");
  const double change = max_abs_difference(y[0][0], bert(IntTensor{{cls, 10, 11, 13, sep}})[0][0]);
  page.claim("bidirectional", "a word attends to later words, too",
             {"the first row changes by ", number(change, 3), " if the last word changes"}, change > 1e-3);
  const nn::NoInit no_init;  // parameters are counted, not initialised
  const index_t count = nn::Bert(nn::bert_base_uncased(), gen).parameter_count();
  page.claim("published_size", "BERT base has its published size",
             {number(static_cast<double>(count)), " parameters"}, count == 109'482'240);
}

// ---- 2 ----------------------------------------------------------------------------------------------------

struct Corpus {
  std::vector<toy::TranslationPair> train, test;
  data::Vocabulary vocabulary;
};

Corpus make_corpus(std::uint64_t seed) {
  const auto pairs = toy::translation_pairs({.seed = seed, .train = 3000, .test = 600});
  std::vector<Words> all;
  for (const auto* part : {&pairs.train, &pairs.test})
    for (const auto& pair : *part) {
      all.push_back(pair.korean);
      all.push_back(pair.english);
    }
  return {pairs.train, pairs.test, vocabulary_of(all)};
}

// Draws a batch at random. The part `pairs` of the inputs is a sentence and its translation, the
// others are a single sentence.
BertBatch draw(const Corpus& corpus, const std::vector<toy::TranslationPair>& from, index_t size,
               Generator& gen, double pairs = 0.5) {
  std::vector<BertInput> inputs;
  for (index_t i = 0; i < size; ++i) {
    const auto& pair = from[gen.below(from.size())];
    if (gen.uniform() < pairs)
      inputs.push_back({pair.korean, pair.english});
    else
      inputs.push_back({gen.uniform() < 0.5 ? pair.korean : pair.english});
  }
  return make_batch(corpus.vocabulary, inputs);
}

// Returns the part of masked tokens of unseen sentences that the model predicts correctly, and that
// of the baseline that always predicts the most frequent word.
struct MaskedAccuracy {
  double model, baseline;
};
MaskedAccuracy masked_accuracy(nn::BertForMaskedLM& bert, const Corpus& corpus, double pairs) {
  const NoGrad no_grad;
  Generator gen(99);
  bert.eval();
  double correct = 0, all = 0;
  std::map<index_t, double> counts;
  for (int i = 0; i < 10; ++i) {
    BertBatch batch = draw(corpus, corpus.test, 100, gen, pairs);
    const MaskedTokens masked = mask_tokens(batch, corpus.vocabulary.size(), gen);
    const IntTensor prediction = argmax(bert.head(rows_at(encode(bert.bert, batch), masked.positions)), -1);
    for (std::size_t n = 0; n < masked.tokens.size(); ++n, ++all) {
      correct += prediction[static_cast<index_t>(n)] == masked.tokens[n];
      ++counts[masked.tokens[n]];
    }
  }
  double most = 0;
  for (const auto& [word, count] : counts) most = std::max(most, count);
  return {correct / all, most / all};
}

SvgCurve pretrain(nn::BertForMaskedLM& bert, const Corpus& corpus, const Options& options, Generator& gen) {
  const index_t steps = options.quick ? 30 : 1500;
  optim::AdamW optimizer(bert.parameters(), {.lr = 3e-3, .weight_decay = 0.01});
  const optim::WarmupCosine schedule({.peak = 3e-3, .warmup = steps / 10, .total = steps});
  Progress progress("masked words", steps, options.quiet);
  SvgCurve curve{.name = "masked words", .x = {}, .y = {}};
  const index_t every = std::max<index_t>(steps / 25, 1);
  double sum = 0;
  for (index_t step = 0; step < steps; ++step) {
    BertBatch batch = draw(corpus, corpus.train, 48, gen);
    const MaskedTokens masked = mask_tokens(batch, corpus.vocabulary.size(), gen);
    // The head runs at the masked positions only, about one position in eight.
    const Tensor logits = bert.head(rows_at(encode(bert.bert, batch), masked.positions));
    const Tensor loss = cross_entropy(logits, {masked.tokens, {static_cast<index_t>(masked.tokens.size())}});
    optimizer.set_lr(schedule(step));
    optimizer.zero_grad();
    loss.backward();
    optim::clip_grad_norm(bert.parameters(), 1.0);
    optimizer.step();
    sum += loss.item();
    progress.update(step + 1, "loss " + fixed(loss.item(), 3));
    if ((step + 1) % every == 0) {
      curve.x.push_back(static_cast<double>(step + 1));
      curve.y.push_back(sum / static_cast<double>(every));
      sum = 0;
    }
  }
  return curve;
}

// Returns the three most probable words for [MASK]: "나는 어제 [MASK] 읽었다   책을 0.31  편지를 0.28  …".
std::string filled_in(nn::BertForMaskedLM& bert, const Corpus& corpus, const BertInput& input) {
  const NoGrad no_grad;
  const BertBatch batch = make_batch(corpus.vocabulary, {input});
  const auto position =
      std::find(batch.ids.values().begin(), batch.ids.values().end(), mask_id) - batch.ids.values().begin();
  const Tensor p = softmax(bert.head(rows_at(encode(bert.bert, batch), {position})), -1);
  const auto best = topk(p, 3);
  std::string line = "    " + toy::join(input.first) +
                     (input.second.empty() ? "" : " = " + toy::join(input.second)) + "\n       ";
  for (index_t i = 0; i < 3; ++i)
    line += " " + corpus.vocabulary.word(best.indices[i]) + " " + fixed(best.values.at({0, i}), 2) + " ";
  return line;
}

nn::BertForMaskedLM masked_language_modelling(const Options& options, Page& page, const Corpus& corpus,
                                              Generator& gen) {
  page.step("Masked language modelling");
  nn::BertForMaskedLM bert(small(corpus.vocabulary.size()), gen);
  page.say(concat(
      corpus.train.size(), " pairs of a Korean and an English sentence, and a vocabulary of ",
      corpus.vocabulary.size(),
      " words. The model predicts 15 % of the words: of these, 80 % become [MASK], 10 % a random word, and "
      "10 % stay unchanged. The model, module by module:"));
  page.print("\n" + parameter_table(bert.named_parameters()) + "\n");
  const SvgCurve curve = pretrain(bert, corpus, options, gen);
  const MaskedAccuracy both = masked_accuracy(bert, corpus, 0.5), single = masked_accuracy(bert, corpus, 0),
                       pairs = masked_accuracy(bert, corpus, 1);
  page.claim("masked_words", "masked words of unseen sentences are predicted",
             {"accuracy ", percentage(both.model), ", most frequent word ", percentage(both.baseline)},
             both.model > 2 * both.baseline + 0.2);
  page.claim("translation", "a translation in the input helps",
             {"accuracy ", percentage(pairs.model), " with the translation beside the sentence, ",
              percentage(single.model), " without"},
             pairs.model > single.model + 0.05);
  page.print("");
  page.print(filled_in(bert, corpus, {{"나는", "책을", "[MASK]"}}));
  page.print(filled_in(bert, corpus, {{"나는", "어제", "책을", "[MASK]"}}));
  page.print(filled_in(bert, corpus, {{"나는", "[MASK]", "책을", "읽었다"}}));
  page.print(filled_in(bert, corpus, {{"나는", "[MASK]", "그렸다"}, {"I", "drew", "a", "cat"}}));
  page.print("");
  page.say(
      "Several words fit the first three sentences. In the last one, the translation determines the word: "
      "고양이를. If another word is more probable, the model has not learned to copy this word from the "
      "translation.");
  if (!options.figures.empty())
    write_figure(options.figures, "masked_words.svg",
                 svg_curves({curve}, {.title = "Masked language modelling",
                                      .x_axis = "steps",
                                      .y_axis = "cross-entropy (nats per masked word)",
                                      .baseline = std::log(static_cast<double>(corpus.vocabulary.size())),
                                      .baseline_name = "chance"}));
  return bert;
}

// ---- 3 ----------------------------------------------------------------------------------------------------

BertBatch batch_of(const Corpus& corpus, const std::vector<TenseExample>& examples) {
  std::vector<BertInput> inputs;
  inputs.reserve(examples.size());
  for (const TenseExample& example : examples) inputs.push_back({example.words});
  return make_batch(corpus.vocabulary, inputs);
}

// Returns the encoder's row at the [MASK] of each input, or the mean over all its rows: (B, C).
Tensor features_of(nn::Bert& bert, const BertBatch& batch, bool mean) {
  const Tensor hidden = encode(bert, batch);
  std::vector<index_t> positions;
  std::vector<double> weights(static_cast<std::size_t>(batch.ids.numel()), 0);
  for (index_t i = 0; i < batch.ids.numel(); ++i) {
    const index_t length = batch.lengths[static_cast<std::size_t>(i / batch.time())];
    if (batch.ids[i] == mask_id) positions.push_back(i);
    if (i % batch.time() < length) weights[static_cast<std::size_t>(i)] = 1 / static_cast<double>(length);
  }
  if (!mean) return rows_at(hidden, positions);
  return (hidden * from_vector(weights, {batch.ids.size(0), batch.time(), 1})).sum(1);
}

IntTensor labels_of(const std::vector<TenseExample>& examples) {
  std::vector<index_t> labels;
  labels.reserve(examples.size());
  for (const TenseExample& example : examples) labels.push_back(example.tense);
  return {labels, {static_cast<index_t>(labels.size())}};
}

// Returns the part of the examples that have the most frequent tense.
double most_frequent(const std::vector<TenseExample>& examples) {
  double most = 0;
  for (index_t tense = 0; tense < 3; ++tense)
    most = std::max(most, static_cast<double>(std::ranges::count(examples, tense, &TenseExample::tense)));
  return most / static_cast<double>(examples.size());
}

struct Classified {
  double accuracy;
  index_t trained;  // parameters
};

// Trains a linear layer on features of the encoder, and the encoder as well unless it is `frozen`.
Classified classify(nn::Bert& bert, bool frozen, const Corpus& corpus, const std::vector<TenseExample>& train,
                    const std::vector<TenseExample>& test, const Options& options, Generator& gen) {
  nn::Linear head({.in = bert.options.d_model, .out = 3}, gen);
  std::vector<Tensor> parameters = head.parameters();
  if (!frozen)
    for (const Tensor& p : bert.parameters()) parameters.push_back(p);
  bert.train(!frozen);
  const bool mean = options.value("--features") == "mean";
  const BertBatch batch = batch_of(corpus, train);
  const IntTensor labels = labels_of(train);
  optim::AdamW optimizer(parameters, {.lr = frozen ? 1e-2 : 1e-3, .weight_decay = 0.01});
  const int steps = options.quick ? 5 : frozen ? 300 : 150;
  Tensor features;
  for (int i = 0; i < steps; ++i) {
    if (!frozen)
      features = features_of(bert, batch, mean);
    else if (i == 0)
      features = features_of(bert, batch, mean).detach();
    optimizer.zero_grad();
    cross_entropy(head(features), labels).backward();
    optimizer.step();
  }
  bert.eval();
  const NoGrad no_grad;
  const IntTensor prediction = argmax(head(features_of(bert, batch_of(corpus, test), mean)), -1),
                  label = labels_of(test);
  index_t correct = 0, trained = 0;
  for (index_t i = 0; i < prediction.numel(); ++i) correct += prediction[i] == label[i];
  for (const Tensor& p : parameters) trained += p.numel();
  return {static_cast<double>(correct) / static_cast<double>(prediction.numel()), trained};
}

struct LabelCurves {
  SvgCurve frozen{.name = "frozen encoder", .x = {}, .y = {}},
      scratch{.name = "from scratch", .x = {}, .y = {}};
  index_t frozen_trained = 0, scratch_trained = 0;  // parameters
};

LabelCurves by_number_of_labels(const Options& options, const Corpus& corpus, nn::BertForMaskedLM& bert,
                                const std::vector<TenseExample>& train, const std::vector<TenseExample>& test,
                                Generator& gen) {
  LabelCurves curves;
  for (const index_t n : {20, 50, 100, 200}) {
    const std::vector<TenseExample> examples(train.begin(), train.begin() + n);
    nn::Bert untrained(small(corpus.vocabulary.size()), gen);
    const Classified frozen = classify(bert.bert, true, corpus, examples, test, options, gen);
    const Classified scratch = classify(untrained, false, corpus, examples, test, options, gen);
    curves.frozen.x.push_back(static_cast<double>(n));
    curves.frozen.y.push_back(frozen.accuracy);
    curves.scratch.x.push_back(static_cast<double>(n));
    curves.scratch.y.push_back(scratch.accuracy);
    curves.frozen_trained = frozen.trained;
    curves.scratch_trained = scratch.trained;
  }
  return curves;
}

void few_labels(const Options& options, Page& page, const Corpus& corpus, nn::BertForMaskedLM& bert,
                Generator& gen) {
  page.step("Classification with few labels");
  std::vector<TenseExample> train = tense_examples(corpus.train), test = tense_examples(corpus.test);
  gen.shuffle(train);
  test.resize(std::min<std::size_t>(test.size(), 600));
  const double baseline = most_frequent(test);
  const LabelCurves curves = by_number_of_labels(options, corpus, bert, train, test, gen);
  page.say(concat(
      "Is a sentence in the past, present or future? The adverb of time is masked, so only the verb shows "
      "it, in two languages. One model trains a linear layer of ",
      curves.frozen_trained,
      " parameters on the output of the frozen, pre-trained encoder; the other trains the same architecture "
      "from scratch, ",
      curves.scratch_trained, " parameters. Accuracy on ", test.size(), " unseen sentences, of which ",
      percent(baseline), " have the most frequent tense:"));
  page.print("\n" + cells({"labels", "frozen encoder", "from scratch"}, {8, 18, 16}));
  const std::vector<double>&frozen = curves.frozen.y, &scratch = curves.scratch.y;
  for (std::size_t i = 0; i < frozen.size(); ++i)
    page.print(cells({fixed(curves.frozen.x[i], 0), percent(frozen[i]), percent(scratch[i])}, {8, 18, 16}));
  page.print("");
  const auto measured = [&](std::size_t i) -> Measurement {
    return {"frozen encoder ",      percentage(frozen[i]),    ", from scratch ",
            percentage(scratch[i]), ", most frequent tense ", percentage(baseline)};
  };
  page.claim("few_labels", "with 20 labels, the frozen pre-trained encoder is more accurate", measured(0),
             frozen[0] > scratch[0]);
  page.claim("fifty_labels", "with 50 labels, the frozen pre-trained encoder is more accurate", measured(1),
             frozen[1] > scratch[1]);
  page.claim("many_labels", "with 200 labels, the model trained from scratch is more accurate", measured(3),
             scratch[3] > frozen[3]);
  if (!options.figures.empty())
    write_figure(options.figures, "few_labels.svg",
                 svg_curves({curves.frozen, curves.scratch}, {.title = "Past, present or future?",
                                                              .x_axis = "labelled sentences",
                                                              .y_axis = "accuracy on unseen sentences",
                                                              .baseline = baseline,
                                                              .baseline_name = "most frequent"}));
}

// ---- Published weights ------------------------------------------------------------------------------------

// The token ids of a prompt, and the positions of its [MASK] tokens.
struct MaskedPrompt {
  std::vector<index_t> ids, positions;
};

MaskedPrompt tokenize(const std::string& prompt, const data::WordPiece& pieces) {
  const data::Vocabulary& vocabulary = pieces.vocabulary();
  MaskedPrompt masked{.ids = {vocabulary.id("[CLS]")}, .positions = {}};
  for (std::size_t begin = 0;;) {
    const std::size_t next = std::min(prompt.find("[MASK]", begin), prompt.size());
    for (const index_t id : pieces.encode(prompt.substr(begin, next - begin))) masked.ids.push_back(id);
    if (next == prompt.size()) break;
    masked.positions.push_back(static_cast<index_t>(masked.ids.size()));
    masked.ids.push_back(vocabulary.id("[MASK]"));
    begin = next + 6;
  }
  masked.ids.push_back(vocabulary.id("[SEP]"));
  return masked;
}

// Prints the tokens that the model receives, and the five most probable tokens for each [MASK].
void fill_in(Page& page, nn::BertForMaskedLM& bert, const data::Vocabulary& vocabulary,
             const MaskedPrompt& prompt) {
  std::string tokens;
  for (const index_t id : prompt.ids) tokens += " " + vocabulary.word(id);
  page.say("Tokens:" + tokens);
  if (std::ranges::count(prompt.ids, vocabulary.id("[UNK]")) > 0)
    page.say("[UNK] replaces a word that the vocabulary cannot represent.");
  const NoGrad no_grad;
  const Tensor hidden = bert.bert(IntTensor(prompt.ids, {1, static_cast<index_t>(prompt.ids.size())}));
  const auto best = topk(softmax(bert.head(rows_at(hidden, prompt.positions)), -1), 5);
  page.print("");
  for (index_t n = 0; n < best.values.size(0); ++n) {
    std::string line = concat("  [MASK] ", n + 1, ":");
    for (index_t i = 0; i < 5; ++i)
      line += "  " + vocabulary.word(best.indices[n * 5 + i]) + " " + fixed(best.values.at({n, i}), 3);
    page.print(line);
  }
}

// Fills in the [MASK] tokens of the prompt with published weights (config.json, model.safetensors,
// vocab.txt).
void with_published_weights(const Options& options, Page& page) {
  const std::string folder = options.value("--weights");
  const std::string prompt =
      options.more.contains("--prompt") ? options.value("--prompt") : "Attention is all you [MASK].";
  check(prompt.find("[MASK]") != std::string::npos, "--prompt", "expected a text with [MASK], got \"", prompt,
        "\". Hint: try \"Attention is all you [MASK].\"");
  const std::string list =
      std::filesystem::path(data::pretrained_files(folder).config).replace_filename("vocab.txt").string();
  page.step("BERT from " + folder);
  const Stopwatch watch;
  const auto pieces = data::WordPiece::load(list);
  for (const char* special : {"[CLS]", "[SEP]", "[MASK]"})
    check(pieces.vocabulary().find(special).has_value(), "vocab.txt", list, ": no ", special, " among its ",
          pieces.vocabulary().size(), " tokens. Hint: use BERT's vocab.txt");
  auto bert = nn::from_pretrained<nn::BertForMaskedLM>(folder);
  check(pieces.vocabulary().size() == bert.options.vocab_size, "vocab.txt", list, ": ",
        pieces.vocabulary().size(), " tokens, but the weights have ", bert.options.vocab_size,
        ". Hint: use the vocab.txt and the weights of the same model");
  page.say(concat(bert.parameter_count(), " parameters, loaded in ", fixed(watch.seconds(), 2), " s."));
  fill_in(page, bert, pieces.vocabulary(), tokenize(prompt, pieces));
  page.print(concat("\n  Done in ", fixed(watch.seconds(), 2), " s."));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{
      .program = "lesson_10_bert",
      .title = "Lesson 10 · BERT: the encoder alone",
      .more = {{"--weights", "DIR", "BERT's files (uncased): config.json, model.safetensors, vocab.txt"},
               {"--prompt", "TEXT", "a text with one or more [MASK] to fill in"},
               {"--features", "KIND",
                "the classifier's input: mask, the row of [MASK] (default), or mean, of all rows"}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    if (options.more.contains("--weights")) return with_published_weights(options, page);
    check(!options.more.contains("--prompt"), "--prompt",
          "is only used with published weights. Hint: add --weights DIR");
    const std::string features = options.value("--features");
    check(features.empty() || features == "mask" || features == "mean", "--features",
          "expected mask or mean, got \"", features, "\"");
    Generator gen(options.seed);
    bidirectional_attention(page, gen);
    const Corpus corpus = make_corpus(options.seed);
    nn::BertForMaskedLM bert = masked_language_modelling(options, page, corpus, gen);
    few_labels(options, page, corpus, bert, gen);
    page.print("\nNext: ./lesson_10_t5 has an encoder that reads and a decoder that writes.");
  });
}
