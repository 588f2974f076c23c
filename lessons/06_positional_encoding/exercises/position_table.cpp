// 06 · position_table — two kinds of tables: one is known, the other is learned.
//
//   kind, max_len, d_model, generator -> table (max_len, d_model)
//   Positions::sinusoidal   the sines and cosines; a constant, which no optimizer may move
//   Positions::learned      normally distributed, mean 0, standard deviation 0.02; a parameter, which training moves
//
// What an optimizer may move is a LEAF that requires grad: a tensor that was not computed from another one that does.
// In which order do you draw, scale and ask for gradients?
//
// You may use:  nn::sinusoidal_table(length, d_model), randn(shape, gen), *, x.set_requires_grad().
#include "lessons/06_positional_encoding/exercises.h"
#include "nn/positional_encoding.h"

namespace heed::exercise {

Tensor position_table(Positions kind, index_t max_len, index_t d_model, Generator& gen) {
  todo("make the table, and ask for gradients where it is learned");
}

}  // namespace heed::exercise
