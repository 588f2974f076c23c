#include <algorithm>
#include <cmath>

#include "lessons/03_self_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor scores_of(const Tensor& x, const Projections& w) {
  const Tensor q = matmul(x, w.w_q), k = matmul(x, w.w_k);
  return matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
}
Tensor weights_of(const Tensor& scores, const Mask& allowed) {
  return allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1);
}
AttentionResult reference(const Tensor& x, const Projections& w, const Mask& allowed) {
  const Tensor weights = weights_of(scores_of(x, w), allowed);
  return {matmul(weights, matmul(x, w.w_v)), weights};
}

const Answers<decltype(self_attention)> answers{
    {"the library's attention", "pass",
     [](const Tensor& x, const Projections& w, const Mask& allowed) {
       return attention(matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v), {.mask = allowed});
     }},
    {"sequence by sequence, exp and sum by hand", "pass",
     [](const Tensor& x, const Projections& w, const Mask& allowed) -> AttentionResult {
       Tensor scores = scores_of(x, w);
       if (allowed.defined()) scores = masked_fill(scores, !allowed, -INFINITY);
       std::vector<Tensor> outputs, weights;
       for (index_t b = 0; b < x.size(0); ++b) {
         const Tensor top = max(scores[b], -1, true).values;
         const Tensor e = exp(scores[b] - masked_fill(top, equal(top, -INFINITY), 0));
         const Tensor total = e.sum({-1}, true);
         weights.push_back(e / masked_fill(total, equal(total, 0), 1));
         outputs.push_back(matmul(weights.back(), matmul(x[b], w.w_v)));
       }
       return {stack(outputs), stack(weights)};
     }},
    {"(weights · x) · W_v, and -1e9 with zeros filled in afterwards", "pass",
     [](const Tensor& x, const Projections& w, const Mask& allowed) -> AttentionResult {
       const Tensor scores = scores_of(x, w);
       Tensor weights = softmax(allowed.defined() ? masked_fill(scores, !allowed, -1e9) : scores, -1);
       if (allowed.defined()) weights = masked_fill(weights, !allowed, 0);
       return {matmul(matmul(weights, x), w.w_v), weights};
     }},
    {"the mask is not used for one word", "wrong",  // it matters only if that word is masked
     [](const Tensor& x, const Projections& w, const Mask& allowed) {
       return reference(x, w, x.size(1) == 1 ? Mask() : allowed);
     }},
    {"the mask is not used in a batch of one", "MK-01",
     [](const Tensor& x, const Projections& w, const Mask& allowed) {
       return reference(x, w, x.size(0) == 1 ? Mask() : allowed);
     }},
    {"the mask is not used", "MK-01",
     [](const Tensor& x, const Projections& w, const Mask&) { return reference(x, w, {}); }},
    {"the mask of the first sequence", "MK-25",
     [](const Tensor& x, const Projections& w, const Mask& allowed) {
       return reference(
           x, w,
           allowed.defined() ? masked_fill(zeros(allowed.shape()), allowed, 1).slice(0, 0, 1) > 0 : allowed);
     }},
    {"the mask of the queries", "MK-12",
     [](const Tensor& x, const Projections& w, const Mask& allowed) {
       return reference(x, w, allowed.defined() ? allowed.reshape({x.size(0), x.size(1), 1}) : allowed);
     }},
    {"no scale and no mask", "likely SD-01",
     [](const Tensor& x, const Projections& w, const Mask&) -> AttentionResult {
       const Tensor weights = softmax(scores_of(x, w) * std::sqrt(static_cast<double>(w.w_q.size(1))), -1);
       return {matmul(weights, matmul(x, w.w_v)), weights};
     }},
    {"the scale of the values' width", "wrong",
     [](const Tensor& x, const Projections& w, const Mask& allowed) -> AttentionResult {
       const double ratio = static_cast<double>(w.w_q.size(1)) / static_cast<double>(w.w_v.size(1));
       const Tensor weights = weights_of(scores_of(x, w) * std::sqrt(ratio), allowed);
       return {matmul(weights, matmul(x, w.w_v)), weights};
     }},
    {"masked after the softmax", "MK-03",
     [](const Tensor& x, const Projections& w, const Mask& allowed) -> AttentionResult {
       Tensor weights = softmax(scores_of(x, w), -1);
       if (allowed.defined()) weights = masked_fill(weights, !allowed, 0);
       return {matmul(weights, matmul(x, w.w_v)), weights};
     }},
    {"-1e9 alone", "MK-29",
     [](const Tensor& x, const Projections& w, const Mask& allowed) -> AttentionResult {
       const Tensor scores = scores_of(x, w);
       const Tensor weights = softmax(allowed.defined() ? masked_fill(scores, !allowed, -1e9) : scores, -1);
       return {matmul(weights, matmul(x, w.w_v)), weights};
     }},
    {"K in place of V", "SA-08",
     [](const Tensor& x, const Projections& w, const Mask& allowed) -> AttentionResult {
       const Tensor weights = weights_of(scores_of(x, w), allowed);
       return {matmul(weights, matmul(x, w.w_k)), weights};
     }},
    {"the scores in place of the weights", "SA-60",
     [](const Tensor& x, const Projections& w, const Mask& allowed) -> AttentionResult {
       return {reference(x, w, allowed).output, scores_of(x, w)};
     }},
    {"the masked scores in place of the weights", "likely SA-60",
     [](const Tensor& x, const Projections& w, const Mask& allowed) -> AttentionResult {
       const Tensor scores = scores_of(x, w);
       return {reference(x, w, allowed).output,
               allowed.defined() ? masked_fill(scores, !allowed, -INFINITY) : scores};
     }},
    {"the weights averaged over the batch", "wrong",
     [](const Tensor& x, const Projections& w, const Mask& allowed) -> AttentionResult {
       const AttentionResult result = reference(x, w, allowed);
       return {result.output, result.weights.mean({0}, true)};
     }},
    {"the words of the first sequence for all", "wrong",
     [](const Tensor& x, const Projections& w, const Mask& allowed) {
       return reference(x.slice(0, 0, 1).expand(x.shape()), w, allowed);
     }},
    {"softmax over the whole matrix", "SD-18",
     [](const Tensor& x, const Projections& w, const Mask& allowed) -> AttentionResult {
       Tensor scores = scores_of(x, w);
       if (allowed.defined()) scores = masked_fill(scores, !allowed, -1e9);
       Tensor e = exp(scores - max(max(scores, -1, true).values, -2, true).values);
       if (allowed.defined()) e = masked_fill(e, !allowed, 0);
       const Tensor weights = e / (e.sum({-2, -1}, true) + 1e-12);
       return {matmul(weights, matmul(x, w.w_v)), weights};
     }},
    {"softmax over the batch", "SD-29",
     [](const Tensor& x, const Projections& w, const Mask& allowed) -> AttentionResult {
       Tensor scores = scores_of(x, w);
       if (allowed.defined()) scores = masked_fill(scores, !allowed, -1e9);
       Tensor weights = softmax(scores, 0);
       if (allowed.defined()) weights = masked_fill(weights, !allowed, 0);
       return {matmul(weights, matmul(x, w.w_v)), weights};
     }},
    {"the weights detached", "wrong",
     [](const Tensor& x, const Projections& w, const Mask& allowed) -> AttentionResult {
       const AttentionResult result = reference(x, w, allowed);
       return {result.output, result.weights.detach()};
     }},
    {"computed in f32", "wrong",
     [](const Tensor& x, const Projections& w, const Mask& allowed) {
       return reference(x.to(f32), {w.w_q.to(f32), w.w_k.to(f32), w.w_v.to(f32)}, allowed);
     }},
    {"padding is set to 0 in x", "likely SD-34",
     [](const Tensor& x, const Projections& w, const Mask& allowed) {
       const AttentionResult result = reference(x, w, allowed);
       Tensor same = x.detach();
       same.mul_(0);
       return result;
     }},
    {"exp without a maximum", "wrong",
     [](const Tensor& x, const Projections& w, const Mask& allowed) -> AttentionResult {
       Tensor e = exp(scores_of(x, w));
       if (allowed.defined()) e = masked_fill(e, !allowed, 0);
       const Tensor total = e.sum({-1}, true);
       const Tensor weights = e / masked_fill(total, equal(total, 0), 1);
       return {matmul(weights, matmul(x, w.w_v)), weights};
     }},
    {"a causal mask", "SA-13",
     [](const Tensor& x, const Projections& w, const Mask& allowed) {
       const Mask past = causal(x.size(1));
       return reference(x, w, allowed.defined() ? allowed & past : past);
     }},
    {"divided by 2 for every width", "SD-28", [](const Tensor& x, const Projections& w, const Mask& allowed) {
       const Tensor q = matmul(x, w.w_q), k = matmul(x, w.w_k), v = matmul(x, w.w_v);
       const Tensor scores = matmul(q, k.transpose(-2, -1)) / 2.0;
       const Tensor weights = allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1);
       return AttentionResult{matmul(weights, v), weights};
     }}};

}  // namespace

AttentionResult self_attention(const Tensor& x, const Projections& w, const Mask& allowed) {
  return answers.chosen(x, w, allowed);
}

}  // namespace heed::exercise
