#include "nn/additive_attention.h"

#include <cmath>

#include "lessons/01_why_attention/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(Padded& padded, const Visit& visit) {
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

// What is common to the twins: projections, scores from them, a mask over the reader's words, the sum.
Tensor queries(const Padded& writer, const Weights& w) { return linear(writer.states, w.W_q).unsqueeze(2); }
Tensor keys(const Padded& reader, const Weights& w) { return linear(reader.states, w.W_k).unsqueeze(1); }
Tensor scores(const Padded& writer, const Padded& reader, const Weights& w) {
  return matmul(tanh(queries(writer, w) + keys(reader, w)), w.v);  // (B, T, S)
}
Mask words(const Padded& of) { return padding(of.lengths, of.states.size(1)); }  // (B, 1, N)
Tensor mixed(const Tensor& scores, const Mask& allowed, const Tensor& values) {
  return matmul(masked_softmax(scores, allowed), values);
}
Tensor numbers(const Mask& allowed) { return where(allowed, ones(allowed.shape()), zeros(allowed.shape())); }

Tensor right(const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
  Generator gen(0);
  nn::AdditiveAttention library(
      {.query_size = w.W_q.size(1), .key_size = w.W_k.size(1), .hidden_size = w.W_q.size(0)}, gen);
  library.W_q.weight = w.W_q, library.W_k.weight = w.W_k, library.v.weight = w.v.unsqueeze(0);
  return library.forward(writer.states, reader.states, values, words(reader)).output;
}
// The writer's lengths over the reader's words; cut off where the reader has fewer.
Tensor masked_by_writer(const Padded& writer, const Padded& reader, const Tensor& values, const Weights& w) {
  return mixed(scores(writer, reader, w), padding(writer.lengths, reader.states.size(1)), values);
}

// exp of the scores less the largest score of a word, before anything is masked.
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
    right,
    {{"SQ-04", "the tanh is missing: then the query falls out of the softmax. v · tanh(W_q q + W_k k)",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        return mixed(matmul(queries(writer, w) + keys(reader, w), w.v), words(reader), values);
      }},
     {"SQ-07", "padding of the source was looked at: mask with the reader's lengths",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        return matmul(softmax(scores(writer, reader, w), -1), values);
      }},
     {"MK-15", "the mask is the writer's: what is looked at are the reader's words, so mask with its lengths",
      masked_by_writer},
     {"MK-12", "the mask hid rows (the writer's padding): hide columns, the reader's padding",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        const Mask rows = words(writer).reshape({values.size(0), writer.states.size(1), 1});
        return mixed(scores(writer, reader, w), rows, values);
      }},
     {"MK-02", "the mask is upside down: exactly the padding was looked at",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        return mixed(scores(writer, reader, w), !words(reader), values);
      }},
     {"MK-03", "masked after the softmax: rows no longer sum to 1. Mask the scores, before it",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        const Tensor shares = softmax(scores(writer, reader, w), -1);
        return matmul(shares * numbers(words(reader)).to(shares.dtype()), values);
      }},
     {"MK-11", "a sentence without a word became NaN: its context is 0, as masked_softmax gives it",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        const Tensor hidden = masked_fill(scores(writer, reader, w), !words(reader), -INFINITY);
        return matmul(softmax(hidden, -1), values);
      }},
     {"SQ-34",
      "a sentence without a word got the mean of its padding: its context is 0, as masked_softmax gives it",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        const Tensor hidden = masked_fill(scores(writer, reader, w), !words(reader), -1e9);
        return matmul(softmax(hidden, -1), values);
      }},
     {"SD-06", "the softmax went over the queries: each query's weights are its own whole (the last axis)",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        const Tensor hidden = masked_fill(scores(writer, reader, w), !words(reader), -1e9);
        return matmul(softmax(hidden, 1), values);
      }},
     {"MK-25", "every text of the batch got the mask of the first",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        const std::vector<index_t> first(reader.lengths.size(), reader.lengths[0]);
        return mixed(scores(writer, reader, w), padding(first, values.size(1)), values);
      }},
     {"SQ-60", "padding was multiplied by 0, and 0 · NaN is NaN: masked_softmax leaves nothing of it",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        const Mask allowed = words(reader);
        const Tensor e = exp_of(scores(writer, reader, w), allowed);
        return matmul(divided_by_sum(e * numbers(allowed).to(e.dtype())), values);
      }},
     {"SD-16", "exp overflowed: take the largest score of the row away first, as masked_softmax does",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        const Tensor e = masked_fill(exp(scores(writer, reader, w)), !words(reader), 0);
        return matmul(divided_by_sum(e), values);
      }},
     {"SQ-23", "the score is a dot product of the projections: additive attention adds them, inside the tanh",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        return mixed((queries(writer, w) * keys(reader, w)).sum({-1}), words(reader), values);
      }},
     {"SQ-24", "a tanh for each of the two, then the sum: the query falls out of the softmax. Add first",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        return mixed(matmul(tanh(queries(writer, w)) + tanh(keys(reader, w)), w.v), words(reader), values);
      }},
     {"SQ-25", "v was not used: it weighs the H hidden numbers before they are added up",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        return mixed(tanh(queries(writer, w) + keys(reader, w)).sum({-1}), words(reader), values);
      }},
     {"SQ-26", "the keys were mixed: the weights are for the values",
      [](auto& writer, auto& reader, auto&, auto& w) {
        return mixed(scores(writer, reader, w), words(reader), reader.states);
      }},
     {"SQ-27",
      "the scores were divided by a square root: that belongs to dot products, which grow with their width",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        const double root = std::sqrt(static_cast<double>(w.v.numel()));
        return mixed(scores(writer, reader, w) / root, words(reader), values);
      }},
     {"SA-06", "no gradient reaches W_q and W_k: something took the weights out of the graph",
      [](auto& writer, auto& reader, auto& values, auto& w) {
        return mixed(scores(writer, reader, w).detach(), words(reader), values);
      }}}};

// Inputs without a pattern; widths: those of queries, keys, values, and H.
struct Sizes {
  index_t T = 3, S = 5;
  std::vector<index_t> written{3, 1}, read{4, 2};
  index_t queries = 4, keys = 6, values = 7, hidden = 8;
};
using Inputs = std::tuple<Padded, Padded, Tensor, Weights>;
Inputs inputs(const Sizes& n) {
  Generator gen(1);
  const auto B = static_cast<index_t>(n.read.size());
  const Padded writer{randn({B, n.T, n.queries}, gen), n.written},
      reader{randn({B, n.S, n.keys}, gen), n.read};
  const Tensor values = randn({B, n.S, n.values}, gen);
  const Tensor W_q = randn({n.hidden, n.queries}, gen), W_k = randn({n.hidden, n.keys}, gen);
  return {writer, reader, values, {W_q, W_k, randn({n.hidden}, gen)}};
}
void ask(const std::string& text, const Sizes& sizes) {
  exercise.call("additive_attention: " + text, [=] { return inputs(sizes); });
}
// Writes `number` into the first two columns of what is padding in the reader's texts.
void fill_padding(Tensor x, const std::vector<index_t>& lengths, double number) {
  for (index_t b = 0; b < x.size(0); ++b)
    for (index_t s = lengths[static_cast<std::size_t>(b)]; s < x.size(1); ++s)
      x.set({b, s, 0}, number).set({b, s, 1}, -number);
}

TEST(AdditiveAttention, OfNumbersThatFitOnPaper) {
  exercise.call("additive_attention: q = 0.5, keys {1, -1, 0.2}, values {1, 2, 4}, W_q = W_k = 1, v = 2", [] {
    return Inputs({tensor({{{0.5}}}), {1}}, {tensor({{{1}, {-1}, {0.2}}}), {3}}, tensor({{{1}, {2}, {4}}}),
                  {tensor({{1}}), tensor({{1}}), tensor({2})});
  });
}

TEST(AdditiveAttention, OfTwoTextsThatDifferInLength) {
  ask("3 words written (lengths 3, 1), 5 words read (lengths 4, 2)", {});
}

TEST(AdditiveAttention, OfFewerWordsThanAreWritten) {
  ask("5 words written (lengths 1, 2), 3 words read (lengths 2, 3)",
      {.T = 5, .S = 3, .written = {1, 2}, .read = {2, 3}});
}

TEST(AdditiveAttention, OfAsManyWordsAsAreWritten) {
  ask("4 words written (lengths 4, 1), 4 words read (lengths 2, 3)",
      {.T = 4, .S = 4, .written = {4, 1}, .read = {2, 3}});
  ask("3 words written (lengths 3, 2, 1), 3 words read (lengths 1, 3, 2), every width 3",
      {.T = 3,
       .S = 3,
       .written = {3, 2, 1},
       .read = {1, 3, 2},
       .queries = 3,
       .keys = 3,
       .values = 3,
       .hidden = 3});
}

TEST(AdditiveAttention, OfOneWordToWrite) {
  ask("1 word written (lengths 1, 0), 5 words read (lengths 2, 4)",
      {.T = 1, .written = {1, 0}, .read = {2, 4}});
  ask("1 word written (length 0), 3 words read (length 2), one text",
      {.T = 1, .S = 3, .written = {0}, .read = {2}});
}

TEST(AdditiveAttention, OfOneText) {
  ask("3 words written, 5 words read (length 3), one text", {.written = {2}, .read = {3}});
  ask("3 words written, 1 word read, one text", {.S = 1, .written = {3}, .read = {1}});
}

TEST(AdditiveAttention, OfASentenceWithoutWordsIsZero) {
  ask("3 words written, 5 words read (lengths 0, 5)", {.written = {3, 3}, .read = {0, 5}});
  ask("3 words written, 5 words read (length 0), one text", {.written = {3}, .read = {0}});
}

TEST(AdditiveAttention, HoldsForLargeScores) {
  exercise.call(
      "additive_attention: 3 words written, 5 words read (lengths 4, 2), v being 1000 times as large", [] {
        Inputs in = inputs({});
        std::get<3>(in).v = std::get<3>(in).v * 1000.0;
        return in;
      });
}

TEST(AdditiveAttention, DoesNotLookAtPadding) {
  exercise.call("additive_attention: 3 words written, 5 words read (lengths 4, 2), values of 1000 at padding",
                [] {
                  Inputs in = inputs({});
                  fill_padding(std::get<2>(in), {4, 2}, 1000);
                  return in;
                });
  for (const double number : {double{NAN}, double{INFINITY}})
    exercise.call(concat("additive_attention: 3 words written, 5 words read (lengths 4, 2), ",
                         std::isnan(number) ? "NaN" : "infinities", " in the reader's states at padding"),
                  [number] {
                    Inputs in = inputs({});
                    fill_padding(std::get<1>(in).states, {4, 2}, number);
                    return in;
                  },
                  {.gradients = false});
}

}  // namespace
}  // namespace heed::exercise
