#include "lessons/10_vit/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

// Weights of `count` layers, rows that sum to 1: 2 pictures, 3 heads, `tokens` tokens.
std::vector<Tensor> made(std::uint64_t seed, index_t count, index_t tokens) {
  Generator gen(seed);
  std::vector<Tensor> layers;
  for (index_t i = 0; i < count; ++i) layers.push_back(softmax(randn({2, 3, tokens, tokens}, gen) * 2.0, -1));
  return layers;
}

using Layers = std::vector<Tensor>;
template <class Pass>
Tensor product(const Layers& layers, Pass pass) {
  Tensor flow = eye(layers[0].size(-1));
  for (const Tensor& weights : layers) flow = matmul(pass(weights), flow);
  return flow;
}
Tensor mixed(const Tensor& weights) { return (weights.mean(1) + eye(weights.size(-1))) / 2.0; }
Tensor of_cls(const Tensor& flow) { return flow.select(1, 0).slice(1, 1); }

const tutor::Exercise<decltype(rollout)> exercise{
    "10_rollout",
    rollout,
    [](auto& layers) { return of_cls(product(layers, mixed)); },
    {{"VI-68", "the residual was left out: half of every token goes by the attention unchanged",
      [](auto& layers) { return of_cls(product(layers, [](const Tensor& w) { return w.mean(1); })); }},
     {"VI-69", "the layers were multiplied in the wrong order: the last layer's matrix stands first",
      [](auto& layers) { return of_cls(product(Layers(layers.rbegin(), layers.rend()), mixed)); }},
     {"VI-70", "I was added without halving: the rows sum to 2, and grow with every layer",
      [](auto& layers) {
        return of_cls(product(layers, [](const Tensor& w) { return w.mean(1) + eye(w.size(-1)); }));
      }},
     {"VI-71", "the column of CLS says what the others took of CLS; its row says what it took of them",
      [](auto& layers) { return product(layers, mixed).select(2, 0).slice(1, 1); }},
     {"VI-72", "CLS itself is still in the answer: one number for each patch",
      [](auto& layers) { return product(layers, mixed).select(1, 0); }},
     {"VI-73", "only the last layer was read: what each token held by then came from others before",
      [](auto& layers) { return of_cls(mixed(layers.back())); }},
     {"VI-74", "one head was read; take the mean of all",
      [](auto& layers) {
        return of_cls(
            product(layers, [](const Tensor& w) { return (w.select(1, 0) + eye(w.size(-1))) / 2.0; }));
      }},
     {"VI-75", "the layers were added up; what one layer passes on, the next one mixes again: multiply",
      [](auto& layers) {
        Tensor sum = mixed(layers[0]);
        for (std::size_t i = 1; i < layers.size(); ++i) sum = sum + mixed(layers[i]);
        return of_cls(sum);
      }}}};

TEST(Rollout, MultipliesTheLayers) {
  exercise.compare("rollout(2 layers of (2, 3, 5, 5))", [](auto f) { return f(made(1, 2, 5)); });
  exercise.compare("rollout(4 layers of (2, 3, 4, 4))", [](auto f) { return f(made(2, 4, 4)); });
}

TEST(Rollout, OfOneLayerIsThatLayer) {
  exercise.compare("rollout(1 layer of (2, 3, 5, 5))", [](auto f) { return f(made(3, 1, 5)); });
}

TEST(Rollout, ReadByHand) {
  exercise.compare(
      "rollout({{{{{0, 1}, {0, 1}}}}, {{{{0.5, 0.5}, {1, 0}}}}}): two layers of one head, CLS and one patch",
      [](auto f) {
        return f({tensor({{{{0, 1}, {0, 1}}}}), tensor({{{{0.5, 0.5}, {1, 0}}}})});
      });
}

TEST(Rollout, GivesSharesOfOneWhole) {
  exercise.invariant("VI-70", "what came from the patches is less than 1", [](auto f) {
    const Tensor shares = f(made(4, 3, 6));
    return shares.shape() == Shape{2, 5} && max(shares.sum(1)).item() < 1;
  });
}

}  // namespace
}  // namespace heed::exercise
