#include <algorithm>

#include "lessons/10_gpt/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

const Answers<decltype(crop_context)> answers{
    {"a condition", "pass",
     [](const IntTensor& ids, index_t context) {
       return ids.size(1) > context ? ids.slice(1, ids.size(1) - context, ids.size(1)) : ids;
     }},
    {"two loops", "pass",
     [](const IntTensor& ids, index_t context) {
       const index_t n = std::min(ids.size(1), context);
       IntTensor result = IntTensor::zeros({ids.size(0), n});
       for (index_t b = 0; b < ids.size(0); ++b)
         for (index_t i = 0; i < n; ++i)
           result.values()[static_cast<std::size_t>(b * n + i)] = ids.at({b, ids.size(1) - n + i});
       return result;
     }},
    {"oldest only if much longer", "wrong",
     [](const IntTensor& ids, index_t context) {
       if (ids.size(1) == context + 1) return ids.slice(1, 0, context);
       return ids.slice(1, std::max<index_t>(ids.size(1) - context, 0), ids.size(1));
     }},
    {"a sequence that just fills the context loses a token", "wrong",
     [](const IntTensor& ids, index_t context) {
       const index_t keep = ids.size(1) >= context ? context - (ids.size(1) == context) : ids.size(1);
       return ids.slice(1, ids.size(1) - keep, ids.size(1));
     }},
    {"axis 0", "GP-60",
     [](const IntTensor& ids, index_t context) {
       return ids.slice(0, std::max<index_t>(ids.size(0) - context, 0), ids.size(0));
     }},
    {"T - context without a maximum", "wrong",
     [](const IntTensor& ids, index_t context) {
       const index_t t = ids.size(1);
       return ids.slice(1, t - context, t);
     }},
    {"the oldest tokens", "GP-11",
     [](const IntTensor& ids, index_t context) { return ids.slice(1, 0, std::min(context, ids.size(1))); }},
    {"the length of the batch", "wrong",
     [](const IntTensor& ids, index_t context) {
       const index_t t = ids.size(1);
       return ids.slice(1, std::max<index_t>(ids.size(0) - context, 0), t);
     }},
    {"in multiples of the context", "wrong",
     [](const IntTensor& ids, index_t context) {
       const index_t t = ids.size(1);
       return t <= context ? ids : ids.slice(1, (t - 1) / context * context, t);
     }},
    {"the newest without the last", "GP-13", [](const IntTensor& ids, index_t context) {
       const index_t t = ids.size(1);
       return t <= context ? ids : ids.slice(1, t - context - 1, t - 1);
     }}};

}  // namespace

IntTensor crop_context(const IntTensor& ids, index_t context) { return answers.chosen(ids, context); }

}  // namespace heed::exercise
