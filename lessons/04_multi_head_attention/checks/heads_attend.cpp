#include <cmath>

#include "lessons/04_multi_head_attention/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

double root(index_t n) { return std::sqrt(static_cast<double>(n)); }
Mask for_all_heads(const Mask& allowed) { return allowed.defined() ? allowed.unsqueeze(1) : allowed; }
Tensor shares(const Tensor& scores, const Mask& allowed) {
  return allowed.defined() ? masked_softmax(scores, allowed) : softmax(scores, -1);
}
Tensor scores_of(const Tensor& q, const Tensor& k, double divisor) {
  return matmul(q, k.transpose(-2, -1)) / divisor;
}
// Attention with other scores and another mask than the right ones.
AttentionResult with(const Tensor& scores, const Tensor& v, const Mask& allowed) {
  const Tensor weights = shares(scores, allowed);
  return {matmul(weights, v), weights};
}
// Only one head, `hiding`, minds the mask.
AttentionResult only_one_hides(index_t hiding, const Tensor& q, const Tensor& k, const Tensor& v,
                               const Mask& allowed) {
  const Tensor scores = scores_of(q, k, root(q.size(-1)));
  std::vector<Tensor> heads;
  for (index_t h = 0; h < q.size(1); ++h)
    heads.push_back(shares(scores.select(1, h), h == hiding ? allowed : Mask()));
  const Tensor weights = stack(heads, 1);
  return {matmul(weights, v), weights};
}
AttentionResult hides_with_infinity(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  Tensor scores = scores_of(q, k, root(q.size(-1)));
  if (allowed.defined()) scores = masked_fill(scores, !allowed.unsqueeze(1), -INFINITY);
  const Tensor e = exp(scores - max(scores, -1, true).values);
  const Tensor weights = e / e.sum({-1}, true);
  return {matmul(weights, v), weights};
}

AttentionResult right(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return attention(q, k, v, {.mask = for_all_heads(allowed)});
}

const tutor::Exercise<decltype(heads_attend)> exercise{
    "04_heads_attend",
    heads_attend,
    right,
    {{"MH-06", "divided by √C; a head is only D = C / H wide, so divide by √D",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        return with(scores_of(q, k, root(q.size(1) * q.size(-1))), v, for_all_heads(allowed));
      }},
     {"MH-10", "head 1 ignored the mask: what is hidden is hidden from every head",
      [](auto& q, auto& k, auto& v, auto& allowed) { return only_one_hides(0, q, k, v, allowed); }},
     {"MH-17", "the mask's batch axis was lined up with the heads: give it a head axis first, (B, 1, T, S)",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        return with(scores_of(q, k, root(q.size(-1))), v, allowed);
      }},
     {"MH-18", "softmax over the heads: each head's row over the keys, the last axis, must sum to 1",
      [](auto& q, auto& k, auto& v, auto& allowed) -> AttentionResult {
        Tensor scores = scores_of(q, k, root(q.size(-1)));
        if (allowed.defined()) scores = masked_fill(scores, !allowed.unsqueeze(1), -1e9);
        const Tensor weights = softmax(scores, 1);
        return {matmul(weights, v), weights};
      }},
     {"SD-01", "the scores were not divided by √D",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        return with(scores_of(q, k, 1), v, for_all_heads(allowed));
      }},
     {"MK-01", "the mask was not used: padding still gets weight",
      [](auto& q, auto& k, auto& v, auto&) { return with(scores_of(q, k, root(q.size(-1))), v, {}); }},
     {"MK-02", "the mask is upside down: true says that a key may be attended",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        return with(scores_of(q, k, root(q.size(-1))), v,
                    allowed.defined() ? !allowed.unsqueeze(1) : allowed);
      }},
     {"MK-11", "a query with nothing to look at became NaN; its weights must be 0", hides_with_infinity}}};

// All sizes differ: batch 2, three heads, four queries, five keys, heads 6 wide. Sample 0 has three keys, and nobody
// looks at key 1 of sample 1; its query 2 may look at nothing.
struct Fixture {
  explicit Fixture(index_t heads = 3) {
    Generator gen(6);
    q = randn({2, heads, 4, 6}, gen), k = randn({2, heads, 5, 6}, gen), v = randn({2, heads, 5, 6}, gen);
  }
  Tensor q, k, v;
  Mask all = {};
  Mask some = Mask::of({{{1, 1, 1, 0, 0}, {1, 0, 1, 0, 0}, {0, 1, 1, 0, 0}, {1, 1, 0, 0, 0}},
                        {{1, 0, 1, 1, 1}, {0, 0, 1, 1, 1}, {1, 0, 0, 1, 0}, {1, 0, 1, 1, 0}}});
  Mask keys = padding({3, 5}, 5);  // (B, 1, S)
  Mask nothing_for_one = Mask::of({{{1, 1, 0, 0, 0}, {0, 0, 0, 0, 0}, {0, 1, 1, 0, 0}, {1, 1, 0, 0, 0}},
                                   {{1, 0, 1, 1, 1}, {0, 0, 1, 1, 1}, {1, 0, 0, 1, 0}, {0, 0, 0, 0, 0}}});
};
std::vector<Tensor> both(const AttentionResult& r) { return {r.output, r.weights}; }

// One mistake at a time: only who is right without a mask is asked about masks, so that the twins still fit.
auto* if_right_without(decltype(heads_attend)* f) {
  const Fixture x;
  const auto answer = [&](auto* of) { return tutor::ask([&] { return both(of(x.q, x.k, x.v, x.all)); }); };
  return tutor::difference(answer(f), answer(right)).distance < 1e-3 ? f : right;
}

TEST(HeadsAttend, WhereEverythingMayBeSeen) {
  exercise.compare("heads_attend(q (2, 3, 4, 6), k (2, 3, 5, 6), v (2, 3, 5, 6), everything)", [](auto f) {
    const Fixture x;
    return both(f(x.q, x.k, x.v, x.all));
  });
}

TEST(HeadsAttend, HidesFromEveryHeadWhatTheMaskDoesNotAllow) {
  exercise.compare("heads_attend(q (2, 3, 4, 6), k, v (2, 3, 5, 6), allowed (2, 4, 5))", [](auto f) {
    const Fixture x;
    return both(if_right_without(f)(x.q, x.k, x.v, x.some));
  });
}

TEST(HeadsAttend, HidesPadding) {
  exercise.compare("heads_attend(q (2, 3, 4, 6), k, v (2, 3, 5, 6), padding({3, 5}, 5))", [](auto f) {
    const Fixture x;
    return both(if_right_without(f)(x.q, x.k, x.v, x.keys));
  });
}

// Where there are as many samples as heads, a mask on the wrong axis fits.
TEST(HeadsAttend, KeepsEachSamplesMaskWithItsSample) {
  exercise.compare("heads_attend(q (2, 2, 4, 6), k, v (2, 2, 5, 6), allowed (2, 4, 5))", [](auto f) {
    const Fixture x(2);
    return both(if_right_without(f)(x.q, x.k, x.v, x.some));
  });
}

TEST(HeadsAttend, GivesZerosWhereNothingMayBeSeen) {
  exercise.compare("heads_attend(q, k, v, query 1 of sample 0 and query 3 of sample 1 see nothing)",
                   [](auto f) {
                     const Fixture x;
                     return both(if_right_without(f)(x.q, x.k, x.v, x.nothing_for_one));
                   });
}

TEST(HeadsAttend, KeepsHeadsApartAndHiddenKeysOut) {
  exercise.invariant("MH-10", "the key and value of what is hidden may not move any head's output",
                     [](auto f) {
                       const Fixture x;
                       auto* asked = if_right_without(f);
                       const AttentionResult before = asked(x.q, x.k, x.v, x.keys);
                       Tensor k = x.k.clone(), v = x.v.clone();
                       for (index_t h = 0; h < 3; ++h)
                         for (index_t c = 0; c < 6; ++c) k.set({0, h, 4, c}, 3), v.set({0, h, 4, c}, -70);
                       return allclose(asked(x.q, k, v, x.keys).output, before.output, 1e-5, 1e-5);
                     });
  exercise.invariant("", "the values of head 2 may not move the output of heads 0 and 1", [](auto f) {
    const Fixture x;
    const Tensor before = f(x.q, x.k, x.v, x.all).output.slice(1, 0, 2);
    Tensor v = x.v.clone();
    for (index_t s = 0; s < 5; ++s) v.set({1, 2, s, 0}, 50);
    return allclose(f(x.q, x.k, v, x.all).output.slice(1, 0, 2), before, 1e-5, 1e-5);
  });
}

TEST(HeadsAttend, LeavesTheInputsAsTheyAre) {
  exercise.invariant("", "q, k and v may not change, nor their type", [](auto f) {
    const Fixture x;
    const Tensor q = x.q.to(f64), k = x.k.to(f64), v = x.v.to(f64);
    const AttentionResult r = f(q, k, v, x.all);
    return max_abs_difference(q, x.q.to(f64)) == 0 && max_abs_difference(k, x.k.to(f64)) == 0 &&
           max_abs_difference(v, x.v.to(f64)) == 0 && r.output.dtype() == f64;
  });
}

TEST(HeadsAttend, PassGradientsOn) {
  exercise.compare("the gradients of q, k and v (2, 3, …, 6), everything allowed", [](auto f) {
    Fixture x;
    for (Tensor* t : {&x.q, &x.k, &x.v}) t->set_requires_grad();
    const Tensor y = f(x.q, x.k, x.v, x.all).output;
    (y * y).sum().backward();
    return std::vector<Tensor>{x.q.grad(), x.k.grad(), x.v.grad()};
  });
}

}  // namespace
}  // namespace heed::exercise
