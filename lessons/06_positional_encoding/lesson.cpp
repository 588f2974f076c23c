// Lesson 06 · Positional encoding: making word order available
//
//   PE(p, 2i)     = sin(p / 10000^(2i / d))       even channels: sines, from high to low frequency
//   PE(p, 2i + 1) = cos(p / 10000^(2i / d))       odd channels: the cosines of the same angles
//   x + PE                                        added to the words before the first layer
//
// Self-attention treats its input as a bag of words. This program demonstrates it, shows the
// encoding of each position, and trains three models on a task that requires word order: without
// positions, with sinusoids, with a learned table.
// Run it: ./lesson_06 (or ./lesson_06 --figures figures).
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>

#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/nn.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

void bag_of_words(Page& page, Generator& gen) {
  page.step("Attention sees a bag of words");
  page.say(
      "An encoder of two layers processes six words, and then the same words in reverse order. The mean of "
      "its outputs, which a classifier would use, is the same: the model cannot distinguish \"dog bites "
      "man\" from \"man bites dog\".");
  nn::TransformerEncoder encoder(
      {.layer = {.d_model = 16, .nhead = 2, .dim_feedforward = 32, .dropout = 0, .batch_first = true},
       .num_layers = 2},
      gen);
  const Tensor words = randn({1, 6, 16}, gen), reversed = flip(words, {1});
  const auto summary = [&](const Tensor& x) { return mean(encoder.forward(x), 1); };
  const double without = max_abs_difference(summary(words), summary(reversed));
  const Tensor table = nn::sinusoidal_table(6, 16);
  const double with = max_abs_difference(summary(words + table), summary(reversed + table));
  page.claim("without positions the order has no effect",
             "reversing the words changes the mean by less than 1e-6", without < 1e-6);
  page.claim("with positions it has an effect", "the mean changes by " + fixed(with, 2), with > 0.01);
}

void encoding_table(const Options& options, Page& page) {
  page.step("An encoding for every position");
  page.say(
      "The channels form pairs, the sine and the cosine of one angle. The angle of the first pair "
      "increases by one radian per word, that of the last hardly at all. Together they distinguish all "
      "positions, as the hands of a clock distinguish all times. With d = 6:");
  const Tensor six = nn::sinusoidal_table(4, 6);
  page.print("\n    " +
             cells({"position", "sin", "cos", "sin", "cos", "sin", "cos"}, {-8, 7, 9, 9, 9, 9, 9}));
  for (index_t p = 0; p < 4; ++p) {
    std::vector<std::string> row = {concat(p)};
    for (const double value : six[p].to_vector()) row.push_back(fixed(value, 4));
    page.print("    " + cells(row, {-8, 7, 9, 9, 9, 9, 9}));
  }
  page.print("");
  page.say(
      "The sines alone: 16 positions (rows) and 32 channels (columns), light for -1 and dark for 1, with "
      "high frequencies on the left:");
  const Tensor waves = (nn::sinusoidal_table(16, 64).slice(1, 0, 64, 2) + 1.0) / 2.0;
  page.print("\n" + indented(text_image(waves), 4));
  double nearest = INFINITY;
  const Tensor table = nn::sinusoidal_table(512, 32);
  for (index_t p = 1; p < 512; ++p) {
    const Tensor distance = table.slice(0, 0, p) - table[p];
    nearest = std::min(nearest, std::sqrt(min((distance * distance).sum(-1)).item()));
  }
  page.claim("all encodings are distinct",
             "the two most similar of 512 positions have a distance of " + fixed(nearest, 2), nearest > 0.1);
  if (!options.figures.empty())
    write_figure(options.figures, "waves.svg",
                 svg_heat_map((nn::sinusoidal_table(48, 64).slice(1, 0, 64, 2) + 1.0) / 2.0,
                              {.title = "The sines of positional encoding: white -1, dark 1",
                               .row_axis = "position 0 … 47",
                               .column_axis = "channel 0, 2, … 62"}));
}

void dot_products(const Options& options, Page& page) {
  page.step("Dot products depend only on the distance");
  page.say(
      "PE(p) · PE(p + k) is a sum of cos(k · frequency): it depends on the distance of two positions, but "
      "not on the positions themselves. A query can therefore attend to \"three words back\" at any "
      "position. With d = 64:");
  const Tensor table = nn::sinusoidal_table(200, 64, f64);
  const auto product = [&](index_t p, index_t k) { return (table[p] * table[p + k]).sum().item(); };
  page.print("\n    " + cells({"k", "p = 0", "p = 10", "p = 100"}, {3, 14, 10, 11}));
  double spread = 0;
  for (const index_t k : {0, 1, 2, 4, 8, 16, 32, 64}) {
    page.print("    " + cells({concat(k), fixed(product(0, k), 3), fixed(product(10, k), 3),
                               fixed(product(100, k), 3)},
                              {3, 14, 10, 11}));
    for (const index_t p : {10, 100}) spread = std::max(spread, std::abs(product(p, k) - product(0, k)));
  }
  page.claim("the product depends only on the distance", "it differs by less than 1e-12 between positions",
             spread < 1e-12);
  if (options.figures.empty()) return;
  SvgCurve curve{.name = "PE(p) · PE(p + k)", .x = {}, .y = {}};
  for (index_t k = 0; k <= 100; ++k) {
    curve.x.push_back(static_cast<double>(k));
    curve.y.push_back(product(50, k));
  }
  write_figure(options.figures, "distance.svg",
               svg_curves({curve}, {.title = "Nearby positions have similar encodings",
                                    .x_axis = "distance k (words)",
                                    .y_axis = "dot product, d = 64"}));
}

// ---- a task that requires word order
// ---------------------------------------------------------------------

enum class Positions { none, sinusoidal, learned };

// Classifies whether word 0 ("a") comes before word 1 ("b"). The vocabulary has ten other words.
struct Model : nn::ModuleOf<Model> {
  static constexpr index_t width = 32, max_len = 128;
  Positions positions;
  nn::Embedding embedding;
  nn::PositionalEncoding sinusoids;
  nn::LearnedPositionalEncoding learned;
  nn::TransformerEncoder encoder;
  nn::Linear output;

  Model(Positions p, Generator& gen)
      : positions(p),
        embedding({.num_embeddings = 12, .embedding_dim = width}, gen),
        sinusoids({.d_model = width, .dropout = 0, .max_len = max_len, .batch_first = true}, gen),
        learned({.d_model = width, .dropout = 0, .max_len = max_len, .batch_first = true}, gen),
        encoder({.layer =
                     {.d_model = width, .nhead = 2, .dim_feedforward = 64, .dropout = 0, .batch_first = true},
                 .num_layers = 2},
                gen),
        output({.in = width, .out = 2}, gen) {}

  // ids (B, T) -> (B, 2)
  Tensor forward(const IntTensor& ids) {
    Tensor x = embedding(ids);
    if (positions == Positions::sinusoidal) x = sinusoids(x);
    if (positions == Positions::learned) x = learned(x);
    return output(mean(encoder.forward(x), 1));
  }
  void visit(nn::Visitor& v) override {
    v.child("embedding", embedding);
    v.child("sinusoids", sinusoids);
    v.child("learned", learned);
    v.child("encoder", encoder);
    v.child("output", output);
  }
  std::string type() const override { return "Model"; }
};

struct Batch {
  IntTensor ids;      // (B, T)
  IntTensor targets;  // (B): 1 if word 0 comes before word 1, else 0
};
// Returns pairs of sequences that differ only in the order of words 0 and 1.
Batch make_batch(index_t pairs, index_t length, Generator& gen) {
  std::vector<index_t> ids, targets;
  for (index_t i = 0; i < pairs; ++i) {
    std::vector<index_t> sequence;
    for (index_t t = 0; t < length; ++t) sequence.push_back(2 + static_cast<index_t>(gen.below(10)));
    const auto first = gen.below(static_cast<std::uint64_t>(length));
    auto second = gen.below(static_cast<std::uint64_t>(length - 1));
    second += second >= first;
    for (const index_t swapped : {0, 1}) {
      sequence[first] = swapped;
      sequence[second] = 1 - swapped;
      ids.insert(ids.end(), sequence.begin(), sequence.end());
      targets.push_back((first < second) == (swapped == 0) ? 1 : 0);
    }
  }
  return {IntTensor(ids, {2 * pairs, length}), IntTensor(targets, {2 * pairs})};
}

double accuracy(Model& model, const Batch& batch) {
  const NoGrad no_grad;
  const IntTensor prediction = argmax(model.forward(batch.ids), -1);
  index_t correct = 0;
  for (index_t i = 0; i < prediction.numel(); ++i) correct += prediction[i] == batch.targets[i];
  return static_cast<double>(correct) / static_cast<double>(prediction.numel());
}

void train(const Options& options, const std::string& name, Model& model, Generator gen) {
  const int steps = options.quick ? 60 : 600;
  optim::Adam optimizer(model.parameters(), {.lr = 2e-3});
  Progress progress(name, steps, options.quiet);
  for (int step = 1; step <= steps; ++step) {
    const Batch batch = make_batch(32, 8 + static_cast<index_t>(gen.below(9)), gen);  // 8 to 16 words
    const Tensor loss = cross_entropy(model.forward(batch.ids), batch.targets);
    optimizer.zero_grad();
    loss.backward();
    optim::clip_grad_norm(model.parameters(), 1.0);
    optimizer.step();
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
}

void order_task(const Options& options, Page& page, Generator& gen) {
  page.step("Does a come before b?");
  page.say(
      "Each sequence of 8 to 16 words contains an a and a b, and the model predicts which comes first. "
      "Every sequence occurs a second time with the two exchanged, so counting words does not help.");
  const Batch test = make_batch(500, 16, gen);
  const std::vector<std::string> names = {"none", "sinusoids", "learned table"};
  const std::vector<index_t> lengths = {16, 20, 24, 32, 64};
  std::vector<Batch> longer;
  longer.reserve(lengths.size());
  for (const index_t length : lengths) longer.push_back(make_batch(250, length, gen));
  std::vector<double> accuracies;
  std::vector<SvgCurve> curves;
  std::string table;
  for (const Positions positions : {Positions::none, Positions::sinusoidal, Positions::learned}) {
    const std::string& name = names[static_cast<std::size_t>(positions)];
    Model model(positions, gen);
    train(options, name, model, gen.fork());
    accuracies.push_back(accuracy(model, test));
    std::vector<std::string> row = {name};
    SvgCurve curve{.name = name, .x = {}, .y = {}};
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      const double fraction = accuracy(model, longer[i]);
      row.push_back(percent(fraction));
      curve.x.push_back(static_cast<double>(lengths[i]));
      curve.y.push_back(100 * fraction);
    }
    curves.push_back(curve);
    table += "    " + cells(row, {-14, 9, 9, 9, 9, 9}) + "\n";
  }
  page.claim("without positions the model is at chance level", percent(accuracies[0]) + " accuracy",
             accuracies[0] <= 0.55);
  page.claim("sinusoids make the order available", percent(accuracies[1]) + " accuracy",
             accuracies[1] >= 0.95);
  page.claim("so does a learned table", percent(accuracies[2]) + " accuracy", accuracies[2] >= 0.95);

  page.step("Longer sequences than in training");
  page.say(
      "The same models on longer sequences. Rows of the learned table beyond 16 have never been trained. "
      "The sinusoids continue, but the model has not been trained to use them there. The paper "
      "hypothesised that they would generalise. Accuracy:");
  page.print("\n    " + cells({"words", "16", "20", "24", "32", "64"}, {-14, 9, 9, 9, 9, 9}));
  page.print(table);
  const double sinusoidal = curves[1].y[3] / 100, learned = curves[2].y[3] / 100;
  page.claim("sinusoids generalise to twice the length",
             percent(sinusoidal) + " accuracy at 32 words; the learned table " + percent(learned),
             sinusoidal >= 0.9);
  if (!options.figures.empty())
    write_figure(options.figures, "lengths.svg",
                 svg_curves(curves, {.title = "Trained on 8 to 16 words",
                                     .x_axis = "words in the sequence",
                                     .y_axis = "accuracy (%)",
                                     .baseline = 50,
                                     .baseline_name = "chance"}));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_06",
                    .title = "Lesson 06 · Positional encoding: making word order available"};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    bag_of_words(page, gen);
    encoding_table(options, page);
    dot_products(options, page);
    order_task(options, page, gen);
    page.print("");
    page.say("Next: ./lesson_07 builds the whole encoder and classifies reviews.");
  });
}
