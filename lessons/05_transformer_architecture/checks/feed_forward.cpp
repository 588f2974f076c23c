#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

const checks::Exercise<decltype(feed_forward)> exercise{
    "05_feed_forward",
    feed_forward,
    [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) { return linear(relu(linear(x, w1, b1)), w2, b2); },
    {{"EN-11", "no activation: without a ReLU, the two matrices are equivalent to one",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) { return linear(linear(x, w1, b1), w2, b2); }},
     {"EN-20", "the ReLU is at the end; apply it between the two matrices",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) {
        return relu(linear(linear(x, w1, b1), w2, b2));
      }},
     {"EN-21", "a second ReLU at the end; the output may be negative",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) {
        return relu(linear(relu(linear(x, w1, b1)), w2, b2));
      }},
     {"EN-22", "this is GELU, as in BERT and GPT-2; this course uses ReLU, as the paper does",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) {
        return linear(gelu(linear(x, w1, b1)), w2, b2);
      }},
     {"EN-23", "the biases were left out",
      [](auto& x, auto& w1, auto&, auto& w2, auto&) { return linear(relu(linear(x, w1)), w2); }},
     {"EN-24", "the first bias was added after the ReLU; add it before",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) {
        return linear(relu(linear(x, w1)) + b1, w2, b2);
      }},
     {"EN-25", "the ReLU comes before both matrices; apply it between them",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) {
        return linear(linear(relu(x), w1, b1), w2, b2);
      }},
     {"EN-26", "x was added here; the residual connection belongs to add_and_norm",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto& b2) {
        return x + linear(relu(linear(x, w1, b1)), w2, b2);
      }},
     {"EN-65", "the first bias was left out",
      [](auto& x, auto& w1, auto&, auto& w2, auto& b2) { return linear(relu(linear(x, w1)), w2, b2); }},
     {"EN-66", "the second bias was left out",
      [](auto& x, auto& w1, auto& b1, auto& w2, auto&) { return linear(relu(linear(x, w1, b1)), w2); }},
     {"EN-67", "a second ReLU between w2 and its bias; use only the one after w1",
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

TEST(FeedForward, OfOtherWidths) {
  for (const index_t width : {4, 2})
    exercise.call(concat("feed_forward(x (2, 3, 4), w1 (", width, ", 4), b1 (", width, "), w2 (4, ", width,
                         "), b2 (4))"),
                  [width] {
                    const Fixture a;
                    return std::tuple(a.x, a.w1.slice(0, 0, width), a.b1.slice(0, 0, width),
                                      a.w2.slice(1, 0, width), a.b2);
                  });
}

TEST(FeedForward, IsCorrectForLargeInputs) {
  exercise.call("feed_forward({{{0, 1000, 0, -1000}}}, w1 (5, 4), b1 (5), w2 (4, 5), b2 (4))", [] {
    const Fixture a;
    return std::tuple(tensor({{{0, 1000, 0, -1000}}}), a.w1, a.b1, a.w2, a.b2);
  });
}

TEST(FeedForward, IsNotLinear) {
  exercise.invariant("EN-11", "f(a + b) = f(a) + f(b) - f(0) must not hold; otherwise f is one linear layer",
                     [](auto f) {
                       const Fixture a;
                       const auto y = [&](const Tensor& x) { return f(x, a.w1, a.b1, a.w2, a.b2); };
                       const Tensor other = a.x * -0.5 + 1.0;
                       const Tensor sum = y(a.x) + y(other) - y(zeros(a.x.shape()));
                       return !allclose(y(a.x + other), sum, 1e-3, 1e-3);
                     });
}

TEST(FeedForward, TransformsEachTokenSeparately) {
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

// wrong edit EN-11: `relu(linear(x, w1, b1))` => `linear(x, w1, b1)`
