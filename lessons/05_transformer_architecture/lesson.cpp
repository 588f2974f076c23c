// Lesson 05 · The Transformer block: the role of each component
//
//   h = norm1(x + attention(x))           words exchange information
//   y = norm2(h + feed_forward(h))        each word is processed separately
//
// A Transformer stacks N of these blocks. This program builds the block step by step, counts its
// parameters, measures activations and gradients in a stack of six, and then removes each component
// in turn and trains the rest.
// Usage: ./lesson_05 [--figures DIR] [--lr X] [--warmup N]
#include "lessons/support/lesson.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>

#include "lessons/05_transformer_architecture/diagrams.h"
#include "lessons/05_transformer_architecture/translation_step.h"
#include "lessons/support/parameter_table.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/nn.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

constexpr index_t width = 32, heads = 4, inner = 64;

// The components that a block has.
struct Components {
  std::string name = "the whole block";
  bool attention = true, feed_forward = true, residual = true, norm = true;
  bool norm_first = false;  // pre-LN: normalises the input of a sublayer, not the sum
};

// The block of nn/transformer_encoder.h with a switch for each component. x (B, T, C) -> (B, T, C)
struct Block : nn::ModuleOf<Block> {
  Components components;
  nn::MultiheadAttention self_attn;
  nn::Linear linear1, linear2;
  nn::LayerNorm norm1, norm2;

  Block(Components c, Generator& gen)
      : components(std::move(c)),
        self_attn({.d_model = width, .nhead = heads, .batch_first = true}, gen),
        linear1({.in = width, .out = inner}, gen),
        linear2({.in = inner, .out = width}, gen),
        norm1({.size = width}),
        norm2({.size = width}) {}

  Tensor forward(const Tensor& x) {
    Tensor y = x;
    if (components.attention)
      y = sublayer(y, norm1, [&](const Tensor& t) { return self_attn.forward(t, t, t).output; });
    if (components.feed_forward)
      y = sublayer(y, norm2, [&](const Tensor& t) { return linear2(relu(linear1(t))); });
    return y;
  }
  template <class F>
  Tensor sublayer(const Tensor& x, const nn::LayerNorm& norm, F f) {
    const auto normed = [&](const Tensor& t) { return components.norm ? norm(t) : t; };
    const auto added = [&](const Tensor& t) { return components.residual ? x + t : t; };
    return components.norm_first ? added(f(normed(x))) : normed(added(f(x)));
  }
  void visit(nn::Visitor& v) override {
    v.child("self_attn", self_attn);
    v.child("linear1", linear1);
    v.child("linear2", linear2);
    v.child("norm1", norm1);
    v.child("norm2", norm2);
  }
  std::string type() const override { return "Block"; }
};

void step_by_step(const Options& options, Page& page, Generator& gen) {
  page.step("Step by step");
  page.say(
      "A block has two sublayers. Attention exchanges information between words; the feed-forward network "
      "processes each word separately with the same two matrices. The input of each sublayer is added to "
      "its output (residual connection), and the sum is normalised (LayerNorm).");
  Block block({}, gen);
  const Tensor x = randn({1, 8, width}, gen);
  const Tensor attended = block.self_attn.forward(x, x, x).output, h = block.norm1(x + attended);
  const Tensor wide = relu(block.linear1(h)), output = block.linear2(wide), y = block.norm2(h + output);
  page.shape("x", x.shape(), "8 words of 32 channels (B, T, C)");
  page.shape("attention(x)", attended.shape(), "information from the other words");
  page.shape("norm1(x + …)", h.shape(), "residual connection and norm");
  page.shape("relu(linear1)", wide.shape(), "feed-forward network, twice as wide");
  page.shape("linear2", output.shape(), "back to 32 channels");
  page.shape("norm2(h + …)", y.shape(), "the shape of x: blocks can be stacked");
  nn::TransformerEncoderLayer layer(
      {.d_model = width, .nhead = heads, .dim_feedforward = inner, .dropout = 0, .batch_first = true}, gen);
  layer.load_state_dict(block.state_dict());
  const double difference = max_abs_difference(y, layer.forward(x));
  page.claim("library_block", "this is the block of the library",
             {"with the same weights the outputs differ by at most ", power(difference)}, difference < 1e-6);
  if (!options.figures.empty()) write_figure(options.figures, "block.svg", block_diagram(layer, x));
}

void parameter_count(Page& page, Generator& gen) {
  page.step("Where the parameters are");
  nn::TransformerEncoderLayer layer({.d_model = 512, .nhead = 8, .dim_feedforward = 2048, .dropout = 0.1},
                                    gen);
  const index_t attention = layer.self_attn.parameter_count(),
                forward = layer.linear1.parameter_count() + layer.linear2.parameter_count(),
                norms = layer.norm1.parameter_count() + layer.norm2.parameter_count();
  page.say("The block of the course has 512 channels and a feed-forward network of width 2048:");
  page.print("\n    " + cells({"attention", concat(attention), "4 C² + 4 C"}, {-14, 10, 26}));
  page.print("    " + cells({"feed-forward", concat(forward), "2 C F + F + C"}, {-14, 10, 26}));
  page.print("    " + cells({"two norms", concat(norms), "4 C"}, {-14, 10, 26}));
  page.print("\n" + parameter_table(layer.named_parameters()) + "\n");
  const double fraction = static_cast<double>(forward) / static_cast<double>(layer.parameter_count());
  page.identity("parameters", "most parameters are in the feed-forward network",
                {percentage(fraction), " of the block's ",
                 number(static_cast<double>(layer.parameter_count())), " parameters"},
                fraction > 0.5);
}

// ---- a stack of six ---------------------------------------------------------------------------------------

// Sequences of eight words 0 … 7. The target at position t is the sum, modulo 8, of the word there
// and the word at the mirrored position. Finding the other word requires attention and positions;
// the addition requires a feed-forward network.
constexpr index_t words = 8, length = 8;
struct Batch {
  IntTensor ids, targets;  // (B, T)
};
Batch make_batch(index_t size, Generator& gen) {
  std::vector<index_t> ids, targets;
  for (index_t b = 0; b < size; ++b) {
    std::vector<index_t> sequence;
    for (index_t t = 0; t < length; ++t) sequence.push_back(static_cast<index_t>(gen.below(words)));
    for (std::size_t t = 0; t < sequence.size(); ++t)
      targets.push_back((sequence[t] + sequence[sequence.size() - 1 - t]) % words);
    ids.insert(ids.end(), sequence.begin(), sequence.end());
  }
  return {IntTensor(ids, {size, length}), IntTensor(targets, {size, length})};
}

struct Stack : nn::ModuleOf<Stack> {
  static constexpr index_t depth = 6;
  nn::Embedding embedding;
  nn::PositionalEncoding positions;
  std::vector<Block> blocks;
  nn::LayerNorm last;  // used with pre-LN only, whose last sum is not normalised by any block
  nn::Linear output;

  Stack(const Components& components, Generator& gen)
      : embedding({.num_embeddings = words, .embedding_dim = width}, gen),
        positions({.d_model = width, .dropout = 0, .max_len = length, .batch_first = true}, gen),
        last({.size = width}),
        output({.in = width, .out = words}, gen) {
    for (index_t i = 0; i < depth; ++i) blocks.emplace_back(components, gen);
  }
  // ids (B, T) -> logits (B, T, words). Appends the output of each block to `outputs`, if it is not
  // null.
  Tensor forward(const IntTensor& ids, std::vector<Tensor>* outputs = nullptr) {
    Tensor x = positions(embedding(ids));
    for (Block& block : blocks) {
      x = block.forward(x);
      if (outputs) {
        x.retain_grad();
        outputs->push_back(x);
      }
    }
    return output(blocks[0].components.norm_first ? last(x) : x);
  }
  void visit(nn::Visitor& v) override {
    v.child("embedding", embedding);
    v.child("positions", positions);
    v.child("blocks", blocks);
    v.child("last", last);
    v.child("output", output);
  }
  std::string type() const override { return "Stack"; }
};

// --norm pre and --no-residual change all variants.
std::vector<Components> variants(const Options& options) {
  std::vector<Components> all = {{},
                                 {.name = "pre-LN", .norm_first = true},
                                 {.name = "no attention", .attention = false},
                                 {.name = "no feed-forward", .feed_forward = false},
                                 {.name = "no residual", .residual = false},
                                 {.name = "no norm", .norm = false}};
  for (Components& components : all) {
    if (options.value("--norm") == "pre") components.norm_first = true;
    if (options.has("--no-residual")) components.residual = false;
  }
  return all;
}

double rms(const Tensor& x) { return std::sqrt(mean(x * x).item()); }

// Returns the fraction of x (B, T, C) that remains after the mean over the sequence has been subtracted.
double own_fraction(const Tensor& x) { return rms(x - mean(x, 1, true)) / rms(x); }

// One value per block of a stack.
struct ByDepth {
  std::vector<double> activation, gradient, fraction;
};

// Measures the output of each block of an untrained stack, and its gradient.
ByDepth measure(const Components& components, Generator gen) {
  Stack stack(components, gen);
  const Batch batch = make_batch(64, gen);
  std::vector<Tensor> outputs;
  cross_entropy(stack.forward(batch.ids, &outputs), batch.targets).backward();
  ByDepth result;
  for (const Tensor& x : outputs) {
    result.activation.push_back(rms(x.detach()));
    result.gradient.push_back(rms(x.grad()));
    result.fraction.push_back(own_fraction(x.detach()));
  }
  return result;
}

void by_depth(const Options& options, Page& page, const Generator& gen) {
  page.step("Six blocks before any training");
  page.say(
      "For the output of each block: the size of the activations (root mean square), the size of their "
      "gradients, and the fraction of each word that remains after the mean over its sequence has been "
      "subtracted (1: the words have nothing in common, 0: all words are the same).");
  const std::vector<int> widths = {-18, 8, 8, 8, 8, 8, 8};
  const auto heading = [&](const std::string& name) {
    return "\n    " + cells({name, "1", "2", "3", "4", "5", "6"}, widths) + "\n";
  };
  std::string activations = heading("activations"), gradients = heading("gradients"),
              fractions = heading("own fraction");
  std::vector<SvgCurve> gradient_curves, fraction_curves;
  const auto add = [&](const std::string& name, std::string& table, std::vector<SvgCurve>& curves,
                       const std::vector<double>& values, const std::function<std::string(double)>& format) {
    std::vector<std::string> row = {name};
    for (const double value : values) row.push_back(format(value));
    table += "    " + cells(row, widths) + "\n";
    curves.push_back({.name = name, .x = {1, 2, 3, 4, 5, 6}, .y = values});
  };
  auto all = variants(options);
  all.push_back({.name = "no residual/norm", .residual = false, .norm = false});
  for (const Components& components : all) {
    const ByDepth result = measure(components, gen);  // the same initial weights for all
    std::vector<SvgCurve> unused;
    add(components.name, activations, unused, result.activation, [](double x) { return fixed(x, 2); });
    add(components.name, gradients, gradient_curves, result.gradient, scientific);
    add(components.name, fractions, fraction_curves, result.fraction,
        [](double x) { return x < 0.001 ? scientific(x) : fixed(x, 3); });
  }
  page.print(activations + gradients + fractions);
  const double with_residual = fraction_curves[0].y.back(), without_residual = fraction_curves[4].y.back();
  page.claim("distinct_words", "the residual connection keeps words distinct",
             {"own fraction after six blocks ", number(with_residual, 2), ", without residual ",
              power(without_residual)},
             without_residual < with_residual / 3);
  const auto ratio = [&](std::size_t i) {
    return gradient_curves[i].y.front() / gradient_curves[i].y.back();
  };
  page.claim(
      "gradients", "a residual connection or a norm preserves gradients",
      {"gradient at block 1 relative to block 6: ", number(ratio(0), 2), ", without residual ",
       number(ratio(4), 2), ", without norm ", number(ratio(5), 2), ", without both ", power(ratio(6))},
      std::min({ratio(0), ratio(4), ratio(5)}) > 0.1 && ratio(6) < 0.01);
  if (options.figures.empty()) return;
  write_figure(options.figures, "gradients.svg",
               svg_curves(gradient_curves, {.title = "Gradients by depth, before training",
                                            .x_axis = "block",
                                            .y_axis = "root mean square of the gradient",
                                            .logarithmic_y = true,
                                            .points = true,
                                            .x_ticks = gradient_curves[0].x}));
  write_figure(options.figures, "own.svg",
               svg_curves(fraction_curves, {.title = "Fraction of a word that differs from the mean",
                                            .x_axis = "block",
                                            .y_axis = "fraction (0: all words are the same)",
                                            .points = true,
                                            .x_ticks = fraction_curves[0].x}));
}

double accuracy(Stack& model, const Batch& test) {
  const NoGrad no_grad;
  const IntTensor prediction = argmax(model.forward(test.ids), -1);
  index_t correct = 0;
  for (index_t i = 0; i < prediction.numel(); ++i) correct += prediction[i] == test.targets[i];
  return static_cast<double>(correct) / static_cast<double>(prediction.numel());
}

struct Trained {
  double accuracy = 0;     // on 500 held-out sequences
  double loss = 0;         // running average
  index_t parameters = 0;  // those that the forward pass uses
  SvgCurve curve = {};
};
Trained train(const Options& options, const Components& components, double learning_rate, Generator gen) {
  const int steps = options.quick ? 20 : 800, warmup = options.integer("--warmup", 0, 0);
  Stack model(components, gen);
  const Batch test = make_batch(500, gen);
  optim::Adam optimizer(model.parameters(), {.lr = learning_rate});
  Progress progress(components.name, steps, options.quiet);
  Trained result;
  result.curve.name = components.name;
  for (int step = 1; step <= steps; ++step) {
    const Batch batch = make_batch(32, gen);
    const Tensor loss = cross_entropy(model.forward(batch.ids), batch.targets);
    optimizer.set_lr(learning_rate * std::min(1.0, static_cast<double>(step) / std::max(1, warmup)));
    optimizer.zero_grad();
    loss.backward();
    optim::clip_grad_norm(model.parameters(), 1.0);
    optimizer.step();
    result.loss = step == 1 ? loss.item() : 0.9 * result.loss + 0.1 * loss.item();
    if (step % 20 == 0) {
      result.curve.x.push_back(step);
      result.curve.y.push_back(result.loss);
    }
    progress.update(step, "loss " + fixed(result.loss, 3));
  }
  for (const Tensor& p : model.parameters()) result.parameters += p.grad().defined() ? p.numel() : 0;
  result.accuracy = accuracy(model, test);
  return result;
}

constexpr double chance = 1.0 / words;

// Returns the accuracy of each variant.
std::vector<double> ablation(const Options& options, Page& page, double learning_rate, const Generator& gen) {
  page.step("One component removed at a time");
  page.say(
      "The task requires both sublayers: for eight words 0 … 7, predict at each position the sum, modulo "
      "8, of the word there and the word at the mirrored position. All variants have the same random seed, "
      "the same training sequences and the same number of steps. An accuracy of " +
      percent(chance) + " is chance level.");
  const std::vector<int> widths = {-18, 12, 10, 12};
  std::vector<SvgCurve> curves;
  std::vector<double> accuracies, parameters;
  std::string table = "\n    " + cells({"", "parameters", "accuracy", "final loss"}, widths) + "\n";
  for (const Components& components : variants(options)) {
    const Trained result = train(options, components, learning_rate, gen);
    accuracies.push_back(result.accuracy);
    parameters.push_back(static_cast<double>(result.parameters));
    table +=
        "    " +
        cells({components.name, concat(result.parameters), percent(result.accuracy), fixed(result.loss, 3)},
              widths) +
        "\n";
    curves.push_back(result.curve);
  }
  page.print(table);
  const auto measured = [&](std::size_t i, const std::string& more) {
    return Measurement{percentage(accuracies[i]), " accuracy" + more + " with ", number(parameters[i]),
                       " parameters; chance level ", percentage(chance)};
  };
  page.claim("whole_block", "the whole block learns the task", measured(0, ""), accuracies[0] >= 0.95);
  page.claim("pre_ln", "so does pre-LN", measured(1, ""), accuracies[1] >= 0.95);
  const auto needed = [&](const std::string& id, const std::string& claim, std::size_t i) {
    page.claim(id, claim, measured(i, " without it"), accuracies[i] < accuracies[0] - 0.05);
  };
  needed("attention", "attention is needed", 2);
  needed("feed_forward", "the feed-forward network is needed at this learning rate", 3);
  needed("residual", "the residual connection is needed", 4);
  page.claim("norm", "the norm is not needed: six blocks of 32 channels are small enough",
             measured(5, " without it"), accuracies[5] >= 0.95);
  if (!options.figures.empty())
    write_figure(options.figures, "one_out.svg",
                 svg_curves(curves, {.title = "One component removed at a time, six blocks",
                                     .x_axis = "step",
                                     .y_axis = "cross-entropy (nats), moving average",
                                     .baseline = std::log(8.0),
                                     .baseline_name = "chance (ln 8)",
                                     .points = true}));
  return accuracies;
}

void other_rates(const Options& options, Page& page, double learning_rate,
                 const std::vector<double>& accuracies, const Generator& gen) {
  page.step("Other learning rates");
  page.say("Which component matters depends on the learning rate. The same models at larger rates:");
  const std::vector<int> widths = {-18, 9, 9, 9};
  page.print("\n    " + cells({"learning rate", fixed(learning_rate, 3), fixed(3 * learning_rate, 3),
                               fixed(6 * learning_rate, 3)},
                              widths));
  const auto all = variants(options);
  std::map<std::size_t, std::array<double, 2>> larger;  // accuracies by the index of the variant
  for (const std::size_t i : {0U, 1U, 3U, 5U}) {
    larger[i] = {train(options, all[i], 3 * learning_rate, gen).accuracy,
                 train(options, all[i], 6 * learning_rate, gen).accuracy};
    page.print(
        "    " +
        cells({all[i].name, percent(accuracies[i]), percent(larger[i][0]), percent(larger[i][1])}, widths));
  }
  page.claim("without_feed_forward", "at three times the rate, attention alone learns the task, too",
             {percentage(larger[3][0]), " accuracy without feed-forward networks; chance level ",
              percentage(chance)},
             larger[3][0] >= 0.95);
  page.claim("large_rates", "pre-LN allows larger learning rates than post-LN",
             {"at six times the rate pre-LN has ", percentage(larger[1][1]), " accuracy, post-LN ",
              percentage(larger[0][1]), "; chance level ", percentage(chance)},
             larger[1][1] > larger[0][1] + 0.05);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{
      .program = "lesson_05",
      .title = "Lesson 05 · The Transformer block: the role of each component",
      .more = {{"--norm", "pre|post", "normalise the input of each sublayer, or the sum (default)"},
               {"--no-residual", "", "train every stack without residual connections"},
               {"--lr", "X", "the smallest learning rate of the trained stacks (default 0.001)"},
               {"--warmup", "N", "warm-up: the learning rate rises for N steps (default 0; translating: 50)"},
               {"--label-smoothing", "X", "label smoothing when the Transformer translates (default 0.1)"}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    step_by_step(options, page, gen);
    parameter_count(page, gen);
    by_depth(options, page, gen);
    const double learning_rate = options.number("--lr", 1e-3);
    const auto accuracies = ablation(options, page, learning_rate, gen);
    other_rates(options, page, learning_rate, accuracies, gen);
    translation::run(options, page, Generator(options.seed));
    draw_translator(options);
    page.print("");
    page.say("Next: ./lesson_06 adds positions to the words.");
  });
}
