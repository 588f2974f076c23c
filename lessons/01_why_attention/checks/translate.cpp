#include <algorithm>
#include <cmath>

#include "lessons/01_why_attention/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/beam.h"

namespace heed::exercise {
namespace {

using Text = std::vector<index_t>;
index_t best(const Tensor& scores) { return argmax(scores, -1).item(); }

// A beam of one text is greedy.
Text right(const Translator& model, const Example& example, const Marks& marks, index_t max_length) {
  if (max_length == 0) return {};
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
       same_word = false, keep_eos = false, keep_bos = false, at_least_one = false;
  index_t more = 0;
};
Text written(const Translator& model, const Example& example, const Marks& marks, index_t max_length,
             const Otherwise& how) {
  const auto length = static_cast<index_t>(example.target.size());
  index_t most = how.as_long_as_target ? std::min(length, max_length) : max_length + how.more;
  if (how.at_least_one) most = std::max<index_t>(most, 1);
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

const checks::Exercise<decltype(translate)> exercise{
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
     {"SQ-62", "a word was written although max_length is 0: compare before the model writes, not after it",
      [](auto& model, auto& example, auto& marks, index_t most) {
        return written(model, example, marks, most, {.at_least_one = true});
      }},
     {"SQ-33", "one word too many: at most max_length words",
      [](auto& model, auto& example, auto& marks, index_t most) {
        return written(model, example, marks, most, {.more = 1});
      }}}};

// A model in integers, whose next word depends on the last one, on the place and on the source:
//   word = (2 last + 4 place² + sum of i · source[i]) mod 9
constexpr index_t vocabulary = 9;
// The form of what it returns; none of them changes the words.
struct Returns {
  DType dtype = f32;
  bool views = false;
  double scale = 1;  // of the scores
};
Translator translator(const Returns& returns = {}) {
  const auto read = [returns](const Text& source) {
    double sum = 0;
    for (std::size_t i = 0; i < source.size(); ++i)
      sum += static_cast<double>(source[i]) * static_cast<double>(i + 1);
    return tensor({0, sum}, returns.dtype);  // the place, and the sum
  };
  const auto write = [returns](index_t last, const Tensor& state) {
    const double place = state.at({0}), sum = state.at({1});
    const double word = std::fmod(2 * static_cast<double>(last) + 4 * place * place + sum, vocabulary);
    // The best score is -1: all are negative, as log-probabilities are.
    const Tensor scores = (-1.0 - abs(arange(0, vocabulary).to(returns.dtype) - word)) * returns.scale;
    return Written{returns.views ? checks::as_view(scores) : scores, tensor({place + 1, sum}, returns.dtype)};
  };
  return {.read = read, .write = write};
}

void ask(const std::string& text, const Example& example, const Marks& marks, index_t max_length,
         const Returns& returns = {}) {
  exercise.compare(text, [=](auto f) { return f(translator(returns), example, marks, max_length); });
}

TEST(Translate, WritesUntilTheModelSaysEos) {
  ask("translate(model, {.source = {1, 4, 2}, .target = {7, 3, 8}}, {.bos = 5, .eos = 1}, 10)",
      {.source = {1, 4, 2}, .target = {7, 3, 8}}, {.bos = 5, .eos = 1, .pad = 0}, 10);
}

TEST(Translate, StopsAtTheGreatestLength) {
  ask("translate(model, {.source = {1, 4, 2}, .target = {2, 6, 7, 2, 0}}, {.bos = 5, .eos = 1}, 4)",
      {.source = {1, 4, 2}, .target = {2, 6, 7, 2, 0}}, {.bos = 5, .eos = 1, .pad = 0}, 4);
  for (const index_t max_length : {1, 2, 6, 7})
    ask(concat("translate(model, {.source = {1, 4, 2}, .target = {2, 6, 7, 2, 0}}, {.bos = 5, .eos = 1}, ",
               max_length, ")"),
        {.source = {1, 4, 2}, .target = {2, 6, 7, 2, 0}}, {.bos = 5, .eos = 1, .pad = 0}, max_length);
}

TEST(Translate, OfAtMostZeroWordsIsEmpty) {
  ask("translate(model, {.source = {1, 4, 2}, .target = {7, 3, 8}}, {.bos = 5, .eos = 1}, 0)",
      {.source = {1, 4, 2}, .target = {7, 3, 8}}, {.bos = 5, .eos = 1, .pad = 0}, 0);
}

TEST(Translate, MayHaveNothingToSay) {
  ask("translate(model, {.source = {1, 4, 2}, .target = {6, 2}}, {.bos = 5, .eos = 7}, 6)",
      {.source = {1, 4, 2}, .target = {6, 2}}, {.bos = 5, .eos = 7, .pad = 0}, 6);
}

TEST(Translate, BeginsWithTheMarksItIsGiven) {
  ask("translate(model, {.source = {3, 8}, .target = {}}, {.bos = 2, .eos = 6}, 12)",
      {.source = {3, 8}, .target = {}}, {.bos = 2, .eos = 6, .pad = 1}, 12);
}

TEST(Translate, OfASourceWithoutWords) {
  ask("translate(model, {.source = {}, .target = {3, 4}}, {.bos = 5, .eos = 3}, 8)",
      {.source = {}, .target = {3, 4}}, {.bos = 5, .eos = 3, .pad = 0}, 8);
}

TEST(Translate, TakesTheScoresAsTheyCome) {
  const Example example{.source = {1, 4, 2}, .target = {7, 3, 8}};
  const Marks marks{.bos = 5, .eos = 1, .pad = 0};
  ask("translate as in the first question, of a model in f64", example, marks, 10, {.dtype = f64});
  ask("translate as in the first question, the scores being non-contiguous views", example, marks, 10,
      {.views = true});
  ask("translate as in the first question, the scores being 1e20 times as large", example, marks, 10,
      {.scale = 1e20});
}

TEST(Translate, DoesNotLookAtTheTarget) {
  exercise.compare(
      "translate(model, {.source = {1, 4, 2}, .target = …}, {.bos = 5, .eos = 1}, 10) of three targets, -1 "
      "between "
      "them: {}, {7, 3, 8} and {2, 6, 0, 4, 4, 3, 8, 1, 0, 2, 5}",
      [](auto f) {
        Text all;
        for (const Text& target : {Text{}, Text{7, 3, 8}, Text{2, 6, 0, 4, 4, 3, 8, 1, 0, 2, 5}}) {
          const Text words =
              f(translator(), {.source = {1, 4, 2}, .target = target}, {.bos = 5, .eos = 1, .pad = 0}, 10);
          all.insert(all.end(), words.begin(), words.end());
          all.push_back(-1);
        }
        return all;
      });
}

TEST(Translate, TellsTwoSentencesApart) {
  exercise.compare(
      "translate of the sources {1, 4, 2}, {4, 3, 1, 6} and {1, 4, 2} again, one after the other, -1 between "
      "them",
      [](auto f) {
        Text all;
        for (const Text& source : {Text{1, 4, 2}, Text{4, 3, 1, 6}, Text{1, 4, 2}}) {
          const Text words =
              f(translator(), {.source = source, .target = {}}, {.bos = 5, .eos = 1, .pad = 0}, 10);
          all.insert(all.end(), words.begin(), words.end());
          all.push_back(-1);
        }
        return all;
      });
}

}  // namespace
}  // namespace heed::exercise
