#include <algorithm>
#include <cmath>

#include "lessons/10_detr/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

double root(const Tensor& x) { return std::sqrt(static_cast<double>(x.size(-1))); }

const Answers<decltype(detr_cross_attention)> answers{
    {"the fused attention", "pass",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       return scaled_dot_product_attention(x + asked, memory + place, memory);
     }},
    {"query by query", "pass",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       std::vector<Tensor> rows;
       for (index_t i = 0; i < x.size(0); ++i) {
         const Tensor scores = matmul(memory + place, (x[i] + asked[i]) / root(x));
         rows.push_back(matmul(softmax(scores, 0), memory));
       }
       return stack(rows);
     }},
    {"four products instead of two sums", "pass",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       const Tensor m = memory.transpose(0, 1), p = place.transpose(0, 1);
       const Tensor scores = matmul(x, m) + matmul(x, p) + matmul(asked, m) + matmul(asked, p);
       return matmul(softmax(scores / root(x), -1), memory);
     }},
    {"softmax over queries if N = S", "DE-46",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       const Tensor scores = matmul(x + asked, (memory + place).transpose(0, 1)) / root(x);
       return matmul(softmax(scores, x.size(0) == memory.size(0) ? 0 : -1), memory);
     }},
    {"memory is detached for the keys", "wrong",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       return scaled_dot_product_attention(x + asked, memory.detach() + place, memory);
     }},
    {"no positions at all", "likely DE-42",
     [](const Tensor& x, const Tensor&, const Tensor& memory, const Tensor&) {
       return scaled_dot_product_attention(x, memory, memory);
     }},
    {"divided by the root of the number of pixels", "wrong",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       const double size = std::sqrt(static_cast<double>(memory.size(0)));
       return matmul(softmax(matmul(x + asked, (memory + place).transpose(0, 1)) / size, -1), memory);
     }},
    {"places in the values", "DE-08",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       const Tensor keys = memory + place;
       return matmul(
           softmax(matmul(x + asked, keys.transpose(-2, -1)) / std::sqrt(static_cast<double>(x.size(-1))),
                   -1),
           keys);
     }},
    {"a residual", "wrong",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       return x + matmul(softmax(matmul(x + asked, (memory + place).transpose(-2, -1)) /
                                     std::sqrt(static_cast<double>(x.size(-1))),
                                 -1),
                         memory);
     }},
    {"places only if N and S differ", "DE-42",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       const Tensor keys = x.size(0) == memory.size(0) ? memory : memory + place;
       return matmul(
           softmax(matmul(x + asked, keys.transpose(-2, -1)) / std::sqrt(static_cast<double>(x.size(-1))),
                   -1),
           memory);
     }},
    {"exp without the maximum", "SD-16",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       const Tensor e = exp(matmul(x + asked, (memory + place).transpose(-2, -1)) /
                            std::sqrt(static_cast<double>(x.size(-1))));
       return matmul(e, memory) / e.sum({-1}, true);
     }},
    {"content with content, place with place", "wrong",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       const Tensor s = matmul(x, memory.transpose(0, 1)) + matmul(asked, place.transpose(0, 1));
       return matmul(softmax(s / std::sqrt(static_cast<double>(x.size(-1))), -1), memory);
     }},
    {"positions scaled by a half", "wrong",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       const Tensor s = matmul(x + asked * 0.5, (memory + place * 0.5).transpose(0, 1));
       return matmul(softmax(s / std::sqrt(static_cast<double>(x.size(-1))), -1), memory);
     }},
    {"the queries' positions in the result", "DE-47",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       return asked + matmul(softmax(matmul(x + asked, (memory + place).transpose(-2, -1)) /
                                         std::sqrt(static_cast<double>(x.size(-1))),
                                     -1),
                             memory);
     }},
    {"divided by 2", "wrong",
     [](const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
       return matmul(softmax(matmul(x + asked, (memory + place).transpose(-2, -1)) / 2.0, -1), memory);
     }}};

}  // namespace

Tensor detr_cross_attention(const Tensor& x, const Tensor& asked, const Tensor& memory, const Tensor& place) {
  return answers.chosen(x, asked, memory, place);
}

}  // namespace heed::exercise
