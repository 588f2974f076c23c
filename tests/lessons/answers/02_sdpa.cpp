#include <cmath>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor scaled(const Tensor& q, const Tensor& k) {
  return matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
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
    {"softmax over the whole matrix", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
       Tensor scores = scaled(q, k);
       if (allowed.defined()) scores = masked_fill(scores, !allowed, -INFINITY);
       const Tensor e = exp(scores - max(scores));
       return matmul(e / e.sum(), v);
     }}};

}  // namespace

Tensor sdpa(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return answers.chosen(q, k, v, allowed);
}

}  // namespace heed::exercise
