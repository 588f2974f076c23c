// exercises.h — the functions to write in lesson 10 about T5, in the order of the lesson.
// Letters: B batch, H heads, T queries, S keys, D head width, C channels, V vocabulary.
#pragma once

#include <utility>
#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"
#include "nn/models/t5.h"

namespace heed::exercise {

// The encoder's input and the decoder's target.
struct TextPair {
  std::vector<index_t> source, target;
};
using Spans = std::vector<std::pair<index_t, index_t>>;  // each [begin, end)

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
index_t t5_bucket(index_t distance, bool bidirectional, index_t num_buckets, index_t max_distance);
Tensor t5_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table,
                    bool bidirectional, const Mask& allowed);
IntTensor t5_shift(const IntTensor& labels, index_t start);
TextPair t5_spans(const std::vector<index_t>& text, const Spans& spans,
                  const std::vector<index_t>& sentinels);
Tensor t5_logits(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps);

}  // namespace heed::exercise
