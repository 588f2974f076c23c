// Lesson 10 · GPT: the decoder alone
//
//   ids → embedding + position → N pre-LN blocks, causal → norm → the embedding once more → the next token
//
// A small GPT learns the characters of this course's own pages (or of any text: --text FILE), and writes. With
// --weights DIR it reads GPT-2's published files instead, and goes on from --prompt "…".
// Run it: ./lesson_10_gpt (or ./lesson_10_gpt --figures figures).
#include "lessons/support/lesson.h"

#include <filesystem>
#include <iostream>

#include "data/file.h"
#include "data/pretrained.h"
#include "data/text/bpe.h"
#include "data/text/lines.h"
#include "lessons/10_gpt/characters.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/gpt.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

constexpr index_t batch_size = 12, context = 64;

IntTensor one_text(const std::vector<index_t>& ids) { return {ids, {1, static_cast<index_t>(ids.size())}}; }

// ---- 1 ----------------------------------------------------------------------------------------------------

void the_future_is_closed(Page& page, Generator& gen) {
  page.step("The future is closed");
  page.say(
      "Every token predicts the one after it, so it may look at itself and at what came before, and at "
      "nothing else. One pass over a text is then as many questions as it has tokens:");
  nn::GPT gpt({.vocab_size = 50, .context = 12, .d_model = 32, .nhead = 4, .num_layers = 2}, gen);
  gpt.eval();
  const NoGrad no_grad;
  IntTensor ids = IntTensor::arange(0, 12).reshape({1, 12});
  const Tensor before = gpt(ids);
  page.shape("ids", ids.shape(), "twelve tokens");
  page.shape("logits", before.shape(), "at each: which of 50 follows?");
  ids.values()[8] = 40;
  const Tensor after = gpt(ids);
  const double moved = max_abs_difference(before.slice(1, 0, 8), after.slice(1, 0, 8));
  page.claim("no token sees those after it", "the logits before a changed token move by " + scientific(moved),
             moved == 0 && max_abs_difference(before, after) > 1e-3);
  const nn::NoInit no_init;  // nothing is drawn or written: only counted
  const index_t count = nn::GPT(nn::gpt2_small(), gen).parameter_count();
  page.claim("GPT-2 small has its published size", concat(count, " parameters"), count == 124'439'808);
}

// ---- 2 ----------------------------------------------------------------------------------------------------

// The pages of the course before this lesson, in their order, and the READMEs of the folders.
std::string the_courses_pages() {
  namespace fs = std::filesystem;
  std::vector<fs::path> pages;
  for (const auto& folder : fs::directory_iterator(HEED_LESSONS_DIR))
    if (folder.path().filename().string().starts_with("0")) pages.push_back(folder.path() / "README.md");
  std::sort(pages.begin(), pages.end());
  for (const char* folder : {"autograd", "nn", "optim", "data", "tests", "lessons"})
    pages.push_back(fs::path(HEED_LESSONS_DIR).parent_path() / folder / "README.md");
  std::string text;
  for (const fs::path& page : pages) text += data::read_file("lesson_10_gpt", page.string()) + "\n";
  return text;
}

// Lines may end in LF, CR LF or CR; the model learns one character for all of them.
std::string text_of_file(const std::string& path) {
  return data::with_unix_line_endings(data::read_file("lesson_10_gpt", path));
}

double loss_of(nn::GPT& gpt, const std::vector<index_t>& text, int batches) {
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
  SvgCurve train{.name = "learning", .x = {}, .y = {}}, validation{.name = "unseen text", .x = {}, .y = {}};
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
    curves.train.x.push_back(static_cast<double>(step + 1)),
        curves.train.y.push_back(sum / static_cast<double>(every));
    curves.validation.x.push_back(static_cast<double>(step + 1)),
        curves.validation.y.push_back(loss_of(gpt, text.validation, 5));
    sum = 0;
  }
  return curves;
}

nn::GPT learn(const Options& options, Page& page, const Characters& text, bool own_text, Generator& gen) {
  page.step("A text, character by character");
  const index_t steps = options.whole("--steps", options.quick ? 20 : own_text ? 2000 : 800);
  nn::GPT gpt({.vocab_size = text.kinds(),
               .context = context,
               .d_model = 128,
               .nhead = 4,
               .num_layers = 4,
               .dropout = 0},
              gen);
  page.say(concat(text.train.size(), " characters to learn from and ", text.validation.size(),
                  " that follow them to be tested on, of ", text.kinds(), " kinds. ", gpt.parameter_count(),
                  " parameters, ", steps, " steps of ", batch_size, " stretches of ", context,
                  " characters:"));
  const Stopwatch watch;
  const Curves curves = train(gpt, text, steps, options, gen);
  const double step_ms = 1000 * watch.seconds() / static_cast<double>(steps);
  const double loss = loss_of(gpt, text.validation, options.quick ? 10 : 100);
  const double alone = counted_loss(text, false), pairs = counted_loss(text, true);
  page.print("\n" + cells({"", "nats a character", "chosen among"}, {-34, 18, 14}));
  const auto row = [&](const std::string& name, double nats) {
    page.print(cells({"  " + name, fixed(nats, 3), fixed(std::exp(nats), 1)}, {-34, 18, 14}));
  };
  row("any character", std::log(static_cast<double>(text.kinds())));
  row("how frequent each is", alone), row("what follows the one before", pairs), row("this GPT", loss);
  page.print("");
  page.claim("it reads further back than one character",
             concat(fixed(loss, 2), " nats on unseen text, counting pairs has ", fixed(pairs, 2)),
             loss < pairs - 0.2);
  if (own_text)
    page.claim("as good as is published for this size", concat(fixed(loss, 3), " nats, at most 1.95"),
               loss <= 1.95);
  if (own_text || !options.quick) page.print(concat("  Done in ", fixed(step_ms, 1), " ms a step."));
  if (!options.figures.empty())
    write_figure(options.figures, "characters_loss.svg",
                 svg_curves({curves.train, curves.validation}, {.title = "Learning the characters of a text",
                                                                .x_axis = "steps",
                                                                .y_axis = "cross-entropy (nats a character)",
                                                                .baseline = pairs,
                                                                .baseline_name = "counting pairs"}));
  gpt.eval();
  return gpt;
}

// ---- 3 and 4 ----------------------------------------------------------------------------------------------

void the_cache(const Options& options, Page& page, nn::GPT& gpt, const Characters& text) {
  page.step("The cache");
  page.say(
      "What later tokens ask of earlier ones are their keys and values alone. Kept, they need not be made "
      "again: each token is then read once.");
  const NoGrad no_grad;
  const IntTensor ids = one_text({text.validation.begin(), text.validation.begin() + context});
  const Tensor whole = gpt(ids);
  nn::GPTCache cache;
  double furthest = 0;
  for (index_t t = 0; t < context; ++t)
    furthest = std::max(furthest, max_abs_difference(gpt.forward(ids.slice(1, t, t + 1), cache).select(1, 0),
                                                     whole.select(1, t)));
  page.claim("cached logits equal uncached ones",
             concat("over ", context, " characters they differ by less than 1e-4"), furthest < 1e-4);
  double seconds[2];
  std::vector<index_t> written[2];
  for (const bool cached : {false, true}) {
    Generator gen(options.seed);
    const Stopwatch watch;
    written[cached] = generate(gpt, {ids[0]}, {.tokens = context - 1, .cached = cached}, gen);
    seconds[cached] = watch.seconds();
  }
  page.claim("and the text is the same",
             concat(context - 1, " characters from ", context - 1, " readings, not from ",
                    (context - 1) * context / 2),
             written[0] == written[1]);
  if (!options.quick)
    page.print(concat("  Done in ", fixed(1000 * seconds[1], 0), " ms with the cache, ",
                      fixed(1000 * seconds[0], 0), " ms without."));
}

void which_comes_next(const Options& options, Page& page, nn::GPT& gpt, const Characters& text) {
  page.step("Which character comes next");
  page.say(
      "The best one each time (temperature 0) goes in circles; drawing from all gives nonsense now and then. "
      "So the scores are divided by a temperature, or only the k best stay (top-k), or the fewest that reach "
      "a probability p together (top-p):");
  const std::string prompt = "Attention ";
  double circles[2] = {0, 0};
  struct Way {
    std::string name;
    nn::SamplingOptions sampling;
  };
  const std::vector<Way> ways = {{"temperature 0", {.temperature = 0}},
                                 {"temperature 1", {}},
                                 {"temperature 0.7", {.temperature = 0.7}},
                                 {"top-k 5", {.top_k = 5}},
                                 {"top-p 0.8", {.top_p = 0.8}}};
  for (std::size_t i = 0; i < ways.size(); ++i) {
    Generator gen(options.seed + 1);
    const auto ids = generate(gpt, text.tokenizer.encode(prompt),
                              {.tokens = options.quick ? 60 : 300, .sampling = ways[i].sampling}, gen);
    if (i < 2) circles[i] = repeated(ids, 12);
    std::string shown = text.tokenizer.decode({ids.begin(), ids.begin() + 60});
    for (char& c : shown)
      if (c == '\n') c = ' ';
    page.print(concat("\n", dim(ways[i].name), "\n    ", prompt, shown));
  }
  page.print("");
  page.claim("the best each time goes in circles",
             concat(percent(circles[0], 0), " of its stretches of 12 stood there before, of a drawn text's ",
                    percent(circles[1], 0)),
             circles[0] > circles[1] + 0.2);
}

// ---- GPT-2 ------------------------------------------------------------------------------------------------

// Goes on from the prompt with published weights: config.json, model.safetensors, vocab.json, merges.txt.
void with_published_weights(const Options& options, Page& page) {
  const std::string folder = options.given("--weights");
  page.step("GPT-2 from " + folder);
  const Stopwatch watch;
  const auto bpe = data::BytePairEncoding::load(folder + "/merges.txt", folder + "/vocab.json");
  auto gpt = data::from_pretrained<nn::GPT>(folder);
  check(bpe.vocabulary().size() <= gpt.options.vocab_size, "lesson_10_gpt", folder, ": vocab.json has ",
        bpe.vocabulary().size(), " tokens, the weights know ", gpt.options.vocab_size);
  page.say(concat(gpt.parameter_count(), " parameters and ", bpe.vocabulary().size(), " tokens, loaded in ",
                  fixed(watch.seconds(), 2), " s."));
  const std::string prompt = options.more.contains("--prompt") ? options.given("--prompt") : "Attention is";
  std::vector<index_t> ids = bpe.encode(prompt);
  if (ids.empty()) ids.push_back(bpe.end_of_text());
  std::cout << "\n" << bold(prompt) << std::flush;
  // The prompt is read in one pass, which gives the first token; the rate is of the others.
  Stopwatch since_first;
  index_t written = 0;
  const auto each = [&](index_t id) {
    if (written++ == 0) since_first = Stopwatch();
    if (id < bpe.vocabulary().size()) std::cout << bpe.decode({id}) << std::flush;
  };
  const nn::GenerateOptions how{.tokens = options.whole("--tokens", 50),
                                .sampling = {.temperature = options.number("--temperature", 0.8),
                                             .top_k = options.whole("--top-k", 40, 0),
                                             .top_p = options.number("--top-p", 0.95)},
                                .end = bpe.end_of_text()};
  Generator gen(options.seed);
  generate(gpt, ids, how, gen, each);
  const double rate = written > 1 ? static_cast<double>(written - 1) / since_first.seconds() : 0;
  page.print(concat("\n\n  Done in ", fixed(watch.seconds(), 1), " s; ", fixed(rate, 1),
                    " tokens a second, with the cache."));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{
      .program = "lesson_10_gpt",
      .title = "Lesson 10 · GPT: the decoder alone",
      .more = {{"--text", "FILE", "learns this text instead of the course's pages"},
               {"--steps", "N", "steps of training (default 800, with --text 2000)"},
               {"--weights", "DIR", "GPT-2's files: config.json, model.safetensors, vocab.json, merges.txt"},
               {"--prompt", "TEXT", "what GPT-2 goes on from"},
               {"--tokens", "N", "how many tokens it writes (default 50)"},
               {"--temperature", "X", "0: the best each time (default 0.8)"},
               {"--top-k", "K", "0: all (default 40)"},
               {"--top-p", "P", "1: all (default 0.95)"}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    if (!options.given("--weights").empty()) return with_published_weights(options, page);
    Generator gen(options.seed);
    the_future_is_closed(page, gen);
    const std::string file = options.given("--text");
    const auto text = Characters::of(file.empty() ? the_courses_pages() : text_of_file(file), 3);
    nn::GPT gpt = learn(options, page, text, !file.empty(), gen);
    the_cache(options, page, gpt, text);
    which_comes_next(options, page, gpt, text);
    page.print("\nNext: ./lesson_10_bert guesses what was hidden instead.");
  });
}
