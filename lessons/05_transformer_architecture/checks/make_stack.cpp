#include <set>

#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

using Layer = nn::TransformerEncoderLayer;
using Options = nn::TransformerEncoderLayerOptions;

std::shared_ptr<nn::LayerNorm> norm_of(const Options& o) {
  return std::make_shared<nn::LayerNorm>(nn::LayerNormOptions{.size = o.d_model, .eps = o.layer_norm_eps});
}
std::vector<std::shared_ptr<Layer>> layers_of(const Options& o, index_t n, Generator& gen) {
  std::vector<std::shared_ptr<Layer>> layers;
  for (index_t i = 0; i < n; ++i) layers.push_back(std::make_shared<Layer>(o, gen));
  return layers;
}

// The library's encoder, taken apart.
Stack right(const Options& o, index_t n, Generator& gen) {
  nn::TransformerEncoder encoder({.layer = o, .num_layers = n, .norm = o.norm_first}, gen);
  Stack stack;
  for (Layer& layer : encoder.layers) stack.layers.push_back(std::make_shared<Layer>(std::move(layer)));
  if (encoder.norm) stack.norm = std::make_shared<nn::LayerNorm>(std::move(*encoder.norm));
  return stack;
}

const tutor::Exercise<decltype(make_stack)> exercise{
    "05_make_stack",
    make_stack,
    right,
    {{"EN-10", "all layers are the same object: make a new one each time, copying the pointer is not enough",
      [](auto& o, index_t n, auto& gen) {
        const std::vector<std::shared_ptr<Layer>> layers(static_cast<std::size_t>(n),
                                                         std::make_shared<Layer>(o, gen));
        return Stack{layers, o.norm_first ? norm_of(o) : nullptr};
      }},
     {"EN-06", "a pre-LN stack ends with one more norm: nobody has normalised its last sum",
      [](auto& o, index_t n, auto& gen) {
        return Stack{layers_of(o, n, gen), nullptr};
      }},
     {"EN-32", "a post-LN stack needs no norm at its end: its last block has normalised the sum",
      [](auto& o, index_t n, auto& gen) {
        return Stack{layers_of(o, n, gen), norm_of(o)};
      }},
     {"EN-33", "all layers start from the same numbers: let each draw its own from gen",
      [](auto& o, index_t n, auto& gen) {
        const Layer first(o, gen);
        Stack stack{{}, o.norm_first ? norm_of(o) : nullptr};
        for (index_t i = 0; i < n; ++i) stack.layers.push_back(std::make_shared<Layer>(first.clone()));
        return stack;
      }},
     {"EN-34", "the norm at the end has another eps than the norms of the layers",
      [](auto& o, index_t n, auto& gen) {
        Options standard = o;
        standard.layer_norm_eps = nn::LayerNormOptions{}.eps;
        return Stack{layers_of(o, n, gen), o.norm_first ? norm_of(standard) : nullptr};
      }}}};

Options options(bool norm_first) {
  return {.d_model = 4,
          .nhead = 2,
          .dim_feedforward = 6,
          .dropout = 0,
          .layer_norm_eps = 0.25,
          .batch_first = true,
          .norm_first = norm_first};
}

// What becomes of two texts of three words.
Tensor run(const Stack& stack) {
  Generator gen(9);
  Tensor y = randn({2, 3, 4}, gen);
  for (const auto& layer : stack.layers) {
    check(layer != nullptr, "make_stack", "a layer is missing: its pointer is null");
    y = layer->forward(y);
  }
  return stack.norm ? stack.norm->forward(y) : y;
}

// Parameters by identity: one that two layers share counts once.
index_t different_parameters(const Stack& stack) {
  std::set<const void*> seen;
  index_t count = 0;
  for (const auto& layer : stack.layers)
    for (const Tensor& t : layer->parameters())
      if (seen.insert(t.state().get()).second) count += t.numel();
  if (stack.norm) count += stack.norm->parameter_count();
  return count;
}

TEST(MakeStack, OfThreePostLnBlocks) {
  exercise.compare("what make_stack(post-LN options, 3, Generator(1)) makes of x (2, 3, 4)", [](auto f) {
    Generator gen(1);
    return run(f(options(false), 3, gen));
  });
}

TEST(MakeStack, OfTwoPreLnBlocks) {
  exercise.compare("what make_stack(pre-LN options, 2, Generator(1)) makes of x (2, 3, 4)", [](auto f) {
    Generator gen(1);
    return run(f(options(true), 2, gen));
  });
}

TEST(MakeStack, HasAsManyParametersAsLayersAsk) {
  exercise.compare("how many different parameters make_stack(post-LN options, 3, Generator(1)) has",
                   [](auto f) {
                     Generator gen(1);
                     return different_parameters(f(options(false), 3, gen));
                   });
  exercise.compare("how many different parameters make_stack(pre-LN options, 2, Generator(1)) has",
                   [](auto f) {
                     Generator gen(1);
                     return different_parameters(f(options(true), 2, gen));
                   });
}

TEST(MakeStack, TrainsEachLayerForItself) {
  exercise.invariant("EN-10", "changing a parameter of layer 0 must not change layer 1", [](auto f) {
    Generator gen(1);
    const Stack stack = f(options(false), 2, gen);
    const NoGrad no_grad;
    const Tensor before = stack.layers.at(1)->linear1.weight.clone();
    stack.layers.at(0)->linear1.weight.add_(ones({6, 4}));
    return max_abs_difference(stack.layers.at(1)->linear1.weight, before) == 0;
  });
}

TEST(MakeStack, LeavesAPreLnSumOnACommonScale) {
  exercise.invariant("EN-06", "the variance of every word that a pre-LN stack leaves must be near 1",
                     [](auto f) {
                       Generator gen(1);
                       Options o = options(true);
                       o.layer_norm_eps = 1e-5;
                       const Tensor variance = var(run(f(o, 2, gen)), {-1}, 0);
                       return max_abs_difference(variance, ones(variance.shape())) < 1e-3;
                     });
}

TEST(MakeStack, CanBeOfOneBlock) {
  exercise.compare("what make_stack(post-LN options, 1, Generator(2)) makes of x (2, 3, 4)", [](auto f) {
    Generator gen(2);
    return run(f(options(false), 1, gen));
  });
}

}  // namespace
}  // namespace heed::exercise
