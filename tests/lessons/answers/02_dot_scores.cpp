#include <cmath>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor scores(const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(-2, -1)); }

const Answers<decltype(dot_scores)> answers{
    {"products of all pairs, summed over the last axis", "pass",
     [](const Tensor& q, const Tensor& k) { return (q.unsqueeze(-2) * k.unsqueeze(-3)).sum({-1}); }},
    {"(K · Qᵀ)ᵀ", "pass",
     [](const Tensor& q, const Tensor& k) { return matmul(k, q.transpose(-2, -1)).transpose(-2, -1); }},
    {"a loop over the keys", "pass",
     [](const Tensor& q, const Tensor& k) {
       std::vector<Tensor> columns;
       for (index_t s = 0; s < k.size(-2); ++s) columns.push_back((q * k.slice(-2, s, s + 1)).sum({-1}));
       return stack(columns, -1);
     }},
    {"only the keys of the first sequence", "wrong",
     [](const Tensor& q, const Tensor& k) {
       return matmul(q, (k.rank() > 2 ? k.slice(0, 0, 1) : k).transpose(-2, -1));
     }},
    {"transpose(0, 1)", "SD-21",
     [](const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(0, 1)); }},
    {"K is not transposed if it is square", "wrong",
     [](const Tensor& q, const Tensor& k) { return k.size(-1) == k.size(-2) ? matmul(q, k) : scores(q, k); }},
    {"(S, T)", "SD-19", [](const Tensor& q, const Tensor& k) { return matmul(k, q.transpose(-2, -1)); }},
    {"numbers read one at a time", "SD-24",
     [](const Tensor& q, const Tensor& k) {
       const Tensor result = scores(q, k);
       return from_vector(result.to_vector(), result.shape(), result.dtype());
     }},
    {"numbers read from data() in memory order", "wrong",
     [](const Tensor& q, const Tensor& k) {
       if (q.is_contiguous() && k.is_contiguous()) return scores(q, k);
       // The memory between the elements of a view is undefined.
       return scores(q, full(k.shape(), NAN, k.dtype()));
     }},
    {"computed in f32", "wrong",
     [](const Tensor& q, const Tensor& k) { return scores(q.to(f32), k.to(f32)); }},
    {"the keys are scaled in place", "likely SD-34",
     [](const Tensor& q, const Tensor& k) {
       const Tensor result = scores(q, k);
       const NoGrad off;
       Tensor alias = k;
       alias.mul_(2.0);
       return result;
     }},
    {"only the queries get a gradient", "wrong",
     [](const Tensor& q, const Tensor& k) { return scores(q, k.detach()); }},
    {"queries with queries if the lengths are equal", "wrong",
     [](const Tensor& q, const Tensor& k) { return scores(q, q.shape() == k.shape() ? q : k); }},
    {"K is reshaped", "SD-66",
     [](const Tensor& q, const Tensor& k) {
       Shape shape = k.shape();
       shape[k.rank() - 2] = k.size(-1);
       shape[k.rank() - 1] = k.size(-2);
       return matmul(q, k.reshape(shape));
     }},
    {"K is reshaped in a batch", "SD-66",
     [](const Tensor& q, const Tensor& k) {
       if (k.rank() == 2) return scores(q, k);
       Shape shape = k.shape();
       shape[k.rank() - 2] = k.size(-1);
       shape[k.rank() - 1] = k.size(-2);
       return matmul(q, k.reshape(shape));
     }},
    {"up to three axes", "wrong",
     [](const Tensor& q, const Tensor& k) {
       check(q.rank() <= 3, "dot_scores", "more than three axes");
       return scores(q, k);
     }},
    {"cosines", "wrong", [](const Tensor& q, const Tensor& k) {
       return scores(q / sqrt((q * q).sum({-1}, true)), k / sqrt((k * k).sum({-1}, true)));
     }}};

}  // namespace

Tensor dot_scores(const Tensor& q, const Tensor& k) { return answers.chosen(q, k); }

}  // namespace heed::exercise
