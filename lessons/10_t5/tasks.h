// tasks.h — the three text-to-text tasks. The first word of the source names the task.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "autograd/int_tensor.h"
#include "autograd/random.h"
#include "data/text/batches.h"
#include "data/text/vocabulary.h"
#include "lessons/support/toy_languages.h"

namespace heed::lessons {

using Ids = std::vector<index_t>;

struct Example {
  Ids source, target;  // both end with [EOS]
};

// The masked spans [begin, end) of a text, in ascending order; no two of them touch.
using Spans = std::vector<std::pair<index_t, index_t>>;

// Span corruption (Raffel et al., 2020, section 3.1.4): replaces each span of the text by a
// sentinel. The target lists each sentinel, followed by the tokens of its span, and ends with one
// more sentinel.
//   I read a book at home     spans [1, 2) and [4, 6)     I <X> a book <Y>     <X> read <Y> at home <Z>
inline Example corrupt(const Ids& text, const Spans& spans, const Ids& sentinels) {
  Example e;
  index_t copied = 0;  // the tokens before this index are processed
  const auto copy = [&](Ids& to, index_t begin, index_t end) {
    to.insert(to.end(), text.begin() + begin, text.begin() + end);
  };
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const auto [begin, end] = spans[i];
    copy(e.source, copied, begin);
    e.source.push_back(sentinels[i]);
    e.target.push_back(sentinels[i]);
    copy(e.target, begin, end);
    copied = end;
  }
  copy(e.source, copied, static_cast<index_t>(text.size()));
  e.target.push_back(sentinels[spans.size()]);
  return e;
}

// Returns two random spans of one to three tokens between the indices `first` and `last`. Requires
// last - first >= 3.
inline Spans random_spans(index_t first, index_t last, Generator& gen) {
  while (true) {
    Spans spans;
    index_t from = first;
    for (int i = 0; i < 2; ++i) {
      const auto begin = from + static_cast<index_t>(gen.below(static_cast<std::uint64_t>(last - first)));
      spans.emplace_back(begin, begin + 1 + static_cast<index_t>(gen.below(3)));
      from = spans.back().second + 1;
    }
    if (spans.back().second <= last) return spans;
  }
}

// One vocabulary for sources and targets: the words of both languages, the names of the tasks, and
// the sentinels.
struct TaskVocabulary {
  static constexpr index_t pad = 0, eos = 1, translate = 2, backwards = 3, fill = 4, equals = 5,
                           first_sentinel = 6;
  data::Vocabulary words;

  explicit TaskVocabulary(const std::vector<toy::TranslationPair>& pairs) {
    std::vector<std::string> list = {
        "[PAD]", "[EOS]", "translate:", "backwards:", "fill:", "=", "<X>", "<Y>", "<Z>"};
    std::vector<std::string> all;
    for (const auto& p : pairs) {
      all.insert(all.end(), p.korean.begin(), p.korean.end());
      all.insert(all.end(), p.english.begin(), p.english.end());
    }
    const data::Vocabulary counted = data::Vocabulary::build(all);
    list.insert(list.end(), counted.words().begin() + 4,
                counted.words().end());  // without its special tokens
    words = data::Vocabulary(list);
  }
  Ids ids(const toy::Words& sentence) const {
    Ids result;
    for (const std::string& word : sentence) result.push_back(words.id(word));
    return result;
  }
  std::string text(const Ids& ids) const {
    toy::Words sentence;
    for (const index_t id : ids)
      if (id != eos) sentence.push_back(words.word(id));
    return toy::join(sentence);
  }
};

enum class Task { translate, backwards, fill };
inline const char* name(Task task) {
  return task == Task::translate ? "translate" : task == Task::backwards ? "backwards" : "fill";
}
enum class MaskedPart { anywhere, korean, english };  // where "fill" masks words

// Returns an example of a task. The words of "backwards" are in random order, because grammar would
// otherwise determine the order.
//   translate: 나는 책을 읽는다              ->  I read a book
//   backwards: a I book read                 ->  read book I a
//   fill: 나는 <X> 읽는다 = I read a <Y>     ->  <X> 책을 <Y> book <Z>
inline Example make_example(Task task, const toy::TranslationPair& pair, const TaskVocabulary& vocabulary,
                            Generator& gen, MaskedPart part = MaskedPart::anywhere) {
  const Ids korean = vocabulary.ids(pair.korean), english = vocabulary.ids(pair.english);
  Example e;
  if (task == Task::translate) e = {korean, english};
  if (task == Task::backwards) {
    Ids shuffled = english;
    gen.shuffle(shuffled);
    e = {shuffled, Ids(shuffled.rbegin(), shuffled.rend())};
  }
  if (task == Task::fill) {
    Ids text = korean;
    text.push_back(TaskVocabulary::equals);
    text.insert(text.end(), english.begin(), english.end());
    const auto middle = static_cast<index_t>(korean.size()), end = static_cast<index_t>(text.size());
    const Spans spans = random_spans(part == MaskedPart::english ? middle + 1 : 0,
                                     part == MaskedPart::korean ? middle : end, gen);
    e = corrupt(text, spans,
                {TaskVocabulary::first_sentinel, TaskVocabulary::first_sentinel + 1,
                 TaskVocabulary::first_sentinel + 2});
  }
  e.source.insert(e.source.begin(), TaskVocabulary::translate + static_cast<index_t>(task));
  e.source.push_back(TaskVocabulary::eos);
  e.target.push_back(TaskVocabulary::eos);
  return e;
}

}  // namespace heed::lessons
