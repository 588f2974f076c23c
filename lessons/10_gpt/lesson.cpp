// Lesson 10 · GPT: the decoder alone
//
//   ids → embedding + position → N pre-LN blocks, causal → norm → transposed embedding → the next token
//
// A small GPT is trained on the characters of English sentences (or of any text: --text FILE) and
// generates text. With --weights DIR the program loads GPT-2's published files instead and
// continues --prompt "…". Run it: ./lesson_10_gpt (or ./lesson_10_gpt --figures figures).
#include "lessons/support/lesson.h"

#include <iostream>
#include <set>

#include "data/file.h"
#include "data/pretrained.h"
#include "data/text/bpe.h"
#include "data/text/lines.h"
#include "lessons/10_gpt/cache_diagram.h"
#include "lessons/10_gpt/characters.h"
#include "lessons/10_gpt/sentences.h"
#include "lessons/support/parameter_table.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/models/gpt.h"
#include "nn/models/pretrained.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

constexpr index_t batch_size = 12, context = 64;

IntTensor batch_of_one(const std::vector<index_t>& ids) {
  return {ids, {1, static_cast<index_t>(ids.size())}};
}

// ---- 1 ----------------------------------------------------------------------------------------------------

void causal_attention(Page& page, Generator& gen) {
  page.step("Causal attention");
  page.say(
      "Each position predicts the next token, so it attends to itself and to earlier positions only. One "
      "pass over a sequence then gives one prediction per token:");
  nn::GPT gpt({.vocab_size = 50, .context = 12, .d_model = 32, .nhead = 4, .num_layers = 2}, gen);
  gpt.eval();
  const NoGrad no_grad;
  IntTensor ids = IntTensor::arange(0, 12).reshape({1, 12});
  const Tensor before = gpt(ids);
  page.shape("ids", ids.shape(), "twelve tokens");
  page.shape("logits", before.shape(), "scores of the next token, one of 50");
  ids.values()[8] = 40;
  const Tensor after = gpt(ids);
  const double change = max_abs_difference(before.slice(1, 0, 8), after.slice(1, 0, 8));
  page.claim("causal", "no token attends to later ones",
             {"the logits before a changed token change by ", power(change)},
             change == 0 && max_abs_difference(before, after) > 1e-3);
  const nn::NoInit no_init;  // parameters are counted, not initialised
  const index_t count = nn::GPT(nn::gpt2_small(), gen).parameter_count();
  page.claim("published_size", "GPT-2 small has its published size",
             {number(static_cast<double>(count)), " parameters"}, count == 124'439'808);
}

// ---- 2 ----------------------------------------------------------------------------------------------------

// Reads a text file. Line ends CR LF and CR become LF, so that the model learns one character for
// all of them.
std::string text_of_file(const std::string& path) {
  return data::with_unix_line_endings(data::read_file("lesson_10_gpt", path));
}

// Whether a text is tiny Shakespeare, the corpus of nanoGPT's example.
bool is_tiny_shakespeare(const std::string& text) {
  return text.size() == 1'115'394 && text.starts_with("First Citizen:\nBefore we proceed any further");
}

double validation_loss(nn::GPT& gpt, const std::vector<index_t>& text, int batches) {
  const NoGrad no_grad;
  gpt.eval();
  Generator gen(1234);  // the same windows every time
  double sum = 0;
  for (int i = 0; i < batches; ++i) {
    const Windows w = windows(text, batch_size, context, gen);
    sum += cross_entropy(gpt(w.ids), w.next).item();
  }
  gpt.train();
  return sum / batches;
}

struct Curves {
  SvgCurve train{.name = "training text", .x = {}, .y = {}},
      validation{.name = "held-out text", .x = {}, .y = {}};
};

Curves train(nn::GPT& gpt, const Characters& text, index_t steps, const Options& options, Generator& gen) {
  optim::AdamW optimizer(gpt.parameters(), {.lr = 1e-3, .beta2 = 0.99, .weight_decay = 0.1});
  const optim::WarmupCosine schedule(
      {.peak = 1e-3, .warmup = std::min<index_t>(100, steps / 10 + 1), .total = steps + 1});
  Progress progress("GPT", steps, options.quiet);
  Curves curves;
  double sum = 0;
  const index_t every = std::max<index_t>(steps / 20, 1);
  for (index_t step = 0; step < steps; ++step) {
    const Windows w = windows(text.train, batch_size, context, gen);
    const Tensor loss = cross_entropy(gpt(w.ids), w.next);
    optimizer.set_lr(schedule(step));
    optimizer.zero_grad();
    loss.backward();
    optim::clip_grad_norm(gpt.parameters(), 1.0);
    optimizer.step();
    sum += loss.item();
    progress.update(step + 1, "loss " + fixed(loss.item(), 3));
    if ((step + 1) % every != 0) continue;
    curves.train.x.push_back(static_cast<double>(step + 1));
    curves.train.y.push_back(sum / static_cast<double>(every));
    curves.validation.x.push_back(static_cast<double>(step + 1));
    curves.validation.y.push_back(validation_loss(gpt, text.validation, 5));
    sum = 0;
  }
  return curves;
}

struct Corpus {
  Characters text;
  bool is_own = false, is_tiny_shakespeare = false;  // is_own: --text was given
};

Corpus make_corpus(const Options& options) {
  const std::string file = options.value("--text");
  if (file.empty()) return {Characters::of(sentences_text(options.seed), 3)};
  const std::string text = text_of_file(file);
  return {Characters::of(text, 3), true, is_tiny_shakespeare(text)};
}

// Prints the loss beside the losses of simpler models, and the claims.
void compare_losses(Page& page, const Corpus& corpus, double loss, double bigrams) {
  const Characters& text = corpus.text;
  page.print("\n" + cells({"", "nats per character", "perplexity"}, {-34, 20, 12}));
  const auto row = [&](const std::string& name, double nats) {
    page.print(cells({"  " + name, fixed(nats, 3), fixed(std::exp(nats), 1)}, {-34, 20, 12}));
  };
  row("uniform distribution", std::log(static_cast<double>(text.vocabulary_size())));
  row("unigrams", ngram_loss(text, false));
  row("bigrams", bigrams);
  row("this GPT", loss);
  if (!corpus.is_own) row("all sentences equally probable", least_loss(language()));
  page.print("");
  page.claim(
      "context", "it uses more context than one character",
      {number(loss, 2), " nats per character on held-out text; the bigram model has ", number(bigrams, 2)},
      loss < bigrams - 0.2);
  constexpr double nano_gpt = 1.88;
  if (corpus.is_tiny_shakespeare)
    page.claim("nano_gpt", "as good as nanoGPT's README reports for this size, text and training",
               {number(loss, 2), " nats per character, nanoGPT ", number(nano_gpt, 2)},
               loss < nano_gpt + 0.05);
}

nn::GPT train_on_characters(const Options& options, Page& page, const Corpus& corpus, Generator& gen) {
  page.step("A language model of characters");
  const Characters& text = corpus.text;
  const index_t steps = options.integer("--steps", options.quick ? 20 : corpus.is_own ? 2000 : 800);
  nn::GPT gpt({.vocab_size = text.vocabulary_size(),
               .context = context,
               .d_model = 128,
               .nhead = 4,
               .num_layers = 4,
               .dropout = 0},
              gen);
  if (!corpus.is_own)
    page.say(
        concat("The text consists of English sentences of the small language of lesson 01, one per line, ",
               "each at most once. The language has ", language().size(), " sentences."));
  page.say(concat("The training text has ", text.train.size(), " characters, the held-out text after it ",
                  text.validation.size(), ", with ", text.vocabulary_size(),
                  " different ones. The model has ", gpt.parameter_count(), " parameters and is trained for ",
                  steps, " steps of ", batch_size, " windows of ", context, " characters:"));
  page.print("\n" + parameter_table(gpt.named_parameters()));
  const Stopwatch watch;
  const Curves curves = train(gpt, text, steps, options, gen);
  const double step_ms = 1000 * watch.seconds() / static_cast<double>(steps);
  const double loss = validation_loss(gpt, text.validation, options.quick ? 10 : 100);
  const double bigrams = ngram_loss(text, true);
  compare_losses(page, corpus, loss, bigrams);
  if (corpus.is_own || !options.quick) page.print(concat("  Done in ", fixed(step_ms, 1), " ms per step."));
  if (!options.figures.empty())
    write_figure(
        options.figures, "characters_loss.svg",
        svg_curves({curves.train, curves.validation}, {.title = "A language model of characters",
                                                       .x_axis = "steps",
                                                       .y_axis = "cross-entropy (nats per character)",
                                                       .baseline = bigrams,
                                                       .baseline_name = "bigrams",
                                                       .points = true}));
  gpt.eval();
  return gpt;
}

// ---- 3 and 4 ----------------------------------------------------------------------------------------------

// The step that processes the last letter of "attention".
void draw_cache(const Options& options, nn::GPT& gpt, const Characters& text) {
  const std::vector<index_t> ids = text.tokenizer.encode("attention");
  std::vector<std::string> names;
  names.reserve(ids.size());
  for (const index_t id : ids) names.push_back(text.tokenizer.decode({id}));
  write_figure(options.figures, "kv_cache.svg", cache_diagram(gpt, batch_of_one(ids), names));
}

void kv_cache(const Options& options, Page& page, nn::GPT& gpt, const Characters& text) {
  page.step("The KV cache");
  page.say(
      "Later tokens use only the keys and values of earlier ones. If these are cached, each token is "
      "processed only once.");
  const NoGrad no_grad;
  const IntTensor ids = batch_of_one({text.validation.begin(), text.validation.begin() + context});
  const Tensor whole = gpt(ids);
  nn::KVCache cache;
  double difference = 0;
  for (index_t t = 0; t < context; ++t) {
    const Tensor logits = gpt.forward(ids.slice(1, t, t + 1), cache).select(1, 0);
    difference = std::max(difference, max_abs_difference(logits, whole.select(1, t)));
  }
  page.claim("cache", "cached logits equal uncached ones",
             {"over ", number(static_cast<double>(context)), " characters they differ by at most ",
              power(difference)},
             difference < 1e-4);
  if (!options.figures.empty()) draw_cache(options, gpt, text);
  double seconds[2];
  std::vector<index_t> outputs[2];
  for (const bool cached : {false, true}) {
    Generator gen(options.seed);
    const Stopwatch watch;
    outputs[cached] = generate(gpt, {ids[0]}, {.tokens = context - 1, .cached = cached}, gen);
    seconds[cached] = watch.seconds();
  }
  double same = 0;
  for (std::size_t i = 0; i < outputs[1].size(); ++i) same += outputs[0][i] == outputs[1][i];
  page.claim("cached_text", "the generated text is the same with the cache and without",
             {number(same), " of ", number(static_cast<double>(outputs[1].size())), " characters are equal"},
             outputs[0] == outputs[1]);
  page.say(concat("Without the cache, character t costs a pass over all t characters before it: ",
                  (context - 1) * context / 2, " tokens of computation in total instead of ", context - 1,
                  "."));
  if (!options.quick)
    page.print(concat("  Done in ", fixed(1000 * seconds[1], 0), " ms with the cache, ",
                      fixed(1000 * seconds[0], 0), " ms without."));
}

// Checks sampled sentences against the language.
void check_sentences(const Options& options, Page& page, nn::GPT& gpt, const Characters& text) {
  const index_t count = options.quick ? 200 : 3000;
  const std::vector<index_t> start = text.tokenizer.encode("\n");
  const std::set<std::string> sentences = language();
  const auto sampled = [&](const nn::SamplingOptions& sampling) {
    Generator gen(options.seed + 1);
    return checked(generate(gpt, start, {.tokens = count, .sampling = sampling}, gen), text, sentences);
  };
  Generator gen(options.seed + 1);
  const Checked whole = sampled({}), top_p = sampled({.top_p = 0.8}),
                bigrams = checked(sample_bigrams(text, start[0], count, gen), text, sentences);
  page.claim(
      "top_p", "without the unlikely characters, more sampled sentences are correct",
      {percentage(top_p.correct, 0), " of the sentences sampled with top-p 0.8 belong to the language, ",
       percentage(whole.correct, 0), " of those from the whole distribution, ",
       percentage(bigrams.correct, 0), " of a bigram model's"},
      top_p.correct > whole.correct + 0.1);
  page.claim("novel", "it does not only copy the training text",
             {percentage(top_p.novel, 0), " of the correct sentences do not occur in it"}, top_p.novel > 0.2);
}

void sampling(const Options& options, Page& page, nn::GPT& gpt, const Corpus& corpus) {
  const Characters& text = corpus.text;
  page.step("Decoding strategies");
  page.say(
      "Greedy decoding (temperature 0) repeats itself; sampling from the whole distribution sometimes "
      "selects a very unlikely token. Remedies: divide the logits by a temperature, sample from the k most "
      "probable "
      "tokens (top-k), or from the smallest set whose probabilities reach p (top-p):");
  const auto start = text.validation.begin();
  const std::string prompt = corpus.is_own ? text.tokenizer.decode({start, start + 10}) : "the teacher ";
  double repeated[2] = {0, 0};
  struct Strategy {
    std::string name;
    nn::SamplingOptions sampling;
  };
  const std::vector<Strategy> strategies = {{"temperature 0", {.temperature = 0}},
                                            {"temperature 1", {}},
                                            {"temperature 0.7", {.temperature = 0.7}},
                                            {"top-k 5", {.top_k = 5}},
                                            {"top-p 0.8", {.top_p = 0.8}}};
  for (std::size_t i = 0; i < strategies.size(); ++i) {
    Generator gen(options.seed + 1);
    const auto ids = generate(gpt, text.tokenizer.encode(prompt),
                              {.tokens = options.quick ? 60 : 300, .sampling = strategies[i].sampling}, gen);
    if (i < 2) repeated[i] = repetition(ids, 12);
    std::string shown = text.tokenizer.decode({ids.begin(), ids.begin() + 60});
    for (char& c : shown)
      if (c == '\n') c = ' ';
    page.print(concat("\n", dim(strategies[i].name), "\n    ", prompt, shown));
  }
  page.print("");
  page.claim("repetition", "greedy decoding repeats itself",
             {percentage(repeated[0], 0), " of its windows of 12 characters occur earlier; with sampling, ",
              percentage(repeated[1], 0)},
             repeated[0] > repeated[1] + 0.2);
  if (!corpus.is_own) check_sentences(options, page, gpt, text);
}

// ---- GPT-2 ------------------------------------------------------------------------------------------------

// Continues the prompt with published weights (config.json, model.safetensors, vocab.json, merges.txt).
void with_published_weights(const Options& options, Page& page) {
  const std::string folder = options.value("--weights");
  page.step("GPT-2 from " + folder);
  const Stopwatch watch;
  const auto bpe = data::BytePairEncoding::load(folder + "/merges.txt", folder + "/vocab.json");
  auto gpt = nn::from_pretrained<nn::GPT>(folder);
  check(bpe.vocabulary().size() <= gpt.options.vocab_size, "lesson_10_gpt", folder, ": vocab.json has ",
        bpe.vocabulary().size(), " tokens, but the weights have ", gpt.options.vocab_size,
        ". Hint: use the files of one model");
  page.say(concat(gpt.parameter_count(), " parameters and ", bpe.vocabulary().size(), " tokens, loaded in ",
                  fixed(watch.seconds(), 2), " s."));
  const std::string prompt = options.more.contains("--prompt") ? options.value("--prompt") : "Attention is";
  std::vector<index_t> ids = bpe.encode(prompt);
  if (ids.empty()) ids.push_back(bpe.end_of_text());
  std::cout << "\n" << bold(prompt) << std::flush;
  // One pass over the prompt gives the first token; the rate is that of the other tokens.
  Stopwatch since_first;
  index_t generated = 0;
  const auto each = [&](index_t id) {
    if (generated++ == 0) since_first = Stopwatch();
    if (id < bpe.vocabulary().size()) std::cout << bpe.decode({id}) << std::flush;
  };
  const nn::GenerateOptions generation{.tokens = options.integer("--tokens", 50),
                                       .sampling = {.temperature = options.number("--temperature", 0.8),
                                                    .top_k = options.integer("--top-k", 40, 0),
                                                    .top_p = options.number("--top-p", 0.95)},
                                       .end = bpe.end_of_text()};
  Generator gen(options.seed);
  generate(gpt, ids, generation, gen, each);
  const double rate = generated > 1 ? static_cast<double>(generated - 1) / since_first.seconds() : 0;
  page.print(concat("\n\n  Done in ", fixed(watch.seconds(), 1), " s; ", fixed(rate, 1),
                    " tokens per second, with the cache."));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{
      .program = "lesson_10_gpt",
      .title = "Lesson 10 · GPT: the decoder alone",
      .more = {{"--text", "FILE", "trains on this text instead of English sentences"},
               {"--steps", "N", "training steps (default 800, with --text 2000)"},
               {"--weights", "DIR", "GPT-2's files: config.json, model.safetensors, vocab.json, merges.txt"},
               {"--prompt", "TEXT", "the text that GPT-2 continues"},
               {"--tokens", "N", "the number of tokens to generate (default 50)"},
               {"--temperature", "X", "0: greedy decoding (default 0.8)"},
               {"--top-k", "K", "0: no limit (default 40)"},
               {"--top-p", "P", "1: no limit (default 0.95)"}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    if (!options.value("--weights").empty()) return with_published_weights(options, page);
    Generator gen(options.seed);
    causal_attention(page, gen);
    const Corpus corpus = make_corpus(options);
    nn::GPT gpt = train_on_characters(options, page, corpus, gen);
    kv_cache(options, page, gpt, corpus.text);
    sampling(options, page, gpt, corpus);
    page.print("\nNext: ./lesson_10_bert predicts masked words instead.");
  });
}
