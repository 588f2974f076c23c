#include "lessons/05_transformer_architecture/exercises.h"
#include "nn/nn.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Layer = nn::TransformerEncoderLayer;
using Options = nn::TransformerEncoderLayerOptions;

std::shared_ptr<nn::LayerNorm> norm_of(const Options& o) {
  return std::make_shared<nn::LayerNorm>(nn::LayerNormOptions{.size = o.d_model, .eps = o.layer_norm_eps});
}
Stack reference(const Options& o, index_t n, Generator& gen) {
  Stack stack;
  while (static_cast<index_t>(stack.layers.size()) < n)
    stack.layers.push_back(std::make_shared<Layer>(o, gen));
  if (o.norm_first) stack.norm = norm_of(o);
  return stack;
}

const Answers<decltype(encoder_stack)> answers{
    {"the layers of the library's encoder", "pass",
     [](const Options& o, index_t n, Generator& gen) {
       if (n == 0) return reference(o, n, gen);
       nn::TransformerEncoder encoder({.layer = o, .num_layers = n, .norm = o.norm_first}, gen);
       Stack stack;
       for (Layer& layer : encoder.layers) stack.layers.push_back(std::make_shared<Layer>(std::move(layer)));
       if (encoder.norm) stack.norm = std::make_shared<nn::LayerNorm>(std::move(*encoder.norm));
       return stack;
     }},
    {"a vector of null pointers, filled; the norm first", "pass",
     [](const Options& o, index_t n, Generator& gen) {
       Stack stack{std::vector<std::shared_ptr<Layer>>(static_cast<std::size_t>(n)), nullptr};
       stack.norm = o.norm_first ? norm_of(o) : nullptr;
       for (auto& layer : stack.layers) layer.reset(new Layer(o, gen));
       return stack;
     }},
    {"a clone of the first layer for each", "EN-33",
     [](const Options& o, index_t n, Generator& gen) {
       Stack stack = reference(o, n, gen);
       Generator own(1);
       const Layer first(o, own);
       for (auto& layer : stack.layers) layer = std::make_shared<Layer>(first.clone());
       return stack;
     }},
    {"the layers in reverse order", "wrong",
     [](const Options& o, index_t n, Generator& gen) {
       Stack stack = reference(o, n, gen);
       return Stack{{stack.layers.rbegin(), stack.layers.rend()}, stack.norm};
     }},
    {"the first two layers are one object", "wrong",
     [](const Options& o, index_t n, Generator& gen) {
       Stack stack = reference(o, n, gen);
       if (n > 2) stack.layers[1] = stack.layers[0];
       return stack;
     }},
    {"the norm has the width of the feed-forward", "wrong",
     [](const Options& o, index_t n, Generator& gen) {
       Stack stack = reference(o, n, gen);
       if (stack.norm)
         stack.norm = std::make_shared<nn::LayerNorm>(
             nn::LayerNormOptions{.size = o.dim_feedforward, .eps = o.layer_norm_eps});
       return stack;
     }},
    {"the norm of the last layer again", "wrong",
     [](const Options& o, index_t n, Generator& gen) {
       Stack stack = reference(o, n, gen);
       if (stack.norm && n > 0)
         stack.norm = std::shared_ptr<nn::LayerNorm>(stack.layers.back(), &stack.layers.back()->norm2);
       return stack;
     }},
    {"four layers at most", "wrong",
     [](const Options& o, index_t n, Generator& gen) { return reference(o, std::min<index_t>(n, 4), gen); }},
    {"the layers are in eval mode", "wrong",
     [](const Options& o, index_t n, Generator& gen) {
       Stack stack = reference(o, n, gen);
       for (auto& layer : stack.layers) layer->eval();
       return stack;
     }},
    {"the loop begins at 1", "EN-70",
     [](const Options& o, index_t n, Generator& gen) {
       Stack stack;
       for (index_t i = 1; i < n; ++i) stack.layers.push_back(std::make_shared<Layer>(o, gen));
       if (o.norm_first) stack.norm = norm_of(o);
       return stack;
     }},
    {"one layer at least", "wrong",
     [](const Options& o, index_t n, Generator& gen) { return reference(o, std::max<index_t>(n, 1), gen); }},
    {"no norm for a single layer", "wrong",
     [](const Options& o, index_t n, Generator& gen) {
       Stack stack = reference(o, n, gen);
       if (n < 2) stack.norm = nullptr;
       return stack;
     }},
    {"dropout is set to 0", "wrong",
     [](const Options& o, index_t n, Generator& gen) {
       Options without = o;
       without.dropout = 0;
       return reference(without, n, gen);
     }},
    {"one shared layer, and no norm", "likely EN-10",
     [](const Options& o, index_t n, Generator& gen) {
       return Stack{{static_cast<std::size_t>(n), std::make_shared<Layer>(o, gen)}, nullptr};
     }},
    {"another generator", "wrong", [](const Options& o, index_t n, Generator&) {
       Generator own(7);
       return reference(o, n, own);
     }}};

}  // namespace

Stack encoder_stack(const nn::TransformerEncoderLayerOptions& layer, index_t num_layers, Generator& gen) {
  return answers.chosen(layer, num_layers, gen);
}

}  // namespace heed::exercise
