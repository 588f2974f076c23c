#include <algorithm>

#include "lessons/10_gpt/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

IntTensor reference(const IntTensor& ids, index_t context) {
  return ids.slice(1, std::max<index_t>(ids.size(1) - context, 0), ids.size(1));
}
IntTensor oldest(const IntTensor& ids, index_t context) {
  return ids.slice(1, 0, std::min(context, ids.size(1)));
}
IntTensor uncropped(const IntTensor& ids, index_t) { return ids; }
IntTensor without_the_last(const IntTensor& ids, index_t context) {
  const index_t end = ids.size(1) > context ? ids.size(1) - 1 : ids.size(1);
  return ids.slice(1, std::max<index_t>(end - context, 0), end);
}
IntTensor one_too_few(const IntTensor& ids, index_t context) { return reference(ids, context - 1); }
IntTensor batch_cropped(const IntTensor& ids, index_t context) {
  return ids.slice(0, std::max<index_t>(ids.size(0) - context, 0), ids.size(0));
}

const checks::Exercise<decltype(crop_context)> exercise{
    "10_crop_context",
    crop_context,
    reference,
    {{"GP-11", "the oldest tokens were kept: the next token depends on the newest", oldest},
     {"GP-12", "more tokens than there are positions: crop to the context", uncropped},
     {"GP-13", "the newest token was cropped: the next token follows it", without_the_last},
     {"GP-14", "one token too few: keep as many as there are positions", one_too_few},
     {"GP-60", "axis 0 was cropped: axis 0 is the batch, the tokens are axis 1", batch_cropped}}};

TEST(CropContext, KeepsTheNewest) {
  exercise.call("crop_context({{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}}, 3)", [] {
    return std::tuple(IntTensor{{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}}, index_t{3});
  });
  exercise.call("crop_context({{1, 2, 3, 4, 5}}, 4)", [] {
    return std::tuple(IntTensor{{1, 2, 3, 4, 5}}, index_t{4});
  });
  exercise.call("crop_context({{1, 2}, {3, 4}, {5, 6}}, 1)", [] {
    return std::tuple(IntTensor{{1, 2}, {3, 4}, {5, 6}}, index_t{1});
  });
}
TEST(CropContext, LeavesAShortSequenceAlone) {
  exercise.call("crop_context({{4, 2}}, 3)", [] { return std::tuple(IntTensor{{4, 2}}, index_t{3}); });
  exercise.call("crop_context({{}, {}}, 3)", [] { return std::tuple(IntTensor::zeros({2, 0}), index_t{3}); });
}
TEST(CropContext, LeavesASequenceThatFillsTheContextAlone) {
  exercise.call("crop_context({{4, 2, 9}, {1, 1, 5}}, 3)", [] {
    return std::tuple(IntTensor{{4, 2, 9}, {1, 1, 5}}, index_t{3});
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit GP-14: `t - context` => `t - context + 1`
