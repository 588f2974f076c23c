// tasks.h — everything is a text that becomes a text: which task it is, is said by the first word.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "autograd/ids.h"
#include "autograd/random.h"
#include "data/text/batches.h"
#include "data/text/sentences.h"
#include "data/text/vocabulary.h"

namespace heed::lessons {

using Ids = std::vector<index_t>;

struct Example {
  Ids source, target;  // with the eos at the end
};

// What is hidden of a text: spans [begin, end), in order, no two of them touching.
using Spans = std::vector<std::pair<index_t, index_t>>;

// Raffel et al., 2020, section 3.1.4: each span gives its place to a sentinel, and the target says, sentinel by
// sentinel, what stood there; one more sentinel ends it.
//   I read a book at home     spans [1, 2) and [4, 6)     I <X> a book <Y>     <X> read <Y> at home <Z>
inline Example corrupt(const Ids& text, const Spans& spans, const Ids& sentinels) {
  Example e;
  index_t at = 0;
  const auto copy = [&](Ids& to, index_t from, index_t until) {
    to.insert(to.end(), text.begin() + from, text.begin() + until);
  };
  for (std::size_t i = 0; i < spans.size(); ++i) {
    copy(e.source, at, spans[i].first);
    e.source.push_back(sentinels[i]), e.target.push_back(sentinels[i]);
    copy(e.target, spans[i].first, spans[i].second);
    at = spans[i].second;
  }
  copy(e.source, at, static_cast<index_t>(text.size()));
  e.target.push_back(sentinels[spans.size()]);
  return e;
}

// Two spans of one to three words between the places `first` and `last`, which are at least three apart.
inline Spans random_spans(index_t first, index_t last, Generator& gen) {
  while (true) {
    Spans spans;
    index_t at = first;
    for (int i = 0; i < 2; ++i) {
      const auto begin = at + static_cast<index_t>(gen.below(static_cast<std::uint64_t>(last - first)));
      spans.emplace_back(begin, begin + 1 + static_cast<index_t>(gen.below(3)));
      at = spans.back().second + 1;
    }
    if (spans.back().second <= last) return spans;
  }
}

// One vocabulary for all that is read and written: both languages, the words that name the tasks, and the sentinels.
struct Words {
  static constexpr index_t pad = 0, eos = 1, translate = 2, backwards = 3, fill = 4, equals = 5,
                           first_sentinel = 6;
  data::Vocabulary vocabulary;

  explicit Words(const std::vector<data::TranslationPair>& pairs) {
    std::vector<std::string> words = {
        "[PAD]", "[EOS]", "translate:", "backwards:", "fill:", "=", "<X>", "<Y>", "<Z>"};
    std::vector<std::string> all;
    for (const auto& p : pairs) {
      all.insert(all.end(), p.korean.begin(), p.korean.end());
      all.insert(all.end(), p.english.begin(), p.english.end());
    }
    const data::Vocabulary counted = data::Vocabulary::build(all);
    words.insert(words.end(), counted.words().begin() + 4,
                 counted.words().end());  // without its own specials
    vocabulary = data::Vocabulary(words);
  }
  Ids ids(const data::Words& words) const {
    Ids result;
    for (const std::string& word : words) result.push_back(vocabulary.id(word));
    return result;
  }
  std::string text(const Ids& ids) const {
    data::Words words;
    for (const index_t id : ids)
      if (id != eos) words.push_back(vocabulary.word(id));
    return data::join(words);
  }
};

enum class Task { translate, backwards, fill };
inline const char* name(Task task) {
  return task == Task::translate ? "translate" : task == Task::backwards ? "backwards" : "fill";
}
enum class Hide { anywhere, korean, english };  // where "fill" hides words

//   translate: 나는 책을 읽는다              ->  I read a book
//   backwards: a I book read                 ->  read book I a     in any order: grammar would tell where words stand
//   fill: 나는 <X> 읽는다 = I read a <Y>     ->  <X> 책을 <Y> book <Z>
inline Example make_example(Task task, const data::TranslationPair& pair, const Words& words, Generator& gen,
                            Hide hide = Hide::anywhere) {
  const Ids korean = words.ids(pair.korean), english = words.ids(pair.english);
  Example e;
  if (task == Task::translate) e = {korean, english};
  if (task == Task::backwards) {
    Ids shuffled = english;
    gen.shuffle(shuffled);
    e = {shuffled, Ids(shuffled.rbegin(), shuffled.rend())};
  }
  if (task == Task::fill) {
    Ids text = korean;
    text.push_back(Words::equals);
    text.insert(text.end(), english.begin(), english.end());
    const auto middle = static_cast<index_t>(korean.size()), end = static_cast<index_t>(text.size());
    const Spans spans =
        random_spans(hide == Hide::english ? middle + 1 : 0, hide == Hide::korean ? middle : end, gen);
    e = corrupt(text, spans, {Words::first_sentinel, Words::first_sentinel + 1, Words::first_sentinel + 2});
  }
  e.source.insert(e.source.begin(), Words::translate + static_cast<index_t>(task));
  e.source.push_back(Words::eos), e.target.push_back(Words::eos);
  return e;
}

}  // namespace heed::lessons
