// exercises.h — the functions to write in lesson 10 about DETR, in the order of the lesson.
// Letters: B batch, N queries, S pixels of a feature map, C channels, K classes.
#pragma once

#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
Tensor box_corners(const Tensor& boxes);
Tensor box_giou(const Tensor& a, const Tensor& b);
std::vector<index_t> match_queries(const Tensor& costs);
Tensor set_class_loss(const Tensor& logits, const std::vector<index_t>& query, const IntTensor& labels,
                      double no_object);
Tensor sine_2d(index_t height, index_t width, index_t channels);
Tensor detr_cross_attention(const Tensor& x, const Tensor& query_pos, const Tensor& memory,
                            const Tensor& pos);

}  // namespace heed::exercise
