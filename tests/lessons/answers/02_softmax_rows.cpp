#include <cmath>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor normalise_rows(const Tensor& e) { return e / e.sum({-1}, true); }
Tensor largest(const Tensor& x) { return max(x, -1, true).values; }

const Answers<decltype(softmax_rows)> answers{
    {"the library's softmax", "pass", [](const Tensor& x) { return softmax(x, -1); }},
    {"exp of the logarithms", "pass", [](const Tensor& x) { return exp(log_softmax(x, -1)); }},
    {"the maximum without its history", "pass",
     [](const Tensor& x) { return normalise_rows(exp(x - largest(x).detach())); }},
    {"row by row", "pass",
     [](const Tensor& x) {
       const Tensor flat = x.reshape({-1, x.size(-1)});
       std::vector<Tensor> rows;
       for (index_t i = 0; i < flat.size(0); ++i) {
         const Tensor e = exp(flat[i] - max(flat[i]));
         rows.push_back(e / e.sum());
       }
       return stack(rows).reshape(x.shape());
     }},
    {"maximum plus one", "pass", [](const Tensor& x) { return normalise_rows(exp(x - largest(x) - 1.0)); }},
    {"minus the mean", "SD-61", [](const Tensor& x) { return normalise_rows(exp(x - x.mean({-1}, true))); }},
    {"minus the minimum", "SD-62",
     [](const Tensor& x) { return normalise_rows(exp(x - min(x, -1, true).values)); }},
    {"minus the first element", "SD-63",
     [](const Tensor& x) { return normalise_rows(exp(x - x.slice(-1, 0, 1))); }},
    {"minus the last element", "wrong",
     [](const Tensor& x) { return normalise_rows(exp(x - x.slice(-1, x.size(-1) - 1))); }},
    {"minus the maximum of all", "SD-31", [](const Tensor& x) { return normalise_rows(exp(x - max(x))); }},
    {"minus 1000", "wrong", [](const Tensor& x) { return normalise_rows(exp(x - 1000.0)); }},
    {"minus half of the maximum", "wrong",
     [](const Tensor& x) { return normalise_rows(exp(x - largest(x) * 0.5)); }},
    {"scores clamped to 80", "SD-64", [](const Tensor& x) { return normalise_rows(exp(clamp(x, -80, 80))); }},
    {"only large scores clamped", "wrong",
     [](const Tensor& x) { return normalise_rows(exp(clamp(x, -1e30, 85))); }},
    {"the maximum of the column", "SD-65",
     [](const Tensor& x) { return normalise_rows(exp(x - max(x, -2, true).values)); }},
    {"a small number in the sum", "wrong",
     [](const Tensor& x) {
       const Tensor e = exp(x - largest(x));
       return e / (e.sum({-1}, true) + 0.01);
     }},
    {"no maximum unless a score is above 80", "SD-31",
     [](const Tensor& x) { return normalise_rows(max(x).item() > 80 ? exp(x - max(x)) : exp(x)); }},
    {"over the queries if there are as many as keys", "wrong",
     [](const Tensor& x) { return softmax(x, x.size(-1) == x.size(-2) ? -2 : -1); }},
    {"the second axis", "SD-30", [](const Tensor& x) { return softmax(x, 1); }},
    {"the first axis", "SD-29", [](const Tensor& x) { return softmax(x, 0); }},
    {"a result of type f32", "wrong", [](const Tensor& x) { return softmax(x.to(f32), -1); }},
    {"the maximum is subtracted in place", "SD-34",
     [](const Tensor& x) {
       Tensor alias = x;
       alias.copy_(x - largest(x));
       return normalise_rows(exp(alias));
     }},
    {"a new tensor of numbers", "SD-24",
     [](const Tensor& x) { return from_vector(softmax(x, -1).to_vector(), x.shape(), x.dtype()); }},
    {"the sum without its history", "wrong",
     [](const Tensor& x) {
       const Tensor e = exp(x - largest(x));
       return e / e.sum({-1}, true).detach();
     }},
    {"the sum over all, without a maximum", "likely SD-18",
     [](const Tensor& x) { return exp(x) / exp(x).sum(); }}};

}  // namespace

Tensor softmax_rows(const Tensor& scores) { return answers.chosen(scores); }

}  // namespace heed::exercise
