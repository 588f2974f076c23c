#include <cmath>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Returns 1 for real tokens and 0 for padding, (B, T, 1).
Tensor indicator(const Tensor& x, const Mask& real) {
  const Shape each = {x.size(0), x.size(1), 1};
  return where(real.unsqueeze(2), ones(each, x.dtype()), zeros(each, x.dtype()));
}
Tensor real_sum(const Tensor& x, const Mask& real) { return sum(masked_fill(x, !real.unsqueeze(2), 0), {1}); }
Tensor count(const Tensor& x, const Mask& real) { return sum(indicator(x, real), {1}); }  // (B, 1)
Tensor at_least_1(const Tensor& count) { return clamp(count, 1, INFINITY); }
Tensor reference(const Tensor& x, const Mask& real) { return real_sum(x, real) / at_least_1(count(x, real)); }
Mask first_for_all(const Mask& real) {
  const index_t length = real.shape()[1];
  if (real.shape()[0] == 0) return real;
  return Mask({real.data(), real.data() + length}, {1, length}).expand(real.shape());
}

const checks::Exercise<decltype(masked_mean)> exercise{
    "07_masked_mean",
    masked_mean,
    reference,
    {{"CL-01", "padding was included in the mean: use the real tokens only",
      [](auto& x, auto&) { return mean(x, {1}); }},
     {"CL-02", "the sum excludes padding, but the count does not: divide by the number of real tokens",
      [](auto& x, auto& real) { return real_sum(x, real) / static_cast<double>(x.size(1)); }},
     {"CL-05", "the last position was used as the summary: in a padded batch, that is padding",
      [](auto& x, auto&) { return x.select(1, -1) + 0.0; }},
     {"CL-07", "the mask is inverted: this is the mean of the padding",
      [](auto& x, auto& real) { return reference(x, !real); }},
     {"CL-08", "division by zero tokens: a sequence without tokens has a mean of zeros",
      [](auto& x, auto& real) { return real_sum(x, real) / count(x, real); }},
     {"CL-09", "the sum was not divided: longer sequences have larger outputs",
      [](auto& x, auto& real) { return real_sum(x, real); }},
     {"CL-10", "divided by the number of tokens in the batch: each sequence has its own count",
      [](auto& x, auto& real) { return real_sum(x, real) / at_least_1(sum(count(x, real))); }},
     {"CL-11", "divided by count + 1: use max(count, 1), which changes only empty sequences",
      [](auto& x, auto& real) { return real_sum(x, real) / (count(x, real) + 1.0); }},
     {"CL-60", "padding was multiplied by 0, and 0 · NaN is NaN: replace it with masked_fill or where",
      [](auto& x, auto& real) { return sum(x * indicator(x, real), {1}) / at_least_1(count(x, real)); }},
     {"CL-61", "the mean was taken over the batch (axis 0); the tokens of a sequence are axis 1",
      [](auto& x, auto& real) {
        const Tensor masked = masked_fill(x, !real.unsqueeze(2), 0);
        return sum(masked, {0}) / at_least_1(sum(indicator(x, real), {0}));
      }},
     {"CL-62", "the mean was taken over the channels (axis 2); the tokens of a sequence are axis 1",
      [](auto& x, auto& real) { return mean(masked_fill(x, !real.unsqueeze(2), 0), {2}); }},
     {"CL-63", "the sum was also divided by the number of channels",
      [](auto& x, auto& real) {
        return real_sum(x, real) / at_least_1(count(x, real) * static_cast<double>(x.size(2)));
      }},
     {"CL-70", "divided by the largest token count in the batch: each sequence has its own count",
      [](auto& x, auto& real) {
        const Tensor counts = count(x, real);
        return real_sum(x, real) / at_least_1(counts.numel() == 0 ? sum(counts) : max(counts));
      }},
     {"MK-25", "the mask of the first sequence was used for the whole batch",
      [](auto& x, auto& real) { return reference(x, first_for_all(real)); }}}};

// Three sequences of four positions with two channels: four tokens, two tokens after padding, one
// token before it.
struct Fixture {
  Tensor x = tensor({{{1, -2}, {3, 0.5}, {-1, 4}, {2, 2}},
                     {{50, -70}, {60, 10}, {0, 4}, {-3, 1}},
                     {{5, -1}, {90, 20}, {-30, 40}, {80, 15}}});
  Mask real = Mask::of({{1, 1, 1, 1}, {0, 0, 1, 1}, {1, 0, 0, 0}});
};

TEST(MaskedMean, OfTwoTokensAndPaddingByHand) {
  exercise.call("masked_mean({{{1, 0}, {3, 4}, {100, 100}}}, {{true, true, false}})", [] {
    return std::tuple(tensor({{{1, 0}, {3, 4}, {100, 100}}}), Mask::of({{1, 1, 0}}));
  });
}

TEST(MaskedMean, OfOneSequence) {
  exercise.call("masked_mean(x (1, 5, 2), real {{0, 1, 0, 0, 1}})", [] {
    Generator gen(8);
    return std::tuple(randn({1, 5, 2}, gen), Mask::of({{0, 1, 0, 0, 1}}));
  });
}

TEST(MaskedMean, OfThreeSequences) {
  exercise.call("masked_mean(x (3, 4, 2), real: all four tokens, the last two, the first)", [] {
    const Fixture a;
    return std::tuple(a.x, a.real);
  });
  exercise.call("masked_mean(x (2, 4, 2), real: the first token, the last two)", [] {
    const Fixture a;
    return std::tuple(flip(a.x.slice(0, 1), {0}), Mask::of({{1, 0, 0, 0}, {0, 0, 1, 1}}));
  });
  exercise.call("masked_mean(x (3, 3, 3), real: {{0, 1, 1}, {1, 1, 1}, {1, 0, 1}})", [] {
    Generator gen(7);
    return std::tuple(randn({3, 3, 3}, gen), Mask::of({{0, 1, 1}, {1, 1, 1}, {1, 0, 1}}));
  });
}

TEST(MaskedMean, OfASequenceWithoutTokensIsZero) {
  exercise.call("masked_mean({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}, {{false, false}, {true, false}})", [] {
    return std::tuple(tensor({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}), Mask::of({{0, 0}, {1, 0}}));
  });
  exercise.call("masked_mean({{{1, 2}}, {{3, 4}}}, {{true}, {false}})", [] {
    return std::tuple(tensor({{{1, 2}}, {{3, 4}}}), Mask::of({{1}, {0}}));
  });
  exercise.call("masked_mean(x (2, 0, 3), real (2, 0))", [] {
    return std::tuple(zeros({2, 0, 3}), Mask({}, {2, 0}));
  });
}

TEST(MaskedMean, IsAccurateForAWideRangeOfValues) {
  exercise.call("masked_mean({{{0, 1000}, {1000, 0}, {-7, -0.5}}}, {{true, true, true}})", [] {
    return std::tuple(tensor({{{0, 1000}, {1000, 0}, {-7, -0.5}}}), Mask::of({{1, 1, 1}}));
  });
}

TEST(MaskedMean, IgnoresAnyValueInPadding) {
  exercise.call(
      "masked_mean({{{1, -2}, {NaN, inf}, {3, 0.5}}, {{-inf, NaN}, {NaN, NaN}, {inf, 1}}}, {{true, false, "
      "true}, {false, "
      "false, false}})",
      [] {
        return std::tuple(
            tensor({{{1, -2}, {NAN, INFINITY}, {3, 0.5}}, {{-INFINITY, NAN}, {NAN, NAN}, {INFINITY, 1}}}),
            Mask::of({{1, 0, 1}, {0, 0, 0}}));
      },
      {.gradients = false});
}

}  // namespace
}  // namespace heed::exercise

// wrong edit CL-01: `return sum(masked_fill(x, !tokens, 0), {1}) / clamp(count, 1, INFINITY);` => `return mean(x, {1});`
