#include "lessons/10_t5/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Ids = std::vector<index_t>;

const Answers<decltype(t5_spans)> answers{
    {"token by token", "pass",
     [](const Ids& text, const Spans& spans, const Ids& sentinels) {
       TextPair pair;
       std::size_t span = 0;
       for (index_t i = 0; i < static_cast<index_t>(text.size()); ++i) {
         const bool inside = span < spans.size() && i >= spans[span].first;
         if (inside && i == spans[span].first) {
           pair.source.push_back(sentinels[span]);
           pair.target.push_back(sentinels[span]);
         }
         (inside ? pair.target : pair.source).push_back(text[static_cast<std::size_t>(i)]);
         if (inside && i + 1 == spans[span].second) ++span;
       }
       pair.target.push_back(sentinels[spans.size()]);
       return pair;
     }},
    {"from the end", "pass",
     [](const Ids& text, const Spans& spans, const Ids& sentinels) {
       TextPair pair{text, {sentinels[spans.size()]}};
       for (std::size_t i = spans.size(); i-- > 0;) {
         const auto [begin, end] = spans[i];
         pair.target.insert(pair.target.begin(), text.begin() + begin, text.begin() + end);
         pair.target.insert(pair.target.begin(), sentinels[i]);
         pair.source.erase(pair.source.begin() + begin, pair.source.begin() + end);
         pair.source.insert(pair.source.begin() + begin, sentinels[i]);
       }
       return pair;
     }},
    {"the last sentinel of the list ends the target", "pass",
     [](const Ids& text, const Spans& spans, const Ids& sentinels) {
       TextPair pair;
       index_t done = 0;
       for (std::size_t i = 0; i < spans.size(); ++i) {
         for (; done < spans[i].first; ++done) pair.source.push_back(text[static_cast<std::size_t>(done)]);
         pair.source.push_back(sentinels[i]);
         pair.target.push_back(sentinels[i]);
         for (; done < spans[i].second; ++done) pair.target.push_back(text[static_cast<std::size_t>(done)]);
       }
       for (; done < static_cast<index_t>(text.size()); ++done)
         pair.source.push_back(text[static_cast<std::size_t>(done)]);
       pair.target.push_back(sentinels.back());
       return pair;
     }},
    {"spans that touch share a sentinel", "wrong",
     [](const Ids& text, const Spans& spans, const Ids& sentinels) {
       TextPair pair;
       index_t done = 0;
       for (std::size_t i = 0; i < spans.size(); ++i) {
         const bool touches = i > 0 && spans[i].first == done;
         for (; done < spans[i].first; ++done) pair.source.push_back(text[static_cast<std::size_t>(done)]);
         if (!touches) {
           pair.source.push_back(sentinels[i]);
           pair.target.push_back(sentinels[i]);
         }
         for (; done < spans[i].second; ++done) pair.target.push_back(text[static_cast<std::size_t>(done)]);
       }
       for (; done < static_cast<index_t>(text.size()); ++done)
         pair.source.push_back(text[static_cast<std::size_t>(done)]);
       pair.target.push_back(sentinels[spans.size()]);
       return pair;
     }},
    {"an empty target if there are no spans", "wrong",
     [](const Ids& text, const Spans& spans, const Ids& sentinels) {
       TextPair pair;
       index_t done = 0;
       for (std::size_t i = 0; i < spans.size(); ++i) {
         for (; done < spans[i].first; ++done) pair.source.push_back(text[static_cast<std::size_t>(done)]);
         pair.source.push_back(sentinels[i]);
         pair.target.push_back(sentinels[i]);
         for (; done < spans[i].second; ++done) pair.target.push_back(text[static_cast<std::size_t>(done)]);
       }
       for (; done < static_cast<index_t>(text.size()); ++done)
         pair.source.push_back(text[static_cast<std::size_t>(done)]);
       if (!spans.empty()) pair.target.push_back(sentinels[spans.size()]);
       return pair;
     }},
    {"sentinels are consecutive ids from the first", "wrong",
     [](const std::vector<index_t>& text, const Spans& spans, const std::vector<index_t>& sentinels) {
       TextPair pair;
       index_t at = 0;
       for (std::size_t i = 0; i < spans.size(); ++i) {
         const auto [begin, end] = spans[i];
         const index_t mark = sentinels[0] + static_cast<index_t>(i);
         pair.source.insert(pair.source.end(), text.begin() + at, text.begin() + begin);
         pair.source.push_back(mark);
         pair.target.push_back(mark);
         pair.target.insert(pair.target.end(), text.begin() + begin, text.begin() + end);
         at = end;
       }
       pair.source.insert(pair.source.end(), text.begin() + at, text.end());
       pair.target.push_back(sentinels[0] + static_cast<index_t>(spans.size()));
       return pair;
     }},
    {"the tokens after the last span are missing", "T5-41",
     [](const std::vector<index_t>& text, const Spans& spans, const std::vector<index_t>& sentinels) {
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
       pair.target.push_back(sentinels[spans.size()]);
       return pair;
     }},
    {"the ends are inclusive", "wrong",
     [](const std::vector<index_t>& text, const Spans& spans, const std::vector<index_t>& sentinels) {
       TextPair pair;
       index_t at = 0;
       const auto size = static_cast<index_t>(text.size());
       for (std::size_t i = 0; i < spans.size(); ++i) {
         const index_t begin = spans[i].first, end = std::min(spans[i].second + 1, size);
         if (begin > at) pair.source.insert(pair.source.end(), text.begin() + at, text.begin() + begin);
         pair.source.push_back(sentinels[i]);
         pair.target.push_back(sentinels[i]);
         pair.target.insert(pair.target.end(), text.begin() + begin, text.begin() + end);
         at = end;
       }
       pair.source.insert(pair.source.end(), text.begin() + at, text.end());
       pair.target.push_back(sentinels[spans.size()]);
       return pair;
     }},
    {"the tokens first, then their sentinel", "T5-42",
     [](const std::vector<index_t>& text, const Spans& spans, const std::vector<index_t>& sentinels) {
       TextPair pair;
       index_t at = 0;
       for (std::size_t i = 0; i < spans.size(); ++i) {
         const auto [begin, end] = spans[i];
         pair.source.insert(pair.source.end(), text.begin() + at, text.begin() + begin);
         pair.source.push_back(sentinels[i]);
         pair.target.insert(pair.target.end(), text.begin() + begin, text.begin() + end);
         pair.target.push_back(sentinels[i]);
         at = end;
       }
       pair.source.insert(pair.source.end(), text.begin() + at, text.end());
       pair.target.push_back(sentinels[spans.size()]);
       return pair;
     }},
    {"the last sentinel in the source, too", "wrong",
     [](const std::vector<index_t>& text, const Spans& spans, const std::vector<index_t>& sentinels) {
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
       pair.source.push_back(sentinels[spans.size()]);
       pair.target.push_back(sentinels[spans.size()]);
       return pair;
     }}};

}  // namespace

TextPair t5_spans(const Ids& text, const Spans& spans, const Ids& sentinels) {
  return answers.chosen(text, spans, sentinels);
}

}  // namespace heed::exercise
