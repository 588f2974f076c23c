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
  todo("replace each span by a sentinel");
}

}  // namespace heed::exercise
