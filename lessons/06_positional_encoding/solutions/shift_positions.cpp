// 06 · shift_positions — from the marks of some places to those k places further on, without knowing the places.
//
//   marks (T, C), C even -> (T, C):  PE(p) -> PE(p + k), whatever p is; k may be negative, and T may be 0
//   with ω = 1 / 10000^(2i / C):     sin(a + kω) = sin a · cos kω + cos a · sin kω
//                                    cos(a + kω) = cos a · cos kω - sin a · sin kω
//
// Every pair of channels, (sin a, cos a), is turned by an angle of its own: k steps are one matrix for all places.
// So PE(p) · PE(p + k) cannot depend on p; and a query can ask for "three words back" wherever it stands.
//
// You may use:  std::pow, std::sin, std::cos, from_vector(numbers, shape, marks.dtype()), stack({a, b}, axis),
//               marks.slice(axis, begin, to_end, step), x.reshape(shape), x.size(axis), + - * (they broadcast).
#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"

namespace heed::exercise {

Tensor shift_positions(const Tensor& marks, index_t k) {
  // solution: turn every pair of channels by its own angle
  const index_t pairs = marks.size(1) / 2;
  std::vector<double> sines, cosines;
  for (index_t i = 0; i < pairs; ++i) {
    const double angle =
        static_cast<double>(k) / std::pow(10000.0, static_cast<double>(i) / static_cast<double>(pairs));
    sines.push_back(std::sin(angle)), cosines.push_back(std::cos(angle));
  }
  const Tensor sin_k = from_vector(sines, {pairs}, marks.dtype());
  const Tensor cos_k = from_vector(cosines, {pairs}, marks.dtype());
  const Tensor sin_a = marks.slice(1, 0, to_end, 2), cos_a = marks.slice(1, 1, to_end, 2);  // (T, C / 2)
  return stack({sin_a * cos_k + cos_a * sin_k, cos_a * cos_k - sin_a * sin_k}, 2).reshape(marks.shape());
  // end
}

}  // namespace heed::exercise
