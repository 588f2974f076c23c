#include <algorithm>

#include "lessons/10_t5/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

IntTensor with_ignored(const IntTensor& labels, index_t start) {
  IntTensor given = labels;
  const index_t t = labels.size(1);
  for (index_t i = 0; i < labels.numel(); ++i)
    given.values()[static_cast<std::size_t>(i)] = i % t == 0 ? start : labels[i - 1];
  return given;
}
IntTensor filled(IntTensor given, index_t with) {
  std::replace(given.values().begin(), given.values().end(), index_t{-100}, with);
  return given;
}
IntTensor right(const IntTensor& labels, index_t start) { return filled(with_ignored(labels, start), start); }

IntTensor not_shifted(const IntTensor& labels, index_t start) { return filled(labels, start); }
IntTensor to_the_left(const IntTensor& labels, index_t start) {
  IntTensor given = labels;
  const index_t t = labels.size(1);
  for (index_t i = 0; i < labels.numel(); ++i)
    given.values()[static_cast<std::size_t>(i)] = i % t == t - 1 ? start : labels[i + 1];
  return filled(given, start);
}
IntTensor rolled(const IntTensor& labels, index_t start) {
  IntTensor given = with_ignored(labels, start);
  for (index_t b = 0, t = labels.size(1); t > 0 && b < labels.size(0); ++b)
    given.values()[static_cast<std::size_t>(b * t)] = labels[b * t + t - 1];
  return filled(given, start);
}
IntTensor over_the_border(const IntTensor& labels, index_t start) {
  IntTensor given = with_ignored(labels, start);
  for (index_t i = labels.size(1); i > 0 && i < labels.numel(); i += labels.size(1))
    given.values()[static_cast<std::size_t>(i)] = labels[i - 1];
  return filled(given, start);
}
IntTensor longer(const IntTensor& labels, index_t start) {
  const index_t t = labels.size(1);
  std::vector<index_t> given;
  for (index_t i = 0; i < labels.numel(); ++i) {
    if (i % t == 0) given.push_back(start);
    given.push_back(labels[i]);
  }
  return filled(IntTensor(given, {labels.size(0), t + 1}), start);
}
IntTensor from_zero(const IntTensor& labels, index_t) { return right(labels, 0); }
IntTensor filled_with_zero(const IntTensor& labels, index_t start) {
  return filled(with_ignored(labels, start), 0);
}

const checks::Exercise<decltype(t5_shift)> exercise{
    "10_t5_shift",
    t5_shift,
    right,
    {{"T5-05", "-100 was given to the decoder: put the start where a label does not count", with_ignored},
     {"T5-26", "the labels were not shifted: the decoder is given the word that it is to write", not_shifted},
     {"T5-27", "shifted to the left: the decoder is given the word after the one it is to write",
      to_the_left},
     {"T5-28", "the last label came round to the front; the start stands there", rolled},
     {"T5-29", "a text begins with the last label of the text before it: every row begins with the start",
      over_the_border},
     {"T5-30", "one word longer than the labels: the last label is given to nobody", longer},
     {"T5-31", "the start is not always 0: use `start`", from_zero},
     {"T5-32", "where a label does not count the decoder is given `start`, which is not always 0",
      filled_with_zero}}};

TEST(T5Shift, PutsTheStartInFront) {
  exercise.call("t5_shift({{5, 6, 7, 1}, {8, 9, 3, 1}}, 0)", [] {
    return std::tuple(IntTensor({{5, 6, 7, 1}, {8, 9, 3, 1}}), index_t{0});
  });
  exercise.call("t5_shift({{0, 6, 0, 1}, {8, 0, 3, 0}}, 4)", [] {
    return std::tuple(IntTensor({{0, 6, 0, 1}, {8, 0, 3, 0}}), index_t{4});
  });
  exercise.call("t5_shift({{5, 6, 7}}, 2)", [] { return std::tuple(IntTensor({{5, 6, 7}}), index_t{2}); });
}

TEST(T5Shift, HasNoTokenForAnIgnoredLabel) {
  exercise.call("t5_shift({{5, 6, 7, 4, 1}, {8, 1, -100, -100, -100}, {6, 2, 1, -100, -100}}, 13)", [] {
    return std::tuple(IntTensor({{5, 6, 7, 4, 1}, {8, 1, -100, -100, -100}, {6, 2, 1, -100, -100}}),
                      index_t{13});
  });
  exercise.call("t5_shift({{-100, 3, -100, 4}, {-100, -100, -100, -100}}, 9)", [] {
    return std::tuple(IntTensor({{-100, 3, -100, 4}, {-100, -100, -100, -100}}), index_t{9});
  });
  exercise.invariant("T5-05", "every id that is given must be a word: none is negative", [](auto f) {
    const IntTensor given = f(IntTensor({{8, 1, -100, -100}, {5, 6, 1, -100}}), 0);
    return std::all_of(given.values().begin(), given.values().end(), [](index_t id) { return id >= 0; });
  });
}

TEST(T5Shift, OfOneTokenOrNone) {
  exercise.call("t5_shift({{4}, {5}}, 7)", [] { return std::tuple(IntTensor({{4}, {5}}), index_t{7}); });
  exercise.call("t5_shift({{}, {}}, 7)", [] { return std::tuple(IntTensor::zeros({2, 0}), index_t{7}); });
}

}  // namespace
}  // namespace heed::exercise
