// 06_position_table — Create a constant table or a trainable one.
// Exercise 3 · 10 minutes · ●●○ · after 06_add_positions
//
//   kind, max_len, d_model, generator -> table (max_len, d_model)
//   Positions::sinusoidal   the sines and cosines; a constant, which an optimizer must not update
//   Positions::learned      normally distributed, mean 0, standard deviation 0.02; a trainable parameter
//
// An optimizer can update only leaf tensors that require grad. A leaf is a tensor that was not
// computed from another tensor that requires grad. In which order do you draw the random numbers,
// scale them, and call set_requires_grad?
//
// You may use:  nn::sinusoidal_table(length, d_model), randn(shape, gen), *, x.set_requires_grad().
#include "lessons/06_positional_encoding/exercises.h"
#include "nn/positional_encoding.h"

namespace heed::exercise {

Tensor position_table(Positions kind, index_t max_len, index_t d_model, Generator& gen) {
  todo("create the table; a learned one requires grad");
}

}  // namespace heed::exercise
