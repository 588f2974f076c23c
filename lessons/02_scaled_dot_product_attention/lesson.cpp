// Lesson 02 · Scaled dot-product attention
//
//   scores = Q · Kᵀ / √d_k        how well each query matches each key
//   weights = softmax(scores)     each row is a probability distribution over the keys
//   output = weights · V          the weighted mean of the values
//
// The program computes these three lines for numbers small enough to check by hand, measures why the
// scores are divided by √d_k, and shows the effect of masks. Usage: ./lesson_02 [--figures DIR]
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>

#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"

using namespace heed;
using namespace heed::lessons;

namespace {

const std::vector<std::string> query_words = {"I", "school", "go"};
const std::vector<std::string> key_words = {"나는", "학교에", "간다"};

// Three queries and three keys of width d_k = 4 and three values of width 2: small enough to check by hand.
struct Example {
  Tensor q = tensor({{2, 0, 1, 0}, {0, 2, 0, 1}, {1, 0, 2, 0}});
  Tensor k = tensor({{2, 0, 0, 1}, {0, 2, 1, 0}, {0, 1, 2, 0}});
  Tensor v = tensor({{1, 0}, {0, 1}, {1, 1}});
};

void by_hand(const Options& options, Page& page) {
  page.step("Three tokens by hand");
  const Example e;
  page.say(
      "A decoder generates \"I go to school\" and attends to the source sentence 나는 학교에 간다. Each "
      "English word has a query; each Korean word has a key and a value.");
  page.shape("Q", e.q.shape(), "3 queries (T) of width d_k = 4");
  page.shape("K", e.k.shape(), "3 keys (S)");
  page.shape("V", e.v.shape(), "one value per key");

  const double scale = options.has("--no-scale") ? 1 : std::sqrt(4.0);  // √d_k
  const Tensor products = matmul(e.q, e.k.transpose(-2, -1));
  const Tensor scores = products / scale;
  const Tensor weights = softmax(scores, -1);
  const Tensor output = matmul(weights, e.v);
  page.shape("Q · Kᵀ", products.shape(), "one score per pair (query, key)");

  page.print("\n  The row of \"school\", step by step:");
  const auto line = [&](const std::string& name, const Tensor& x) {
    std::string text = "    " + name + std::string(22 - name.size(), ' ');
    for (const double value : x.to_vector()) text += fixed(value, 4) + "   ";
    page.print(text.substr(0, text.find_last_not_of(' ') + 1));
  };
  line("q . k", products[1]);
  line(options.has("--no-scale") ? "not divided" : "divided by sqrt(4)", scores[1]);
  line("exp", exp(scores[1]));
  line("divided by their sum", weights[1]);
  line("weights . V", output[1]);

  page.print("\n  All weights (rows: queries, columns: keys; each row sums to 1):\n");
  page.print(heat_map(weights, {.rows = query_words, .columns = key_words}));
  if (!options.figures.empty())
    write_figure(options.figures, "weights.svg",
                 svg_heat_map(weights, {.title = "Scaled dot-product attention by hand",
                                        .row_axis = "English word (query)",
                                        .column_axis = "Korean word (key)",
                                        .rows = query_words,
                                        .columns = key_words}));
  const double to_school = weights.at({1, 1});
  page.claim("school", "\"school\" attends mostly to 학교에", {"weight ", number(to_school, 3)},
             to_school > 0.5);
}

// The variance of q · k over random q and k with entries of mean 0 and variance 1.
double variance_of_products(index_t d_k, index_t pairs, Generator& gen) {
  const Tensor q = randn({pairs, d_k}, gen), k = randn({pairs, d_k}, gen);
  return var((q * k).sum(-1)).item();
}

// The widths of the tables: up to that of --d-k.
std::vector<index_t> widths(const Options& options) {
  const index_t largest = options.integer("--d-k", 512);
  std::vector<index_t> result;
  for (const index_t d_k : {4, 16, 64, 256})
    if (d_k < largest) result.push_back(d_k);
  result.push_back(largest);
  return result;
}

void why_scale(const Options& options, Page& page, Generator& gen) {
  page.step("Why divide by √d_k");
  page.say(
      "q · k is a sum of d_k products. If the entries are independent with mean 0 and variance 1, each "
      "product has variance 1 and the sum has variance d_k. Wider vectors therefore give more widely spread "
      "scores.");
  const index_t pairs = options.quick ? 8'000 : 40'000;
  page.print("\n     d_k   variance of q·k   of q·k / √d_k");
  double worst = 0;
  Progress progress("measuring", std::ssize(widths(options)), options.quiet);
  std::string table;
  index_t done = 0;
  for (const index_t d_k : widths(options)) {
    const double variance = variance_of_products(d_k, pairs, gen);
    worst = std::max(worst, std::abs(variance / static_cast<double>(d_k) - 1));
    char row[80];
    std::snprintf(row, sizeof row, "  %6d  %15.2f  %15.3f\n", static_cast<int>(d_k), variance,
                  variance / static_cast<double>(d_k));
    table += row;
    if (is_terminal()) progress.update(++done, "");
  }
  page.print(table);
  page.claim("variance", "the variance of q·k is d_k", {"within ", percentage(worst), " at every d_k"},
             worst < 0.05);
}

// The effect of the scale at one d_k.
struct Saturation {
  // Entropy of a row of weights in nats, averaged over the rows. Equal weights have ln(keys).
  double entropy = 0;
  // The length of the gradient of each query, if the loss is a random linear combination of the
  // weights: the median over the queries, the mean, and all lengths.
  double median = 0, mean = 0;
  std::vector<double> lengths = {};
};

// Lengths of the rows of x (T, D).
std::vector<double> row_lengths(const Tensor& x) { return sqrt((x * x).sum(-1)).to_vector(); }

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

Saturation measure_saturation(index_t d_k, bool scaled, Generator gen) {
  constexpr index_t rows = 256, keys = 16;
  Tensor q = randn({rows, d_k}, gen), k = randn({keys, d_k}, gen);
  q.set_requires_grad();
  Tensor scores = matmul(q, k.transpose(0, 1));
  if (scaled) scores = scores / std::sqrt(static_cast<double>(d_k));
  const Tensor weights = softmax(scores, -1);
  (weights * randn(weights.shape(), gen)).sum().backward();
  const Tensor w = weights.detach();
  const Tensor entropy = -(w * log(w + 1e-30)).sum(-1).mean();
  const std::vector<double> lengths = row_lengths(q.grad());
  const double sum = std::accumulate(lengths.begin(), lengths.end(), 0.0);
  return {entropy.item(), median_of(lengths), sum / static_cast<double>(rows), lengths};
}

void saturation(const Options& options, Page& page, Generator& gen) {
  page.step("What happens without the scale");
  page.say(
      "If the scores are widely spread, the softmax saturates: nearly all weight of a query goes to one "
      "key, and the entropy is close to 0. The softmax then passes almost no gradient back to that query. "
      "A few queries have two keys with nearly equal scores. Their gradient is large, because it is not "
      "divided by √d_k either. The mean over all queries does not show this, so the table also has the "
      "median:");
  page.print("\n                  entropy      median of ‖dL/dq‖      mean of ‖dL/dq‖");
  page.print("     d_k   scaled     raw      scaled        raw      scaled     raw");
  std::vector<double> sizes, with, without;
  Saturation scaled, raw;
  for (const index_t d_k : widths(options)) {
    // Both measurements use the same random numbers.
    const Generator fork = gen.fork();
    scaled = measure_saturation(d_k, true, fork);
    raw = measure_saturation(d_k, false, fork);
    char row[120];
    std::snprintf(row, sizeof row, "  %6d  %7.2f %7.2f  %10.4f %10.4f  %10.3f %7.3f", static_cast<int>(d_k),
                  scaled.entropy, raw.entropy, scaled.median, raw.median, scaled.mean, raw.mean);
    page.print(row);
    sizes.push_back(static_cast<double>(d_k));
    with.push_back(scaled.entropy);
    without.push_back(raw.entropy);
  }
  page.print("\n  (16 equal weights have an entropy of ln 16 = 2.77)");
  if (!options.figures.empty())
    write_figure(options.figures, "entropy.svg",
                 svg_curves({{"divided by √d_k", sizes, with}, {"not divided", sizes, without}},
                            {.title = "The softmax saturates without the scale",
                             .x_axis = "d_k (width of a key)",
                             .y_axis = "entropy of the weights (nats)",
                             .baseline = std::log(16.0),
                             .baseline_name = "equal weights (ln 16)",
                             .logarithmic_x = true,
                             .points = true,
                             .x_ticks = sizes}));
  const std::string largest = concat(widths(options).back());
  page.claim("entropy", "without the scale, the softmax saturates",
             {"entropy at d_k = " + largest + ": ", number(raw.entropy, 2), " nats, ",
              number(scaled.entropy, 2), " with the scale"},
             raw.entropy < 0.2 * scaled.entropy);
  const auto starved = static_cast<double>(
      std::ranges::count_if(raw.lengths, [&](double x) { return x < 0.1 * scaled.median; }));
  const double share = starved / static_cast<double>(raw.lengths.size());
  page.claim("median_gradient", "without the scale, most queries get almost no gradient",
             {percentage(share, 0),
              " of the queries at d_k = " + largest + " get less than a tenth of the median with the scale"},
             share > 0.5);
  page.claim("mean_gradient", "the mean gradient does not show this: without the scale it is larger",
             {number(raw.mean / scaled.mean, 1), " times as large at d_k = " + largest},
             raw.mean > scaled.mean);
}

void padding_mask(const Options& options, Page& page) {
  page.step("A padding mask");
  page.say(
      "The short sentences of a batch are padded to the length of the longest one, and no query may attend "
      "to padding. A mask marks the keys that may be attended to: in heed, TRUE = MAY ATTEND, always. Here "
      "the third key is padding.");
  const Example e;
  // One sentence: the first two of its three keys are words.
  const Mask mask = padding({2}, 3);
  page.shape("mask", mask.shape(), "(B, 1, S): the same for every query");
  const Tensor q = e.q.unsqueeze(0), k = e.k.unsqueeze(0), v = e.v.unsqueeze(0);
  const auto [output, weights] = attention(q, k, v, {.mask = mask});
  const Mask shown = mask.expand({1, 3, 3}).reshape({3, 3});
  page.print("\n" + heat_map(weights[0], {.rows = query_words, .columns = key_words, .allowed = shown}));
  if (!options.figures.empty())
    write_figure(options.figures, "padding.svg",
                 svg_heat_map(weights[0], {.title = "The third key is padding",
                                           .rows = query_words,
                                           .columns = key_words,
                                           .allowed = shown}));
  // If the key and the value of the padding change, no output may change. The outputs must also be
  // those of the sentence without padding.
  Tensor other_k = k.clone(), other_v = v.clone();
  for (index_t c = 0; c < 4; ++c) other_k.set({0, 2, c}, 100.0);
  other_v.set({0, 2, 0}, 100.0);
  const Tensor unpadded = attention(q, k.slice(1, 0, 2), v.slice(1, 0, 2), {}).output;
  const double change = max_abs_difference(output, attention(q, other_k, other_v, {.mask = mask}).output);
  const double difference = max_abs_difference(output, unpadded);
  page.claim("padding", "masked padding has no influence",
             {"key and value of the padding set to 100: outputs change by ", number(change, 4),
              "; difference from the sentence without padding ", number(difference, 4)},
             change == 0 && difference == 0);
}

void fully_masked_row(Page& page) {
  page.step("A row that may attend to nothing");
  page.say(
      "If every key of a query is masked, the result depends on the fill value. Filling the scores with "
      "-1e9, "
      "a common choice, gives equal weights: the mask is silently ignored. Filling with minus infinity gives "
      "0/0 = NaN. heed returns zeros.");
  const Tensor scores = tensor({{1, 2, 3}});
  const Mask nothing = Mask::full({1, 3}, false);
  const auto row = [&](const std::string& name, const Tensor& w) {
    std::string text = "    " + name;
    for (const double value : w.to_vector())
      text += "  " + (std::isnan(value) ? std::string("  NaN") : fixed(value, 3));
    page.print(text);
  };
  page.print("");
  row("filled with -1e9   ", softmax(masked_fill(scores, !nothing, -1e9), -1));
  row("filled with -inf   ", softmax(masked_fill(scores, !nothing, -INFINITY), -1));
  const Tensor masked = masked_softmax(scores, nothing);
  row("masked_softmax     ", masked);
  const double sum = masked.sum().item();
  page.claim("fully_masked", "a fully masked row has no weights", {"sum of the weights ", number(sum, 1)},
             sum == 0);
}

void causal_mask(const Options& options, Page& page, Generator& gen) {
  page.step("A causal mask");
  page.say(
      "A decoder generates one token after the other, so it must not attend to tokens that it has yet to "
      "generate: query t may attend to keys 0 … t.");
  constexpr index_t n = 5;
  const std::vector<std::string> words = {"I", "go", "to", "school", "today"};
  const Tensor x = randn({n, 8}, gen);
  const AttentionResult before = attention(x, x, x, {.causal = true});
  page.print("\n" + heat_map(before.weights, {.rows = words, .columns = words, .allowed = causal(n)}));
  if (!options.figures.empty())
    write_figure(
        options.figures, "causal.svg",
        svg_heat_map(
            before.weights,
            {.title = "Causal attention weights", .rows = words, .columns = words, .allowed = causal(n)}));
  Tensor changed = x.clone();
  for (index_t c = 0; c < 8; ++c) changed.set({n - 1, c}, 10);
  const AttentionResult after = attention(changed, changed, changed, {.causal = true});
  const double change = max_abs_difference(before.output.slice(0, 0, n - 1), after.output.slice(0, 0, n - 1));
  page.claim("causal", "later tokens do not affect earlier outputs",
             {"last word replaced: the earlier rows change by ", number(change, 4)}, change == 0);
}

void one_op(Page& page, Generator& gen) {
  page.step("Attention as a single op");
  page.say(
      "attention(), used above, is the readable form: scores, mask, softmax, weighted sum. "
      "scaled_dot_product_attention() computes the same output in a single op. The models use it, and a test "
      "compares the two.");
  Tensor q = randn({2, 4, 7, 16}, gen), k = randn({2, 4, 9, 16}, gen), v = randn({2, 4, 9, 16}, gen);
  page.shape("q", q.shape(), "(B, H, T, D)");
  page.shape("k, v", k.shape(), "(B, H, S, D)");
  const Tensor fused = scaled_dot_product_attention(q, k, v, {.causal = true});
  const double difference = max_abs_difference(fused, attention(q, k, v, {.causal = true}).output);
  page.shape("output", fused.shape(), "(B, H, T, D)");
  page.claim("fused", "the fused op and the readable form agree",
             {"they differ by at most ", power(difference)}, difference < 1e-5);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{
      .program = "lesson_02",
      .title = "Lesson 02 · Scaled dot-product attention",
      .more = {{"--no-scale", "", "do not divide the scores of the example by √d_k"},
               {"--d-k", "N", "the largest width of the keys in the measurements (default 512)", 1, 8192}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    by_hand(options, page);
    why_scale(options, page, gen);
    saturation(options, page, gen);
    padding_mask(options, page);
    fully_masked_row(page);
    causal_mask(options, page, gen);
    one_op(page, gen);
    page.print("");
    page.say("Next: in ./lesson_03 every word of a sentence attends to every other word.");
  });
}
