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
TextPair right(const Ids& text, const Spans& spans, const Ids& sentinels) {
  TextPair pair;
  index_t at = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    copy(pair.source, text, at, spans[i].first);
    pair.source.push_back(sentinels[i]), pair.target.push_back(sentinels[i]);
    copy(pair.target, text, spans[i].first, spans[i].second);
    at = spans[i].second;
  }
  copy(pair.source, text, at, static_cast<index_t>(text.size()));
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
  TextPair pair = right(text, spans, sentinels);
  pair.target.pop_back();
  return pair;
}
TextPair same_sentinel(const Ids& text, const Spans& spans, const Ids& sentinels) {
  return right(text, spans, Ids(sentinels.size(), sentinels[0]));
}
TextPair nothing_in_its_place(const Ids& text, const Spans& spans, const Ids& sentinels) {
  TextPair pair = right(text, spans, sentinels);
  pair.source = without_sentinels(pair.source, sentinels);
  return pair;
}
TextPair words_alone(const Ids& text, const Spans& spans, const Ids& sentinels) {
  TextPair pair = right(text, spans, sentinels);
  pair.target = without_sentinels(pair.target, sentinels);
  return pair;
}
TextPair whole_text(const Ids& text, const Spans& spans, const Ids& sentinels) {
  return {right(text, spans, sentinels).source, text};
}
TextPair for_each_word(const Ids& text, const Spans& spans, const Ids& sentinels) {
  TextPair pair = right(text, spans, sentinels);
  pair.source = text;
  for (std::size_t i = 0; i < spans.size(); ++i)
    for (index_t at = spans[i].first; at < spans[i].second; ++at)
      pair.source[static_cast<std::size_t>(at)] = sentinels[i];
  return pair;
}
TextPair end_included(const Ids& text, const Spans& spans, const Ids& sentinels) {
  Spans longer = spans;
  for (auto& span : longer) span.second = std::min(span.second + 1, static_cast<index_t>(text.size()));
  return right(text, longer, sentinels);
}
TextPair exchanged(const Ids& text, const Spans& spans, const Ids& sentinels) {
  const TextPair pair = right(text, spans, sentinels);
  return {pair.target, pair.source};
}
TextPair tail_lost(const Ids& text, const Spans& spans, const Ids& sentinels) {
  const index_t last = spans.empty() ? 0 : spans.back().second;
  return right(Ids(text.begin(), text.begin() + last), spans, sentinels);
}
TextPair words_before_the_sentinel(const Ids& text, const Spans& spans, const Ids& sentinels) {
  TextPair pair = right(text, spans, sentinels);
  pair.target.clear();
  for (std::size_t i = 0; i < spans.size(); ++i)
    copy(pair.target, text, spans[i].first, spans[i].second), pair.target.push_back(sentinels[i]);
  pair.target.push_back(sentinels[spans.size()]);
  return pair;
}

const checks::Exercise<decltype(t5_spans)> exercise{
    "10_t5_spans",
    t5_spans,
    right,
    {{"T5-33", "the target does not end: one more sentinel says that nothing follows", no_last},
     {"T5-34", "all spans got the same sentinel: the answer cannot say which one it fills", same_sentinel},
     {"T5-35", "the hidden words left no trace in the source: put a sentinel in their place",
      nothing_in_its_place},
     {"T5-36",
      "the target says the words, but not which place they belong to: each span begins with its sentinel",
      words_alone},
     {"T5-37", "the target is the whole text; only what was hidden is asked for", whole_text},
     {"T5-38", "every hidden word got a sentinel: a span has one, however long it is", for_each_word},
     {"T5-39", "a word too many is hidden: a span ends before `end`", end_included},
     {"T5-40", "source and target were exchanged", exchanged},
     {"T5-41", "what stands behind the last span was lost", tail_lost},
     {"T5-42", "in the target a sentinel stands before its words, not behind them",
      words_before_the_sentinel}}};

TEST(T5Spans, HideTwoSpans) {
  exercise.call("t5_spans({10 … 17}, {{1, 2}, {4, 6}}, {90, 91, 92})", [] {
    return std::tuple(Ids{10, 11, 12, 13, 14, 15, 16, 17}, Spans{{1, 2}, {4, 6}}, Ids{90, 91, 92});
  });
  exercise.call("t5_spans({5, 5, 5, 5}, {{1, 2}, {2, 3}}, {9, 8, 7})", [] {
    return std::tuple(Ids{5, 5, 5, 5}, Spans{{1, 2}, {2, 3}}, Ids{9, 8, 7});
  });
}

TEST(T5Spans, HideTheBeginningAndTheEnd) {
  exercise.call("t5_spans({3, 3, 7, 5, 4, 8, 3}, {{0, 2}, {3, 4}, {6, 7}}, {20, 19, 18, 17})", [] {
    return std::tuple(Ids{3, 3, 7, 5, 4, 8, 3}, Spans{{0, 2}, {3, 4}, {6, 7}}, Ids{20, 19, 18, 17});
  });
}

TEST(T5Spans, HideNothingOrEverything) {
  exercise.call("t5_spans({5, 6, 7}, {}, {9})", [] { return std::tuple(Ids{5, 6, 7}, Spans{}, Ids{9}); });
  exercise.call("t5_spans({5, 6, 7}, {{0, 3}}, {9, 8})", [] {
    return std::tuple(Ids{5, 6, 7}, Spans{{0, 3}}, Ids{9, 8});
  });
  exercise.call("t5_spans({}, {}, {9})", [] { return std::tuple(Ids{}, Spans{}, Ids{9}); });
}

TEST(T5Spans, LoseNoWord) {
  exercise.invariant("", "source and target together must hold every word of the text once", [](auto f) {
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
