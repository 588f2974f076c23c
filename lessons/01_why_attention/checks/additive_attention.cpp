#include "nn/additive_attention.h"

#include <cmath>

#include "lessons/01_why_attention/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
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

const tutor::Exercise<decltype(additive_attention)> exercise{
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

// B = 2 texts, T = 3 words written, S = 5 read, queries of 4, keys of 6, values of 7, H = 8: no two sizes are equal.
struct Fixture {
  Padded writer, reader;
  Tensor values;
  Weights w;
  explicit Fixture(DType dtype = f32) {
    Generator gen(1);
    writer = {randn({2, 3, 4}, gen, dtype), {3, 1}}, reader = {randn({2, 5, 6}, gen, dtype), {4, 2}};
    values = randn({2, 5, 7}, gen, dtype);
    w = {randn({8, 4}, gen, dtype), randn({8, 6}, gen, dtype), randn({8}, gen, dtype)};
  }
};

TEST(AdditiveAttention, OfNumbersThatFitOnPaper) {
  exercise.compare("additive_attention: q = 0.5, keys {1, -1, 0.2}, values {1, 2, 4}, W_q = W_k = 1, v = 2",
                   [](auto f) {
                     return f({tensor({{{0.5}}}), {1}}, {tensor({{{1}, {-1}, {0.2}}}), {3}},
                              tensor({{{1}, {2}, {4}}}), {tensor({{1}}), tensor({{1}}), tensor({2})});
                   });
}

TEST(AdditiveAttention, OfTwoTextsThatDifferInLength) {
  exercise.compare("additive_attention: 3 words written (lengths 3, 1), 5 words read (lengths 4, 2)",
                   [](auto f) {
                     const Fixture x;
                     return f(x.writer, x.reader, x.values, x.w);
                   });
}

TEST(AdditiveAttention, OfFewerWordsThanAreWritten) {
  exercise.compare("additive_attention: 5 words written (lengths 1, 2), 3 words read (lengths 2, 3), in f64",
                   [](auto f) {
                     const Fixture x(f64);
                     const Padded writer{x.reader.states, {1, 2}}, reader{x.writer.states, {2, 3}};
                     const Weights w{x.w.W_k, x.w.W_q, x.w.v};
                     return f(writer, reader, x.values.slice(1, 0, 3), w);
                   });
}

TEST(AdditiveAttention, OfASentenceWithoutWordsIsZero) {
  exercise.compare("additive_attention: 3 words written, and read lengths 0 and 5", [](auto f) {
    Fixture x;
    x.writer.lengths = {3, 3}, x.reader.lengths = {0, 5};
    return f(x.writer, x.reader, x.values, x.w);
  });
}

TEST(AdditiveAttention, DoesNotLookAtPadding) {
  exercise.invariant("SQ-07", "other numbers in the source's padding must not change the context",
                     [](auto f) {
                       Fixture x;
                       const Tensor before = f(x.writer, x.reader, x.values, x.w);
                       x.reader.states.set({0, 4, 0}, -3).set({1, 2, 1}, 5).set({1, 4, 2}, 4);
                       x.values.set({0, 4, 3}, 9).set({1, 3, 0}, -7);
                       return allclose(before, f(x.writer, x.reader, x.values, x.w), 1e-5, 1e-6);
                     });
}

TEST(AdditiveAttention, PassesGradientsToItsWeights) {
  exercise.compare("the gradients of W_q, W_k, v, the reader's states and the values", [](auto f) {
    Fixture x;
    for (Tensor* t : {&x.w.W_q, &x.w.W_k, &x.w.v, &x.reader.states, &x.values}) t->set_requires_grad();
    const Tensor context = f(x.writer, x.reader, x.values, x.w);
    (context * context).sum().backward();
    return std::vector<Tensor>{x.w.W_q.grad(), x.w.W_k.grad(), x.w.v.grad(), x.reader.states.grad(),
                               x.values.grad()};
  });
}

TEST(AdditiveAttention, LeavesItsInputsAsTheyWere) {
  exercise.invariant("", "states, values and weights must be the same after the call", [](auto f) {
    const Fixture x, y;
    f(x.writer, x.reader, x.values, x.w);
    return allclose(x.writer.states, y.writer.states) && allclose(x.reader.states, y.reader.states) &&
           allclose(x.values, y.values) && allclose(x.w.W_q, y.w.W_q) && allclose(x.w.W_k, y.w.W_k) &&
           allclose(x.w.v, y.w.v);
  });
}

}  // namespace
}  // namespace heed::exercise
