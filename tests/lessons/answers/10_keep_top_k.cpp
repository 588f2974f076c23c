#include <algorithm>
#include <cmath>

#include "lessons/10_gpt/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor threshold(const Tensor& x, index_t k) { return topk(x, k).values.slice(1, k - 1, k); }

const Answers<decltype(keep_top_k)> answers{
    {"masked_fill", "pass",
     [](const Tensor& x, index_t k) { return masked_fill(x, x < threshold(x, k), -INFINITY); }},
    {"row by row", "pass",
     [](const Tensor& x, index_t k) {
       std::vector<Tensor> rows;
       for (index_t b = 0; b < x.size(0); ++b) {
         const Tensor least = topk(x[b].unsqueeze(0), k).values[0][k - 1];
         rows.push_back(masked_fill(x[b], x[b] < least, -INFINITY));
       }
       return stack(rows);
     }},
    {"a sum with 0 and -infinity", "pass",
     [](const Tensor& x, index_t k) {
       const Tensor zero = zeros(x.shape(), x.dtype());
       return x + where(x < threshold(x, k), zero - INFINITY, zero);
     }},
    {"the threshold of the last row", "wrong",
     [](const Tensor& x, index_t k) {
       return masked_fill(x, x < threshold(x, k).slice(0, x.size(0) - 1, x.size(0)), -INFINITY);
     }},
    {"-1e9", "wrong", [](const Tensor& x, index_t k) { return masked_fill(x, x < threshold(x, k), -1e9); }},
    {"-1e4", "GP-63", [](const Tensor& x, index_t k) { return masked_fill(x, x < threshold(x, k), -1e4); }},
    {"one too many, except for k = V", "GP-23",
     [](const Tensor& x, index_t k) {
       return masked_fill(x, x < threshold(x, std::min<index_t>(k + 1, x.size(1))), -INFINITY);
     }},
    {"log-probabilities", "wrong",
     [](const Tensor& x, index_t k) {
       return masked_fill(log_softmax(x, -1), x < threshold(x, k), -INFINITY);
     }},
    {"modifies the caller's logits", "likely SD-34",
     [](const Tensor& x, index_t k) {
       const Tensor result = masked_fill(x, x < threshold(x, k), -INFINITY);
       Tensor same = x.detach();
       same.copy_(result.detach());
       return result;
     }},
    {"the largest ones in descending order, then padding", "wrong",
     [](const Tensor& logits, index_t k) {
       const Tensor top = topk(logits, k).values;
       if (k == logits.size(1)) return top;
       return cat({top, full({logits.size(0), logits.size(1) - k}, -INFINITY, logits.dtype())}, 1);
     }},
    {"the k-th largest of all", "GP-64",
     [](const Tensor& logits, index_t k) {
       const Tensor least = topk(logits.reshape({logits.numel()}), k).values.slice(0, k - 1, k);
       return where(logits < least, full(logits.shape(), -INFINITY, logits.dtype()), logits);
     }},
    {"the threshold of the first row", "GP-22",
     [](const Tensor& logits, index_t k) {
       const Tensor least = topk(logits, k).values.slice(1, k - 1, k).slice(0, 0, 1);
       return where(logits < least, full(logits.shape(), -INFINITY, logits.dtype()), logits);
     }},
    {"cut off to 0", "GP-20",
     [](const Tensor& logits, index_t k) {
       const Tensor least = topk(logits, k).values.slice(1, k - 1, k);
       return where(logits < least, zeros(logits.shape(), logits.dtype()), logits);
     }},
    {"the k smallest", "GP-21",
     [](const Tensor& logits, index_t k) {
       const Tensor most = -topk(-logits, k).values.slice(1, k - 1, k);
       return where(logits > most, full(logits.shape(), -INFINITY, logits.dtype()), logits);
     }},
    {"detached", "wrong",
     [](const Tensor& logits, index_t k) {
       const Tensor least = topk(logits, k).values.slice(1, k - 1, k);
       return where(logits < least, full(logits.shape(), -INFINITY, logits.dtype()), logits.detach());
     }},
    {"nothing is cut off in a batch of one", "GP-25",
     [](const Tensor& logits, index_t k) {
       if (logits.size(0) == 1) return logits;
       const Tensor least = topk(logits, k).values.slice(1, k - 1, k);
       return where(logits < least, full(logits.shape(), -INFINITY, logits.dtype()), logits);
     }},
    {"negative logits are cut off, too", "wrong", [](const Tensor& logits, index_t k) {
       const Tensor least = maximum(topk(logits, k).values.slice(1, k - 1, k), zeros({1, 1}, logits.dtype()));
       return where(logits < least, full(logits.shape(), -INFINITY, logits.dtype()), logits);
     }}};

}  // namespace

Tensor keep_top_k(const Tensor& logits, index_t k) { return answers.chosen(logits, k); }

}  // namespace heed::exercise
