#include "lessons/03_self_attention/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

tutor::Answer numbers(const Views& views) { return std::vector{views.q, views.k, views.v}; }

Views right(const Tensor& x, const Projections& w) {
  return {matmul(x, w.w_q), matmul(x, w.w_k), matmul(x, w.w_v)};
}

// The wrong twins.
Views one_for_all(const Tensor& x, const Projections& w) { return right(x, {w.w_q, w.w_q, w.w_q}); }
Views keys_are_queries(const Tensor& x, const Projections& w) { return right(x, {w.w_q, w.w_q, w.w_v}); }
Views keys_ask(const Tensor& x, const Projections& w) { return right(x, {w.w_k, w.w_q, w.w_v}); }
Views values_are_keys(const Tensor& x, const Projections& w) { return right(x, {w.w_q, w.w_k, w.w_k}); }
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

const tutor::Exercise<decltype(project)> exercise{
    "03_project",
    project,
    right,
    {{"SA-01", "queries, keys and values were all made with W_q; each has a matrix of its own", one_for_all},
     {"SA-25", "the keys were made with W_q; they have their own matrix, W_k", keys_are_queries},
     {"SA-07", "queries were made with W_k and keys with W_q: who asks, and who is asked?", keys_ask},
     {"SA-08", "the values were made with W_k; they have their own matrix, W_v", values_are_keys},
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
  exercise.compare("project(x (5, 3), {w_q (3, 2), w_k (3, 2), w_v (3, 4)}): q, k, v", [](auto f) {
    const Fixture given;
    return numbers(f(given.x, given.w));
  });
}

TEST(Project, MultipliesFromTheRightWhereAllSizesAreTheSame) {
  exercise.compare(
      "project({{1, 2}, {3, -1}}, {{{1, 2}, {0, 1}}, {{0, 1}, {-1, 3}}, {{2, 0}, {5, 1}}}): q, k, v",
      [](auto f) {
        const Projections w{tensor({{1, 2}, {0, 1}}), tensor({{0, 1}, {-1, 3}}), tensor({{2, 0}, {5, 1}})};
        return numbers(f(tensor({{1, 2}, {3, -1}}), w));
      });
}

TEST(Project, OfABatchOfTexts) {
  exercise.compare("project(x (2, 4, 3), {w_q (3, 2), w_k (3, 2), w_v (3, 4)}): q, k, v", [](auto f) {
    Generator gen(1);
    return numbers(f(randn({2, 4, 3}, gen), Fixture().w));
  });
}

TEST(Project, PassesGradientsToEachMatrix) {
  exercise.compare("gradients of x and w, of the sum of q, 2 k and 3 v", [](auto f) {
    Fixture given;
    given.x.set_requires_grad();
    given.w.w_q.set_requires_grad(), given.w.w_k.set_requires_grad(), given.w.w_v.set_requires_grad();
    const Views views = f(given.x, given.w);
    (views.q.sum() + views.k.sum() * 2.0 + views.v.sum() * 3.0).backward();
    return std::vector{given.x.grad(), given.w.w_q.grad(), given.w.w_k.grad(), given.w.w_v.grad()};
  });
}

}  // namespace
}  // namespace heed::exercise
