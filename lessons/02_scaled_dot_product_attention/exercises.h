// exercises.h — the functions to be written in lesson 02. Letters: T queries, S keys, D width of queries and keys.
#pragma once

#include "autograd/autograd.h"
#include "lessons/tutor/todo.h"

namespace heed::exercise {

Tensor softmax_rows(const Tensor& scores);
Tensor sdpa(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed);

}  // namespace heed::exercise
