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
    {"the output stays normalised: log-sum-exp of the blocks", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor lse, output;
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor scores = scores_of(q, k.slice(0, s, s + block));
         const Tensor own = logsumexp(scores, -1, true),
                      mixed = matmul(softmax(scores, -1), v.slice(0, s, s + block));
         if (!lse.defined()) {
           lse = own, output = mixed;
           continue;
         }
         const Tensor share = sigmoid(own - lse);
         output = output + share * (mixed - output);
         lse = logsumexp(cat({lse, own}, -1), -1, true);
       }
       return output;
     }},
    {"two passes: the maximum first", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor most;
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor own = max(scores_of(q, k.slice(0, s, s + block)), -1, true).values;
         most = most.defined() ? maximum(most, own) : own;
       }
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), mixed = zeros({q.size(0), v.size(1)}, q.dtype());
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor e = exp(scores_of(q, k.slice(0, s, s + block)) - most);
         sum = sum + e.sum({-1}, true);
         mixed = mixed + matmul(e, v.slice(0, s, s + block));
       }
       return mixed / sum;
     }},
    {"blocks of queries, all keys at once", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       std::vector<Tensor> rows;
       for (index_t t = 0; t < q.size(0); t += block)
         rows.push_back(matmul(softmax(scores_of(q.slice(0, t, t + block), k), -1), v));
       return cat(rows, 0);
     }},
    {"the whole softmax", "RN-38",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t) {
       return matmul(softmax(scores_of(q, k), -1), v);
     }},
    {"the mean of all scores instead of the maximum", "likely RN-38",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), mixed = zeros({q.size(0), v.size(1)}, q.dtype());
       const Tensor middle = scores_of(q, k).mean({-1}, true);
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor e = exp(scores_of(q, k.slice(0, s, s + block)) - middle);
         sum = sum + e.sum({-1}, true);
         mixed = mixed + matmul(e, v.slice(0, s, s + block));
       }
       return mixed / sum;
     }},
    {"the maximum of the first block for all", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), mixed = zeros({q.size(0), v.size(1)}, q.dtype());
       const Tensor most = max(scores_of(q, k.slice(0, 0, block)), -1, true).values;
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor e = exp(scores_of(q, k.slice(0, s, s + block)) - most);
         sum = sum + e.sum({-1}, true);
         mixed = mixed + matmul(e, v.slice(0, s, s + block));
       }
       return mixed / sum;
     }},
    {"begins with -1000", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor most = full({q.size(0), 1}, -1000, q.dtype());
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), mixed = zeros({q.size(0), v.size(1)}, q.dtype());
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor scores = scores_of(q, k.slice(0, s, s + block));
         const Tensor now = maximum(most, max(scores, -1, true).values);
         const Tensor e = exp(scores - now), shrink = exp(most - now);
         sum = sum * shrink + e.sum({-1}, true);
         mixed = mixed * shrink + matmul(e, v.slice(0, s, s + block));
         most = now;
       }
       return mixed / sum;
     }},
    {"an eps in the sum", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor most = full({q.size(0), 1}, -INFINITY, q.dtype());
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), mixed = zeros({q.size(0), v.size(1)}, q.dtype());
       const double root = std::sqrt(static_cast<double>(q.size(1)));
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor scores = matmul(q, k.slice(0, s, s + block).transpose(-2, -1)) / root;
         const Tensor now = maximum(most, max(scores, -1, true).values);
         const Tensor e = exp(scores - now), shrink = exp(most - now);
         sum = sum * shrink + e.sum({-1}, true);
         mixed = mixed * shrink + matmul(e, v.slice(0, s, s + block));
         most = now;
       }
       return mixed / (sum + 1e-2);
     }},
    {"the shrinking is turned over", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor most = full({q.size(0), 1}, -1e30, q.dtype());
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), mixed = zeros({q.size(0), v.size(1)}, q.dtype());
       const double root = std::sqrt(static_cast<double>(q.size(1)));
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor scores = matmul(q, k.slice(0, s, s + block).transpose(-2, -1)) / root;
         const Tensor now = maximum(most, max(scores, -1, true).values);
         const Tensor e = exp(scores - now),
                      shrink = s == 0 ? zeros(most.shape(), q.dtype()) : exp(now - most);
         sum = sum * shrink + e.sum({-1}, true);
         mixed = mixed * shrink + matmul(e, v.slice(0, s, s + block));
         most = now;
       }
       return mixed / sum;
     }},
    {"the first block's values left out", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor most = full({q.size(0), 1}, -INFINITY, q.dtype());
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), mixed = zeros({q.size(0), v.size(1)}, q.dtype());
       const double root = std::sqrt(static_cast<double>(q.size(1)));
       for (index_t s = 0; s < k.size(0); s += block) {
         const Tensor scores = matmul(q, k.slice(0, s, s + block).transpose(-2, -1)) / root;
         const Tensor now = maximum(most, max(scores, -1, true).values);
         const Tensor e = exp(scores - now), shrink = exp(most - now);
         sum = sum * shrink + e.sum({-1}, true);
         if (s > 0) mixed = mixed * shrink + matmul(e, v.slice(0, s, s + block));
         most = now;
       }
       return mixed / sum;
     }},
    {"the last two blocks alone", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
       Tensor most = full({q.size(0), 1}, -INFINITY, q.dtype());
       Tensor sum = zeros({q.size(0), 1}, q.dtype()), mixed = zeros({q.size(0), v.size(1)}, q.dtype());
       const double root = std::sqrt(static_cast<double>(q.size(1)));
       for (index_t s = std::max<index_t>(0, (k.size(0) - 1) / block - 1) * block; s < k.size(0);
            s += block) {
         const Tensor scores = matmul(q, k.slice(0, s, s + block).transpose(-2, -1)) / root;
         const Tensor now = maximum(most, max(scores, -1, true).values);
         const Tensor e = exp(scores - now), shrink = exp(most - now);
         sum = sum * shrink + e.sum({-1}, true);
         mixed = mixed * shrink + matmul(e, v.slice(0, s, s + block));
         most = now;
       }
       return mixed / sum;
     }}};

}  // namespace

Tensor attend_in_blocks(const Tensor& q, const Tensor& k, const Tensor& v, index_t block) {
  return answers.chosen(q, k, v, block);
}

}  // namespace heed::exercise
