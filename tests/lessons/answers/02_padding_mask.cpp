#include <cstdint>

#include "lessons/02_scaled_dot_product_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

template <class Rule>
Mask mask_of(const IntTensor& ids, const Rule& rule) {
  std::vector<std::uint8_t> values;
  for (index_t b = 0; b < ids.size(0); ++b)
    for (index_t s = 0; s < ids.size(1); ++s) values.push_back(rule(b, s));
  return Mask(values, {ids.size(0), 1, ids.size(1)});
}

const Answers<decltype(padding_mask)> answers{
    {"the library's mask", "pass", [](const IntTensor& ids, index_t pad) { return not_padding(ids, pad); }},
    {"two loops", "pass",
     [](const IntTensor& ids, index_t pad) {
       return mask_of(ids, [&](index_t b, index_t s) { return ids.at({b, s}) != pad; });
     }},
    {"a flat mask, then reshaped", "pass",
     [](const IntTensor& ids, index_t pad) {
       std::vector<std::uint8_t> values(static_cast<std::size_t>(ids.numel()), 1);
       for (index_t i = 0; i < ids.numel(); ++i)
         if (ids[i] == pad) values[static_cast<std::size_t>(i)] = 0;
       return Mask(values, ids.shape()).reshape({ids.size(0), 1, ids.size(1)});
     }},
    {"(B, S)", "MK-21",
     [](const IntTensor& ids, index_t pad) { return not_padding(ids, pad).reshape(ids.shape()); }},
    {"(B, 1, 1, S)", "wrong",
     [](const IntTensor& ids, index_t pad) { return not_padding(ids, pad).unsqueeze(1); }},
    {"(B, S, S)", "wrong",
     [](const IntTensor& ids, index_t pad) {
       return not_padding(ids, pad).expand({ids.size(0), ids.size(1), ids.size(1)});
     }},
    {"ids above the padding", "wrong",
     [](const IntTensor& ids, index_t pad) {
       return mask_of(ids, [&](index_t b, index_t s) { return ids.at({b, s}) > pad; });
     }},
    {"0 is padding as well", "wrong",
     [](const IntTensor& ids, index_t pad) { return not_padding(ids, pad) & not_padding(ids, 0); }},
    {"0 is the padding", "MK-22", [](const IntTensor& ids, index_t) { return not_padding(ids, 0); }},
    {"only padding at the end is masked", "likely MK-01",
     [](const IntTensor& ids, index_t pad) {
       return mask_of(ids, [&](index_t b, index_t s) {
         for (index_t i = s; i < ids.size(1); ++i)
           if (ids.at({b, i}) != pad) return true;
         return false;
       });
     }},
    {"at least the first key is allowed", "wrong",
     [](const IntTensor& ids, index_t pad) {
       return mask_of(ids, [&](index_t b, index_t s) {
         bool all_padding = true;
         for (index_t i = 0; i < ids.size(1); ++i) all_padding = all_padding && ids.at({b, i}) == pad;
         return ids.at({b, s}) != pad || (all_padding && s == 0);
       });
     }},
    {"the mask of the first sequence", "MK-25",
     [](const IntTensor& ids, index_t pad) {
       return mask_of(ids, [&](index_t, index_t s) { return ids.at({0, s}) != pad; });
     }},
    {"nothing is masked in a batch of one", "MK-01",
     [](const IntTensor& ids, index_t pad) {
       return ids.size(0) == 1 ? Mask::full({1, 1, ids.size(1)}, true) : not_padding(ids, pad);
     }},
    {"an error for a sequence of length 0", "wrong",
     [](const IntTensor& ids, index_t pad) {
       check(ids.numel() > 0, "padding_mask", "no ids");
       return not_padding(ids, pad);
     }},
    {"(S, 1, B)", "wrong", [](const IntTensor& ids, index_t pad) {
       return not_padding(ids, pad).reshape({ids.size(1), 1, ids.size(0)});
     }}};

}  // namespace

Mask padding_mask(const IntTensor& ids, index_t pad) { return answers.chosen(ids, pad); }

}  // namespace heed::exercise
