#include <algorithm>
#include <cmath>

#include "lessons/10_t5/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

double root(const Tensor& x) { return std::sqrt(static_cast<double>(x.size(-1))); }

const Answers<decltype(t5_logits)> answers{
    {"rms_norm and linear", "pass",
     [](const Tensor& x, const Tensor& w, const Tensor& e, double eps) {
       return linear(rms_norm(x, w, eps), e) / root(x);
     }},
    {"a power of -1/2, the factor on the embedding", "pass",
     [](const Tensor& x, const Tensor& w, const Tensor& e, double eps) {
       const Tensor n = x * rsqrt(pow(x, 2).mean({-1}, true) + eps);
       return matmul(n, (e * w / root(x)).transpose(-2, -1));
     }},
    {"sum and division", "pass",
     [](const Tensor& x, const Tensor& w, const Tensor& e, double eps) {
       const double c = static_cast<double>(x.size(-1));
       const Tensor n = x / sqrt((x * x).sum({-1}, true) / c + eps);
       return matmul(n * w, e.transpose(0, 1)) / std::sqrt(c);
     }},
    {"an eps of 1e-6, ignoring the argument", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& e, double) {
       return linear(rms_norm(x, w, 1e-6), e) / root(x);
     }},
    {"eps for rows of zeros only", "likely T5-50",
     [](const Tensor& x, const Tensor& w, const Tensor& e, double eps) {
       const Tensor square = (x * x).mean({-1}, true);
       return linear(x / sqrt(masked_fill(square, equal(square, 0), eps)) * w, e) / root(x);
     }},
    {"a factor of 1/2, correct for C = 4", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& e, double eps) {
       return linear(rms_norm(x, w, eps), e) / 2.0;
     }},
    {"no gradient through the size of a row", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& e, double eps) {
       const Tensor size = sqrt((x * x).mean({-1}, true) + eps);
       return linear(x / size.detach() * w, e) / root(x);
     }},
    {"no factor and no weight", "likely T5-43",
     [](const Tensor& x, const Tensor&, const Tensor& e, double eps) {
       return linear(rms_norm(x, {}, eps), e);
     }},
    {"LayerNorm without a bias", "T5-06",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
       const Tensor c = hidden - hidden.mean({-1}, true);
       const Tensor n = c / sqrt((c * c).mean({-1}, true) + eps) * weight;
       return matmul(n / std::sqrt(static_cast<double>(hidden.size(-1))), embedding.transpose(0, 1));
     }},
    {"the variance in place of the mean of squares", "wrong",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
       const Tensor n = hidden / sqrt(var(hidden, {-1}, 0, true) + eps) * weight;
       return matmul(n / std::sqrt(static_cast<double>(hidden.size(-1))), embedding.transpose(0, 1));
     }},
    {"the sum of squares", "T5-48",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
       const Tensor n = hidden / sqrt((hidden * hidden).sum({-1}, true) + eps) * weight;
       return matmul(n / std::sqrt(static_cast<double>(hidden.size(-1))), embedding.transpose(0, 1));
     }},
    {"1 + weight", "wrong",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
       const Tensor n = hidden / sqrt((hidden * hidden).mean({-1}, true) + eps) * (weight + 1.0);
       return matmul(n / std::sqrt(static_cast<double>(hidden.size(-1))), embedding.transpose(0, 1));
     }},
    {"not transposed if square", "wrong",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
       const Tensor n = hidden / sqrt((hidden * hidden).mean({-1}, true) + eps) * weight /
                        std::sqrt(static_cast<double>(hidden.size(-1)));
       return matmul(n, embedding.size(0) == embedding.size(1) ? embedding : embedding.transpose(0, 1));
     }},
    {"eps outside the root", "T5-61",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
       const Tensor n = hidden / (sqrt((hidden * hidden).mean({-1}, true)) + eps) * weight;
       return matmul(n / std::sqrt(static_cast<double>(hidden.size(-1))), embedding.transpose(0, 1));
     }},
    {"the root of the vocabulary size", "wrong",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
       const Tensor n = hidden / sqrt((hidden * hidden).mean({-1}, true) + eps) * weight;
       return matmul(n / std::sqrt(static_cast<double>(embedding.size(0))), embedding.transpose(0, 1));
     }},
    {"the embedding is detached", "T5-52",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
       const Tensor n = hidden / sqrt((hidden * hidden).mean({-1}, true) + eps) * weight;
       return matmul(n / std::sqrt(static_cast<double>(hidden.size(-1))), embedding.detach().transpose(0, 1));
     }},
    {"an eps of at least 1e-6", "wrong",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
       const Tensor n = hidden / sqrt((hidden * hidden).mean({-1}, true) + std::max(eps, 1e-5)) * weight;
       return matmul(n / std::sqrt(static_cast<double>(hidden.size(-1))), embedding.transpose(0, 1));
     }}};

}  // namespace

Tensor t5_logits(const Tensor& hidden, const Tensor& weight, const Tensor& embedding, double eps) {
  return answers.chosen(hidden, weight, embedding, eps);
}

}  // namespace heed::exercise
