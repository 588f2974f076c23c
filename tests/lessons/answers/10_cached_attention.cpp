#include "lessons/10_gpt/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

void append(Tensor& kept, const Tensor& fresh) { kept = kept.defined() ? cat({kept, fresh}, 2) : fresh; }

const Answers<decltype(cached_attention)> answers{
    {"one query at a time", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       std::vector<Tensor> outputs;
       for (index_t i = 0; i < q.size(2); ++i) {
         append(kept.keys, k.slice(2, i, i + 1)), append(kept.values, v.slice(2, i, i + 1));
         outputs.push_back(scaled_dot_product_attention(q.slice(2, i, i + 1), kept.keys, kept.values));
       }
       return cat(outputs, 2);
     }},
    {"the readable attention, a mask only if it masks something", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       append(kept.keys, k), append(kept.values, v);
       Mask mask;
       if (q.size(2) > 1) mask = causal(q.size(2), kept.keys.size(2));
       return attention(q, kept.keys, kept.values, {.mask = mask}).output;
     }},
    {"the causal option", "pass",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       append(kept.keys, k), append(kept.values, v);
       return scaled_dot_product_attention(q, kept.keys, kept.values, {.causal = true});
     }},
    {"no mask after the prompt", "GP-69",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       Mask mask;
       if (!kept.keys.defined()) mask = causal(q.size(2));
       append(kept.keys, k), append(kept.values, v);
       return scaled_dot_product_attention(q, kept.keys, kept.values, {.mask = mask});
     }},
    {"no mask if there are as many new tokens as kept ones", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       append(kept.keys, k), append(kept.values, v);
       const bool even = kept.keys.size(2) == 2 * q.size(2);
       return scaled_dot_product_attention(q, kept.keys, kept.values, {.causal = !even});
     }},
    {"values grow, keys do not", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       Kept all = kept;
       append(all.keys, k), append(all.values, v);
       kept.values = all.values;
       return scaled_dot_product_attention(q, all.keys, all.values, {.causal = true});
     }},
    {"the cache is detached", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       append(kept.keys, k), append(kept.values, v);
       const Tensor y = scaled_dot_product_attention(q, kept.keys, kept.values, {.causal = true});
       kept = {kept.keys.detach(), kept.values.detach()};
       return y;
     }},
    {"joined along the heads", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       kept.keys = kept.keys.defined() ? cat({kept.keys, k}, 1) : k;
       kept.values = kept.values.defined() ? cat({kept.values, v}, 1) : v;
       return scaled_dot_product_attention(q, kept.keys, kept.values, {.causal = true});
     }},
    {"the mask counted from the first key", "GP-03",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       kept.keys = kept.keys.defined() ? cat({kept.keys, k}, 2) : k;
       kept.values = kept.values.defined() ? cat({kept.values, v}, 2) : v;
       const index_t t = q.size(2), s = kept.keys.size(2);
       std::vector<std::uint8_t> allowed;
       for (index_t i = 0; i < t; ++i)
         for (index_t j = 0; j < s; ++j) allowed.push_back(j <= i);
       return scaled_dot_product_attention(q, kept.keys, kept.values, {.mask = Mask(allowed, {t, s})});
     }},
    {"at most eight tokens are kept", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       kept.keys = kept.keys.defined() ? cat({kept.keys, k}, 2) : k;
       kept.values = kept.values.defined() ? cat({kept.values, v}, 2) : v;
       const Tensor result = scaled_dot_product_attention(q, kept.keys, kept.values,
                                                          {.mask = causal(q.size(2), kept.keys.size(2))});
       const index_t s = kept.keys.size(2);
       if (s > 8) kept.keys = kept.keys.slice(2, s - 8), kept.values = kept.values.slice(2, s - 8);
       return result;
     }},
    {"new tokens look at the kept ones alone, if there are any", "GP-71",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       const Tensor keys = kept.keys.defined() ? cat({kept.keys, k}, 2) : k;
       const Tensor values = kept.values.defined() ? cat({kept.values, v}, 2) : v;
       const Tensor result = kept.keys.defined() ? scaled_dot_product_attention(q, kept.keys, kept.values, {})
                                                 : scaled_dot_product_attention(
                                                       q, k, v, {.mask = causal(q.size(2), k.size(2))});
       kept.keys = keys, kept.values = values;
       return result;
     }},
    {"the cache holds the last tokens alone", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       const Tensor keys = kept.keys.defined() ? cat({kept.keys, k}, 2) : k;
       const Tensor values = kept.values.defined() ? cat({kept.values, v}, 2) : v;
       kept.keys = k, kept.values = v;
       return scaled_dot_product_attention(q, keys, values, {.mask = causal(q.size(2), keys.size(2))});
     }},
    {"new ones in front", "GP-26",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       kept.keys = kept.keys.defined() ? cat({k, kept.keys}, 2) : k;
       kept.values = kept.values.defined() ? cat({v, kept.values}, 2) : v;
       return scaled_dot_product_attention(q, kept.keys, kept.values,
                                           {.mask = causal(q.size(2), kept.keys.size(2))});
     }},
    {"no mask on the first call", "likely GP-05",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       const bool first = !kept.keys.defined();
       kept.keys = first ? k : cat({kept.keys, k}, 2);
       kept.values = first ? v : cat({kept.values, v}, 2);
       return scaled_dot_product_attention(q, kept.keys, kept.values,
                                           {.mask = first ? Mask() : causal(q.size(2), kept.keys.size(2))});
     }},
    {"the new token does not see itself", "GP-68",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       kept.keys = kept.keys.defined() ? cat({kept.keys, k}, 2) : k;
       kept.values = kept.values.defined() ? cat({kept.values, v}, 2) : v;
       const index_t t = q.size(2), s = kept.keys.size(2);
       std::vector<std::uint8_t> allowed;
       for (index_t i = 0; i < t; ++i)
         for (index_t j = 0; j < s; ++j) allowed.push_back(j < s - t + i);
       return scaled_dot_product_attention(q, kept.keys, kept.values, {.mask = Mask(allowed, {t, s})});
     }},
    {"the queries are scaled once more", "wrong",
     [](const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
       kept.keys = kept.keys.defined() ? cat({kept.keys, k}, 2) : k;
       kept.values = kept.values.defined() ? cat({kept.values, v}, 2) : v;
       return scaled_dot_product_attention(q / std::sqrt(static_cast<double>(q.size(-1))), kept.keys,
                                           kept.values, {.mask = causal(q.size(2), kept.keys.size(2))});
     }}};

}  // namespace

Tensor cached_attention(const Tensor& q, const Tensor& k, const Tensor& v, Kept& kept) {
  return answers.chosen(q, k, v, kept);
}

}  // namespace heed::exercise
