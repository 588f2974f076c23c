#include <cmath>

#include "lessons/02_scaled_dot_product_attention/checks/masks.h"
#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Tensor products(const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(-2, -1)); }
double root(index_t n) { return std::sqrt(static_cast<double>(n)); }
Tensor scaled(const Tensor& q, const Tensor& k) { return products(q, k) / root(q.size(-1)); }
Tensor mask_out(const Tensor& x, const Mask& allowed, double value) {
  return allowed.defined() ? masked_fill(x, !allowed, value) : x;
}
Tensor attention_weights(const Tensor& scores, const Mask& allowed) {
  return mask_out(softmax(mask_out(scores, allowed, -INFINITY), -1), allowed, 0);
}
Tensor reference(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return matmul(attention_weights(scaled(q, k), allowed), v);
}

// The wrong twins replace one step of attention. First, the factor of the scores.
template <double factor(const Tensor& q, const Tensor& k)>
Tensor scale(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return matmul(attention_weights(products(q, k) * factor(q, k), allowed), v);
}
double no_scale(const Tensor&, const Tensor&) { return 1; }
double half(const Tensor&, const Tensor&) { return 0.5; }
double zero(const Tensor&, const Tensor&) { return 0; }
double over_width(const Tensor& q, const Tensor&) { return 1 / static_cast<double>(q.size(-1)); }
double root_of_width(const Tensor& q, const Tensor&) { return root(q.size(-1)); }
double over_root_of_keys(const Tensor&, const Tensor& k) { return 1 / root(k.size(-2)); }
double over_root_of_queries(const Tensor& q, const Tensor&) { return 1 / root(q.size(-2)); }

// Second, the function from scores to weights. The mask is applied correctly.
template <Tensor f(const Tensor& scores)>
Tensor weigh(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return matmul(mask_out(f(mask_out(scaled(q, k), allowed, -INFINITY)), allowed, 0), v);
}
Tensor over_queries(const Tensor& scores) { return softmax(scores, -2); }
Tensor scores_as_weights(const Tensor& scores) { return scores; }
Tensor whole_matrix(const Tensor& scores) {
  const Tensor largest = max(max(scores, -1, true).values, -2, true).values;
  const Tensor e = exp(scores - masked_fill(largest, equal(largest, -INFINITY), 0));
  const Tensor total = e.sum({-2, -1}, true);
  return e / masked_fill(total, equal(total, 0), 1);
}
Tensor first_axis(const Tensor& scores) { return softmax(scores, 0); }
Tensor second_axis(const Tensor& scores) { return softmax(scores, 1); }
Tensor argmax_only(const Tensor& scores) {
  const Mask most = equal(scores, max(scores, -1, true).values);
  return where(most, ones(scores.shape(), scores.dtype()), zeros(scores.shape(), scores.dtype()));
}
Tensor without_maximum(const Tensor& scores) { return exp(scores) / exp(scores).sum({-1}, true); }
Tensor detached(const Tensor& scores) { return softmax(scores.detach(), -1); }

// Third, how the mask changes the scores. `m` is 1 for allowed keys and 0 for masked ones.
template <Tensor masked(const Tensor& scores, const Tensor& m)>
Tensor mask(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  const Tensor scores = scaled(q, k);
  const Tensor all = ones(scores.shape(), scores.dtype());
  return matmul(softmax(masked(scores, mask_out(all, allowed, 0)), -1), v);
}
Tensor times_mask(const Tensor& scores, const Tensor& m) { return scores * m; }
Tensor fill_minus_1e_9(const Tensor& scores, const Tensor& m) { return masked_fill(scores, !(m > 0), -1e-9); }
Tensor plus_masked(const Tensor& scores, const Tensor& m) { return scores + (1.0 - m); }
Tensor plus_mask(const Tensor& scores, const Tensor& m) { return scores + m; }
Tensor minus_masked(const Tensor& scores, const Tensor& m) { return scores - (1.0 - m); }
Tensor plus_1e9(const Tensor& scores, const Tensor& m) { return scores + (1.0 - m) * 1e9; }
Tensor fill_minus_1e9(const Tensor& scores, const Tensor& m) { return masked_fill(scores, !(m > 0), -1e9); }
Tensor fill_minus_1e4(const Tensor& scores, const Tensor& m) { return masked_fill(scores, !(m > 0), -1e4); }
Tensor fill_minus_infinity(const Tensor& scores, const Tensor& m) {
  return masked_fill(scores, !(m > 0), -INFINITY);
}

// Finally, the steps before and after.
Tensor mask_ignored(const Tensor& q, const Tensor& k, const Tensor& v, const Mask&) {
  return reference(q, k, v, {});
}
Tensor inverted(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return reference(q, k, v, allowed.defined() ? !allowed : allowed);
}
Tensor masked_after_softmax(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return matmul(mask_out(softmax(scaled(q, k), -1), allowed, 0), v);
}
Tensor nan_removed_late(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  const Tensor output = mask<fill_minus_infinity>(q, k, v, allowed);
  return masked_fill(output, isnan(output), 0);
}
Tensor first_sequence_for_all(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  const bool of_batch = allowed.defined() && allowed.rank() > 2;
  return reference(q, k, v, of_batch ? first_of(allowed, 0) : allowed);
}
Tensor first_query_for_all(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return reference(q, k, v, allowed.defined() ? first_of(allowed, -2) : allowed);
}
Tensor keys_reversed(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return matmul(attention_weights(scaled(q, flip(k, {-2})), allowed), v);
}
Tensor keys_as_values(const Tensor& q, const Tensor& k, const Tensor&, const Mask& allowed) {
  return reference(q, k, k, allowed);
}
Tensor weights_scaled(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return matmul(attention_weights(products(q, k), allowed) / root(q.size(-1)), v);
}

const checks::Exercise<decltype(sdpa)> exercise{
    "02_sdpa",
    sdpa,
    reference,
    {{"SD-01", "the scores were not divided by √d_k", scale<no_scale>},
     {"SD-02", "the scores were divided by d_k; divide by its square root", scale<over_width>},
     {"SD-03", "the scores were multiplied by √d_k; divide", scale<root_of_width>},
     {"SD-05", "the scores were divided by √S: use the width of a key, not the number of keys",
      scale<over_root_of_keys>},
     {"SD-25", "the scores were divided by √T: use the width of a query, not the number of queries",
      scale<over_root_of_queries>},
     {"SD-28", "the scores were divided by 2, which is √d_k only for d_k = 4", scale<half>},
     {"SD-14", "every query has the same output: the scores are not used, or were multiplied by 0",
      scale<zero>},
     {"SD-06", "each row must sum to 1: softmax over the keys (the last axis), not over the queries",
      weigh<over_queries>},
     {"SD-29", "softmax over axis 0: in a batch those are the sequences. The keys are the last axis",
      weigh<first_axis>},
     {"SD-30", "softmax over axis 1: in a batch those are the queries. The keys are the last axis",
      weigh<second_axis>},
     {"SD-18", "softmax over the whole matrix: each query's row of weights must sum to 1",
      weigh<whole_matrix>},
     {"SD-08", "the scores were used as weights, without a softmax", weigh<scores_as_weights>},
     {"SD-10", "exp without normalisation: divide by the sum of the row", weigh<exp>},
     {"SD-11", "a sigmoid maps each score independently: rows do not sum to 1", weigh<sigmoid>},
     {"SD-13", "only the best key gets weight: a softmax gives every key some", weigh<argmax_only>},
     {"SD-16", "exp overflowed: subtract the maximum of the row first", weigh<without_maximum>},
     {"SD-17", "keys and values are in different orders: value s belongs to key s", keys_reversed},
     {"SD-24", "no gradient reaches q and k: the weights were not computed with ops on them",
      weigh<detached>},
     {"SD-36", "the output is a mean of the keys: multiply the weights by the values", keys_as_values},
     {"SD-37", "the weights were divided by √d_k; divide the scores, before the softmax", weights_scaled},
     {"MK-01", "the mask was not used: masked keys still get weight", mask_ignored},
     {"MK-02", "the mask is inverted: only masked keys get weight. TRUE = MAY ATTEND", inverted},
     {"MK-03", "masked after the softmax: rows no longer sum to 1. Mask the scores before it",
      masked_after_softmax},
     {"MK-04", "a score of 0 still counts as exp(0) = 1: fill with -∞, not with 0", mask<times_mask>},
     {"MK-28", "-1e-9 is practically 0, and exp(0) = 1: fill with -∞", mask<fill_minus_1e_9>, "MK-04"},
     {"MK-05", "1e9 was added to masked scores: masked keys get all the weight", mask<plus_1e9>},
     {"MK-06", "1 was added to masked scores, which gives them more weight: fill with -∞", mask<plus_masked>},
     {"MK-26", "the mask was added to the scores: masked keys get less weight, but not 0", mask<plus_mask>},
     {"MK-27", "1 was subtracted from masked scores: they get less weight, but not 0", mask<minus_masked>,
      "MK-26"},
     {"MK-11", "a row that may attend to nothing became NaN; it must be 0", mask<fill_minus_infinity>},
     {"MK-32", "NaN was removed from the output but is still in the gradient: remove it from the weights",
      nan_removed_late},
     {"MK-29", "a fully masked row got equal weights (-1e9 everywhere); its output must be 0",
      mask<fill_minus_1e9>},
     {"MK-31", "-10000 is not low enough: an allowed score can be lower. Fill with -∞", mask<fill_minus_1e4>},
     {"MK-25", "every sequence of the batch got the mask of the first", first_sequence_for_all},
     {"MK-40", "every query got the mask of the first query: row t of the mask belongs to query t",
      first_query_for_all}}};

// Three queries, five keys, D = 4, values of width 2. All sizes differ, so that exchanged axes are detected.
struct Fixture {
  Tensor q = tensor({{1, 0, 2, -1}, {0, 1, -1, 2}, {2, 1, 0, 1}});
  Tensor k = tensor({{1, 1, 0, 0}, {0, 2, 1, -1}, {-1, 0, 1, 2}, {0, 1, 0, 1}, {2, -1, 1, 0}});
  Tensor v = tensor({{1, 0}, {0, 1}, {2, -1}, {1, 2}, {-3, 4}});
  Mask not_key_4 = Mask::of({{1, 1, 1, 1, 0}, {1, 1, 1, 1, 0}, {1, 1, 1, 1, 0}});
  Mask ragged = Mask::of({{1, 1, 0, 0, 1}, {0, 0, 0, 0, 0}, {0, 1, 0, 1, 0}});
};

std::tuple<Tensor, Tensor, Tensor> random(const Shape& q, const Shape& k, const Shape& v) {
  Generator gen(5);
  return std::tuple{randn(q, gen), randn(k, gen), randn(v, gen)};
}
template <class... T>
auto with_mask(const std::tuple<T...>& inputs, const Mask& allowed) {
  return std::tuple_cat(inputs, std::tuple{allowed});
}

TEST(Sdpa, OfThreeQueriesAndFiveKeys) {
  exercise.call("sdpa(q (3, 4), k (5, 4), v (5, 2), no mask)", [] {
    const Fixture x;
    return std::tuple{x.q, x.k, x.v, Mask()};
  });
  exercise.call("sdpa(the first query alone, k, v, no mask)", [] {
    const Fixture x;
    return std::tuple{x.q.slice(0, 0, 1), x.k, x.v, Mask()};
  });
  exercise.call("sdpa(q, the first three of k and v, no mask)", [] {
    const Fixture x;
    return std::tuple{x.q, x.k.slice(0, 0, 3), x.v.slice(0, 0, 3), Mask()};
  });
}

TEST(Sdpa, GivesNoWeightToMaskedKeys) {
  exercise.call("sdpa(q, k, v, mask {{1, 1, 1, 1, 0}, {1, 1, 1, 1, 0}, {1, 1, 1, 1, 0}})", [] {
    const Fixture x;
    return std::tuple{x.q, x.k, x.v, x.not_key_4};
  });
  exercise.call("sdpa(q, k, v, mask {{1, 1, 1, 1, 0}}) for all queries", [] {
    const Fixture x;
    return std::tuple{x.q, x.k, x.v, Mask::of({{1, 1, 1, 1, 0}})};
  });
  exercise.call("sdpa(the first query alone, k, v, mask {{1, 1, 1, 1, 0}})", [] {
    const Fixture x;
    return std::tuple{x.q.slice(0, 0, 1), x.k, x.v, Mask::of({{1, 1, 1, 1, 0}})};
  });
  exercise.call("sdpa(q, the first three of k and v, mask {{1, 0, 0}, {1, 1, 0}, {0, 1, 1}})", [] {
    const Fixture x;
    return std::tuple{x.q, x.k.slice(0, 0, 3), x.v.slice(0, 0, 3),
                      Mask::of({{1, 0, 0}, {1, 1, 0}, {0, 1, 1}})};
  });
}

TEST(Sdpa, OfOneKeyIsItsValueUnlessItIsMasked) {
  exercise.call("sdpa(q, the first of k and v, mask {{1}, {0}, {1}})", [] {
    const Fixture x;
    return std::tuple{x.q, x.k.slice(0, 0, 1), x.v.slice(0, 0, 1), Mask::of({{1}, {0}, {1}})};
  });
}

TEST(Sdpa, GivesNoWeightToMaskedKeysThatAreNotNumbers) {
  exercise.call("sdpa(q, k with {NAN, INFINITY, -INFINITY, 0} as key 4, v, mask {{1, 1, 1, 1, 0}, …})",
                [] {
                  const Fixture x;
                  const Tensor k = cat({x.k.slice(0, 0, 4), tensor({{NAN, INFINITY, -INFINITY, 0}})});
                  return std::tuple{x.q, k, x.v, x.not_key_4};
                },
                // The gradient of q contains 0 · NaN.
                {.gradients = false});
}

TEST(Sdpa, IsZeroForAFullyMaskedRow) {
  exercise.call("sdpa(q, k, v, mask {{1, 1, 0, 0, 1}, {0, 0, 0, 0, 0}, {0, 1, 0, 1, 0}})", [] {
    const Fixture x;
    return std::tuple{x.q, x.k, x.v, x.ragged};
  });
  exercise.call("sdpa(the first query alone, k, v, mask {{0, 0, 0, 0, 0}})", [] {
    const Fixture x;
    return std::tuple{x.q.slice(0, 0, 1), x.k, x.v, Mask::of({{0, 0, 0, 0, 0}})};
  });
  exercise.invariant("MK-11", "the row of a query that may attend to nothing became NaN; it must be 0",
                     [](auto f) {
                       const Fixture x;
                       return isnan(f(x.q, x.k, x.v, x.ragged)).count() == 0;
                     });
}

TEST(Sdpa, KeepsTheSequencesOfABatchSeparate) {
  for (const index_t batch : {1, 2})
    exercise.call(concat("sdpa(q (", batch, ", 6, 3), k (", batch, ", 5, 3), v (", batch, ", 5, 6), mask (",
                         batch, ", 1, 5))"),
                  [batch] {
                    return with_mask(random({batch, 6, 3}, {batch, 5, 3}, {batch, 5, 6}),
                                     batch == 1 ? padding({2}, 5) : padding({2, 4}, 5));
                  });
  exercise.call("sdpa(q, k, v (3, 5, 3), mask (3, 5, 5): causal(5) & padding({5, 1, 3}, 5))", [] {
    return with_mask(random({3, 5, 3}, {3, 5, 3}, {3, 5, 3}), causal(5) & padding({5, 1, 3}, 5));
  });
  exercise.call("sdpa(q, k, v (2, 5, 3), mask causal(5) for both)", [] {
    return with_mask(random({2, 5, 3}, {2, 5, 3}, {2, 5, 3}), causal(5));
  });
}

TEST(Sdpa, SupportsAnyNumberOfLeadingAxes) {
  exercise.call("sdpa(q (3, 3, 6, 6), k (3, 3, 5, 6), v (3, 3, 5, 2), mask (3, 1, 1, 5))", [] {
    return with_mask(random({3, 3, 6, 6}, {3, 3, 5, 6}, {3, 3, 5, 2}), padding({2, 3, 1}, 5).unsqueeze(1));
  });
}

TEST(Sdpa, IsCorrectForLargeScores) {
  exercise.call("sdpa(100 · q, k, v, no mask)", [] {
    const Fixture x;
    return std::tuple{x.q * 100.0, x.k, x.v, Mask()};
  });
  exercise.call("sdpa({{1}}, {{0}, {1000}}, {{1}, {2}}, no mask)", [] {
    return std::tuple{tensor({{1}}), tensor({{0}, {1000}}), tensor({{1}, {2}}), Mask()};
  });
  exercise.call("sdpa(-100000 · q, k, v, mask {{1, 1, 0, 0, 1}, {0, 0, 0, 0, 0}, {0, 1, 0, 1, 0}})", [] {
    const Fixture x;
    return std::tuple{x.q * -1e5, x.k, x.v, x.ragged};
  });
}

TEST(Sdpa, DoesNotDependOnTheOrderOfThePairs) {
  exercise.invariant(
      "SD-17", "keys and values were permuted together: the output must not change", [](auto f) {
        const Fixture x;
        const IntTensor order({3, 0, 4, 1, 2});
        const Tensor moved = f(x.q, index_select(x.k, 0, order), index_select(x.v, 0, order), {});
        return allclose(moved, f(x.q, x.k, x.v, {}), 1e-4, 1e-5);
      });
}

TEST(Sdpa, DoesNotDependOnMaskedKeysAndValues) {
  exercise.invariant("MK-01", "a masked key and its value were changed: the output must not change",
                     [](auto f) {
                       const Fixture x;
                       Tensor k = x.k.clone(), v = x.v.clone();
                       k.set({4, 0}, 7);
                       v.set({4, 1}, -20);
                       return allclose(f(x.q, k, v, x.not_key_4), f(x.q, x.k, x.v, x.not_key_4), 1e-5, 1e-5);
                     });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SD-01: ` / std::sqrt(d_k)` => ``
