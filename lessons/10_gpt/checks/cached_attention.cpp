#include "lessons/10_gpt/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

enum class Corner { bottom_right, top_left, none };

Mask mask_of(index_t t, index_t s, Corner corner) {
  if (corner == Corner::bottom_right) return causal(t, s);
  const Tensor rows = arange(0, static_cast<double>(t)).reshape({t, 1}),
               columns = arange(0, static_cast<double>(s));
  return (rows - columns) > (corner == Corner::top_left ? -0.5 : -1e9);
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

const tutor::Exercise<decltype(cached_attention)> exercise{
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
     {"GP-28", "the new keys were not kept: the next token will miss them", keeps_nothing_new}}};

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
