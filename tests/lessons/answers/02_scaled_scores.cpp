#include <cmath>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor products(const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(-2, -1)); }
double width(const Tensor& x) { return static_cast<double>(x.size(-1)); }

const Answers<decltype(scaled_scores)> answers{
    {"q scaled before the product", "pass",
     [](const Tensor& q, const Tensor& k) { return products(q / std::sqrt(width(q)), k); }},
    {"q and k each divided by the fourth root", "pass",
     [](const Tensor& q, const Tensor& k) {
       const double fourth = std::pow(width(q), 0.25);
       return products(q / fourth, k / fourth);
     }},
    {"sums over all pairs times 1 / sqrt(d) as a tensor", "pass",
     [](const Tensor& q, const Tensor& k) {
       const Tensor sums = (q.unsqueeze(-2) * k.unsqueeze(-3)).sum({-1});
       return sums * full({}, 1 / std::sqrt(width(k)), q.dtype());
     }},
    {"q and k each divided by the root", "SD-02",
     [](const Tensor& q, const Tensor& k) {
       return products(q / std::sqrt(width(q)), k / std::sqrt(width(k)));
     }},
    {"the root in an integer", "SD-60",
     [](const Tensor& q, const Tensor& k) {
       const auto root = static_cast<index_t>(std::sqrt(width(q)));
       return products(q, k) / static_cast<double>(root);
     }},
    {"the width read from axis 1", "SD-27",
     [](const Tensor& q, const Tensor& k) {
       return products(q, k) / std::sqrt(static_cast<double>(q.size(1)));
     }},
    {"no scale in a batch", "SD-01",
     [](const Tensor& q, const Tensor& k) {
       return products(q, k) / (q.rank() > 2 ? 1.0 : std::sqrt(width(q)));
     }},
    // With one query, √T is 1 as well.
    {"no scale for one query", "wrong",
     [](const Tensor& q, const Tensor& k) {
       return products(q, k) / (q.size(-2) == 1 ? 1.0 : std::sqrt(width(q)));
     }},
    {"always by 2", "SD-28", [](const Tensor& q, const Tensor& k) { return products(q, k) / 2.0; }},
    {"the scale is written into q", "likely SD-34",
     [](const Tensor& q, const Tensor& k) {
       Tensor alias = q;
       alias.mul_(1 / std::sqrt(width(q)));
       return products(alias, k);
     }},
    {"computed in f32", "wrong",
     [](const Tensor& q, const Tensor& k) { return products(q.to(f32), k.to(f32)) / std::sqrt(width(q)); }},
    {"only the first sequence", "wrong",
     [](const Tensor& q, const Tensor& k) {
       const Tensor first = q.rank() > 2 ? q.slice(0, 0, 1) : q;
       return products(first, k) / std::sqrt(width(q));
     }},
    {"transposed and without a scale", "wrong",
     [](const Tensor& q, const Tensor& k) { return products(k, q); }},
    {"divided by the standard deviation of the scores", "wrong", [](const Tensor& q, const Tensor& k) {
       const Tensor s = products(q, k);
       return s / (sqrt((s * s).mean()) + 1e-9);
     }}};

}  // namespace

Tensor scaled_scores(const Tensor& q, const Tensor& k) { return answers.chosen(q, k); }

}  // namespace heed::exercise
