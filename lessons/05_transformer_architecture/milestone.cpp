// Milestone 05 · A stack of blocks of your own
//
//   h = norm1(x + attention(x))         multi_head_attention (lesson 04) in add_and_norm
//   y = norm2(h + feed_forward(h))      feed_forward in add_and_norm; make_stack makes the layers
//
// The norms run layer_norm_forward on the way there and layer_norm_backward on the way back: the model learns only as
// well as the gradients that you worked out. The task is that of lesson_05, made smaller.
#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"
#include "nn/nn.h"
#include "optim/optim.h"

using namespace heed;
using namespace heed::lessons;

namespace {

constexpr index_t words = 5, length = 6, width = 32, heads = 4;

// An op with your forward and your backward.
Tensor your_norm(const Tensor& x, const nn::LayerNorm& norm) {
  const double eps = norm.options.eps;
  const Tensor y = exercise::layer_norm_forward(x.detach(), norm.weight.detach(), norm.bias.detach(), eps);
  return record("your_norm", {x, norm.weight, norm.bias}, y,
                [x = Saved(x), gamma = Saved(norm.weight), eps](const Tensor& dy, Gradients& d) {
                  const auto back = exercise::layer_norm_backward(dy, x(), gamma(), eps);
                  d[0] = back.x, d[1] = back.gamma, d[2] = back.beta;
                });
}

// x (B, T, C) -> (B, T, C), with the parameters of a layer and the functions that you wrote.
Tensor your_block(const Tensor& x, const nn::TransformerEncoderLayer& layer) {
  const nn::MultiheadAttention& self = layer.self_attn;
  const exercise::MultiHead all = {heads, self.in_proj_weight, self.in_proj_bias, self.out_proj.weight,
                                   self.out_proj.bias};
  const nn::Linear &there = layer.linear1, &back = layer.linear2;
  const auto look = [&](const Tensor& t) { return exercise::multi_head_attention(t, t, t, all, {}); };
  const auto think = [&](const Tensor& t) {
    return exercise::feed_forward(t, there.weight, there.bias, back.weight, back.bias);
  };
  const auto norm1 = [&](const Tensor& t) { return your_norm(t, layer.norm1); };
  const auto norm2 = [&](const Tensor& t) { return your_norm(t, layer.norm2); };
  return exercise::add_and_norm(exercise::add_and_norm(x, look, norm1, {}), think, norm2, {});
}

struct Model {
  nn::Embedding embedding;
  nn::PositionalEncoding positions;
  exercise::Stack stack;
  nn::Linear answer;

  static constexpr nn::TransformerEncoderLayerOptions options = {
      .d_model = width, .nhead = heads, .dim_feedforward = 64, .dropout = 0, .batch_first = true};
  explicit Model(Generator& gen)
      : embedding({.num_embeddings = words, .embedding_dim = width}, gen),
        positions({.d_model = width, .dropout = 0, .max_len = length, .batch_first = true}, gen),
        stack(exercise::make_stack(options, 2, gen)),
        answer({.in = width, .out = words}, gen) {}
  Tensor forward(const IntTensor& ids) {  // (B, T) -> (B, T, words)
    Tensor x = positions(embedding(ids));
    for (const auto& layer : stack.layers) x = your_block(x, *layer);
    return answer(x);
  }
  std::vector<Tensor> parameters() const {
    std::vector<Tensor> all = {embedding.weight, answer.weight, answer.bias};
    for (const auto& layer : stack.layers)
      for (const Tensor& t : layer->parameters()) all.push_back(t);
    return all;
  }
};

// Words 0 … 4, six a text; the answer at a place is the sum of its word and that of the mirrored place, modulo 5.
struct Batch {
  IntTensor ids, answers;  // (B, T)
};
Batch make_batch(index_t size, Generator& gen) {
  Batch batch{IntTensor::zeros({size, length}), IntTensor::zeros({size, length})};
  for (index_t& id : batch.ids.values()) id = static_cast<index_t>(gen.below(words));
  for (index_t i = 0; i < size * length; ++i) {
    const index_t mirrored = i - i % length + length - 1 - i % length;
    batch.answers.values()[static_cast<std::size_t>(i)] = (batch.ids[i] + batch.ids[mirrored]) % words;
  }
  return batch;
}

void train(const Options& options, Page& page) {
  Generator gen(options.seed);
  Model model(gen);
  optim::Adam optimizer(model.parameters(), {.lr = 2e-3});
  const int steps = options.quick ? 50 : 800;
  Progress progress("your stack", steps, options.quiet);
  for (int step = 1; step <= steps; ++step) {
    const Batch batch = make_batch(32, gen);
    const Tensor loss = cross_entropy(model.forward(batch.ids), batch.answers);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
  const NoGrad no_grad;
  const Batch test = make_batch(500, gen);
  const IntTensor guess = argmax(model.forward(test.ids), -1);
  double right = 0;  // a share
  for (index_t i = 0; i < guess.numel(); ++i) right += (guess[i] == test.answers[i]) / (500.0 * length);
  page.claim("your stack learns its task", percent(right) + " right on new texts; a guess is 20 %",
             right >= 0.95);
  nn::TransformerEncoderLayer& layer = *model.stack.layers.front();
  const Tensor x = randn({2, length, width}, gen);
  page.claim("your pieces and your encoder_block are one block", "the same numbers within 1e-5",
             max_abs_difference(your_block(x, layer), exercise::encoder_block(x, layer, {})) < 1e-5);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "milestone_05", .title = "Milestone 05 · A stack of blocks of your own"};
  return run(argc, argv, about, train);
}
