#include <cmath>

#include "lessons/03_self_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Views views(const Tensor& x, const Tensor& q, const Tensor& k, const Tensor& v) {
  return {matmul(x, q), matmul(x, k), matmul(x, v)};
}

const Answers<decltype(project)> answers{
    {"one product with the concatenated matrices, split", "pass",
     [](const Tensor& x, const Projections& w) -> Views {
       const Tensor all = matmul(x, cat({w.w_q, w.w_k, w.w_v}, 1));
       const index_t d = w.w_q.size(1);
       return {all.slice(-1, 0, d), all.slice(-1, d, 2 * d), all.slice(-1, 2 * d)};
     }},
    {"linear with transposed weights", "pass",
     [](const Tensor& x, const Projections& w) -> Views {
       const auto project_by = [&](const Tensor& m) { return linear(x, m.transpose(0, 1)); };
       return {project_by(w.w_q), project_by(w.w_k), project_by(w.w_v)};
     }},
    {"sums of products", "pass",
     [](const Tensor& x, const Projections& w) -> Views {
       const auto project_by = [&](const Tensor& m) { return (x.unsqueeze(-1) * m).sum({-2}); };
       return {project_by(w.w_q), project_by(w.w_k), project_by(w.w_v)};
     }},
    {"the keys with W_q in a batch", "SA-25",
     [](const Tensor& x, const Projections& w) {
       return views(x, w.w_q, x.rank() > 2 ? w.w_q : w.w_k, w.w_v);
     }},
    {"the values with W_k if the widths are equal", "SA-08",
     [](const Tensor& x, const Projections& w) {
       return views(x, w.w_q, w.w_k, w.w_k.size(1) == w.w_v.size(1) ? w.w_k : w.w_v);
     }},
    {"W_q for queries and values", "SA-62",
     [](const Tensor& x, const Projections& w) { return views(x, w.w_q, w.w_k, w.w_q); }},
    {"k, q, v", "SA-07", [](const Tensor& x, const Projections& w) { return views(x, w.w_k, w.w_q, w.w_v); }},
    {"transposed if square", "SA-10",
     [](const Tensor& x, const Projections& w) {
       const auto transposed = [](const Tensor& m) { return m.size(0) == m.size(1) ? m.transpose(0, 1) : m; };
       return views(x, transposed(w.w_q), transposed(w.w_k), transposed(w.w_v));
     }},
    {"the matrices detached", "wrong",
     [](const Tensor& x, const Projections& w) {
       return views(x, w.w_q.detach(), w.w_k.detach(), w.w_v.detach());
     }},
    {"x detached", "wrong",
     [](const Tensor& x, const Projections& w) { return views(x.detach(), w.w_q, w.w_k, w.w_v); }},
    {"the first sample for all", "wrong",
     [](const Tensor& x, const Projections& w) {
       const Tensor first = x.rank() > 2 ? x.slice(0, 0, 1).expand(x.shape()) : x;
       return views(first, w.w_q, w.w_k, w.w_v);
     }},
    {"the queries are scaled already", "wrong",
     [](const Tensor& x, const Projections& w) {
       return views(x, w.w_q / std::sqrt(static_cast<double>(w.w_q.size(1))), w.w_k, w.w_v);
     }},
    {"computed in f32", "wrong",
     [](const Tensor& x, const Projections& w) {
       return views(x.to(f32), w.w_q.to(f32), w.w_k.to(f32), w.w_v.to(f32));
     }},
    {"x is modified", "likely SD-34",
     [](const Tensor& x, const Projections& w) {
       const Views result = views(x, w.w_q, w.w_k, w.w_v);
       Tensor same = x.detach();
       same.mul_(2);
       return result;
     }},
    {"a matrix is modified", "likely SD-34", [](const Tensor& x, const Projections& w) {
       const Views result = views(x, w.w_q, w.w_k, w.w_v);
       Tensor same = w.w_v.detach();
       same.mul_(2);
       return result;
     }}};

}  // namespace

Views project(const Tensor& x, const Projections& w) { return answers.chosen(x, w); }

}  // namespace heed::exercise
