#include "lessons/10_vit/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Returns random scores of `count` layers, (B, H, T, T).
std::vector<Tensor> scores(index_t count, const Shape& shape) {
  Generator gen(static_cast<std::uint64_t>(100 * count + shape[2]));
  std::vector<Tensor> layers;
  for (index_t i = 0; i < count; ++i) layers.push_back(randn(shape, gen) * 2.0);
  return layers;
}
// Returns attention weights, whose rows sum to 1.
std::vector<Tensor> random_weights(index_t count, const Shape& shape) {
  std::vector<Tensor> layers;
  for (const Tensor& s : scores(count, shape)) layers.push_back(softmax(s, -1));
  return layers;
}

using Layers = std::vector<Tensor>;
template <class Matrix>
Tensor product(const Layers& layers, Matrix matrix) {
  Tensor flow = eye(layers[0].size(-1), layers[0].dtype());
  for (const Tensor& weights : layers) flow = matmul(matrix(weights), flow);
  return flow;
}
Tensor identity(const Tensor& weights) { return eye(weights.size(-1), weights.dtype()); }
Tensor layer_matrix(const Tensor& weights) { return (weights.mean(1) + identity(weights)) / 2.0; }
Tensor cls_row(const Tensor& flow) { return flow.select(1, 0).slice(1, 1); }

const checks::Exercise<decltype(rollout)> exercise{
    "10_rollout",
    rollout,
    [](auto& layers) { return cls_row(product(layers, layer_matrix)); },
    {{"VI-68", "the residual was left out: half of every token passes a layer unchanged",
      [](auto& layers) { return cls_row(product(layers, [](const Tensor& w) { return w.mean(1); })); }},
     {"VI-69", "the layers were multiplied in the wrong order: the last layer is on the left",
      [](auto& layers) { return cls_row(product(Layers(layers.rbegin(), layers.rend()), layer_matrix)); }},
     {"VI-70", "the sum with I was not halved: the rows sum to 2 instead of 1",
      [](auto& layers) {
        return cls_row(product(layers, [](const Tensor& w) { return w.mean(1) + identity(w); }));
      }},
     {"VI-71", "this is the column of CLS, its contribution to the others: use its row",
      [](auto& layers) { return product(layers, layer_matrix).select(2, 0).slice(1, 1); }},
     {"VI-72", "CLS is included in the result: return one value per patch",
      [](auto& layers) { return product(layers, layer_matrix).select(1, 0); }},
     {"VI-73", "only the last layer was used: multiply all layers",
      [](auto& layers) { return cls_row(layer_matrix(layers.back())); }},
     {"VI-74", "only head 0 was used: take the mean over all heads",
      [](auto& layers) {
        return cls_row(product(layers, [](const Tensor& w) { return (w.select(1, 0) + identity(w)) / 2.0; }));
      }},
     {"VI-75", "the layers were added: multiply them, each layer mixes the output of the previous one",
      [](auto& layers) {
        Tensor sum = layer_matrix(layers[0]);
        for (std::size_t i = 1; i < layers.size(); ++i) sum = sum + layer_matrix(layers[i]);
        return cls_row(sum);
      }},
     {"VI-42", "the heads were summed: use their mean",
      [](auto& layers) {
        return cls_row(product(layers, [](const Tensor& w) { return (w.sum(1) + identity(w)) / 2.0; }));
      }},
     {"VI-43", "the result was normalised: return the row of CLS without dividing",
      [](auto& layers) {
        const Tensor patches = cls_row(product(layers, layer_matrix));
        return patches / patches.sum(1, true);
      }},
     {"VI-46", "the maximum over the heads was used: take their mean",
      [](auto& layers) {
        return cls_row(
            product(layers, [](const Tensor& w) { return (max(w, 1, false).values + identity(w)) / 2.0; }));
      }},
     {"VI-31", "the row of the last token was used: CLS is token 0",
      [](auto& layers) { return product(layers, layer_matrix).select(1, -1).slice(1, 0, -1); }},
     {"VI-87", "the first layer was left out",
      [](auto& layers) {
        Tensor flow = identity(layers[0]);
        for (std::size_t i = 1; i < layers.size(); ++i) flow = matmul(layer_matrix(layers[i]), flow);
        return cls_row(flow);
      }},
     {"VI-86", "the heads were multiplied separately: take the mean over the heads in each layer",
      [](auto& layers) {
        const Tensor flow = product(layers, [](const Tensor& w) { return (w + identity(w)) / 2.0; });
        return cls_row(flow.mean(1));
      }}}};

using Inputs = std::tuple<Layers>;
// A correct solution may divide each row by its sum, which changes the gradients with respect to
// the weights. Therefore Rollout.PassesGradientsToEveryLayer compares gradients with respect to
// the scores instead.
constexpr checks::Forms no_gradients{.gradients = false};

TEST(Rollout, OfTwoLayersByHand) {
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
        return Inputs(random_weights(2, {2, 3, 5, 5}));
      },
      no_gradients);
  exercise.call(
      "rollout(4 layers of (2, 3, 4, 4))",
      [] {
        return Inputs(random_weights(4, {2, 3, 4, 4}));
      },
      no_gradients);
  exercise.call(
      "rollout(3 layers of (3, 3, 3, 3))",
      [] {
        return Inputs(random_weights(3, {3, 3, 3, 3}));
      },
      no_gradients);
}

TEST(Rollout, OfOneLayerIsThatLayer) {
  exercise.call(
      "rollout(1 layer of (2, 3, 5, 5))",
      [] {
        return Inputs(random_weights(1, {2, 3, 5, 5}));
      },
      no_gradients);
}

TEST(Rollout, OfOneImageOneHeadOrOnePatch) {
  exercise.call(
      "rollout(3 layers of (1, 2, 6, 6))",
      [] {
        return Inputs(random_weights(3, {1, 2, 6, 6}));
      },
      no_gradients);
  exercise.call(
      "rollout(2 layers of (2, 1, 4, 4))",
      [] {
        return Inputs(random_weights(2, {2, 1, 4, 4}));
      },
      no_gradients);
  exercise.call(
      "rollout(3 layers of (2, 2, 2, 2))",
      [] {
        return Inputs(random_weights(3, {2, 2, 2, 2}));
      },
      no_gradients);
}

TEST(Rollout, SumsToLessThanOne) {
  exercise.invariant("", "the contributions of the patches must sum to less than 1", [](auto f) {
    return max(f(random_weights(3, {2, 3, 6, 6})).sum(1)).item() < 1;
  });
}

TEST(Rollout, PassesGradientsToEveryLayer) {
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

// wrong edit VI-68: `(weights.mean(1) + identity) / 2.0` => `weights.mean(1)`
