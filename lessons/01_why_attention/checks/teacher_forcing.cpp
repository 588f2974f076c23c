#include <algorithm>

#include "data/text/batches.h"
#include "lessons/01_why_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {

// What a check compares of the result.
inline std::vector<Tensor> parts_of(const Taught& t) {
  return {checks::Answer(t.given).parts[0], checks::Answer(t.wanted).parts[0]};
}

namespace {

using Texts = std::vector<std::vector<index_t>>;
using Text = std::vector<index_t>;

IntTensor padded(const Texts& texts, index_t pad) { return data::pad_batch(texts, {.pad = pad}).ids; }
Text between(const Text& before, const Text& words, const Text& after) {
  Text text = before;
  text.insert(text.end(), words.begin(), words.end());
  text.insert(text.end(), after.begin(), after.end());
  return text;
}
// Each text with these marks around it, padded.
IntTensor with(const Text& before, const Texts& texts, const Text& after, index_t pad) {
  Texts marked;
  for (const Text& words : texts) marked.push_back(between(before, words, after));
  return padded(marked, pad);
}
Texts cut(const Texts& texts, bool first) {
  Texts shorter = texts;
  for (Text& words : shorter)
    if (!words.empty()) words.erase(first ? words.begin() : words.end() - 1);
  return shorter;
}
Taught right(const Texts& texts, const Marks& m) {
  return {with({m.bos}, texts, {}, m.pad), with({}, texts, {m.eos}, m.pad)};
}

// Two columns taken from one padded batch: all but the last are given, all but the first wanted.
Taught from_one_batch(const Texts& texts, const Marks& m) {
  const IntTensor all = with({m.bos}, texts, {m.eos}, m.pad);
  return {all.slice(1, 0, all.size(1) - 1), all.slice(1, 1, all.size(1))};
}
// The mark stands in the last column, behind the padding.
Taught eos_behind_padding(const Texts& texts, const Marks& m) {
  const IntTensor words = padded(texts, m.pad);
  Texts wanted(texts.size(), Text(static_cast<std::size_t>(words.size(1)), m.pad));
  for (std::size_t b = 0; b < texts.size(); ++b) {
    std::copy(texts[b].begin(), texts[b].end(), wanted[b].begin());
    wanted[b].push_back(m.eos);
  }
  return {right(texts, m).given, padded(wanted, m.pad)};
}

const checks::Exercise<decltype(teacher_forcing)> exercise{
    "01_teacher_forcing",
    teacher_forcing,
    right,
    {{"SQ-01", "the writer is given the word that it must write: begin what is given with bos",
      [](const Texts& texts, const Marks& m) {
        const IntTensor both = with({}, texts, {m.eos}, m.pad);
        return Taught{both, both};
      }},
     {"SQ-08", "what is wanted has no eos: the writer never learns to stop",
      [](const Texts& texts, const Marks& m) {
        return Taught{with({m.bos}, cut(texts, false), {}, m.pad), padded(texts, m.pad)};
      }},
     {"SQ-09", "what is given does not begin with bos: who writes the first word, and from what?",
      [](const Texts& texts, const Marks& m) {
        return Taught{padded(texts, m.pad), right(texts, m).wanted};
      }},
     {"SQ-10", "what is wanted lies two places ahead of what is given: one word is never asked for",
      [](const Texts& texts, const Marks& m) {
        return Taught{right(texts, m).given, with({}, cut(texts, true), {m.eos}, m.pad)};
      }},
     {"SQ-11", "eos stands behind the padding: it belongs behind each text's own last word",
      eos_behind_padding},
     {"SQ-12", "eos is given to shorter texts: harmless, but this course gives bos and the words alone",
      from_one_batch},
     {"SQ-13", "the rest of each row is 0: it is to be marks.pad, whatever number that is",
      [](const Texts& texts, const Marks& m) {
        return right(texts, {.bos = m.bos, .eos = m.eos, .pad = 0});
      }},
     {"SQ-63",
      "given and wanted are exchanged: the writer is given the next word, and must answer the one before",
      [](const Texts& texts, const Marks& m) {
        const Taught taught = right(texts, m);
        return Taught{taught.wanted, taught.given};
      }},
     {"SQ-14", "given and wanted are the same: at each place the answer has just been told",
      [](const Texts& texts, const Marks& m) {
        const IntTensor both = with({m.bos}, texts, {m.eos}, m.pad);
        return Taught{both, both};
      }}}};

void ask(const std::string& text, const Texts& texts, const Marks& marks) {
  exercise.call(text, [=] { return std::tuple(texts, marks); });
}
constexpr Marks marks{.bos = 7, .eos = 9, .pad = 2};

TEST(TeacherForcing, TellsTheWordBeforeAndAsksForTheNext) {
  ask("teacher_forcing({{3, 5, 4}}, {.bos = 7, .eos = 9, .pad = 2})", {{3, 5, 4}}, marks);
}

TEST(TeacherForcing, PadsTextsToTheLongest) {
  ask("teacher_forcing({{4, 6}, {3, 5, 8, 5}, {1}}, {.bos = 7, .eos = 9, .pad = 2})",
      {{4, 6}, {3, 5, 8, 5}, {1}}, marks);
  ask("teacher_forcing({{1}, {4, 6}, {3, 5, 8, 5, 10}}, {.bos = 7, .eos = 9, .pad = 2})",
      {{1}, {4, 6}, {3, 5, 8, 5, 10}}, marks);
}

TEST(TeacherForcing, OfTextsOfOneLength) {
  ask("teacher_forcing({{4, 6}, {3, 5}, {1, 8}}, {.bos = 7, .eos = 9, .pad = 2})", {{4, 6}, {3, 5}, {1, 8}},
      marks);
}

TEST(TeacherForcing, OfATextWithoutWordsWantsTheEnd) {
  ask("teacher_forcing({{}, {4, 6}}, {.bos = 3, .eos = 0, .pad = 5})", {{}, {4, 6}},
      {.bos = 3, .eos = 0, .pad = 5});
  ask("teacher_forcing({{}, {}}, {.bos = 7, .eos = 9, .pad = 2})", {{}, {}}, marks);
}

TEST(TeacherForcing, OfWordsThatRepeat) {
  ask("teacher_forcing({{5, 5, 5}, {0}}, {.bos = 7, .eos = 9, .pad = 2})", {{5, 5, 5}, {0}}, marks);
}

TEST(TeacherForcing, NeverTellsAWordBeforeItIsAskedFor) {
  exercise.invariant("SQ-01", "what is given up to a place must not change when the word wanted there does",
                     [](auto f) {
                       const IntTensor one = f({{3, 5, 4}, {6, 1, 2}}, marks).given;
                       const IntTensor other = f({{3, 5, 8}, {6, 1, 7}}, marks).given;
                       return one.shape() != Shape{2, 4} || other.shape() != Shape{2, 4} ||
                              one.slice(1, 0, 3) == other.slice(1, 0, 3);
                     });
}

}  // namespace
}  // namespace heed::exercise
