#include "lessons/10_vit/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Scores of `count` layers: (B, H, T, T).
std::vector<Tensor> scores(index_t count, const Shape& shape) {
  Generator gen(static_cast<std::uint64_t>(100 * count + shape[2]));
  std::vector<Tensor> layers;
  for (index_t i = 0; i < count; ++i) layers.push_back(randn(shape, gen) * 2.0);
  return layers;
}
// Weights: rows that sum to 1.
std::vector<Tensor> made(index_t count, const Shape& shape) {
  std::vector<Tensor> layers;
  for (const Tensor& s : scores(count, shape)) layers.push_back(softmax(s, -1));
  return layers;
}

using Layers = std::vector<Tensor>;
template <class Pass>
Tensor product(const Layers& layers, Pass pass) {
  Tensor flow = eye(layers[0].size(-1), layers[0].dtype());
  for (const Tensor& weights : layers) flow = matmul(pass(weights), flow);
  return flow;
}
Tensor self(const Tensor& weights) { return eye(weights.size(-1), weights.dtype()); }
Tensor mixed(const Tensor& weights) { return (weights.mean(1) + self(weights)) / 2.0; }
Tensor of_cls(const Tensor& flow) { return flow.select(1, 0).slice(1, 1); }

const checks::Exercise<decltype(rollout)> exercise{
    "10_rollout",
    rollout,
    [](auto& layers) { return of_cls(product(layers, mixed)); },
    {{"VI-68", "the residual was left out: half of every token goes by the attention unchanged",
      [](auto& layers) { return of_cls(product(layers, [](const Tensor& w) { return w.mean(1); })); }},
     {"VI-69", "the layers were multiplied in the wrong order: the last layer's matrix stands first",
      [](auto& layers) { return of_cls(product(Layers(layers.rbegin(), layers.rend()), mixed)); }},
     {"VI-70", "I was added without halving: the rows sum to 2, and grow with every layer",
      [](auto& layers) {
        return of_cls(product(layers, [](const Tensor& w) { return w.mean(1) + self(w); }));
      }},
     {"VI-71", "the column of CLS says what the others took of CLS; its row says what it took of them",
      [](auto& layers) { return product(layers, mixed).select(2, 0).slice(1, 1); }},
     {"VI-72", "CLS itself is still in the answer: one number for each patch",
      [](auto& layers) { return product(layers, mixed).select(1, 0); }},
     {"VI-73", "only the last layer was read: what each token held by then came from others before",
      [](auto& layers) { return of_cls(mixed(layers.back())); }},
     {"VI-74", "one head was read; take the mean of all",
      [](auto& layers) {
        return of_cls(product(layers, [](const Tensor& w) { return (w.select(1, 0) + self(w)) / 2.0; }));
      }},
     {"VI-75", "the layers were added up; what one layer passes on, the next one mixes again: multiply",
      [](auto& layers) {
        Tensor sum = mixed(layers[0]);
        for (std::size_t i = 1; i < layers.size(); ++i) sum = sum + mixed(layers[i]);
        return of_cls(sum);
      }},
     {"VI-42", "the heads were added up; take their mean",
      [](auto& layers) {
        return of_cls(product(layers, [](const Tensor& w) { return (w.sum(1) + self(w)) / 2.0; }));
      }},
     {"VI-43", "what CLS kept of itself was divided out: the patches' part is less than 1",
      [](auto& layers) {
        const Tensor patches = of_cls(product(layers, mixed));
        return patches / patches.sum(1, true);
      }},
     {"VI-46", "the largest of the heads was taken; take their mean",
      [](auto& layers) {
        return of_cls(
            product(layers, [](const Tensor& w) { return (max(w, 1, false).values + self(w)) / 2.0; }));
      }},
     {"VI-31", "the last token's row was read; CLS is token 0",
      [](auto& layers) { return product(layers, mixed).select(1, -1).slice(1, 0, -1); }},
     {"VI-87", "the first layer was left out",
      [](auto& layers) {
        Tensor flow = self(layers[0]);
        for (std::size_t i = 1; i < layers.size(); ++i) flow = matmul(mixed(layers[i]), flow);
        return of_cls(flow);
      }},
     {"VI-86", "each head was followed by itself: take the mean over the heads in each layer",
      [](auto& layers) {
        const Tensor flow = product(layers, [](const Tensor& w) { return (w + self(w)) / 2.0; });
        return of_cls(flow.mean(1));
      }}}};

using Inputs = std::tuple<Layers>;
// A correct solution may divide each row by its sum, which changes the gradients with respect to the
// weights. So Rollout.IsTraced compares gradients with respect to the scores instead.
constexpr checks::Forms no_gradients{.gradients = false};

TEST(Rollout, ReadByHand) {
  exercise.call(
      "rollout({{{{{0, 1}, {0, 1}}}}, {{{{0.5, 0.5}, {1, 0}}}}}): two layers of one head, CLS and one patch",
      [] {
        return Inputs(Layers{tensor({{{{0, 1}, {0, 1}}}}), tensor({{{{0.5, 0.5}, {1, 0}}}})});
      },
      no_gradients);
}

TEST(Rollout, MultipliesTheLayers) {
  exercise.call(
      "rollout(2 layers of (2, 3, 5, 5))",
      [] {
        return Inputs(made(2, {2, 3, 5, 5}));
      },
      no_gradients);
  exercise.call(
      "rollout(4 layers of (2, 3, 4, 4))",
      [] {
        return Inputs(made(4, {2, 3, 4, 4}));
      },
      no_gradients);
  exercise.call(
      "rollout(3 layers of (3, 3, 3, 3))",
      [] {
        return Inputs(made(3, {3, 3, 3, 3}));
      },
      no_gradients);
}

TEST(Rollout, OfOneLayerIsThatLayer) {
  exercise.call(
      "rollout(1 layer of (2, 3, 5, 5))",
      [] {
        return Inputs(made(1, {2, 3, 5, 5}));
      },
      no_gradients);
}

TEST(Rollout, OfOneImageOneHeadOrOnePatch) {
  exercise.call(
      "rollout(3 layers of (1, 2, 6, 6))",
      [] {
        return Inputs(made(3, {1, 2, 6, 6}));
      },
      no_gradients);
  exercise.call(
      "rollout(2 layers of (2, 1, 4, 4))",
      [] {
        return Inputs(made(2, {2, 1, 4, 4}));
      },
      no_gradients);
  exercise.call(
      "rollout(3 layers of (2, 2, 2, 2))",
      [] {
        return Inputs(made(3, {2, 2, 2, 2}));
      },
      no_gradients);
}

TEST(Rollout, GivesSharesOfOneWhole) {
  exercise.invariant("", "what came from the patches is less than 1", [](auto f) {
    return max(f(made(3, {2, 3, 6, 6})).sum(1)).item() < 1;
  });
}

TEST(Rollout, IsTraced) {
  exercise.compare("gradients with respect to the scores whose softmax is 3 layers of (2, 3, 4, 4)",
                   [](auto f) {
                     Layers leaves = scores(3, {2, 3, 4, 4}), layers;
                     for (Tensor& s : leaves) layers.push_back(softmax(s.set_requires_grad(), -1));
                     const Tensor loss = checks::weighted_sum({f(layers)});
                     if (loss.defined()) loss.backward();
                     Layers found;
                     for (const Tensor& s : leaves)
                       found.push_back(s.grad().defined() ? s.grad() : zeros(s.shape()));
                     return found;
                   });
}

}  // namespace
}  // namespace heed::exercise
