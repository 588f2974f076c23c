// Lesson 09 · Attention against recurrent nets
//
//   the course        RNN / LSTM     Transformer
//   parallel          hard           easy             each row is measured here:
//   far words         hard           easy             claim — what came out — holds or does not
//   training          slow           fast
//   memory            O(n)           O(n²)
//   position          implicit       explicit
//
// An LSTM, which reads one word after the other, against an encoder layer, which reads all of them at once, with as
// many parameters. models.h holds the two and their tasks, measures.h the clocks and scales.
// Run it: ./lesson_09 (or ./lesson_09 --figures figures).
#include "lessons/support/lesson.h"

#include <array>
#include <cmath>

#include "lessons/09_attention_vs_rnn/measures.h"
#include "lessons/09_attention_vs_rnn/models.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"

using namespace heed;
using namespace heed::lessons;

namespace {

// The rows of the course's table, and how many claims of each hold.
struct Table {
  struct Row {
    std::string name, rnn, transformer;
    int hold = 0, all = 0;
  };
  Page& page;
  std::vector<Row> rows = {};

  void row(const std::string& heading, const Row& said) {
    page.step(heading);
    page.say(
        concat("The course: ", said.rnn, " for an RNN or LSTM, ", said.transformer, " for a Transformer."));
    rows.push_back(said);
  }
  void claim(const std::string& what, const std::string& measured, bool holds) {
    page.claim(what, measured, holds);
    rows.back().hold += holds, ++rows.back().all;
  }
  void print() const {
    const std::vector<int> widths = {-14, -14, -14, -16};
    page.step("The table");
    page.print("    " + cells({"", "RNN / LSTM", "Transformer", "claims that hold"}, widths));
    for (const Row& r : rows)
      page.print("    " + cells({r.name, r.rnn, r.transformer, concat(r.hold, " of ", r.all)}, widths));
  }
};

// ---- 1: parallel ------------------------------------------------------------------------------------------

void chains(Table& table, Layer& lstm, Layer& attention, index_t width, Generator& gen) {
  Page& page = table.page;
  page.say(
      concat("One layer of each, ", width, " channels: ", lstm.parameter_count(), " and ",
             attention.parameter_count(),
             " parameters. First without a clock: the longest chain of ops that each need the one before."));
  page.print("\n    " + cells({"words", "LSTM", "attention"}, {8, 10, 12}));
  std::vector<std::array<index_t, 2>> longest;
  for (const index_t n : {8, 16, 32, 64}) {
    const auto words = random_words(n, 1, width, gen);
    const auto& [one, other] = longest.emplace_back(
        std::array{longest_chain(lstm.forward(words)), longest_chain(attention.forward(words))});
    page.print("    " + cells({concat(n), concat(one), concat(other)}, {8, 10, 12}));
  }
  table.claim("an LSTM's steps wait for each other, attention's do not",
              concat("at 8 times the words the LSTM's chain is ",
                     fixed(static_cast<double>(longest[3][0]) / static_cast<double>(longest[0][0]), 1),
                     " times as long, attention's ",
                     fixed(static_cast<double>(longest[3][1]) / static_cast<double>(longest[0][1]), 1)),
              longest[3][0] > 7 * longest[0][0] && longest[3][1] == longest[0][1]);
}

// What a pass over the longest text took, with 2 threads.
struct Longest {
  index_t words;
  double lstm, attention;  // milliseconds
};
Longest parallel(const Options& options, Table& table, Generator gen) {
  constexpr index_t width = 64, batch = 16;
  table.row("Steps that wait for each other", {"parallel", "hard", "easy"});
  Layer lstm(Kind::lstm, width, gen), attention(Kind::attention, width, gen);
  chains(table, lstm, attention, width, gen);

  std::vector<index_t> lengths = {16, 32, 64, 128, 256, 512};
  if (options.quick) lengths = {16, 32};
  const std::vector<int> widths = {8, 14, 12, 16, 12};
  std::string rows =
      "\n    " + cells({"words", "LSTM, 1", "2 threads", "attention, 1", "2 threads"}, widths) + "\n";
  std::vector<SvgCurve> curves = {{"LSTM, 1 thread", {}, {}},
                                  {"LSTM, 2 threads", {}, {}},
                                  {"attention, 1 thread", {}, {}},
                                  {"attention, 2 threads", {}, {}}};
  std::array<double, 4> last{};
  for (const index_t n : lengths) {
    last = milliseconds(lstm, attention, random_words(n, batch, width, gen), options.quick ? 1 : 9);
    std::vector<std::string> row = {concat(n)};
    for (std::size_t i = 0; i < 4; ++i) {
      row.push_back(fixed(last[i], 1));
      curves[i].x.push_back(static_cast<double>(n)), curves[i].y.push_back(last[i]);
    }
    rows += "    " + cells(row, widths) + "\n";
  }
  if (!options.figures.empty())
    write_figure(options.figures, "time.svg",
                 svg_curves(curves, {.title = "A forward and a backward pass, by length",
                                     .x_axis = "words in the text",
                                     .y_axis = "milliseconds (16 texts, 64 channels)"}));
  Page& page = table.page;
  page.print("");
  if (options.quick) {
    page.say("Timings are left out of a quick run.");
    return {};
  }
  page.say(concat("Now with a clock: milliseconds of a forward and a backward pass over ", batch, " texts."));
  page.print(rows);
  const double lstm_gain = last[0] / last[1], attention_gain = last[2] / last[3];
  table.claim("a second thread helps attention more",
              concat("at ", lengths.back(), " words attention is ", fixed(attention_gain, 2),
                     " times as fast with it, the LSTM ", fixed(lstm_gain, 2), " times"),
              attention_gain > lstm_gain + 0.1);
  return {lengths.back(), last[1], last[3]};
}

// ---- 2: far words -----------------------------------------------------------------------------------------

const std::vector<int> by_kind = {10, 12, 12, 14, 13};  // columns: words away, and one for each kind
std::vector<SvgCurve> curve_of_each_kind() {
  std::vector<SvgCurve> curves(kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) curves[i].name = name(kinds[i]);
  return curves;
}
std::string heading_by_kind() {
  std::vector<std::string> row = {"words away"};
  for (const Kind kind : kinds) row.push_back(name(kind));
  return "\n    " + cells(row, by_kind) + "\n";
}

void gradients(const Options& options, Table& table, const Generator& gen) {
  table.row("Words that are far apart", {"far words", "hard", "easy"});
  table.page.say(
      "Before any training: how much gradient reaches the first word from the last output, as a "
      "share of what the last word gets. \"Open\" is an LSTM whose forget gates start open.");
  std::vector<SvgCurve> curves = curve_of_each_kind();
  const std::vector<index_t> distances = {1, 4, 16, 32, 64};
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    Generator own = gen;
    Layer layer(kinds[k], narrow, own);
    layer.to(f64);  // float32 ends at 1e-38
    for (const index_t d : distances) {
      curves[k].x.push_back(static_cast<double>(d));
      curves[k].y.push_back(share_of_the_first(layer, d, own));
    }
  }
  std::string rows = heading_by_kind();
  for (std::size_t i = 0; i < distances.size(); ++i) {
    std::vector<std::string> row = {concat(distances[i])};
    for (const SvgCurve& curve : curves) row.push_back(scientific(curve.y[i]));
    rows += "    " + cells(row, by_kind) + "\n";
  }
  table.page.print(rows);
  const double rnn = curves[0].y.back(), lstm = curves[1].y.back(), attention = curves[3].y.back();
  table.claim("gradients fade on their way back through an RNN or LSTM",
              concat("64 words away ", scientific(rnn), " and ", scientific(lstm),
                     " are left, of attention's ", scientific(attention)),
              rnn < 1e-6 && lstm < 1e-6 && attention > 1e-4);
  if (options.figures.empty()) return;
  for (SvgCurve& curve : curves)
    for (double& share : curve.y) share = std::log10(share);
  write_figure(options.figures, "gradient.svg",
               svg_curves(curves, {.title = "The gradient that reaches a word, before training",
                                   .x_axis = "words away",
                                   .y_axis = "log10 of its share of what the last word gets"}));
}

void far_words(const Options& options, Table& table, const Generator& gen) {
  const int most = options.quick ? 4 : 600;
  table.page.print("");
  table.page.say(concat("Which of eight words stood first? Trained on noise between it and the question, ",
                        most, " steps at most, and tested on 500 texts:"));
  std::vector<SvgCurve> curves = curve_of_each_kind();
  std::string rows = heading_by_kind();
  {
    Progress progress("first word", 20, options.quiet);
    std::int64_t done = 0;
    for (const index_t d : {4, 8, 16, 32, 64}) {
      std::vector<std::string> row = {concat(d)};
      for (const Kind kind : kinds) {
        const double right = train(recall(d), kind, most, gen).right;
        row.push_back(percent(right));
        SvgCurve& curve = curves[static_cast<std::size_t>(kind)];
        curve.x.push_back(static_cast<double>(d)), curve.y.push_back(100 * right);
        progress.update(++done, concat(name(kind), " at ", d, ": ", percent(right)));
      }
      rows += "    " + cells(row, by_kind) + "\n";
    }
  }
  table.page.print(rows);
  const auto right = [&](Kind kind, std::size_t i) {
    return curves[static_cast<std::size_t>(kind)].y[i] / 100;
  };
  const auto at = [&](Kind kind, std::size_t i) {
    return concat(percent(right(kind, i)), " right at ", curves[0].x[i], " words");
  };
  table.claim("an RNN loses the first word", at(Kind::rnn, 3), right(Kind::rnn, 3) < 0.5);
  table.claim("an LSTM loses it too", at(Kind::lstm, 3), right(Kind::lstm, 3) < 0.5);
  table.claim("attention finds it at any distance", at(Kind::attention, 4),
              right(Kind::attention, 4) >= 0.95);
  table.claim("no LSTM finds it that far away", at(Kind::open_lstm, 4) + " where forget gates start open",
              right(Kind::open_lstm, 4) < 0.5);
  if (!options.figures.empty())
    write_figure(options.figures, "recall.svg",
                 svg_curves(curves, {.title = "Which word stood first?",
                                     .x_axis = "words away",
                                     .y_axis = "right (%)",
                                     .baseline = 12.5,
                                     .baseline_name = "guessing"}));
}

// ---- 3: training ------------------------------------------------------------------------------------------

void training(const Options& options, Table& table, const Generator& gen, const Longest& longest) {
  table.row("Training", {"training", "slow", "fast"});
  const int starts = options.quick ? 1 : 3;
  Page& page = table.page;
  page.say(concat("Two questions: which of eight words stood first, and which of two words comes first.",
                  " Until 98 % are right; means of ", starts, starts == 1 ? " start" : " starts",
                  ", the same texts for both."));
  const auto costs = learn_both(options, starts, gen);
  const std::vector<int> widths = {-14, 6, 7, 11, 7, 11, 7, 11};
  const auto line = [&](std::vector<std::string> row) {
    if (options.quick) row.resize(4);  // no clock
    page.print("    " +
               cells(row, {widths.begin(), widths.begin() + static_cast<std::ptrdiff_t>(row.size())}));
  };
  page.print("");
  line({"", "", "steps", "", "ms each", "", "seconds", ""});
  line({"", "words", "LSTM", "attention", "LSTM", "attention", "LSTM", "attention"});
  bool faster = true;
  std::string factors;
  for (const Cost& c : costs) {
    std::vector<std::string> row = {c.question, concat(c.words)};
    for (const double sum : c.steps) row.push_back(fixed(sum / starts, 0));
    for (const std::size_t i : {0U, 1U}) row.push_back(fixed(1000 * c.seconds[i] / c.steps[i], 1));
    for (const double sum : c.seconds) row.push_back(fixed(sum / starts, 2));
    line(row);
    faster &= c.seconds[1] < c.seconds[0];
    factors += (factors.empty() ? "" : ", ") + fixed(c.seconds[0] / c.seconds[1], 1);
  }
  for (const std::size_t i : {1U, 3U})
    table.claim("attention learns " + costs[i - 1].question + " in fewer steps",
                concat(fixed(costs[i].steps[1] / starts, 0), " at ", costs[i].words, " words, the LSTM ",
                       fixed(costs[i].steps[0] / starts, 0)),
                costs[i].steps[1] < costs[i].steps[0]);
  if (options.quick) return;
  table.claim("and in less time", "the LSTM takes " + factors + " times its time", faster);
  table.claim("a pass is faster however long the text",
              concat("over ", longest.words, " words ", fixed(longest.attention, 0), " ms, the LSTM's ",
                     fixed(longest.lstm, 0)),
              longest.attention < longest.lstm);
}

// ---- 4: memory --------------------------------------------------------------------------------------------

void memory(const Options& options, Table& table, Generator gen) {
  table.row("Memory", {"memory", "O(n)", "O(n²)"});
  table.page.say(
      "The most megabytes that tensors hold at once during a forward and a backward pass over one "
      "text. Attention twice: as it reads, in steps, and as the one op that models use.");
  Layer lstm(Kind::lstm, narrow, gen);
  const std::vector<index_t> lengths = {128, 256, 512, 1024, 2048};
  std::vector<SvgCurve> curves = {
      {"LSTM", {}, {}}, {"attention, in steps", {}, {}}, {"attention, one op", {}, {}}};
  const std::vector<int> widths = {8, 10, 12, 12};
  table.page.print("\n    " + cells({"words", "LSTM", "in steps", "one op"}, widths));
  for (const index_t n : lengths) {
    const auto words = random_words(n, 1, narrow, gen);
    const Tensor x = randn({n, narrow}, gen).set_requires_grad();
    const std::array<double, 3> bytes = {peak_bytes([&] { return lstm.forward(words); }),
                                         peak_bytes([&] { return attention(x, x, x).output; }),
                                         peak_bytes([&] { return scaled_dot_product_attention(x, x, x); })};
    std::vector<std::string> row = {concat(n)};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      row.push_back(fixed(bytes[i] / 1e6, 2));
      curves[i].x.push_back(std::log2(n)), curves[i].y.push_back(std::log2(bytes[i] / 1e6));
    }
    table.page.print("    " + cells(row, widths));
  }
  // bytes = c · n^p: p is the slope of the logarithms, here from 512 words to 2048.
  const auto power = [&](std::size_t i) { return (curves[i].y[4] - curves[i].y[2]) / 2; };
  const auto grows = [&](std::size_t i) {
    return "with n to the " + fixed(power(i), 1) + " from 512 words to 2048";
  };
  table.claim("an LSTM's grows with n", grows(0), power(0) < 1.3);
  table.claim("attention's in steps grows with n²", grows(1), power(1) > 1.7);
  table.claim("that of the one op grows with n² too", grows(2), power(2) > 1.7);
  if (!options.figures.empty())
    write_figure(options.figures, "memory.svg",
                 svg_curves(curves, {.title = "Memory of a forward and a backward pass",
                                     .x_axis = "log2 of the words (7: 128, 11: 2048)",
                                     .y_axis = "log2 of the megabytes"}));
}

// ---- 5: position ------------------------------------------------------------------------------------------

void position(Table& table, Generator gen) {
  table.row("Position", {"position", "implicit", "explicit"});
  table.page.say("Sixteen words are shuffled. How far does the mean of a layer's outputs move?");
  const auto words = random_words(16, 1, narrow, gen);
  auto shuffled = words;
  gen.shuffle(shuffled);
  const auto moved = [&](Layer& layer, const Tensor& marks) {  // marks (n, C), or undefined
    const auto summary = [&](std::vector<Tensor> x) {
      for (std::size_t i = 0; i < x.size() && marks.defined(); ++i)
        x[i] = x[i] + marks[static_cast<index_t>(i)];
      return mean(layer.forward(x), 0);
    };
    return max_abs_difference(summary(words), summary(shuffled));
  };
  Layer lstm(Kind::lstm, narrow, gen), attention(Kind::attention, narrow, gen);
  const double reading = moved(lstm, {}), blind = moved(attention, {}),
               marked = moved(attention, nn::sinusoidal_table(16, narrow));
  table.claim("an LSTM has the order in its steps", "its mean moves by " + fixed(reading, 2), reading > 0.01);
  table.claim("attention has no order", "its mean moves by less than 1e-6", blind < 1e-6);
  table.claim("until it is given marks", "with positional encoding it moves by " + fixed(marked, 2),
              marked > 0.01);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_09", .title = "Lesson 09 · Attention against recurrent nets"};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    Table table{page};
    const Longest longest = parallel(options, table, gen.fork());
    gradients(options, table, gen.fork());
    far_words(options, table, gen.fork());
    training(options, table, gen.fork(), longest);
    memory(options, table, gen.fork());
    position(table, gen.fork());
    table.print();
    page.print("");
    page.say("Next: lesson 10, the families of models that were built from this.");
  });
}
