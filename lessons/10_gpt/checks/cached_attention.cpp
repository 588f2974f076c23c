#include "lessons/10_gpt/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(Kept& kept, const Visit& visit) {
  visit(kept.keys);
  visit(kept.values);
}

namespace {

enum class Corner { bottom_right, top_left, none, strict };

Mask mask_of(index_t t, index_t s, Corner corner) {
  if (corner == Corner::bottom_right) return causal(t, s);
  if (corner == Corner::none) return {};
  const Tensor rows = arange(0, static_cast<double>(t)).reshape({t, 1}),
               columns = arange(0, static_cast<double>(s));
  if (corner == Corner::strict) return (rows - columns) > (static_cast<double>(t - s) + 0.5);
  return (rows - columns) > -0.5;
}
Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept, Corner corner,
              bool in_front = false) {
  const auto joined = [&](const Tensor& old, const Tensor& fresh) {
    if (!old.defined()) return fresh;
    return in_front ? cat({fresh, old}, 2) : cat({old, fresh}, 2);
  };
  kept = {joined(kept.keys, k), joined(kept.values, v)};
  return scaled_dot_product_attention(q, kept.keys, kept.values,
                                      {.mask = mask_of(q.size(2), kept.keys.size(2), corner)});
}
Tensor right(const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
  return attend(q, k, v, kept, Corner::bottom_right);
}
Tensor top_left(const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
  return attend(q, k, v, kept, Corner::top_left);
}
Tensor no_mask(const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
  return attend(q, k, v, kept, Corner::none);
}
Tensor in_front(const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
  return attend(q, k, v, kept, Corner::bottom_right, true);
}
Tensor forgets_the_past(const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
  kept = {};
  return right(q, k, v, kept);
}
Tensor keeps_nothing_new(const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
  Kept all = kept;
  const Tensor y = right(q, k, v, all);
  if (!kept.keys.defined()) kept = all;
  return y;
}
Tensor strict(const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
  return attend(q, k, v, kept, Corner::strict);
}
Tensor past_without_mask(const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
  return attend(q, k, v, kept, kept.keys.defined() ? Corner::none : Corner::bottom_right);
}
Tensor keys_as_values(const Tensor& q, const Tensor& k, const Tensor&, Kept& kept) {
  return attend(q, k, k, kept, Corner::bottom_right);
}
Tensor past_only(const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
  if (!kept.keys.defined()) return right(q, k, v, kept);
  const Kept before = kept;
  right(q, k, v, kept);
  return scaled_dot_product_attention(q, before.keys, before.values);
}

const checks::Exercise<decltype(cached_attention)> exercise{
    "10_cached_attention",
    cached_attention,
    right,
    {{"GP-03",
      "the mask's corner is at the top left: one new query may see all kept keys. Align it at the bottom "
      "right",
      top_left},
     {"GP-05", "no mask: of several new tokens each saw those after it. A prompt needs the causal mask too",
      no_mask},
     {"GP-26", "the new keys stand in front of the kept ones: time goes on, so they belong behind", in_front},
     {"GP-27", "only the new keys were seen: what was kept is the past", forgets_the_past},
     {"GP-28", "the new keys were not kept: the next token will miss them", keeps_nothing_new},
     {"GP-68", "a new token does not see itself: new token i attends to the new ones up to and including i",
      strict},
     {"GP-69", "several new tokens after a past need the causal mask, too: each saw those after it",
      past_without_mask},
     {"GP-70", "the keys were kept as values: the weights are for the values", keys_as_values},
     {"GP-71", "the new tokens attend to the past alone: they attend to each other, too", past_only}}};

// Outputs of all steps, and what is kept at the end.
std::vector<Tensor> in_steps(Tensor (*f)(const Tensor&, const Tensor&, const Tensor&, Kept&),
                             const std::vector<index_t>& steps) {
  Generator gen(6);
  const Tensor q = randn({2, 3, 6, 4}, gen), k = randn({2, 3, 6, 4}, gen), v = randn({2, 3, 6, 4}, gen);
  Kept kept;
  std::vector<Tensor> answers;
  index_t at = 0;
  for (const index_t n : steps) {
    answers.push_back(f(q.slice(2, at, at + n), k.slice(2, at, at + n), v.slice(2, at, at + n), kept));
    at += n;
  }
  answers.push_back(kept.keys), answers.push_back(kept.values);
  return answers;
}

// Inputs of one step: t new tokens after `past` kept ones.
std::tuple<Tensor, Tensor, Tensor, Kept> step(index_t batch, index_t past, index_t t, double scale = 1) {
  Generator gen(7);
  const auto some = [&](index_t n) { return randn({batch, 3, n, 4}, gen); };
  Kept kept;
  if (past > 0) kept = {some(past), some(past)};
  return {some(t) * scale, some(t), some(t), kept};
}

TEST(CachedAttention, OfOneStep) {
  exercise.call("cached_attention of 4 new tokens, none kept", [] { return step(2, 0, 4); });
  exercise.call("cached_attention of 1 new token, 5 kept", [] { return step(2, 5, 1); });
  exercise.call("cached_attention of 3 new tokens, 2 kept, B = 1", [] { return step(1, 2, 3); });
  exercise.call("cached_attention of 3 new tokens, 3 kept", [] { return step(2, 3, 3); });
  exercise.call("cached_attention of 2 new tokens, 40 kept, B = 1", [] { return step(1, 40, 2); });
  exercise.call("cached_attention of 1 new token, none kept, B = 1", [] { return step(1, 0, 1); });
}
TEST(CachedAttention, HoldsForLargeScores) {
  exercise.call("cached_attention of 1000 · q of 2 new tokens, 3 kept", [] { return step(2, 3, 2, 1000); });
}

TEST(CachedAttention, ReadsOneTokenAtATime) {
  exercise.compare("cached_attention, 1 + 1 + 1 tokens of q, k, v (2, 3, 6, 4)", [](auto f) {
    return in_steps(f, {1, 1, 1});
  });
}
TEST(CachedAttention, ReadsAPromptThenTokens) {
  exercise.compare("cached_attention, a prompt of 4, then 1 + 1", [](auto f) {
    return in_steps(f, {4, 1, 1});
  });
}
TEST(CachedAttention, ReadsSeveralTokensAfterOthers) {
  exercise.compare("cached_attention, 2 tokens, then 3 at once", [](auto f) { return in_steps(f, {2, 3}); });
}

}  // namespace
}  // namespace heed::exercise
