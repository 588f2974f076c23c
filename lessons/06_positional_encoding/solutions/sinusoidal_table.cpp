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
  // solution: write the sines of the even channels and the cosines of the odd ones
  Tensor table = zeros({length, d_model});
  for (index_t p = 0; p < length; ++p)
    for (index_t c = 0; c < d_model; ++c) {
      const double pair = static_cast<double>(c - c % 2);
      const double angle = static_cast<double>(p) / std::pow(10000.0, pair / static_cast<double>(d_model));
      table.set({p, c}, c % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  return table;
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Channels 4 and 5 form one pair. By which number do both of them divide p?
// 2. Two loops, over positions p and channels c. The exponent is (c - c % 2) / d_model, a division
//    of doubles; even channels are the sine of the angle, odd ones the cosine.
// 3. `const double exponent = static_cast<double>(c - c % 2) / static_cast<double>(d_model);` and
//    `const double angle = static_cast<double>(p) / std::pow(10000.0, exponent);` then
//    `table.set({p, c}, c % 2 == 0 ? std::sin(angle) : std::cos(angle));`
