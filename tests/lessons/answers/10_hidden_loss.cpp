#include <algorithm>

#include "lessons/10_bert/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Places = std::vector<index_t>;

Tensor rows(const Tensor& logits, const Places& places) {
  const Tensor flat = logits.reshape({logits.size(0) * logits.size(1), logits.size(2)});
  return index_select(flat, 0, IntTensor(places, {static_cast<index_t>(places.size())}));
}
IntTensor targets(const IntTensor& words, const Places& places) {
  std::vector<index_t> values;
  for (const index_t place : places) values.push_back(words[place]);
  return IntTensor(values, {static_cast<index_t>(values.size())});
}

const Answers<decltype(hidden_loss)> answers{
    {"cross_entropy of the selected rows", "pass",
     [](const Tensor& logits, const IntTensor& words, const Places& places) {
       return cross_entropy(rows(logits, places), targets(words, places));
     }},
    {"labels with -100", "pass",
     [](const Tensor& logits, const IntTensor& words, const Places& places) {
       IntTensor labels = words;
       for (index_t& label : labels.values()) label = -100;
       for (const index_t place : places) labels.values()[static_cast<std::size_t>(place)] = words[place];
       return cross_entropy(logits, labels);
     }},
    {"logsumexp by hand", "pass",
     [](const Tensor& logits, const IntTensor& words, const Places& places) {
       const Tensor x = rows(logits, places);
       Tensor total;
       for (index_t i = 0; i < x.size(0); ++i) {
         const Tensor loss = logsumexp(x[i], 0) - x[i][words[places[static_cast<std::size_t>(i)]]];
         total = total.defined() ? total + loss : loss;
       }
       return total / static_cast<double>(places.size());
     }},
    {"0 / 1 weights", "wrong",  // 0 * NaN
     [](const Tensor& logits, const IntTensor& words, const Places& places) {
       const Tensor each =
           cross_entropy(logits, words, {.reduction = Reduction::none}).reshape({words.numel()});
       std::vector<double> weights(static_cast<std::size_t>(words.numel()), 0);
       for (const index_t place : places) weights[static_cast<std::size_t>(place)] = 1;
       return (each * from_vector(weights, {words.numel()}, logits.dtype())).sum() /
              static_cast<double>(places.size());
     }},
    {"a mean over the batch, then over time", "wrong",
     [](const Tensor& logits, const IntTensor& words, const Places& places) {
       return cross_entropy(rows(logits, places), targets(words, places)) *
              (static_cast<double>(places.size()) / static_cast<double>(words.size(1)));
     }},
    {"divides by one too many", "wrong",
     [](const Tensor& logits, const IntTensor& words, const Places& places) {
       return cross_entropy(rows(logits, places), targets(words, places), {.reduction = Reduction::sum}) /
              (static_cast<double>(places.size()) + 1);
     }},
    {"targets in the order of words, not of places", "wrong",
     [](const Tensor& logits, const IntTensor& words, const Places& places) {
       Places sorted = places;
       std::sort(sorted.begin(), sorted.end());
       return cross_entropy(rows(logits, sorted), targets(words, places));
     }},
    {"detached", "wrong",
     [](const Tensor& logits, const IntTensor& words, const Places& places) {
       return cross_entropy(rows(logits.detach(), places), targets(words, places));
     }},
    {"the places of the first text for all", "wrong",
     [](const Tensor& logits, const IntTensor& words, const std::vector<index_t>& places) {
       const Tensor log_p = log_softmax(logits[0], -1);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t place : places) sum = sum - log_p[place % logits.size(1)][words[place]];
       return sum / static_cast<double>(places.size());
     }},
    {"places counted b · V + t", "wrong",
     [](const Tensor& logits, const IntTensor& words, const std::vector<index_t>& places) {
       const index_t v = logits.size(2), t = logits.size(1);
       const Tensor log_p = log_softmax(logits, -1);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t place : places)
         sum = sum - log_p[std::min(place / v, logits.size(0) - 1)][std::min(place % v, t - 1)][words[place]];
       return sum / static_cast<double>(places.size());
     }},
    {"divided by all tokens", "BE-17",
     [](const Tensor& logits, const IntTensor& words, const std::vector<index_t>& places) {
       const Tensor log_p = log_softmax(logits.reshape({words.numel(), logits.size(2)}), -1);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t place : places) sum = sum - log_p[place][words[place]];
       return sum / static_cast<double>(words.numel());
     }},
    {"only the last place", "wrong",
     [](const Tensor& logits, const IntTensor& words, const std::vector<index_t>& places) {
       const Tensor log_p = log_softmax(logits.reshape({words.numel(), logits.size(2)}), -1);
       return -log_p[places.back()][words[places.back()]];
     }},
    {"a softmax, then a log", "wrong",
     [](const Tensor& logits, const IntTensor& words, const std::vector<index_t>& places) {
       const Tensor p = softmax(logits.reshape({words.numel(), logits.size(2)}), -1);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t place : places) sum = sum - log(p[place][words[place]]);
       return sum / static_cast<double>(places.size());
     }},
    {"the log of the mean probability", "wrong",
     [](const Tensor& logits, const IntTensor& words, const std::vector<index_t>& places) {
       const Tensor p = softmax(logits.reshape({words.numel(), logits.size(2)}), -1);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t place : places) sum = sum + p[place][words[place]];
       return -log(sum / static_cast<double>(places.size()));
     }},
    {"the softmax over the tokens", "likely BE-21",
     [](const Tensor& logits, const IntTensor& words, const std::vector<index_t>& places) {
       const Tensor log_p = log_softmax(logits.reshape({words.numel(), logits.size(2)}), 0);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t place : places) sum = sum - log_p[place][words[place]];
       return sum / static_cast<double>(places.size());
     }},
    {"perplexity", "wrong",
     [](const Tensor& logits, const IntTensor& words, const std::vector<index_t>& places) {
       const Tensor log_p = log_softmax(logits.reshape({words.numel(), logits.size(2)}), -1);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t place : places) sum = sum - log_p[place][words[place]];
       return exp(sum / static_cast<double>(places.size()));
     }}};

}  // namespace

Tensor hidden_loss(const Tensor& logits, const IntTensor& words, const Places& places) {
  return answers.chosen(logits, words, places);
}

}  // namespace heed::exercise
