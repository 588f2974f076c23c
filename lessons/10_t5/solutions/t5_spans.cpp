// 10 · t5_spans — span corruption, T5's pre-training task without labels.
//
//   text, spans [begin, end) in ascending order, sentinels (one more than spans) -> source, target
//   text 10 11 12 13 14 15    spans [1, 2) and [3, 5)    sentinels 90 91 92
//   source   10  90  12  91  15          each span is replaced by one sentinel
//   target   90  11  91  13 14  92       each sentinel, then the tokens of its span; one more at the end
//
// The text may be empty, and there may be no spans; no span is empty.
//
// You may use:  v.push_back(x), v.insert(v.end(), from, until), text.begin() + index, v.size().
#include "lessons/10_t5/exercises.h"

namespace heed::exercise {

TextPair t5_spans(const std::vector<index_t>& text, const Spans& spans,
                  const std::vector<index_t>& sentinels) {
  // solution: replace each span by a sentinel
  TextPair pair;
  index_t copied = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const auto [begin, end] = spans[i];
    pair.source.insert(pair.source.end(), text.begin() + copied, text.begin() + begin);
    pair.source.push_back(sentinels[i]);
    pair.target.push_back(sentinels[i]);
    pair.target.insert(pair.target.end(), text.begin() + begin, text.begin() + end);
    copied = end;
  }
  pair.source.insert(pair.source.end(), text.begin() + copied, text.end());
  pair.target.push_back(sentinels[spans.size()]);
  return pair;
  // end
}

}  // namespace heed::exercise
