#include <set>

#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/check/check.h"

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

Stack reference(const Options& o, index_t n, Generator& gen) {
  return {layers_of(o, n, gen), o.norm_first ? norm_of(o) : nullptr};
}

const checks::Exercise<decltype(encoder_stack)> exercise{
    "05_encoder_stack",
    encoder_stack,
    reference,
    {{"EN-10", "all layers are the same object; create a new layer each time, do not copy the pointer",
      [](auto& o, index_t n, auto& gen) {
        const std::vector<std::shared_ptr<Layer>> layers(static_cast<std::size_t>(n),
                                                         std::make_shared<Layer>(o, gen));
        return Stack{layers, o.norm_first ? norm_of(o) : nullptr};
      }},
     {"EN-06", "the norm at the end of the pre-LN stack is missing; its last sum is not normalised",
      [](auto& o, index_t n, auto& gen) {
        return Stack{layers_of(o, n, gen), nullptr};
      }},
     {"EN-32", "a post-LN stack has no norm at its end; its last block normalises the sum",
      [](auto& o, index_t n, auto& gen) {
        return Stack{layers_of(o, n, gen), norm_of(o)};
      }},
     {"EN-33", "all layers have the same initial weights; draw them from gen for each layer",
      [](auto& o, index_t n, auto& gen) {
        const Layer first(o, gen);
        Stack stack{{}, o.norm_first ? norm_of(o) : nullptr};
        for (index_t i = 0; i < n; ++i) stack.layers.push_back(std::make_shared<Layer>(first.clone()));
        return stack;
      }},
     {"EN-34", "the norm at the end has another eps; use layer.layer_norm_eps",
      [](auto& o, index_t n, auto& gen) {
        Options standard = o;
        standard.layer_norm_eps = nn::LayerNormOptions{}.eps;
        return Stack{layers_of(o, n, gen), o.norm_first ? norm_of(standard) : nullptr};
      }},
     {"EN-70", "one layer too few; the stack has num_layers layers",
      [](auto& o, index_t n, auto& gen) {
        return Stack{layers_of(o, n - 1, gen), o.norm_first ? norm_of(o) : nullptr};
      }},
     {"EN-71", "one layer too many; the stack has num_layers layers",
      [](auto& o, index_t n, auto& gen) {
        return Stack{layers_of(o, n + 1, gen), o.norm_first ? norm_of(o) : nullptr};
      }},
     {"EN-72", "the condition for the norm is inverted: only a pre-LN stack has one",
      [](auto& o, index_t n, auto& gen) {
        return Stack{layers_of(o, n, gen), o.norm_first ? nullptr : norm_of(o)};
      }}}};

Options options(bool norm_first, double dropout = 0) {
  return {.d_model = 4,
          .nhead = 2,
          .dim_feedforward = 6,
          .dropout = dropout,
          .layer_norm_eps = 0.25,
          .batch_first = true,
          .norm_first = norm_first};
}

// Returns the output of the stack for two sequences of three tokens.
Tensor run(const Stack& stack) {
  Generator gen(9);
  Tensor y = randn({2, 3, 4}, gen);
  for (const auto& layer : stack.layers) {
    check(layer != nullptr, "encoder_stack", "a layer is missing: its pointer is null");
    y = layer->forward(y);
  }
  return stack.norm ? stack.norm->forward(y) : y;
}

// Counts distinct parameters: one that two layers share counts once.
index_t distinct_parameters(const Stack& stack) {
  std::set<const void*> seen;
  index_t count = 0;
  for (const auto& layer : stack.layers)
    for (const Tensor& t : layer->parameters())
      if (seen.insert(t.state().get()).second) count += t.numel();
  if (stack.norm)
    for (const Tensor& t : stack.norm->parameters())
      if (seen.insert(t.state().get()).second) count += t.numel();
  return count;
}

TEST(EncoderStack, OfPostLnBlocks) {
  for (const index_t n : {3, 1})
    exercise.compare(
        concat("the output of encoder_stack(post-LN options, ", n, ", Generator(1)) for x (2, 3, 4)"),
        [n](auto f) {
          Generator gen(1);
          return run(f(options(false), n, gen));
        });
}

TEST(EncoderStack, OfPreLnBlocks) {
  for (const index_t n : {2, 1})
    exercise.compare(
        concat("the output of encoder_stack(pre-LN options, ", n, ", Generator(1)) for x (2, 3, 4)"),
        [n](auto f) {
          Generator gen(1);
          return run(f(options(true), n, gen));
        });
}

TEST(EncoderStack, KeepsEveryOption) {
  exercise.compare(
      "the output of encoder_stack(post-LN options with dropout 0.5, 3, Generator(1)) in train mode",
      [](auto f) {
        Generator gen(1);
        return run(f(options(false, 0.5), 3, gen));
      });
}

TEST(EncoderStack, HasAsManyParametersAsItsLayers) {
  for (const index_t n : {3, 1, 6})
    for (const bool norm_first : {false, true})
      exercise.compare(concat("the number of distinct parameters of encoder_stack(",
                              norm_first ? "pre" : "post", "-LN options, ", n, ", Generator(1))"),
                       [=](auto f) {
                         Generator gen(1);
                         return distinct_parameters(f(options(norm_first), n, gen));
                       });
}

TEST(EncoderStack, CanBeEmpty) {
  for (const bool norm_first : {false, true})
    exercise.compare(concat("the output of encoder_stack(", norm_first ? "pre" : "post",
                            "-LN options, 0, Generator(1)) for x (2, 3, 4)"),
                     [norm_first](auto f) {
                       Generator gen(1);
                       return run(f(options(norm_first), 0, gen));
                     });
}

TEST(EncoderStack, HasSeparateParametersPerLayer) {
  exercise.invariant("EN-10", "a parameter of layer 0 was changed; layer 1 must not change", [](auto f) {
    Generator gen(1);
    const Stack stack = f(options(false), 2, gen);
    const NoGrad no_grad;
    const Tensor before = stack.layers.at(1)->linear1.weight.clone();
    stack.layers.at(0)->linear1.weight.add_(ones({6, 4}));
    return max_abs_difference(stack.layers.at(1)->linear1.weight, before) == 0;
  });
}

TEST(EncoderStack, NormalisesTheOutputOfAPreLnStack) {
  exercise.invariant("", "every token of a pre-LN stack's output must have a variance near 1", [](auto f) {
    Generator gen(1);
    Options o = options(true);
    o.layer_norm_eps = 1e-5;
    const Tensor variance = var(run(f(o, 2, gen)), {-1}, 0);
    return max_abs_difference(variance, ones(variance.shape())) < 1e-3;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit EN-06: `if (layer.norm_first)` => `if (false)`
