// Milestone 04 · Four heads of your own
//
//   q, k, v = split_heads(x · W_qᵀ …),  y = per_head_attention(q, k, v),  output = merge_heads(y) · W_oᵀ
//
// The program compares your parts with nn::MultiheadAttention, your multi_head_attention and your
// sdpa of lesson 02. Then it trains them on a smaller version of the task of lesson_04, and your
// remove_head removes the heads from W_o one at a time.
#include <algorithm>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"
#include "nn/nn.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

constexpr index_t length = 8, labels = 4, width = 32, heads = 4;
constexpr index_t vocabulary = length / 2 * labels;
const std::vector<int> widths = {-16, 11, 11, 11};

exercise::MultiHead parts_of(const nn::MultiheadAttention& layer) {
  return {heads, layer.in_proj_weight, layer.in_proj_bias, layer.out_proj.weight, layer.out_proj.bias};
}
// Multi-head attention of x to itself: (B, T, C) -> (B, T, C).
Tensor your_layer(const Tensor& x, const exercise::MultiHead& layer) {
  const std::vector<Tensor> qkv = chunk(linear(x, layer.in_proj_weight, layer.in_proj_bias), 3, -1);
  const auto split = [](const Tensor& t) { return exercise::split_heads(t, heads); };
  const Tensor output = exercise::per_head_attention(split(qkv[0]), split(qkv[1]), split(qkv[2]), {}).output;
  return linear(exercise::merge_heads(output), layer.out_proj_weight, layer.out_proj_bias);
}

// Each word has a category, which exactly two words of a sequence share, and a label, and one word is
// the subject: id = category · labels + label, plus the size of the vocabulary for the subject. At
// every word the model predicts three labels: that of the subject, of the other word of the same
// category, and of the previous word.
struct Batch {
  IntTensor ids, targets;  // (B, T), (B, T, 3)
};
Batch make_batch(index_t size, Generator& gen) {
  std::vector<index_t> ids, targets;
  for (index_t b = 0; b < size; ++b) {
    std::vector<index_t> sequence(length);
    for (index_t t = 0; t < length; ++t)
      sequence[static_cast<std::size_t>(t)] = t / 2 * labels + static_cast<index_t>(gen.below(labels));
    gen.shuffle(sequence);
    const auto subject = static_cast<std::size_t>(gen.below(length));
    for (std::size_t t = 0; t < sequence.size(); ++t) {
      std::size_t other = 0;
      while (other == t || sequence[other] / labels != sequence[t] / labels) ++other;
      for (const std::size_t position : {subject, other, t == 0 ? 0 : t - 1})
        targets.push_back(sequence[position] % labels);
    }
    sequence[subject] += vocabulary;
    ids.insert(ids.end(), sequence.begin(), sequence.end());
  }
  return {IntTensor(ids, {size, length}), IntTensor(targets, {size, length, 3})};
}

struct Model {
  nn::Embedding words, positions;
  nn::MultiheadAttention layer;
  nn::Linear output;

  explicit Model(Generator& gen)
      : words({.num_embeddings = 2 * vocabulary, .embedding_dim = width}, gen),
        positions({.num_embeddings = length, .embedding_dim = width}, gen),
        layer({.d_model = width, .nhead = heads, .batch_first = true}, gen),
        output({.in = width, .out = 3 * labels, .bias = false}, gen) {}
  Tensor forward(const Batch& batch, const exercise::MultiHead& parts) const {  // -> (B, T, 3, labels)
    const Tensor x = words(batch.ids) + positions.weight;
    return output(your_layer(x, parts)).reshape({-1, length, 3, labels});
  }
};

// Prints the accuracy of each relation, and returns the mean of the three.
double print_accuracy(Page& page, const std::string& name, const Tensor& logits, const Batch& batch) {
  const std::vector<index_t> prediction = argmax(logits, -1).values(), &targets = batch.targets.values();
  std::vector<double> correct(3, 0);
  for (std::size_t i = 0; i < prediction.size(); ++i)
    correct[i % 3] += prediction[i] == targets[i] ? 3.0 / static_cast<double>(prediction.size()) : 0;
  page.print("    " + cells({name, percent(correct[0]), percent(correct[1]), percent(correct[2])}, widths));
  return (correct[0] + correct[1] + correct[2]) / 3;
}

// Checks before training that all implementations compute the same result.
void compare(Page& page, nn::MultiheadAttention& layer, Generator& gen) {
  const auto same = [&](const std::string& id, const std::string& text, const Tensor& a, const Tensor& b) {
    const double difference = max_abs_difference(a, b);
    page.claim(id, text, {"the largest difference is ", power(difference)}, difference < 1e-5);
  };
  const Tensor x = randn({2, length, width}, gen), expected = layer.forward(x, x, x).output;
  same("parts", "your parts match nn::MultiheadAttention", your_layer(x, parts_of(layer)), expected);
  same("multi_head_attention", "your multi_head_attention does, too",
       exercise::multi_head_attention(x, x, x, parts_of(layer), {}), expected);
  const Tensor all = exercise::split_heads(x, heads), one = all[1][2];
  same("sdpa", "a single head matches your sdpa",
       exercise::per_head_attention(all, all, all, {}).output[1][2], exercise::sdpa(one, one, one, {}));
}

void train(const Options& options, Page& page) {
  Generator gen(options.seed);
  Model model(gen);
  compare(page, model.layer, gen);
  std::vector<Tensor> trained = model.layer.parameters();
  for (const auto& t : {model.words.weight, model.positions.weight, model.output.weight})
    trained.push_back(t);
  optim::Adam optimizer(trained, {.lr = 3e-3});
  const int steps = options.quick ? 50 : 1000;
  Progress progress("your heads", steps, options.quiet);
  for (int step = 1; step <= steps; ++step) {
    const Batch batch = make_batch(32, gen);
    const Tensor loss = cross_entropy(model.forward(batch, parts_of(model.layer)), batch.targets);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
  const NoGrad no_grad;
  const Batch test = make_batch(500, gen);
  exercise::MultiHead parts = parts_of(model.layer);
  page.print("    " + cells({"", "subject", "category", "previous"}, widths));
  const double all = print_accuracy(page, "four heads", model.forward(test, parts), test);
  double least = 1;
  for (index_t head = 0; head < heads; ++head) {
    parts.out_proj_weight = exercise::remove_head(model.layer.out_proj.weight, heads, head);
    least = std::min(least,
                     print_accuracy(page, concat("without head ", head), model.forward(test, parts), test));
  }
  page.claim(
      "learned", "your heads learn three relations",
      {percentage(all), " accuracy on held-out sequences (chance level ", percentage(1.0 / labels, 0), ")"},
      all >= 0.95);
  page.claim("contribute", "the heads contribute",
             {percentage(least), " accuracy without the most important one"}, least < all - 0.1);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "milestone_04", .title = "Milestone 04 · Four heads of your own"};
  return run(argc, argv, about, train);
}
