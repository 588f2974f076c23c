// 06_sinusoidal_table — Compute the sinusoidal encoding of every position.
// Exercise 1 · 15 minutes · ●●○ · after 02_sdpa
//
//   length, d_model -> table (length, d_model)
//   PE(p, 2i)     = sin(p / 10000^(2i / d_model))
//   PE(p, 2i + 1) = cos(p / 10000^(2i / d_model))        positions p = 0, 1, …
//
// i counts pairs, and both channels of a pair have the same frequency. Which value has 2i for channel
// 5? And which type has 2i / d_model if both are integers? With an odd d_model there is one sine more
// than cosines. The table is f32; length may be 0.
//
// You may use:  std::sin, std::cos, std::pow, zeros(shape), table.set({row, column}, x),
//               from_vector(numbers, shape).
#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"

namespace heed::exercise {

Tensor sinusoidal_table(index_t length, index_t d_model) {
  todo("write the sines of the even channels and the cosines of the odd ones");
}

}  // namespace heed::exercise
