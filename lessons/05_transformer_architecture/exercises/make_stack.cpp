// 05 · make_stack — N blocks on top of each other, each with parameters of its own.
//
//   layer (options), num_layers -> a Stack: its layers, and the norm at its end or null
//
// Every layer draws its own start from `gen`: one call of its constructor each, in order. A shared_ptr that is copied
// still points at the same layer. Where layer.norm_first is true (pre-LN), the last block leaves a sum that nobody
// has normalised: there, and only there, the stack ends with a norm over d_model channels, with the layers' eps.
// num_layers may be 0.
//
// You may use:  std::make_shared<nn::TransformerEncoderLayer>(layer, gen), list.push_back(…),
//               std::make_shared<nn::LayerNorm>(nn::LayerNormOptions{.size = …, .eps = …}),
//               layer.d_model, layer.norm_first, layer.layer_norm_eps.
#include "lessons/05_transformer_architecture/exercises.h"

namespace heed::exercise {

Stack make_stack(const nn::TransformerEncoderLayerOptions& layer, index_t num_layers, Generator& gen) {
  todo("make the layers, and the norm where one is needed");
}

}  // namespace heed::exercise
