#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

const tutor::Exercise<decltype(feed_forward)> exercise{
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
      }}}};

// Two texts of three words, C = 4, F = 5.
struct Fixture {
  Generator gen{5};
  Tensor x = randn({2, 3, 4}, gen), w1 = randn({5, 4}, gen), b1 = randn({5}, gen), w2 = randn({4, 5}, gen),
         b2 = randn({4}, gen);
};

TEST(FeedForward, OfOneWordByHand) {
  exercise.compare(
      "feed_forward({{{1, -2}}}, w1 {{1, 0}, {0, 1}, {1, 1}}, b1 {0, 0, 3}, w2 {{1, 2, 3}, {-4, 5, 0}}, b2 "
      "{1, -1})",
      [](auto f) {
        return f(tensor({{{1, -2}}}), tensor({{1, 0}, {0, 1}, {1, 1}}), tensor({0, 0, 3}),
                 tensor({{1, 2, 3}, {-4, 5, 0}}), tensor({1, -1}));
      });
}

TEST(FeedForward, OfTwoTextsOfThreeWords) {
  exercise.compare("feed_forward(x (2, 3, 4), w1 (5, 4), b1 (5), w2 (4, 5), b2 (4))", [](auto f) {
    const Fixture a;
    return f(a.x, a.w1, a.b1, a.w2, a.b2);
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

TEST(FeedForward, TakesEachWordAlone) {
  exercise.invariant("", "changing one word must not move what becomes of the others", [](auto f) {
    const Fixture a;
    Tensor changed = a.x.clone();
    changed[0][1].fill_(3);
    const Tensor before = f(a.x, a.w1, a.b1, a.w2, a.b2), after = f(changed, a.w1, a.b1, a.w2, a.b2);
    return allclose(before[0][0], after[0][0]) && allclose(before[0][2], after[0][2]) &&
           allclose(before[1], after[1]);
  });
}

TEST(FeedForward, PassesGradientsOn) {
  exercise.compare(
      "the gradients of x, w1, b1, w2 and b2 from (feed_forward(x, w1, b1, w2, b2) * x).sum()", [](auto f) {
        Fixture a;
        for (Tensor* t : {&a.x, &a.w1, &a.b1, &a.w2, &a.b2}) t->set_requires_grad();
        (f(a.x, a.w1, a.b1, a.w2, a.b2) * a.x.detach()).sum().backward();
        return std::vector<Tensor>{a.x.grad(), a.w1.grad(), a.b1.grad(), a.w2.grad(), a.b2.grad()};
      });
}

TEST(FeedForward, LeavesItsInputsAlone) {
  exercise.compare("x, w1, b1, w2, b2 after feed_forward(x, w1, b1, w2, b2)", [](auto f) {
    const Fixture a;
    f(a.x, a.w1, a.b1, a.w2, a.b2);
    return std::vector<Tensor>{a.x, a.w1, a.b1, a.w2, a.b2};
  });
}

}  // namespace
}  // namespace heed::exercise
