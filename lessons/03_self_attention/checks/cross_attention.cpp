#include "lessons/02_scaled_dot_product_attention/checks/masks.h"
#include "lessons/03_self_attention/checks/tensors.h"
#include "lessons/03_self_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

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

AttentionResult values_are_keys(const Texts& target, const Texts& source, const Projections& w) {
  return right(target, source, {w.w_q, w.w_k, w.w_k});
}
AttentionResult v_before_k(const Texts& target, const Texts& source, const Projections& w) {
  return right(target, source, {w.w_q, w.w_v, w.w_k});
}
AttentionResult first_text_for_all(const Texts& target, const Texts& source, const Projections& w) {
  return between(target.x, source.x, source.x, w, first_of(source.allowed, 0));
}
AttentionResult values_are_source(const Texts& target, const Texts& source, const Projections& w) {
  return attention(matmul(target.x, w.w_q), matmul(source.x, w.w_k), source.x, {.mask = source.allowed});
}

const checks::Exercise<decltype(cross_attention)> exercise{
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
     {"SA-08", "the values were made with W_k; they have their own matrix, W_v", values_are_keys},
     {"SA-09", "keys were made with W_v and values with W_k", v_before_k},
     {"SA-12", "the values are the source itself; V = X · W_v", values_are_source},
     {"MK-25", "every sequence of the batch got the mask of the first", first_text_for_all},
     {"SA-07", "queries were made with W_k and keys with W_q: who asks, and who is asked?", keys_ask}}};

// Pairs of texts of t and s words; C = 3, D = 4, Dv = 2, or all of them 3. With this seed the
// padding of a source would get at least a third of every query's weight in most questions.
struct Fixture {
  Texts target, source;
  Projections w;

  Fixture(index_t t, index_t s, const std::vector<index_t>& target_lengths,
          const std::vector<index_t>& source_lengths, bool all_widths_equal = false) {
    Generator gen(11697);
    const auto batch = static_cast<index_t>(target_lengths.size());
    const index_t d = all_widths_equal ? 3 : 4, dv = all_widths_equal ? 3 : 2;
    target = {randn({batch, t, 3}, gen), padding(target_lengths, t)};
    source = {randn({batch, s, 3}, gen), padding(source_lengths, s)};
    w = {randn({3, d}, gen), randn({3, d}, gen), randn({3, dv}, gen)};
  }
  auto inputs() const { return std::tuple{target, source, w}; }
};

TEST(CrossAttention, OfTextsOfDifferentLengths) {
  exercise.call("cross_attention(target (2, 3, 3), source (2, 5, 3), w): output, weights", [] {
    return Fixture(3, 5, {3, 2}, {2, 3}).inputs();
  });
  exercise.call("cross_attention(target (2, 5, 3), source (2, 3, 3), w): output, weights", [] {
    return Fixture(5, 3, {3, 5}, {1, 2}).inputs();
  });
  exercise.call("cross_attention(target (1, 3, 3), source (1, 5, 3), w): output, weights",
                [] { return Fixture(3, 5, {2}, {2}).inputs(); });
}

TEST(CrossAttention, OfTextsOfTheSameLength) {
  exercise.call("cross_attention(target (2, 4, 3), source (2, 4, 3), w): output, weights", [] {
    return Fixture(4, 4, {2, 4}, {2, 1}).inputs();
  });
  exercise.call("cross_attention(target (2, 4, 3), source (2, 4, 3), w of (3, 3)): output, weights", [] {
    return Fixture(4, 4, {3, 1}, {2, 4}, true).inputs();
  });
}

TEST(CrossAttention, OfAsManyPairsAsWords) {
  exercise.call("cross_attention(target (3, 3, 3), source (3, 3, 3), w of (3, 3)): output, weights", [] {
    return Fixture(3, 3, {3, 1, 2}, {2, 1, 2}, true).inputs();
  });
}

TEST(CrossAttention, OfOneQuery) {
  exercise.call("cross_attention(target (2, 1, 3), source (2, 4, 3), w): output, weights", [] {
    return Fixture(1, 4, {1, 0}, {2, 1}).inputs();
  });
}

TEST(CrossAttention, OfASourceWithoutWordsIsZero) {
  exercise.call("cross_attention(target (2, 3, 3), source (2, 4, 3) of 0 and 2 words, w): output, weights",
                [] {
                  return Fixture(3, 4, {3, 1}, {0, 2}).inputs();
                });
}

TEST(CrossAttention, GivesNoWeightToThePaddingOfTheSource) {
  exercise.invariant("MK-15", "padding of the source was changed: the output must not change", [](auto f) {
    const Fixture given(4, 4, {2, 4}, {4, 3});
    Texts other = given.source;
    other.x = other.x.clone().set({1, 3, 0}, 9);
    return allclose(f(given.target, other, given.w).output, f(given.target, given.source, given.w).output,
                    1e-5, 1e-5);
  });
}

}  // namespace
}  // namespace heed::exercise
