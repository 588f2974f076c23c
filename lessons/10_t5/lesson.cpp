// Lesson 10 · T5: every task is a text that becomes a text
//
//   translate: 나는 책을 읽는다            →  I read a book
//   backwards: a I book read               →  read book I a
//   fill: 나는 <X> 읽는다 = I read a <Y>   →  <X> 책을 <Y> book <Z>
//
// An encoder reads, a decoder writes, and the first word says what is wanted. This program trains one small T5 on
// three tasks at once, lets it write what it has not seen, with a cache, and looks at what T5 has in place of
// vectors of positions: a table of numbers for distances, that is added to the scores. Run it: ./lesson_10_t5 (or
// with --figures figures). Raffel et al., "Exploring the limits of transfer learning with a unified text-to-text
// transformer", 2020.
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>

#include "lessons/10_t5/tasks.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/models/models.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;
using data::TranslationPair;

namespace {

constexpr Task tasks[] = {Task::translate, Task::backwards, Task::fill};
constexpr index_t ignored = -100;  // labels behind the end of a text

struct Material {
  data::Sentences<TranslationPair> pairs;
  Words words;
};
Material make_material(std::uint64_t seed) {
  data::Sentences<TranslationPair> pairs =
      data::translation_pairs({.seed = seed, .train = 4000, .test = 300});
  Words words(pairs.train);
  return {std::move(pairs), std::move(words)};
}

void three_tasks(Page& page, const Material& m) {
  page.step("Three tasks, one form");
  page.say(
      "The course's sentence as the three tasks have it. <X>, <Y>, <Z> are sentinels: each stands for some "
      "words that are hidden, and the answer says which.");
  const TranslationPair course = {{"나는", "학교에", "간다"}, {"I", "go", "to", "school"}, {}};
  Generator gen(3);
  page.print("");
  for (const Task task : tasks) {
    const Example e = make_example(task, course, m.words, gen, Hide::english);
    page.print("    " + m.words.text(e.source) + "\n      → " + m.words.text(e.target));
  }
  const Ids answer = m.words.ids(course.english);
  IntTensor labels(answer, {1, 4});
  labels.values().back() = Words::eos;  // I go to [EOS]
  const IntTensor given = nn::shift_right(labels, Words::pad);
  page.print("");
  page.say(
      "While it is trained, the decoder is given the answer shifted by one place: before the first word it "
      "has only the padding.");
  page.claim("each word is asked for before it is shown",
             concat("to write ", labels, ", it is given ", given),
             given == IntTensor({{Words::pad, answer[0], answer[1], answer[2]}}));
}

// The first distances of the buckets that are shared, of keys before the query: "8 12 16 …".
std::string shared_from(bool both_sides) {
  std::string text;
  for (index_t away = both_sides ? 8 : 16, last = -1; away <= 128; ++away) {
    const index_t bucket = nn::relative_position_bucket(-away, both_sides);
    if (bucket != last) text += concat(text.empty() ? "" : " ", away);
    last = bucket;
  }
  return text;
}

void distances(Page& page) {
  page.step("Where a word stands");
  page.say(
      "T5 adds no position to a word. It adds a number to each score, by the distance from the query to the "
      "key, and by head. 32 numbers serve all distances: near ones have their own, far ones share. The "
      "shared ranges begin, for keys before the query, at");
  page.print("\n    encoder  " + shared_from(true) + "        (and as many after the query)");
  page.print("    decoder  " + shared_from(false) + "\n");
  page.shape("bias", {8, 10, 10}, "(H, T, S), the same for every text of a batch");
  const auto bucket = [](index_t distance) { return nn::relative_position_bucket(distance, true); };
  page.claim(
      "beyond 128 all distances are one",
      concat("-128 and -1000 have number ", bucket(-128), " and ", bucket(-1000), ", +128 has ", bucket(128)),
      bucket(-128) == bucket(-1000) && bucket(-128) != bucket(128));
}

nn::T5 make_model(const Material& m, Generator& gen) {
  return nn::T5({.vocab_size = m.words.vocabulary.size(),
                 .d_model = 64,
                 .d_kv = 16,
                 .d_ff = 256,
                 .nhead = 4,
                 .num_layers = 2,
                 .dropout = 0,
                 .pad = Words::pad,
                 .eos = Words::eos},
                gen);
}

struct Batch {
  IntTensor source, labels;  // (B, S), (B, T)
  Mask real;                 // (B, 1, S)
};
Batch make_batch(const std::vector<Example>& examples) {
  std::vector<Ids> sources, targets;
  for (const Example& e : examples) sources.push_back(e.source), targets.push_back(e.target);
  const IntTensor source = data::pad_batch(sources, {.pad = Words::pad}).ids;
  return {source, data::pad_batch(targets, {.pad = ignored}).ids, not_padding(source, Words::pad)};
}

// Adam moves a number by at most about its rate in a step, whatever its size. A weight begins about as large as it is
// to be; a number for a distance begins near 0 and must become as large as a score: the tables get ten times the rate.
std::vector<optim::ParameterGroup> in_groups(const nn::T5& model) {
  optim::ParameterGroup weights, tables{.lr_factor = 10};
  for (const auto& [name, parameter] : model.named_parameters()) {
    const bool is_table = name.ends_with("relative_attention_bias.weight");
    (is_table ? tables : weights).parameters.push_back(parameter);
  }
  return {weights, tables};
}

// Half of a batch is "fill", which is the hardest.
void train(const Options& options, Page& page, nn::T5& model, const Material& m, Generator& gen) {
  const int steps = options.quick ? 10 : 2000;
  page.step("One model for all of them");
  page.say(concat("One T5 of ", model.parameter_count(), " parameters, 2 + 2 layers, reads and writes ",
                  m.words.vocabulary.size(),
                  " words: one embedding for both languages, and for the output."));
  optim::Adam optimizer(in_groups(model), {.lr = 4e-3});
  const optim::WarmupCosine schedule({.peak = 4e-3, .warmup = steps / 10, .total = steps});
  Progress progress("training", steps, options.quiet);
  model.train();
  for (int step = 1; step <= steps; ++step) {
    std::vector<Example> examples;
    examples.reserve(64);
    for (int i = 0; i < 64; ++i)
      examples.push_back(make_example(tasks[std::min(i % 4, 2)],
                                      m.pairs.train[gen.below(m.pairs.train.size())], m.words, gen));
    const Batch batch = make_batch(examples);
    const Tensor logits = model.forward(batch.source, nn::shift_right(batch.labels, Words::pad), batch.real);
    const Tensor loss = cross_entropy(logits, batch.labels, {.ignore_index = ignored});
    optimizer.set_lr(schedule(step - 1));
    optimizer.zero_grad();
    loss.backward();
    optim::clip_grad_norm(model.parameters(), 1.0);
    optimizer.step();
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
  model.eval();
}

std::vector<Ids> write(nn::T5& model, const std::vector<Example>& examples) {
  const Batch batch = make_batch(examples);
  return model.generate(batch.source, {.max_length = 20, .source_mask = batch.real});
}

// The share of texts that are right to the last word.
double exact_match(nn::T5& model, const std::vector<Example>& examples) {
  const std::vector<Ids> texts = write(model, examples);
  double right = 0;
  for (std::size_t i = 0; i < examples.size(); ++i)
    right += std::equal(texts[i].begin(), texts[i].end(), examples[i].target.begin(),
                        examples[i].target.end() - 1);
  return right / static_cast<double>(examples.size());
}

std::vector<Example> unseen(const Options& options, Task task, const Material& m,
                            Hide hide = Hide::anywhere) {
  Generator gen(7);  // where words are hidden
  std::vector<Example> examples;
  const std::size_t count = options.quick ? 20 : m.pairs.test.size();
  for (std::size_t i = 0; i < count; ++i)
    examples.push_back(make_example(task, m.pairs.test[i], m.words, gen, hide));
  return examples;
}

void unseen_sentences(const Options& options, Page& page, nn::T5& model, const Material& m) {
  page.step("Sentences it has not seen");
  page.say("The model writes alone, the best word each time. The first test sentence:");
  page.print("");
  for (const Task task : tasks) {
    const std::vector<Example> one = {unseen(options, task, m)[0]};
    page.print("    " + m.words.text(one[0].source) + "\n      → " + m.words.text(write(model, one)[0]));
  }
  page.print("");
  for (const Task task : {Task::translate, Task::backwards}) {
    const double share = exact_match(model, unseen(options, task, m));
    page.claim(concat("\"", name(task), ":\" is done"), percent(share) + " right to the last word",
               share >= 0.9);
  }
  const double korean = exact_match(model, unseen(options, Task::fill, m, Hide::korean)),
               english = exact_match(model, unseen(options, Task::fill, m, Hide::english)),
               anywhere = exact_match(model, unseen(options, Task::fill, m));
  page.claim(
      "what is hidden in one language is read in the other",
      percent(korean) + " of the texts with Korean words hidden, " + percent(english) + " with English ones",
      korean >= 0.9 && english >= 0.9);
  page.say("Hidden anywhere, " + percent(anywhere) +
           " are right: a word that is hidden in both languages can only be guessed.");
}

void the_cache(const Options& options, Page& page, nn::T5& model, const Material& m) {
  page.step("Word by word, with a cache");
  page.say(
      "Keys and values of the words already written are kept, and those of the source are made once. A new "
      "word then costs one row, and its bias is the last row of the table: the distances to all words before "
      "it.");
  const NoGrad no_grad;
  std::vector<Example> examples = unseen(options, Task::translate, m);
  examples.resize(8);
  const Batch batch = make_batch(examples);
  const IntTensor given = nn::shift_right(batch.labels, Words::pad);
  const Tensor whole = model.forward(batch.source, given, batch.real);
  const Tensor memory = model.encode(batch.source, batch.real);
  nn::KVCache cache;
  double furthest = 0;
  for (index_t t = 0; t < given.size(1); ++t) {
    const Tensor logits = model.forward(given.slice(1, t, t + 1), memory, cache, batch.real);
    furthest = std::max(furthest, max_abs_difference(logits, whole.slice(1, t, t + 1).contiguous()));
  }
  page.claim("the cache changes nothing",
             concat("logits of ", whole.shape(), " differ by at most ", scientific(furthest)),
             furthest < 1e-3);
}

// What one head adds to the score of a key at these distances.
SvgCurve bias_of(const nn::T5Stack& stack, index_t head, index_t first, index_t last) {
  SvgCurve curve{.name = concat("head ", head + 1), .x = {}, .y = {}};
  const Tensor& table = stack.relative_attention_bias.weight;
  for (index_t distance = first; distance <= last; ++distance) {
    const index_t bucket = nn::relative_position_bucket(
        distance, !stack.options.is_decoder, stack.options.num_buckets, stack.options.max_distance);
    curve.x.push_back(static_cast<double>(distance)), curve.y.push_back(table.at({bucket, head}));
  }
  return curve;
}

void print_bias(Page& page, const std::string& name, const nn::T5Stack& stack) {
  const index_t last = stack.options.is_decoder ? 0 : 4;
  std::vector<std::string> row = {name};
  std::vector<int> widths = {-10};
  for (index_t distance = -4; distance <= last; ++distance)
    row.push_back(concat(distance > 0 ? "+" : "", distance)), widths.push_back(7);
  page.print("    " + cells(row, widths));
  for (index_t head = 0; head < stack.options.nhead; ++head) {
    const SvgCurve curve = bias_of(stack, head, -4, last);
    row = {curve.name};
    for (const double y : curve.y) row.push_back(fixed(y, 2));
    page.print("    " + cells(row, widths));
  }
}

void what_the_bias_says(const Options& options, Page& page, nn::T5& model, const Material& m) {
  page.step("What the bias says");
  page.say(
      "Added to the scores of each head, by the distance of the key; e to its power multiplies the weight:");
  page.print("");
  print_bias(page, "encoder", model.encoder);
  page.print("");
  print_bias(page, "decoder", model.decoder);
  page.print("");
  std::vector<SvgCurve> curves;
  for (index_t head = 0; head < model.options.nhead; ++head)
    curves.push_back(bias_of(model.encoder, head, -16, 16));
  if (!options.figures.empty())
    write_figure(options.figures, "bias.svg",
                 svg_curves(curves, {.title = "What the encoder's heads add by distance",
                                     .x_axis = "distance, key − query (words)",
                                     .y_axis = "added to the score"}));
  const double before = exact_match(model, unseen(options, Task::backwards, m));
  const NoGrad no_grad;
  model.encoder.relative_attention_bias.weight.zero_();
  model.decoder.relative_attention_bias.weight.zero_();
  const double after = exact_match(model, unseen(options, Task::backwards, m));
  page.claim(
      "order is in these two tables alone",
      concat("\"backwards:\" ", percent(before), " right, and ", percent(after), " with tables of zeros"),
      before >= 0.9 && after <= 0.1);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_10_t5",
                    .title = "Lesson 10 · T5: every task is a text that becomes a text"};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    const Stopwatch watch;
    Generator gen(options.seed);
    const Material material = make_material(options.seed);
    three_tasks(page, material);
    distances(page);
    nn::T5 model = make_model(material, gen);
    train(options, page, model, material, gen);
    unseen_sentences(options, page, model, material);
    the_cache(options, page, model, material);
    what_the_bias_says(options, page, model, material);
    page.print(concat("\nDone in ", fixed(watch.seconds(), 1), " s on ", num_threads(),
                      num_threads() == 1 ? " thread." : " threads."));
    page.say("Next: ./lesson_10_vit gives pictures to such a block.");
  });
}
