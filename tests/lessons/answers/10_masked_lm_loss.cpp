#include <algorithm>

#include "lessons/10_bert/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Positions = std::vector<index_t>;

Tensor rows(const Tensor& logits, const Positions& positions) {
  const Tensor flat = logits.reshape({logits.size(0) * logits.size(1), logits.size(2)});
  return index_select(flat, 0, IntTensor(positions, {static_cast<index_t>(positions.size())}));
}
IntTensor targets(const IntTensor& tokens, const Positions& positions) {
  std::vector<index_t> values;
  for (const index_t position : positions) values.push_back(tokens[position]);
  return IntTensor(values, {static_cast<index_t>(values.size())});
}

const Answers<decltype(masked_lm_loss)> answers{
    {"cross_entropy of the selected rows", "pass",
     [](const Tensor& logits, const IntTensor& tokens, const Positions& positions) {
       return cross_entropy(rows(logits, positions), targets(tokens, positions));
     }},
    {"labels with -100", "pass",
     [](const Tensor& logits, const IntTensor& tokens, const Positions& positions) {
       IntTensor labels = tokens;
       for (index_t& label : labels.values()) label = -100;
       for (const index_t position : positions)
         labels.values()[static_cast<std::size_t>(position)] = tokens[position];
       return cross_entropy(logits, labels);
     }},
    {"logsumexp by hand", "pass",
     [](const Tensor& logits, const IntTensor& tokens, const Positions& positions) {
       const Tensor x = rows(logits, positions);
       Tensor total;
       for (index_t i = 0; i < x.size(0); ++i) {
         const Tensor loss = logsumexp(x[i], 0) - x[i][tokens[positions[static_cast<std::size_t>(i)]]];
         total = total.defined() ? total + loss : loss;
       }
       return total / static_cast<double>(positions.size());
     }},
    {"0 / 1 weights", "wrong",  // 0 * NaN
     [](const Tensor& logits, const IntTensor& tokens, const Positions& positions) {
       const Tensor each =
           cross_entropy(logits, tokens, {.reduction = Reduction::none}).reshape({tokens.numel()});
       std::vector<double> weights(static_cast<std::size_t>(tokens.numel()), 0);
       for (const index_t position : positions) weights[static_cast<std::size_t>(position)] = 1;
       return (each * from_vector(weights, {tokens.numel()}, logits.dtype())).sum() /
              static_cast<double>(positions.size());
     }},
    {"a mean over the batch, then over time", "wrong",
     [](const Tensor& logits, const IntTensor& tokens, const Positions& positions) {
       return cross_entropy(rows(logits, positions), targets(tokens, positions)) *
              (static_cast<double>(positions.size()) / static_cast<double>(tokens.size(1)));
     }},
    {"divides by one too many", "wrong",
     [](const Tensor& logits, const IntTensor& tokens, const Positions& positions) {
       return cross_entropy(rows(logits, positions), targets(tokens, positions),
                            {.reduction = Reduction::sum}) /
              (static_cast<double>(positions.size()) + 1);
     }},
    {"logits in ascending order, targets in the order of positions", "wrong",
     [](const Tensor& logits, const IntTensor& tokens, const Positions& positions) {
       Positions sorted = positions;
       std::sort(sorted.begin(), sorted.end());
       return cross_entropy(rows(logits, sorted), targets(tokens, positions));
     }},
    {"detached", "wrong",
     [](const Tensor& logits, const IntTensor& tokens, const Positions& positions) {
       return cross_entropy(rows(logits.detach(), positions), targets(tokens, positions));
     }},
    {"the positions of the first sequence for all", "wrong",
     [](const Tensor& logits, const IntTensor& tokens, const std::vector<index_t>& positions) {
       const Tensor log_p = log_softmax(logits[0], -1);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t position : positions)
         sum = sum - log_p[position % logits.size(1)][tokens[position]];
       return sum / static_cast<double>(positions.size());
     }},
    {"flat positions as b · V + t", "wrong",
     [](const Tensor& logits, const IntTensor& tokens, const std::vector<index_t>& positions) {
       const index_t v = logits.size(2), t = logits.size(1);
       const Tensor log_p = log_softmax(logits, -1);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t position : positions)
         sum = sum - log_p[std::min(position / v, logits.size(0) - 1)][std::min(position % v, t - 1)]
                          [tokens[position]];
       return sum / static_cast<double>(positions.size());
     }},
    {"divided by all tokens", "BE-17",
     [](const Tensor& logits, const IntTensor& tokens, const std::vector<index_t>& positions) {
       const Tensor log_p = log_softmax(logits.reshape({tokens.numel(), logits.size(2)}), -1);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t position : positions) sum = sum - log_p[position][tokens[position]];
       return sum / static_cast<double>(tokens.numel());
     }},
    {"only the last position", "wrong",
     [](const Tensor& logits, const IntTensor& tokens, const std::vector<index_t>& positions) {
       const Tensor log_p = log_softmax(logits.reshape({tokens.numel(), logits.size(2)}), -1);
       return -log_p[positions.back()][tokens[positions.back()]];
     }},
    {"a softmax, then a log", "wrong",
     [](const Tensor& logits, const IntTensor& tokens, const std::vector<index_t>& positions) {
       const Tensor p = softmax(logits.reshape({tokens.numel(), logits.size(2)}), -1);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t position : positions) sum = sum - log(p[position][tokens[position]]);
       return sum / static_cast<double>(positions.size());
     }},
    {"the log of the mean probability", "wrong",
     [](const Tensor& logits, const IntTensor& tokens, const std::vector<index_t>& positions) {
       const Tensor p = softmax(logits.reshape({tokens.numel(), logits.size(2)}), -1);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t position : positions) sum = sum + p[position][tokens[position]];
       return -log(sum / static_cast<double>(positions.size()));
     }},
    {"the softmax over the positions", "likely BE-21",
     [](const Tensor& logits, const IntTensor& tokens, const std::vector<index_t>& positions) {
       const Tensor log_p = log_softmax(logits.reshape({tokens.numel(), logits.size(2)}), 0);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t position : positions) sum = sum - log_p[position][tokens[position]];
       return sum / static_cast<double>(positions.size());
     }},
    {"perplexity", "wrong",
     [](const Tensor& logits, const IntTensor& tokens, const std::vector<index_t>& positions) {
       const Tensor log_p = log_softmax(logits.reshape({tokens.numel(), logits.size(2)}), -1);
       Tensor sum = scalar(0, logits.dtype());
       for (const index_t position : positions) sum = sum - log_p[position][tokens[position]];
       return exp(sum / static_cast<double>(positions.size()));
     }}};

}  // namespace

Tensor masked_lm_loss(const Tensor& logits, const IntTensor& tokens, const Positions& positions) {
  return answers.chosen(logits, tokens, positions);
}

}  // namespace heed::exercise
