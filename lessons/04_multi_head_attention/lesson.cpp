// Lesson 04 · Multi-head attention: several attentions in parallel
//
//   head_i = attention(X · W_q^i, X · W_k^i, X · W_v^i)        each on d_model / h channels
//   output = [head_1 … head_h] · W_o                           concatenated, then projected
//
// One softmax produces one set of weights, so a word that needs information from two different
// words has to share them. This program splits and merges heads on a small example, trains one head
// and four heads of the same total size on a task that requires three relations at once (a
// grammatical, a semantic and a positional one), and then removes the heads one at a time.
// Run it: ./lesson_04 (or ./lesson_04 --figures figures, or ./lesson_04 --heads 12).
#include "lessons/support/lesson.h"

#include <algorithm>
#include <cmath>

#include "lessons/04_multi_head_attention/course_sketch.h"
#include "lessons/04_multi_head_attention/split_merge_diagram.h"
#include "lessons/support/svg.h"
#include "lessons/support/terminal.h"
#include "nn/nn.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

constexpr index_t width = 48;  // of the trained layers

void split_and_merge(const Options& options, Page& page) {
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
      "In the second, head 0 has only channels of word 0, and head 1 only channels of word 1: no head can "
      "compare the two words. The shape is the same, so no error occurs.");
  const Tensor merged = heads.transpose(1, 2).reshape(x.shape());
  const double difference = max_abs_difference(merged, x);
  page.identity("merge", "merging is the inverse of splitting",
                {"the largest difference is ", number(difference)}, difference == 0);
  if (options.figures.empty()) return;
  Generator gen(0);  // the diagram shows shapes only
  nn::MultiheadAttention layer(
      {.d_model = width, .nhead = options.integer("--heads", 4), .batch_first = true}, gen);
  write_figure(options.figures, "split_merge.svg", split_merge_diagram(layer, randn({1, 5, width}, gen), x));
}

void cost_of_heads(Page& page, Generator& gen) {
  page.step("The cost of heads");
  page.say(
      "Each of the h heads uses d_model / h channels. The matrices W_q, W_k, W_v and W_o have the same size "
      "for every h, and so the same number of parameters. The products Q · Kᵀ and weights · V take T · S · "
      "d_model multiplications each, for every h. But each head has its own scores: h · T · S scores are "
      "stored, exponentiated and normalised instead of T · S.");
  std::vector<double> parameters, scores;
  for (const index_t h : {1, 2, 8}) {
    nn::MultiheadAttention layer({.d_model = 512, .nhead = h, .batch_first = true}, gen);
    const Tensor x = randn({1, 10, 512}, gen);
    const Tensor weights = layer.forward(x, x, x, {.weights = nn::Weights::per_head}).weights;
    parameters.push_back(static_cast<double>(layer.parameter_count()));
    scores.push_back(static_cast<double>(weights.numel()));
    page.shape(concat(h, h == 1 ? " head" : " heads"), weights.shape(),
               concat("weights (B, H, T, S): ", weights.numel(), " of them; ", layer.parameter_count(),
                      " parameters"));
  }
  page.identity("parameters", "eight heads have as many parameters as one",
                {number(parameters.back()), " and ", number(parameters.front())},
                parameters.back() == parameters.front());
  page.identity("scores", "eight heads have eight times as many scores as one",
                {number(scores.back()), " and ", number(scores.front()), " for ten words"},
                scores.back() == 8 * scores.front());
}

// ---- one task, three relations ----------------------------------------------------------------------------

// A sequence has twelve words. Each word has a category (0 … 5), which exactly two words of the
// sequence share, and a label (0 … 7). Exactly one word is the subject. At every word the model must
// predict three labels:
//   subject    grammatical: of the subject, which is found by its own part of speech
//   category   semantic: of the other word of the same category, found by comparing two contents
//   previous   positional: of the previous word (for the first word: its own label)
constexpr index_t length = 12, categories = 6, labels = 8;
const std::vector<std::string> relations = {"subject", "category", "previous"};

struct Batch {
  IntTensor category, label, subject;  // (B, T); subject: 1 or 0
  IntTensor targets;                   // (B, T, 3)
  std::vector<index_t> related;        // (B, T, 3): the position of the word of each relation
};
Batch make_batch(index_t size, Generator& gen) {
  std::vector<index_t> all_categories, all_labels, subjects, targets, related;
  for (index_t b = 0; b < size; ++b) {
    std::vector<index_t> category, label;
    for (index_t t = 0; t < length; ++t) {
      category.push_back(t % categories);
      label.push_back(static_cast<index_t>(gen.below(labels)));
    }
    gen.shuffle(category);
    const auto subject = static_cast<std::size_t>(gen.below(length));
    for (std::size_t t = 0; t < category.size(); ++t) {
      std::size_t partner = 0;
      while (partner == t || category[partner] != category[t]) ++partner;
      for (const std::size_t position : {subject, partner, t == 0 ? 0 : t - 1}) {
        related.push_back(static_cast<index_t>(position));
        targets.push_back(label[position]);
      }
      subjects.push_back(t == subject);
    }
    all_categories.insert(all_categories.end(), category.begin(), category.end());
    all_labels.insert(all_labels.end(), label.begin(), label.end());
  }
  return {IntTensor(all_categories, {size, length}), IntTensor(all_labels, {size, length}),
          IntTensor(subjects, {size, length}), IntTensor(targets, {size, length, 3}), related};
}

// One attention layer with h heads between the embeddings and the output projection.
struct Model : nn::ModuleOf<Model> {
  nn::Embedding category, label, subject;
  nn::LearnedPositionalEncoding positions;
  nn::MultiheadAttention attention;
  nn::Linear output;

  Model(index_t h, Generator& gen)
      : category({.num_embeddings = categories, .embedding_dim = width}, gen),
        label({.num_embeddings = labels, .embedding_dim = width}, gen),
        subject({.num_embeddings = 2, .embedding_dim = width}, gen),
        positions({.d_model = width, .dropout = 0, .max_len = length, .batch_first = true}, gen),
        attention({.d_model = width, .nhead = h, .batch_first = true}, gen),
        output({.in = width, .out = 3 * labels}, gen) {
    const NoGrad no_grad;
    nn::init::normal(positions.weight, gen, 0, 1);
  }

  // -> logits (B, T, 3, labels) and the weights of each head (B, H, T, T). If `removed` >= 0, the
  // output of that head is not used, and no weights are returned.
  AttentionResult forward(const Batch& batch, index_t removed = -1) {
    const Tensor x = positions(category(batch.category) + label(batch.label) + subject(batch.subject));
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
    v.child("subject", subject);
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
      for (index_t t = 0; t < length; ++t)
        for (index_t r = 0; r < 3; ++r) {
          const index_t position = batch.related[static_cast<std::size_t>((b * length + t) * 3 + r)];
          sums[static_cast<std::size_t>(3 * i + r)] += weights.at({b, i, t, position});
        }
  return from_vector(sums, {h, 3}) / static_cast<double>(size * length);
}

const std::vector<int> widths = {-10, 11, 11, 11};

// Returns the mean weights of each head (H, 3).
Tensor weights_of_heads(const Options& options, Page& page, const Tensor& weights, const Batch& test) {
  page.step("The attention weights of each head");
  page.say(
      "The mean fraction of its weight that each head gives to the word of each relation. (One word can "
      "belong to several relations, so a row may sum to more than 1.) Equal weights would give each word "
      "1/12 = 0.08.");
  Tensor fractions = weight_by_relation(weights, test);
  std::vector<std::string> names;
  for (index_t h = 0; h < fractions.size(0); ++h) names.push_back(concat("head ", h));
  page.print("\n" + indented(heat_map(fractions, {.rows = names, .columns = relations}), 4));
  std::vector<double> best;
  for (index_t r = 0; r < 3; ++r) best.push_back(max(fractions.select(1, r)).item());
  page.claim("weights", "every relation has a head that attends to it",
             {"the best heads give ", number(best[0], 2), " of their weight to the subject, ",
              number(best[1], 2), " to the category, ", number(best[2], 2), " to the previous word"},
             *std::ranges::min_element(best) > 0.5);
  if (!options.figures.empty())
    write_figure(options.figures, "heads.svg",
                 svg_heat_map(fractions, {.title = "Attention weight of each head on each relation",
                                          .row_axis = "head",
                                          .column_axis = "relation",
                                          .rows = names,
                                          .columns = relations}));
  return fractions;
}

void remove_heads(Page& page, Model& model, const Batch& test, const std::vector<double>& complete,
                  const Tensor& fractions) {
  page.step("Removing heads");
  page.say(
      "Each head in turn is removed from W_o without further training. The table shows the loss of "
      "accuracy in percentage points, and the relation to which the head gives most weight:");
  page.print("\n    " + cells({"without", relations[0], relations[1], relations[2], "attends to"},
                              {-10, 11, 11, 11, 13}));
  int specialists = 0, needed = 0, agreeing = 0;
  std::vector<double> by_attended = {};  // losses of relations with more than half of a head's weight
  const index_t heads = fractions.size(0);
  for (index_t removed = 0; removed < heads; ++removed) {
    const std::vector<double> left = accuracy(model.forward(test, removed).output, test);
    std::vector<std::string> row = {concat("head ", removed)};
    std::vector<double> lost, weight = fractions[removed].to_vector();
    for (std::size_t r = 0; r < 3; ++r) {
      lost.push_back(complete[r] - left[r]);
      row.push_back(lost[r] < 0.0005 ? "·" : fixed(-100 * lost[r], 1));
      if (weight[r] > 0.5) by_attended.push_back(lost[r]);
    }
    const auto attended = std::ranges::max_element(weight) - weight.begin(),
               used = std::ranges::max_element(lost) - lost.begin();
    row.push_back(relations[static_cast<std::size_t>(attended)]);
    page.print("    " + cells(row, {-10, 11, 11, 11, 13}));
    std::ranges::sort(lost);
    specialists += lost[2] > 0.1 && lost[2] > 2 * lost[1];
    if (lost[2] < 0.01) continue;
    ++needed;
    agreeing += attended == used;
  }
  const auto of = [](int some, auto all) -> Measurement {
    return {number(some), " of ", number(static_cast<double>(all))};
  };
  Measurement one = of(specialists, heads), same = of(agreeing, needed);
  one.emplace_back(" heads");
  same.emplace_back(" heads whose removal costs more than 1 percentage point");
  page.claim("one_relation", "removing a head affects one relation most", one, specialists >= 2);
  page.claim("most_weight", "a head that is needed attends most to the relation that it is needed for", same,
             agreeing == needed);
  if (by_attended.empty()) by_attended.push_back(0);
  const auto [least, most] = std::ranges::minmax(by_attended);
  page.claim("unequal_need", "heads with much weight on a relation are not equally needed for it",
             {"without a head that gives it more than half of its weight, a relation loses ",
              number(100 * least, 1), " to ", number(100 * most, 1), " percentage points"},
             least < 0.5 * most);
}

void three_relations(const Options& options, Page& page, Generator& gen) {
  const index_t heads = options.integer("--heads", 4);
  page.step("One task, three relations");
  page.say(
      concat("Twelve words, each with a label and a category that exactly two words share. One word is the "
             "subject. At every word the model must predict three labels: that of the subject (a grammatical "
             "relation: the key alone decides), of the other word of the same category (a semantic relation: "
             "the contents of query and key are compared), and of the previous word (a positional relation: "
             "the positions decide). One layer of ",
             width, " channels is trained with one head of ", width, " and with ", heads, " heads of ",
             width / heads, "."));
  Model one(1, gen), several(heads, gen);
  const Generator data = gen.fork();  // both models get the same training sequences
  const std::string name = concat(heads, " heads");
  const SvgCurve single_loss = train(options, "1 head", one, data),
                 several_loss = train(options, name, several, data);
  const Batch test = make_batch(200, gen);
  const NoGrad no_grad;
  const std::vector<double> by_one = accuracy(one.forward(test).output, test);
  const AttentionResult result = several.forward(test);
  const std::vector<double> by_several = accuracy(result.output, test);
  const auto row = [&](const std::string& first, const std::vector<double>& a) {
    page.print("    " + cells({first, percent(a[0]), percent(a[1]), percent(a[2])}, widths));
  };
  page.print("\n    " + cells({"accuracy", relations[0], relations[1], relations[2]}, widths));
  const double chance = 1.0 / labels;
  row("chance", {chance, chance, chance});
  row("1 head", by_one);
  row(name, by_several);
  page.claim("several", "several heads learn several relations",
             {percentage(mean_of(by_several)), " accuracy with ",
              number(static_cast<double>(several.parameter_count())), " parameters (chance level ",
              percentage(chance), ")"},
             mean_of(by_several) >= 0.95);
  page.claim("single", "one head of the same size does not",
             {percentage(mean_of(by_one)), " accuracy with ",
              number(static_cast<double>(one.parameter_count())), " parameters"},
             mean_of(by_one) < mean_of(by_several) - 0.1);
  if (!options.figures.empty())
    write_figure(
        options.figures, "heads_loss.svg",
        svg_curves({single_loss, several_loss}, {.title = "One head and several heads of the same total size",
                                                 .x_axis = "step",
                                                 .y_axis = "cross-entropy (nats)",
                                                 .baseline = std::log(static_cast<double>(labels)),
                                                 .baseline_name = "chance level (ln 8)"}));
  const Tensor fractions = weights_of_heads(options, page, result.weights, test);
  remove_heads(page, several, test, by_several, fractions);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_04",
                    .title = "Lesson 04 · Multi-head attention: several attentions in parallel",
                    .more = {{"--heads", "1|2|3|4|6|8|12|16|24|48",
                              "heads of the second model, a divisor of 48 (default 4)"}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    Generator gen(options.seed);
    split_and_merge(options, page);
    cost_of_heads(page, gen);
    three_relations(options, page, gen);
    course_sketch(page);
    page.print("");
    page.say("Next: ./lesson_05 builds the Transformer block around it.");
  });
}
