// Lesson 04 · Multi-head attention: several questions at once
//
//   head_i = attention(X · W_q^i, X · W_k^i, X · W_v^i)        each on d_model / h channels
//   output = [head_1 … head_h] · W_o                           side by side, then mixed
//
// One softmax gives one set of weights, and a word that must know two things of two different words has to share them.
// This program splits and joins heads on numbers that fit on paper, then trains one head and four heads of the same
// total size on a task that asks for three relations at once, and switches heads off one by one.
// Run it: ./lesson_04 (or ./lesson_04 --figures figures).
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

void split_and_join(Page& page) {
  page.step("Split and join");
  page.say(
      "Two words of six channels, two heads: each head gets three channels of every word. The numbers say "
      "where they come from: 13 is channel 3 of word 1.");
  const Tensor x = tensor({{0, 1, 2, 3, 4, 5}, {10, 11, 12, 13, 14, 15}}).reshape({1, 2, 6});
  const Tensor heads = x.reshape({1, 2, 2, 3}).transpose(1, 2);  // (B, T, C) -> (B, T, H, D) -> (B, H, T, D)
  const Tensor wrong = x.reshape({1, 2, 2, 3});                  // read as (B, H, T, D) without the transpose
  const auto show = [&](const std::string& name, const Tensor& t) {
    const auto row = [&](index_t h, index_t w) {
      std::string text;
      for (const double v : t[0][h][w].to_vector()) text += cells({fixed(v, 0)}, {4});
      return text;
    };
    page.print("    " + name);
    for (index_t w = 0; w < 2; ++w)
      page.print(concat("      word ", w, "   head 0:", row(0, w), "    head 1:", row(1, w)));
  };
  page.print("");
  show("reshape to (B, T, H, D), then swap T and H:", heads);
  show("reshape straight to (B, H, T, D), as many first try it:", wrong);
  page.print("");
  page.say(
      "In the second, head 0 has never seen word 1, and head 1 never word 0. Nothing fails; it only learns "
      "badly.");
  const Tensor joined = heads.transpose(1, 2).reshape({1, 2, 6});
  page.claim("joining undoes splitting",
             "the largest difference is " + fixed(max_abs_difference(joined, x), 0),
             max_abs_difference(joined, x) == 0);
}

void the_cost(Page& page, Generator& gen) {
  page.step("Heads cost nothing");
  page.say(
      "h heads work on d_model / h channels each. The matrices are the same; only the softmax is done h "
      "times.");
  index_t one = 0, many = 0;
  for (const index_t h : {1, 2, 8}) {
    nn::MultiheadAttention layer({.d_model = 512, .nhead = h, .batch_first = true}, gen);
    const AttentionResult result =
        layer.forward(randn({1, 10, 512}, gen), randn({1, 10, 512}, gen), randn({1, 10, 512}, gen),
                      {.weights = nn::Weights::per_head});
    page.shape(concat(h, h == 1 ? " head" : " heads"), result.weights.shape(),
               concat("weights (B, H, T, S); ", layer.parameter_count(), " parameters"));
    (h == 1 ? one : many) = layer.parameter_count();
  }
  page.claim("eight heads have as many parameters as one", concat(many, " and ", one), many == one);
}

// ---- one task, three relations ----------------------------------------------------------------------------

// A text is twelve words, each of two parts: a sort (0 … 5), which two words of the text share, and a sign (0 … 7). At
// every word the model must name three signs:
//   grammar    of the word before it            (the first: its own)
//   meaning    of the other word of its sort
//   position   of the word at the mirrored place
constexpr index_t length = 12, sorts = 6, signs = 8, width = 48;
const std::vector<std::string> relations = {"before", "same sort", "mirrored"};

struct Batch {
  IntTensor sort, sign;          // (B, T)
  IntTensor answers;             // (B, T, 3)
  std::vector<index_t> partner;  // of word b·T + t, the other word of its sort
};
Batch make_batch(index_t size, Generator& gen) {
  std::vector<index_t> all_sorts, all_signs, answers, partner;
  for (index_t b = 0; b < size; ++b) {
    std::vector<index_t> sort, sign, other(length);
    for (index_t t = 0; t < length; ++t)
      sort.push_back(t % sorts), sign.push_back(static_cast<index_t>(gen.below(signs)));
    gen.shuffle(sort);
    for (std::size_t t = 0; t < sort.size(); ++t)
      for (std::size_t s = 0; s < sort.size(); ++s)
        if (s != t && sort[s] == sort[t]) other[t] = static_cast<index_t>(s);
    for (std::size_t t = 0; t < sort.size(); ++t) {
      answers.push_back(sign[t == 0 ? 0 : t - 1]);
      answers.push_back(sign[static_cast<std::size_t>(other[t])]);
      answers.push_back(sign[sort.size() - 1 - t]);
    }
    all_sorts.insert(all_sorts.end(), sort.begin(), sort.end());
    all_signs.insert(all_signs.end(), sign.begin(), sign.end());
    partner.insert(partner.end(), other.begin(), other.end());
  }
  return {IntTensor(all_sorts, {size, length}), IntTensor(all_signs, {size, length}),
          IntTensor(answers, {size, length, 3}), partner};
}

// One layer of attention with h heads, and nothing else between words and answers.
struct Reader : nn::ModuleOf<Reader> {
  nn::Embedding sort, sign;
  nn::LearnedPositionalEncoding positions;
  nn::MultiheadAttention heads;
  nn::Linear answer;

  Reader(index_t h, Generator& gen)
      : sort({.num_embeddings = sorts, .embedding_dim = width}, gen),
        sign({.num_embeddings = signs, .embedding_dim = width}, gen),
        positions({.d_model = width, .dropout = 0, .max_len = length, .batch_first = true}, gen),
        heads({.d_model = width, .nhead = h, .batch_first = true}, gen),
        answer({.in = width, .out = 3 * signs}, gen) {
    const NoGrad no_grad;
    nn::init::normal(positions.weight, gen, 0, 1);
  }

  // -> scores (B, T, 3, signs), and each head's weights (B, H, T, T). Head `off`, if any, is silenced.
  AttentionResult forward(const Batch& batch, index_t off = -1) {
    const Tensor x = positions(sort(batch.sort) + sign(batch.sign));
    if (off < 0) {
      const AttentionResult looked = heads.forward(x, x, x, {.weights = nn::Weights::per_head});
      return {answer(looked.output).reshape({-1, length, 3, signs}), looked.weights};
    }
    nn::MultiheadAttention without = heads.clone();  // W_o reads nothing from that head's channels
    const index_t d = width / heads.options.nhead;
    for (index_t row = 0; row < width; ++row)
      for (index_t c = off * d; c < (off + 1) * d; ++c) without.out_proj.weight.set({row, c}, 0);
    return {answer(without.forward(x, x, x).output).reshape({-1, length, 3, signs}), {}};
  }
  void visit(nn::Visitor& v) override {
    v.child("sort", sort), v.child("sign", sign), v.child("positions", positions);
    v.child("heads", heads), v.child("answer", answer);
  }
  std::string type() const override { return "Reader"; }
};

// The share of right answers of each relation.
std::vector<double> accuracy(const Tensor& scores, const Batch& batch) {
  const IntTensor guess = argmax(scores, -1);
  std::vector<double> right(3, 0);
  for (index_t i = 0; i < guess.numel(); ++i)
    right[static_cast<std::size_t>(i % 3)] += guess[i] == batch.answers[i];
  for (double& r : right) r /= static_cast<double>(guess.numel()) / 3;
  return right;
}
double mean_of(const std::vector<double>& v) { return (v[0] + v[1] + v[2]) / 3; }

SvgCurve train(const Options& options, const std::string& name, Reader& model, Generator gen) {
  const int steps = options.quick ? 30 : 1500;
  optim::Adam optimizer(model.parameters(), {.lr = 3e-3});
  const optim::WarmupCosine schedule({.peak = 3e-3, .warmup = steps / 20, .total = steps});
  Progress progress(name, steps, options.quiet);
  SvgCurve curve{.name = name, .x = {}, .y = {}};
  for (int step = 1; step <= steps; ++step) {
    const Batch batch = make_batch(32, gen);
    const Tensor loss = cross_entropy(model.forward(batch).output, batch.answers);
    optimizer.set_lr(schedule(step - 1));
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    if (step % 10 == 0) curve.x.push_back(step), curve.y.push_back(loss.item());
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
  return curve;
}

// Each head's mean weight on the word that each relation asks for: (H, 3).
Tensor mass(const Tensor& weights, const Batch& batch) {
  const index_t size = weights.size(0), h = weights.size(1);
  std::vector<double> sums(static_cast<std::size_t>(3 * h), 0);
  for (index_t b = 0; b < size; ++b)
    for (index_t i = 0; i < h; ++i)
      for (index_t t = 0; t < length; ++t) {
        const index_t wanted[3] = {t == 0 ? 0 : t - 1,
                                   batch.partner[static_cast<std::size_t>(b * length + t)], length - 1 - t};
        for (index_t r = 0; r < 3; ++r)
          sums[static_cast<std::size_t>(3 * i + r)] += weights.at({b, i, t, wanted[r]});
      }
  return from_vector(sums, {h, 3}) / static_cast<double>(size * length);
}

void three_relations(const Options& options, Page& page, Generator& gen) {
  page.step("One task, three relations");
  page.say(
      "Twelve words, each with a sort that two words of the text share, and a sign. At every word the model "
      "must name three signs: of the word before (grammar), of the other word of its sort (meaning), and of "
      "the word at the mirrored place (position). One layer, 48 channels: as one head of 48, or as four of "
      "12.");
  Reader one(1, gen), four(4, gen);
  const Generator texts = gen.fork();  // both read the same texts
  const SvgCurve single = train(options, "1 head", one, texts),
                 several = train(options, "4 heads", four, texts);
  const Batch test = make_batch(200, gen);
  const NoGrad no_grad;
  const std::vector<double> by_one = accuracy(one.forward(test).output, test);
  const AttentionResult looked = four.forward(test);
  const std::vector<double> by_four = accuracy(looked.output, test);
  const std::vector<int> widths = {-10, 11, 11, 11};
  page.print("\n    " + cells({"", relations[0], relations[1], relations[2]}, widths));
  page.print("    " + cells({"1 head", percent(by_one[0]), percent(by_one[1]), percent(by_one[2])}, widths));
  page.print("    " +
             cells({"4 heads", percent(by_four[0]), percent(by_four[1]), percent(by_four[2])}, widths));
  page.claim("several heads learn several relations", percent(mean_of(by_four)) + " right",
             mean_of(by_four) >= 0.95);
  page.claim("one head of the same size does not", percent(mean_of(by_one)) + " right",
             mean_of(by_one) < mean_of(by_four) - 0.1);

  page.step("What each head looks at");
  page.say(
      "The share of its weight that each head gives to the word that each relation asks for. (One word can "
      "serve two relations, so a row may add up to more than 1.)");
  const Tensor shares = mass(looked.weights, test);
  const std::vector<std::string> names = {"head 0", "head 1", "head 2", "head 3"};
  page.print("\n" + indented(heat_map(shares, {.rows = names, .columns = relations}), 4));
  bool each = true;
  for (index_t r = 0; r < 3; ++r) each = each && max(shares.select(1, r)).item() > 0.5;
  page.claim("every relation has a head that looks for it",
             "its best head gives it more than half of its weight", each);

  page.step("Switching heads off");
  page.say("Each head in turn is cut out of W_o, without any further training; what the answers lose:");
  page.print("\n    " + cells({"without", relations[0], relations[1], relations[2]}, widths));
  int specialists = 0;
  std::vector<double> table;
  for (index_t off = 0; off < 4; ++off) {
    const std::vector<double> left = accuracy(four.forward(test, off).output, test);
    std::vector<std::string> row = {names[static_cast<std::size_t>(off)]};
    std::vector<double> lost;
    for (std::size_t r = 0; r < 3; ++r) {
      lost.push_back(by_four[r] - left[r]);
      row.push_back(lost[r] < 0.0005 ? "·" : "-" + percent(lost[r]));
    }
    page.print("    " + cells(row, widths));
    std::vector<double> sorted = lost;
    std::ranges::sort(sorted);
    specialists += sorted[2] > 0.1 && sorted[2] > 2 * sorted[1];
  }
  page.claim("switching a head off hurts one relation most", concat(specialists, " of 4 heads"),
             specialists >= 2);
  if (options.figures.empty()) return;
  write_figure(options.figures, "heads.svg",
               svg_heat_map(shares, {.title = "What each head looks at",
                                     .row_axis = "head",
                                     .column_axis = "relation",
                                     .rows = names,
                                     .columns = relations}));
  write_figure(options.figures, "heads_loss.svg",
               svg_curves({single, several}, {.title = "One head and four heads of the same total size",
                                              .x_axis = "step",
                                              .y_axis = "cross-entropy (nats)",
                                              .baseline = std::log(8.0),
                                              .baseline_name = "guessing (ln 8)"}));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_04",
                    .title = "Lesson 04 · Multi-head attention: several questions at once"};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    split_and_join(page);
    the_cost(page, gen);
    three_relations(options, page, gen);
    page.print("");
    page.say("Next: ./lesson_05 builds the block around it.");
  });
}
