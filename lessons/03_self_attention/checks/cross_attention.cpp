#include "lessons/02_scaled_dot_product_attention/checks/masks.h"
#include "lessons/03_self_attention/checks/tensors.h"
#include "lessons/03_self_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Attention whose queries, keys and values may be computed from different sequences.
AttentionResult attend(const Tensor& query, const Tensor& key, const Tensor& value, const Projections& w,
                       const Mask& allowed) {
  return attention(matmul(query, w.w_q), matmul(key, w.w_k), matmul(value, w.w_v), {.mask = allowed});
}
AttentionResult reference(const Sequences& target, const Sequences& source, const Projections& w) {
  return attend(target.x, source.x, source.x, w, source.allowed);
}

// The wrong twins.
AttentionResult target_mask(const Sequences& target, const Sequences& source, const Projections& w) {
  return attend(target.x, source.x, source.x, w, target.allowed);
}
AttentionResult both_masks(const Sequences& target, const Sequences& source, const Projections& w) {
  const Mask rows = target.allowed.reshape({target.x.size(0), target.x.size(1), 1});
  return attend(target.x, source.x, source.x, w, rows & source.allowed);
}
AttentionResult no_mask(const Sequences& target, const Sequences& source, const Projections& w) {
  return attend(target.x, source.x, source.x, w, {});
}
AttentionResult inverted(const Sequences& target, const Sequences& source, const Projections& w) {
  return attend(target.x, source.x, source.x, w, !source.allowed);
}
AttentionResult source_attends(const Sequences& target, const Sequences& source, const Projections& w) {
  return attend(source.x, target.x, target.x, w, target.allowed);
}
AttentionResult values_of_target(const Sequences& target, const Sequences& source, const Projections& w) {
  return attend(target.x, source.x, target.x, w, source.allowed);
}
AttentionResult target_alone(const Sequences& target, const Sequences&, const Projections& w) {
  return attend(target.x, target.x, target.x, w, target.allowed);
}
AttentionResult source_alone(const Sequences&, const Sequences& source, const Projections& w) {
  return attend(source.x, source.x, source.x, w, source.allowed);
}
AttentionResult one_matrix(const Sequences& target, const Sequences& source, const Projections& w) {
  return reference(target, source, {w.w_q, w.w_q, w.w_q});
}
AttentionResult exchanged(const Sequences& target, const Sequences& source, const Projections& w) {
  return reference(target, source, {w.w_k, w.w_q, w.w_v});
}

AttentionResult values_are_keys(const Sequences& target, const Sequences& source, const Projections& w) {
  return reference(target, source, {w.w_q, w.w_k, w.w_k});
}
AttentionResult values_before_keys(const Sequences& target, const Sequences& source, const Projections& w) {
  return reference(target, source, {w.w_q, w.w_v, w.w_k});
}
AttentionResult first_mask_for_all(const Sequences& target, const Sequences& source, const Projections& w) {
  return attend(target.x, source.x, source.x, w, first_of(source.allowed, 0));
}
AttentionResult values_are_source(const Sequences& target, const Sequences& source, const Projections& w) {
  return attention(matmul(target.x, w.w_q), matmul(source.x, w.w_k), source.x, {.mask = source.allowed});
}

const checks::Exercise<decltype(cross_attention)> exercise{
    "03_cross_attention",
    cross_attention,
    reference,
    {{"MK-15", "the target's mask was used; the keys come from the source, so use the source's mask",
      target_mask},
     {"MK-30", "the rows of the target's padding are masked as well; a mask applies to keys only",
      both_masks},
     {"MK-01", "the mask was not used: padding of the source gets weight", no_mask},
     {"MK-02", "the mask is inverted: only the padding gets weight. TRUE = MAY ATTEND", inverted},
     {"SA-21", "the source attends to the target; compute the queries from the target", source_attends},
     {"SA-22", "the values come from the target; compute them from the source, as the keys",
      values_of_target},
     {"SA-23", "the target attends to itself; compute keys and values from the source", target_alone},
     {"SA-24", "the source attends to itself; compute the queries from the target", source_alone},
     {"SA-01", "queries, keys and values were all computed with W_q; each has its own matrix", one_matrix},
     {"SA-08", "the values were computed with W_k; their matrix is W_v", values_are_keys},
     {"SA-09", "the keys were computed with W_v and the values with W_k", values_before_keys},
     {"SA-12", "the values are the source itself; V = X · W_v", values_are_source},
     {"MK-25", "the mask of the first sequence was used for the whole batch", first_mask_for_all},
     {"SA-07", "the queries were computed with W_k and the keys with W_q; exchange the two", exchanged}}};

// Pairs of sequences of t and s words; C = 3, D = 4, Dv = 2, or all of them 3. With this seed,
// unmasked padding of the source would get at least a third of every query's weight in most of the
// questions.
struct Fixture {
  Sequences target, source;
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

TEST(CrossAttention, OfSequencesOfDifferentLengths) {
  exercise.call("cross_attention(target (2, 3, 3), source (2, 5, 3), w): output, weights", [] {
    return Fixture(3, 5, {3, 2}, {2, 3}).inputs();
  });
  exercise.call("cross_attention(target (2, 5, 3), source (2, 3, 3), w): output, weights", [] {
    return Fixture(5, 3, {3, 5}, {1, 2}).inputs();
  });
  exercise.call("cross_attention(target (1, 3, 3), source (1, 5, 3), w): output, weights",
                [] { return Fixture(3, 5, {2}, {2}).inputs(); });
}

TEST(CrossAttention, OfSequencesOfTheSameLength) {
  exercise.call("cross_attention(target (2, 4, 3), source (2, 4, 3), w): output, weights", [] {
    return Fixture(4, 4, {2, 4}, {2, 1}).inputs();
  });
  exercise.call("cross_attention(target (2, 4, 3), source (2, 4, 3), w of (3, 3)): output, weights", [] {
    return Fixture(4, 4, {3, 1}, {2, 4}, true).inputs();
  });
}

TEST(CrossAttention, OfAsManySequencesAsWords) {
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
  exercise.invariant("MK-15", "padding of the source was changed; the output must not change", [](auto f) {
    const Fixture fixture(4, 4, {2, 4}, {4, 3});
    Sequences other = fixture.source;
    other.x = other.x.clone().set({1, 3, 0}, 9);
    return allclose(f(fixture.target, other, fixture.w).output,
                    f(fixture.target, fixture.source, fixture.w).output, 1e-5, 1e-5);
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit MK-15: `source.allowed` => `target.allowed`
