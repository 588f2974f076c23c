// Lesson 04 · Multi-head attention: several attentions in parallel
//
//   head_i = attention(X · W_q^i, X · W_k^i, X · W_v^i)        each on d_model / h channels
//   output = [head_1 … head_h] · W_o                           concatenated, then projected
//
// One softmax produces one set of weights, so a word that needs information from two different
// words has to share them. This program splits and merges heads on a small example, trains one head
// and four heads of the same total size on a task that requires three relations at once, and then
// removes the heads one at a time.
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

void split_and_merge(Page& page) {
  page.step("Split and merge");
  page.say(
      "Two words of six channels and two heads: each head gets three channels of every word. The numbers "
      "encode their origin: 13 is channel 3 of word 1.");
  const Tensor x = tensor({{0, 1, 2, 3, 4, 5}, {10, 11, 12, 13, 14, 15}}).reshape({1, 2, 6});
  const Tensor heads = x.reshape({1, 2, 2, 3}).transpose(1, 2);  // (B, T, C) -> (B, T, H, D) -> (B, H, T, D)
  const Tensor wrong = x.reshape({1, 2, 2, 3});  // read as (B, H, T, D), without the transpose
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
  show("reshape to (B, T, H, D), then transpose T and H:", heads);
  show("reshape directly to (B, H, T, D), a common mistake:", wrong);
  page.print("");
  page.say(
      "In the second, head 0 never sees word 1, and head 1 never sees word 0. No error occurs, but a model "
      "learns badly.");
  const Tensor merged = heads.transpose(1, 2).reshape({1, 2, 6});
  page.claim("merging is the inverse of splitting",
             "the largest difference is " + fixed(max_abs_difference(merged, x), 0),
             max_abs_difference(merged, x) == 0);
}

void parameter_count(Page& page, Generator& gen) {
  page.step("Heads add no parameters");
  page.say(
      "Each of the h heads uses d_model / h channels. The matrices are the same; only the softmax is "
      "computed h times.");
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

// ---- one task, three relations
// ----------------------------------------------------------------------------

// A sequence has twelve words. Each word has a category (0 … 5), which exactly two words of the
// sequence share, and a label (0 … 7). At every word the model must predict three labels:
//   grammar    of the previous word (for the first word: its own label)
//   meaning    of the other word of the same category
//   position   of the word at the mirrored position
constexpr index_t length = 12, categories = 6, labels = 8, width = 48;
const std::vector<std::string> relations = {"previous", "category", "mirrored"};

struct Batch {
  IntTensor category, label;     // (B, T)
  IntTensor targets;             // (B, T, 3)
  std::vector<index_t> partner;  // position of the other word of the same category, for word b·T + t
};
Batch make_batch(index_t size, Generator& gen) {
  std::vector<index_t> all_categories, all_labels, targets, partner;
  for (index_t b = 0; b < size; ++b) {
    std::vector<index_t> category, label, other(length);
    for (index_t t = 0; t < length; ++t) {
      category.push_back(t % categories);
      label.push_back(static_cast<index_t>(gen.below(labels)));
    }
    gen.shuffle(category);
    for (std::size_t t = 0; t < category.size(); ++t)
      for (std::size_t s = 0; s < category.size(); ++s)
        if (s != t && category[s] == category[t]) other[t] = static_cast<index_t>(s);
    for (std::size_t t = 0; t < category.size(); ++t) {
      targets.push_back(label[t == 0 ? 0 : t - 1]);
      targets.push_back(label[static_cast<std::size_t>(other[t])]);
      targets.push_back(label[category.size() - 1 - t]);
    }
    all_categories.insert(all_categories.end(), category.begin(), category.end());
    all_labels.insert(all_labels.end(), label.begin(), label.end());
    partner.insert(partner.end(), other.begin(), other.end());
  }
  return {IntTensor(all_categories, {size, length}), IntTensor(all_labels, {size, length}),
          IntTensor(targets, {size, length, 3}), partner};
}

// One attention layer with h heads between the embeddings and the output projection.
struct Model : nn::ModuleOf<Model> {
  nn::Embedding category, label;
  nn::LearnedPositionalEncoding positions;
  nn::MultiheadAttention attention;
  nn::Linear output;

  Model(index_t h, Generator& gen)
      : category({.num_embeddings = categories, .embedding_dim = width}, gen),
        label({.num_embeddings = labels, .embedding_dim = width}, gen),
        positions({.d_model = width, .dropout = 0, .max_len = length, .batch_first = true}, gen),
        attention({.d_model = width, .nhead = h, .batch_first = true}, gen),
        output({.in = width, .out = 3 * labels}, gen) {
    const NoGrad no_grad;
    nn::init::normal(positions.weight, gen, 0, 1);
  }

  // -> logits (B, T, 3, labels) and the weights of each head (B, H, T, T). If `removed` >= 0, the
  // output of that head is not used, and no weights are returned.
  AttentionResult forward(const Batch& batch, index_t removed = -1) {
    const Tensor x = positions(category(batch.category) + label(batch.label));
    if (removed < 0) {
      const AttentionResult result = attention.forward(x, x, x, {.weights = nn::Weights::per_head});
      return {output(result.output).reshape({-1, length, 3, labels}), result.weights};
    }
    nn::MultiheadAttention ablated = attention.clone();
    const index_t d = width / attention.options.nhead;
    for (index_t row = 0; row < width; ++row)
      for (index_t c = removed * d; c < (removed + 1) * d; ++c) ablated.out_proj.weight.set({row, c}, 0);
    return {output(ablated.forward(x, x, x).output).reshape({-1, length, 3, labels}), {}};
  }
  void visit(nn::Visitor& v) override {
    v.child("category", category);
    v.child("label", label);
    v.child("positions", positions);
    v.child("attention", attention);
    v.child("output", output);
  }
  std::string type() const override { return "Model"; }
};

// Returns the accuracy of each relation.
std::vector<double> accuracy(const Tensor& logits, const Batch& batch) {
  const IntTensor prediction = argmax(logits, -1);
  std::vector<double> correct(3, 0);
  for (index_t i = 0; i < prediction.numel(); ++i)
    correct[static_cast<std::size_t>(i % 3)] += prediction[i] == batch.targets[i];
  for (double& c : correct) c /= static_cast<double>(prediction.numel()) / 3;
  return correct;
}
double mean_of(const std::vector<double>& v) { return (v[0] + v[1] + v[2]) / 3; }

SvgCurve train(const Options& options, const std::string& name, Model& model, Generator gen) {
  const int steps = options.quick ? 30 : 1500;
  optim::Adam optimizer(model.parameters(), {.lr = 3e-3});
  const optim::WarmupCosine schedule({.peak = 3e-3, .warmup = steps / 20, .total = steps});
  Progress progress(name, steps, options.quiet);
  SvgCurve curve{.name = name, .x = {}, .y = {}};
  for (int step = 1; step <= steps; ++step) {
    const Batch batch = make_batch(32, gen);
    const Tensor loss = cross_entropy(model.forward(batch).output, batch.targets);
    optimizer.set_lr(schedule(step - 1));
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    if (step % 10 == 0) {
      curve.x.push_back(step);
      curve.y.push_back(loss.item());
    }
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
  return curve;
}

// Returns the mean weight that each head gives to the word of each relation: (H, 3).
Tensor weight_by_relation(const Tensor& weights, const Batch& batch) {
  const index_t size = weights.size(0), h = weights.size(1);
  std::vector<double> sums(static_cast<std::size_t>(3 * h), 0);
  for (index_t b = 0; b < size; ++b)
    for (index_t i = 0; i < h; ++i)
      for (index_t t = 0; t < length; ++t) {
        const index_t related[3] = {t == 0 ? 0 : t - 1,
                                    batch.partner[static_cast<std::size_t>(b * length + t)], length - 1 - t};
        for (index_t r = 0; r < 3; ++r)
          sums[static_cast<std::size_t>(3 * i + r)] += weights.at({b, i, t, related[r]});
      }
  return from_vector(sums, {h, 3}) / static_cast<double>(size * length);
}

const std::vector<std::string> names = {"head 0", "head 1", "head 2", "head 3"};
const std::vector<int> widths = {-10, 11, 11, 11};

void weights_of_heads(const Options& options, Page& page, const Tensor& weights, const Batch& test) {
  page.step("The attention weights of each head");
  page.say(
      "The mean fraction of its weight that each head gives to the word of each relation. (One word can "
      "belong to two relations, so a row may sum to more than 1.)");
  const Tensor fractions = weight_by_relation(weights, test);
  page.print("\n" + indented(heat_map(fractions, {.rows = names, .columns = relations}), 4));
  bool each = true;
  for (index_t r = 0; r < 3; ++r) each = each && max(fractions.select(1, r)).item() > 0.5;
  page.claim("every relation has a head that attends to it",
             "the best head gives it more than half of its weight", each);
  if (options.figures.empty()) return;
  write_figure(options.figures, "heads.svg",
               svg_heat_map(fractions, {.title = "Attention weight of each head on each relation",
                                        .row_axis = "head",
                                        .column_axis = "relation",
                                        .rows = names,
                                        .columns = relations}));
}

void remove_heads(Page& page, Model& four, const Batch& test, const std::vector<double>& by_four) {
  page.step("Removing heads");
  page.say(
      "Each head in turn is removed from W_o without further training. The table shows the loss of "
      "accuracy in percentage points:");
  page.print("\n    " + cells({"without", relations[0], relations[1], relations[2]}, widths));
  int specialists = 0;
  std::vector<double> table;
  for (index_t removed = 0; removed < 4; ++removed) {
    const std::vector<double> left = accuracy(four.forward(test, removed).output, test);
    std::vector<std::string> row = {names[static_cast<std::size_t>(removed)]};
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
  page.claim("removing a head affects one relation most", concat(specialists, " of 4 heads"),
             specialists >= 2);
}

void three_relations(const Options& options, Page& page, Generator& gen) {
  page.step("One task, three relations");
  page.say(
      "Twelve words, each with a label and a category that exactly two words share. At every word the "
      "model must predict three labels: that of the previous word (grammar), of the other word of the same "
      "category (meaning), and of the word at the mirrored position (position). One layer of 48 channels "
      "is trained with one head of 48 and with four heads of 12.");
  Model one(1, gen), four(4, gen);
  const Generator data = gen.fork();  // both models get the same training sequences
  const SvgCurve single = train(options, "1 head", one, data),
                 several = train(options, "4 heads", four, data);
  const Batch test = make_batch(200, gen);
  const NoGrad no_grad;
  const std::vector<double> by_one = accuracy(one.forward(test).output, test);
  const AttentionResult result = four.forward(test);
  const std::vector<double> by_four = accuracy(result.output, test);
  page.print("\n    " + cells({"", relations[0], relations[1], relations[2]}, widths));
  page.print("    " + cells({"1 head", percent(by_one[0]), percent(by_one[1]), percent(by_one[2])}, widths));
  page.print("    " +
             cells({"4 heads", percent(by_four[0]), percent(by_four[1]), percent(by_four[2])}, widths));
  page.claim("several heads learn several relations", percent(mean_of(by_four)) + " accuracy",
             mean_of(by_four) >= 0.95);
  page.claim("one head of the same size does not", percent(mean_of(by_one)) + " accuracy",
             mean_of(by_one) < mean_of(by_four) - 0.1);
  if (!options.figures.empty())
    write_figure(options.figures, "heads_loss.svg",
                 svg_curves({single, several}, {.title = "One head and four heads of the same total size",
                                                .x_axis = "step",
                                                .y_axis = "cross-entropy (nats)",
                                                .baseline = std::log(8.0),
                                                .baseline_name = "chance (ln 8)"}));
  weights_of_heads(options, page, result.weights, test);
  remove_heads(page, four, test, by_four);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_04",
                    .title = "Lesson 04 · Multi-head attention: several attentions in parallel"};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    split_and_merge(page);
    parameter_count(page, gen);
    three_relations(options, page, gen);
    page.print("");
    page.say("Next: ./lesson_05 builds the Transformer block around it.");
  });
}
