// Lesson 10 · BERT: the encoder alone
//
//   [CLS] 나는 [MASK] 읽는다 [SEP] I read a book [SEP]  →  post-LN blocks, no mask  →  책을
//
// Words are hidden, and an encoder learns to say which. No labels are needed for that; what it has learned about the
// language then helps where there are few. With --weights DIR it reads BERT's published files instead, and fills in the
// [MASK]s of --prompt "…". Run it: ./lesson_10_bert (or ./lesson_10_bert --figures figures).
#include "lessons/support/lesson.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>

#include "data/pretrained.h"
#include "data/text/wordpiece.h"
#include "lessons/10_bert/masking.h"
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

// The rows of hidden (B, T, C) at the given places: (N, C).
Tensor rows_at(const Tensor& hidden, const std::vector<index_t>& places) {
  const index_t rows = hidden.size(0) * hidden.size(1);
  return embedding(hidden.reshape({rows, hidden.size(2)}), {places, {static_cast<index_t>(places.size())}});
}

// ---- 1 ----------------------------------------------------------------------------------------------------

void everyone_sees_everyone(Page& page, Generator& gen) {
  page.step("Everyone sees everyone");
  page.say(
      "The block of section 5 as it is. A word is hidden by [MASK] rather than by a mask of attention, so "
      "its place may look at all the others, before and behind:");
  nn::Bert bert(small(50), gen);
  bert.eval();
  const NoGrad no_grad;
  const Tensor y = bert(IntTensor{{cls, 10, 11, 12, sep}});
  page.shape("ids", {1, 5}, "[CLS], three words, [SEP]");
  page.shape("hidden", y.shape(), "each, knowing the others");
  page.shape("pooled", bert.pooled(y).shape(), "[CLS] alone, through one layer more: the sentence");
  const double moved = max_abs_difference(y[0][0], bert(IntTensor{{cls, 10, 11, 13, sep}})[0][0]);
  page.claim("a word sees those after it as well",
             "the first row moves by " + fixed(moved, 3) + " where the last word changes", moved > 1e-3);
  const nn::NoInit no_init;  // nothing is drawn or written: only counted
  const index_t count = nn::Bert(nn::bert_base_uncased(), gen).parameter_count();
  page.claim("BERT base has its published size", concat(count, " parameters"), count == 109'482'240);
}

// ---- 2 ----------------------------------------------------------------------------------------------------

struct Material {
  std::vector<data::TranslationPair> train, test;
  data::Vocabulary vocabulary;
};

Material make_material(std::uint64_t seed) {
  const auto pairs = data::translation_pairs({.seed = seed, .train = 3000, .test = 600});
  std::vector<Words> all;
  for (const auto* part : {&pairs.train, &pairs.test})
    for (const auto& pair : *part) all.push_back(pair.korean), all.push_back(pair.english);
  return {pairs.train, pairs.test, vocabulary_of(all)};
}

// Half of the texts are a sentence and its translation, half a sentence alone.
BertBatch draw(const Material& m, const std::vector<data::TranslationPair>& from, index_t size,
               Generator& gen) {
  std::vector<OneOrTwo> texts;
  for (index_t i = 0; i < size; ++i) {
    const auto& pair = from[gen.below(from.size())];
    if (gen.uniform() < 0.5)
      texts.push_back({pair.korean, pair.english});
    else
      texts.push_back({gen.uniform() < 0.5 ? pair.korean : pair.english});
  }
  return make_batch(m.vocabulary, texts);
}

double masked_accuracy(nn::BertForMaskedLM& bert, const Material& m, Generator& gen,
                       std::map<index_t, int>* words = nullptr) {
  const NoGrad no_grad;
  bert.eval();
  double right = 0, all = 0;
  for (int i = 0; i < 10; ++i) {
    BertBatch batch = draw(m, m.test, 100, gen);
    const Hidden hidden = hide(batch, m.vocabulary.size(), gen);
    const IntTensor guess = argmax(bert.head(rows_at(encode(bert.bert, batch), hidden.places)), -1);
    for (std::size_t n = 0; n < hidden.words.size(); ++n, ++all) {
      right += guess[static_cast<index_t>(n)] == hidden.words[n];
      if (words) ++(*words)[hidden.words[n]];
    }
  }
  bert.train();
  return right / all;
}

SvgCurve learn_hidden_words(nn::BertForMaskedLM& bert, const Material& m, const Options& options,
                            Generator& gen) {
  const index_t steps = options.quick ? 30 : 1500;
  optim::AdamW optimizer(bert.parameters(), {.lr = 3e-3, .weight_decay = 0.01});
  const optim::WarmupCosine schedule({.peak = 3e-3, .warmup = steps / 10, .total = steps});
  Progress progress("hidden words", steps, options.quiet);
  SvgCurve curve{.name = "hidden words", .x = {}, .y = {}};
  const index_t every = std::max<index_t>(steps / 25, 1);
  double sum = 0;
  for (index_t step = 0; step < steps; ++step) {
    BertBatch batch = draw(m, m.train, 48, gen);
    const Hidden hidden = hide(batch, m.vocabulary.size(), gen);
    const Tensor logits = bert.head(rows_at(encode(bert.bert, batch), hidden.places));
    const Tensor loss = cross_entropy(logits, {hidden.words, {static_cast<index_t>(hidden.words.size())}});
    optimizer.set_lr(schedule(step));
    optimizer.zero_grad();
    loss.backward();
    optim::clip_grad_norm(bert.parameters(), 1.0);
    optimizer.step();
    sum += loss.item();
    progress.update(step + 1, "loss " + fixed(loss.item(), 3));
    if ((step + 1) % every == 0)
      curve.x.push_back(static_cast<double>(step + 1)), curve.y.push_back(sum / static_cast<double>(every)),
          sum = 0;
  }
  return curve;
}

// "나는 어제 [MASK] 읽었다   책을 0.31  편지를 0.28  …"
std::string filled_in(nn::BertForMaskedLM& bert, const Material& m, const OneOrTwo& text) {
  const NoGrad no_grad;
  const BertBatch batch = make_batch(m.vocabulary, {text});
  const auto place =
      std::find(batch.ids.values().begin(), batch.ids.values().end(), mask_id) - batch.ids.values().begin();
  const Tensor p = softmax(bert.head(rows_at(encode(bert.bert, batch), {place})), -1);
  const auto best = topk(p, 3);
  std::string line = "    " + data::join(text.first) +
                     (text.second.empty() ? "" : " = " + data::join(text.second)) + "\n       ";
  for (index_t i = 0; i < 3; ++i)
    line += " " + m.vocabulary.word(best.indices[i]) + " " + fixed(best.values.at({0, i}), 2) + " ";
  return line;
}

nn::BertForMaskedLM hidden_words(const Options& options, Page& page, const Material& m, Generator& gen) {
  page.step("Which word was hidden?");
  nn::BertForMaskedLM bert(small(m.vocabulary.size()), gen);
  page.say(concat(
      m.train.size(), " sentences in Korean and in English, alone or a pair, ", m.vocabulary.size(),
      " kinds of words. 15 % of the words are asked for: of these 8 in 10 become [MASK], one becomes another "
      "word, one stays. ",
      bert.parameter_count(), " parameters."));
  const SvgCurve curve = learn_hidden_words(bert, m, options, gen);
  Generator questions(99);
  std::map<index_t, int> words;
  const double accuracy = masked_accuracy(bert, m, questions, &words);
  int most = 0, all = 0;
  for (const auto& [word, count] : words) most = std::max(most, count), all += count;
  const double unigram = static_cast<double>(most) / all;
  page.claim("hidden words of unseen sentences are found",
             concat("right ", percent(accuracy), ", always the most frequent word ", percent(unigram)),
             accuracy > 2 * unigram + 0.2);
  page.print("");
  bert.eval();
  page.print(filled_in(bert, m, {{"나는", "책을", "[MASK]"}}));
  page.print(filled_in(bert, m, {{"나는", "어제", "책을", "[MASK]"}}));
  page.print(filled_in(bert, m, {{"나는", "[MASK]", "책을", "읽었다"}}));
  page.print(filled_in(bert, m, {{"나는", "[MASK]", "그렸다"}, {"I", "drew", "a", "cat"}}));
  if (!options.figures.empty())
    write_figure(options.figures, "hidden_words.svg",
                 svg_curves({curve}, {.title = "Learning which word was hidden",
                                      .x_axis = "steps",
                                      .y_axis = "cross-entropy (nats a hidden word)",
                                      .baseline = std::log(static_cast<double>(m.vocabulary.size())),
                                      .baseline_name = "guessing"}));
  return bert;
}

// ---- 3 ----------------------------------------------------------------------------------------------------

BertBatch batch_of(const Material& m, const std::vector<Timed>& some) {
  std::vector<OneOrTwo> texts;
  texts.reserve(some.size());
  for (const Timed& one : some) texts.push_back({one.words});
  return make_batch(m.vocabulary, texts);
}

// The rows of the texts' [MASK]s: (B, C).
Tensor read(nn::Bert& bert, const BertBatch& batch) {
  std::vector<index_t> places;
  for (index_t i = 0; i < batch.ids.numel(); ++i)
    if (batch.ids[i] == mask_id) places.push_back(i);
  return rows_at(encode(bert, batch), places);
}

IntTensor labels_of(const std::vector<Timed>& some) {
  std::vector<index_t> labels;
  labels.reserve(some.size());
  for (const Timed& one : some) labels.push_back(one.when);
  return {labels, {static_cast<index_t>(labels.size())}};
}

// A linear layer on the row of [MASK]; with `frozen` the encoder is only read. The part of `test` that is right.
double classify(nn::Bert& bert, bool frozen, const Material& m, const std::vector<Timed>& train,
                const std::vector<Timed>& test, const Options& options, Generator& gen) {
  nn::Linear head({.in = bert.options.d_model, .out = 3}, gen);
  std::vector<Tensor> parameters = head.parameters();
  if (!frozen)
    for (const Tensor& p : bert.parameters()) parameters.push_back(p);
  bert.train(!frozen);
  const BertBatch batch = batch_of(m, train);
  const IntTensor labels = labels_of(train);
  optim::AdamW optimizer(parameters, {.lr = frozen ? 1e-2 : 1e-3, .weight_decay = 0.01});
  const int steps = options.quick ? 5 : frozen ? 300 : 150;
  Tensor features;
  for (int i = 0; i < steps; ++i) {
    if (!frozen)
      features = read(bert, batch);
    else if (i == 0)
      features = read(bert, batch).detach();
    optimizer.zero_grad();
    cross_entropy(head(features), labels).backward();
    optimizer.step();
  }
  bert.eval();
  const NoGrad no_grad;
  const IntTensor guess = argmax(head(read(bert, batch_of(m, test))), -1), right = labels_of(test);
  index_t hits = 0;
  for (index_t i = 0; i < guess.numel(); ++i) hits += guess[i] == right[i];
  return static_cast<double>(hits) / static_cast<double>(guess.numel());
}

void fifty_labels(const Options& options, Page& page, const Material& m, nn::BertForMaskedLM& bert,
                  Generator& gen) {
  page.step("Fifty labels");
  std::vector<Timed> train = timed_sentences(m.train), test = timed_sentences(m.test);
  gen.shuffle(train);
  test.resize(std::min<std::size_t>(test.size(), 600));
  page.say(
      "When does it happen: past, present or future? The word that says so is hidden, the verb must tell, in "
      "two languages. One model reads with the encoder from above, which stays as it is, and learns a linear "
      "layer on the row of [MASK]; the other has the same encoder, from nothing, and learns all of it:");
  page.print("\n" + cells({"labels", "frozen encoder", "from nothing"}, {8, 18, 16}));
  SvgCurve frozen{.name = "frozen encoder", .x = {}, .y = {}},
      fresh{.name = "from nothing", .x = {}, .y = {}};
  double at_fifty[2] = {0, 0};
  for (const index_t n : {20, 50, 100, 200}) {
    const std::vector<Timed> some(train.begin(), train.begin() + n);
    nn::Bert nothing(small(m.vocabulary.size()), gen);
    const double a = classify(bert.bert, true, m, some, test, options, gen);
    const double b = classify(nothing, false, m, some, test, options, gen);
    frozen.x.push_back(static_cast<double>(n)), frozen.y.push_back(a);
    fresh.x.push_back(static_cast<double>(n)), fresh.y.push_back(b);
    page.print(cells({concat(n), percent(a), percent(b)}, {8, 18, 16}));
    if (n == 50) at_fifty[0] = a, at_fifty[1] = b;
  }
  page.print("");
  page.claim("with fifty labels, having read helps",
             concat("right ", percent(at_fifty[0]), ", from nothing ", percent(at_fifty[1])),
             at_fifty[0] > at_fifty[1] + 0.02);
  if (!options.figures.empty())
    write_figure(options.figures, "few_labels.svg",
                 svg_curves({frozen, fresh}, {.title = "When does it happen?",
                                              .x_axis = "labelled sentences",
                                              .y_axis = "right (part of unseen sentences)",
                                              .baseline = 1.0 / 3,
                                              .baseline_name = "guessing"}));
}

// ---- BERT itself ------------------------------------------------------------------------------------------

// A text as the model reads it, and where its [MASK]s are.
struct Question {
  std::vector<index_t> ids, places;
};

Question question_of(const std::string& prompt, const data::WordPiece& pieces) {
  const data::Vocabulary& known = pieces.vocabulary();
  Question question{.ids = {known.id("[CLS]")}, .places = {}};
  for (std::size_t at = 0;;) {
    const std::size_t next = std::min(prompt.find("[MASK]", at), prompt.size());
    for (const index_t id : pieces.encode(prompt.substr(at, next - at))) question.ids.push_back(id);
    if (next == prompt.size()) break;
    question.places.push_back(static_cast<index_t>(question.ids.size()));
    question.ids.push_back(known.id("[MASK]"));
    at = next + 6;
  }
  question.ids.push_back(known.id("[SEP]"));
  return question;
}

// What the model reads, word by word, and the best five for each [MASK].
void fill_in(Page& page, nn::BertForMaskedLM& bert, const data::Vocabulary& known, const Question& question) {
  std::string read;
  for (const index_t id : question.ids) read += " " + known.word(id);
  page.say("It reads" + read);
  if (std::ranges::count(question.ids, known.id("[UNK]")) > 0)
    page.say("[UNK] stands for what its vocabulary cannot put together.");
  const NoGrad no_grad;
  const Tensor hidden = bert.bert(IntTensor(question.ids, {1, static_cast<index_t>(question.ids.size())}));
  const auto best = topk(softmax(bert.head(rows_at(hidden, question.places)), -1), 5);
  page.print("");
  for (index_t n = 0; n < best.values.size(0); ++n) {
    std::string line = concat("  [MASK] ", n + 1, ":");
    for (index_t i = 0; i < 5; ++i)
      line += "  " + known.word(best.indices[n * 5 + i]) + " " + fixed(best.values.at({n, i}), 3);
    page.print(line);
  }
}

// Fills in the [MASK]s of the prompt with published weights: config.json, model.safetensors, vocab.txt.
void with_published_weights(const Options& options, Page& page) {
  const std::string folder = options.given("--weights");
  const std::string prompt =
      options.more.contains("--prompt") ? options.given("--prompt") : "Attention is all you [MASK].";
  check(prompt.find("[MASK]") != std::string::npos, "--prompt", "holds no [MASK]: \"", prompt,
        "\". Hint: \"Attention is all you [MASK].\"");
  const std::string list =
      std::filesystem::path(data::pretrained_files(folder).config).replace_filename("vocab.txt").string();
  page.step("BERT from " + folder);
  const Stopwatch watch;
  const auto pieces = data::WordPiece::load(list);
  for (const char* special : {"[CLS]", "[SEP]", "[MASK]"})
    check(pieces.vocabulary().find(special).has_value(), "vocab.txt", list, ": no ", special, " among its ",
          pieces.vocabulary().size(), " tokens. Hint: is it BERT's?");
  auto bert = nn::from_pretrained<nn::BertForMaskedLM>(folder);
  check(pieces.vocabulary().size() == bert.options.vocab_size, "vocab.txt", list, ": ",
        pieces.vocabulary().size(), " tokens, and the weights know ", bert.options.vocab_size,
        ". Hint: do they belong together?");
  page.say(concat(bert.parameter_count(), " parameters, loaded in ", fixed(watch.seconds(), 2), " s."));
  fill_in(page, bert, pieces.vocabulary(), question_of(prompt, pieces));
  page.print(concat("\n  Done in ", fixed(watch.seconds(), 2), " s."));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{
      .program = "lesson_10_bert",
      .title = "Lesson 10 · BERT: the encoder alone",
      .more = {{"--weights", "DIR", "BERT's files (uncased): config.json, model.safetensors, vocab.txt"},
               {"--prompt", "TEXT", "the text whose [MASK]s are filled in"}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    if (options.more.contains("--weights")) return with_published_weights(options, page);
    check(!options.more.contains("--prompt"), "--prompt",
          "is for published weights: give --weights DIR, too");
    Generator gen(options.seed);
    everyone_sees_everyone(page, gen);
    const Material m = make_material(options.seed);
    nn::BertForMaskedLM bert = hidden_words(options, page, m, gen);
    fifty_labels(options, page, m, bert, gen);
    page.print("\nNext: ./lesson_10_t5 reads with one half and writes with the other.");
  });
}
