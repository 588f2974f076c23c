// Lesson 10 · T5: every task as text-to-text
//
//   translate: 나는 책을 읽는다            →  I read a book
//   backwards: a I book read               →  read book I a
//   fill: 나는 <X> 읽는다 = I read a <Y>   →  <X> 책을 <Y> book <Z>
//
// An encoder reads the source, a decoder generates the target, and the first word names the task.
// This program trains one small T5 on three tasks at once, evaluates it on held-out sentences,
// compares cached and uncached logits, and shows T5's relative position bias, which is added to the
// attention scores in place of position embeddings. Run it: ./lesson_10_t5 (or with --figures figures).
//
// Raffel et al., "Exploring the limits of transfer learning with a unified text-to-text transformer",
// 2020.
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>

#include "lessons/10_t5/tasks.h"
#include "lessons/support/parameter_table.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "lessons/support/toy_languages.h"
#include "nn/models/models.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;
using toy::TranslationPair;

namespace {

constexpr Task tasks[] = {Task::translate, Task::backwards, Task::fill};
constexpr index_t ignored = -100;  // the label of padding

struct Corpus {
  toy::Sentences<TranslationPair> pairs;
  TaskVocabulary vocabulary;
};
Corpus make_corpus(std::uint64_t seed) {
  toy::Sentences<TranslationPair> pairs = toy::translation_pairs({.seed = seed, .train = 4000, .test = 300});
  TaskVocabulary vocabulary(pairs.train);
  return {std::move(pairs), std::move(vocabulary)};
}

void three_tasks(Page& page, const Corpus& corpus) {
  page.step("Three tasks in one format");
  page.say(
      "One sentence in each of the three tasks. <X>, <Y>, <Z> are sentinels: each replaces a span of masked "
      "words, and the target lists these words.");
  const TranslationPair course = {{"나는", "학교에", "간다"}, {"I", "go", "to", "school"}, {}};
  Generator gen(3);
  page.print("");
  for (const Task task : tasks) {
    const Example e = make_example(task, course, corpus.vocabulary, gen, MaskedPart::english);
    page.print("    " + corpus.vocabulary.text(e.source) + "\n      → " + corpus.vocabulary.text(e.target));
  }
  page.print("");
  double tokens = 0, masked = 0;  // of the texts of "fill", and of their masked spans
  for (const TranslationPair& pair : corpus.pairs.test) {
    const Example e = make_example(Task::fill, pair, corpus.vocabulary, gen);
    const auto in_target = static_cast<double>(e.target.size()) - 4;  // without the sentinels and [EOS]
    masked += in_target;
    tokens += static_cast<double>(e.source.size()) - 4 + in_target;  // without its name, sentinels, [EOS]
  }
  const auto count = static_cast<double>(corpus.pairs.test.size());
  page.say(concat("On average, ", fixed(masked / count, 1), " of the ", fixed(tokens / count, 1),
                  " tokens of a text are masked."));
  const Ids answer = corpus.vocabulary.ids(course.english);
  IntTensor labels(answer, {1, static_cast<index_t>(answer.size())});
  labels.values().back() = TaskVocabulary::eos;  // I go to [EOS]
  const IntTensor decoder_input = nn::shift_right(labels, TaskVocabulary::pad);
  page.print("");
  page.say(
      "In training, the decoder's input is the target shifted to the right by one position. It begins with "
      "the padding token.");
  const auto words = [&](const IntTensor& ids) {
    toy::Words list;
    for (index_t i = 0; i < ids.numel(); ++i) list.push_back(corpus.vocabulary.words.word(ids[i]));
    return toy::join(list);
  };
  page.identity("shift", "each word is predicted before it is an input",
                {"labels ", words(labels), "; decoder input ", words(decoder_input)},
                decoder_input == IntTensor({{TaskVocabulary::pad, answer[0], answer[1], answer[2]}}));
}

// Returns the first distance of each bucket that several distances share, for keys before the
// query: "8 12 16 …".
std::string shared_buckets(bool bidirectional) {
  std::string text;
  for (index_t away = bidirectional ? 8 : 16, last = -1; away <= 128; ++away) {
    const index_t bucket = nn::relative_position_bucket(-away, bidirectional);
    if (bucket != last) text += concat(text.empty() ? "" : " ", away);
    last = bucket;
  }
  return text;
}

void relative_positions(Page& page) {
  page.step("Relative position bias");
  page.say(
      "T5 has no position embeddings. It adds a learned bias to each score, which depends on the head and on "
      "the distance from the query to the key. Each head has 32 biases (buckets): a near distance has its "
      "own "
      "bucket, far distances share one. For keys before the query, the shared buckets begin at");
  page.print("\n    encoder  " + shared_buckets(true) + "        (and as many after the query)");
  page.print("    decoder  " + shared_buckets(false) + "\n");
  Generator gen(0);
  const nn::T5Stack stack(
      {.vocab_size = 10, .d_model = 16, .d_kv = 2, .d_ff = 16, .nhead = 8, .num_layers = 1}, gen);
  page.shape("bias", stack.position_bias(10, 10).shape(), "(H, T, S), the same for the whole batch");
  const auto bucket = [](index_t distance) { return nn::relative_position_bucket(distance, true); };
  const auto measured = [&](index_t distance) { return number(static_cast<double>(bucket(distance))); };
  page.identity(
      "far", "all distances beyond 128 share a bucket",
      {"-128 and -1000 have ", measured(-128), " and ", measured(-1000), ", +128 has ", measured(128)},
      bucket(-128) == bucket(-1000) && bucket(-128) != bucket(128));
}

nn::T5 make_model(const Options& options, const Corpus& corpus, Generator& gen) {
  return nn::T5({.vocab_size = corpus.vocabulary.words.size(),
                 .d_model = 64,
                 .d_kv = 16,
                 .d_ff = 256,
                 .nhead = 4,
                 .num_layers = 2,
                 .num_buckets = options.integer("--buckets", 32, 4),
                 .dropout = 0,
                 .pad = TaskVocabulary::pad,
                 .eos = TaskVocabulary::eos},
                gen);
}

struct Batch {
  IntTensor source, labels;  // (B, S), (B, T)
  Mask source_mask;          // (B, 1, S)
};
Batch make_batch(const std::vector<Example>& examples) {
  std::vector<Ids> sources, targets;
  for (const Example& e : examples) {
    sources.push_back(e.source);
    targets.push_back(e.target);
  }
  const IntTensor source = data::pad_batch(sources, {.pad = TaskVocabulary::pad}).ids;
  return {source, data::pad_batch(targets, {.pad = ignored}).ids, not_padding(source, TaskVocabulary::pad)};
}

// Adam changes a parameter by at most about the learning rate per step, regardless of its size. Weights
// are initialised at about their final size, but a position bias starts near 0 and must become as
// large as a score. The tables therefore have ten times the learning rate by default.
std::vector<optim::ParameterGroup> parameter_groups(const nn::T5& model, double table_rate) {
  optim::ParameterGroup weights, tables{.lr_factor = table_rate};
  for (const auto& [name, parameter] : model.named_parameters()) {
    const bool is_table = name.ends_with("relative_attention_bias.weight");
    (is_table ? tables : weights).parameters.push_back(parameter);
  }
  return {weights, tables};
}

// Half of each batch is "fill", the hardest task. Returns the sum of the learning rates of all steps.
double train(const Options& options, Page& page, nn::T5& model, const Corpus& corpus, Generator& gen) {
  const int steps = options.integer("--steps", options.quick ? 10 : 2000);
  page.step("One model for all tasks");
  page.say(concat("One T5 of ", model.parameter_count(), " parameters and ", model.encoder.block.size(),
                  " + ", model.decoder.block.size(), " layers has a vocabulary of ",
                  corpus.vocabulary.words.size(),
                  " tokens: one embedding for both languages, and for the output layer."));
  page.print("\n" + parameter_table(model.named_parameters()) + "\n");
  optim::Adam optimizer(parameter_groups(model, options.number("--table-rate", 10)), {.lr = 4e-3});
  const optim::WarmupCosine schedule({.peak = 4e-3, .warmup = steps / 10, .total = steps});
  const int half = steps / 2;
  double sum = 0, rates = 0;
  Progress progress("training", steps, options.quiet);
  model.train();
  for (int step = 1; step <= steps; ++step) {
    std::vector<Example> examples;
    examples.reserve(64);
    for (int i = 0; i < 64; ++i)
      examples.push_back(make_example(tasks[std::min(i % 4, 2)],
                                      corpus.pairs.train[gen.below(corpus.pairs.train.size())],
                                      corpus.vocabulary, gen));
    const Batch batch = make_batch(examples);
    const IntTensor decoder_input = nn::shift_right(batch.labels, TaskVocabulary::pad);
    const Tensor logits = model.forward(batch.source, decoder_input, batch.source_mask);
    const Tensor loss = cross_entropy(logits, batch.labels, {.ignore_index = ignored});
    optimizer.set_lr(schedule(step - 1));
    rates += schedule(step - 1);
    optimizer.zero_grad();
    loss.backward();
    optim::clip_grad_norm(model.parameters(), 1.0);
    optimizer.step();
    progress.update(step, "loss " + fixed(loss.item(), 3));
    sum += step > half - half / 5 && step <= half ? loss.item() : 0;
  }
  model.eval();
  const auto last_fifth = half / 5;
  if (last_fifth >= 1)
    page.say(concat("Mean loss of the steps ", half - last_fifth + 1, " to ", half, ": ",
                    fixed(sum / static_cast<double>(last_fifth), 3), " nats per token."));
  return rates;
}

std::vector<Ids> generate(nn::T5& model, const std::vector<Example>& examples) {
  const Batch batch = make_batch(examples);
  return model.generate(batch.source, {.max_length = 20, .source_mask = batch.source_mask});
}

// Returns the part of outputs that equal the target word by word.
double exact_match(nn::T5& model, const std::vector<Example>& examples) {
  const std::vector<Ids> outputs = generate(model, examples);
  double correct = 0;
  for (std::size_t i = 0; i < examples.size(); ++i)
    correct += std::equal(outputs[i].begin(), outputs[i].end(), examples[i].target.begin(),
                          examples[i].target.end() - 1);
  return correct / static_cast<double>(examples.size());
}

// Returns the part of targets that equal the source without the name of the task: the accuracy of a
// model that copies its input.
double copied(const std::vector<Example>& examples) {
  const auto is_copy = [](const Example& e) {
    return std::equal(e.source.begin() + 1, e.source.end(), e.target.begin(), e.target.end());
  };
  return static_cast<double>(std::ranges::count_if(examples, is_copy)) / static_cast<double>(examples.size());
}

std::vector<Example> held_out(const Options& options, Task task, const Corpus& corpus,
                              MaskedPart part = MaskedPart::anywhere) {
  Generator gen(7);  // draws the masked spans
  std::vector<Example> examples;
  const std::size_t count = options.quick ? 20 : corpus.pairs.test.size();
  for (std::size_t i = 0; i < count; ++i)
    examples.push_back(make_example(task, corpus.pairs.test[i], corpus.vocabulary, gen, part));
  return examples;
}

void evaluate(const Options& options, Page& page, nn::T5& model, const Corpus& corpus) {
  page.step("Held-out sentences");
  page.say("The model generates with greedy decoding. The first test sentence:");
  page.print("");
  for (const Task task : tasks) {
    const std::vector<Example> one = {held_out(options, task, corpus)[0]};
    page.print("    " + corpus.vocabulary.text(one[0].source) + "\n      → " +
               corpus.vocabulary.text(generate(model, one)[0]));
  }
  page.print("");
  for (const Task task : {Task::translate, Task::backwards}) {
    const std::vector<Example> examples = held_out(options, task, corpus);
    const double accuracy = exact_match(model, examples);
    page.claim(
        name(task), concat("\"", name(task), ":\" is learned"),
        {percentage(accuracy), " exact matches, ", percentage(copied(examples)), " by copying the input"},
        accuracy >= 0.9);
  }
  const double korean = exact_match(model, held_out(options, Task::fill, corpus, MaskedPart::korean)),
               english = exact_match(model, held_out(options, Task::fill, corpus, MaskedPart::english)),
               anywhere = exact_match(model, held_out(options, Task::fill, corpus));
  page.claim("fill", "words masked in one language are usually copied from the other",
             {percentage(korean), " exact matches with Korean words masked, ", percentage(english),
              " with English ones"},
             korean >= 0.8 && english >= 0.8);
  page.claim("fill_anywhere", "accuracy is lower if the same words may be masked in both languages",
             {percentage(anywhere), " exact matches with words masked anywhere"},
             anywhere < std::min(korean, english));
}

void kv_cache(const Options& options, Page& page, nn::T5& model, const Corpus& corpus) {
  page.step("Token by token, with a cache");
  page.say(
      "The keys and values of generated tokens are cached, and those of the source are computed once. A new "
      "token then costs one row, and its bias is the last row of the (T, S) bias: the distances to all "
      "earlier tokens.");
  const NoGrad no_grad;
  std::vector<Example> examples = held_out(options, Task::translate, corpus);
  examples.resize(8);
  const Batch batch = make_batch(examples);
  const IntTensor decoder_input = nn::shift_right(batch.labels, TaskVocabulary::pad);
  const Tensor whole = model.forward(batch.source, decoder_input, batch.source_mask);
  const Tensor memory = model.encode(batch.source, batch.source_mask);
  nn::KVCache cache;
  double difference = 0;
  for (index_t t = 0; t < decoder_input.size(1); ++t) {
    const Tensor logits = model.forward(decoder_input.slice(1, t, t + 1), memory, cache, batch.source_mask);
    difference = std::max(difference, max_abs_difference(logits, whole.slice(1, t, t + 1).contiguous()));
  }
  page.claim("cache", "the cache does not change the logits",
             {"logits of ", number(static_cast<double>(whole.size(0))), " sentences differ by at most ",
              power(difference)},
             difference < 1e-3);
}

// Returns the bias of one head at each distance from `first` to `last`.
SvgCurve bias_of(const nn::T5Stack& stack, index_t head, index_t first, index_t last) {
  SvgCurve curve{.name = concat("head ", head + 1), .x = {}, .y = {}};
  const Tensor& table = stack.relative_attention_bias.weight;
  for (index_t distance = first; distance <= last; ++distance) {
    const index_t bucket = nn::relative_position_bucket(
        distance, !stack.options.is_decoder, stack.options.num_buckets, stack.options.max_distance);
    curve.x.push_back(static_cast<double>(distance));
    curve.y.push_back(table.at({bucket, head}));
  }
  return curve;
}

void print_bias(Page& page, const std::string& name, const nn::T5Stack& stack) {
  const index_t last = stack.options.is_decoder ? 0 : 4;
  std::vector<std::string> row = {name};
  std::vector<int> widths = {-10};
  for (index_t distance = -4; distance <= last; ++distance) {
    row.push_back(concat(distance > 0 ? "+" : "", distance));
    widths.push_back(7);
  }
  page.print("    " + cells(row, widths));
  for (index_t head = 0; head < stack.options.nhead; ++head) {
    const SvgCurve curve = bias_of(stack, head, -4, last);
    row = {curve.name};
    for (const double y : curve.y) row.push_back(fixed(y, 2));
    page.print("    " + cells(row, widths));
  }
}

// `rates` is the sum of the learning rates of all steps.
void learned_bias(const Options& options, Page& page, nn::T5& model, const Corpus& corpus, double rates) {
  page.step("The learned bias");
  page.say(
      "The bias of each head by the distance of the key. A bias of b multiplies the attention weight by e^b "
      "before normalisation:");
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
                 svg_curves(curves, {.title = "Relative position bias of the encoder",
                                     .x_axis = "distance, key − query (tokens)",
                                     .y_axis = "bias",
                                     .points = true}));
  const double largest = max(abs(model.encoder.relative_attention_bias.weight)).item();
  page.claim("rates", "a bias becomes larger than the sum of the other parameters' learning rates",
             {"the largest has a magnitude of ", number(largest, 1), ", the sum over all steps is ",
              number(rates, 1)},
             largest > rates);
  const double before = exact_match(model, held_out(options, Task::backwards, corpus));
  const NoGrad no_grad;
  model.encoder.relative_attention_bias.weight.zero_();
  model.decoder.relative_attention_bias.weight.zero_();
  const double after = exact_match(model, held_out(options, Task::backwards, corpus));
  page.claim(
      "only_tables", "only these two tables encode the order",
      {"\"backwards:\" has ", percentage(before), ", and ", percentage(after), " with tables of zeros"},
      before >= 0.9 && after <= 0.1);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_10_t5",
                    .title = "Lesson 10 · T5: every task as text-to-text",
                    .more = {{"--steps", "N", "training steps (default 2000)"},
                             {"--buckets", "N", "biases of each head (default 32)"},
                             {"--table-rate", "X",
                              "the learning rate of the bias tables, relative to the others (default 10)"}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    const Stopwatch watch;
    Generator gen(options.seed);
    const Corpus corpus = make_corpus(options.seed);
    three_tasks(page, corpus);
    relative_positions(page);
    nn::T5 model = make_model(options, corpus, gen);
    const double rates = train(options, page, model, corpus, gen);
    evaluate(options, page, model, corpus);
    kv_cache(options, page, model, corpus);
    learned_bias(options, page, model, corpus, rates);
    page.print(concat("\nDone in ", fixed(watch.seconds(), 1), " s on ", num_threads(),
                      num_threads() == 1 ? " thread." : " threads."));
    page.say("Next: ./lesson_10_vit applies such an encoder to images.");
  });
}
