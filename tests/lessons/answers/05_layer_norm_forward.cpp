#include <algorithm>
#include <cmath>

#include "lessons/05_transformer_architecture/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor centred(const Tensor& x) { return x - mean(x, {-1}, true); }

const Answers<decltype(layer_norm_forward)> answers{
    {"the op of the library", "pass",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       return layer_norm(x, gamma, beta, eps);
     }},
    {"mean of the squared deviations, rsqrt, gamma first", "pass",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       const Tensor d = centred(x);
       return gamma * d * rsqrt(mean(d * d, {-1}, true) + eps) + beta;
     }},
    {"token by token", "pass",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       const index_t c = x.size(-1);
       std::vector<Tensor> tokens;
       for (const Tensor& token : unbind(x.reshape({x.numel() / c, c}))) {
         const Tensor d = token - mean(token);
         tokens.push_back(d / sqrt(sum(d * d) / static_cast<double>(c) + eps) * gamma + beta);
       }
       return tokens.empty() ? x * gamma + beta : stack(tokens).reshape(x.shape());
     }},
    {"n - 1, and eps outside the root", "likely LN-01",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       return centred(x) / (sqrt(var(x, {-1}, 1, true)) + eps) * gamma + beta;
     }},
    {"no gamma", "LN-68",
     [](const Tensor& x, const Tensor&, const Tensor& beta, double eps) {
       return centred(x) / sqrt(var(x, {-1}, 0, true) + eps) + beta;
     }},
    {"no beta", "LN-67",
     [](const Tensor& x, const Tensor& gamma, const Tensor&, double eps) {
       return centred(x) / sqrt(var(x, {-1}, 0, true) + eps) * gamma;
     }},
    {"gamma and beta exchanged", "wrong",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       return layer_norm(x, beta, gamma, eps);
     }},
    {"the root of the standard deviation and eps", "LN-60",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       return centred(x) / pow(pow(var(x, {-1}, 0, true), 0.5) + eps, 0.5) * gamma + beta;
     }},
    {"eps squared under the root", "LN-69",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       return layer_norm(x, gamma, beta, eps * eps);
     }},
    {"eps added to x - mean", "wrong",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       return (centred(x) + eps) / sqrt(var(x, {-1}, 0, true)) * gamma + beta;
     }},
    {"the mean over axis 1", "likely LN-09",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       return (x - mean(x, {1}, true)) / sqrt(var(x, {1}, 0, true) + eps) * gamma + beta;
     }},
    {"the last axis of rank 3 only", "likely LN-09",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       return (x - mean(x, {2}, true)) / sqrt(var(x, {2}, 0, true) + eps) * gamma + beta;
     }},
    {"over the whole batch if there is one sequence", "LN-11",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       if (x.rank() < 3 || x.size(0) > 1) return layer_norm(x, gamma, beta, eps);
       return (x - mean(x)) / sqrt(var(x, {}, 0) + eps) * gamma + beta;
     }},
    {"reads data() without strides", "wrong",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       if (x.dtype() == f64 || x.requires_grad()) return layer_norm(x, gamma, beta, eps);
       const std::vector<float> numbers(x.data<float>(), x.data<float>() + x.numel());
       return layer_norm(from_vector(numbers, x.shape()), gamma, beta, eps);
     }},
    {"the result is f32", "wrong",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       return layer_norm(x, gamma, beta, eps).to(f32);
     }},
    {"detached", "wrong",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       return layer_norm(x.detach(), gamma, beta, eps);
     }},
    {"the statistics are detached", "LN-08",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       const Tensor m = mean(x, {-1}, true).detach(), v = var(x, {-1}, 0, true).detach();
       return (x - m) * rsqrt(v + eps) * gamma + beta;
     }},
    {"modifies x", "likely SD-34",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       const Tensor y = layer_norm(x, gamma, beta, eps);
       Tensor same = x.detach();
       same.copy_(y.detach());
       return y;
     }},
    {"an eps of at least 1e-5", "LN-62",
     [](const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
       const Tensor n = (x - mean(x, {-1}, true)) / sqrt(var(x, {-1}, 0, true) + std::max(eps, 1e-5));
       return n * gamma + beta;
     }}};

}  // namespace

Tensor layer_norm_forward(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
  return answers.chosen(x, gamma, beta, eps);
}

}  // namespace heed::exercise
