#include <cmath>

#include "lessons/10_bert/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor total(const Tensor& log_p, const IntTensor& words, const std::vector<index_t>& places) {
  Tensor sum = scalar(0, log_p.dtype());
  for (const index_t place : places)
    sum = sum - log_p.reshape({words.numel(), log_p.size(2)})[place][words[place]];
  return sum;
}
std::vector<index_t> everywhere(const IntTensor& words) {
  return IntTensor::arange(0, words.numel()).values();
}
double count(const std::vector<index_t>& places) { return static_cast<double>(places.size()); }

Tensor right(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return total(log_softmax(x, -1), w, p) / count(p);
}
Tensor all_tokens(const Tensor& x, const IntTensor& w, const std::vector<index_t>&) {
  return right(x, w, everywhere(w));
}
Tensor summed(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return total(log_softmax(x, -1), w, p);
}
Tensor by_all(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return summed(x, w, p) / static_cast<double>(w.numel());
}
Tensor no_logarithm(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return total(softmax(x, -1), w, p) / count(p);
}
Tensor logits_alone(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return total(x, w, p) / count(p);
}
Tensor sign(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) { return -right(x, w, p); }
Tensor unguarded(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return total(log(exp(x) / exp(x).sum({-1}, true)), w, p) / count(p);
}
Tensor first_position(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return right(x, w, {p.front()});
}
Tensor mean_of_rows(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return summed(x, w, p) / static_cast<double>(w.size(0));
}
Tensor over_places(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return total(log_softmax(x, 1), w, p) / count(p);
}

const checks::Exercise<decltype(hidden_loss)> exercise{
    "10_hidden_loss",
    hidden_loss,
    right,
    {{"BE-01", "the loss is over all tokens: only those that are asked for count", all_tokens},
     {"BE-16", "summed, not averaged: divide by how many were asked for", summed},
     {"BE-17", "divided by the number of all tokens: divide by how many were asked for", by_all},
     {"BE-18", "the probability itself: the loss is the negative of its logarithm", no_logarithm},
     {"BE-19", "a logit is no probability: log_softmax first", logits_alone},
     {"BE-20", "the sign is the wrong way round: a loss falls where the word gets likelier", sign},
     {"BE-21", "softmax over the places: the words of the vocabulary are on the last axis", over_places},
     {"AG-19", "exp overflowed: subtract the largest logit of the row first, as log_softmax does", unguarded},
     {"BE-60", "the first masked position alone was counted", first_position},
     {"BE-61", "divided by the number of sequences: divide by how many positions were asked for",
      mean_of_rows}}};

using Places = std::vector<index_t>;

// logits (3, 4, 5), words, places
std::tuple<Tensor, IntTensor, Places> inputs(const Places& places, double scale = 1) {
  Generator gen(8);
  return {randn({3, 4, 5}, gen) * scale, IntTensor{{3, 0, 4, 2}, {1, 1, 0, 3}, {2, 4, 4, 0}}, places};
}

TEST(HiddenLoss, IsTheMeanOverMaskedPositions) {
  exercise.call("hidden_loss(logits (3, 4, 5), words, {1, 6, 11})", [] { return inputs({1, 6, 11}); });
  exercise.call("hidden_loss(logits (3, 4, 5), words, {10, 0, 9, 3})", [] { return inputs({10, 0, 9, 3}); });
}
TEST(HiddenLoss, OfOnePositionIsThatPositionsLoss) {
  exercise.call("hidden_loss(logits (3, 4, 5), words, {7})", [] { return inputs({7}); });
}
TEST(HiddenLoss, OfASingleSequence) {
  exercise.call("hidden_loss({{{1, -2, 0.5}, {0, 3, 1}}}, {{2, 0}}, {0, 1})", [] {
    return std::tuple(tensor({{{1, -2, 0.5}, {0, 3, 1}}}), IntTensor{{2, 0}}, Places{0, 1});
  });
  exercise.call("hidden_loss({{{1, -2, 0.5}}}, {{1}}, {0})", [] {
    return std::tuple(tensor({{{1, -2, 0.5}}}), IntTensor{{1}}, Places{0});
  });
}
TEST(HiddenLoss, StaysFiniteForLargeLogits) {
  exercise.call("hidden_loss(1000 · logits (3, 4, 5), words, {1, 6, 11})", [] {
    return inputs({1, 6, 11}, 1000);
  });
}
TEST(HiddenLoss, ReadsNoOtherPosition) {
  exercise.call("hidden_loss(logits (3, 4, 5) with NaN at position 0, words, {1, 6, 11})",
                [] {
                  auto [logits, words, places] = inputs({1, 6, 11});
                  logits.set({0, 0, 3}, NAN);
                  return std::tuple(logits, words, places);
                },
                {.gradients = false});
}

}  // namespace
}  // namespace heed::exercise
