// Lesson 09 · Attention and recurrent networks
//
//   the course        RNN / LSTM     Transformer
//   parallelism       hard           easy
//   long range        hard           easy
//   training          slow           fast
//   memory            O(n)           O(n²)
//   position          implicit       explicit
//
// Measures each row of this table with an LSTM, which processes one token after another, and an
// encoder layer with about as many parameters, which processes all tokens at once. models.h
// contains the layers and the tasks, measures.h the measurements. Run it: ./lesson_09 (or
// ./lesson_09 --figures figures).
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

// The rows of the course's table, with the number of claims of each that hold.
struct Table {
  struct Row {
    std::string name, rnn, transformer;
    int holding = 0, total = 0;
  };
  Page& page;
  std::vector<Row> rows = {};

  void row(const std::string& heading, const Row& row) {
    page.step(heading);
    page.say(
        concat("The course: ", row.rnn, " for an RNN or LSTM, ", row.transformer, " for a Transformer."));
    rows.push_back(row);
  }
  void claim(const std::string& claim, const std::string& measured, bool holds) {
    page.claim(claim, measured, holds);
    rows.back().holding += holds;
    ++rows.back().total;
  }
  void print() const {
    const std::vector<int> widths = {-14, -14, -14, -16};
    page.step("Summary");
    page.print("    " + cells({"", "RNN / LSTM", "Transformer", "claims that hold"}, widths));
    for (const Row& r : rows)
      page.print("    " + cells({r.name, r.rnn, r.transformer, concat(r.holding, " of ", r.total)}, widths));
  }
};

// ---- 1: parallelism ---------------------------------------------------------------------------------------

void compare_chains(Table& table, Layer& lstm, Layer& attention, index_t width, Generator& gen) {
  Page& page = table.page;
  page.say(concat("One layer of each, ", width, " channels: ", lstm.parameter_count(), " and ",
                  attention.parameter_count(),
                  " parameters. The longest chain of dependent ops, which cannot run in parallel:"));
  page.print("\n    " + cells({"tokens", "LSTM", "attention"}, {8, 10, 12}));
  std::vector<std::array<index_t, 2>> longest;
  for (const index_t n : {8, 16, 32, 64}) {
    const auto tokens = random_tokens(n, 1, width, gen);
    const auto& [lstm_chain, attention_chain] = longest.emplace_back(
        std::array{longest_chain(lstm.forward(tokens)), longest_chain(attention.forward(tokens))});
    page.print("    " + cells({concat(n), concat(lstm_chain), concat(attention_chain)}, {8, 10, 12}));
  }
  table.claim("the steps of an LSTM are sequential, those of attention are not",
              concat("with 8 times the tokens, the LSTM's chain is ",
                     fixed(static_cast<double>(longest[3][0]) / static_cast<double>(longest[0][0]), 1),
                     " times as long, attention's ",
                     fixed(static_cast<double>(longest[3][1]) / static_cast<double>(longest[0][1]), 1)),
              longest[3][0] > 7 * longest[0][0] && longest[3][1] == longest[0][1]);
}

// Times of a pass over the longest sequence, with 2 threads.
struct Longest {
  index_t tokens;
  double lstm, attention;  // milliseconds
};
Longest compare_times(const Options& options, Table& table, Generator gen) {
  constexpr index_t width = 64, batch = 16;
  table.row("Parallelism", {"parallelism", "hard", "easy"});
  Layer lstm(Kind::lstm, width, gen), attention(Kind::attention, width, gen);
  compare_chains(table, lstm, attention, width, gen);

  std::vector<index_t> lengths = {16, 32, 64, 128, 256, 512};
  if (options.quick) lengths = {16, 32};
  const std::vector<int> widths = {8, 14, 12, 16, 12};
  std::string rows =
      "\n    " + cells({"tokens", "LSTM, 1", "2 threads", "attention, 1", "2 threads"}, widths) + "\n";
  std::vector<SvgCurve> curves = {{"LSTM, 1 thread", {}, {}},
                                  {"LSTM, 2 threads", {}, {}},
                                  {"attention, 1 thread", {}, {}},
                                  {"attention, 2 threads", {}, {}}};
  std::array<double, 4> last{};
  for (const index_t n : lengths) {
    last = milliseconds(lstm, attention, random_tokens(n, batch, width, gen), options.quick ? 1 : 9);
    std::vector<std::string> row = {concat(n)};
    for (std::size_t i = 0; i < 4; ++i) {
      row.push_back(fixed(last[i], 1));
      curves[i].x.push_back(static_cast<double>(n));
      curves[i].y.push_back(last[i]);
    }
    rows += "    " + cells(row, widths) + "\n";
  }
  if (!options.figures.empty())
    write_figure(options.figures, "time.svg",
                 svg_curves(curves, {.title = "Time of a forward and a backward pass",
                                     .x_axis = "tokens per sequence",
                                     .y_axis = "milliseconds (16 sequences, 64 channels)"}));
  Page& page = table.page;
  page.print("");
  if (options.quick) {
    page.say("A quick run does not measure times.");
    return {};
  }
  page.say(concat("Milliseconds of a forward and a backward pass over ", batch, " sequences:"));
  page.print(rows);
  const double lstm_gain = last[0] / last[1], attention_gain = last[2] / last[3];
  table.claim("a second thread helps attention more",
              concat("at ", lengths.back(), " tokens, attention is ", fixed(attention_gain, 2),
                     " times as fast with it, the LSTM ", fixed(lstm_gain, 2), " times"),
              attention_gain > lstm_gain + 0.1);
  return {lengths.back(), last[1], last[3]};
}

// ---- 2: long-range dependencies ---------------------------------------------------------------------------

const std::vector<int> column_widths = {10, 12, 12, 14,
                                        13};  // column widths: the distance, then one per kind
std::vector<SvgCurve> curves_by_kind() {
  std::vector<SvgCurve> curves(kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) curves[i].name = name(kinds[i]);
  return curves;
}
std::string heading_by_kind() {
  std::vector<std::string> row = {"distance"};
  for (const Kind kind : kinds) row.push_back(name(kind));
  return "\n    " + cells(row, column_widths) + "\n";
}

void compare_gradients(const Options& options, Table& table, const Generator& gen) {
  table.row("Long-range dependencies", {"long range", "hard", "easy"});
  table.page.say(
      "Before training: the gradient of the last output with respect to the first token, relative to that "
      "of the last token, by the distance of the two. \"LSTM, bias 5\" is initialised with a forget bias of "
      "5.");
  std::vector<SvgCurve> curves = curves_by_kind();
  const std::vector<index_t> distances = {1, 4, 16, 32, 64};
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    Generator layer_gen = gen;
    Layer layer(kinds[k], narrow, layer_gen);
    layer.to(f64);  // float32 underflows at 1e-38
    for (const index_t d : distances) {
      curves[k].x.push_back(static_cast<double>(d));
      curves[k].y.push_back(relative_gradient(layer, d, layer_gen));
    }
  }
  std::string rows = heading_by_kind();
  for (std::size_t i = 0; i < distances.size(); ++i) {
    std::vector<std::string> row = {concat(distances[i])};
    for (const SvgCurve& curve : curves) row.push_back(scientific(curve.y[i]));
    rows += "    " + cells(row, column_widths) + "\n";
  }
  table.page.print(rows);
  const double rnn = curves[0].y.back(), lstm = curves[1].y.back(), attention = curves[3].y.back();
  table.claim("gradients vanish in an RNN or LSTM",
              concat("at distance 64: ", scientific(rnn), " and ", scientific(lstm), ", attention ",
                     scientific(attention)),
              rnn < 1e-6 && lstm < 1e-6 && attention > 1e-4);
  if (options.figures.empty()) return;
  for (SvgCurve& curve : curves)
    for (double& gradient : curve.y) gradient = std::log10(gradient);
  write_figure(options.figures, "gradient.svg",
               svg_curves(curves, {.title = "Gradient by distance, before training",
                                   .x_axis = "distance (tokens)",
                                   .y_axis = "log10 of the gradient, relative to the last token"}));
}

void compare_recall(const Options& options, Table& table, const Generator& gen) {
  const int max_steps = options.quick ? 4 : 600;
  table.page.print("");
  table.page.say(
      concat("Recall: which of eight tokens came first? Noise tokens separate it from the query. At most ",
             max_steps, max_steps == 1 ? " step" : " steps",
             " of training, then the accuracy on 500 new sequences:"));
  std::vector<SvgCurve> curves = curves_by_kind();
  std::string rows = heading_by_kind();
  {
    Progress progress("recall", 20, options.quiet);
    std::int64_t done = 0;
    for (const index_t d : {4, 8, 16, 32, 64}) {
      std::vector<std::string> row = {concat(d)};
      for (const Kind kind : kinds) {
        const double accuracy = train(recall(d), kind, max_steps, gen).accuracy;
        row.push_back(percent(accuracy));
        SvgCurve& curve = curves[static_cast<std::size_t>(kind)];
        curve.x.push_back(static_cast<double>(d));
        curve.y.push_back(100 * accuracy);
        progress.update(++done, concat(name(kind), " at ", d, ": ", percent(accuracy)));
      }
      rows += "    " + cells(row, column_widths) + "\n";
    }
  }
  table.page.print(rows);
  const auto accuracy_of = [&](Kind kind, std::size_t i) {
    return curves[static_cast<std::size_t>(kind)].y[i] / 100;
  };
  const auto measured = [&](Kind kind, std::size_t i) {
    return concat("accuracy ", percent(accuracy_of(kind, i)), " at distance ", curves[0].x[i]);
  };
  table.claim("an RNN forgets the first token", measured(Kind::rnn, 3), accuracy_of(Kind::rnn, 3) < 0.5);
  table.claim("an LSTM forgets it, too", measured(Kind::lstm, 3), accuracy_of(Kind::lstm, 3) < 0.5);
  table.claim("attention recalls it at any distance", measured(Kind::attention, 4),
              accuracy_of(Kind::attention, 4) >= 0.95);
  table.claim("no LSTM recalls it at that distance",
              measured(Kind::forget_lstm, 4) + " with a forget bias of 5",
              accuracy_of(Kind::forget_lstm, 4) < 0.5);
  if (!options.figures.empty())
    write_figure(options.figures, "recall.svg",
                 svg_curves(curves, {.title = "Accuracy of recalling the first token",
                                     .x_axis = "distance (tokens)",
                                     .y_axis = "accuracy (%)",
                                     .baseline = 12.5,
                                     .baseline_name = "chance level"}));
}

// ---- 3: training ------------------------------------------------------------------------------------------

void compare_training(const Options& options, Table& table, const Generator& gen, const Longest& longest) {
  table.row("Training", {"training", "slow", "fast"});
  const int runs = options.quick ? 1 : 3;
  Page& page = table.page;
  page.say(
      concat("Two tasks: recall (which of eight tokens came first?) and order (which of two tokens comes "
             "first?). Steps until the training accuracy is 98 %; means over ",
             runs, runs == 1 ? " run" : " runs", ", with the same sequences for both models."));
  const auto costs = learn_both(options, runs, gen);
  const std::vector<int> widths = {-14, 6, 7, 11, 7, 11, 7, 11};
  const auto line = [&](std::vector<std::string> row) {
    if (options.quick) row.resize(4);  // a quick run does not measure times
    page.print("    " +
               cells(row, {widths.begin(), widths.begin() + static_cast<std::ptrdiff_t>(row.size())}));
  };
  page.print("");
  line({"", "", "steps", "", "ms each", "", "seconds", ""});
  line({"", "tokens", "LSTM", "attention", "LSTM", "attention", "LSTM", "attention"});
  bool faster = true;
  std::string factors;
  for (const Cost& c : costs) {
    std::vector<std::string> row = {c.name, concat(c.tokens)};
    for (const double sum : c.steps) row.push_back(fixed(sum / runs, 0));
    for (const std::size_t i : {0U, 1U}) row.push_back(fixed(1000 * c.seconds[i] / c.steps[i], 1));
    for (const double sum : c.seconds) row.push_back(fixed(sum / runs, 2));
    line(row);
    faster &= c.seconds[1] < c.seconds[0];
    factors += (factors.empty() ? "" : ", ") + fixed(c.seconds[0] / c.seconds[1], 1);
  }
  for (const std::size_t i : {1U, 3U})
    table.claim("attention learns " + costs[i - 1].name + " in fewer steps",
                concat(fixed(costs[i].steps[1] / runs, 0), " at ", costs[i].tokens, " tokens, the LSTM ",
                       fixed(costs[i].steps[0] / runs, 0)),
                costs[i].steps[1] < costs[i].steps[0]);
  if (options.quick) return;
  table.claim("attention learns them in less time", "the LSTM takes " + factors + " times as long", faster);
  table.claim("a pass is faster at any length",
              concat("over ", longest.tokens, " tokens ", fixed(longest.attention, 0), " ms, LSTM ",
                     fixed(longest.lstm, 0)),
              longest.attention < longest.lstm);
}

// ---- 4: memory --------------------------------------------------------------------------------------------

void compare_memory(const Options& options, Table& table, Generator gen) {
  table.row("Memory", {"memory", "O(n)", "O(n²)"});
  table.page.say(
      "Peak memory of tensors, in megabytes, during a forward and a backward pass over one sequence. "
      "Attention is measured twice: composed of separate ops, and as the fused op that the modules use.");
  Layer lstm(Kind::lstm, narrow, gen);
  const std::vector<index_t> lengths = {128, 256, 512, 1024, 2048};
  std::vector<SvgCurve> curves = {
      {"LSTM", {}, {}}, {"attention, composed", {}, {}}, {"attention, fused", {}, {}}};
  const std::vector<int> widths = {8, 10, 12, 12};
  table.page.print("\n    " + cells({"tokens", "LSTM", "composed", "fused"}, widths));
  for (const index_t n : lengths) {
    const auto tokens = random_tokens(n, 1, narrow, gen);
    const Tensor x = randn({n, narrow}, gen).set_requires_grad();
    const std::array<double, 3> bytes = {peak_bytes([&] { return lstm.forward(tokens); }),
                                         peak_bytes([&] { return attention(x, x, x).output; }),
                                         peak_bytes([&] { return scaled_dot_product_attention(x, x, x); })};
    std::vector<std::string> row = {concat(n)};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      row.push_back(fixed(bytes[i] / 1e6, 2));
      curves[i].x.push_back(std::log2(n));
      curves[i].y.push_back(std::log2(bytes[i] / 1e6));
    }
    table.page.print("    " + cells(row, widths));
  }
  // If bytes = c · n^p, p is the slope of the logarithms, here from 512 to 2048 tokens.
  const auto power = [&](std::size_t i) { return (curves[i].y[4] - curves[i].y[2]) / 2; };
  const auto grows = [&](std::size_t i) { return "as n^" + fixed(power(i), 1) + " from 512 to 2048 tokens"; };
  table.claim("the memory of an LSTM grows as n", grows(0), power(0) < 1.3);
  table.claim("that of composed attention grows as n²", grows(1), power(1) > 1.7);
  table.claim("that of fused attention grows as n², too", grows(2), power(2) > 1.7);
  if (!options.figures.empty())
    write_figure(options.figures, "memory.svg",
                 svg_curves(curves, {.title = "Memory of a forward and a backward pass",
                                     .x_axis = "log2 of the tokens (7: 128, 11: 2048)",
                                     .y_axis = "log2 of the megabytes"}));
}

// ---- 5: position ------------------------------------------------------------------------------------------

void compare_positions(Table& table, Generator gen) {
  table.row("Position", {"position", "implicit", "explicit"});
  table.page.say("16 tokens are shuffled. How much does the mean of a layer's outputs change?");
  const auto tokens = random_tokens(16, 1, narrow, gen);
  auto shuffled = tokens;
  gen.shuffle(shuffled);
  // The positional encoding is (n, C), or undefined for none.
  const auto change = [&](Layer& layer, const Tensor& encoding) {
    const auto summary = [&](std::vector<Tensor> x) {
      for (std::size_t i = 0; i < x.size() && encoding.defined(); ++i)
        x[i] = x[i] + encoding[static_cast<index_t>(i)];
      return mean(layer.forward(x), 0);
    };
    return max_abs_difference(summary(tokens), summary(shuffled));
  };
  Layer lstm(Kind::lstm, narrow, gen), attention(Kind::attention, narrow, gen);
  const double recurrent = change(lstm, {}), plain = change(attention, {}),
               encoded = change(attention, nn::sinusoidal_table(16, narrow));
  table.claim("an LSTM depends on the order", "its mean changes by " + fixed(recurrent, 2), recurrent > 0.01);
  table.claim("attention does not", "its mean changes by less than 1e-6", plain < 1e-6);
  table.claim("with a positional encoding it does", "its mean changes by " + fixed(encoded, 2),
              encoded > 0.01);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_09", .title = "Lesson 09 · Attention and recurrent networks"};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    Table table{page};
    const Longest longest = compare_times(options, table, gen.fork());
    compare_gradients(options, table, gen.fork());
    compare_recall(options, table, gen.fork());
    compare_training(options, table, gen.fork(), longest);
    compare_memory(options, table, gen.fork());
    compare_positions(table, gen.fork());
    table.print();
    page.print("");
    page.say("Next: lesson 10, model families built from the Transformer.");
  });
}
