#include <algorithm>
#include <cmath>

#include "lessons/01_why_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Mask words_of(const IntTensor& target, index_t pad) {
  return not_padding(target, pad).reshape(target.shape());
}
double count(const Mask& words) { return static_cast<double>(std::max<index_t>(words.count(), 1)); }
Tensor log_p(const Tensor& logits, const IntTensor& target) {
  return gather(log_softmax(logits, -1), 2, target.reshape({target.size(0), target.size(1), 1})).squeeze(-1);
}
Tensor reference(const Tensor& logits, const IntTensor& target, index_t pad) {
  const Mask words = words_of(target, pad);
  return -masked_fill(log_p(logits, target), !words, 0).sum() / count(words);
}
Tensor with_padding(const Tensor& logits, const IntTensor& target) { return -log_p(logits, target).mean(); }

const Answers<decltype(sequence_loss)> answers{
    {"the library's cross_entropy", "pass",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       return cross_entropy(logits, target, {.ignore_index = pad});
     }},
    {"position by position", "pass",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       Tensor sum = zeros({}, logits.dtype());
       double words = 0;
       for (index_t b = 0; b < target.size(0); ++b)
         for (index_t t = 0; t < target.size(1); ++t) {
           if (target.at({b, t}) == pad) continue;
           ++words;
           sum = sum - log_softmax(logits[b][t], -1)[target.at({b, t})];
         }
       return sum / std::max(words, 1.0);
     }},
    {"padding's logits are cleared first, so that a product is safe", "pass",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       const Mask words = words_of(target, pad);
       const Tensor clean = masked_fill(logits, !words.unsqueeze(-1), 0);
       const Tensor weight = where(words, ones({}, logits.dtype()), zeros({}, logits.dtype()));
       return -(log_p(clean, target) * weight).sum() / count(words);
     }},
    {"padding is multiplied by 0", "SQ-60",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       const Mask words = words_of(target, pad);
       const Tensor weight = where(words, ones({}, logits.dtype()), zeros({}, logits.dtype()));
       return -(log_p(logits, target) * weight).sum() / count(words);
     }},
    {"padding counts", "SQ-02",
     [](const Tensor& logits, const IntTensor& target, index_t) { return with_padding(logits, target); }},
    {"padding counts if there is one sequence", "SQ-02",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       return target.size(0) == 1 ? with_padding(logits, target) : reference(logits, target, pad);
     }},
    {"padding counts if there is one position", "SQ-02",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       return target.size(1) == 1 ? with_padding(logits, target) : reference(logits, target, pad);
     }},
    {"padding counts if there are as many positions as classes", "SQ-02",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       return target.size(1) == logits.size(2) ? with_padding(logits, target)
                                               : reference(logits, target, pad);
     }},
    {"id 0 is padding", "SQ-61",
     [](const Tensor& logits, const IntTensor& target, index_t) { return reference(logits, target, 0); }},
    {"only padding after the longest sequence is ignored", "likely SQ-02",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       index_t longest = 0;
       for (index_t b = 0; b < target.size(0); ++b)
         for (index_t t = 0; t < target.size(1); ++t)
           if (target.at({b, t}) != pad) longest = std::max(longest, t + 1);
       if (longest == 0) return logits.sum() * 0.0;
       return with_padding(logits.slice(1, 0, longest), target.slice(1, 0, longest));
     }},
    {"the last position is ignored", "wrong",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       if (target.size(1) == 1) return reference(logits, target, pad);
       return reference(logits.slice(1, 0, target.size(1) - 1), target.slice(1, 0, target.size(1) - 1), pad);
     }},
    {"only the first sequence", "wrong",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       return reference(logits.slice(0, 0, 1), target.slice(0, 0, 1), pad);
     }},
    {"a mean of means", "SQ-16",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       Tensor sum = zeros({}, logits.dtype());
       double texts = 0;
       for (index_t b = 0; b < target.size(0); ++b) {
         const IntTensor row = target.slice(0, b, b + 1);
         texts += words_of(row, pad).count() > 0;
         sum = sum + reference(logits.slice(0, b, b + 1), row, pad);
       }
       return sum / std::max(texts, 1.0);
     }},
    {"the probability of padding is maximised, too", "wrong",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       return reference(logits, target, pad) + with_padding(logits, target) * 0.01;
     }},
    {"the case of 0 words is not handled", "SQ-21",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       const Mask words = words_of(target, pad);
       return -masked_fill(log_p(logits, target), !words, 0).sum() / static_cast<double>(words.count());
     }},
    {"the sum, negative", "likely SQ-18",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       return masked_fill(log_p(logits, target), !words_of(target, pad), 0).sum();
     }},
    {"the loss is detached", "SQ-22",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       return scalar(reference(logits, target, pad).item(), logits.dtype());
     }},
    {"an f32 number", "wrong",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       return reference(logits, target, pad).to(f32);
     }},
    {"shape (1)", "wrong",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       return reference(logits, target, pad).reshape({1});
     }},
    {"softmax, then log", "AG-19",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       const Mask words = words_of(target, pad);
       const Tensor p =
           gather(softmax(logits, -1), 2, target.reshape({target.size(0), target.size(1), 1})).squeeze(-1);
       return -masked_fill(log(p), !words, 0).sum() / count(words);
     }},
    {"log(softmax), then gather", "AG-19",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       const Mask words = words_of(target, pad);
       const Tensor all = log(softmax(logits, -1));
       const Tensor p = gather(all, 2, target.reshape({target.size(0), target.size(1), 1})).squeeze(-1);
       return -masked_fill(p, !words, 0).sum() / count(words);
     }},
    {"exp without the maximum", "wrong",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       const Mask words = words_of(target, pad);
       const Tensor top = gather(logits, 2, target.reshape({target.size(0), target.size(1), 1})).squeeze(-1);
       return masked_fill(log(exp(logits).sum({-1})) - top, !words, 0).sum() / count(words);
     }},
    {"over the positions if square", "SQ-19",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       if (target.size(1) != logits.size(2)) return reference(logits, target, pad);
       const Mask words = words_of(target, pad);
       const Tensor p =
           gather(log_softmax(logits, 1), 2, target.reshape({target.size(0), target.size(1), 1})).squeeze(-1);
       return -masked_fill(p, !words, 0).sum() / count(words);
     }},
    {"the logits of padding are cleared in place", "likely SD-34",
     [](const Tensor& logits, const IntTensor& target, index_t pad) {
       const NoGrad no_grad;
       Tensor alias = logits.detach();
       alias.copy_(masked_fill(logits, !words_of(target, pad).unsqueeze(-1), 0));
       return reference(alias, target, pad);
     }},
    {"probabilities, and padding counts", "likely SQ-20",
     [](const Tensor& logits, const IntTensor& target, index_t) {
       return -exp(log_p(logits, target)).mean();
     }}};

}  // namespace

Tensor sequence_loss(const Tensor& logits, const IntTensor& target, index_t pad) {
  return answers.chosen(logits, target, pad);
}

}  // namespace heed::exercise
