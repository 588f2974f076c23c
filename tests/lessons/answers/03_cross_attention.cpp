#include <cmath>
#include <cstdint>

#include "lessons/03_self_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

AttentionResult attend(const Tensor& target, const Tensor& source, const Projections& w,
                       const Mask& allowed) {
  return attention(matmul(target, w.w_q), matmul(source, w.w_k), matmul(source, w.w_v), {.mask = allowed});
}
Mask first_of(const Mask& mask) { return masked_fill(zeros(mask.shape()), mask, 1).slice(0, 0, 1) > 0; }

const Answers<decltype(cross_attention)> answers{
    {"step by step", "pass",
     [](const Sequences& target, const Sequences& source, const Projections& w) -> AttentionResult {
       const Tensor q = matmul(target.x, w.w_q), k = matmul(source.x, w.w_k), v = matmul(source.x, w.w_v);
       const double root = std::sqrt(static_cast<double>(w.w_k.size(1)));
       const Tensor weights = masked_softmax(matmul(q / root, k.transpose(1, 2)), source.allowed);
       return {matmul(weights, v), weights};
     }},
    {"pair by pair, without the padding", "pass",
     [](const Sequences& target, const Sequences& source, const Projections& w) -> AttentionResult {
       std::vector<Tensor> outputs, weights;
       for (index_t b = 0; b < target.x.size(0); ++b) {
         const Mask allowed = source.allowed;
         std::vector<std::uint8_t> row(allowed.data() + b * source.x.size(1),
                                       allowed.data() + (b + 1) * source.x.size(1));
         const AttentionResult one = attend(target.x[b], source.x[b], w, Mask(row, {1, source.x.size(1)}));
         outputs.push_back(one.output);
         weights.push_back(one.weights);
       }
       return {stack(outputs), stack(weights)};
     }},
    {"the output from scaled_dot_product_attention, the weights by hand", "pass",
     [](const Sequences& target, const Sequences& source, const Projections& w) -> AttentionResult {
       const Tensor q = matmul(target.x, w.w_q), k = matmul(source.x, w.w_k), v = matmul(source.x, w.w_v);
       const Tensor scores = matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
       return {scaled_dot_product_attention(q, k, v, {.mask = source.allowed}),
               masked_softmax(scores, source.allowed)};
     }},
    {"the mask is not used if T and S differ", "MK-01",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       return attend(target.x, source.x, w, target.x.size(1) == source.x.size(1) ? source.allowed : Mask());
     }},
    {"the mask is used only if T and S differ", "MK-01",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       return attend(target.x, source.x, w, target.x.size(1) == source.x.size(1) ? Mask() : source.allowed);
     }},
    {"the mask is not used for one query", "MK-01",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       return attend(target.x, source.x, w, target.x.size(1) == 1 ? Mask() : source.allowed);
     }},
    {"the mask is not used in a batch of one", "MK-01",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       return attend(target.x, source.x, w, target.x.size(0) == 1 ? Mask() : source.allowed);
     }},
    {"the target's mask if T and S are equal", "MK-15",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       const bool same = target.x.size(1) == source.x.size(1);
       return attend(target.x, source.x, w, same ? target.allowed : source.allowed);
     }},
    {"both masks if T and S are equal", "wrong",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       const bool same = target.x.size(1) == source.x.size(1);
       return attend(target.x, source.x, w, same ? target.allowed & source.allowed : source.allowed);
     }},
    {"the mask of the first source", "MK-25",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       return attend(target.x, source.x, w, first_of(source.allowed));
     }},
    {"the values with W_k", "SA-08",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       return attend(target.x, source.x, {w.w_q, w.w_k, w.w_k}, source.allowed);
     }},
    {"the values with W_k if the widths are equal", "SA-08",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       const bool same = w.w_k.size(1) == w.w_v.size(1);
       return attend(target.x, source.x, {w.w_q, w.w_k, same ? w.w_k : w.w_v}, source.allowed);
     }},
    {"the target alone if T and S are equal", "SA-23",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       const bool same = target.x.size(1) == source.x.size(1);
       return attend(target.x, same ? target.x : source.x, w, same ? target.allowed : source.allowed);
     }},
    {"the target alone", "SA-23",
     [](const Sequences& target, const Sequences&, const Projections& w) {
       return attend(target.x, target.x, w, target.allowed);
     }},
    {"the first source for all", "wrong",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       return attend(target.x, source.x.slice(0, 0, 1).expand(source.x.shape()), w, source.allowed);
     }},
    {"the target's mask, inverted", "wrong",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       return attend(target.x, source.x, w, !target.allowed);
     }},
    {"no gradient for the source", "wrong",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       return attend(target.x, source.x.detach(), w, source.allowed);
     }},
    {"padding of the source is set to 0", "likely SD-34",
     [](const Sequences& target, const Sequences& source, const Projections& w) {
       const AttentionResult result = attend(target.x, source.x, w, source.allowed);
       Tensor same = source.x.detach();
       same.mul_(0);
       return result;
     }},
    {"a fully masked row may attend to every key", "wrong",
     [](const Sequences& target, const Sequences& source, const Projections& w) -> AttentionResult {
       const Tensor q = matmul(target.x, w.w_q), k = matmul(source.x, w.w_k), v = matmul(source.x, w.w_v);
       const Tensor scores = matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
       const Tensor weights = softmax(masked_fill(scores, !source.allowed, -1e9), -1);
       return {matmul(weights, v), weights};
     }},
    {"computed in f32", "wrong", [](const Sequences& target, const Sequences& source, const Projections& w) {
       return attend(target.x.to(f32), source.x.to(f32), {w.w_q.to(f32), w.w_k.to(f32), w.w_v.to(f32)},
                     source.allowed);
     }}};

}  // namespace

AttentionResult cross_attention(const Sequences& target, const Sequences& source, const Projections& w) {
  return answers.chosen(target, source, w);
}

}  // namespace heed::exercise
