#include <algorithm>
#include <cmath>

#include "lessons/10_detr/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

double root(const Tensor& x) { return std::sqrt(static_cast<double>(x.size(-1))); }

const Answers<decltype(detr_cross_attention)> answers{
    {"the fused attention", "pass",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       return scaled_dot_product_attention(x + query_pos, memory + pos, memory);
     }},
    {"query by query", "pass",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       std::vector<Tensor> rows;
       for (index_t i = 0; i < x.size(0); ++i) {
         const Tensor scores = matmul(memory + pos, (x[i] + query_pos[i]) / root(x));
         rows.push_back(matmul(softmax(scores, 0), memory));
       }
       return stack(rows);
     }},
    {"four products instead of two sums", "pass",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       const Tensor m = memory.transpose(0, 1), p = pos.transpose(0, 1);
       const Tensor scores = matmul(x, m) + matmul(x, p) + matmul(query_pos, m) + matmul(query_pos, p);
       return matmul(softmax(scores / root(x), -1), memory);
     }},
    {"softmax over queries if N = S", "DE-46",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       const Tensor scores = matmul(x + query_pos, (memory + pos).transpose(0, 1)) / root(x);
       return matmul(softmax(scores, x.size(0) == memory.size(0) ? 0 : -1), memory);
     }},
    {"memory is detached for the keys", "wrong",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       return scaled_dot_product_attention(x + query_pos, memory.detach() + pos, memory);
     }},
    {"no positions at all", "likely DE-42",
     [](const Tensor& x, const Tensor&, const Tensor& memory, const Tensor&) {
       return scaled_dot_product_attention(x, memory, memory);
     }},
    {"divided by the root of the number of pixels", "wrong",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       const double size = std::sqrt(static_cast<double>(memory.size(0)));
       return matmul(softmax(matmul(x + query_pos, (memory + pos).transpose(0, 1)) / size, -1), memory);
     }},
    {"positions in the values", "DE-08",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       const Tensor keys = memory + pos;
       return matmul(
           softmax(matmul(x + query_pos, keys.transpose(-2, -1)) / std::sqrt(static_cast<double>(x.size(-1))),
                   -1),
           keys);
     }},
    {"a residual", "wrong",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       return x + matmul(softmax(matmul(x + query_pos, (memory + pos).transpose(-2, -1)) /
                                     std::sqrt(static_cast<double>(x.size(-1))),
                                 -1),
                         memory);
     }},
    {"positions only if N and S differ", "DE-42",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       const Tensor keys = x.size(0) == memory.size(0) ? memory : memory + pos;
       return matmul(
           softmax(matmul(x + query_pos, keys.transpose(-2, -1)) / std::sqrt(static_cast<double>(x.size(-1))),
                   -1),
           memory);
     }},
    {"exp without the maximum", "SD-16",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       const Tensor e = exp(matmul(x + query_pos, (memory + pos).transpose(-2, -1)) /
                            std::sqrt(static_cast<double>(x.size(-1))));
       return matmul(e, memory) / e.sum({-1}, true);
     }},
    {"content with content, position with position", "wrong",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       const Tensor s = matmul(x, memory.transpose(0, 1)) + matmul(query_pos, pos.transpose(0, 1));
       return matmul(softmax(s / std::sqrt(static_cast<double>(x.size(-1))), -1), memory);
     }},
    {"positions scaled by a half", "wrong",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       const Tensor s = matmul(x + query_pos * 0.5, (memory + pos * 0.5).transpose(0, 1));
       return matmul(softmax(s / std::sqrt(static_cast<double>(x.size(-1))), -1), memory);
     }},
    {"query_pos added to the output", "DE-47",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       return query_pos + matmul(softmax(matmul(x + query_pos, (memory + pos).transpose(-2, -1)) /
                                             std::sqrt(static_cast<double>(x.size(-1))),
                                         -1),
                                 memory);
     }},
    {"divided by 2", "wrong",
     [](const Tensor& x, const Tensor& query_pos, const Tensor& memory, const Tensor& pos) {
       return matmul(softmax(matmul(x + query_pos, (memory + pos).transpose(-2, -1)) / 2.0, -1), memory);
     }}};

}  // namespace

Tensor detr_cross_attention(const Tensor& x, const Tensor& query_pos, const Tensor& memory,
                            const Tensor& pos) {
  return answers.chosen(x, query_pos, memory, pos);
}

}  // namespace heed::exercise
