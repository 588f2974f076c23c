// exercises.h — the functions to be written in lesson 10 about DETR, in the order of doing. Letters: B batch, N queries,
// S pixels of a map, C channels, K classes.
#pragma once

#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

Tensor box_corners(const Tensor& boxes);
Tensor box_giou(const Tensor& a, const Tensor& b);
std::vector<index_t> match_queries(const Tensor& costs);
Tensor set_class_loss(const Tensor& logits, const std::vector<index_t>& query, const IntTensor& labels,
                      double no_object);
Tensor sine_2d(index_t height, index_t width, index_t channels);
Tensor detr_cross_attention(const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place);

}  // namespace heed::exercise
