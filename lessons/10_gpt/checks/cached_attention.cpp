#include "lessons/10_gpt/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(KVCache& cache, const Visit& visit) {
  visit(cache.keys);
  visit(cache.values);
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
Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache, Corner corner,
              bool prepended = false) {
  const auto joined = [&](const Tensor& old, const Tensor& added) {
    if (!old.defined()) return added;
    return prepended ? cat({added, old}, 2) : cat({old, added}, 2);
  };
  cache = {joined(cache.keys, k), joined(cache.values, v)};
  return scaled_dot_product_attention(q, cache.keys, cache.values,
                                      {.mask = mask_of(q.size(2), cache.keys.size(2), corner)});
}
Tensor reference(const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
  return attend(q, k, v, cache, Corner::bottom_right);
}
Tensor top_left(const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
  return attend(q, k, v, cache, Corner::top_left);
}
Tensor no_mask(const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
  return attend(q, k, v, cache, Corner::none);
}
Tensor prepended(const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
  return attend(q, k, v, cache, Corner::bottom_right, true);
}
Tensor ignores_the_past(const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
  cache = {};
  return reference(q, k, v, cache);
}
Tensor cache_not_updated(const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
  KVCache all = cache;
  const Tensor y = reference(q, k, v, all);
  if (!cache.keys.defined()) cache = all;
  return y;
}
Tensor strict(const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
  return attend(q, k, v, cache, Corner::strict);
}
Tensor past_without_mask(const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
  return attend(q, k, v, cache, cache.keys.defined() ? Corner::none : Corner::bottom_right);
}
Tensor keys_as_values(const Tensor& q, const Tensor& k, const Tensor&, KVCache& cache) {
  return attend(q, k, k, cache, Corner::bottom_right);
}
Tensor past_only(const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
  if (!cache.keys.defined()) return reference(q, k, v, cache);
  const KVCache before = cache;
  reference(q, k, v, cache);
  return scaled_dot_product_attention(q, before.keys, before.values);
}

const checks::Exercise<decltype(cached_attention)> exercise{
    "10_cached_attention",
    cached_attention,
    reference,
    {{"GP-03", "the mask is aligned at the top left: align it at the bottom right", top_left},
     {"GP-05", "no mask: new tokens attended to later ones. A prompt needs the causal mask, too", no_mask},
     {"GP-26", "the new keys come before the cached ones: append them at the end", prepended},
     {"GP-27", "only the new keys were used: attend to the cached ones, too", ignores_the_past},
     {"GP-28", "the new keys were not cached: the next token cannot attend to them", cache_not_updated},
     {"GP-68", "a new token does not attend to itself: new token i attends to new tokens 0 to i", strict},
     {"GP-69", "new tokens after cached ones need the causal mask, too: they attended to later ones",
      past_without_mask},
     {"GP-70", "the keys were cached as values: the output is the weighted mean of the values",
      keys_as_values},
     {"GP-71", "the new tokens attend only to the cached ones: they must attend to each other, too",
      past_only}}};

// Returns the outputs of all steps, then the final cache.
std::vector<Tensor> in_steps(Tensor (*f)(const Tensor&, const Tensor&, const Tensor&, KVCache&),
                             const std::vector<index_t>& steps) {
  Generator gen(6);
  const Tensor q = randn({2, 3, 6, 4}, gen), k = randn({2, 3, 6, 4}, gen), v = randn({2, 3, 6, 4}, gen);
  KVCache cache;
  std::vector<Tensor> results;
  index_t position = 0;
  for (const index_t n : steps) {
    results.push_back(f(q.slice(2, position, position + n), k.slice(2, position, position + n),
                        v.slice(2, position, position + n), cache));
    position += n;
  }
  results.push_back(cache.keys);
  results.push_back(cache.values);
  return results;
}

// Returns the inputs of one step: t new tokens after `past` cached ones.
std::tuple<Tensor, Tensor, Tensor, KVCache> step(index_t batch, index_t past, index_t t, double scale = 1) {
  Generator gen(7);
  const auto random = [&](index_t n) { return randn({batch, 3, n, 4}, gen); };
  KVCache cache;
  if (past > 0) cache = {random(past), random(past)};
  return {random(t) * scale, random(t), random(t), cache};
}

TEST(CachedAttention, OfOneStep) {
  exercise.call("cached_attention of 4 new tokens, empty cache", [] { return step(2, 0, 4); });
  exercise.call("cached_attention of 1 new token, 5 cached", [] { return step(2, 5, 1); });
  exercise.call("cached_attention of 3 new tokens, 2 cached, B = 1", [] { return step(1, 2, 3); });
  exercise.call("cached_attention of 3 new tokens, 3 cached", [] { return step(2, 3, 3); });
  exercise.call("cached_attention of 2 new tokens, 40 cached, B = 1", [] { return step(1, 40, 2); });
  exercise.call("cached_attention of 1 new token, empty cache, B = 1", [] { return step(1, 0, 1); });
}
TEST(CachedAttention, IsCorrectForLargeScores) {
  exercise.call("cached_attention of 1000 · q of 2 new tokens, 3 cached", [] { return step(2, 3, 2, 1000); });
}

TEST(CachedAttention, OfOneTokenAtATime) {
  exercise.compare("cached_attention, 1 + 1 + 1 tokens of q, k, v (2, 3, 6, 4)", [](auto f) {
    return in_steps(f, {1, 1, 1});
  });
}
TEST(CachedAttention, OfAPromptThenTokens) {
  exercise.compare("cached_attention, a prompt of 4, then 1 + 1", [](auto f) {
    return in_steps(f, {4, 1, 1});
  });
}
TEST(CachedAttention, OfSeveralTokensAfterOthers) {
  exercise.compare("cached_attention, 2 tokens, then 3 at once", [](auto f) { return in_steps(f, {2, 3}); });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit GP-05: `{.mask = causal(q.size(2), cache.keys.size(2))}` => `{}`
