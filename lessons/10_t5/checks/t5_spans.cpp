#include <algorithm>

#include "lessons/10_t5/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {

std::vector<Tensor> parts_of(const TextPair& pair) {
  const auto numbers = [](const std::vector<index_t>& ids) {
    return from_vector(std::vector<double>(ids.begin(), ids.end()), {static_cast<index_t>(ids.size())});
  };
  return {numbers(pair.source), numbers(pair.target)};
}

namespace {

using Ids = std::vector<index_t>;

void copy(Ids& to, const Ids& from, index_t begin, index_t end) {
  to.insert(to.end(), from.begin() + begin, from.begin() + end);
}
TextPair reference(const Ids& text, const Spans& spans, const Ids& sentinels) {
  TextPair pair;
  index_t index = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    copy(pair.source, text, index, spans[i].first);
    pair.source.push_back(sentinels[i]);
    pair.target.push_back(sentinels[i]);
    copy(pair.target, text, spans[i].first, spans[i].second);
    index = spans[i].second;
  }
  copy(pair.source, text, index, static_cast<index_t>(text.size()));
  pair.target.push_back(sentinels[spans.size()]);
  return pair;
}
bool is_sentinel(const Ids& sentinels, index_t id) {
  return std::find(sentinels.begin(), sentinels.end(), id) != sentinels.end();
}
Ids without_sentinels(Ids ids, const Ids& sentinels) {
  std::erase_if(ids, [&](index_t id) { return is_sentinel(sentinels, id); });
  return ids;
}

TextPair no_last(const Ids& text, const Spans& spans, const Ids& sentinels) {
  TextPair pair = reference(text, spans, sentinels);
  pair.target.pop_back();
  return pair;
}
TextPair same_sentinel(const Ids& text, const Spans& spans, const Ids& sentinels) {
  return reference(text, spans, Ids(sentinels.size(), sentinels[0]));
}
TextPair no_sentinels_in_source(const Ids& text, const Spans& spans, const Ids& sentinels) {
  TextPair pair = reference(text, spans, sentinels);
  pair.source = without_sentinels(pair.source, sentinels);
  return pair;
}
TextPair no_sentinels_in_target(const Ids& text, const Spans& spans, const Ids& sentinels) {
  TextPair pair = reference(text, spans, sentinels);
  pair.target = without_sentinels(pair.target, sentinels);
  return pair;
}
TextPair whole_text(const Ids& text, const Spans& spans, const Ids& sentinels) {
  return {reference(text, spans, sentinels).source, text};
}
TextPair one_per_token(const Ids& text, const Spans& spans, const Ids& sentinels) {
  TextPair pair = reference(text, spans, sentinels);
  pair.source = text;
  for (std::size_t i = 0; i < spans.size(); ++i)
    for (index_t index = spans[i].first; index < spans[i].second; ++index)
      pair.source[static_cast<std::size_t>(index)] = sentinels[i];
  return pair;
}
TextPair end_included(const Ids& text, const Spans& spans, const Ids& sentinels) {
  Spans longer = spans;
  for (auto& span : longer) span.second = std::min(span.second + 1, static_cast<index_t>(text.size()));
  return reference(text, longer, sentinels);
}
TextPair swapped(const Ids& text, const Spans& spans, const Ids& sentinels) {
  const TextPair pair = reference(text, spans, sentinels);
  return {pair.target, pair.source};
}
TextPair without_tail(const Ids& text, const Spans& spans, const Ids& sentinels) {
  const index_t last = spans.empty() ? 0 : spans.back().second;
  return reference(Ids(text.begin(), text.begin() + last), spans, sentinels);
}
TextPair tokens_before_the_sentinel(const Ids& text, const Spans& spans, const Ids& sentinels) {
  TextPair pair = reference(text, spans, sentinels);
  pair.target.clear();
  for (std::size_t i = 0; i < spans.size(); ++i) {
    copy(pair.target, text, spans[i].first, spans[i].second);
    pair.target.push_back(sentinels[i]);
  }
  pair.target.push_back(sentinels[spans.size()]);
  return pair;
}

const checks::Exercise<decltype(t5_spans)> exercise{
    "10_t5_spans",
    t5_spans,
    reference,
    {{"T5-33", "the last sentinel of the target is missing: end it with one more sentinel", no_last},
     {"T5-34", "all spans have the same sentinel: each needs its own", same_sentinel},
     {"T5-35", "the source has no sentinels: replace each span by one", no_sentinels_in_source},
     {"T5-36", "the target has no sentinels: each span begins with its sentinel", no_sentinels_in_target},
     {"T5-37", "the target is the whole text: it must have the masked spans only", whole_text},
     {"T5-38", "every masked token has a sentinel: a span of any length has one", one_per_token},
     {"T5-39", "one token too many is masked: a span ends before `end`", end_included},
     {"T5-40", "source and target are swapped", swapped},
     {"T5-41", "the tokens after the last span are missing in the source", without_tail},
     {"T5-42", "in the target, a sentinel comes before its tokens, not after them",
      tokens_before_the_sentinel}}};

TEST(T5Spans, ReplaceTwoSpans) {
  exercise.call("t5_spans({10 … 17}, {{1, 2}, {4, 6}}, {90, 91, 92})", [] {
    return std::tuple(Ids{10, 11, 12, 13, 14, 15, 16, 17}, Spans{{1, 2}, {4, 6}}, Ids{90, 91, 92});
  });
  exercise.call("t5_spans({5, 5, 5, 5}, {{1, 2}, {2, 3}}, {9, 8, 7})", [] {
    return std::tuple(Ids{5, 5, 5, 5}, Spans{{1, 2}, {2, 3}}, Ids{9, 8, 7});
  });
}

TEST(T5Spans, ReplaceTheBeginningAndTheEnd) {
  exercise.call("t5_spans({3, 3, 7, 5, 4, 8, 3}, {{0, 2}, {3, 4}, {6, 7}}, {20, 19, 18, 17})", [] {
    return std::tuple(Ids{3, 3, 7, 5, 4, 8, 3}, Spans{{0, 2}, {3, 4}, {6, 7}}, Ids{20, 19, 18, 17});
  });
}

TEST(T5Spans, ReplaceNothingOrEverything) {
  exercise.call("t5_spans({5, 6, 7}, {}, {9})", [] { return std::tuple(Ids{5, 6, 7}, Spans{}, Ids{9}); });
  exercise.call("t5_spans({5, 6, 7}, {{0, 3}}, {9, 8})", [] {
    return std::tuple(Ids{5, 6, 7}, Spans{{0, 3}}, Ids{9, 8});
  });
  exercise.call("t5_spans({}, {}, {9})", [] { return std::tuple(Ids{}, Spans{}, Ids{9}); });
}

TEST(T5Spans, KeepEveryToken) {
  exercise.invariant("", "source and target together must contain every token of the text once", [](auto f) {
    const Ids text{4, 8, 15, 16, 23, 42}, sentinels{90, 91, 92};
    const TextPair pair = f(text, {{1, 3}, {4, 5}}, sentinels);
    Ids words = without_sentinels(pair.source, sentinels), more = without_sentinels(pair.target, sentinels);
    words.insert(words.end(), more.begin(), more.end());
    std::sort(words.begin(), words.end());
    return words == text;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit T5-33: `pair.target.push_back(sentinels[spans.size()]);` => ``
