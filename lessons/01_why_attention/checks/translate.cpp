#include <algorithm>
#include <cmath>

#include "lessons/01_why_attention/exercises.h"
#include "lessons/check/check.h"
#include "nn/models/beam.h"

namespace heed::exercise {
namespace {

using Words = std::vector<index_t>;
index_t best(const Tensor& scores) { return argmax(scores, -1).item(); }

// Beam search with a width of 1 is greedy decoding.
Words reference(const Translator& model, const Example& example, const SpecialTokens& special,
                index_t max_length) {
  if (max_length == 0) return {};
  Tensor state = model.encode(example.source);
  const auto step = [&](const IntTensor& last, const Words&) {
    const DecoderStep next = model.decode(last[0], state);
    state = next.state;
    return log_softmax(next.scores, -1).unsqueeze(0);
  };
  return nn::beam_search({.bos = special.bos, .eos = special.eos, .width = 1, .max_length = max_length},
                         step)[0]
      .ids;
}

// Greedy decoding with one step changed.
struct Change {
  bool use_target = false, as_long_as_target = false, past_eos = false, same_state = false, same_word = false,
       keep_eos = false, keep_bos = false, at_least_one = false;
  index_t extra_words = 0;
};
Words decode_greedily(const Translator& model, const Example& example, const SpecialTokens& special,
                      index_t max_length, const Change& change) {
  const auto length = static_cast<index_t>(example.target.size());
  index_t most = change.as_long_as_target ? std::min(length, max_length) : max_length + change.extra_words;
  if (change.at_least_one) most = std::max<index_t>(most, 1);
  Tensor state = model.encode(example.source);
  index_t last = special.bos;
  Words words;
  if (change.keep_bos) words.push_back(special.bos);
  for (index_t t = 0; t < most; ++t) {
    const DecoderStep next = model.decode(last, state);
    const index_t word = best(next.scores);
    if (!change.same_state) state = next.state;
    if (!change.same_word)
      last = change.use_target && t < length ? example.target[static_cast<std::size_t>(t)] : word;
    if (word != special.eos || change.past_eos || change.keep_eos) words.push_back(word);
    if (word == special.eos && !change.past_eos) break;
  }
  return words;
}

const checks::Exercise<decltype(translate)> exercise{
    "01_translate",
    translate,
    reference,
    {{"SQ-05", "the decoder got the target's words: use the words that it generated",
      [](auto& model, auto& example, auto& special, index_t most) {
        return decode_greedily(model, example, special, most, {.use_target = true});
      }},
     {"SQ-06", "decoding continued after eos: stop there",
      [](auto& model, auto& example, auto& special, index_t most) {
        return decode_greedily(model, example, special, most, {.past_eos = true});
      }},
     {"SQ-28", "it generated as many words as the target has: decode until eos instead",
      [](auto& model, auto& example, auto& special, index_t most) {
        return decode_greedily(model, example, special, most, {.as_long_as_target = true});
      }},
     {"SQ-29", "every step used the encoder's state: pass on the state that decode returned",
      [](auto& model, auto& example, auto& special, index_t most) {
        return decode_greedily(model, example, special, most, {.same_state = true});
      }},
     {"SQ-30", "every step got bos: pass the word that was just generated",
      [](auto& model, auto& example, auto& special, index_t most) {
        return decode_greedily(model, example, special, most, {.same_word = true});
      }},
     {"SQ-31", "the result contains eos: it is not part of the translation",
      [](auto& model, auto& example, auto& special, index_t most) {
        return decode_greedily(model, example, special, most, {.keep_eos = true});
      }},
     {"SQ-32", "the result contains bos: it is not part of the translation",
      [](auto& model, auto& example, auto& special, index_t most) {
        return decode_greedily(model, example, special, most, {.keep_bos = true});
      }},
     {"SQ-62", "a word was generated although max_length is 0: check the length before decoding",
      [](auto& model, auto& example, auto& special, index_t most) {
        return decode_greedily(model, example, special, most, {.at_least_one = true});
      }},
     {"SQ-33", "one word too many: generate at most max_length words",
      [](auto& model, auto& example, auto& special, index_t most) {
        return decode_greedily(model, example, special, most, {.extra_words = 1});
      }}}};

// A model in integers. Its next word depends on the last word, on the position and on the source:
//   word = (2 last + 4 position² + sum of i · source[i]) mod 9
constexpr index_t vocabulary = 9;
// Properties of the returned tensors that do not change the words.
struct Returns {
  DType dtype = f32;
  bool views = false;
  double scale = 1;  // of the scores
};
Translator translator(const Returns& returns = {}) {
  const auto encode = [returns](const Words& source) {
    double sum = 0;
    for (std::size_t i = 0; i < source.size(); ++i)
      sum += static_cast<double>(source[i]) * static_cast<double>(i + 1);
    return tensor({0, sum}, returns.dtype);  // the position and the sum
  };
  const auto decode = [returns](index_t last, const Tensor& state) {
    const double position = state.at({0}), sum = state.at({1});
    const double word = std::fmod(2 * static_cast<double>(last) + 4 * position * position + sum, vocabulary);
    // The best score is -1: all are negative, as log-probabilities are.
    const Tensor scores = (-1.0 - abs(arange(0, vocabulary).to(returns.dtype) - word)) * returns.scale;
    return DecoderStep{returns.views ? checks::as_view(scores) : scores,
                       tensor({position + 1, sum}, returns.dtype)};
  };
  return {.encode = encode, .decode = decode};
}

void compare(const std::string& text, const Example& example, const SpecialTokens& special,
             index_t max_length, const Returns& returns = {}) {
  exercise.compare(text, [=](auto f) { return f(translator(returns), example, special, max_length); });
}

TEST(Translate, DecodesUntilEos) {
  compare("translate(model, {.source = {1, 4, 2}, .target = {7, 3, 8}}, {.bos = 5, .eos = 1}, 10)",
          {.source = {1, 4, 2}, .target = {7, 3, 8}}, {.bos = 5, .eos = 1, .pad = 0}, 10);
}

TEST(Translate, StopsAtMaxLength) {
  compare("translate(model, {.source = {1, 4, 2}, .target = {2, 6, 7, 2, 0}}, {.bos = 5, .eos = 1}, 4)",
          {.source = {1, 4, 2}, .target = {2, 6, 7, 2, 0}}, {.bos = 5, .eos = 1, .pad = 0}, 4);
  for (const index_t max_length : {1, 2, 6, 7})
    compare(
        concat("translate(model, {.source = {1, 4, 2}, .target = {2, 6, 7, 2, 0}}, {.bos = 5, .eos = 1}, ",
               max_length, ")"),
        {.source = {1, 4, 2}, .target = {2, 6, 7, 2, 0}}, {.bos = 5, .eos = 1, .pad = 0}, max_length);
}

TEST(Translate, OfMaxLengthZeroIsEmpty) {
  compare("translate(model, {.source = {1, 4, 2}, .target = {7, 3, 8}}, {.bos = 5, .eos = 1}, 0)",
          {.source = {1, 4, 2}, .target = {7, 3, 8}}, {.bos = 5, .eos = 1, .pad = 0}, 0);
}

TEST(Translate, MayBeEmpty) {
  compare("translate(model, {.source = {1, 4, 2}, .target = {6, 2}}, {.bos = 5, .eos = 7}, 6)",
          {.source = {1, 4, 2}, .target = {6, 2}}, {.bos = 5, .eos = 7, .pad = 0}, 6);
}

TEST(Translate, StartsWithTheGivenBos) {
  compare("translate(model, {.source = {3, 8}, .target = {}}, {.bos = 2, .eos = 6}, 12)",
          {.source = {3, 8}, .target = {}}, {.bos = 2, .eos = 6, .pad = 1}, 12);
}

TEST(Translate, OfAnEmptySource) {
  compare("translate(model, {.source = {}, .target = {3, 4}}, {.bos = 5, .eos = 3}, 8)",
          {.source = {}, .target = {3, 4}}, {.bos = 5, .eos = 3, .pad = 0}, 8);
}

TEST(Translate, SupportsAnyFormOfScores) {
  const Example example{.source = {1, 4, 2}, .target = {7, 3, 8}};
  const SpecialTokens special{.bos = 5, .eos = 1, .pad = 0};
  compare("translate as in the first question, with a model in f64", example, special, 10, {.dtype = f64});
  compare("translate as in the first question, with non-contiguous scores", example, special, 10,
          {.views = true});
  compare("translate as in the first question, with scores 1e20 times as large", example, special, 10,
          {.scale = 1e20});
}

TEST(Translate, DoesNotUseTheTarget) {
  exercise.compare(
      "translate(model, {.source = {1, 4, 2}, .target = …}, {.bos = 5, .eos = 1}, 10) for three targets, "
      "separated by -1: {}, {7, 3, 8} and {2, 6, 0, 4, 4, 3, 8, 1, 0, 2, 5}",
      [](auto f) {
        Words all;
        for (const Words& target : {Words{}, Words{7, 3, 8}, Words{2, 6, 0, 4, 4, 3, 8, 1, 0, 2, 5}}) {
          const Words words =
              f(translator(), {.source = {1, 4, 2}, .target = target}, {.bos = 5, .eos = 1, .pad = 0}, 10);
          all.insert(all.end(), words.begin(), words.end());
          all.push_back(-1);
        }
        return all;
      });
}

TEST(Translate, KeepsSentencesSeparate) {
  exercise.compare(
      "translate the sources {1, 4, 2}, {4, 3, 1, 6} and {1, 4, 2} again, separated by -1", [](auto f) {
        Words all;
        for (const Words& source : {Words{1, 4, 2}, Words{4, 3, 1, 6}, Words{1, 4, 2}}) {
          const Words words =
              f(translator(), {.source = source, .target = {}}, {.bos = 5, .eos = 1, .pad = 0}, 10);
          all.insert(all.end(), words.begin(), words.end());
          all.push_back(-1);
        }
        return all;
      });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SQ-06: `if (last == special.eos) break;` => ``
