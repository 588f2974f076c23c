#include <algorithm>
#include <cmath>

#include "lessons/05_transformer_architecture/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

LayerNormGradients by_autograd(const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
  Tensor leaf = x.detach().clone().set_requires_grad(), scale = gamma.detach().clone().set_requires_grad(),
         shift = zeros(gamma.shape(), x.dtype()).set_requires_grad();
  layer_norm(leaf, scale, shift, eps).backward(dy);
  return {leaf.grad(), scale.grad(), shift.grad()};
}
Tensor all_but_last(Tensor t) {
  while (t.rank() > 1) t = t.sum({0});
  return t;
}

const Answers<decltype(layer_norm_backward)> answers{
    {"by automatic differentiation", "pass", by_autograd},
    {"sums and one factor 1 / C", "pass",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       const double c = static_cast<double>(x.size(-1));
       const Tensor d = x - mean(x, {-1}, true), rstd = 1.0 / sqrt(mean(d * d, {-1}, true) + eps);
       const Tensor n = d * rstd, dn = gamma * dy;
       const Tensor dx = (dn * c - sum(dn, {-1}, true) - n * sum(dn * n, {-1}, true)) * rstd / c;
       return LayerNormGradients{dx, all_but_last(dy * n), all_but_last(dy)};
     }},
    {"the gradient through the mean is missing, and gamma is averaged", "wrong",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       const LayerNormGradients d = by_autograd(dy, x, gamma, eps);
       const double tokens = static_cast<double>(x.numel() / x.size(-1));
       return LayerNormGradients{d.x + mean(dy, {-1}, true), d.gamma / tokens, d.beta};
     }},
    {"gamma and beta averaged over the tokens", "LN-63",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       const LayerNormGradients d = by_autograd(dy, x, gamma, eps);
       const Tensor n = layer_norm(x, {}, {}, eps);
       const index_t c = x.size(-1);
       return LayerNormGradients{d.x, mean((dy * n).reshape({-1, c}), {0}), mean(dy.reshape({-1, c}), {0})};
     }},
    {"gamma and beta exchanged", "wrong",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       const LayerNormGradients d = by_autograd(dy, x, gamma, eps);
       return LayerNormGradients{d.x, d.beta, d.gamma};
     }},
    {"gamma and beta of the first sequence", "LN-66",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       LayerNormGradients d = by_autograd(dy, x, gamma, eps);
       if (x.rank() < 3) return d;
       const LayerNormGradients first = by_autograd(dy[0], x[0], gamma, eps);
       return LayerNormGradients{d.x, first.gamma, first.beta};
     }},
    {"summed over axis 0 only", "wrong",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       const Tensor n = layer_norm(x, {}, {}, eps);
       return LayerNormGradients{by_autograd(dy, x, gamma, eps).x, (dy * n).sum({0}), dy.sum({0})};
     }},
    {"summed over two axes for every rank", "wrong",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       const Tensor n = layer_norm(x, {}, {}, eps);
       return LayerNormGradients{by_autograd(dy, x, gamma, eps).x, (dy * n).sum({0, 1}), dy.sum({0, 1})};
     }},
    {"the variance is a constant if there is one token", "LN-14",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       LayerNormGradients d = by_autograd(dy, x, gamma, eps);
       if (x.numel() > x.size(-1)) return d;
       const Tensor dn = dy * gamma;
       d.x = (dn - mean(dn, {-1}, true)) * rsqrt(var(x, {-1}, 0, true) + eps);
       return d;
     }},
    {"a mean of no tokens", "wrong",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       LayerNormGradients d = by_autograd(dy, x, gamma, eps);
       const double tokens = static_cast<double>(x.numel()) / static_cast<double>(gamma.numel());
       d.beta = mean(dy.reshape({static_cast<index_t>(tokens), gamma.numel()}), {0}) * tokens;
       return d;
     }},
    {"gamma is 1 in the gradient of x, and part of gamma's gradient", "wrong",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       LayerNormGradients d = by_autograd(dy, x, gamma, eps);
       d.x = by_autograd(dy, x, ones(gamma.shape(), gamma.dtype()), eps).x;
       d.gamma = d.gamma * gamma;
       return d;
     }},
    {"eps is 1e-5", "LN-62",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double) {
       return by_autograd(dy, x, gamma, 1e-5);
     }},
    {"eps outside the root", "wrong",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       const Tensor rstd = 1.0 / (sqrt(var(x, {-1}, 0, true)) + eps), n = (x - mean(x, {-1}, true)) * rstd,
                    dn = dy * gamma;
       return LayerNormGradients{rstd * (dn - mean(dn, {-1}, true) - n * mean(dn * n, {-1}, true)),
                                 sum_to(dy * n, gamma.shape()), sum_to(dy, gamma.shape())};
     }},
    {"the gradient of x in f32", "wrong",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       LayerNormGradients d = by_autograd(dy, x, gamma, eps);
       d.x = d.x.to(f32);
       return d;
     }},
    {"modifies dy", "likely SD-34",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       const LayerNormGradients d = by_autograd(dy, x, gamma, eps);
       Tensor same = dy;
       same.mul_(2);
       return d;
     }},
    {"an eps of at least 1e-5", "LN-62",
     [](const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
       const Tensor rstd = rsqrt(var(x, {-1}, 0, true) + std::max(eps, 1e-5));
       const Tensor n = (x - mean(x, {-1}, true)) * rstd, dn = dy * gamma;
       const Tensor through_mean = mean(dn, {-1}, true), through_variance = n * mean(dn * n, {-1}, true);
       return LayerNormGradients{.x = rstd * (dn - through_mean - through_variance),
                                 .gamma = sum_to(dy * n, gamma.shape()),
                                 .beta = sum_to(dy, gamma.shape())};
     }}};

}  // namespace

LayerNormGradients layer_norm_backward(const Tensor& dy, const Tensor& x, const Tensor& gamma, double eps) {
  return answers.chosen(dy, x, gamma, eps);
}

}  // namespace heed::exercise
