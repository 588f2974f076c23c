// 10 · t5_spans — hide parts of a text, and ask for them: T5's training without labels.
//
//   text, spans [begin, end) in order, sentinels (one more than spans) -> source, target; text and spans may be empty,
//   but no span is
//   text 10 11 12 13 14 15    spans [1, 2) and [3, 5)    sentinels 90 91 92
//   source   10  90  12  91  15                each span gives its place to one sentinel
//   target   90  11  91  13 14  92             sentinel by sentinel what stood there; one more sentinel ends it
//
// You may use:  v.push_back(x), v.insert(v.end(), from, until), text.begin() + place, v.size().
#include "lessons/10_t5/exercises.h"

namespace heed::exercise {

TextPair t5_spans(const std::vector<index_t>& text, const Spans& spans,
                  const std::vector<index_t>& sentinels) {
  // solution: put sentinels in the place of spans
  TextPair pair;
  index_t at = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const auto [begin, end] = spans[i];
    pair.source.insert(pair.source.end(), text.begin() + at, text.begin() + begin);
    pair.source.push_back(sentinels[i]);
    pair.target.push_back(sentinels[i]);
    pair.target.insert(pair.target.end(), text.begin() + begin, text.begin() + end);
    at = end;
  }
  pair.source.insert(pair.source.end(), text.begin() + at, text.end());
  pair.target.push_back(sentinels[spans.size()]);
  return pair;
  // end
}

}  // namespace heed::exercise
