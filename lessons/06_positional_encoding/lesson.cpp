// Lesson 06 · Positional encoding: making word order available
//
//   PE(p, 2i)     = sin(p / 10000^(2i / d))       even channels: sines, from high to low frequency
//   PE(p, 2i + 1) = cos(p / 10000^(2i / d))       odd channels: the cosines of the same angles
//   x + PE                                        added to the words before the first layer
//
// Self-attention treats its input as a bag of words. This program demonstrates it, shows the
// encoding of each position, and trains three models on a task that requires word order: without
// positions, with sinusoids, with a learned table.
// Usage: ./lesson_06 [--figures DIR]
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
  page.claim("no_positions", "without positions the order has no effect",
             {"reversing the words changes the mean by ", power(without)}, without < 1e-6);
  page.claim("positions", "with positions it has an effect", {"the mean changes by ", number(with, 2)},
             with > 0.01);
}

// The course's sketch computes one column of cosines per element of arange(0, d, 2), and assigns them to
// the channels 1, 3, …
void odd_width(Page& page) {
  constexpr index_t d = 5;
  const Tensor row = nn::sinusoidal_table(1, d);  // at position 0, sines are 0 and cosines are 1
  const index_t cosines_of_sketch = arange(0, d, 2).numel(), odd_channels = row.slice(1, 1, d, 2).numel();
  const double cosines = row.sum().item(), sines = static_cast<double>(d) - cosines;
  page.identity(
      "odd", "an odd d does not fit the course's sketch",
      {"d = ", number(static_cast<double>(d)), ": ", number(static_cast<double>(cosines_of_sketch)),
       " columns of cosines for ", number(static_cast<double>(odd_channels)),
       " odd channels; heed's table has ", number(sines), " sines and ", number(cosines), " cosines"},
      cosines_of_sketch == odd_channels + 1 && sines == cosines + 1);
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
  odd_width(page);
  double nearest = INFINITY;
  const Tensor table = nn::sinusoidal_table(512, 32);
  for (index_t p = 1; p < 512; ++p) {
    const Tensor distance = table.slice(0, 0, p) - table[p];
    nearest = std::min(nearest, std::sqrt(min((distance * distance).sum(-1)).item()));
  }
  page.claim("distinct", "all encodings are distinct",
             {"the two most similar of 512 positions have a distance of ", number(nearest, 2)},
             nearest > 0.1);
  if (!options.figures.empty())
    write_figure(options.figures, "waves.svg",
                 svg_heat_map(nn::sinusoidal_table(48, 64).slice(1, 0, 64, 2),
                              {.title = "The sines of the positional encoding",
                               .row_axis = "position 0 … 47",
                               .column_axis = "channel 0, 2, … 62",
                               .diverging = true,
                               .scale = "sine"}));
}

// The course computes the frequencies as exp(-ln(10000) · 2i / d), the paper as 10000^(-2i / d).
void frequencies(Page& page) {
  page.print("");
  page.say(
      "The paper divides the position by 10000^(2i / d). The course multiplies it by exp(-ln(10000) · 2i / "
      "d), which needs no power of 10000. Since a^b = exp(b · ln a), both are the same number. With d = 6:");
  const auto as_power = [](double i, double d) { return 1 / std::pow(10000, 2 * i / d); };
  const auto as_exp = [](double i, double d) { return std::exp(-std::log(10000) * 2 * i / d); };
  const std::vector<int> widths = {-8, 18, 26};
  page.print("\n    " + cells({"pair i", "1 / 10000^(2i/d)", "exp(-ln(10000) · 2i/d)"}, widths));
  for (int i = 0; i < 3; ++i)
    page.print("    " + cells({concat(i), fixed(as_power(i, 6), 6), fixed(as_exp(i, 6), 6)}, widths));
  constexpr int pairs = 256;
  double worst = 0;
  for (int i = 0; i < pairs; ++i)
    worst = std::max(worst, std::abs(as_exp(i, 2 * pairs) / as_power(i, 2 * pairs) - 1));
  page.identity("frequencies", "the course's form equals the paper's",
                {"the ", number(pairs), " frequencies for d = ", number(2 * pairs), " differ by at most ",
                 power(worst), " of their values"},
                worst < 1e-12);
}

void dot_products(const Options& options, Page& page) {
  page.step("Dot products depend only on the distance");
  page.say(
      "PE(p) · PE(p + k) is a sum of cos(k · frequency): it depends on the distance of two positions, but "
      "not on the positions themselves. A query can therefore attend to \"three words back\" at any "
      "position. With d = 64:");
  constexpr index_t positions = 1000;
  const Tensor table = nn::sinusoidal_table(positions, 64, f64);
  const std::vector<double> products = matmul(table, table.transpose(0, 1)).to_vector();
  const auto product = [&](index_t p, index_t k) {
    return products[static_cast<std::size_t>(p * positions + p + k)];
  };
  page.print("\n    " + cells({"k", "p = 0", "p = 10", "p = 100"}, {3, 14, 10, 11}));
  for (const index_t k : {0, 1, 2, 4, 8, 16, 32, 64})
    page.print("    " + cells({concat(k), fixed(product(0, k), 3), fixed(product(10, k), 3),
                               fixed(product(100, k), 3)},
                              {3, 14, 10, 11}));
  double spread = 0;
  for (index_t k = 0; k < positions; ++k)
    for (index_t p = 0; p + k < positions; ++p)
      spread = std::max(spread, std::abs(product(p, k) - product(0, k)));
  page.identity("distance", "the product depends only on the distance",
                {"over all pairs of ", number(positions), " positions, equal distances differ by at most ",
                 power(spread)},
                spread < 1e-10);
  if (options.figures.empty()) return;
  SvgCurve curve{.name = "PE(p) · PE(p + k)", .x = {}, .y = {}};
  for (index_t k = 0; k <= 100; ++k) {
    curve.x.push_back(static_cast<double>(k));
    curve.y.push_back(product(50, k));
  }
  write_figure(options.figures, "distance.svg",
               svg_curves({curve}, {.title = "Nearby positions have similar encodings",
                                    .x_axis = "distance k (words)",
                                    .y_axis = "dot product, d = 64",
                                    .points = true}));
}

// ---- a task that requires word order ----------------------------------------------------------------------

enum class Positions { none, sinusoidal, learned };
const std::vector<std::string> kinds = {"none", "sinusoidal", "learned"};

// Whether the model with these positions is trained. With --positions, only one of them is.
bool is_chosen(const Options& options, Positions positions) {
  const std::string& kind = kinds[static_cast<std::size_t>(positions)];
  return options.value("--positions", kind) == kind;
}

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

// Trains the model and returns the number of parameters that its forward pass uses.
index_t train(const Options& options, const std::string& name, Model& model, Generator gen) {
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
  index_t parameters = 0;
  for (const Tensor& p : model.parameters()) parameters += p.grad().defined() ? p.numel() : 0;
  return parameters;
}

// The models, trained on 8 to 16 words.
constexpr double chance = 0.5;
struct Result {
  std::string name = {};
  index_t parameters = 0;
  double accuracy = 0;              // on other sequences of 16 words
  std::vector<double> longer = {};  // by the length
};
const std::vector<index_t> lengths = {16, 20, 24, 32, 64};

std::vector<Result> order_task(const Options& options, Page& page, Generator& gen) {
  page.step("Does a come before b?");
  page.say(
      "Each sequence of 8 to 16 words contains an a and a b, and the model predicts which comes first. "
      "Every sequence occurs a second time with the two exchanged, so counting words does not help, and "
      "chance level is " +
      percent(chance, 0) + ".");
  const Batch test = make_batch(500, 16, gen);
  std::vector<Batch> longer;
  longer.reserve(lengths.size());
  for (const index_t length : lengths) longer.push_back(make_batch(250, length, gen));
  std::vector<Result> results = {{.name = "none"}, {.name = "sinusoids"}, {.name = "learned table"}};
  page.print("\n    " + cells({"", "parameters", "accuracy"}, {-14, 12, 10}));
  for (const Positions positions : {Positions::none, Positions::sinusoidal, Positions::learned}) {
    if (!is_chosen(options, positions)) continue;
    Result& result = results[static_cast<std::size_t>(positions)];
    Model model(positions, gen);
    result.parameters = train(options, result.name, model, gen.fork());
    result.accuracy = accuracy(model, test);
    for (const Batch& batch : longer) result.longer.push_back(accuracy(model, batch));
    page.print("    " +
               cells({result.name, concat(result.parameters), percent(result.accuracy)}, {-14, 12, 10}));
  }
  const auto measured = [&](const Result& result) {
    return Measurement{percentage(result.accuracy), " accuracy; chance level ", percentage(chance, 0)};
  };
  if (is_chosen(options, Positions::none))
    page.claim("order_none", "without positions the model is at chance level", measured(results[0]),
               results[0].accuracy <= 0.55);
  if (is_chosen(options, Positions::sinusoidal))
    page.claim("order_sinusoids", "sinusoids make the order available", measured(results[1]),
               results[1].accuracy >= 0.9);
  if (is_chosen(options, Positions::learned))
    page.claim("order_learned", "so does a learned table", measured(results[2]), results[2].accuracy >= 0.9);
  return results;
}

void longer_sequences(const Options& options, Page& page, const std::vector<Result>& results) {
  page.step("Longer sequences than in training");
  page.say(
      "The same models on longer sequences. Rows of the learned table beyond 16 have never been trained. "
      "The sinusoids continue, but the model has not been trained to use them there. The paper "
      "hypothesised that they would generalise. Accuracy:");
  const std::vector<int> widths = {-14, 9, 9, 9, 9, 9};
  std::vector<std::string> heading = {"words"};
  for (const index_t length : lengths) heading.push_back(concat(length));
  page.print("\n    " + cells(heading, widths));
  std::vector<SvgCurve> curves;
  for (const Result& result : results) {
    if (result.longer.empty()) continue;  // not trained
    std::vector<std::string> row = {result.name};
    SvgCurve curve{.name = result.name, .x = {}, .y = {}};
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      row.push_back(percent(result.longer[i]));
      curve.x.push_back(static_cast<double>(lengths[i]));
      curve.y.push_back(100 * result.longer[i]);
    }
    page.print("    " + cells(row, widths));
    curves.push_back(curve);
  }
  const std::vector<double>&sinusoids = results[1].longer, &learned = results[2].longer;
  const auto measured = [](const std::vector<double>& accuracies) {
    return Measurement{
        percentage(accuracies[1]), " accuracy at 20 words, ", percentage(accuracies[3]), " at 32, ",
        percentage(accuracies[4]), " at 64; chance level ",   percentage(chance, 0)};
  };
  if (!sinusoids.empty())
    page.claim("longer_sinusoids", "sinusoids do not generalise to twice the length", measured(sinusoids),
               sinusoids[3] < 0.9);
  if (!learned.empty())
    page.claim("longer_learned", "a learned table does not, either", measured(learned), learned[3] < 0.9);
  if (!sinusoids.empty() && !learned.empty())
    page.claim(
        "slightly_longer", "sinusoids generalise better than a learned table to a few more words",
        {"from 16 to 20 words their accuracy falls by ", number(100 * (sinusoids[0] - sinusoids[1]), 1),
         " percentage points, that of the table by ", number(100 * (learned[0] - learned[1]), 1)},
        sinusoids[0] - sinusoids[1] < learned[0] - learned[1]);
  if (!options.figures.empty())
    write_figure(options.figures, "lengths.svg",
                 svg_curves(curves, {.title = "Trained on 8 to 16 words",
                                     .x_axis = "words in the sequence",
                                     .y_axis = "accuracy (%)",
                                     .baseline = 100 * chance,
                                     .baseline_name = "chance",
                                     .points = true}));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_06",
                    .title = "Lesson 06 · Positional encoding: making word order available",
                    .more = {{"--positions", "none|sinusoidal|learned",
                              "train only the model with these positions (default: all three)"}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    bag_of_words(page, gen);
    encoding_table(options, page);
    frequencies(page);
    dot_products(options, page);
    longer_sequences(options, page, order_task(options, page, gen));
    page.print("");
    page.say("Next: ./lesson_07 builds the whole encoder and classifies reviews.");
  });
}
