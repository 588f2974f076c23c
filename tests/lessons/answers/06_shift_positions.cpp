#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"
#include "nn/positional_encoding.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

// Rotates each pair of channels by k / 10000^(exponent · i / pairs).
Tensor rotated(const Tensor& encodings, double k, double exponent = 1) {
  const index_t pairs = encodings.size(1) / 2;
  std::vector<double> sines, cosines;
  for (index_t i = 0; i < pairs; ++i) {
    const double a = k / std::pow(10000.0, exponent * static_cast<double>(i) / static_cast<double>(pairs));
    sines.push_back(std::sin(a));
    cosines.push_back(std::cos(a));
  }
  const Tensor s = from_vector(sines, {pairs}, encodings.dtype()),
               c = from_vector(cosines, {pairs}, encodings.dtype());
  const Tensor sin_a = encodings.slice(1, 0, to_end, 2), cos_a = encodings.slice(1, 1, to_end, 2);
  return stack({sin_a * c + cos_a * s, cos_a * c - sin_a * s}, 2).reshape(encodings.shape());
}

const Answers<decltype(shift_positions)> answers{
    {"one matrix", "pass",
     [](const Tensor& encodings, index_t k) {
       const index_t c = encodings.size(1);
       Tensor matrix = zeros({c, c}, encodings.dtype());
       for (index_t i = 0; i < c; i += 2) {
         const double a =
             static_cast<double>(k) / std::pow(10000.0, static_cast<double>(i) / static_cast<double>(c));
         matrix.set({i, i}, std::cos(a)).set({i + 1, i + 1}, std::cos(a));
         matrix.set({i + 1, i}, std::sin(a)).set({i, i + 1}, -std::sin(a));
       }
       return matmul(encodings, matrix);
     }},
    {"pair by pair", "pass",
     [](const Tensor& encodings, index_t k) {
       std::vector<Tensor> channels;
       for (index_t i = 0; i < encodings.size(1); i += 2) {
         const double a = static_cast<double>(k) /
                          std::pow(10000.0, static_cast<double>(i) / static_cast<double>(encodings.size(1)));
         const Tensor sin_a = encodings.select(1, i), cos_a = encodings.select(1, i + 1);
         channels.push_back(sin_a * std::cos(a) + cos_a * std::sin(a));
         channels.push_back(cos_a * std::cos(a) - sin_a * std::sin(a));
       }
       return stack(channels, 1);
     }},
    {"the angles in f32", "pass",
     [](const Tensor& encodings, index_t k) {
       if (encodings.dtype() == f64) return rotated(encodings, static_cast<double>(k));
       return rotated(encodings, static_cast<double>(static_cast<float>(k)));
     }},
    {"detached", "wrong",
     [](const Tensor& encodings, index_t k) { return rotated(encodings.detach(), static_cast<double>(k)); }},
    {"the sign of k is lost", "PE-68",
     [](const Tensor& encodings, index_t k) { return rotated(encodings, std::abs(static_cast<double>(k))); }},
    {"k is taken modulo 512", "wrong",
     [](const Tensor& encodings, index_t k) { return rotated(encodings, static_cast<double>(k % 512)); }},
    {"rows are shifted", "PE-69", [](const Tensor& encodings, index_t k) { return roll(encodings, -k, 0); }},
    {"rows of the library's table", "wrong",
     [](const Tensor& encodings, index_t k) {
       const Tensor table =
           nn::sinusoidal_table(encodings.size(0) + std::max<index_t>(k, 0) + 20, encodings.size(1));
       return table.slice(0, std::max<index_t>(k, 0), std::max<index_t>(k, 0) + encodings.size(0)) +
              encodings * 0.0;
     }},
    {"half of the exponent", "PE-63",
     [](const Tensor& encodings, index_t k) { return rotated(encodings, static_cast<double>(k), 0.5); }},
    {"one step", "PE-31", [](const Tensor& encodings, index_t) { return rotated(encodings, 1); }},
    {"one step back", "wrong", [](const Tensor& encodings, index_t) { return rotated(encodings, -1); }},
    {"backwards, with the exponent doubled", "likely PE-28",
     [](const Tensor& encodings, index_t k) { return rotated(encodings, -static_cast<double>(k), 2); }},
    {"only the first row", "wrong",
     [](const Tensor& encodings, index_t k) {
       if (encodings.size(0) < 2) return rotated(encodings, static_cast<double>(k));
       return cat({rotated(encodings.slice(0, 0, 1), static_cast<double>(k)), encodings.slice(0, 1)});
     }},
    {"both signs are +", "PE-70",
     [](const Tensor& encodings, index_t k) {
       const Tensor there = rotated(encodings, static_cast<double>(k)),
                    back = rotated(encodings, -static_cast<double>(k));
       return stack({there.slice(1, 0, to_end, 2), back.slice(1, 1, to_end, 2)}, 2)
           .reshape(encodings.shape());
     }},
    {"f32 result", "wrong",
     [](const Tensor& encodings, index_t k) { return rotated(encodings, static_cast<double>(k)).to(f32); }},
    {"modifies the argument", "likely SD-34", [](const Tensor& encodings, index_t k) {
       const Tensor y = rotated(encodings, static_cast<double>(k));
       Tensor same = encodings.detach();
       same.copy_(y.detach());
       return y;
     }}};

}  // namespace

Tensor shift_positions(const Tensor& encodings, index_t k) { return answers.chosen(encodings, k); }

}  // namespace heed::exercise
