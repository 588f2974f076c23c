#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Dropout that multiplies the kept elements by `factor`.
Tensor drop_scaled(const Tensor& x, const Dropping& d, double factor) {
  return d.training ? masked_fill(x, !d.keep, 0) * factor : x;
}
Tensor drop(const Tensor& x, const Dropping& d) { return drop_scaled(x, d, 1 / (1 - d.p)); }

const checks::Exercise<decltype(add_and_norm)> exercise{
    "05_add_and_norm",
    add_and_norm,
    [](auto& x, auto& f, auto& norm, auto& d) { return norm(x + drop(f(x), d)); },
    {{"EN-01", "this is pre-LN; this course uses post-LN, as the paper does: normalise the sum",
      [](auto& x, auto& f, auto& norm, auto& d) { return x + drop(f(norm(x)), d); }},
     {"EN-02", "x + norm(f(x)) is neither post-LN nor pre-LN; normalise the sum",
      [](auto& x, auto& f, auto& norm, auto& d) { return x + norm(drop(f(x), d)); }},
     {"EN-04", "the residual connection is missing; add x",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(drop(f(x), d)); }},
     {"EN-07", "dropout is active in evaluation; apply it only if dropping.training is true",
      [](auto& x, auto& f, auto& norm, auto& d) {
        return norm(x + masked_fill(f(x), !d.keep, 0) / (1 - d.p));
      }},
     {"EN-08", "the kept elements were not scaled; divide them by 1 - p to keep the mean",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(x + drop_scaled(f(x), d, 1)); }},
     {"EN-09", "dropout was applied to the sum; apply it to the sublayer's output only",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(drop(x + f(x), d)); }},
     {"EN-12", "nothing was dropped in training",
      [](auto& x, auto& f, auto& norm, auto&) { return norm(x + f(x)); }},
     {"EN-13", "the dropout mask is inverted: true = kept",
      [](auto& x, auto& f, auto& norm, auto& d) {
        return norm(x + (d.training ? masked_fill(f(x), d.keep, 0) / (1 - d.p) : f(x)));
      }},
     {"EN-14", "divided by p; the probability of keeping an element is 1 - p",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(x + drop_scaled(f(x), d, 1 / d.p)); }},
     {"EN-15", "the norm is missing", [](auto& x, auto& f, auto&, auto& d) { return x + drop(f(x), d); }},
     {"EN-16", "dropout was applied to the sublayer's input; apply it to its output",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(x + f(drop(x, d))); }},
     {"EN-17", "dropout was applied to the norm's output; apply it to the sublayer's output",
      [](auto& x, auto& f, auto& norm, auto& d) { return drop(norm(x + f(x)), d); }},
     {"EN-18", "scaled by 1 - p in evaluation; this course divides by 1 - p in training instead",
      [](auto& x, auto& f, auto& norm, auto& d) {
        return norm(x + (d.training ? drop_scaled(f(x), d, 1) : f(x) * (1 - d.p)));
      }},
     {"EN-19", "the kept elements were multiplied by 1 - p; divide instead",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(x + drop_scaled(f(x), d, 1 - d.p)); }},
     {"EN-60", "x was added twice; add it once",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(x + x + drop(f(x), d)); }},
     {"EN-61", "the sum was halved; use x + f(x), not their mean",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm((x + drop(f(x), d)) / 2.0); }},
     {"EN-62", "norm(x) was added instead of x; add x, and normalise the sum",
      [](auto& x, auto& f, auto& norm, auto& d) {
        const Tensor n = norm(x);
        return n + drop(f(n), d);
      }},
     {"EN-63", "no gradient flows through the residual: x was detached",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(x.detach() + drop(f(x), d)); }},
     {"EN-64", "no gradient reaches the sublayer: its output was detached",
      [](auto& x, auto& f, auto& norm, auto& d) { return norm(x + drop(f(x), d).detach()); }}}};

// Sublayers and norms that contain tensors, so that the forms of a question also cover these.
// Scale multiplies each channel by a weight.
struct Scale {
  Tensor weight;
  Tensor operator()(const Tensor& v) const { return v * weight; }
};
template <class Visit>
void each_tensor(Scale& f, const Visit& visit) {
  visit(f.weight);
}
// relu(v · weightᵀ) + 0.25, which mixes the channels.
struct Mix {
  Tensor weight = tensor({{1, -2, 0.5}, {0.5, 1, 1}, {-1, 0, 2}});
  Tensor operator()(const Tensor& v) const { return relu(linear(v, weight)) + 0.25; }
};
template <class Visit>
void each_tensor(Mix& f, const Visit& visit) {
  visit(f.weight);
}
// A LayerNorm whose eps is not small: norm(2 · v) is not norm(v).
struct Norm {
  Tensor gamma = tensor({1.5, -0.5, 2}), beta = tensor({0.5, -1, 0.25});
  Tensor operator()(const Tensor& v) const { return layer_norm(v, gamma, beta, 2); }
};
template <class Visit>
void each_tensor(Norm& norm, const Visit& visit) {
  visit(norm.gamma);
  visit(norm.beta);
}

Scale by_hand() { return {tensor({2, 1, 0})}; }
Tensor plain_norm(const Tensor& v) { return layer_norm(v); }

// Two sequences of two tokens with three channels.
struct Fixture {
  Tensor x = tensor({{{1, 3, 8}, {-2, 0.5, 4}}, {{0, -1, 2}, {5, 2, -3}}});
  Mask keep = Mask::of({{{1, 0, 1}, {0, 1, 1}}, {{1, 1, 0}, {1, 1, 1}}});
  Mix f;
  Norm norm;
  Dropping training = {.p = 0.2, .keep = keep, .training = true};
  Dropping evaluating = {.p = 0.2, .keep = keep, .training = false};
};

TEST(AddAndNorm, OfOneTokenByHand) {
  exercise.call("add_and_norm({{1, 3, 8}}, f(v) = {2·v0, v1, 0}, layer_norm, not training)", [] {
    const Dropping dropping = {.p = 0.5, .keep = Mask::of({{0, 0, 0}}), .training = false};
    return std::tuple(tensor({{1, 3, 8}}), by_hand(), Function(plain_norm), dropping);
  });
}

TEST(AddAndNorm, DropsTheOutputOfTheSublayer) {
  exercise.call("add_and_norm({{1, 3, 8}}, f(v) = {2·v0, v1, 0}, layer_norm, p = 0.5, keep {{1, 0, 1}})", [] {
    const Dropping dropping = {.p = 0.5, .keep = Mask::of({{1, 0, 1}}), .training = true};
    return std::tuple(tensor({{1, 3, 8}}), by_hand(), Function(plain_norm), dropping);
  });
}

TEST(AddAndNorm, OfTwoSequencesInTraining) {
  exercise.call("add_and_norm(x (2, 2, 3), f, norm with eps 2, p = 0.2, keep (2, 2, 3), training)", [] {
    const Fixture a;
    return std::tuple(a.x, a.f, a.norm, a.training);
  });
}

TEST(AddAndNorm, OfOneSequenceOfOneTokenInTraining) {
  exercise.call("add_and_norm(x (1, 1, 3), f, norm with eps 2, p = 0.2, keep (1, 1, 3), training)", [] {
    const Fixture a;
    const Dropping dropping = {.p = 0.2, .keep = Mask::of({{{1, 0, 1}}}), .training = true};
    return std::tuple(a.x.slice(0, 0, 1).slice(1, 0, 1), a.f, a.norm, dropping);
  });
}

TEST(AddAndNorm, AcceptsAnyNorm) {
  exercise.call("add_and_norm(x (2, 2, 3), f, norm(v) = {1, -2, 0.5} · v, p = 0.2, keep (2, 2, 3), training)",
                [] {
                  const Fixture a;
                  return std::tuple(a.x, a.f, Scale{tensor({1, -2, 0.5})}, a.training);
                });
}

TEST(AddAndNorm, DropsNothingInEvaluation) {
  exercise.call("add_and_norm(x (2, 2, 3), f, norm with eps 2, p = 0.2, keep (2, 2, 3), not training)", [] {
    const Fixture a;
    return std::tuple(a.x, a.f, a.norm, a.evaluating);
  });
  exercise.call("add_and_norm(x (2, 2, 3), f, norm with eps 2, p = 0.2, keep undefined, not training)", [] {
    const Fixture a;
    return std::tuple(a.x, a.f, a.norm, Dropping{.p = 0.2, .keep = {}, .training = false});
  });
}

TEST(AddAndNorm, IsTheNormOfXIfAllIsDropped) {
  exercise.invariant("", "all of f was dropped; the result must be norm(x)", [](auto f) {
    Fixture a;
    a.training.keep = Mask::full(a.x.shape(), false);
    return allclose(f(a.x, a.f, a.norm, a.training), a.norm(a.x), 1e-5, 1e-5);
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit EN-02: `norm(x + change)` => `x + norm(change)`
