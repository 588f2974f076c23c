#include "nn/additive_attention.h"

#include <cmath>

#include "lessons/01_why_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(PaddedStates& padded, const Visit& visit) {
  visit(padded.states);
}
template <class Visit>
void each_tensor(AdditiveWeights& weights, const Visit& visit) {
  visit(weights.W_q);
  visit(weights.W_k);
  visit(weights.v);
}

namespace {

using Weights = AdditiveWeights;

// The steps of the twins: projections, scores, the mask of the source words, the weighted mean.
Tensor queries(const PaddedStates& decoder, const Weights& w) {
  return linear(decoder.states, w.W_q).unsqueeze(2);
}
Tensor keys(const PaddedStates& encoder, const Weights& w) {
  return linear(encoder.states, w.W_k).unsqueeze(1);
}
Tensor scores(const PaddedStates& decoder, const PaddedStates& encoder, const Weights& w) {
  return matmul(tanh(queries(decoder, w) + keys(encoder, w)), w.v);  // (B, T, S)
}
Mask words(const PaddedStates& sequences) {
  return padding(sequences.lengths, sequences.states.size(1));
}  // (B, 1, N)
Tensor attend(const Tensor& scores, const Mask& allowed, const Tensor& values) {
  return matmul(masked_softmax(scores, allowed), values);
}
Tensor numbers(const Mask& allowed) { return where(allowed, ones(allowed.shape()), zeros(allowed.shape())); }

Tensor reference(const PaddedStates& decoder, const PaddedStates& encoder, const Tensor& values,
                 const Weights& w) {
  Generator gen(0);
  nn::AdditiveAttention library(
      {.query_size = w.W_q.size(1), .key_size = w.W_k.size(1), .hidden_size = w.W_q.size(0)}, gen);
  library.W_q.weight = w.W_q;
  library.W_k.weight = w.W_k;
  library.v.weight = w.v.unsqueeze(0);
  return library.forward(decoder.states, encoder.states, values, words(encoder)).output;
}
// Masks the source with the lengths of the target.
Tensor masked_by_target_lengths(const PaddedStates& decoder, const PaddedStates& encoder,
                                const Tensor& values, const Weights& w) {
  return attend(scores(decoder, encoder, w), padding(decoder.lengths, encoder.states.size(1)), values);
}

// Returns exp of the scores minus the largest allowed score of the row, unmasked.
Tensor exp_of(const Tensor& scores, const Mask& allowed) {
  const Tensor top = max(masked_fill(scores, !allowed, -INFINITY), -1, true).values.detach();
  return exp(scores - masked_fill(top, equal(top, -INFINITY), 0));
}
Tensor divided_by_sum(const Tensor& e) {
  const Tensor total = e.sum({-1}, true);
  return e / masked_fill(total, equal(total, 0), 1);
}

const checks::Exercise<decltype(additive_attention)> exercise{
    "01_additive_attention",
    additive_attention,
    reference,
    {{"SQ-04", "the tanh is missing, so the query cancels in the softmax: v · tanh(W_q q + W_k k)",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        return attend(matmul(queries(decoder, w) + keys(encoder, w), w.v), words(encoder), values);
      }},
     {"SQ-07", "padding of the source gets weight: mask with the encoder's lengths",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        return matmul(softmax(scores(decoder, encoder, w), -1), values);
      }},
     {"MK-15", "the mask uses the decoder's lengths: mask the source, with the encoder's lengths",
      masked_by_target_lengths},
     {"MK-12", "the mask applies to rows (the target's padding): mask columns, the source's padding",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        const Mask rows = words(decoder).reshape({values.size(0), decoder.states.size(1), 1});
        return attend(scores(decoder, encoder, w), rows, values);
      }},
     {"MK-02", "the mask is inverted: only padding gets weight",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        return attend(scores(decoder, encoder, w), !words(encoder), values);
      }},
     {"MK-03", "masked after the softmax: rows no longer sum to 1. Mask the scores before it",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        const Tensor weights = softmax(scores(decoder, encoder, w), -1);
        return matmul(weights * numbers(words(encoder)).to(weights.dtype()), values);
      }},
     {"MK-11", "the context of an empty source became NaN; it must be 0: use masked_softmax",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        const Tensor masked_scores = masked_fill(scores(decoder, encoder, w), !words(encoder), -INFINITY);
        return matmul(softmax(masked_scores, -1), values);
      }},
     {"SQ-34", "the context of an empty source is the mean of its padding; it must be 0: use masked_softmax",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        const Tensor masked_scores = masked_fill(scores(decoder, encoder, w), !words(encoder), -1e9);
        return matmul(softmax(masked_scores, -1), values);
      }},
     {"SD-06", "the softmax was computed over the queries: use the keys, the last axis",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        const Tensor masked_scores = masked_fill(scores(decoder, encoder, w), !words(encoder), -1e9);
        return matmul(softmax(masked_scores, 1), values);
      }},
     {"MK-25", "every sequence of the batch got the mask of the first",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        const std::vector<index_t> first(encoder.lengths.size(), encoder.lengths[0]);
        return attend(scores(decoder, encoder, w), padding(first, values.size(1)), values);
      }},
     {"SQ-60", "padding was multiplied by 0, and 0 · NaN is NaN: use masked_softmax",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        const Mask allowed = words(encoder);
        const Tensor e = exp_of(scores(decoder, encoder, w), allowed);
        return matmul(divided_by_sum(e * numbers(allowed).to(e.dtype())), values);
      }},
     {"SD-16", "exp overflowed: subtract the maximum of the row first, as masked_softmax does",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        const Tensor e = masked_fill(exp(scores(decoder, encoder, w)), !words(encoder), 0);
        return matmul(divided_by_sum(e), values);
      }},
     {"SQ-23", "the score is a dot product: additive attention adds the projections inside the tanh",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        return attend((queries(decoder, w) * keys(encoder, w)).sum({-1}), words(encoder), values);
      }},
     {"SQ-24", "a tanh per projection, then the sum: the query cancels in the softmax. Add first",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        return attend(matmul(tanh(queries(decoder, w)) + tanh(keys(encoder, w)), w.v), words(encoder),
                      values);
      }},
     {"SQ-25", "v was not used: it weights the H hidden units before they are summed",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        return attend(tanh(queries(decoder, w) + keys(encoder, w)).sum({-1}), words(encoder), values);
      }},
     {"SQ-26", "the output is a mean of the keys: multiply the weights by the values",
      [](auto& decoder, auto& encoder, auto&, auto& w) {
        return attend(scores(decoder, encoder, w), words(encoder), encoder.states);
      }},
     {"SQ-27", "the scores were divided by a square root: only dot products need the scale",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        const double root = std::sqrt(static_cast<double>(w.v.numel()));
        return attend(scores(decoder, encoder, w) / root, words(encoder), values);
      }},
     {"SA-06", "no gradient reaches W_q and W_k: the attention weights were detached",
      [](auto& decoder, auto& encoder, auto& values, auto& w) {
        return attend(scores(decoder, encoder, w).detach(), words(encoder), values);
      }}}};

// Random inputs: lengths of target and source; widths of queries, keys and values, and H.
struct Sizes {
  index_t T = 3, S = 5;
  std::vector<index_t> target{3, 1}, source{4, 2};
  index_t queries = 4, keys = 6, values = 7, hidden = 8;
};
using Inputs = std::tuple<PaddedStates, PaddedStates, Tensor, Weights>;
Inputs inputs(const Sizes& n) {
  Generator gen(1);
  const auto B = static_cast<index_t>(n.source.size());
  const PaddedStates decoder{randn({B, n.T, n.queries}, gen), n.target},
      encoder{randn({B, n.S, n.keys}, gen), n.source};
  const Tensor values = randn({B, n.S, n.values}, gen);
  const Tensor W_q = randn({n.hidden, n.queries}, gen), W_k = randn({n.hidden, n.keys}, gen);
  return {decoder, encoder, values, {W_q, W_k, randn({n.hidden}, gen)}};
}
void compare(const std::string& text, const Sizes& sizes) {
  exercise.call("additive_attention: " + text, [=] { return inputs(sizes); });
}
// Writes `number` into the first two columns of the padding.
void fill_padding(Tensor x, const std::vector<index_t>& lengths, double number) {
  for (index_t b = 0; b < x.size(0); ++b)
    for (index_t s = lengths[static_cast<std::size_t>(b)]; s < x.size(1); ++s)
      x.set({b, s, 0}, number).set({b, s, 1}, -number);
}

TEST(AdditiveAttention, OfTheExampleByHand) {
  exercise.call("additive_attention: q = 0.5, keys {1, -1, 0.2}, values {1, 2, 4}, W_q = W_k = 1, v = 2", [] {
    return Inputs({tensor({{{0.5}}}), {1}}, {tensor({{{1}, {-1}, {0.2}}}), {3}}, tensor({{{1}, {2}, {4}}}),
                  {tensor({{1}}), tensor({{1}}), tensor({2})});
  });
}

TEST(AdditiveAttention, OfTwoSequencesOfDifferentLengths) {
  compare("3 target words (lengths 3, 1), 5 source words (lengths 4, 2)", {});
}

TEST(AdditiveAttention, OfFewerSourceThanTargetWords) {
  compare("5 target words (lengths 1, 2), 3 source words (lengths 2, 3)",
          {.T = 5, .S = 3, .target = {1, 2}, .source = {2, 3}});
}

TEST(AdditiveAttention, OfAsManySourceAsTargetWords) {
  compare("4 target words (lengths 4, 1), 4 source words (lengths 2, 3)",
          {.T = 4, .S = 4, .target = {4, 1}, .source = {2, 3}});
  compare("3 target words (lengths 3, 2, 1), 3 source words (lengths 1, 3, 2), every width 3",
          {.T = 3,
           .S = 3,
           .target = {3, 2, 1},
           .source = {1, 3, 2},
           .queries = 3,
           .keys = 3,
           .values = 3,
           .hidden = 3});
}

TEST(AdditiveAttention, OfASingleTargetWord) {
  compare("1 target word (lengths 1, 0), 5 source words (lengths 2, 4)",
          {.T = 1, .target = {1, 0}, .source = {2, 4}});
  compare("1 target word (length 0), 3 source words (length 2), one sequence",
          {.T = 1, .S = 3, .target = {0}, .source = {2}});
}

TEST(AdditiveAttention, OfASingleSequence) {
  compare("3 target words, 5 source words (length 3), one sequence", {.target = {2}, .source = {3}});
  compare("3 target words, 1 source word, one sequence", {.S = 1, .target = {3}, .source = {1}});
}

TEST(AdditiveAttention, OfAnEmptySourceIsZero) {
  compare("3 target words, 5 source words (lengths 0, 5)", {.target = {3, 3}, .source = {0, 5}});
  compare("3 target words, 5 source words (length 0), one sequence", {.target = {3}, .source = {0}});
}

TEST(AdditiveAttention, IsCorrectForLargeScores) {
  exercise.call("additive_attention: 3 target words, 5 source words (lengths 4, 2), v 1000 times as large",
                [] {
                  Inputs in = inputs({});
                  std::get<3>(in).v = std::get<3>(in).v * 1000.0;
                  return in;
                });
}

TEST(AdditiveAttention, DoesNotAttendToPadding) {
  exercise.call(
      "additive_attention: 3 target words, 5 source words (lengths 4, 2), values of 1000 at padding", [] {
        Inputs in = inputs({});
        fill_padding(std::get<2>(in), {4, 2}, 1000);
        return in;
      });
  for (const double number : {double{NAN}, double{INFINITY}})
    exercise.call(concat("additive_attention: 3 target words, 5 source words (lengths 4, 2), ",
                         std::isnan(number) ? "NaN" : "infinities", " in the encoder's states at padding"),
                  [number] {
                    Inputs in = inputs({});
                    fill_padding(std::get<1>(in).states, {4, 2}, number);
                    return in;
                  },
                  {.gradients = false});
}

}  // namespace
}  // namespace heed::exercise

// wrong edit SQ-04: `tanh(q + k)` => `q + k`
