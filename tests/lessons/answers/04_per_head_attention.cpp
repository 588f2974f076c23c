#include <algorithm>
#include <cmath>

#include "lessons/04_multi_head_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

double root(const Tensor& x) { return std::sqrt(static_cast<double>(x.size(-1))); }
Tensor scores_of(const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(-2, -1)) / root(q); }
Mask for_all_heads(const Mask& allowed) { return allowed.defined() ? allowed.unsqueeze(1) : allowed; }
AttentionResult with(const Tensor& scores, const Tensor& v, const Mask& allowed) {
  const Tensor weights = allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1);
  return {matmul(weights, v), weights};
}
AttentionResult reference(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return with(scores_of(q, k), v, for_all_heads(allowed));
}
Mask first_of(const Mask& mask, index_t axis) {
  return masked_fill(zeros(mask.shape()), mask, 1).slice(axis, 0, 1) > 0;
}

const Answers<decltype(per_head_attention)> answers{
    {"the library's attention", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return attention(q, k, v, {.mask = for_all_heads(allowed)});
     }},
    {"a loop over the heads", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) -> AttentionResult {
       std::vector<Tensor> outputs, weights;
       for (index_t h = 0; h < q.size(1); ++h) {
         const AttentionResult head =
             attention(q.select(1, h), k.select(1, h), v.select(1, h), {.mask = allowed});
         outputs.push_back(head.output);
         weights.push_back(head.weights);
       }
       return {stack(outputs, 1), stack(weights, 1)};
     }},
    {"-1e9, and zeros filled in afterwards", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) -> AttentionResult {
       const Mask m = for_all_heads(allowed);
       Tensor scores = matmul(q / root(q), k.transpose(2, 3));
       if (m.defined()) scores = masked_fill(scores, !m, -1e9);
       Tensor weights = softmax(scores, 3);
       if (m.defined()) weights = masked_fill(weights, !m, 0);
       return {matmul(weights, v), weights};
     }},
    {"the mask is not used for one query", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, q.size(2) == 1 ? Mask() : allowed);
     }},
    {"the mask is not used in a batch of one", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, q.size(0) == 1 ? Mask() : allowed);
     }},
    {"the mask is not used for one head", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, q.size(1) == 1 ? Mask() : allowed);
     }},
    {"the mask is not used if T and S are equal", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, q.size(2) == k.size(2) ? Mask() : allowed);
     }},
    {"the mask is not used if T and S differ", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, q.size(2) != k.size(2) ? Mask() : allowed);
     }},
    {"a mask of padding is not used", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v,
                        allowed.defined() && allowed.shape()[1] == 1 && q.size(2) > 1 ? Mask() : allowed);
     }},
    {"the mask of the first sample", "MK-25",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, allowed.defined() ? first_of(allowed, 0) : allowed);
     }},
    {"the mask of the first query", "MK-40",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, allowed.defined() ? first_of(allowed, 1) : allowed);
     }},
    {"the mask for the first head", "MH-10",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) -> AttentionResult {
       const AttentionResult masked = reference(q, k, v, allowed), open = reference(q, k, v, {});
       return {cat({masked.output.slice(1, 0, 1), open.output.slice(1, 1)}, 1),
               cat({masked.weights.slice(1, 0, 1), open.weights.slice(1, 1)}, 1)};
     }},
    {"the mask for all heads but the last", "likely MH-10",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) -> AttentionResult {
       const AttentionResult masked = reference(q, k, v, allowed), open = reference(q, k, v, {});
       if (q.size(1) == 1) return masked;
       return {cat({masked.output.slice(1, 0, -1), open.output.slice(1, -1)}, 1),
               cat({masked.weights.slice(1, 0, -1), open.weights.slice(1, -1)}, 1)};
     }},
    {"the mask without a head axis", "MH-17",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return with(scores_of(q, k), v, allowed);
     }},
    {"no scale and no mask", "likely SD-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask&) {
       return with(matmul(q, k.transpose(-2, -1)), v, {});
     }},
    {"softmax over the whole matrix", "SD-18",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) -> AttentionResult {
       Tensor scores = scores_of(q, k);
       if (allowed.defined()) scores = masked_fill(scores, !allowed.unsqueeze(1), -1e9);
       Tensor e = exp(scores - max(max(scores, -1, true).values, -2, true).values);
       if (allowed.defined()) e = masked_fill(e, !allowed.unsqueeze(1), 0);
       const Tensor weights = e / (e.sum({-2, -1}, true) + 1e-12);
       return {matmul(weights, v), weights};
     }},
    {"softmax over the heads", "MH-18",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) -> AttentionResult {
       Tensor scores = scores_of(q, k);
       if (allowed.defined()) scores = masked_fill(scores, !allowed.unsqueeze(1), -1e9);
       const Tensor weights = softmax(scores, 1);
       return {matmul(weights, v), weights};
     }},
    {"softmax over the batch", "likely SD-29",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) -> AttentionResult {
       Tensor scores = scores_of(q, k);
       if (allowed.defined()) scores = masked_fill(scores, !allowed.unsqueeze(1), -1e9);
       const Tensor weights = softmax(scores, 0);
       return {matmul(weights, v), weights};
     }},
    {"K in place of V", "SD-36",
     [](const Tensor& q, const Tensor& k, const Tensor&, const Mask& allowed) {
       return reference(q, k, k, allowed);
     }},
    {"every head with the keys of head 0", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k.slice(1, 0, 1).expand(k.shape()), v, allowed);
     }},
    {"the weights averaged over the heads", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) -> AttentionResult {
       const AttentionResult result = reference(q, k, v, allowed);
       return {result.output, result.weights.mean({1}, true).expand(result.weights.shape())};
     }},
    {"the scores in place of the weights", "SA-60",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) -> AttentionResult {
       return {reference(q, k, v, allowed).output, scores_of(q, k)};
     }},
    {"masked after the softmax", "MK-03",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) -> AttentionResult {
       Tensor weights = softmax(scores_of(q, k), -1);
       if (allowed.defined()) weights = masked_fill(weights, !allowed.unsqueeze(1), 0);
       return {matmul(weights, v), weights};
     }},
    {"the weights detached", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) -> AttentionResult {
       const AttentionResult result = reference(q, k, v, allowed);
       return {result.output, result.weights.detach()};
     }},
    {"computed in f32", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q.to(f32), k.to(f32), v.to(f32), allowed);
     }},
    {"exp without a maximum", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) -> AttentionResult {
       Tensor e = exp(scores_of(q, k));
       if (allowed.defined()) e = masked_fill(e, !allowed.unsqueeze(1), 0);
       const Tensor total = e.sum({-1}, true);
       const Tensor weights = e / masked_fill(total, equal(total, 0), 1);
       return {matmul(weights, v), weights};
     }},
    {"the queries are scaled in place", "likely SD-34",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       Tensor same = q;
       same.mul_(1 / root(q));
       return with(matmul(same, k.transpose(-2, -1)), v, for_all_heads(allowed));
     }},
    {"divided by 2 for every width", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       const Tensor scores = matmul(q, k.transpose(-2, -1)) / 2.0;
       const Tensor weights =
           allowed.defined() ? masked_softmax(scores, allowed.unsqueeze(1)) : softmax(scores, -1);
       return AttentionResult{matmul(weights, v), weights};
     }}};

}  // namespace

AttentionResult per_head_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return answers.chosen(q, k, v, allowed);
}

}  // namespace heed::exercise
