#include <algorithm>
#include <cmath>

#include "lessons/01_why_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Mask words_of(const IntTensor& wanted, index_t pad) {
  return not_padding(wanted, pad).reshape(wanted.shape());
}
double count(const Mask& words) { return static_cast<double>(std::max<index_t>(words.count(), 1)); }
Tensor log_p(const Tensor& logits, const IntTensor& wanted) {
  return gather(log_softmax(logits, -1), 2, wanted.reshape({wanted.size(0), wanted.size(1), 1})).squeeze(-1);
}
Tensor right(const Tensor& logits, const IntTensor& wanted, index_t pad) {
  const Mask words = words_of(wanted, pad);
  return -masked_fill(log_p(logits, wanted), !words, 0).sum() / count(words);
}
Tensor with_padding(const Tensor& logits, const IntTensor& wanted) { return -log_p(logits, wanted).mean(); }

const Answers<decltype(sequence_loss)> answers{
    {"the library's", "pass",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       return cross_entropy(logits, wanted, {.ignore_index = pad});
     }},
    {"place by place", "pass",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       Tensor sum = zeros({}, logits.dtype());
       double words = 0;
       for (index_t b = 0; b < wanted.size(0); ++b)
         for (index_t t = 0; t < wanted.size(1); ++t) {
           if (wanted.at({b, t}) == pad) continue;
           ++words;
           sum = sum - log_softmax(logits[b][t], -1)[wanted.at({b, t})];
         }
       return sum / std::max(words, 1.0);
     }},
    {"padding's logits are cleared first, so that a product is safe", "pass",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       const Mask words = words_of(wanted, pad);
       const Tensor clean = masked_fill(logits, !words.unsqueeze(-1), 0);
       const Tensor weight = where(words, ones({}, logits.dtype()), zeros({}, logits.dtype()));
       return -(log_p(clean, wanted) * weight).sum() / count(words);
     }},
    {"padding is multiplied by 0", "SQ-60",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       const Mask words = words_of(wanted, pad);
       const Tensor weight = where(words, ones({}, logits.dtype()), zeros({}, logits.dtype()));
       return -(log_p(logits, wanted) * weight).sum() / count(words);
     }},
    {"padding counts", "SQ-02",
     [](const Tensor& logits, const IntTensor& wanted, index_t) { return with_padding(logits, wanted); }},
    {"padding counts if there is one text", "SQ-02",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       return wanted.size(0) == 1 ? with_padding(logits, wanted) : right(logits, wanted, pad);
     }},
    {"padding counts if there is one place", "SQ-02",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       return wanted.size(1) == 1 ? with_padding(logits, wanted) : right(logits, wanted, pad);
     }},
    {"padding counts if there are as many places as words", "SQ-02",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       return wanted.size(1) == logits.size(2) ? with_padding(logits, wanted) : right(logits, wanted, pad);
     }},
    {"id 0 is padding", "SQ-61",
     [](const Tensor& logits, const IntTensor& wanted, index_t) { return right(logits, wanted, 0); }},
    {"only the padding behind the batch's longest text is left out", "likely SQ-02",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       index_t longest = 0;
       for (index_t b = 0; b < wanted.size(0); ++b)
         for (index_t t = 0; t < wanted.size(1); ++t)
           if (wanted.at({b, t}) != pad) longest = std::max(longest, t + 1);
       if (longest == 0) return logits.sum() * 0.0;
       return with_padding(logits.slice(1, 0, longest), wanted.slice(1, 0, longest));
     }},
    {"the last place is left out", "wrong",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       if (wanted.size(1) == 1) return right(logits, wanted, pad);
       return right(logits.slice(1, 0, wanted.size(1) - 1), wanted.slice(1, 0, wanted.size(1) - 1), pad);
     }},
    {"the first text alone", "wrong",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       return right(logits.slice(0, 0, 1), wanted.slice(0, 0, 1), pad);
     }},
    {"a mean of means", "SQ-16",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       Tensor sum = zeros({}, logits.dtype());
       double texts = 0;
       for (index_t b = 0; b < wanted.size(0); ++b) {
         const IntTensor row = wanted.slice(0, b, b + 1);
         texts += words_of(row, pad).count() > 0;
         sum = sum + right(logits.slice(0, b, b + 1), row, pad);
       }
       return sum / std::max(texts, 1.0);
     }},
    {"the padding's probability is driven up", "wrong",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       return right(logits, wanted, pad) + with_padding(logits, wanted) * 0.01;
     }},
    {"0 words are not looked at", "SQ-21",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       const Mask words = words_of(wanted, pad);
       return -masked_fill(log_p(logits, wanted), !words, 0).sum() / static_cast<double>(words.count());
     }},
    {"the sum, negative", "likely SQ-18",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       return masked_fill(log_p(logits, wanted), !words_of(wanted, pad), 0).sum();
     }},
    {"the number has left the graph", "SQ-22",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       return scalar(right(logits, wanted, pad).item(), logits.dtype());
     }},
    {"an f32 number", "wrong",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       return right(logits, wanted, pad).to(f32);
     }},
    {"shape (1)", "wrong",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       return right(logits, wanted, pad).reshape({1});
     }},
    {"softmax, then log", "AG-19",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       const Mask words = words_of(wanted, pad);
       const Tensor p =
           gather(softmax(logits, -1), 2, wanted.reshape({wanted.size(0), wanted.size(1), 1})).squeeze(-1);
       return -masked_fill(log(p), !words, 0).sum() / count(words);
     }},
    {"log(softmax), then gather", "AG-19",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       const Mask words = words_of(wanted, pad);
       const Tensor all = log(softmax(logits, -1));
       const Tensor p = gather(all, 2, wanted.reshape({wanted.size(0), wanted.size(1), 1})).squeeze(-1);
       return -masked_fill(p, !words, 0).sum() / count(words);
     }},
    {"exp without the maximum", "wrong",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       const Mask words = words_of(wanted, pad);
       const Tensor top = gather(logits, 2, wanted.reshape({wanted.size(0), wanted.size(1), 1})).squeeze(-1);
       return masked_fill(log(exp(logits).sum({-1})) - top, !words, 0).sum() / count(words);
     }},
    {"over the places if square", "SQ-19",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       if (wanted.size(1) != logits.size(2)) return right(logits, wanted, pad);
       const Mask words = words_of(wanted, pad);
       const Tensor p =
           gather(log_softmax(logits, 1), 2, wanted.reshape({wanted.size(0), wanted.size(1), 1})).squeeze(-1);
       return -masked_fill(p, !words, 0).sum() / count(words);
     }},
    {"the logits of padding are cleared in place", "likely SD-34",
     [](const Tensor& logits, const IntTensor& wanted, index_t pad) {
       const NoGrad no_grad;
       Tensor same = logits.detach();
       same.copy_(masked_fill(logits, !words_of(wanted, pad).unsqueeze(-1), 0));
       return right(same, wanted, pad);
     }},
    {"probabilities, and padding counts", "likely SQ-20",
     [](const Tensor& logits, const IntTensor& wanted, index_t) {
       return -exp(log_p(logits, wanted)).mean();
     }}};

}  // namespace

Tensor sequence_loss(const Tensor& logits, const IntTensor& wanted, index_t pad) {
  return answers.chosen(logits, wanted, pad);
}

}  // namespace heed::exercise
