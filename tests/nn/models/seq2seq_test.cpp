// Padding, generation, teacher forcing, learning and errors; tests/golden compares the numbers with
// PyTorch.
#include "nn/models/seq2seq.h"

#include <cmath>

#include "optim/optim.h"
#include "tests/nn/padding.h"
#include "tests/testing.h"

namespace heed::nn {
namespace {

constexpr AttentionKind kinds[] = {AttentionKind::none, AttentionKind::additive, AttentionKind::dot};

Seq2Seq make(AttentionKind kind, std::uint64_t seed = 1) {
  Generator gen(seed);
  return {{.source_vocab = 7, .target_vocab = 6, .embed = 5, .hidden = 8, .attention = kind}, gen};
}

const IntTensor source{{3, 4, 5, 6}, {5, 3, 0, 0}}, decoder_input{{1, 2, 3}, {1, 4, 5}};

TEST(Seq2Seq, PaddingInfluencesNoOutput) {
  for (const AttentionKind kind : kinds) {
    Seq2Seq model = make(kind);
    const IntTensor other{{3, 4, 5, 6}, {5, 3, 6, 1}};
    const Seq2SeqOutput a = model.forward(source, {4, 2}, decoder_input),
                        b = model.forward(other, {4, 2}, decoder_input);
    expect_same_bits(a.logits, b.logits);
    EXPECT_EQ(a.logits.shape(), (Shape{2, 3, 6}));
    EXPECT_EQ(a.weights.defined(), kind != AttentionKind::none);
    if (kind == AttentionKind::none) continue;
    EXPECT_EQ(a.weights.shape(), (Shape{2, 3, 4}));
    EXPECT_EQ(max(a.weights[1].slice(-1, 2, 4)).item(), 0);
    const Seq2SeqOutput alone = model.forward(IntTensor{{5, 3}}, {}, decoder_input.slice(0, 1, 2));
    expect_close(alone.logits[0], a.logits[1]);
  }
}

TEST(Seq2Seq, ABeamOfOneIsGreedyDecoding) {
  for (const AttentionKind kind : kinds) {
    Seq2Seq model = make(kind, 3);
    Generator gen(0);
    // Without teacher forcing, the decoder continues from bos with its own tokens.
    const Seq2SeqOutput own = model.forward(source, {4, 2}, IntTensor({1, 0, 0, 0, 1, 0, 0, 0}, {2, 4}),
                                            {.ratio = 0, .generator = &gen});
    const IntTensor tokens = argmax(own.logits, -1);
    const auto sequences = model.beam(source, {4, 2}, {.bos = 1, .eos = 2, .width = 1, .max_length = 4});
    ASSERT_EQ(sequences.size(), 2u);
    for (index_t b = 0; b < 2; ++b) {
      std::vector<index_t> want;
      for (index_t t = 0; t < 4 && tokens.at({b, t}) != 2; ++t) want.push_back(tokens.at({b, t}));
      EXPECT_EQ(sequences[static_cast<std::size_t>(b)][0].ids, want);
    }
  }
}

// The log-probability of a hypothesis equals that of its tokens under teacher forcing.
TEST(Seq2Seq, TheProbabilityOfAHypothesisIsTheModels) {
  for (const AttentionKind kind : kinds) {
    Seq2Seq model = make(kind, 5);
    const auto sequences = model.beam(source, {4, 2}, {.bos = 1, .eos = 2, .width = 3, .max_length = 5});
    for (std::size_t b = 0; b < 2; ++b)
      for (const Hypothesis& h : sequences[b]) {
        std::vector<index_t> before{1}, after = h.ids;
        before.insert(before.end(), h.ids.begin(), h.ids.end());
        if (h.finished)
          after.push_back(2);
        else
          before.pop_back();
        const auto n = static_cast<index_t>(before.size()), row = static_cast<index_t>(b);
        const index_t s = b == 0 ? 4 : 2;
        const Seq2SeqOutput all =
            model.forward(source.slice(0, row, row + 1).slice(1, 0, s), {}, IntTensor(before, {1, n}));
        const double loss =
            cross_entropy(all.logits[0], IntTensor(after, {n}), {.reduction = Reduction::sum}).item();
        EXPECT_NEAR(h.log_probability, -loss, 1e-4);
      }
  }
}

TEST(Seq2Seq, AnEmptySourceIsAccepted) {
  for (const AttentionKind kind : kinds) {
    Seq2Seq model = make(kind);
    const Seq2SeqOutput a = model.forward(source, {4, 0}, decoder_input);
    EXPECT_FALSE(isnan(a.logits).count());
    EXPECT_EQ(model.beam(source, {4, 0}, {.bos = 1, .eos = 2, .max_length = 3}).size(), 2u);
  }
}

// Reversing three tokens: learnable with each kind of attention.
TEST(Seq2Seq, LearnsToReverseASequence) {
  for (const AttentionKind kind : kinds) {
    Generator gen(2);
    Seq2Seq model({.source_vocab = 6, .target_vocab = 6, .embed = 12, .hidden = 24, .attention = kind}, gen);
    optim::Adam adam(model.parameters(), {.lr = 0.02});
    std::vector<index_t> from, before, after;
    for (index_t i = 0; i < 27; ++i) {
      const index_t a = 3 + i / 9, b = 3 + i / 3 % 3, c = 3 + i % 3;
      from.insert(from.end(), {a, b, c});
      before.insert(before.end(), {1, c, b, a});
      after.insert(after.end(), {c, b, a, 2});
    }
    const IntTensor s(from, {27, 3}), g(before, {27, 4}), t(after, {27, 4});
    double loss = 0;
    for (int step = 0; step < 150; ++step) {
      adam.zero_grad();
      Tensor l = cross_entropy(model.forward(s, {}, g).logits.reshape({-1, 6}), t.reshape({-1}));
      l.backward();
      adam.step();
      loss = l.item();
    }
    EXPECT_LT(loss, 0.05);
    const auto sequences = model.beam(s, {}, {.bos = 1, .eos = 2, .width = 2, .max_length = 6});
    int right = 0;
    for (std::size_t i = 0; i < 27; ++i)
      right +=
          sequences[i][0].ids == std::vector<index_t>(after.begin() + static_cast<std::ptrdiff_t>(4 * i),
                                                      after.begin() + static_cast<std::ptrdiff_t>(4 * i + 3));
    EXPECT_EQ(right, 27);
  }
}

TEST(Seq2Seq, EveryParameterIsNamedAndACloneIsEqual) {
  for (const AttentionKind kind : kinds) {
    Seq2Seq model = make(kind);
    model.check_all_named(model.forward(source, {4, 2}, decoder_input).logits);
    Seq2Seq twin = model.clone();
    expect_same_bits(twin.forward(source, {4, 2}, decoder_input).logits,
                     model.forward(source, {4, 2}, decoder_input).logits);
  }
}

TEST(Seq2Seq, InvalidInputsAreRejected) {
  Seq2Seq model = make(AttentionKind::none);
  Generator gen(0);
  EXPECT_EQ(error_of([&] {
              model.forward(IntTensor{1, 2}, {}, decoder_input);
            }),
            "[Seq2Seq] expected source (B, S) and decoder_input (B, T) with at least one token, got (2) and "
            "(2, 3)");
  EXPECT_EQ(error_of([&] { model.forward(source, {}, decoder_input, {.ratio = 1.5}); }),
            "[Seq2Seq] expected a teacher forcing ratio in [0, 1], got 1.5");
  EXPECT_EQ(error_of([&] { model.forward(source, {}, decoder_input, {.ratio = 0.5}); }),
            "[Seq2Seq] expected a generator for the teacher forcing ratio 0.5, got none. Hint: {.ratio = "
            "0.5, .generator = &gen}");
  EXPECT_EQ(error_of([&] {
              model.beam(IntTensor{1, 2}, {}, {});
            }),
            "[Seq2Seq] expected source ids (B, S) with at least one token, got (2)");
  EXPECT_EQ(error_of([&] {
              Seq2Seq({.source_vocab = 2, .target_vocab = 2, .hidden = 5, .bidirectional = true}, gen);
            }),
            "[Seq2Seq] expected an even hidden size for two directions, got hidden = 5");
  EXPECT_EQ(error_of([&] {
              Seq2Seq({.source_vocab = 2, .target_vocab = 2, .hidden = 1, .bidirectional = true}, gen);
            }),
            "[Seq2Seq] expected an even hidden size for two directions, got hidden = 1");
  EXPECT_EQ(
      error_of([&] { Seq2Seq({.source_vocab = 2, .embed = 3, .hidden = 4}, gen); }),
      "[Seq2Seq] expected source_vocab, target_vocab, embed and hidden of at least 1, got 2, 0, 3 and 4");
  const AdditiveAttention attention({.query_size = 2, .key_size = 3, .hidden_size = 4}, gen);
  EXPECT_EQ(error_of([&] {
              attention(zeros({1, 1, 2}), zeros({1, 5, 3}), zeros({1, 4, 3}));
            }),
            "[AdditiveAttention] expected query, key and value (B, T, 2), (B, S, 3) and (B, S, Dv), got (1, "
            "1, 2), (1, 5, 3) and (1, 4, 3)");
}

// The embedding of the padding id is NaN. No gradient except that of this row may depend on it.
TEST(Seq2Seq, PaddingInfluencesNoGradient) {
  for (const AttentionKind kind : kinds)
    for (const bool bidirectional : {false, true}) {
      Generator gen(1);
      Seq2Seq model({.source_vocab = 7,
                     .target_vocab = 6,
                     .embed = 5,
                     .hidden = 8,
                     .attention = kind,
                     .bidirectional = bidirectional},
                    gen);
      const auto gradients = [&](double padding) {
        {
          const NoGrad no_grad;
          model.source_embedding.weight.select(0, 0).fill_(padding);
        }
        model.zero_grad();
        const Seq2SeqOutput w = model.forward(source, {4, 2}, decoder_input);
        sum(w.logits * w.logits).backward();
        std::vector<Tensor> all;
        for (const Tensor& p : model.parameters()) all.push_back(p.grad());
        return all;
      };
      const auto want = gradients(0), got = gradients(std::nan(""));
      for (std::size_t i = 0; i < want.size(); ++i) expect_same_bits(got[i], want[i]);
      EXPECT_EQ(max(abs(model.source_embedding.weight.grad()[0])).item(), 0);
    }
}

TEST(Seq2Seq, ChecksTheArgumentsOfBeam) {
  Seq2Seq model = make(AttentionKind::dot);
  EXPECT_EQ(error_of([&] {
              model.beam(source, {4, -1}, {});
            }),
            "[Seq2Seq] expected lengths in [0, 4], got -1 for sample 1");
  EXPECT_EQ(error_of([&] {
              model.beam(source, {4, 5}, {});
            }),
            "[Seq2Seq] expected lengths in [0, 4], got 5 for sample 1");
  EXPECT_EQ(error_of([&] { model.forward(source, {4}, decoder_input); }),
            "[Seq2Seq] expected one length per sample of source (2, 4), got 1");
  EXPECT_EQ(error_of([&] { model.beam(source, {}, {.eos = 6}); }),
            "[Seq2Seq] expected bos and eos in [0, 6), got 0 and 6");
  EXPECT_EQ(error_of([&] { model.beam(source, {}, {.bos = -1}); }),
            "[beam_search] expected token ids of at least 0 for bos and eos, got -1 and 0");
  EXPECT_EQ(error_of([&] {
              model.beam(IntTensor::zeros({0, 3}), {}, {.width = -1});
            }),
            "[beam_search] expected width and max_length of at least 1, got -1 and 100");
  EXPECT_EQ(error_of([&] {
              model.beam(IntTensor::zeros({2, 0}), {}, {});
            }),
            "[Seq2Seq] expected source ids (B, S) with at least one token, got (2, 0)");
  expect_contains(error_of([&] { model.beam(IntTensor{{7}}, {}, {}); }), "expected ids in [0, 7)");
  EXPECT_TRUE(model.beam(IntTensor::zeros({0, 3}), {}, {}).empty());
}

TEST(Seq2Seq, BeamRestoresEachModeAndRecordsNothing) {
  Seq2Seq model = make(AttentionKind::additive);
  model.cell.eval();
  model.beam(source, {4, 2}, {.bos = 1, .eos = 2, .max_length = 3});
  EXPECT_TRUE(model.training() && model.encoder.training() && !model.cell.training());
  EXPECT_THROW(model.beam(IntTensor{{99}}, {}, {.bos = 1, .eos = 2}), Error);
  EXPECT_TRUE(model.training() && model.encoder.training() && !model.cell.training());
  EXPECT_TRUE(grad_enabled());
}

TEST(AdditiveAttention, PaddingInfluencesNothing) {
  Generator gen(0);
  AdditiveAttention attention({.query_size = 2, .key_size = 3, .hidden_size = 4}, gen);
  const Mask mask = padding({5, 2}, 5), real = mask.reshape({2, 5, 1}), queries = Mask::of({{1}, {0}, {1}});
  for (const Mask& m : {mask, mask & queries})
    expect_padding_ignored(attention, to_string(m.shape()), [&](double value) -> PaddedRun {
      const bool some_queries = m.shape()[1] > 1;
      const Tensor query = padded({2, 3, 2}, some_queries ? queries : Mask::full({1}, true), value, 3),
                   key = padded({2, 5, 3}, real, value), values = padded({2, 5, 4}, real, value, 2);
      return {attention.forward(query, key, values, m).output, {query, key, values}};
    });
}

TEST(AdditiveAttention, AMaskOfTwoMeaningsIsAnError) {
  Generator gen(0);
  const AdditiveAttention attention({.query_size = 2, .key_size = 3, .hidden_size = 4}, gen);
  const Tensor query = zeros({4, 4, 2}), key = zeros({4, 5, 3});
  expect_contains(
      error_of([&] {
        attention.forward(query, key, key, Mask::full({4, 5}, true));
      }),
      "[AdditiveAttention] expected a mask with one meaning, got (4, 5), which is both (T, S) and (B, S) "
      "as B = T = 4. Hint: mask.unsqueeze(0) for (T, S)");
  EXPECT_EQ(error_of([&] { attention.forward(query, key, key, padding({5, 1, 2, 3}, 5)); }), "");
  EXPECT_EQ(
      error_of([&] {
        attention.forward(query, key, key, Mask::full({2, 4, 5}, true));
      }),
      "[AdditiveAttention] shapes (4, 4, 5) and (2, 4, 5) do not broadcast: axis -3 has 4 and 2; aligned at "
      "the right, sizes must be equal or 1");
}

}  // namespace
}  // namespace heed::nn
