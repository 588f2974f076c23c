// 05_encoder_stack — Stack N blocks, each with its own parameters.
// Exercise 6 · 10 minutes · ●●○ · after 05_encoder_block
//
//   layer (options), num_layers -> a Stack: its layers, and a norm after the last one or null
//
// Every layer draws its own initial weights from `gen`: call its constructor once per layer, in
// order. A copy of a shared_ptr points to the same layer. If layer.norm_first is true (pre-LN), the
// last sum is not normalised by any block. In this case, and only in this case, the stack ends with
// a norm over d_model channels, with the eps of the layers. num_layers may be 0.
//
// You may use:  std::make_shared<nn::TransformerEncoderLayer>(layer, gen), list.push_back(…),
//               std::make_shared<nn::LayerNorm>(nn::LayerNormOptions{.size = …, .eps = …}),
//               layer.d_model, layer.norm_first, layer.layer_norm_eps.
#include "lessons/05_transformer_architecture/exercises.h"

namespace heed::exercise {

Stack encoder_stack(const nn::TransformerEncoderLayerOptions& layer, index_t num_layers, Generator& gen) {
  // solution: create the layers, and the norm if it is needed
  Stack stack;
  for (index_t i = 0; i < num_layers; ++i)
    stack.layers.push_back(std::make_shared<nn::TransformerEncoderLayer>(layer, gen));
  if (layer.norm_first)
    stack.norm = std::make_shared<nn::LayerNorm>(
        nn::LayerNormOptions{.size = layer.d_model, .eps = layer.layer_norm_eps});
  return stack;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. How many times must the constructor of a layer run so that N layers have N sets of parameters?
// 2. A loop over num_layers creates a layer and appends it to stack.layers. Then one question
//    remains: has the last sum been normalised?
// 3. `stack.layers.push_back(std::make_shared<nn::TransformerEncoderLayer>(layer, gen));` in the
//    loop; after it, `if (layer.norm_first)` creates the norm.
