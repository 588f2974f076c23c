#include <algorithm>
#include <cmath>

#include "lessons/00_autograd/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using List = std::vector<Tensor>;

double squares_of(const Tensor& g) { return g.defined() ? (g * g).sum().item() : 0; }
double norm_of(const List& gradients) {
  double squares = 0;
  for (const Tensor& g : gradients) squares += squares_of(g);
  return std::sqrt(squares);
}
void scale(List& gradients, double factor) {
  for (Tensor& g : gradients)
    if (g.defined()) g.mul_(factor);
}

const Answers<decltype(clip_gradients)> answers{
    {"all elements in one list; a factor of at most 1", "pass",
     [](List& gradients, double max_norm) {
       std::vector<double> all;
       for (const Tensor& g : gradients) {
         if (!g.defined()) continue;
         const std::vector<double> numbers = g.to_vector();
         all.insert(all.end(), numbers.begin(), numbers.end());
       }
       double squares = 0;
       for (const double x : all) squares += x * x;
       const double norm = std::sqrt(squares);
       scale(gradients, norm > 0 ? std::min(1.0, max_norm / norm) : 1);
       return norm;
     }},
    {"PyTorch's, with 1e-6", "pass",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       scale(gradients, std::min(1.0, max_norm / (norm + 1e-6)));
       return norm;
     }},
    {"copied into the gradient", "pass",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       if (norm <= max_norm) return norm;
       for (const Tensor& g : gradients) {
         Tensor alias = g;
         if (alias.defined()) alias.copy_(g * (max_norm / norm));
       }
       return norm;
     }},
    {"a norm per gradient", "AG-82",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       for (Tensor& g : gradients) {
         const double own = std::sqrt(squares_of(g));
         if (own > max_norm) g.mul_(max_norm / own);
       }
       return norm;
     }},
    {"only the first gradient", "wrong",
     [](List& gradients, double max_norm) {
       if (gradients.empty()) return 0.0;
       const double norm = std::sqrt(squares_of(gradients[0]));
       if (norm > max_norm) gradients[0].mul_(max_norm / norm);
       return norm;
     }},
    {"stops at the first undefined gradient", "wrong",
     [](List& gradients, double max_norm) {
       List defined;
       for (const Tensor& g : gradients) {
         if (!g.defined()) break;
         defined.push_back(g);
       }
       const double norm = norm_of(defined);
       if (norm > max_norm) scale(defined, max_norm / norm);
       return norm;
     }},
    {"undefined gradients are not skipped", "wrong",
     [](List& gradients, double max_norm) {
       double squares = 0;
       for (const Tensor& g : gradients) squares += (g * g).sum().item();
       const double norm = std::sqrt(squares);
       if (norm > max_norm)
         for (Tensor& g : gradients) g.mul_(max_norm / norm);
       return norm;
     }},
    {"always scaled", "AG-83",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       scale(gradients, max_norm / norm);
       return norm;
     }},
    {"always scaled, but not if the norm is 0", "AG-83",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       if (norm > 0) scale(gradients, max_norm / norm);
       return norm;
     }},
    {"no root", "AG-84",
     [](List& gradients, double max_norm) {
       const double squares = norm_of(gradients) * norm_of(gradients);
       if (squares > max_norm) scale(gradients, max_norm / squares);
       return squares;
     }},
    {"no root in the comparison", "AG-83",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       if (norm * norm > max_norm) scale(gradients, max_norm / norm);
       return norm;
     }},
    {"elements are clamped", "AG-85",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       for (Tensor& g : gradients)
         if (g.defined()) g.copy_(clamp(g, -max_norm, max_norm));
       return norm;
     }},
    {"norms are added", "AG-86",
     [](List& gradients, double max_norm) {
       double norm = 0;
       for (const Tensor& g : gradients) norm += std::sqrt(squares_of(g));
       if (norm > max_norm) scale(gradients, max_norm / norm);
       return norm;
     }},
    {"the largest element as norm", "wrong",
     [](List& gradients, double max_norm) {
       double norm = 0;
       for (const Tensor& g : gradients)
         if (g.defined()) norm = std::max(norm, max(abs(g)).item());
       if (norm > max_norm) scale(gradients, max_norm / norm);
       return norm;
     }},
    {"the root of the mean of the squares", "wrong",
     [](List& gradients, double max_norm) {
       double n = 0;
       for (const Tensor& g : gradients)
         if (g.defined()) n += static_cast<double>(g.numel());
       const double norm = n > 0 ? norm_of(gradients) / std::sqrt(n) : 0;
       if (norm > max_norm) scale(gradients, max_norm / norm);
       return norm;
     }},
    {"the norm after clipping", "AG-87",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       if (norm > max_norm) scale(gradients, max_norm / norm);
       return norm_of(gradients);
     }},
    {"the factor is returned", "wrong",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       if (norm > max_norm) scale(gradients, max_norm / norm);
       return norm > max_norm ? max_norm / norm : 1.0;
     }},
    {"to length 1", "AG-88",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       if (norm > max_norm) scale(gradients, 1 / norm);
       return norm;
     }},
    {"norm / max_norm", "AG-89",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       if (norm > max_norm) scale(gradients, norm / max_norm);
       return norm;
     }},
    {"the gradients are replaced by other tensors", "AG-63",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       if (norm > max_norm)
         for (Tensor& g : gradients)
           if (g.defined()) g = g * (max_norm / norm);
       return norm;
     }},
    {"undefined gradients become zeros", "wrong",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       for (Tensor& g : gradients)
         if (!g.defined()) g = zeros({1});
       if (norm > max_norm) scale(gradients, max_norm / norm);
       return norm;
     }},
    {"the norm is updated while scaling", "wrong",
     [](List& gradients, double max_norm) {
       const double norm = norm_of(gradients);
       for (Tensor& g : gradients)
         if (g.defined() && norm_of(gradients) > max_norm) g.mul_(max_norm / norm_of(gradients));
       return norm;
     }},
    {"contiguous f32 data only", "wrong",
     [](List& gradients, double max_norm) {
       double squares = 0;
       for (const Tensor& g : gradients)
         for (index_t i = 0; g.defined() && i < g.numel(); ++i) {
           const double x = g.data<float>()[i];
           squares += x * x;
         }
       const double norm = std::sqrt(squares);
       if (norm > max_norm) scale(gradients, max_norm / norm);
       return norm;
     }},
    {"nothing is scaled", "wrong", [](List& gradients, double) { return norm_of(gradients); }},
    {"a norm below 0.1 is never scaled", "wrong", [](std::vector<Tensor>& gradients, double max_norm) {
       double squares = 0;
       for (const Tensor& g : gradients)
         if (g.defined()) squares += (g * g).sum().item();
       const double norm = std::sqrt(squares);
       if (norm > std::max(max_norm, 0.1))
         for (Tensor& g : gradients)
           if (g.defined()) g.mul_(max_norm / norm);
       return norm;
     }}};

}  // namespace

double clip_gradients(std::vector<Tensor>& gradients, double max_norm) {
  return answers.chosen(gradients, max_norm);
}

}  // namespace heed::exercise
