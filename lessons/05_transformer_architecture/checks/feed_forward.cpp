#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

const checks::Exercise<decltype(feed_forward)> exercise{
    "05_feed_forward",
    feed_forward,
    [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) { return linear(relu(linear(x, w1, b1)), w2, b2); },
    {{"EN-11", "no activation: two matrices with nothing between them are worth one",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) { return linear(linear(x, w1, b1), w2, b2); }},
     {"EN-20", "the ReLU stands at the end: it belongs between the two matrices",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) {
        return relu(linear(linear(x, w1, b1), w2, b2));
      }},
     {"EN-21", "a second ReLU at the end: what goes back into the sum may be negative",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) {
        return relu(linear(relu(linear(x, w1, b1)), w2, b2));
      }},
     {"EN-22", "this course uses ReLU, as the paper; this is GELU, as in BERT and GPT-2",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) {
        return linear(gelu(linear(x, w1, b1)), w2, b2);
      }},
     {"EN-23", "the biases were left out",
      [](auto& x, auto& w1, auto&, auto& w2, auto&) { return linear(relu(linear(x, w1)), w2); }},
     {"EN-24", "the first bias came after the ReLU: it belongs to what the ReLU reads",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) {
        return linear(relu(linear(x, w1)) + b1, w2, b2);
      }},
     {"EN-25", "the ReLU stands before both matrices: it belongs between them",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) {
        return linear(linear(relu(x), w1, b1), w2, b2);
      }},
     {"EN-26", "the residual is not the feed-forward's: add_and_norm adds x",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) {
        return x + linear(relu(linear(x, w1, b1)), w2, b2);
      }},
     {"EN-65", "the first bias was left out: it decides where each ReLU begins",
      [](auto& x, auto& w1, auto&, auto& w2, auto& b2) { return linear(relu(linear(x, w1)), w2, b2); }},
     {"EN-66", "the second bias was left out",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto&) { return linear(relu(linear(x, w1, b1)), w2); }},
     {"EN-67", "the second ReLU is one too many: it stands between linear2 and its bias",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) {
        return relu(linear(relu(linear(x, w1, b1)), w2)) + b2;
      }}}};

// Two sequences of three tokens, C = 4, F = 5.
struct Fixture {
  Generator gen{5};
  Tensor x = randn({2, 3, 4}, gen), w1 = randn({5, 4}, gen), b1 = randn({5}, gen), w2 = randn({4, 5}, gen),
         b2 = randn({4}, gen);
};

TEST(FeedForward, OfOneTokenByHand) {
  exercise.call(
      "feed_forward({{{1, -2}}}, w1 {{1, 0}, {0, 1}, {1, 1}}, b1 {0, 0, 3}, w2 {{1, 2, 3}, {-4, 5, 0}}, b2 "
      "{1, -1})",
      [] {
        return std::tuple(tensor({{{1, -2}}}), tensor({{1, 0}, {0, 1}, {1, 1}}), tensor({0, 0, 3}),
                          tensor({{1, 2, 3}, {-4, 5, 0}}), tensor({1, -1}));
      });
}

TEST(FeedForward, OfBatchesAndSequencesOfEverySize) {
  for (const auto& [batch, length] : {std::pair<index_t, index_t>{2, 3}, {1, 3}, {2, 1}, {2, 0}})
    exercise.call(
        concat("feed_forward(x (", batch, ", ", length, ", 4), w1 (5, 4), b1 (5), w2 (4, 5), b2 (4))"),
        [batch = batch, length = length] {
          const Fixture a;
          return std::tuple(a.x.slice(0, 2 - batch).slice(1, 0, length), a.w1, a.b1, a.w2, a.b2);
        });
}

TEST(FeedForward, IsNarrowerInsideOrAsWide) {
  for (const index_t inside : {4, 2})
    exercise.call(concat("feed_forward(x (2, 3, 4), w1 (", inside, ", 4), b1 (", inside, "), w2 (4, ", inside,
                         "), b2 (4))"),
                  [inside] {
                    const Fixture a;
                    return std::tuple(a.x, a.w1.slice(0, 0, inside), a.b1.slice(0, 0, inside),
                                      a.w2.slice(1, 0, inside), a.b2);
                  });
}

TEST(FeedForward, HoldsForAWideRange) {
  exercise.call("feed_forward({{{0, 1000, 0, -1000}}}, w1 (5, 4), b1 (5), w2 (4, 5), b2 (4))", [] {
    const Fixture a;
    return std::tuple(tensor({{{0, 1000, 0, -1000}}}), a.w1, a.b1, a.w2, a.b2);
  });
}

TEST(FeedForward, IsMoreThanOneMatrix) {
  exercise.invariant("EN-11",
                     "f(a + b) = f(a) + f(b) - f(0) must not hold: that would be one matrix and a bias",
                     [](auto f) {
                       const Fixture a;
                       const auto y = [&](const Tensor& x) { return f(x, a.w1, a.b1, a.w2, a.b2); };
                       const Tensor other = a.x * -0.5 + 1.0;
                       const Tensor sum = y(a.x) + y(other) - y(zeros(a.x.shape()));
                       return !allclose(y(a.x + other), sum, 1e-3, 1e-3);
                     });
}

TEST(FeedForward, TransformsEachTokenAlone) {
  exercise.invariant("", "changing one token must not change the output of the others", [](auto f) {
    const Fixture a;
    Tensor changed = a.x.clone();
    changed[0][1].fill_(3);
    const Tensor before = f(a.x, a.w1, a.b1, a.w2, a.b2), after = f(changed, a.w1, a.b1, a.w2, a.b2);
    return allclose(before[0][0], after[0][0]) && allclose(before[0][2], after[0][2]) &&
           allclose(before[1], after[1]);
  });
}

}  // namespace
}  // namespace heed::exercise
