// exercises.h — the exercises of lesson 06, in order. Shape letters: B batch, T words, C channels
// (d_model).
#pragma once

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

enum class Positions { sinusoidal, learned };

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
Tensor sinusoidal_table(index_t length, index_t d_model);
Tensor add_positions(const Tensor& words, const Tensor& table);
Tensor position_table(Positions kind, index_t max_len, index_t d_model, Generator& gen);
Tensor shift_positions(const Tensor& encodings, index_t k);

}  // namespace heed::exercise
