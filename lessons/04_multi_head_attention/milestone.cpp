// Milestone 04 · Four heads of your own
//
//   q, k, v = split_heads(x · W_qᵀ …),  found = heads_attend(q, k, v),  output = merge_heads(found) · W_oᵀ
//
// Your parts are held to nn::MultiheadAttention, your multi_head_attention and your sdpa of lesson 02; then they
// learn the task of lesson_04, made smaller; then your without_head cuts the heads out of W_o, one by one.
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

constexpr index_t length = 8, signs = 4, width = 32, heads = 4;
const std::vector<int> widths = {-16, 11, 11, 11};

exercise::MultiHead parts_of(const nn::MultiheadAttention& layer) {
  return {heads, layer.in_proj_weight, layer.in_proj_bias, layer.out_proj.weight, layer.out_proj.bias};
}
// x (B, T, C) -> (B, T, C)
Tensor your_layer(const Tensor& x, const exercise::MultiHead& layer) {
  const std::vector<Tensor> qkv = chunk(linear(x, layer.in_proj_weight, layer.in_proj_bias), 3, -1);
  const auto split = [](const Tensor& t) { return exercise::split_heads(t, heads); };
  const Tensor found = exercise::heads_attend(split(qkv[0]), split(qkv[1]), split(qkv[2]), {}).output;
  return linear(exercise::merge_heads(found), layer.out_proj_weight, layer.out_proj_bias);
}

// Words are of a sort, which two of a text share, and have a sign: id = sort · signs + sign. At every word three
// signs are asked for: of the word before it, of the other word of its sort, and of the word at the mirrored place.
struct Batch {
  IntTensor ids, answers;  // (B, T), (B, T, 3)
};
Batch make_batch(index_t size, Generator& gen) {
  std::vector<index_t> ids, answers;
  for (index_t b = 0; b < size; ++b) {
    std::vector<index_t> text(length);
    for (index_t t = 0; t < length; ++t)
      text[static_cast<std::size_t>(t)] = t / 2 * signs + static_cast<index_t>(gen.below(signs));
    gen.shuffle(text);
    for (std::size_t t = 0; t < text.size(); ++t) {
      std::size_t other = 0;
      while (other == t || text[other] / signs != text[t] / signs) ++other;
      for (const auto at : {t == 0 ? 0 : t - 1, other, text.size() - 1 - t})
        answers.push_back(text[at] % signs);
    }
    ids.insert(ids.end(), text.begin(), text.end());
  }
  return {IntTensor(ids, {size, length}), IntTensor(answers, {size, length, 3})};
}

struct Model {
  nn::Embedding words, places;
  nn::MultiheadAttention layer;
  nn::Linear answer;

  explicit Model(Generator& gen)
      : words({.num_embeddings = length / 2 * signs, .embedding_dim = width}, gen),
        places({.num_embeddings = length, .embedding_dim = width}, gen),
        layer({.d_model = width, .nhead = heads, .batch_first = true}, gen),
        answer({.in = width, .out = 3 * signs, .bias = false}, gen) {}
  Tensor forward(const Batch& batch, const exercise::MultiHead& parts) const {  // -> (B, T, 3, signs)
    const Tensor x = words(batch.ids) + places.weight;
    return answer(your_layer(x, parts)).reshape({-1, length, 3, signs});
  }
};

// Prints the share of right answers of each relation, and returns that of all.
double score(Page& page, const std::string& name, const Tensor& scores, const Batch& batch) {
  const std::vector<index_t> guess = argmax(scores, -1).values(), &answers = batch.answers.values();
  std::vector<double> right(3, 0);
  for (std::size_t i = 0; i < guess.size(); ++i)
    right[i % 3] += guess[i] == answers[i] ? 3.0 / static_cast<double>(guess.size()) : 0;
  page.print("    " + cells({name, percent(right[0]), percent(right[1]), percent(right[2])}, widths));
  return (right[0] + right[1] + right[2]) / 3;
}

// Before anything is learned: the same numbers on every way.
void compare(Page& page, nn::MultiheadAttention& layer, Generator& gen) {
  const auto same = [&](const std::string& claim, const Tensor& a, const Tensor& b) {
    const double apart = max_abs_difference(a, b);
    page.claim(claim, "the largest difference is " + scientific(apart), apart < 1e-5);
  };
  const Tensor x = randn({2, length, width}, gen), wanted = layer.forward(x, x, x).output;
  same("your parts are nn::MultiheadAttention", your_layer(x, parts_of(layer)), wanted);
  same("your whole layer is, too", exercise::multi_head_attention(x, x, x, parts_of(layer), {}), wanted);
  const Tensor all = exercise::split_heads(x, heads), one = all[1][2];
  same("a head among others is your sdpa", exercise::heads_attend(all, all, all, {}).output[1][2],
       exercise::sdpa(one, one, one, {}));
}

void train(const Options& options, Page& page) {
  Generator gen(options.seed);
  Model model(gen);
  compare(page, model.layer, gen);
  std::vector<Tensor> trained = model.layer.parameters();
  for (const auto& t : {model.words.weight, model.places.weight, model.answer.weight}) trained.push_back(t);
  optim::Adam optimizer(trained, {.lr = 3e-3});
  const int steps = options.quick ? 50 : 1000;
  Progress progress("your heads", steps, options.quiet);
  for (int step = 1; step <= steps; ++step) {
    const Batch batch = make_batch(32, gen);
    const Tensor loss = cross_entropy(model.forward(batch, parts_of(model.layer)), batch.answers);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
  const NoGrad no_grad;
  const Batch test = make_batch(500, gen);
  exercise::MultiHead parts = parts_of(model.layer);
  page.print("    " + cells({"", "before", "same sort", "mirrored"}, widths));
  const double all = score(page, "four heads", model.forward(test, parts), test);
  double least = 1;
  for (index_t off = 0; off < heads; ++off) {
    parts.out_proj_weight = exercise::without_head(model.layer.out_proj.weight, heads, off);
    least = std::min(least, score(page, concat("without head ", off), model.forward(test, parts), test));
  }
  page.claim("your heads learn three relations", percent(all) + " right on new texts; a guess is 25 %",
             all >= 0.95);
  page.claim("heads are missed", percent(least) + " right without the one missed most", least < all - 0.1);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "milestone_04", .title = "Milestone 04 · Four heads of your own"};
  return run(argc, argv, about, train);
}
