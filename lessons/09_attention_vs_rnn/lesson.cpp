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
// contains the layers and the tasks, measures.h the measurements, course_table.h the table.
// Usage: ./lesson_09 [--figures DIR] [--lr X]
#include "lessons/support/lesson.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "lessons/09_attention_vs_rnn/course_table.h"
#include "lessons/09_attention_vs_rnn/measures.h"
#include "lessons/09_attention_vs_rnn/models.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"

using namespace heed;
using namespace heed::lessons;

namespace {

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
  const auto growth = [&](std::size_t i) {
    return static_cast<double>(longest[3][i]) / static_cast<double>(longest[0][i]);
  };
  table.claim("chain", "the steps of an LSTM are sequential, those of attention are not",
              {"with 8 times the tokens, the LSTM's chain is ", number(growth(0), 1),
               " times as long, attention's ", number(growth(1), 1)},
              growth(0) > 7 && growth(1) == 1);
}

// Times of a forward and a backward pass, by length.
struct Times {
  std::vector<index_t> lengths;
  std::vector<std::array<Timing, 4>> passes;  // the LSTM with 1 and 2 threads, attention with 1 and 2
  Disturbance disturbance = {};
};

void draw_times(const Options& options, const Times& times) {
  std::vector<SvgCurve> curves = {{"LSTM, 1 thread", {}, {}},
                                  {"LSTM, 2 threads", {}, {}},
                                  {"attention, 1 thread", {}, {}},
                                  {"attention, 2 threads", {}, {}}};
  for (std::size_t n = 0; n < times.lengths.size(); ++n)
    for (std::size_t i = 0; i < 4; ++i) {
      curves[i].x.push_back(static_cast<double>(times.lengths[n]));
      curves[i].y.push_back(times.passes[n][i].milliseconds);
    }
  write_figure(options.figures, "time.svg",
               svg_curves(curves, {.title = "Time of a forward and a backward pass",
                                   .x_axis = "tokens per sequence",
                                   .y_axis = "milliseconds (16 sequences, 64 channels)",
                                   .points = true}));
}

Times compare_times(const Options& options, Table& table, Generator gen) {
  constexpr index_t width = 64, batch = 16;
  table.row("Parallelism", {"parallelism", "hard", "easy"});
  Layer lstm(Kind::lstm, width, gen), attention(Kind::attention, width, gen);
  compare_chains(table, lstm, attention, width, gen);

  Times times{.lengths = {16, 32, 64, 128, 256, 512}, .passes = {}};
  if (options.quick) times.lengths = {16, 32};
  const std::vector<int> widths = {8, 14, 12, 16, 12};
  std::string rows =
      "\n    " + cells({"tokens", "LSTM, 1", "2 threads", "attention, 1", "2 threads"}, widths) + "\n";
  for (const index_t n : times.lengths) {
    times.passes.push_back(milliseconds(lstm, attention, random_tokens(n, batch, width, gen),
                                        options.quick ? 1 : 9, times.disturbance));
    std::vector<std::string> row = {concat(n)};
    for (const Timing& timing : times.passes.back()) row.push_back(fixed(timing.milliseconds, 1));
    rows += "    " + cells(row, widths) + "\n";
  }
  if (!options.figures.empty()) draw_times(options, times);
  Page& page = table.page;
  page.print("");
  if (options.quick) {
    page.say("A quick run does not measure times.");
    return times;
  }
  page.say(concat("Milliseconds of a forward and a backward pass over ", batch, " sequences, medians of 9:"));
  page.print(rows);
  const auto& last = times.passes.back();
  const double lstm_gain = last[0].milliseconds / last[1].milliseconds,
               attention_gain = last[2].milliseconds / last[3].milliseconds;
  table.timed(
      "threads", "a second thread helps attention more",
      {"at ", number(static_cast<double>(times.lengths.back())), " tokens, attention is ",
       number(attention_gain, 2), " times as fast with it, the LSTM ", number(lstm_gain, 2), " times"},
      attention_gain > lstm_gain + 0.1, times.disturbance);
  return times;
}

// ---- 2: long-range dependencies ---------------------------------------------------------------------------

constexpr double recall_chance = 1.0 / answer_tokens;
double learning_rate(const Options& options) { return options.number("--lr", 3e-3); }

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

std::vector<std::string> parameters_by_kind() {
  std::vector<std::string> row = {"parameters"};
  Generator gen(0);
  for (const Kind kind : kinds) row.push_back(concat(Layer(kind, narrow, gen).parameter_count()));
  return row;
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
  rows += "    " + cells(parameters_by_kind(), column_widths) + "\n";
  for (std::size_t i = 0; i < distances.size(); ++i) {
    std::vector<std::string> row = {concat(distances[i])};
    for (const SvgCurve& curve : curves) row.push_back(scientific(curve.y[i]));
    rows += "    " + cells(row, column_widths) + "\n";
  }
  table.page.print(rows);
  const double rnn = curves[0].y.back(), lstm = curves[1].y.back(), attention = curves[3].y.back();
  table.claim("gradients", "gradients vanish in an RNN or LSTM",
              {"at distance ", number(static_cast<double>(distances.back())), ": ", power(rnn), " and ",
               power(lstm), ", attention ", power(attention)},
              rnn < 1e-6 && lstm < 1e-6 && attention > 1e-4);
  if (options.figures.empty()) return;
  write_figure(options.figures, "gradient.svg",
               svg_curves(curves, {.title = "Gradient by distance, before training",
                                   .x_axis = "distance (tokens)",
                                   .y_axis = "gradient, relative to the last token",
                                   .logarithmic_y = true,
                                   .points = true}));
}

void compare_recall(const Options& options, Table& table, const Generator& gen) {
  const int max_steps = options.quick ? 4 : 600;
  table.page.print("");
  table.page.say(concat(
      "Recall: which of eight tokens came first? Noise tokens separate it from the query. At most ",
      max_steps, max_steps == 1 ? " step" : " steps",
      " of training, then the accuracy on 500 new sequences. Chance level is ", percent(recall_chance), ":"));
  std::vector<SvgCurve> curves = curves_by_kind();
  std::string rows = heading_by_kind();
  {
    Progress progress("recall", 20, options.quiet);
    std::int64_t done = 0;
    for (const index_t d : {4, 8, 16, 32, 64}) {
      std::vector<std::string> row = {concat(d)};
      for (const Kind kind : kinds) {
        const double accuracy = train(recall(d), kind, max_steps, learning_rate(options), gen).accuracy;
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
  const auto accuracies = [&](Kind kind) -> const std::vector<double>& {
    return curves[static_cast<std::size_t>(kind)].y;
  };
  const auto measured = [&](Kind kind, std::size_t i) {
    return Measurement{"accuracy ",       percentage(accuracies(kind)[i] / 100),
                       " at distance ",   number(curves[0].x[i]),
                       "; chance level ", percentage(recall_chance)};
  };
  table.claim("rnn_forgets", "an RNN forgets the first token", measured(Kind::rnn, 3),
              accuracies(Kind::rnn)[3] < 50);
  table.claim("lstm_forgets", "an LSTM forgets it, too", measured(Kind::lstm, 3),
              accuracies(Kind::lstm)[3] < 50);
  const double lowest = *std::ranges::min_element(accuracies(Kind::attention));
  table.claim("attention_recalls", "attention recalls it at every distance from 4 to 64",
              {"accuracy at least ", percentage(lowest / 100), "; chance level ", percentage(recall_chance)},
              lowest >= 95);
  table.claim("forget_bias", "an LSTM with a forget bias of 5 recalls it, too",
              measured(Kind::forget_lstm, 4), accuracies(Kind::forget_lstm)[4] >= 80, Course::contradicted);
  if (!options.figures.empty())
    write_figure(options.figures, "recall.svg",
                 svg_curves(curves, {.title = "Accuracy of recalling the first token",
                                     .x_axis = "distance (tokens)",
                                     .y_axis = "accuracy (%)",
                                     .baseline = 100 * recall_chance,
                                     .baseline_name = "chance level",
                                     .points = true}));
}

// ---- 3: training ------------------------------------------------------------------------------------------

void compare_training_times(Table& table, const std::vector<Cost>& costs, const Times& times) {
  const auto time = [&](std::size_t i) {
    return Measurement{"at ", number(static_cast<double>(costs[i].tokens)), " tokens the LSTM takes ",
                       number(costs[i].seconds[0] / costs[i].seconds[1], 1), " times as long"};
  };
  table.timed("recall_time", "attention learns recall in less time", time(1),
              costs[1].seconds[1] < costs[1].seconds[0], costs[1].disturbance);
  table.timed("order_time", "the LSTM learns order in less time", time(3),
              costs[3].seconds[1] > costs[3].seconds[0], costs[3].disturbance, Course::contradicted);
  const std::size_t last = times.lengths.size() - 1, first = last - 2;
  const auto growth = [&](std::size_t i) {
    return times.passes[last][i].milliseconds / times.passes[first][i].milliseconds;
  };
  table.timed("pass_time", "with the length, attention's time grows faster than the LSTM's",
              {"from ", number(static_cast<double>(times.lengths[first])), " to ",
               number(static_cast<double>(times.lengths[last])), " tokens ", number(growth(3), 1),
               " times, the LSTM's ", number(growth(1), 1), " times; then ",
               number(times.passes[last][3].milliseconds), " ms, the LSTM ",
               number(times.passes[last][1].milliseconds)},
              growth(3) > growth(1), times.disturbance, Course::contradicted);
}

void compare_training(const Options& options, Table& table, const Generator& gen, const Times& times) {
  table.row("Training", {"training", "slow", "fast"});
  const int runs = options.quick ? 1 : 3;
  Page& page = table.page;
  page.say(
      concat("Two tasks: recall (which of eight tokens came first?) and order (which of two tokens comes "
             "first?). Steps until the training accuracy is 98 %; means over ",
             runs, runs == 1 ? " run" : " runs", ", with the same sequences for both models."));
  const auto costs = learn_both(options, runs, learning_rate(options), gen);
  const std::vector<int> widths = {-14, 6, 7, 11, 7, 11, 7, 11};
  const auto line = [&](std::vector<std::string> row) {
    if (options.quick) row.resize(4);  // a quick run does not measure times
    page.print("    " +
               cells(row, {widths.begin(), widths.begin() + static_cast<std::ptrdiff_t>(row.size())}));
  };
  page.print("");
  line({"", "", "steps", "", "ms each", "", "seconds", ""});
  line({"", "tokens", "LSTM", "attention", "LSTM", "attention", "LSTM", "attention"});
  for (const Cost& c : costs) {
    std::vector<std::string> row = {c.name, concat(c.tokens)};
    for (const double sum : c.steps) row.push_back(fixed(sum / runs, 0));
    for (const std::size_t i : {0U, 1U}) row.push_back(fixed(1000 * c.seconds[i] / c.steps[i], 1));
    for (const double sum : c.seconds) row.push_back(fixed(sum / runs, 2));
    line(row);
  }
  const auto steps = [&](std::size_t i) {
    return Measurement{"at ",
                       number(static_cast<double>(costs[i].tokens)),
                       " tokens: LSTM ",
                       number(costs[i].steps[0] / runs),
                       ", attention ",
                       number(costs[i].steps[1] / runs)};
  };
  table.claim("recall_steps", "attention learns recall in fewer steps", steps(1),
              costs[1].steps[1] < costs[1].steps[0]);
  table.claim("order_steps", "attention learns order in more steps", steps(3),
              costs[3].steps[1] > costs[3].steps[0], Course::contradicted);
  if (!options.quick) compare_training_times(table, costs, times);
}

// ---- 4: memory --------------------------------------------------------------------------------------------

void compare_memory(const Options& options, Table& table, Generator gen) {
  table.row("Memory", {"memory", "O(n)", "O(n²)"});
  table.page.say(
      "Peak memory of tensors, in megabytes, during a forward and a backward pass over one sequence. "
      "Attention is measured twice: composed of separate ops, and as the fused op that the modules use.");
  Layer lstm(Kind::lstm, narrow, gen);
  const index_t longest = options.integer("--length", 2048);
  const std::vector<index_t> lengths = {longest / 16, longest / 8, longest / 4, longest / 2, longest};
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
      curves[i].x.push_back(static_cast<double>(n));
      curves[i].y.push_back(bytes[i] / 1e6);
    }
    table.page.print("    " + cells(row, widths));
  }
  // If bytes = c · n^p, p is the slope of the logarithms, here over the longest sequences.
  const auto exponent = [&](std::size_t i) { return std::log2(curves[i].y[4] / curves[i].y[2]) / 2; };
  const auto grows = [&](std::size_t i) {
    return Measurement{"as n^", number(exponent(i), 1),
                       concat(" from ", lengths[2], " to ", lengths[4], " tokens, to "),
                       number(curves[i].y[4], 1), " megabytes"};
  };
  // Float32 numbers per token, from the last two lengths.
  const double per_token =
      (curves[0].y[4] - curves[0].y[3]) * 1e6 / sizeof(float) / static_cast<double>(lengths[4] - lengths[3]);
  Measurement lstm_grows = grows(0);
  lstm_grows.insert(lstm_grows.end(), {": ", number(per_token), " numbers per token"});
  table.claim("memory_lstm", "the memory of an LSTM grows as n", lstm_grows, exponent(0) < 1.3);
  table.claim("memory_composed", "that of composed attention grows as n²", grows(1), exponent(1) > 1.7);
  table.claim("memory_fused", "that of fused attention does not grow faster than n", grows(2),
              exponent(2) < 1.3, Course::contradicted);
  if (!options.figures.empty())
    write_figure(options.figures, "memory.svg",
                 svg_curves(curves, {.title = "Memory of a forward and a backward pass",
                                     .x_axis = "tokens",
                                     .y_axis = "peak memory of tensors",
                                     .y_unit = " MB",
                                     .logarithmic = true,
                                     .points = true}));
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
  table.claim("position_lstm", "an LSTM depends on the order", {"its mean changes by ", number(recurrent, 2)},
              recurrent > 0.01);
  table.claim("position_attention", "attention does not", {"its mean changes by ", power(plain)},
              plain < 1e-6);
  table.claim("position_encoded", "with a positional encoding it does",
              {"its mean changes by ", number(encoded, 2)}, encoded > 0.01);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{
      .program = "lesson_09",
      .title = "Lesson 09 · Attention and recurrent networks",
      .more = {{"--length", "N", "the longest sequence whose memory is measured (default 2048)", 128, 16384},
               {"--lr", "X", "learning rate of all trained models (default 0.003)"}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    Table table{page};
    const Times times = compare_times(options, table, gen.fork());
    compare_gradients(options, table, gen.fork());
    compare_recall(options, table, gen.fork());
    compare_training(options, table, gen.fork(), times);
    compare_memory(options, table, gen.fork());
    compare_positions(table, gen.fork());
    table.print();
    page.print("");
    page.say("Next: lesson 10, model families built from the Transformer.");
  });
}
