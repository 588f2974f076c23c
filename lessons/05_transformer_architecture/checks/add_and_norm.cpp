#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

// Dropout with a given factor on what is kept.
Tensor kept(const Tensor& x, const Dropping& d, double factor) {
  return d.training ? masked_fill(x, !d.keep, 0) * factor : x;
}
Tensor drop(const Tensor& x, const Dropping& d) { return kept(x, d, 1 / (1 - d.p)); }

const tutor::Exercise<decltype(add_and_norm)> exercise{
    "05_add_and_norm",
    add_and_norm,
    [](auto& x, auto& f, auto& norm, auto& d) { return norm(x + drop(f(x), d)); },
    {{"EN-01", "you wrote pre-LN; this course uses post-LN, as the paper and PyTorch do: normalise the sum",
      [](auto& x, auto& f, auto& norm, auto& d) { return x + drop(f(norm(x)), d); }},
     {"EN-02", "x + norm(f(x)) is neither post-LN nor pre-LN: normalise the sum",
      [](auto& x, auto& f, auto& norm, auto& d) { return x + norm(drop(f(x), d)); }},
     {"EN-04", "the residual is missing: x itself must be added",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(drop(f(x), d)); }},
     {"EN-07", "dropout is still on: while not training, nothing is lost",
      [](auto& x, auto& f, auto& norm, auto& d) {
        return norm(x + masked_fill(f(x), !d.keep, 0) / (1 - d.p));
      }},
     {"EN-08", "what is kept must be divided by 1 - p, so that the mean stays",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(x + kept(f(x), d, 1)); }},
     {"EN-09", "dropout fell on the sum: drop what the sublayer says, not x",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(drop(x + f(x), d)); }},
     {"EN-12", "nothing was dropped while training",
      [](auto& x, auto& f, auto& norm, auto&) { return norm(x + f(x)); }},
     {"EN-13", "the mask is upside down: true = kept",
      [](auto& x, auto& f, auto& norm, auto& d) {
        return norm(x + (d.training ? masked_fill(f(x), d.keep, 0) / (1 - d.p) : f(x)));
      }},
     {"EN-14", "divided by p: the share that is kept is 1 - p",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(x + kept(f(x), d, 1 / d.p)); }},
     {"EN-15", "the norm is missing", [](auto& x, auto& f, auto&, auto& d) { return x + drop(f(x), d); }},
     {"EN-16", "dropout fell on what the sublayer reads: drop what it says",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(x + f(drop(x, d))); }},
     {"EN-17", "dropout fell on what the norm left: drop what the sublayer says",
      [](auto& x, auto& f, auto& norm, auto& d) { return drop(norm(x + f(x)), d); }},
     {"EN-18", "this course divides by 1 - p while training; multiplying by it afterwards is the older form",
      [](auto& x, auto& f, auto& norm, auto& d) {
        return norm(x + (d.training ? kept(f(x), d, 1) : f(x) * (1 - d.p)));
      }},
     {"EN-19", "kept numbers were multiplied by 1 - p; divide",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(x + kept(f(x), d, 1 - d.p)); }}}};

// f(v) = {2·v0, v1, 0}, and a norm without learned numbers: small enough for paper.
Tensor by_hand(const Tensor& v) { return v * tensor({2, 1, 0}); }
Tensor plain_norm(const Tensor& v) { return layer_norm(v); }

// Two texts of two words with three channels; f mixes channels, the norm has learned something.
struct Fixture {
  Tensor x = tensor({{{1, 3, 8}, {-2, 0.5, 4}}, {{0, -1, 2}, {5, 2, -3}}});
  Tensor w = tensor({{1, -2, 0.5}, {0.5, 1, 1}, {-1, 0, 2}}), gamma = tensor({1.5, -0.5, 2}),
         beta = tensor({0.5, -1, 0.25});
  Mask keep = Mask::of({{{1, 0, 1}, {0, 1, 1}}, {{1, 1, 0}, {1, 1, 1}}});
  Function f = [w = w](const Tensor& v) { return relu(linear(v, w)) + 0.25; };
  Function norm = [g = gamma, b = beta](const Tensor& v) { return layer_norm(v, g, b); };
  Dropping training = {.p = 0.2, .keep = keep, .training = true};
  Dropping evaluating = {.p = 0.2, .keep = keep, .training = false};
};

TEST(AddAndNorm, OfOneWordByHand) {
  exercise.compare("add_and_norm({{1, 3, 8}}, f(v) = {2·v0, v1, 0}, layer_norm, not training)", [](auto f) {
    return f(tensor({{1, 3, 8}}), by_hand, plain_norm,
             {.p = 0.5, .keep = Mask::of({{0, 0, 0}}), .training = false});
  });
}

TEST(AddAndNorm, DropsWhatTheSublayerSays) {
  exercise.compare("add_and_norm({{1, 3, 8}}, f(v) = {2·v0, v1, 0}, layer_norm, p = 0.5, keep {{1, 0, 1}})",
                   [](auto f) {
                     return f(tensor({{1, 3, 8}}), by_hand, plain_norm,
                              {.p = 0.5, .keep = Mask::of({{1, 0, 1}}), .training = true});
                   });
}

TEST(AddAndNorm, OfTwoTextsInTraining) {
  exercise.compare("add_and_norm(x (2, 2, 3), f, norm, p = 0.2, keep (2, 2, 3), training)", [](auto f) {
    const Fixture a;
    return f(a.x, a.f, a.norm, a.training);
  });
}

TEST(AddAndNorm, DropsNothingAfterwards) {
  exercise.compare("add_and_norm(x (2, 2, 3), f, norm, p = 0.2, keep (2, 2, 3), not training)", [](auto f) {
    const Fixture a;
    return f(a.x, a.f, a.norm, a.evaluating);
  });
  exercise.invariant("EN-07", "while not training, what `keep` says must change nothing", [](auto f) {
    Fixture a;
    const Tensor before = f(a.x, a.f, a.norm, a.evaluating);
    a.evaluating.keep = !a.keep;
    return max_abs_difference(before, f(a.x, a.f, a.norm, a.evaluating)) == 0;
  });
}

TEST(AddAndNorm, IsTheNormOfXWhereAllIsLost) {
  exercise.invariant("EN-09", "where all of f is lost, norm(x) must be left: drop the sublayer, not the sum",
                     [](auto f) {
                       Fixture a;
                       a.training.keep = Mask::full(a.x.shape(), false);
                       return allclose(f(a.x, a.f, a.norm, a.training), a.norm(a.x), 1e-5, 1e-5);
                     });
}

TEST(AddAndNorm, PassesGradientsOnBothWays) {
  exercise.compare("the gradient of x from (add_and_norm(x, f, norm, training) * x²).sum()", [](auto f) {
    Fixture a;
    a.x.set_requires_grad();
    (f(a.x, a.f, a.norm, a.training) * a.x.detach() * a.x.detach()).sum().backward();
    return a.x.grad();
  });
}

TEST(AddAndNorm, LeavesXAlone) {
  exercise.compare("x after add_and_norm(x, f, norm, training)", [](auto f) {
    const Fixture a;
    f(a.x, a.f, a.norm, a.training);
    return a.x;
  });
}

}  // namespace
}  // namespace heed::exercise
