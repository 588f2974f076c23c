#include "lessons/03_self_attention/checks/tensors.h"
#include "lessons/03_self_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

Views right(const Tensor& x, const Projections& w) {
  return {matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v)};
}

// The wrong twins.
Views one_for_all(const Tensor& x, const Projections& w) { return right(x, {w.w_q, w.w_q, w.w_q}); }
Views keys_are_queries(const Tensor& x, const Projections& w) { return right(x, {w.w_q, w.w_q, w.w_v}); }
Views keys_ask(const Tensor& x, const Projections& w) { return right(x, {w.w_k, w.w_q, w.w_v}); }
Views values_are_keys(const Tensor& x, const Projections& w) { return right(x, {w.w_q, w.w_k, w.w_k}); }
Views values_are_queries(const Tensor& x, const Projections& w) { return right(x, {w.w_q, w.w_k, w.w_q}); }
Views v_before_k(const Tensor& x, const Projections& w) { return right(x, {w.w_q, w.w_v, w.w_k}); }
Views turned(const Tensor& x, const Projections& w) {
  return right(x, {w.w_q.transpose(0, 1), w.w_k.transpose(0, 1), w.w_v.transpose(0, 1)});
}
Views one_after_another(const Tensor& x, const Projections& w) {
  const Tensor q = matmul(x, w.w_q), k = matmul(q, w.w_k);
  return {q, k, matmul(k, w.w_v)};
}
Views values_are_x(const Tensor& x, const Projections& w) {
  return {matmul(x, w.w_q), matmul(x, w.w_k), x.clone()};
}

const checks::Exercise<decltype(project)> exercise{
    "03_project",
    project,
    right,
    {{"SA-01", "queries, keys and values were all made with W_q; each has a matrix of its own", one_for_all},
     {"SA-25", "the keys were made with W_q; they have their own matrix, W_k", keys_are_queries},
     {"SA-07", "queries were made with W_k and keys with W_q: who asks, and who is asked?", keys_ask},
     {"SA-08", "the values were made with W_k; they have their own matrix, W_v", values_are_keys},
     {"SA-62", "the values were made with W_q; they have their own matrix, W_v", values_are_queries},
     {"SA-09", "keys and values are exchanged: the order is q, k, v", v_before_k},
     {"SA-10", "the matrices were transposed: here they are (C, D), so x · W needs no transpose", turned},
     {"SA-11", "keys were made of the queries, or values of the keys; all three are made of x",
      one_after_another},
     {"SA-12", "the values are x itself; V = X · W_v", values_are_x}}};

// Words of C = 3 numbers, D = 2, Dv = 4.
struct Fixture {
  Tensor x = tensor({{1, 0, -2}, {3, 1, 1}, {0, 2, -1}, {-1, 1, 4}, {2, -3, 0}});
  Projections w{tensor({{1, 2}, {0, -1}, {3, 1}}), tensor({{0, 1}, {2, -2}, {1, 0.5}}),
                tensor({{1, 0, 2, -1}, {0, 3, 1, 1}, {-2, 1, 0, 4}})};
};

TEST(Project, MakesThreeViewsOfFiveWords) {
  exercise.call("project(x (5, 3), {w_q (3, 2), w_k (3, 2), w_v (3, 4)}): q, k, v", [] {
    const Fixture given;
    return std::tuple{given.x, given.w};
  });
  exercise.call("project(x (1, 3), {w_q (3, 2), w_k (3, 2), w_v (3, 4)}): q, k, v", [] {
    const Fixture given;
    return std::tuple{given.x.slice(0, 3, 4), given.w};
  });
}

TEST(Project, MultipliesFromTheRightIfAllSizesAreTheSame) {
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
