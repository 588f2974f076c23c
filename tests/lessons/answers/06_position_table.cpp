#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"
#include "nn/init.h"
#include "nn/positional_encoding.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor sines(index_t max_len, index_t d_model) { return nn::sinusoidal_table(max_len, d_model); }
Tensor reference(Positions kind, index_t max_len, index_t d_model, Generator& gen) {
  if (kind == Positions::sinusoidal) return sines(max_len, d_model);
  return (randn({max_len, d_model}, gen) * 0.02).set_requires_grad();
}

const Answers<decltype(position_table)> answers{
    {"the module of the library", "pass",
     [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
       if (kind == Positions::sinusoidal) return sines(max_len, d_model);
       return nn::LearnedPositionalEncoding({.d_model = d_model, .max_len = max_len}, gen).weight;
     }},
    {"filled under NoGrad, column by column", "pass",
     [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
       if (kind == Positions::sinusoidal) return sines(max_len, d_model);
       Tensor table = zeros({max_len, d_model}).set_requires_grad();
       const NoGrad no_grad;
       for (index_t c = 0; c < d_model; ++c) table.select(1, c).copy_(randn({max_len}, gen) * 0.02);
       return table;
     }},
    {"scaled in place", "pass",
     [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
       switch (kind) {
         case Positions::sinusoidal:
           return sines(max_len, d_model);
         case Positions::learned:
           break;
       }
       Tensor table = randn({max_len, d_model}, gen);
       table.mul_(0.02).set_requires_grad();
       return table;
     }},
    {"one row for all positions", "PE-60",
     [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
       if (kind == Positions::sinusoidal) return sines(max_len, d_model);
       return (ones({max_len, 1}) * randn({1, d_model}, gen) * 0.02).set_requires_grad();
     }},
    {"one random number for all channels", "wrong",
     [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
       if (kind == Positions::sinusoidal) return sines(max_len, d_model);
       return (randn({max_len, 1}, gen) * ones({1, d_model}) * 0.02).set_requires_grad();
     }},
    {"uniform with that standard deviation", "wrong",
     [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
       if (kind == Positions::sinusoidal) return sines(max_len, d_model);
       return ((rand({max_len, d_model}, gen) - 0.5) * std::sqrt(12.0) * 0.02).set_requires_grad();
     }},
    {"rand for randn", "PE-62",
     [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
       if (kind == Positions::sinusoidal) return sines(max_len, d_model);
       return (rand({max_len, d_model}, gen) * 0.02).set_requires_grad();
     }},
    {"the variance is 0.02", "PE-66",
     [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
       if (kind == Positions::sinusoidal) return sines(max_len, d_model);
       return (randn({max_len, d_model}, gen) * std::sqrt(0.02)).set_requires_grad();
     }},
    {"the kinds exchanged", "wrong",
     [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
       return reference(kind == Positions::learned ? Positions::sinusoidal : Positions::learned, max_len,
                        d_model, gen);
     }},
    {"learned sines", "wrong",
     [](Positions kind, index_t max_len, index_t d_model, Generator&) {
       Tensor table = sines(max_len, d_model);
       return kind == Positions::learned ? table.set_requires_grad() : table;
     }},
    {"not a leaf, and too large", "likely PE-26",
     [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
       if (kind == Positions::sinusoidal) return sines(max_len, d_model);
       return randn({max_len, d_model}, gen).set_requires_grad() * 1.0;
     }},
    {"a square table", "wrong",
     [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
       return reference(kind, max_len, kind == Positions::learned ? max_len : d_model, gen);
     }},
    {"a separate generator", "PE-67",
     [](Positions kind, index_t max_len, index_t d_model, Generator&) {
       Generator own(0);
       return reference(kind, max_len, d_model, own);
     }},
    {"one table for all calls", "wrong",
     [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
       static Tensor cached;
       if (kind == Positions::sinusoidal) return sines(max_len, d_model);
       if (!cached.defined() || cached.shape() != Shape{max_len, d_model})
         cached = reference(kind, max_len, d_model, gen);
       return cached;
     }},
    {"the learned table in f64", "wrong",
     [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
       if (kind == Positions::sinusoidal) return sines(max_len, d_model);
       return (randn({max_len, d_model}, gen, f64) * 0.02).set_requires_grad();
     }}};

}  // namespace

Tensor position_table(Positions kind, index_t max_len, index_t d_model, Generator& gen) {
  return answers.chosen(kind, max_len, d_model, gen);
}

}  // namespace heed::exercise
