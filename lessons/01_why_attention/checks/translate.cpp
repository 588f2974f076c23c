#include <algorithm>
#include <cmath>

#include "lessons/01_why_attention/exercises.h"
#include "lessons/tutor/check.h"
#include "nn/beam.h"

namespace heed::exercise {
namespace {

using Text = std::vector<index_t>;
index_t best(const Tensor& scores) { return argmax(scores, -1).item(); }

// A beam of one text is greedy.
Text right(const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
  Tensor state = model.read(example.source);
  const auto step = [&](const IntTensor& last, const Text&) {
    const Written next = model.write(last[0], state);
    state = next.state;
    return log_softmax(next.scores, -1).unsqueeze(0);
  };
  return nn::beam_search({.bos = marks.bos, .eos = marks.eos, .width = 1, .max_length = max_length}, step)[0]
      .ids;
}

// Greedy writing with one thing done otherwise.
struct Otherwise {
  bool given_target = false, as_long_as_target = false, past_eos = false, same_state = false,
       same_word = false, keep_eos = false, keep_bos = false;
  index_t more = 0;
};
Text written(const Translator& model, const Example& example, const Marks& marks, index_t max_length,
             const Otherwise& how) {
  const auto length = static_cast<index_t>(example.target.size());
  const index_t most = how.as_long_as_target ? std::min(length, max_length) : max_length + how.more;
  Tensor state = model.read(example.source);
  index_t last = marks.bos;
  Text words;
  if (how.keep_bos) words.push_back(marks.bos);
  for (index_t t = 0; t < most; ++t) {
    const Written next = model.write(last, state);
    const index_t word = best(next.scores);
    if (!how.same_state) state = next.state;
    if (!how.same_word)
      last = how.given_target && t < length ? example.target[static_cast<std::size_t>(t)] : word;
    if (word != marks.eos || how.past_eos || how.keep_eos) words.push_back(word);
    if (word == marks.eos && !how.past_eos) break;
  }
  return words;
}

const tutor::Exercise<decltype(translate)> exercise{
    "01_translate",
    translate,
    right,
    {{"SQ-05", "the target's words were given to the writer: alone, it has only those that it wrote itself",
      [](auto& model, auto& example, auto& marks, index_t most) {
        return written(model, example, marks, most, {.given_target = true});
      }},
     {"SQ-06", "it went on writing after eos: stop there",
      [](auto& model, auto& example, auto& marks, index_t most) {
        return written(model, example, marks, most, {.past_eos = true});
      }},
     {"SQ-28", "it wrote as many words as the target has: the writer is not to know how long the answer is",
      [](auto& model, auto& example, auto& marks, index_t most) {
        return written(model, example, marks, most, {.as_long_as_target = true});
      }},
     {"SQ-29", "every step began with the reader's state: hand on the state that write returned",
      [](auto& model, auto& example, auto& marks, index_t most) {
        return written(model, example, marks, most, {.same_state = true});
      }},
     {"SQ-30", "every step was given bos: hand on the word that was just written",
      [](auto& model, auto& example, auto& marks, index_t most) {
        return written(model, example, marks, most, {.same_word = true});
      }},
     {"SQ-31", "eos is among the words: it ends the text and is no part of it",
      [](auto& model, auto& example, auto& marks, index_t most) {
        return written(model, example, marks, most, {.keep_eos = true});
      }},
     {"SQ-32", "bos is among the words: it begins the text and is no part of it",
      [](auto& model, auto& example, auto& marks, index_t most) {
        return written(model, example, marks, most, {.keep_bos = true});
      }},
     {"SQ-33", "one word too many: at most max_length words",
      [](auto& model, auto& example, auto& marks, index_t most) {
        return written(model, example, marks, most, {.more = 1});
      }}}};

// A model in whole numbers, whose next word depends on the last one, on the place and on the source:
//   word = (2 last + 4 place² + sum of i · source[i]) mod 9
constexpr index_t vocabulary = 9;
Translator translator() {
  const auto read = [](const Text& source) {
    double sum = 0;
    for (std::size_t i = 0; i < source.size(); ++i)
      sum += static_cast<double>(source[i]) * static_cast<double>(i + 1);
    return tensor({0, sum});  // the place, and the sum
  };
  const auto write = [](index_t last, const Tensor& state) {
    const double place = state.at({0}), sum = state.at({1});
    const double word = std::fmod(2 * static_cast<double>(last) + 4 * place * place + sum, vocabulary);
    // The best score is -1: all are negative, as log-probabilities are.
    return Written{-1 - abs(arange(0, vocabulary) - word), tensor({place + 1, sum})};
  };
  return {.read = read, .write = write};
}

TEST(Translate, WritesUntilTheModelSaysEos) {
  exercise.compare("translate(model, {.source = {1, 4, 2}, .target = {7, 3, 8}}, {.bos = 5, .eos = 1}, 10)",
                   [](auto f) {
                     return f(translator(), {.source = {1, 4, 2}, .target = {7, 3, 8}},
                              {.bos = 5, .eos = 1, .pad = 0}, 10);
                   });
}

TEST(Translate, StopsAtTheGreatestLength) {
  exercise.compare(
      "translate(model, {.source = {1, 4, 2}, .target = {2, 6, 7, 2, 0}}, {.bos = 5, .eos = 1}, 4)",
      [](auto f) {
        return f(translator(), {.source = {1, 4, 2}, .target = {2, 6, 7, 2, 0}},
                 {.bos = 5, .eos = 1, .pad = 0}, 4);
      });
}

TEST(Translate, MayHaveNothingToSay) {
  exercise.compare(
      "translate(model, {.source = {1, 4, 2}, .target = {6, 2}}, {.bos = 5, .eos = 7}, 6)", [](auto f) {
        return f(translator(), {.source = {1, 4, 2}, .target = {6, 2}}, {.bos = 5, .eos = 7, .pad = 0}, 6);
      });
}

TEST(Translate, BeginsWithTheMarksItIsGiven) {
  exercise.compare(
      "translate(model, {.source = {3, 8}, .target = {}}, {.bos = 2, .eos = 6}, 12)", [](auto f) {
        return f(translator(), {.source = {3, 8}, .target = {}}, {.bos = 2, .eos = 6, .pad = 1}, 12);
      });
}

TEST(Translate, DoesNotLookAtTheTarget) {
  exercise.invariant("SQ-05", "another target must not change what is written", [](auto f) {
    const Marks marks{.bos = 5, .eos = 1, .pad = 0};
    const Text alone = f(translator(), {.source = {1, 4, 2}, .target = {}}, marks, 10);
    for (const Text& target : {Text{7, 3, 8}, Text{2, 6, 0, 4, 4, 3, 8, 1, 0, 2, 5}})
      if (f(translator(), {.source = {1, 4, 2}, .target = target}, marks, 10) != alone) return false;
    return true;
  });
}

TEST(Translate, TellsTwoSentencesApart) {
  exercise.invariant("", "two sources must give two texts, one after the other and in either order",
                     [](auto f) {
                       const Marks marks{.bos = 5, .eos = 1, .pad = 0};
                       const auto of = [&](const Text& source) {
                         return f(translator(), {.source = source, .target = {}}, marks, 10);
                       };
                       const Text one = of({1, 4, 2}), other = of({4, 3, 1, 6});
                       return one != other && of({1, 4, 2}) == one;
                     });
}

}  // namespace
}  // namespace heed::exercise
