#include <cmath>

#include "lessons/10_t5/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

// Returns (1, H, T, S), or undefined without a table.
Tensor bias_of(const Tensor& table, index_t t, index_t s, bool both) {
  if (!table.defined()) return {};
  std::vector<index_t> ids;
  for (index_t i = 0; i < t; ++i)
    for (index_t j = 0; j < s; ++j)
      ids.push_back(nn::relative_position_bucket(j - i - (s - t), both, table.size(0), 128));
  return embedding(table, IntTensor(ids, {t, s})).permute({2, 0, 1}).unsqueeze(0);
}
Tensor scores_of(const Tensor& q, const Tensor& k, const Tensor& table, bool both) {
  const Tensor scores = matmul(q, k.transpose(-2, -1)), bias = bias_of(table, q.size(2), k.size(2), both);
  return bias.defined() ? scores + bias : scores;
}
Tensor weights_of(const Tensor& scores, const Mask& allowed) {
  return allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1);
}

const Answers<decltype(t5_attention)> answers{
    {"the fused attention with a scale of 1 and a bias", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
        const Mask& allowed) {
       return scaled_dot_product_attention(
           q, k, v, {.mask = allowed, .scale = 1, .bias = bias_of(table, q.size(2), k.size(2), both)});
     }},
    {"-infinity, softmax, and zeros for rows without keys", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
        const Mask& allowed) {
       Tensor scores = scores_of(q, k, table, both);
       if (!allowed.defined()) return matmul(softmax(scores, -1), v);
       scores = masked_fill(scores, !allowed, -INFINITY);
       const Tensor top = max(scores, -1, true).values;
       const Tensor e = exp(scores - masked_fill(top, equal(top, -INFINITY), 0)), sum = e.sum({-1}, true);
       return matmul(e / masked_fill(sum, equal(sum, 0), 1), v);
     }},
    {"head by head", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
        const Mask& allowed) {
       const Tensor scores = scores_of(q, k, table, both), weights = weights_of(scores, allowed);
       std::vector<Tensor> heads;
       for (index_t h = 0; h < q.size(1); ++h) heads.push_back(matmul(weights.select(1, h), v.select(1, h)));
       return stack(heads, 1);
     }},
    {"the mask is not used with one query", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
        const Mask& allowed) {
       return matmul(weights_of(scores_of(q, k, table, both), q.size(2) == 1 ? Mask() : allowed), v);
     }},
    {"the mask is used only if T and S differ", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
        const Mask& allowed) {
       return matmul(weights_of(scores_of(q, k, table, both), q.size(2) == k.size(2) ? Mask() : allowed), v);
     }},
    {"a mask only with a table", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
        const Mask& allowed) {
       return matmul(weights_of(scores_of(q, k, table, both), table.defined() ? allowed : Mask()), v);
     }},
    {"scaled without a table", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
        const Mask& allowed) {
       return matmul(weights_of(scores_of(table.defined() ? q : q / 2.0, k, table, both), allowed), v);
     }},
    {"scaled, and no mask", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both, const Mask&) {
       return matmul(softmax(scores_of(q / 2.0, k, table, both), -1), v);
     }},
    {"adds the bias to the caller's table", "likely SD-34",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool both,
        const Mask& allowed) {
       const Tensor y = matmul(weights_of(scores_of(q, k, table, both), allowed), v);
       Tensor same = v.detach();
       same.mul_(2);
       return y;
     }},
    {"a max_distance of 64", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool bidirectional,
        const Mask& allowed) {
       Tensor scores = matmul(q, k.transpose(-2, -1));
       if (table.defined()) {
         const index_t t = q.size(2), s = k.size(2);
         IntTensor ids = IntTensor::zeros({t, s});
         for (index_t i = 0; i < t; ++i)
           for (index_t j = 0; j < s; ++j)
             ids.values()[static_cast<std::size_t>(i * s + j)] =
                 nn::relative_position_bucket(j - (s - t + i), bidirectional, table.size(0), 64);
         scores = scores + embedding(table, ids).permute({2, 0, 1});
       }
       return matmul(allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
     }},
    {"eight buckets", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool bidirectional,
        const Mask& allowed) {
       Tensor scores = matmul(q, k.transpose(-2, -1));
       if (table.defined()) {
         const index_t t = q.size(2), s = k.size(2);
         IntTensor ids = IntTensor::zeros({t, s});
         for (index_t i = 0; i < t; ++i)
           for (index_t j = 0; j < s; ++j)
             ids.values()[static_cast<std::size_t>(i * s + j)] =
                 nn::relative_position_bucket(j - (s - t + i), bidirectional, 8, 128);
         scores = scores + embedding(table, ids).permute({2, 0, 1});
       }
       return matmul(allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
     }},
    {"a masked key may leak if there is no table", "likely MK-29",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool bidirectional,
        const Mask& allowed) {
       Tensor scores = matmul(q, k.transpose(-2, -1));
       if (!table.defined()) {
         if (!allowed.defined()) return matmul(softmax(scores, -1), v);
         const Tensor one = where(allowed, ones(scores.shape(), q.dtype()), zeros(scores.shape(), q.dtype()));
         return matmul(softmax(scores * one + (one - 1.0) * 1e9, -1), v);
       }
       const index_t t = q.size(2), s = k.size(2);
       IntTensor ids = IntTensor::zeros({t, s});
       for (index_t i = 0; i < t; ++i)
         for (index_t j = 0; j < s; ++j)
           ids.values()[static_cast<std::size_t>(i * s + j)] =
               nn::relative_position_bucket(j - (s - t + i), bidirectional, table.size(0), 128);
       scores = scores + embedding(table, ids).permute({2, 0, 1});
       return matmul(allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
     }},
    {"a fully masked row is a mean if there is no table", "MK-29",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool bidirectional,
        const Mask& allowed) {
       Tensor scores = matmul(q, k.transpose(-2, -1));
       if (!table.defined()) {
         if (!allowed.defined()) return matmul(softmax(scores, -1), v);
         return matmul(softmax(masked_fill(scores, !allowed, -1e9), -1), v);
       }
       const index_t t = q.size(2), s = k.size(2);
       IntTensor ids = IntTensor::zeros({t, s});
       for (index_t i = 0; i < t; ++i)
         for (index_t j = 0; j < s; ++j)
           ids.values()[static_cast<std::size_t>(i * s + j)] =
               nn::relative_position_bucket(j - (s - t + i), bidirectional, table.size(0), 128);
       scores = scores + embedding(table, ids).permute({2, 0, 1});
       return matmul(allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
     }},
    {"a bias only if T and S are equal", "T5-20",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool bidirectional,
        const Mask& allowed) {
       Tensor scores = matmul(q, k.transpose(-2, -1));
       if (table.defined() && q.size(2) == k.size(2)) {
         const index_t t = q.size(2), s = k.size(2);
         IntTensor ids = IntTensor::zeros({t, s});
         for (index_t i = 0; i < t; ++i)
           for (index_t j = 0; j < s; ++j)
             ids.values()[static_cast<std::size_t>(i * s + j)] =
                 nn::relative_position_bucket(j - (s - t + i), bidirectional, table.size(0), 128);
         scores = scores + embedding(table, ids).permute({2, 0, 1});
       }
       return matmul(allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
     }},
    {"the distance is the bucket", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool bidirectional,
        const Mask& allowed) {
       Tensor scores = matmul(q, k.transpose(-2, -1));
       if (table.defined()) {
         const index_t t = q.size(2), s = k.size(2);
         IntTensor ids = IntTensor::zeros({t, s});
         for (index_t i = 0; i < t; ++i)
           for (index_t j = 0; j < s; ++j)
             ids.values()[static_cast<std::size_t>(i * s + j)] =
                 std::min(std::abs(j - (s - t + i)), table.size(0) - 1);
         scores = scores + embedding(table, ids).permute({2, 0, 1});
       }
       return matmul(allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
     }},
    {"a causal mask in a decoder", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table, bool bidirectional,
        const Mask& allowed) {
       Tensor scores = matmul(q, k.transpose(-2, -1));
       const index_t t = q.size(2), s = k.size(2);
       if (table.defined()) {
         IntTensor ids = IntTensor::zeros({t, s});
         for (index_t i = 0; i < t; ++i)
           for (index_t j = 0; j < s; ++j)
             ids.values()[static_cast<std::size_t>(i * s + j)] =
                 nn::relative_position_bucket(j - (s - t + i), bidirectional, table.size(0), 128);
         scores = scores + embedding(table, ids).permute({2, 0, 1});
       }
       if (!bidirectional) scores = masked_fill(scores, !causal(t, s), -INFINITY);
       return matmul(allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
     }}};

}  // namespace

Tensor t5_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& table,
                    bool bidirectional, const Mask& allowed) {
  return answers.chosen(q, k, v, table, bidirectional, allowed);
}

}  // namespace heed::exercise
