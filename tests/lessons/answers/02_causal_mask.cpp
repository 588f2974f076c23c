#include <algorithm>
#include <cstdint>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

template <class Rule>
Mask mask_of(index_t t, index_t s, const Rule& rule) {
  std::vector<std::uint8_t> values;
  for (index_t query = 0; query < t; ++query)
    for (index_t key = 0; key < s; ++key) values.push_back(rule(query, key));
  return Mask(values, {t, s});
}

const Answers<decltype(causal_mask)> answers{
    {"the library's mask", "pass", [](index_t t, index_t s) { return causal(t, s); }},
    {"counted from the end", "pass",
     [](index_t t, index_t s) {
       return mask_of(t, s, [=](index_t query, index_t key) { return s - key >= t - query; });
     }},
    {"a table of zeros, filled", "pass",
     [](index_t t, index_t s) {
       std::vector<std::uint8_t> values(static_cast<std::size_t>(t * s), 0);
       for (index_t query = 0; query < t; ++query) {
         const index_t allowed = std::max<index_t>(0, query + s - t + 1);
         for (index_t key = 0; key < allowed; ++key) values[static_cast<std::size_t>(query * s + key)] = 1;
       }
       return Mask(values, {t, s});
     }},
    {"a triangle for as many queries as keys, else everything", "MK-10",
     [](index_t t, index_t s) {
       return mask_of(t, s, [=](index_t query, index_t key) { return t == s ? key <= query : true; });
     }},
    {"correct only for as many queries as keys", "MK-16",
     [](index_t t, index_t s) {
       return mask_of(t, s, [](index_t query, index_t key) { return key <= query; });
     }},
    {"the distance without its sign", "wrong",
     [](index_t t, index_t s) {
       return mask_of(t, s, [=](index_t query, index_t key) { return key <= query + std::abs(s - t); });
     }},
    {"no offset below 0", "MK-16",
     [](index_t t, index_t s) {
       return mask_of(t, s,
                      [=](index_t query, index_t key) { return key <= query + std::max<index_t>(0, s - t); });
     }},
    {"at least one key for each query", "wrong",
     [](index_t t, index_t s) {
       return mask_of(t, s,
                      [=](index_t query, index_t key) { return key <= std::max<index_t>(0, query + s - t); });
     }},
    {"no mask for more queries than keys", "MK-10",
     [](index_t t, index_t s) {
       return t > s ? Mask::full({t, s}, true) : causal(t, s);
     }},
    {"an error for more queries than keys", "wrong",
     [](index_t t, index_t s) {
       check(t <= s, "causal_mask", "more queries than keys");
       return causal(t, s);
     }},
    {"an error for no queries", "wrong",
     [](index_t t, index_t s) {
       check(t > 0 && s > 0, "causal_mask", "no queries");
       return causal(t, s);
     }},
    {"(S, T)", "likely MK-09",
     [](index_t t, index_t s) {
       return mask_of(s, t, [=](index_t key, index_t query) { return key <= query + s - t; });
     }},
    {"one key too few with a cache", "MK-07",
     [](index_t t, index_t s) {
       return mask_of(t, s,
                      [=](index_t query, index_t key) { return key <= query + s - t - (s > t ? 1 : 0); });
     }},
    {"a window of three keys", "wrong", [](index_t t, index_t s) {
       return mask_of(
           t, s, [=](index_t query, index_t key) { return key <= query + s - t && key > query + s - t - 3; });
     }}};

}  // namespace

Mask causal_mask(index_t t, index_t s) { return answers.chosen(t, s); }

}  // namespace heed::exercise
