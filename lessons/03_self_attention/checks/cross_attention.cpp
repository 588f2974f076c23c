#include "lessons/03_self_attention/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

tutor::Answer numbers(const AttentionResult& a) { return std::vector{a.output, a.weights}; }

// Attention in which queries, keys and values may come from texts of their own.
AttentionResult between(const Tensor& asks, const Tensor& is_asked, const Tensor& tells, const Projections& w,
                        const Mask& allowed) {
  return attention(matmul(asks, w.w_q), matmul(is_asked, w.w_k), matmul(tells, w.w_v), {.mask = allowed});
}
AttentionResult right(const Texts& target, const Texts& source, const Projections& w) {
  return between(target.x, source.x, source.x, w, source.allowed);
}

// The wrong twins.
AttentionResult target_mask(const Texts& target, const Texts& source, const Projections& w) {
  return between(target.x, source.x, source.x, w, target.allowed);
}
AttentionResult both_masks(const Texts& target, const Texts& source, const Projections& w) {
  const Mask rows = target.allowed.reshape({target.x.size(0), target.x.size(1), 1});
  return between(target.x, source.x, source.x, w, rows & source.allowed);
}
AttentionResult no_mask(const Texts& target, const Texts& source, const Projections& w) {
  return between(target.x, source.x, source.x, w, {});
}
AttentionResult upside_down(const Texts& target, const Texts& source, const Projections& w) {
  return between(target.x, source.x, source.x, w, !source.allowed);
}
AttentionResult source_asks(const Texts& target, const Texts& source, const Projections& w) {
  return between(source.x, target.x, target.x, w, target.allowed);
}
AttentionResult target_tells(const Texts& target, const Texts& source, const Projections& w) {
  return between(target.x, source.x, target.x, w, source.allowed);
}
AttentionResult target_alone(const Texts& target, const Texts&, const Projections& w) {
  return between(target.x, target.x, target.x, w, target.allowed);
}
AttentionResult source_alone(const Texts&, const Texts& source, const Projections& w) {
  return between(source.x, source.x, source.x, w, source.allowed);
}
AttentionResult one_for_all(const Texts& target, const Texts& source, const Projections& w) {
  return right(target, source, {w.w_q, w.w_q, w.w_q});
}
AttentionResult keys_ask(const Texts& target, const Texts& source, const Projections& w) {
  return right(target, source, {w.w_k, w.w_q, w.w_v});
}

const tutor::Exercise<decltype(cross_attention)> exercise{
    "03_cross_attention",
    cross_attention,
    right,
    {{"MK-15", "the target's mask was used; the keys are the source's, and so is their padding", target_mask},
     {"MK-30", "the rows of the target's padding are hidden as well; a mask speaks of keys only", both_masks},
     {"MK-01", "the mask was not used: padding of the source still gets weight", no_mask},
     {"MK-02", "the mask is upside down: exactly the padding was kept. TRUE = MAY ATTEND", upside_down},
     {"SA-21", "the source asks the target: the queries are the target's", source_asks},
     {"SA-22", "the target tells itself: the values are the source's, as the keys are", target_tells},
     {"SA-23", "the target looks at itself: keys and values are the source's", target_alone},
     {"SA-24", "the source looks at itself: the queries are the target's", source_alone},
     {"SA-01", "queries, keys and values were all made with W_q; each has a matrix of its own", one_for_all},
     {"SA-07", "queries were made with W_k and keys with W_q: who asks, and who is asked?", keys_ask}}};

// Two pairs of texts; C = 3, D = 4, Dv = 2.
struct Fixture {
  Texts target, source;
  Projections w;

  Fixture(index_t t, index_t s, std::initializer_list<index_t> target_lengths,
          std::initializer_list<index_t> source_lengths) {
    Generator gen(7);
    target = {randn({2, t, 3}, gen), padding(target_lengths, t)};
    source = {randn({2, s, 3}, gen), padding(source_lengths, s)};
    w = {randn({3, 4}, gen), randn({3, 4}, gen), randn({3, 2}, gen)};
  }
};

TEST(CrossAttention, OfTextsOfDifferentLengths) {
  exercise.compare("cross_attention(target (2, 3, 3), source (2, 5, 3), w): output, weights", [](auto f) {
    const Fixture given(3, 5, {3, 2}, {4, 5});
    return numbers(f(given.target, given.source, given.w));
  });
}

TEST(CrossAttention, OfTextsOfTheSameLength) {
  exercise.compare("cross_attention(target (2, 4, 3), source (2, 4, 3), w): output, weights", [](auto f) {
    const Fixture given(4, 4, {2, 4}, {4, 3});
    return numbers(f(given.target, given.source, given.w));
  });
}

TEST(CrossAttention, DoesNotLookAtThePaddingOfTheSource) {
  exercise.invariant("MK-15", "padding of the source was changed: the output must not move", [](auto f) {
    const Fixture given(4, 4, {2, 4}, {4, 3});
    Texts other = given.source;
    other.x = other.x.clone().set({1, 3, 0}, 9);
    return allclose(f(given.target, other, given.w).output, f(given.target, given.source, given.w).output,
                    1e-5, 1e-5);
  });
}

TEST(CrossAttention, PassesGradientsToBothTexts) {
  exercise.compare("gradients of target.x, source.x and w, of cross_attention(…).output[0][1]", [](auto f) {
    Fixture given(3, 5, {3, 2}, {4, 5});
    for (Tensor* x : {&given.target.x, &given.source.x, &given.w.w_q, &given.w.w_k, &given.w.w_v})
      x->set_requires_grad();
    f(given.target, given.source, given.w).output[0][1].sum().backward();
    return std::vector{given.target.x.grad(), given.source.x.grad(), given.w.w_q.grad(), given.w.w_k.grad(),
                       given.w.w_v.grad()};
  });
}

}  // namespace
}  // namespace heed::exercise
