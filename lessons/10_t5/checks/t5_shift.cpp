#include <algorithm>

#include "lessons/10_t5/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

IntTensor with_ignored(const IntTensor& labels, index_t start) {
  IntTensor decoder_input = labels;
  const index_t t = labels.size(1);
  for (index_t i = 0; i < labels.numel(); ++i)
    decoder_input.values()[static_cast<std::size_t>(i)] = i % t == 0 ? start : labels[i - 1];
  return decoder_input;
}
IntTensor filled(IntTensor decoder_input, index_t with) {
  std::replace(decoder_input.values().begin(), decoder_input.values().end(), index_t{-100}, with);
  return decoder_input;
}
IntTensor reference(const IntTensor& labels, index_t start) {
  return filled(with_ignored(labels, start), start);
}

IntTensor not_shifted(const IntTensor& labels, index_t start) { return filled(labels, start); }
IntTensor to_the_left(const IntTensor& labels, index_t start) {
  IntTensor decoder_input = labels;
  const index_t t = labels.size(1);
  for (index_t i = 0; i < labels.numel(); ++i)
    decoder_input.values()[static_cast<std::size_t>(i)] = i % t == t - 1 ? start : labels[i + 1];
  return filled(decoder_input, start);
}
IntTensor rolled(const IntTensor& labels, index_t start) {
  IntTensor decoder_input = with_ignored(labels, start);
  for (index_t b = 0, t = labels.size(1); t > 0 && b < labels.size(0); ++b)
    decoder_input.values()[static_cast<std::size_t>(b * t)] = labels[b * t + t - 1];
  return filled(decoder_input, start);
}
IntTensor over_the_border(const IntTensor& labels, index_t start) {
  IntTensor decoder_input = with_ignored(labels, start);
  for (index_t i = labels.size(1); i > 0 && i < labels.numel(); i += labels.size(1))
    decoder_input.values()[static_cast<std::size_t>(i)] = labels[i - 1];
  return filled(decoder_input, start);
}
IntTensor longer(const IntTensor& labels, index_t start) {
  const index_t t = labels.size(1);
  std::vector<index_t> decoder_input;
  for (index_t i = 0; i < labels.numel(); ++i) {
    if (i % t == 0) decoder_input.push_back(start);
    decoder_input.push_back(labels[i]);
  }
  return filled(IntTensor(decoder_input, {labels.size(0), t + 1}), start);
}
IntTensor from_zero(const IntTensor& labels, index_t) { return reference(labels, 0); }
IntTensor filled_with_zero(const IntTensor& labels, index_t start) {
  return filled(with_ignored(labels, start), 0);
}

const checks::Exercise<decltype(t5_shift)> exercise{
    "10_t5_shift",
    t5_shift,
    reference,
    {{"T5-05", "-100 was passed to the decoder: replace it by start", with_ignored},
     {"T5-26", "the labels were not shifted: the decoder's input is the token that it must predict",
      not_shifted},
     {"T5-27", "shifted to the left: the decoder's input is the token after the one to predict", to_the_left},
     {"T5-28", "the last label wraps around to the front: the start token must be there", rolled},
     {"T5-29", "a row begins with the last label of the row before it: every row begins with start",
      over_the_border},
     {"T5-30", "one token longer than the labels: drop the last label", longer},
     {"T5-31", "the start token is not always 0: use `start`", from_zero},
     {"T5-32", "an ignored label became 0: use `start`, which is not always 0", filled_with_zero}}};

TEST(T5Shift, BeginsWithTheStartToken) {
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
  exercise.invariant("T5-05", "every id of the decoder's input must be a token: none is negative",
                     [](auto f) {
                       const IntTensor decoder_input = f(IntTensor({{8, 1, -100, -100}, {5, 6, 1, -100}}), 0);
                       return std::all_of(decoder_input.values().begin(), decoder_input.values().end(),
                                          [](index_t id) { return id >= 0; });
                     });
}

TEST(T5Shift, OfOneTokenOrNone) {
  exercise.call("t5_shift({{4}, {5}}, 7)", [] { return std::tuple(IntTensor({{4}, {5}}), index_t{7}); });
  exercise.call("t5_shift({{}, {}}, 7)", [] { return std::tuple(IntTensor::zeros({2, 0}), index_t{7}); });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit T5-05: `previous == -100 ? start : previous` => `previous`
