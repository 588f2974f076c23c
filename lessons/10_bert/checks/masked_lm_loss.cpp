#include <cmath>

#include "lessons/10_bert/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor total(const Tensor& log_p, const IntTensor& tokens, const std::vector<index_t>& positions) {
  Tensor sum = scalar(0, log_p.dtype());
  for (const index_t position : positions)
    sum = sum - log_p.reshape({tokens.numel(), log_p.size(2)})[position][tokens[position]];
  return sum;
}
std::vector<index_t> everywhere(const IntTensor& tokens) {
  return IntTensor::arange(0, tokens.numel()).values();
}
double count(const std::vector<index_t>& positions) { return static_cast<double>(positions.size()); }

Tensor reference(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return total(log_softmax(x, -1), w, p) / count(p);
}
Tensor all_tokens(const Tensor& x, const IntTensor& w, const std::vector<index_t>&) {
  return reference(x, w, everywhere(w));
}
Tensor summed(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return total(log_softmax(x, -1), w, p);
}
Tensor divided_by_all(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return summed(x, w, p) / static_cast<double>(w.numel());
}
Tensor no_logarithm(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return total(softmax(x, -1), w, p) / count(p);
}
Tensor logits_alone(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return total(x, w, p) / count(p);
}
Tensor wrong_sign(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return -reference(x, w, p);
}
Tensor overflowing_exp(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return total(log(exp(x) / exp(x).sum({-1}, true)), w, p) / count(p);
}
Tensor first_position_only(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return reference(x, w, {p.front()});
}
Tensor divided_by_sequences(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return summed(x, w, p) / static_cast<double>(w.size(0));
}
Tensor softmax_over_positions(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return total(log_softmax(x, 1), w, p) / count(p);
}

const checks::Exercise<decltype(masked_lm_loss)> exercise{
    "10_masked_lm_loss",
    masked_lm_loss,
    reference,
    {{"BE-01", "the loss is over all tokens: use the selected positions only", all_tokens},
     {"BE-16", "summed, not averaged: divide by the number of selected positions", summed},
     {"BE-17", "divided by the number of all tokens: divide by the number of selected positions",
      divided_by_all},
     {"BE-18", "-p instead of -log p: the loss is the negative log-probability", no_logarithm},
     {"BE-19", "the logit was used as the log-probability: apply log_softmax first", logits_alone},
     {"BE-20", "the sign is reversed: the loss must fall as the token becomes more likely", wrong_sign},
     {"BE-21", "softmax over the positions: the vocabulary is the last axis", softmax_over_positions},
     {"AG-19", "exp overflowed: subtract the largest logit of the row first, as log_softmax does",
      overflowing_exp},
     {"BE-60", "only the first masked position was used: average over all of them", first_position_only},
     {"BE-61", "divided by the number of sequences: divide by the number of selected positions",
      divided_by_sequences}}};

using Positions = std::vector<index_t>;

// Returns logits (3, 4, 5), tokens and positions.
std::tuple<Tensor, IntTensor, Positions> inputs(const Positions& positions, double scale = 1) {
  Generator gen(8);
  return {randn({3, 4, 5}, gen) * scale, IntTensor{{3, 0, 4, 2}, {1, 1, 0, 3}, {2, 4, 4, 0}}, positions};
}

TEST(MaskedLmLoss, IsTheMeanOverMaskedPositions) {
  exercise.call("masked_lm_loss(logits (3, 4, 5), tokens, {1, 6, 11})", [] { return inputs({1, 6, 11}); });
  exercise.call("masked_lm_loss(logits (3, 4, 5), tokens, {10, 0, 9, 3})", [] {
    return inputs({10, 0, 9, 3});
  });
}
TEST(MaskedLmLoss, OfOnePositionIsThatPositionsLoss) {
  exercise.call("masked_lm_loss(logits (3, 4, 5), tokens, {7})", [] { return inputs({7}); });
}
TEST(MaskedLmLoss, OfASingleSequence) {
  exercise.call("masked_lm_loss({{{1, -2, 0.5}, {0, 3, 1}}}, {{2, 0}}, {0, 1})", [] {
    return std::tuple(tensor({{{1, -2, 0.5}, {0, 3, 1}}}), IntTensor{{2, 0}}, Positions{0, 1});
  });
  exercise.call("masked_lm_loss({{{1, -2, 0.5}}}, {{1}}, {0})", [] {
    return std::tuple(tensor({{{1, -2, 0.5}}}), IntTensor{{1}}, Positions{0});
  });
}
TEST(MaskedLmLoss, StaysFiniteForLargeLogits) {
  exercise.call("masked_lm_loss(1000 · logits (3, 4, 5), tokens, {1, 6, 11})", [] {
    return inputs({1, 6, 11}, 1000);
  });
}
TEST(MaskedLmLoss, ReadsNoOtherPosition) {
  exercise.call("masked_lm_loss(logits (3, 4, 5) with NaN at position 0, tokens, {1, 6, 11})",
                [] {
                  auto [logits, tokens, positions] = inputs({1, 6, 11});
                  logits.set({0, 0, 3}, NAN);
                  return std::tuple(logits, tokens, positions);
                },
                {.gradients = false});
}

}  // namespace
}  // namespace heed::exercise

// wrong edit BE-17: `static_cast<double>(positions.size())` => `static_cast<double>(tokens.numel())`
