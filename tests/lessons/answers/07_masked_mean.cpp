#include <cmath>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor reference(const Tensor& x, const Mask& real) { return nn::masked_mean(x, real); }
Tensor indicator(const Mask& real, DType dtype) {
  return where(real.unsqueeze(2), ones({}, dtype), zeros({}, dtype));
}

const Answers<decltype(masked_mean)> answers{
    {"the function of the library", "pass", reference},
    {"sequence by sequence, token by token", "pass",
     [](const Tensor& x, const Mask& real) {
       std::vector<Tensor> means;
       for (index_t b = 0; b < x.size(0); ++b) {
         Tensor total = zeros({x.size(2)}, x.dtype());
         double count = 0;
         for (index_t t = 0; t < x.size(1); ++t)
           if (real.at({b, t})) {
             total = total + x[b][t];
             count += 1;
           }
         means.push_back(count > 0 ? total / count : total);
       }
       return stack(means);
     }},
    {"where, and a small eps", "pass",
     [](const Tensor& x, const Mask& real) {
       const Tensor masked = where(real.unsqueeze(2), x, zeros({}, x.dtype()));
       return sum(masked, {1}) / (sum(indicator(real, x.dtype()), {1}) + 1e-9);
     }},
    {"weights, a matrix product with the filled values", "pass",
     [](const Tensor& x, const Mask& real) {
       const Tensor weight = indicator(real, x.dtype());  // (B, T, 1)
       const Tensor count = clamp(sum(weight, {1}, true), 1, INFINITY);
       const Tensor masked = masked_fill(x, !real.unsqueeze(2), 0);
       return matmul((weight / count).transpose(1, 2), masked).select(1, 0);
     }},
    {"times 0 or 1", "CL-60",
     [](const Tensor& x, const Mask& real) {
       const Tensor weight = indicator(real, x.dtype());
       return sum(x * weight, {1}) / clamp(sum(weight, {1}), 1, INFINITY);
     }},
    {"NaN in the sum becomes 0", "wrong",
     [](const Tensor& x, const Mask& real) {
       const Tensor weight = indicator(real, x.dtype()), total = sum(x * weight, {1});
       return masked_fill(total, isnan(total), 0) / clamp(sum(weight, {1}), 1, INFINITY);
     }},
    {"the mask is not used for one sequence", "CL-01",
     [](const Tensor& x, const Mask& real) { return x.size(0) == 1 ? mean(x, {1}) : reference(x, real); }},
    {"the mask is not used for one token", "wrong",
     [](const Tensor& x, const Mask& real) { return x.size(1) == 1 ? mean(x, {1}) : reference(x, real); }},
    {"padding is a suffix: the first tokens, as many as are real", "wrong",
     [](const Tensor& x, const Mask& real) {
       std::vector<Tensor> means;
       for (index_t b = 0; b < x.size(0); ++b) {
         index_t n = 0;
         for (index_t t = 0; t < x.size(1); ++t) n += real.at({b, t});
         means.push_back(sum(x[b].slice(0, 0, n), {0}) / static_cast<double>(std::max<index_t>(n, 1)));
       }
       return stack(means);
     }},
    {"the mask of the first sequence", "MK-25",
     [](const Tensor& x, const Mask& real) {
       const std::vector<std::uint8_t> first(real.data(), real.data() + x.size(1));
       return reference(x, Mask(first, {1, x.size(1)}).expand(real.shape()));
     }},
    {"an eps in the count that is too large", "wrong",
     [](const Tensor& x, const Mask& real) {
       return sum(masked_fill(x, !real.unsqueeze(2), 0), {1}) / (sum(indicator(real, x.dtype()), {1}) + 0.1);
     }},
    {"the mean over the batch", "CL-61",
     [](const Tensor& x, const Mask& real) {
       return sum(masked_fill(x, !real.unsqueeze(2), 0), {0}) /
              clamp(sum(indicator(real, x.dtype()), {0}), 1, INFINITY);
     }},
    {"padding in the sum, and count + 1", "likely CL-11",
     [](const Tensor& x, const Mask& real) {
       return sum(x, {1}) / (sum(indicator(real, x.dtype()), {1}) + 1.0);
     }},
    {"the inverted mask, not divided", "likely CL-07",
     [](const Tensor& x, const Mask& real) { return sum(masked_fill(x, real.unsqueeze(2), 0), {1}); }},
    {"throws for T = 0", "wrong",
     [](const Tensor& x, const Mask& real) {
       check(x.size(1) > 0, "masked_mean", "T is 0");
       return reference(x, real);
     }},
    {"NaN in padding becomes 0 first", "pass",
     [](const Tensor& x, const Mask& real) {
       return reference(masked_fill(x, isnan(x) & !real.unsqueeze(2), 0), real);
     }},
    {"the first row is 0 if the last token is padding", "wrong",
     [](const Tensor& x, const Mask& real) {
       const Tensor y = reference(x, real);
       return x.size(1) > 0 && !real.at({0, -1}) ? y * 0.0 : y;
     }},
    {"the divisor is the largest count of the batch", "CL-70",
     [](const Tensor& x, const Mask& real) {
       const Tensor count = sum(indicator(real, x.dtype()), {1});
       return sum(masked_fill(x, !real.unsqueeze(2), 0), {1}) / clamp(max(count), 1, INFINITY);
     }},
    {"the largest, not the mean", "wrong",
     [](const Tensor& x, const Mask& real) {
       return x.size(1) == 0 ? sum(x, {1}) : max(masked_fill(x, !real.unsqueeze(2), 0), 1).values;
     }},
    {"padding is 0, and the mean of the nonzero values", "wrong",
     [](const Tensor& x, const Mask& real) {
       const Tensor masked = masked_fill(x, !real.unsqueeze(2), 0);
       const Mask zero = equal(masked, 0);
       const DType type = x.dtype();
       return sum(masked, {1}) / clamp(sum(where(zero, zeros({}, type), ones({}, type)), {1}), 1, INFINITY);
     }},
    {"the axis of the sequence is kept", "wrong",
     [](const Tensor& x, const Mask& real) { return reference(x, real).unsqueeze(1); }},
    {"the counts in f32", "wrong",
     [](const Tensor& x, const Mask& real) {
       return sum(masked_fill(x, !real.unsqueeze(2), 0), {1}) /
              clamp(sum(indicator(real, f32), {1}), 1, INFINITY);
     }},
    {"detached", "wrong", [](const Tensor& x, const Mask& real) { return reference(x.detach(), real); }},
    {"padding is set to 0 in the argument", "likely SD-34", [](const Tensor& x, const Mask& real) {
       const Tensor y = reference(x, real);
       Tensor same = x.detach();
       same.copy_(masked_fill(same, !real.unsqueeze(2), 0));
       return y;
     }}};

}  // namespace

Tensor masked_mean(const Tensor& x, const Mask& real) { return answers.chosen(x, real); }

}  // namespace heed::exercise
