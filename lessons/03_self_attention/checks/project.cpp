#include "lessons/03_self_attention/checks/tensors.h"
#include "lessons/03_self_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Views reference(const Tensor& x, const Projections& w) {
  return {matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v)};
}

// The wrong twins.
Views one_matrix(const Tensor& x, const Projections& w) { return reference(x, {w.w_q, w.w_q, w.w_q}); }
Views keys_are_queries(const Tensor& x, const Projections& w) { return reference(x, {w.w_q, w.w_q, w.w_v}); }
Views exchanged(const Tensor& x, const Projections& w) { return reference(x, {w.w_k, w.w_q, w.w_v}); }
Views values_are_keys(const Tensor& x, const Projections& w) { return reference(x, {w.w_q, w.w_k, w.w_k}); }
Views values_are_queries(const Tensor& x, const Projections& w) {
  return reference(x, {w.w_q, w.w_k, w.w_q});
}
Views values_before_keys(const Tensor& x, const Projections& w) {
  return reference(x, {w.w_q, w.w_v, w.w_k});
}
Views transposed(const Tensor& x, const Projections& w) {
  return reference(x, {w.w_q.transpose(0, 1), w.w_k.transpose(0, 1), w.w_v.transpose(0, 1)});
}
Views chained(const Tensor& x, const Projections& w) {
  const Tensor q = matmul(x, w.w_q), k = matmul(q, w.w_k);
  return {q, k, matmul(k, w.w_v)};
}
Views values_are_x(const Tensor& x, const Projections& w) {
  return {matmul(x, w.w_q), matmul(x, w.w_k), x.clone()};
}

const checks::Exercise<decltype(project)> exercise{
    "03_project",
    project,
    reference,
    {{"SA-01", "queries, keys and values were all computed with W_q; each has its own matrix", one_matrix},
     {"SA-25", "the keys were computed with W_q; their matrix is W_k", keys_are_queries},
     {"SA-07", "the queries were computed with W_k and the keys with W_q; exchange the two", exchanged},
     {"SA-08", "the values were computed with W_k; their matrix is W_v", values_are_keys},
     {"SA-62", "the values were computed with W_q; their matrix is W_v", values_are_queries},
     {"SA-09", "keys and values are exchanged: the order is q, k, v", values_before_keys},
     {"SA-10", "the matrices were transposed; here they are (C, D), so x · W needs no transpose", transposed},
     {"SA-11",
      "the keys were computed from the queries, or the values from the keys; compute all three from x",
      chained},
     {"SA-12", "the values are x itself; V = X · W_v", values_are_x}}};

// Five words; C = 3, D = 2, Dv = 4.
struct Fixture {
  Tensor x = tensor({{1, 0, -2}, {3, 1, 1}, {0, 2, -1}, {-1, 1, 4}, {2, -3, 0}});
  Projections w{tensor({{1, 2}, {0, -1}, {3, 1}}), tensor({{0, 1}, {2, -2}, {1, 0.5}}),
                tensor({{1, 0, 2, -1}, {0, 3, 1, 1}, {-2, 1, 0, 4}})};
};

TEST(Project, ProjectsFiveWords) {
  exercise.call("project(x (5, 3), {w_q (3, 2), w_k (3, 2), w_v (3, 4)}): q, k, v", [] {
    const Fixture fixture;
    return std::tuple{fixture.x, fixture.w};
  });
  exercise.call("project(x (1, 3), {w_q (3, 2), w_k (3, 2), w_v (3, 4)}): q, k, v", [] {
    const Fixture fixture;
    return std::tuple{fixture.x.slice(0, 3, 4), fixture.w};
  });
}

TEST(Project, MultipliesByTheMatrixOnTheRightIfAllSizesAreEqual) {
  exercise.call(
      "project({{1, 2}, {3, -1}}, {{{1, 2}, {0, 1}}, {{0, 1}, {-1, 3}}, {{2, 0}, {5, 1}}}): q, k, v", [] {
        const Projections w{tensor({{1, 2}, {0, 1}}), tensor({{0, 1}, {-1, 3}}), tensor({{2, 0}, {5, 1}})};
        return std::tuple{tensor({{1, 2}, {3, -1}}), w};
      });
}

TEST(Project, OfABatch) {
  for (const index_t batch : {1, 2})
    exercise.call(concat("project(x (", batch, ", 4, 3), {w_q (3, 2), w_k (3, 2), w_v (3, 4)}): q, k, v"),
                  [=] {
                    Generator gen(1);
                    return std::tuple{randn({batch, 4, 3}, gen), Fixture().w};
                  });
  exercise.call("project(x (2, 3, 3, 3), {w_q (3, 3), w_k (3, 3), w_v (3, 3)}): q, k, v", [] {
    Generator gen(2);
    const Tensor x = randn({2, 3, 3, 3}, gen);
    return std::tuple{x, Projections{randn({3, 3}, gen), randn({3, 3}, gen), randn({3, 3}, gen)}};
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SA-08: `matmul(x, w.w_v)` => `matmul(x, w.w_k)`
