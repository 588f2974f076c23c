// Milestone 05 · A stack of blocks of your own
//
//   h = norm1(x + attention(x))         multi_head_attention (lesson 04) in add_and_norm
//   y = norm2(h + feed_forward(h))      feed_forward in add_and_norm; encoder_stack creates the layers
//
// The norms use your layer_norm_forward and layer_norm_backward, so the model learns only if your
// gradients are correct. The task is a smaller version of that of lesson_05.
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

// An op with your forward and your backward pass.
Tensor your_norm(const Tensor& x, const nn::LayerNorm& norm) {
  const double eps = norm.options.eps;
  const Tensor y = exercise::layer_norm_forward(x.detach(), norm.weight.detach(), norm.bias.detach(), eps);
  return record("your_norm", {x, norm.weight, norm.bias}, y,
                [x = Saved(x), gamma = Saved(norm.weight), eps](const Tensor& dy, Gradients& d) {
                  const auto back = exercise::layer_norm_backward(dy, x(), gamma(), eps);
                  d[0] = back.x;
                  d[1] = back.gamma;
                  d[2] = back.beta;
                });
}

// x (B, T, C) -> (B, T, C): the parameters of `layer` with your functions.
Tensor your_block(const Tensor& x, const nn::TransformerEncoderLayer& layer) {
  const nn::MultiheadAttention& self = layer.self_attn;
  const exercise::MultiHead all = {heads, self.in_proj_weight, self.in_proj_bias, self.out_proj.weight,
                                   self.out_proj.bias};
  const nn::Linear &linear1 = layer.linear1, &linear2 = layer.linear2;
  const auto attend = [&](const Tensor& t) { return exercise::multi_head_attention(t, t, t, all, {}); };
  const auto feed_forward = [&](const Tensor& t) {
    return exercise::feed_forward(t, linear1.weight, linear1.bias, linear2.weight, linear2.bias);
  };
  const auto norm1 = [&](const Tensor& t) { return your_norm(t, layer.norm1); };
  const auto norm2 = [&](const Tensor& t) { return your_norm(t, layer.norm2); };
  return exercise::add_and_norm(exercise::add_and_norm(x, attend, norm1, {}), feed_forward, norm2, {});
}

struct Model {
  nn::Embedding embedding;
  nn::PositionalEncoding positions;
  exercise::Stack stack;
  nn::Linear output;

  static constexpr nn::TransformerEncoderLayerOptions options = {
      .d_model = width, .nhead = heads, .dim_feedforward = 64, .dropout = 0, .batch_first = true};
  explicit Model(Generator& gen)
      : embedding({.num_embeddings = words, .embedding_dim = width}, gen),
        positions({.d_model = width, .dropout = 0, .max_len = length, .batch_first = true}, gen),
        stack(exercise::encoder_stack(options, 2, gen)),
        output({.in = width, .out = words}, gen) {}
  Tensor forward(const IntTensor& ids) {  // (B, T) -> (B, T, words)
    Tensor x = positions(embedding(ids));
    for (const auto& layer : stack.layers) x = your_block(x, *layer);
    return output(x);
  }
  std::vector<Tensor> parameters() const {
    std::vector<Tensor> all = {embedding.weight, output.weight, output.bias};
    for (const auto& layer : stack.layers)
      for (const Tensor& t : layer->parameters()) all.push_back(t);
    return all;
  }
};

// Sequences of six words 0 … 4. The target at each position is the sum, modulo 5, of the word there
// and the word at the mirrored position.
struct Batch {
  IntTensor ids, targets;  // (B, T)
};
Batch make_batch(index_t size, Generator& gen) {
  Batch batch{IntTensor::zeros({size, length}), IntTensor::zeros({size, length})};
  for (index_t& id : batch.ids.values()) id = static_cast<index_t>(gen.below(words));
  for (index_t i = 0; i < size * length; ++i) {
    const index_t mirrored = i - i % length + length - 1 - i % length;
    batch.targets.values()[static_cast<std::size_t>(i)] = (batch.ids[i] + batch.ids[mirrored]) % words;
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
    const Tensor loss = cross_entropy(model.forward(batch.ids), batch.targets);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    progress.update(step, "loss " + fixed(loss.item(), 3));
  }
  const NoGrad no_grad;
  const Batch test = make_batch(500, gen);
  const IntTensor prediction = argmax(model.forward(test.ids), -1);
  double accuracy = 0;
  for (index_t i = 0; i < prediction.numel(); ++i)
    accuracy += (prediction[i] == test.targets[i]) / (500.0 * length);
  page.claim("learns", "your stack learns its task",
             {percentage(accuracy), " accuracy on held-out sequences; chance level ", percentage(0.2)},
             accuracy >= 0.95);
  nn::TransformerEncoderLayer& layer = *model.stack.layers.front();
  const Tensor x = randn({2, length, width}, gen);
  const double difference = max_abs_difference(your_block(x, layer), exercise::encoder_block(x, layer, {}));
  page.claim("agree", "your parts and your encoder_block agree",
             {"the outputs differ by at most ", power(difference)}, difference < 1e-5);
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "milestone_05", .title = "Milestone 05 · A stack of blocks of your own"};
  return run(argc, argv, about, train);
}
