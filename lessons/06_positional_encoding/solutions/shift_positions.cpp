// 06_shift_positions — Shift encodings by k positions by rotating every pair of channels.
// Exercise 4 · 25 minutes · ●●● · after 06_sinusoidal_table
//
//   encodings (T, C), C even -> (T, C):  PE(p) -> PE(p + k) for every p; k may be negative, T may be 0
//   with ω = 1 / 10000^(2i / C):     sin(a + kω) = sin a · cos kω + cos a · sin kω
//                                    cos(a + kω) = cos a · cos kω - sin a · sin kω
//
// Every pair of channels, (sin a, cos a), is rotated by its own angle, so one matrix shifts every
// position by k. PE(p) · PE(p + k) therefore does not depend on p, and a query can attend to "three
// words back" at any position.
//
// You may use:  std::pow, std::sin, std::cos, from_vector(numbers, shape, encodings.dtype()),
//               stack({a, b}, axis), encodings.slice(axis, begin, to_end, step), x.reshape(shape),
//               x.size(axis), + - * (with broadcasting).
#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"

namespace heed::exercise {

Tensor shift_positions(const Tensor& encodings, index_t k) {
  // solution: rotate every pair of channels by its own angle
  const index_t pairs = encodings.size(1) / 2;
  std::vector<double> sines, cosines;
  for (index_t i = 0; i < pairs; ++i) {
    const double angle =
        static_cast<double>(k) / std::pow(10000.0, static_cast<double>(i) / static_cast<double>(pairs));
    sines.push_back(std::sin(angle));
    cosines.push_back(std::cos(angle));
  }
  const Tensor sin_k = from_vector(sines, {pairs}, encodings.dtype());
  const Tensor cos_k = from_vector(cosines, {pairs}, encodings.dtype());
  const Tensor sin_a = encodings.slice(1, 0, to_end, 2),
               cos_a = encodings.slice(1, 1, to_end, 2);  // (T, C / 2)
  return stack({sin_a * cos_k + cos_a * sin_k, cos_a * cos_k - sin_a * sin_k}, 2).reshape(encodings.shape());
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. By which angle does pair i of PE(p) rotate from position p to position p + k, and does p
//    matter?
// 2. Two lists of C / 2 numbers, sin kω and cos kω. The sines of the encodings are channels 0, 2,
//    4, …, (T, C / 2), the cosines 1, 3, 5, …. The two formulas give the new sines and cosines,
//    which must alternate again in the result.
// 3. `encodings.slice(1, 0, to_end, 2)` and `encodings.slice(1, 1, to_end, 2)` are the sines and
//    the cosines; the result is `stack({sin_a * cos_k + cos_a * sin_k, cos_a * cos_k - sin_a *
//    sin_k}, 2).reshape(encodings.shape())`.
