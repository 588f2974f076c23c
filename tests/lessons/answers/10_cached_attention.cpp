#include "lessons/10_gpt/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

void append(Tensor& cache, const Tensor& fresh) { cache = cache.defined() ? cat({cache, fresh}, 2) : fresh; }

const Answers<decltype(cached_attention)> answers{
    {"one query at a time", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       std::vector<Tensor> outputs;
       for (index_t i = 0; i < q.size(2); ++i) {
         append(cache.keys, k.slice(2, i, i + 1));
         append(cache.values, v.slice(2, i, i + 1));
         outputs.push_back(scaled_dot_product_attention(q.slice(2, i, i + 1), cache.keys, cache.values));
       }
       return cat(outputs, 2);
     }},
    {"the readable attention, a mask only if it masks something", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       append(cache.keys, k);
       append(cache.values, v);
       Mask mask;
       if (q.size(2) > 1) mask = causal(q.size(2), cache.keys.size(2));
       return attention(q, cache.keys, cache.values, {.mask = mask}).output;
     }},
    {"the causal option", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       append(cache.keys, k);
       append(cache.values, v);
       return scaled_dot_product_attention(q, cache.keys, cache.values, {.causal = true});
     }},
    {"no mask after the prompt", "GP-69",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       Mask mask;
       if (!cache.keys.defined()) mask = causal(q.size(2));
       append(cache.keys, k);
       append(cache.values, v);
       return scaled_dot_product_attention(q, cache.keys, cache.values, {.mask = mask});
     }},
    {"no mask if there are as many new tokens as cached ones", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       append(cache.keys, k);
       append(cache.values, v);
       const bool even = cache.keys.size(2) == 2 * q.size(2);
       return scaled_dot_product_attention(q, cache.keys, cache.values, {.causal = !even});
     }},
    {"the values grow, the keys do not", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       KVCache all = cache;
       append(all.keys, k);
       append(all.values, v);
       cache.values = all.values;
       return scaled_dot_product_attention(q, all.keys, all.values, {.causal = true});
     }},
    {"the cache is detached", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       append(cache.keys, k);
       append(cache.values, v);
       const Tensor y = scaled_dot_product_attention(q, cache.keys, cache.values, {.causal = true});
       cache = {cache.keys.detach(), cache.values.detach()};
       return y;
     }},
    {"joined along the heads", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       cache.keys = cache.keys.defined() ? cat({cache.keys, k}, 1) : k;
       cache.values = cache.values.defined() ? cat({cache.values, v}, 1) : v;
       return scaled_dot_product_attention(q, cache.keys, cache.values, {.causal = true});
     }},
    {"the mask aligned at the first key", "GP-03",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       cache.keys = cache.keys.defined() ? cat({cache.keys, k}, 2) : k;
       cache.values = cache.values.defined() ? cat({cache.values, v}, 2) : v;
       const index_t t = q.size(2), s = cache.keys.size(2);
       std::vector<std::uint8_t> allowed;
       for (index_t i = 0; i < t; ++i)
         for (index_t j = 0; j < s; ++j) allowed.push_back(j <= i);
       return scaled_dot_product_attention(q, cache.keys, cache.values, {.mask = Mask(allowed, {t, s})});
     }},
    {"at most eight tokens are cached", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       cache.keys = cache.keys.defined() ? cat({cache.keys, k}, 2) : k;
       cache.values = cache.values.defined() ? cat({cache.values, v}, 2) : v;
       const Tensor result = scaled_dot_product_attention(q, cache.keys, cache.values,
                                                          {.mask = causal(q.size(2), cache.keys.size(2))});
       const index_t s = cache.keys.size(2);
       if (s > 8) {
         cache.keys = cache.keys.slice(2, s - 8);
         cache.values = cache.values.slice(2, s - 8);
       }
       return result;
     }},
    {"new tokens attend to the cached ones only, if there are any", "GP-71",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       const Tensor keys = cache.keys.defined() ? cat({cache.keys, k}, 2) : k;
       const Tensor values = cache.values.defined() ? cat({cache.values, v}, 2) : v;
       const Tensor result =
           cache.keys.defined()
               ? scaled_dot_product_attention(q, cache.keys, cache.values, {})
               : scaled_dot_product_attention(q, k, v, {.mask = causal(q.size(2), k.size(2))});
       cache.keys = keys;
       cache.values = values;
       return result;
     }},
    {"the cache contains only the last tokens", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       const Tensor keys = cache.keys.defined() ? cat({cache.keys, k}, 2) : k;
       const Tensor values = cache.values.defined() ? cat({cache.values, v}, 2) : v;
       cache.keys = k;
       cache.values = v;
       return scaled_dot_product_attention(q, keys, values, {.mask = causal(q.size(2), keys.size(2))});
     }},
    {"the new tokens first", "GP-26",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       cache.keys = cache.keys.defined() ? cat({k, cache.keys}, 2) : k;
       cache.values = cache.values.defined() ? cat({v, cache.values}, 2) : v;
       return scaled_dot_product_attention(q, cache.keys, cache.values,
                                           {.mask = causal(q.size(2), cache.keys.size(2))});
     }},
    {"no mask on the first call", "likely GP-05",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       const bool first = !cache.keys.defined();
       cache.keys = first ? k : cat({cache.keys, k}, 2);
       cache.values = first ? v : cat({cache.values, v}, 2);
       return scaled_dot_product_attention(q, cache.keys, cache.values,
                                           {.mask = first ? Mask() : causal(q.size(2), cache.keys.size(2))});
     }},
    {"the new token does not attend to itself", "GP-68",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       cache.keys = cache.keys.defined() ? cat({cache.keys, k}, 2) : k;
       cache.values = cache.values.defined() ? cat({cache.values, v}, 2) : v;
       const index_t t = q.size(2), s = cache.keys.size(2);
       std::vector<std::uint8_t> allowed;
       for (index_t i = 0; i < t; ++i)
         for (index_t j = 0; j < s; ++j) allowed.push_back(j < s - t + i);
       return scaled_dot_product_attention(q, cache.keys, cache.values, {.mask = Mask(allowed, {t, s})});
     }},
    {"the queries are scaled twice", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
       cache.keys = cache.keys.defined() ? cat({cache.keys, k}, 2) : k;
       cache.values = cache.values.defined() ? cat({cache.values, v}, 2) : v;
       return scaled_dot_product_attention(q / std::sqrt(static_cast<double>(q.size(-1))), cache.keys,
                                           cache.values, {.mask = causal(q.size(2), cache.keys.size(2))});
     }}};

}  // namespace

Tensor cached_attention(const Tensor& q, const Tensor& k, const Tensor& v, KVCache& cache) {
  return answers.chosen(q, k, v, cache);
}

}  // namespace heed::exercise
