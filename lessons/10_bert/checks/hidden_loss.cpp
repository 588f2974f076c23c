#include "lessons/10_bert/exercises.h"
#include "lessons/tutor/check.h"

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
Tensor over_places(const Tensor& x, const IntTensor& w, const std::vector<index_t>& p) {
  return total(log_softmax(x, 1), w, p) / count(p);
}

const tutor::Exercise<decltype(hidden_loss)> exercise{
    "10_hidden_loss",
    hidden_loss,
    right,
    {{"BE-01", "the loss is over all tokens: only those that are asked for count", all_tokens},
     {"BE-16", "summed, not averaged: divide by how many were asked for", summed},
     {"BE-17", "divided by the number of all tokens: divide by how many were asked for", by_all},
     {"BE-18", "the probability itself: the loss is the negative of its logarithm", no_logarithm},
     {"BE-19", "a logit is no probability: log_softmax first", logits_alone},
     {"BE-20", "the sign is the wrong way round: a loss falls where the word gets likelier", sign},
     {"BE-21", "softmax over the places: the words of the vocabulary are on the last axis", over_places}}};

struct Case {
  Tensor logits;
  IntTensor words{{3, 0, 4, 2}, {1, 1, 0, 3}, {2, 4, 4, 0}};
};
Case make() {
  Generator gen(8);
  return {randn({3, 4, 5}, gen)};
}

TEST(HiddenLoss, IsTheMeanOverHiddenPlaces) {
  exercise.compare("hidden_loss(logits (3, 4, 5), words, {1, 6, 11})", [](auto f) {
    return f(make().logits, make().words, {1, 6, 11});
  });
}
TEST(HiddenLoss, OfOnePlaceIsThatPlacesLoss) {
  exercise.compare("hidden_loss(logits (3, 4, 5), words, {7})",
                   [](auto f) { return f(make().logits, make().words, {7}); });
}
TEST(HiddenLoss, SendsItsGradientToHiddenPlacesAlone) {
  exercise.compare("the gradient of hidden_loss(logits (3, 4, 5), words, {0, 9})", [](auto f) {
    Tensor logits = make().logits.set_requires_grad();
    f(logits, make().words, {0, 9}).backward();
    return logits.grad();
  });
}

}  // namespace
}  // namespace heed::exercise
