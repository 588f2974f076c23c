#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

// 1 where a word is real, (B, T, 1).
Tensor numbers(const Tensor& x, const Mask& real) {
  const Shape each = {x.size(0), x.size(1), 1};
  return where(real.unsqueeze(2), ones(each, x.dtype()), zeros(each, x.dtype()));
}
Tensor real_sum(const Tensor& x, const Mask& real) { return sum(x * numbers(x, real), {1}); }
Tensor count(const Tensor& x, const Mask& real) { return sum(numbers(x, real), {1}); }  // (B, 1)

const tutor::Exercise<decltype(masked_mean)> exercise{
    "07_masked_mean",
    masked_mean,
    [](auto& x, auto& real) { return nn::masked_mean(x, real); },
    {{"CL-01", "padding is in the average: only the real words count",
      [](auto& x, auto&) { return mean(x, {1}); }},
     {"CL-02", "padding was left out of the sum but counted: divide by the number of real words",
      [](auto& x, auto& real) { return real_sum(x, real) / static_cast<double>(x.size(1)); }},
     {"CL-05", "the last place was taken for the summary: in a padded batch that is padding",
      [](auto& x, auto&) { return x.select(1, -1) + 0.0; }},
     {"CL-07", "the mask is upside down: this is the average of the padding",
      [](auto& x, auto& real) { return real_sum(x, !real) / clamp(count(x, !real), 1, INFINITY); }},
     {"CL-08", "division by zero words: a text without words gets zeros",
      [](auto& x, auto& real) { return real_sum(x, real) / count(x, real); }},
     {"CL-09", "added up, but not divided: longer texts come out larger",
      [](auto& x, auto& real) { return real_sum(x, real); }},
     {"CL-10", "divided by the words of the whole batch: each text has its own number of words",
      [](auto& x, auto& real) { return real_sum(x, real) / clamp(sum(count(x, real)), 1, INFINITY); }},
     {"CL-11", "divided by one word too many: a text without words needs care, the others do not",
      [](auto& x, auto& real) { return real_sum(x, real) / (count(x, real) + 1.0); }}}};

// Three texts of four places with two channels: four words, two words after padding, one word before it.
struct Fixture {
  Tensor x = tensor({{{1, -2}, {3, 0.5}, {-1, 4}, {2, 2}},
                     {{50, -70}, {60, 10}, {0, 4}, {-3, 1}},
                     {{5, -1}, {90, 20}, {-30, 40}, {80, 15}}});
  Mask real = Mask::of({{1, 1, 1, 1}, {0, 0, 1, 1}, {1, 0, 0, 0}});
};

TEST(MaskedMean, OfTwoWordsAndPaddingByHand) {
  exercise.compare("masked_mean({{{1, 0}, {3, 4}, {100, 100}}}, {{true, true, false}})", [](auto f) {
    return f(tensor({{{1, 0}, {3, 4}, {100, 100}}}), Mask::of({{1, 1, 0}}));
  });
}

TEST(MaskedMean, OfThreeTexts) {
  exercise.compare("masked_mean(x (3, 4, 2), real: all four words, the last two, the first)", [](auto f) {
    const Fixture a;
    return f(a.x, a.real);
  });
}

TEST(MaskedMean, OfATextWithoutWordsIsZero) {
  exercise.compare("masked_mean({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}, {{false, false}, {true, false}})",
                   [](auto f) {
                     return f(tensor({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}), Mask::of({{0, 0}, {1, 0}}));
                   });
}

TEST(MaskedMean, DoesNotHearPaddingWhateverItHolds) {
  exercise.invariant("CL-01", "changing padding must not move the mean", [](auto f) {
    const Fixture a;
    Tensor changed = a.x.clone();
    changed[1][0].fill_(-8), changed[2][3].fill_(0.5);
    return allclose(f(a.x, a.real), f(changed, a.real));
  });
}

TEST(MaskedMean, PassesGradientsToRealWordsOnly) {
  exercise.compare("the gradient of x from (masked_mean(x, real) * {2, -3}).sum()", [](auto f) {
    Fixture a;
    a.x.set_requires_grad();
    (f(a.x, a.real) * tensor({2, -3})).sum().backward();
    return a.x.grad();
  });
}

TEST(MaskedMean, LeavesXAloneAndKeepsItsType) {
  exercise.compare("x after masked_mean(x, real)", [](auto f) {
    const Fixture a;
    f(a.x, a.real);
    return a.x;
  });
  exercise.compare("masked_mean(x, real) of f64 numbers", [](auto f) {
    const Fixture a;
    const Tensor y = f(a.x.to(f64), a.real);
    return y.dtype() == f64 ? y : zeros({1});
  });
}

}  // namespace
}  // namespace heed::exercise
