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
  todo("rotate every pair of channels by its own angle");
}

}  // namespace heed::exercise
