#include <algorithm>
#include <cmath>

#include "lessons/09_attention_vs_rnn/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor scores_of(const Tensor& q, const Tensor& k) {
  return matmul(q, k.transpose(0, 1)) / std::sqrt(static_cast<double>(q.size(1)));
}

const Answers<decltype(attend_in_blocks)> answers{
    {"a normalised output and the log-sum-exp of the blocks", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor lse, output;
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor scores = scores_of(q, k.slice(0, s, s + block));
         const Tensor own = logsumexp(scores, -1, true),
                      block_output = matmul(softmax(scores, -1), v.slice(0, s, s + block));
         if (!lse.defined()) {
           lse = own;
           output = block_output;
           continue;
         }
         const Tensor weight = sigmoid(own - lse);
         output = output + weight * (block_output - output);
         lse = logsumexp(cat({lse, own}, -1), -1, true);
       }
       return output;
     }},
    {"two passes: the maximum first", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor row_max;
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor own = max(scores_of(q, k.slice(0, s, s + block)), -1, true).values;
         row_max = row_max.defined() ? maximum(row_max, own) : own;
       }
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), output = zeros({q.size(0), v.size(1)}, q.dtype());
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor e = exp(scores_of(q, k.slice(0, s, s + block)) - row_max);
         sum = sum + e.sum({-1}, true);
         output = output + matmul(e, v.slice(0, s, s + block));
       }
       return output / sum;
     }},
    {"blocks of queries, all keys at once", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       std::vector<Tensor> rows;
       for (index_t t = 0; t < q.size(0); t += block)
         rows.push_back(matmul(softmax(scores_of(q.slice(0, t, t + block), k), -1), v));
       return cat(rows, 0);
     }},
    {"softmax over all scores", "RN-38",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t) {
       return matmul(softmax(scores_of(q, k), -1), v);
     }},
    {"the mean of all scores instead of the maximum", "likely RN-38",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), output = zeros({q.size(0), v.size(1)}, q.dtype());
       const Tensor middle = scores_of(q, k).mean({-1}, true);
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor e = exp(scores_of(q, k.slice(0, s, s + block)) - middle);
         sum = sum + e.sum({-1}, true);
         output = output + matmul(e, v.slice(0, s, s + block));
       }
       return output / sum;
     }},
    {"the maximum of the first block for all", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), output = zeros({q.size(0), v.size(1)}, q.dtype());
       const Tensor row_max = max(scores_of(q, k.slice(0, 0, block)), -1, true).values;
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor e = exp(scores_of(q, k.slice(0, s, s + block)) - row_max);
         sum = sum + e.sum({-1}, true);
         output = output + matmul(e, v.slice(0, s, s + block));
       }
       return output / sum;
     }},
    {"a maximum initialised with -1000", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor row_max = full({q.size(0), 1}, -1000, q.dtype());
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), output = zeros({q.size(0), v.size(1)}, q.dtype());
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor scores = scores_of(q, k.slice(0, s, s + block));
         const Tensor new_max = maximum(row_max, max(scores, -1, true).values);
         const Tensor e = exp(scores - new_max), rescale = exp(row_max - new_max);
         sum = sum * rescale + e.sum({-1}, true);
         output = output * rescale + matmul(e, v.slice(0, s, s + block));
         row_max = new_max;
       }
       return output / sum;
     }},
    {"an eps added to the sum", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor row_max = full({q.size(0), 1}, -INFINITY, q.dtype());
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), output = zeros({q.size(0), v.size(1)}, q.dtype());
       const double root = std::sqrt(static_cast<double>(q.size(1)));
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor scores = matmul(q, k.slice(0, s, s + block).transpose(-2, -1)) / root;
         const Tensor new_max = maximum(row_max, max(scores, -1, true).values);
         const Tensor e = exp(scores - new_max), rescale = exp(row_max - new_max);
         sum = sum * rescale + e.sum({-1}, true);
         output = output * rescale + matmul(e, v.slice(0, s, s + block));
         row_max = new_max;
       }
       return output / (sum + 1e-2);
     }},
    {"the factor is inverted", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor row_max = full({q.size(0), 1}, -1e30, q.dtype());
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), output = zeros({q.size(0), v.size(1)}, q.dtype());
       const double root = std::sqrt(static_cast<double>(q.size(1)));
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor scores = matmul(q, k.slice(0, s, s + block).transpose(-2, -1)) / root;
         const Tensor new_max = maximum(row_max, max(scores, -1, true).values);
         const Tensor e = exp(scores - new_max),
                      rescale = s == 0 ? zeros(row_max.shape(), q.dtype()) : exp(new_max - row_max);
         sum = sum * rescale + e.sum({-1}, true);
         output = output * rescale + matmul(e, v.slice(0, s, s + block));
         row_max = new_max;
       }
       return output / sum;
     }},
    {"the first block's values left out", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor row_max = full({q.size(0), 1}, -INFINITY, q.dtype());
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), output = zeros({q.size(0), v.size(1)}, q.dtype());
       const double root = std::sqrt(static_cast<double>(q.size(1)));
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor scores = matmul(q, k.slice(0, s, s + block).transpose(-2, -1)) / root;
         const Tensor new_max = maximum(row_max, max(scores, -1, true).values);
         const Tensor e = exp(scores - new_max), rescale = exp(row_max - new_max);
         sum = sum * rescale + e.sum({-1}, true);
         if (s > 0) output = output * rescale + matmul(e, v.slice(0, s, s + block));
         row_max = new_max;
       }
       return output / sum;
     }},
    {"only the last two blocks", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor row_max = full({q.size(0), 1}, -INFINITY, q.dtype());
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), output = zeros({q.size(0), v.size(1)}, q.dtype());
       const double root = std::sqrt(static_cast<double>(q.size(1)));
       for (index_t s = std::max<index_t>(0, (k.size(0) - 1) / block - 1) * block; s < k.size(0);
            s += block) {
         const Tensor scores = matmul(q, k.slice(0, s, s + block).transpose(-2, -1)) / root;
         const Tensor new_max = maximum(row_max, max(scores, -1, true).values);
         const Tensor e = exp(scores - new_max), rescale = exp(row_max - new_max);
         sum = sum * rescale + e.sum({-1}, true);
         output = output * rescale + matmul(e, v.slice(0, s, s + block));
         row_max = new_max;
       }
       return output / sum;
     }}};

}  // namespace

Tensor attend_in_blocks(const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
  return answers.chosen(q, k, v, block);
}

}  // namespace heed::exercise
