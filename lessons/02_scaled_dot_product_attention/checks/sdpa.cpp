#include <cmath>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

// Three queries, five keys, D = 4, values of 2: all sizes differ, so an axis taken for another shows.
struct Fixture {
  Tensor q = tensor({{1, 0, 2, -1}, {0, 1, -1, 2}, {2, 1, 0, 1}});
  Tensor k = tensor({{1, 1, 0, 0}, {0, 2, 1, -1}, {-1, 0, 1, 2}, {0, 1, 0, 1}, {2, -1, 1, 0}});
  Tensor v = tensor({{1, 0}, {0, 1}, {2, -1}, {1, 2}, {-3, 4}});
  Mask all = {};
  Mask no_key_4 = Mask::of({{1, 1, 1, 1, 0}, {1, 1, 1, 1, 0}, {1, 1, 1, 1, 0}});
};

Tensor scores_of(const Tensor& q, const Tensor& k) { return matmul(q, k.transpose(-2, -1)); }
Tensor hidden(const Tensor& scores, const Mask& allowed) {
  return allowed.defined() ? masked_fill(scores, !allowed, -INFINITY) : scores;
}
// Attention with another factor on the scores.
Tensor scaled_by(double factor, const Tensor& q, const Tensor& k, const Tensor& v, const Mask& allowed) {
  return matmul(softmax(hidden(scores_of(q, k) * factor, allowed), -1), v);
}
double root(index_t n) { return std::sqrt(static_cast<double>(n)); }
// The mask as numbers: 1 where one may attend.
Tensor numbers(const Mask& allowed, const Tensor& scores) {
  const Tensor one = ones(scores.shape()), none = zeros(scores.shape());
  return allowed.defined() ? where(allowed, one, none) : one;
}

const tutor::Exercise<decltype(sdpa)> exercise{
    "02_sdpa",
    sdpa,
    [](auto& q, auto& k, auto& v, auto& allowed) {
      return scaled_by(1 / root(q.size(-1)), q, k, v, allowed);
    },
    {{"SD-01", "the scores were not divided by √d_k",
      [](auto& q, auto& k, auto& v, auto& allowed) { return scaled_by(1, q, k, v, allowed); }},
     {"SD-02", "the scores were divided by d_k; divide by its square root",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        return scaled_by(1 / static_cast<double>(q.size(-1)), q, k, v, allowed);
      }},
     {"SD-03", "the scores were multiplied by √d_k; divide",
      [](auto& q, auto& k, auto& v, auto& allowed) { return scaled_by(root(q.size(-1)), q, k, v, allowed); }},
     {"MK-01", "the mask was not used: padding still gets weight",
      [](auto& q, auto& k, auto& v, auto&) { return scaled_by(1 / root(q.size(-1)), q, k, v, {}); }},
     {"MK-03", "masked after the softmax: rows no longer sum to 1. Mask the scores, before it",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        const Tensor scores = scores_of(q, k) / root(q.size(-1));
        return matmul(softmax(scores, -1) * numbers(allowed, scores), v);
      }},
     {"MK-04", "a score of 0 is still exp(0) = 1: hide with -∞, not with 0",
      [](auto& q, auto& k, auto& v, auto& allowed) {
        const Tensor scores = scores_of(q, k) / root(q.size(-1));
        return matmul(softmax(scores * numbers(allowed, scores), -1), v);
      }}}};

TEST(Sdpa, OfThreeQueriesAndFiveKeys) {
  exercise.compare("sdpa(q, k, v, everything)", [](auto f) {
    const Fixture x;
    return f(x.q, x.k, x.v, x.all);
  });
}

TEST(Sdpa, HidesWhatTheMaskDoesNotAllow) {
  exercise.compare("sdpa(q, k, v, all but key 4)", [](auto f) {
    const Fixture x;
    return f(x.q, x.k, x.v, x.no_key_4);
  });
}

}  // namespace
}  // namespace heed::exercise
