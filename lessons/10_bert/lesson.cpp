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
#include <iostream>
#include <map>

#include "lessons/10_bert/model.h"
#include "lessons/10_bert/published_weights.h"
#include "lessons/support/parameter_table.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/models/models.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

// ---- 1 ----------------------------------------------------------------------------------------------------

// Compares BERT's output with that of the encoder of section 5, nn::TransformerEncoder, given BERT's
// embeddings and weights.
void encoder_of_section_5(Page& page, nn::Bert& bert, const IntTensor& ids) {
  const Tensor embeddings = bert.embeddings(ids), expected = bert(ids);
  const auto difference = [&](nn::Activation activation) {
    Generator unused;
    nn::TransformerEncoder encoder({.layer = {.d_model = bert.options.d_model,
                                              .nhead = bert.options.nhead,
                                              .dim_feedforward = bert.options.dim_feedforward,
                                              .activation = activation,
                                              .batch_first = true},
                                    .num_layers = bert.options.num_layers},
                                   unused);
    encoder.load_state_dict(bert.encoder.state_dict());
    encoder.eval();
    return max_abs_difference(encoder(embeddings), expected);
  };
  const double gelu = difference(nn::Activation::gelu), relu = difference(nn::Activation::relu);
  page.claim("encoder", "the encoder of section 5 computes BERT's output if its activation is GELU",
             {"outputs differ by ", power(gelu), "; with ReLU, by ", power(relu)},
             gelu < 1e-4 && relu > 10 * gelu);
}

void bidirectional_attention(Page& page, Generator& gen) {
  page.step("Attention in both directions");
  page.say(
      "Embeddings, and the encoder of section 5 with another activation. A word is replaced by the token "
      "[MASK]; there is no attention mask, so every position attends to all the others, before and after "
      "it:");
  nn::Bert bert(small(50), gen);
  bert.eval();
  const NoGrad no_grad;
  const IntTensor ids{{cls, 10, 11, 12, sep}};
  const Tensor y = bert(ids);
  page.shape("ids", ids.shape(), "[CLS], three words, [SEP]");
  page.shape("hidden", y.shape(), "one vector per token, in context");
  page.shape("pooled", bert.pooled(y).shape(), "[CLS] through one more layer: the sentence");
  encoder_of_section_5(page, bert, ids);
  const double change = max_abs_difference(y[0][0], bert(IntTensor{{cls, 10, 11, 13, sep}})[0][0]);
  page.claim("bidirectional", "a word attends to later words, too",
             {"the first row changes by ", number(change, 3), " if the last word changes"}, change > 1e-3);
  const nn::NoInit no_init;  // parameters are counted, not initialised
  const index_t count = nn::Bert(nn::bert_base_uncased(), gen).parameter_count();
  page.claim("published_size", "BERT base has its published size",
             {number(static_cast<double>(count)), " parameters"}, count == 109'482'240);
}

// ---- 2 ----------------------------------------------------------------------------------------------------

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

SvgCurve pretrain(nn::BertForMaskedLM& bert, const Corpus& corpus, index_t steps, const Options& options,
                  Generator& gen) {
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

// Returns the index of the object in a Korean sentence: it precedes the verb, which has two words in
// the future.
std::size_t object_of(const Words& korean) { return korean.size() - (korean.back() == "것이다" ? 3 : 2); }

// Returns the part of objects of unseen Korean sentences that the model predicts correctly.
double object_accuracy(nn::BertForMaskedLM& bert, const Corpus& corpus, bool translated) {
  const NoGrad no_grad;
  std::vector<BertInput> inputs;
  std::vector<index_t> positions, objects;
  for (const toy::TranslationPair& pair : corpus.test) {
    BertInput input{pair.korean, translated ? pair.english : Words{}};
    std::string& object = input.first[object_of(pair.korean)];
    objects.push_back(corpus.vocabulary.id(object));
    object = "[MASK]";
    inputs.push_back(std::move(input));
  }
  const BertBatch batch = make_batch(corpus.vocabulary, inputs);
  for (index_t i = 0; i < batch.ids.numel(); ++i)
    if (batch.ids[i] == mask_id) positions.push_back(i);
  const IntTensor predicted = argmax(bert.head(rows_at(encode(bert.bert, batch), positions)), -1);
  double correct = 0;
  for (index_t i = 0; i < predicted.numel(); ++i)
    correct += predicted[i] == objects[static_cast<std::size_t>(i)];
  return correct / static_cast<double>(objects.size());
}

// Returns the probabilities of the words for the [MASK] of an input: (1, V).
Tensor probabilities_of(nn::BertForMaskedLM& bert, const Corpus& corpus, const BertInput& input) {
  const NoGrad no_grad;
  const BertBatch batch = make_batch(corpus.vocabulary, {input});
  const auto position =
      std::find(batch.ids.values().begin(), batch.ids.values().end(), mask_id) - batch.ids.values().begin();
  return softmax(bert.head(rows_at(encode(bert.bert, batch), {position})), -1);
}

// Returns the three most probable words for [MASK]: "나는 어제 [MASK] 읽었다   책을 0.31  편지를 0.28  …".
std::string filled_in(nn::BertForMaskedLM& bert, const Corpus& corpus, const BertInput& input) {
  const auto best = topk(probabilities_of(bert, corpus, input), 3);
  std::string line = "    " + toy::join(input.first) +
                     (input.second.empty() ? "" : " = " + toy::join(input.second)) + "\n      ";
  for (index_t i = 0; i < 3; ++i)
    line += concat("  ", corpus.vocabulary.word(best.indices[i]), " ", fixed(best.values.at({0, i}), 2));
  return line;
}

// Returns the number of sentences of the corpus with the verb 그렸다, or of those among them with an
// adverb of time.
index_t past_sentences(const Corpus& corpus, bool with_adverb) {
  index_t count = 0;
  for (const auto* part : {&corpus.train, &corpus.test})
    for (const toy::TranslationPair& pair : *part) {
      const bool adverb = pair.korean[1] == "어제" || pair.korean[1] == "아까";
      count += pair.korean.back() == "그렸다" && (adverb || !with_adverb);
    }
  return count;
}

// Prints the model's words for some sentences. In the last two, the translation determines the word.
void print_examples(Page& page, nn::BertForMaskedLM& bert, const Corpus& corpus) {
  page.say("The three most probable words for [MASK], with their probabilities:");
  page.print("");
  page.print(filled_in(bert, corpus, {{"나는", "책을", "[MASK]"}}));
  page.print(filled_in(bert, corpus, {{"나는", "어제", "책을", "[MASK]"}}));
  page.print(filled_in(bert, corpus, {{"나는", "[MASK]", "책을", "읽었다"}}));
  const BertInput with{{"나는", "어제", "[MASK]", "그렸다"}, {"I", "drew", "a", "cat", "yesterday"}},
      without{{"나는", "[MASK]", "그렸다"}, {"I", "drew", "a", "cat"}};
  for (const BertInput& input : {with, without}) page.print(filled_in(bert, corpus, input));
  page.print("");
  const auto probability = [&](const BertInput& input) {
    return fixed(probabilities_of(bert, corpus, input).at({0, corpus.vocabulary.id("고양이를")}), 2);
  };
  page.say(concat(
      "Several words fit the first three sentences. In the last two, the translation determines "
      "the word: 고양이를. Its probability is ",
      probability(with), " and ", probability(without), ". The last one has no adverb of time; of the ",
      past_sentences(corpus, false), " sentences with 그렸다 in the corpus, ", past_sentences(corpus, true),
      " have one. --steps 6000 trains for longer."));
}

nn::BertForMaskedLM masked_language_modelling(const Options& options, Page& page, const Corpus& corpus,
                                              Generator& gen) {
  page.step("Masked language modelling");
  nn::BertForMaskedLM bert(small(corpus.vocabulary.size()), gen);
  page.say(concat(
      corpus.train.size(), " pairs of a Korean and an English sentence, with ",
      corpus.vocabulary.size() - first_word, " words and ", first_word,
      " special tokens. The model predicts 15 % of the words: of these, 80 % become [MASK], 10 % a random "
      "word, and 10 % stay unchanged. The model, module by module:"));
  page.print("\n" + parameter_table(bert.named_parameters()) + "\n");
  const int steps = options.integer("--steps", options.quick ? 30 : 1500);
  const SvgCurve curve = pretrain(bert, corpus, steps, options, gen);
  const MaskedAccuracy both = masked_accuracy(bert, corpus, 0.5), single = masked_accuracy(bert, corpus, 0),
                       pairs = masked_accuracy(bert, corpus, 1);
  page.claim("masked_words", "masked words of unseen sentences are predicted",
             {"accuracy ", percentage(both.model), ", most frequent word ", percentage(both.baseline)},
             both.model > 2 * both.baseline + 0.2);
  page.claim("translation", "a translation in the input helps",
             {"accuracy ", percentage(pairs.model), " with the translation beside the sentence, ",
              percentage(single.model), " without"},
             pairs.model > single.model + 0.05);
  const double with = object_accuracy(bert, corpus, true), without = object_accuracy(bert, corpus, false);
  page.claim(
      "object",
      concat("after ", steps,
             " steps, many masked objects are not copied from the "
             "translation"),
      {"accuracy ", percentage(with), " for the objects of ", number(static_cast<double>(corpus.test.size())),
       " Korean sentences with their translation, ", percentage(without), " without it"},
      with < 0.75);
  page.print("");
  print_examples(page, bert, corpus);
  if (!options.figures.empty())
    write_figure(options.figures, "masked_words.svg",
                 svg_curves({curve}, {.title = "Masked language modelling",
                                      .x_axis = "steps",
                                      .y_axis = "cross-entropy (nats per masked word)",
                                      .baseline = std::log(static_cast<double>(corpus.vocabulary.size())),
                                      .baseline_name = "chance",
                                      .points = true}));
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
                                                              .baseline_name = "most frequent",
                                                              .points = true}));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{
      .program = "lesson_10_bert",
      .title = "Lesson 10 · BERT: the encoder alone",
      .saves = true,
      .more = with_map_options(
          {{"--steps", "N", "pre-training steps (default 1500)", 1},
           {"--weights", "DIR", "BERT's files (uncased): config.json, model.safetensors, vocab.txt"},
           {"--prompt", "TEXT", "a text with one or more [MASK] to fill in"},
           {"--features", "mask|mean",
            "the classifier's input: the row of [MASK] (default), or the mean of all rows"}})};
  return run(argc, argv, about, [&](const Options& options, Page& page) {
    if (shows_maps(options)) return show_maps(about, options, page, {.special_tokens = 3, .attend = attend});
    if (options.more.contains("--weights")) return with_published_weights(options, page);
    check(!options.more.contains("--prompt"), "--prompt",
          "is only used with published weights. Hint: add --weights DIR");
    Generator gen(options.seed);
    bidirectional_attention(page, gen);
    const Corpus corpus = make_corpus(options.seed);
    nn::BertForMaskedLM bert = masked_language_modelling(options, page, corpus, gen);
    if (!options.save.empty()) save_model(options, about, {bert.state_dict(), corpus.vocabulary.words()});
    few_labels(options, page, corpus, bert, gen);
    page.print("\nNext: ./lesson_10_t5 has an encoder that reads and a decoder that writes.");
  });
}
