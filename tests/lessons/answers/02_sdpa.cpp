#include <cmath>
#include <cstdint>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor scaled(const Tensor& q, const Tensor& k) {
  return matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
}

Tensor reference(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  const Tensor scores = scaled(q, k);
  return matmul(allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
}

const Answers<decltype(sdpa)> answers{
    {"masked_softmax", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       const Tensor scores = scaled(q, k);
       return matmul(allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
     }},
    {"q scaled before the product; exp and sum by hand", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       Tensor scores = matmul(q / std::sqrt(static_cast<double>(q.size(-1))), k.transpose(-2, -1));
       if (allowed.defined()) scores = masked_fill(scores, !allowed, -INFINITY);
       const Tensor top = max(scores, -1, true).values;
       const Tensor e = exp(scores - masked_fill(top, equal(top, -INFINITY), 0));
       const Tensor total = e.sum({-1}, true);
       return matmul(e / masked_fill(total, equal(total, 0), 1), v);
     }},
    {"the mask is not used with one query", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       const Tensor scores = scaled(q, k);
       return matmul(
           allowed.defined() && q.size(-2) > 1 ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
     }},
    {"the mask is used only if T and S differ", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       const Tensor scores = scaled(q, k);
       return matmul(allowed.defined() && q.size(-2) != k.size(-2) ? masked_softmax(scores, allowed)
                                                                   : softmax(scores, -1),
                     v);
     }},
    {"no scale and no mask", "likely SD-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask&) {
       return matmul(softmax(matmul(q, k.transpose(-2, -1)), -1), v);
     }},
    {"the library's fused op", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return scaled_dot_product_attention(q, k, v, {.mask = allowed});
     }},
    {"query by query", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       const Tensor scores = scaled(q, k);
       const Mask m = allowed.defined() ? allowed.expand(scores.shape()) : Mask::full(scores.shape(), true);
       const Tensor masked = masked_fill(scores, !m, -INFINITY),
                    none = masked_fill(ones(scores.shape()), !m, 0);
       std::vector<Tensor> rows;
       for (index_t t = 0; t < q.size(-2); ++t) {
         const Tensor weights = softmax(masked.slice(-2, t, t + 1), -1);
         const Tensor allowed_here = none.slice(-2, t, t + 1);
         rows.push_back(matmul(masked_fill(weights, equal(allowed_here, 0), 0), v));
       }
       return cat(rows, -2);
     }},
    {"softmax over the whole matrix", "SD-18",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       Tensor scores = scaled(q, k);
       if (allowed.defined()) scores = masked_fill(scores, !allowed, -1e9);
       const Tensor e = exp(scores - max(max(scores, -1, true).values, -2, true).values);
       const Tensor weights = allowed.defined() ? masked_fill(e, !allowed, 0) : e;
       return matmul(weights / (weights.sum({-2, -1}, true) + 1e-9), v);
     }},
    {"softmax over the whole batch", "likely SD-18",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       Tensor scores = scaled(q, k);
       if (allowed.defined()) scores = masked_fill(scores, !allowed, -INFINITY);
       const Tensor e = exp(scores - max(scores));
       return matmul(e / e.sum(), v);
     }},
    {"the mask is not used in a batch of one", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, q.rank() > 2 && q.size(0) == 1 ? Mask() : allowed);
     }},
    {"the mask is not used in a batch", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, q.rank() > 2 ? Mask() : allowed);
     }},
    {"the mask is used in a batch only", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, q.rank() > 2 ? allowed : Mask());
     }},
    {"the mask is not used if T and S differ", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, q.size(-2) != k.size(-2) ? Mask() : allowed);
     }},
    {"the mask is not used if T and S are equal", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, q.size(-2) == k.size(-2) ? Mask() : allowed);
     }},
    {"the mask is not used in f64", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, q.dtype() == f64 ? Mask() : allowed);
     }},
    {"the mask of the first sequence", "MK-25",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       if (!allowed.defined() || allowed.rank() < 3) return reference(q, k, v, allowed);
       std::vector<std::uint8_t> first(allowed.data(), allowed.data() + allowed.numel() / allowed.shape()[0]);
       Shape shape = allowed.shape();
       shape[0] = 1;
       return reference(q, k, v, Mask(first, shape));
     }},
    {"the mask of the first query", "MK-40",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       if (!allowed.defined()) return reference(q, k, v, allowed);
       return reference(q, k, v, masked_fill(zeros(allowed.shape()), allowed, 1).slice(-2, 0, 1) > 0);
     }},
    {"an inverted mask and no scale", "likely SD-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       const Tensor scores = matmul(q, k.transpose(-2, -1));
       return matmul(allowed.defined() ? masked_softmax(scores, !allowed) : softmax(scores, -1), v);
     }},
    // With one query, √T is 1 as well.
    {"no scale for one query", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q.size(-2) == 1 ? q * std::sqrt(static_cast<double>(q.size(-1))) : q, k, v, allowed);
     }},
    {"divided by 2", "SD-28",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q * (std::sqrt(static_cast<double>(q.size(-1))) / 2), k, v, allowed);
     }},
    {"minus the mean of the row", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       const Tensor scores = scaled(q, k);
       Tensor e = exp(scores - scores.mean({-1}, true));
       if (allowed.defined()) e = masked_fill(e, !allowed, 0);
       const Tensor total = e.sum({-1}, true);
       return matmul(e / masked_fill(total, equal(total, 0), 1), v);
     }},
    {"weights times the mask, divided by their sum again", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       Tensor weights = softmax(scaled(q, k), -1);
       if (allowed.defined()) weights = masked_fill(weights, !allowed, 0);
       const Tensor total = weights.sum({-1}, true);
       return matmul(weights / masked_fill(total, equal(total, 0), 1), v);
     }},
    {"masked scores times 0, then a masked softmax", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       const Tensor scores = scaled(q, k);
       if (!allowed.defined()) return matmul(softmax(scores, -1), v);
       const Tensor m = masked_fill(zeros(allowed.shape(), q.dtype()), allowed, 1);
       return matmul(masked_softmax(scores * m, allowed), v);
     }},
    {"-1e9, and 0 for a row without keys", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       if (!allowed.defined()) return reference(q, k, v, allowed);
       const Tensor weights = softmax(masked_fill(scaled(q, k), !allowed, -1e9), -1);
       return matmul(masked_fill(weights, !allowed, 0), v);
     }},
    {"NaN removed from the output", "MK-32",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       Tensor scores = scaled(q, k);
       if (allowed.defined()) scores = masked_fill(scores, !allowed, -INFINITY);
       const Tensor output = matmul(softmax(scores, -1), v);
       return masked_fill(output, isnan(output), 0);
     }},
    {"a result of type f32", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q.to(f32), k.to(f32), v.to(f32), allowed);
     }},
    {"the scale is written into q", "likely SD-34",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       Tensor alias = q;
       alias.mul_(1 / std::sqrt(static_cast<double>(q.size(-1))));
       const Tensor scores = matmul(alias, k.transpose(-2, -1));
       return matmul(allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
     }},
    {"the values without their history", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v.detach(), allowed);
     }},
    {"the first two axes of k are exchanged", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       const Tensor scores = matmul(q, k.transpose(0, 1)) / std::sqrt(static_cast<double>(q.size(-1)));
       return matmul(allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1), v);
     }},
    {"the mask is not used with four axes", "MK-01",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, q.rank() == 4 ? Mask() : allowed);
     }},
    {"the mask is not used for one key", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, v, k.size(-2) == 1 ? Mask() : allowed);
     }},
    {"a fully masked row is the mean of the values", "MK-29",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       if (!allowed.defined()) return reference(q, k, v, allowed);
       const Tensor weights = softmax(masked_fill(scaled(q, k), !allowed, -1e30), -1);
       return matmul(weights, v);
     }},
    {"0 times a masked key", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       if (!allowed.defined()) return reference(q, k, v, allowed);
       const Tensor m = masked_fill(zeros(allowed.shape(), q.dtype()), allowed, 1);
       const Tensor weights = softmax(scaled(q, k) * m + (m - 1.0) * 1e9, -1);
       return matmul(masked_fill(weights, !allowed, 0), v);
     }},
    {"where in place of masked_fill", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       if (!allowed.defined()) return reference(q, k, v, allowed);
       const Tensor inf = full({}, -INFINITY, q.dtype());
       const Tensor weights = softmax(where(allowed, scaled(q, k), inf), -1);
       return matmul(where(allowed & !isnan(weights), weights, zeros({}, q.dtype())), v);
     }},
    {"the second sequence attends to the first", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, q.rank() > 2 ? k.slice(0, 0, 1).expand(k.shape()) : k, v, allowed);
     }},
    {"one head of the leading axes for all", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, q.rank() == 4 ? v.slice(1, 0, 1).expand(v.shape()) : v, allowed);
     }},
    {"keys for values if they are as wide", "SD-36",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       return reference(q, k, k.shape() == v.shape() ? k : v, allowed);
     }}};

}  // namespace

Tensor sdpa(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return answers.chosen(q, k, v, allowed);
}

}  // namespace heed::exercise
