#include "lessons/10_bert/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

struct Mistake {
  bool sep_is_second = false, counts_on = false, carries_over = false;
};
IntTensor segments_of(const IntTensor& ids, index_t sep, Mistake mistake) {
  IntTensor segments = IntTensor::zeros(ids.shape());
  index_t segment = 0;
  for (index_t i = 0; i < ids.numel(); ++i) {
    if (i % ids.size(1) == 0 && !mistake.carries_over) segment = 0;
    const bool is_sep = ids[i] == sep;
    const index_t next = mistake.counts_on ? segment + 1 : 1;
    segments.values()[static_cast<std::size_t>(i)] = is_sep && mistake.sep_is_second ? next : segment;
    if (is_sep) segment = next;
  }
  return segments;
}
IntTensor reference(const IntTensor& ids, index_t sep) { return segments_of(ids, sep, {}); }
IntTensor sep_is_second(const IntTensor& ids, index_t sep) {
  return segments_of(ids, sep, {.sep_is_second = true});
}
IntTensor counts_on(const IntTensor& ids, index_t sep) { return segments_of(ids, sep, {.counts_on = true}); }
IntTensor carries_over(const IntTensor& ids, index_t sep) {
  return segments_of(ids, sep, {.carries_over = true});
}
IntTensor all_first(const IntTensor& ids, index_t) { return IntTensor::zeros(ids.shape()); }

const checks::Exercise<decltype(segment_ids)> exercise{
    "10_segment_ids",
    segment_ids,
    reference,
    {{"BE-09", "the first [SEP] is in the second segment: it ends the first sentence", sep_is_second},
     {"BE-10", "a third segment: there are only two, and the last [SEP] begins none", counts_on},
     {"BE-11", "the second row begins with the last segment of the first: every row begins at 0",
      carries_over},
     {"BE-08", "all segments are 0: tokens after the first [SEP] belong to segment 1", all_first}}};

TEST(SegmentIds, ChangeAfterTheFirstSep) {
  exercise.call("segment_ids({{1, 8, 9, 2, 7, 2, 0}, {1, 5, 2, 6, 6, 6, 2}}, 2)", [] {
    return std::tuple(IntTensor{{1, 8, 9, 2, 7, 2, 0}, {1, 5, 2, 6, 6, 6, 2}}, index_t{2});
  });
  exercise.call("segment_ids({{1, 7, 3, 4, 3, 0, 0, 0}}, 3)", [] {
    return std::tuple(IntTensor{{1, 7, 3, 4, 3, 0, 0, 0}}, index_t{3});
  });
}
TEST(SegmentIds, OfOneSentenceAreZeroUpToItsSep) {
  exercise.call("segment_ids({{1, 4, 4, 9}}, 9)", [] {
    return std::tuple(IntTensor{{1, 4, 4, 9}}, index_t{9});
  });
  exercise.call("segment_ids({{1, 4, 2, 0}, {1, 4, 4, 4}, {1, 2, 0, 0}}, 2)", [] {
    return std::tuple(IntTensor{{1, 4, 2, 0}, {1, 4, 4, 4}, {1, 2, 0, 0}}, index_t{2});
  });
}
TEST(SegmentIds, OfEmptyRowsAreEmpty) {
  exercise.call("segment_ids({{}, {}}, 2)", [] { return std::tuple(IntTensor::zeros({2, 0}), index_t{2}); });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit BE-10: `segment = 1` => `++segment`
