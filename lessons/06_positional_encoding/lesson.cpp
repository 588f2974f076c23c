// Lesson 06 · Positional encoding: telling attention where a word stands
//
//   PE(p, 2i)     = sin(p / 10000^(2i / d))       even channels: sines, from fast to slow
//   PE(p, 2i + 1) = cos(p / 10000^(2i / d))       odd channels: the cosines of the same angles
//   x + PE                                        added to the words before the first layer
//
// Attention reads a bag of words. This program shows it, looks at the waves that give every place a mark of its own,
// and trains three models on a task that only order can solve: without positions, with sinusoids, with a learned table.
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

void a_bag_of_words(Page& page, Generator& gen) {
  page.step("Attention reads a bag of words");
  page.say(
      "A whole encoder of two layers reads six words, and then the same words from the last to the first. "
      "The mean of its outputs, which a classifier would look at, is the same: \"dog bites man\" and \"man "
      "bites dog\" are one.");
  nn::TransformerEncoder encoder(
      {.layer = {.d_model = 16, .nhead = 2, .dim_feedforward = 32, .dropout = 0, .batch_first = true},
       .num_layers = 2},
      gen);
  const Tensor words = randn({1, 6, 16}, gen), backwards = flip(words, {1});
  const auto summary = [&](const Tensor& x) { return mean(encoder.forward(x), 1); };
  const double blind = max_abs_difference(summary(words), summary(backwards));
  const Tensor table = nn::sinusoidal_table(6, 16);
  const double seeing = max_abs_difference(summary(words + table), summary(backwards + table));
  page.claim("without positions order does not matter", "read backwards, the mean moves by less than 1e-6",
             blind < 1e-6);
  page.claim("with positions it does", "the mean moves by " + fixed(seeing, 2), seeing > 0.01);
}

void the_table(const Options& options, Page& page) {
  page.step("A mark for every place");
  page.say(
      "Channels come in pairs, the sine and the cosine of one angle. The first pair turns by one radian from "
      "word to word, the last hardly at all; together they tell every place from every other, as the hands "
      "of a clock do. With d = 6:");
  const Tensor six = nn::sinusoidal_table(4, 6);
  page.print("\n    " + cells({"place", "sin", "cos", "sin", "cos", "sin", "cos"}, {-6, 9, 9, 9, 9, 9, 9}));
  for (index_t p = 0; p < 4; ++p) {
    std::vector<std::string> row = {concat(p)};
    for (const double value : six[p].to_vector()) row.push_back(fixed(value, 4));
    page.print("    " + cells(row, {-6, 9, 9, 9, 9, 9, 9}));
  }
  page.print("");
  page.say(
      "The sines alone, 16 places down, 32 channels across (light: -1, dark: 1); fast waves left, slow ones "
      "right:");
  const Tensor waves = (nn::sinusoidal_table(16, 64).slice(1, 0, 64, 2) + 1.0) / 2.0;
  page.print("\n" + indented(picture(waves), 4));
  double nearest = INFINITY;
  const Tensor table = nn::sinusoidal_table(512, 32);
  for (index_t p = 1; p < 512; ++p) {
    const Tensor distance = table.slice(0, 0, p) - table[p];
    nearest = std::min(nearest, std::sqrt(min((distance * distance).sum(-1)).item()));
  }
  page.claim("no two places share a mark",
             "of 512 places the nearest two are " + fixed(nearest, 2) + " apart", nearest > 0.1);
  if (!options.figures.empty())
    write_figure(options.figures, "waves.svg",
                 svg_heat_map((nn::sinusoidal_table(48, 64).slice(1, 0, 64, 2) + 1.0) / 2.0,
                              {.title = "The sines of positional encoding: white -1, dark 1",
                               .row_axis = "place 0 … 47",
                               .column_axis = "channel 0, 2, … 62"}));
}

void only_the_distance(const Options& options, Page& page) {
  page.step("A product that knows the distance");
  page.say(
      "PE(p) · PE(p + k) is a sum of cos(k · frequency): it depends on how far two places are apart, and not "
      "on where they are. So a query can ask for \"three words back\" anywhere in the text. With d = 64:");
  const Tensor table = nn::sinusoidal_table(200, 64, f64);
  const auto product = [&](index_t p, index_t k) { return (table[p] * table[p + k]).sum().item(); };
  page.print("\n    " + cells({"k", "from place 0", "from 10", "from 100"}, {3, 14, 10, 11}));
  double spread = 0;
  for (const index_t k : {0, 1, 2, 4, 8, 16, 32, 64}) {
    page.print("    " + cells({concat(k), fixed(product(0, k), 3), fixed(product(10, k), 3),
                               fixed(product(100, k), 3)},
                              {3, 14, 10, 11}));
    for (const index_t p : {10, 100}) spread = std::max(spread, std::abs(product(p, k) - product(0, k)));
  }
  page.claim("the product depends on the distance alone", "over all places it differs by less than 1e-12",
             spread < 1e-12);
  if (options.figures.empty()) return;
  SvgCurve curve{.name = "PE(p) · PE(p + k)", .x = {}, .y = {}};
  for (index_t k = 0; k <= 100; ++k)
    curve.x.push_back(static_cast<double>(k)), curve.y.push_back(product(50, k));
  write_figure(options.figures, "distance.svg",
               svg_curves({curve}, {.title = "Near places are alike",
                                    .x_axis = "distance k (words)",
                                    .y_axis = "product of two marks, d = 64"}));
}

// ---- a task that only order can solve ---------------------------------------------------------------------

enum class Positions { none, sinusoidal, learned };

// Does the word "a" come before the word "b"? Ten other words stand around them.
struct Reader : nn::ModuleOf<Reader> {
  static constexpr index_t width = 32, longest = 128;
  Positions positions;
  nn::Embedding words;
  nn::PositionalEncoding sinusoids;
  nn::LearnedPositionalEncoding learned;
  nn::TransformerEncoder encoder;
  nn::Linear answer;

  Reader(Positions p, Generator& gen)
      : positions(p),
        words({.num_embeddings = 12, .embedding_dim = width}, gen),
        sinusoids({.d_model = width, .dropout = 0, .max_len = longest, .batch_first = true}, gen),
        learned({.d_model = width, .dropout = 0, .max_len = longest, .batch_first = true}, gen),
        encoder({.layer =
                     {.d_model = width, .nhead = 2, .dim_feedforward = 64, .dropout = 0, .batch_first = true},
                 .num_layers = 2},
                gen),
        answer({.in = width, .out = 2}, gen) {}

  // ids (B, T) -> (B, 2)
  Tensor forward(const IntTensor& ids) {
    Tensor x = words(ids);
    if (positions == Positions::sinusoidal) x = sinusoids(x);
    if (positions == Positions::learned) x = learned(x);
    return answer(mean(encoder.forward(x), 1));
  }
  void visit(nn::Visitor& v) override {
    v.child("words", words), v.child("sinusoids", sinusoids), v.child("learned", learned);
    v.child("encoder", encoder), v.child("answer", answer);
  }
  std::string type() const override { return "Reader"; }
};

struct Texts {
  IntTensor ids;     // (B, T)
  IntTensor answer;  // (B): 1 where word 0 comes before word 1
};
// Texts come in pairs that differ in nothing but the order of the two words.
Texts make_texts(index_t pairs, index_t length, Generator& gen) {
  std::vector<index_t> ids, answer;
  for (index_t i = 0; i < pairs; ++i) {
    std::vector<index_t> text;
    for (index_t t = 0; t < length; ++t) text.push_back(2 + static_cast<index_t>(gen.below(10)));
    const auto first = gen.below(static_cast<std::uint64_t>(length));
    auto second = gen.below(static_cast<std::uint64_t>(length - 1));
    second += second >= first;
    for (const index_t swapped : {0, 1}) {
      text[first] = swapped, text[second] = 1 - swapped;
      ids.insert(ids.end(), text.begin(), text.end());
      answer.push_back((first < second) == (swapped == 0) ? 1 : 0);
    }
  }
  return {IntTensor(ids, {2 * pairs, length}), IntTensor(answer, {2 * pairs})};
}

double accuracy(Reader& model, const Texts& texts) {
  const NoGrad no_grad;
  const IntTensor guess = argmax(model.forward(texts.ids), -1);
  index_t right = 0;
  for (index_t i = 0; i < guess.numel(); ++i) right += guess[i] == texts.answer[i];
  return static_cast<double>(right) / static_cast<double>(guess.numel());
}

void train(const Options& options, const std::string& name, Reader& model, Generator gen) {
  const int steps = options.quick ? 60 : 600;
  optim::Adam optimizer(model.parameters(), {.lr = 2e-3});
  Progress progress(name, steps, options.quiet);
  for (int step = 1; step <= steps; ++step) {
    const Texts batch = make_texts(32, 8 + static_cast<index_t>(gen.below(9)), gen);  // 8 to 16 words
    const Tensor loss = cross_entropy(model.forward(batch.ids), batch.answer);
    optimizer.zero_grad();
    loss.backward();
    optim::clip_grad_norm(model.parameters(), 1.0);
    optimizer.step();
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
}

void an_order_task(const Options& options, Page& page, Generator& gen) {
  page.step("Does a come before b?");
  page.say(
      "Texts of 8 to 16 words; somewhere in them an a and a b, and the question is which comes first. For "
      "every text there is another with the two exchanged, so counting words cannot help.");
  const Texts test = make_texts(500, 16, gen);
  const std::vector<std::string> names = {"none", "sinusoids", "learned table"};
  const std::vector<index_t> lengths = {16, 20, 24, 32, 64};
  std::vector<Texts> longer;
  longer.reserve(lengths.size());
  for (const index_t length : lengths) longer.push_back(make_texts(250, length, gen));
  std::vector<double> right;
  std::vector<SvgCurve> curves;
  std::string table;
  for (const Positions positions : {Positions::none, Positions::sinusoidal, Positions::learned}) {
    const std::string& name = names[static_cast<std::size_t>(positions)];
    Reader model(positions, gen);
    train(options, name, model, gen.fork());
    right.push_back(accuracy(model, test));
    std::vector<std::string> row = {name};
    SvgCurve curve{.name = name, .x = {}, .y = {}};
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      const double share = accuracy(model, longer[i]);
      row.push_back(percent(share));
      curve.x.push_back(static_cast<double>(lengths[i])), curve.y.push_back(100 * share);
    }
    curves.push_back(curve);
    table += "    " + cells(row, {-14, 9, 9, 9, 9, 9}) + "\n";
  }
  page.claim("without positions it is a guess", percent(right[0]) + " right", right[0] <= 0.55);
  page.claim("sinusoids give order", percent(right[1]) + " right", right[1] >= 0.95);
  page.claim("and so does a learned table", percent(right[2]) + " right", right[2] >= 0.95);

  page.step("Longer than anything it has read");
  page.say(
      "The same models on longer texts. The learned table has never trained its rows beyond 16; the "
      "sinusoids go on, but "
      "nobody has shown the model how to read them there. The paper hoped that they would carry over:");
  page.print("\n    " + cells({"words", "16", "20", "24", "32", "64"}, {-14, 9, 9, 9, 9, 9}));
  page.print(table);
  const double carried = curves[1].y[3] / 100, learned = curves[2].y[3] / 100;
  page.claim("sinusoids carry over to twice the length",
             percent(carried) + " right at 32 words; the learned table " + percent(learned), carried >= 0.9);
  if (!options.figures.empty())
    write_figure(options.figures, "lengths.svg",
                 svg_curves(curves, {.title = "Trained on 8 to 16 words",
                                     .x_axis = "words in the text",
                                     .y_axis = "right (%)",
                                     .baseline = 50,
                                     .baseline_name = "guessing"}));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_06",
                    .title = "Lesson 06 · Positional encoding: telling attention where a word stands"};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    a_bag_of_words(page, gen);
    the_table(options, page);
    only_the_distance(options, page);
    an_order_task(options, page, gen);
    page.print("");
    page.say("Next: ./lesson_07 puts the whole encoder together and lets it read reviews.");
  });
}
