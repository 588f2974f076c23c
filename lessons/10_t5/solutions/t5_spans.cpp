// 10_t5_spans — Replace spans by sentinels, and list them in the target.
// Exercise 4 · 15 minutes · ●●○ · after 10_t5_shift
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

// Hints
//
// 1. Tokens between two spans are copied to the source. When a span begins, which token is
//    appended to the source, and which to the target?
// 2. Let `copied` be the index up to which the text is processed. For each span, copy the tokens
//    from `copied` to its begin to the source; append its sentinel to both; copy its tokens to the
//    target; set `copied` to its end. After the loop, copy the rest to the source, and append one
//    more sentinel to the target.
// 3. `pair.source.insert(pair.source.end(), text.begin() + copied, text.begin() + begin)`, and the
//    same for the target from begin to end.
