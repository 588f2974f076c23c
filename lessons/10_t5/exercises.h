// exercises.h — the functions to be written in lesson 10 about T5, in the order of doing. Letters: B batch, H heads,
// T queries, S keys, D width of a head, C channels, V vocabulary.
#pragma once

#include <utility>
#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"
#include "nn/models/t5.h"

namespace heed::exercise {

index_t t5_bucket(index_t distance, bool both_sides, index_t num_buckets, index_t max_distance);
Tensor t5_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both_sides,
                    const Mask& allowed);
IntTensor t5_shift(const IntTensor& labels, index_t start);

// What T5 reads, and what it is to write.
struct TextPair {
  std::vector<index_t> source, target;
};
using Spans = std::vector<std::pair<index_t, index_t>>;  // each [begin, end)
TextPair t5_spans(const std::vector<index_t>& text, const Spans& spans,
                  const std::vector<index_t>& sentinels);

Tensor t5_logits(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps);

}  // namespace heed::exercise
