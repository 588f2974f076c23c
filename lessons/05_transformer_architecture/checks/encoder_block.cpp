#include <cmath>

#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Parts = nn::TransformerEncoderLayer;

// The two sublayers, with their dropouts.
Tensor attend(const Tensor& x, Parts& p, const Mask& allowed) {
  return p.dropout1(p.self_attn.forward(x, x, x, {.mask = allowed}).output);
}
Tensor transform(const Tensor& x, Parts& p) { return p.dropout2(p.linear2(p.dropout(relu(p.linear1(x))))); }
// The dropout op, which is active in eval mode, too.
Tensor always_dropped(const Tensor& x, nn::Dropout& d) { return dropout(x, d.options.p, d.generator); }

const checks::Exercise<decltype(encoder_block)> exercise{
    "05_encoder_block",
    encoder_block,
    [](auto& x, auto& p, auto& allowed) { return p.forward(x, {.mask = allowed}); },
    {{"EN-01", "this is pre-LN; this course uses post-LN, as the paper does: normalise the sums",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = x + attend(p.norm1(x), p, allowed);
        return h + transform(p.norm2(h), p);
      }},
     {"EN-02", "x + norm(f(x)) is neither post-LN nor pre-LN; normalise the sums",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = x + p.norm1(attend(x, p, allowed));
        return h + p.norm2(transform(h, p));
      }},
     {"EN-04", "the residual connections are missing; add each sublayer's input to its output",
      [](auto& x, auto& p, auto& allowed) { return p.norm2(transform(p.norm1(attend(x, p, allowed)), p)); }},
     {"EN-07", "dropout is active in eval mode; use parts.dropout1(…) instead of the op dropout(…)",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor attended = p.self_attn.forward(x, x, x, {.mask = allowed}).output;
        const Tensor h = p.norm1(x + always_dropped(attended, p.dropout1));
        const Tensor wide = always_dropped(relu(p.linear1(h)), p.dropout);
        return p.norm2(h + always_dropped(p.linear2(wide), p.dropout2));
      }},
     {"EN-09", "dropout was applied to the sums; apply it to the sublayers' outputs only",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm1(p.dropout1(x + p.self_attn.forward(x, x, x, {.mask = allowed}).output));
        return p.norm2(p.dropout2(h + p.linear2(p.dropout(relu(p.linear1(h))))));
      }},
     {"EN-11", "no activation: without a ReLU, linear1 and linear2 are equivalent to one matrix",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm1(x + attend(x, p, allowed));
        return p.norm2(h + p.dropout2(p.linear2(p.dropout(p.linear1(h)))));
      }},
     {"EN-12", "nothing was dropped in training",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm1(x + p.self_attn.forward(x, x, x, {.mask = allowed}).output);
        return p.norm2(h + p.linear2(relu(p.linear1(h))));
      }},
     {"EN-15", "the norms are missing",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = x + attend(x, p, allowed);
        return h + transform(h, p);
      }},
     {"EN-27", "x was added to the feed-forward network's output; add h",
      [](auto& x, auto& p, auto& allowed) {
        return p.norm2(x + transform(p.norm1(x + attend(x, p, allowed)), p));
      }},
     {"EN-28", "the feed-forward network was applied to x; apply it to h",
      [](auto& x, auto& p, auto& allowed) {
        return p.norm2(p.norm1(x + attend(x, p, allowed)) + transform(x, p));
      }},
     {"EN-29", "norm1 was used twice; the second sum uses norm2",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm1(x + attend(x, p, allowed));
        return p.norm1(h + transform(h, p));
      }},
     {"EN-30", "the feed-forward network came first; the attention comes first",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm2(x + transform(x, p));
        return p.norm1(h + attend(h, p, allowed));
      }},
     {"EN-31", "the dropout inside the feed-forward network is missing: parts.dropout follows the ReLU",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm1(x + attend(x, p, allowed));
        return p.norm2(h + p.dropout2(p.linear2(relu(p.linear1(h)))));
      }},
     {"EN-22", "this is GELU, as in BERT and GPT-2; this course uses ReLU, as the paper does",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm1(x + attend(x, p, allowed));
        return p.norm2(h + p.dropout2(p.linear2(p.dropout(gelu(p.linear1(h))))));
      }},
     {"EN-60", "x and h were added twice; add each once",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm1(x + x + attend(x, p, allowed));
        return p.norm2(h + h + transform(h, p));
      }},
     {"EN-62", "the normalised inputs were added; add the inputs themselves, and normalise the sums",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor n = p.norm1(x), h = p.norm2(n + attend(n, p, allowed));
        return h + transform(h, p);
      }},
     {"EN-68", "norm1 and norm2 are exchanged; norm1 follows the attention",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm2(x + attend(x, p, allowed));
        return p.norm1(h + transform(h, p));
      }},
     {"EN-69",
      "the dropouts of the sublayers are missing: dropout1 after the attention, dropout2 after linear2",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm1(x + p.self_attn.forward(x, x, x, {.mask = allowed}).output);
        return p.norm2(h + p.linear2(p.dropout(relu(p.linear1(h)))));
      }},
     {"CL-24", "parts was switched to eval mode; the caller decides the mode",
      [](auto& x, auto& p, auto& allowed) {
        p.eval();
        return p.forward(x, {.mask = allowed});
      }},
     {"CL-25", "parts was switched to train mode; the caller decides the mode",
      [](auto& x, auto& p, auto& allowed) {
        p.train();
        return p.forward(x, {.mask = allowed});
      }},
     {"MK-01", "the mask was not passed to the attention: masked keys get weight",
      [](auto& x, auto& p, auto&) { return p.forward(x); }},
     {"MK-02", "the mask is inverted. TRUE = MAY ATTEND",
      [](auto& x, auto& p, auto& allowed) {
        return p.forward(x, {.mask = allowed.defined() ? !allowed : allowed});
      }},
     {"MK-12", "the mask was applied to queries; (B, 1, T) masks keys for every query",
      [](auto& x, auto& p, auto& allowed) {
        return p.forward(x,
                         {.mask = allowed.defined() ? allowed.reshape({x.size(0), x.size(1), 1}) : allowed});
      }},
     {"MK-25", "the mask of the first sequence was used for the whole batch",
      [](auto& x, auto& p, auto& allowed) {
        if (!allowed.defined()) return p.forward(x);
        const std::vector<std::uint8_t> first(allowed.data(), allowed.data() + x.size(1));
        return p.forward(x, {.mask = Mask(first, {1, 1, x.size(1)})});
      }}}};

// Two sequences of five tokens. Every parameter differs from its initial value.
struct Fixture {
  Generator gen{3};
  std::unique_ptr<Parts> parts;
  Tensor x;

  Fixture()
      : parts(std::make_unique<Parts>(
            nn::TransformerEncoderLayerOptions{
                .d_model = 6, .nhead = 2, .dim_feedforward = 10, .dropout = 0.5, .batch_first = true},
            gen)),
        x(randn({2, 5, 6}, gen)) {
    const NoGrad no_grad;
    for (Tensor& t : parts->parameters()) t.add_(randn(t.shape(), gen), 0.3);
    parts->eval();
  }
};

// The inputs of a call: the first sequences of the fixture, shortened to the length of the mask.
auto inputs(index_t batch, const Mask& allowed, bool training = false) {
  Fixture a;
  a.parts->train(training);
  const index_t length = allowed.defined() ? allowed.shape()[2] : 5;
  return std::tuple(a.x.slice(0, 0, batch).slice(1, 0, length), std::move(a.parts), allowed);
}

TEST(EncoderBlock, OfSequencesWithoutAMask) {
  for (const index_t batch : {2, 1})
    exercise.call(concat("encoder_block(x (", batch, ", 5, 6), parts in eval mode, {})"),
                  [batch] { return inputs(batch, {}); });
}

TEST(EncoderBlock, GivesMaskedKeysNoWeight) {
  exercise.call("encoder_block(x (2, 5, 6), parts in eval mode, padding({5, 3}, 5))", [] {
    return inputs(2, padding({5, 3}, 5));
  });
  exercise.call("encoder_block(x (2, 5, 6), parts in eval mode, padding({2, 5}, 5))", [] {
    return inputs(2, padding({2, 5}, 5));
  });
  exercise.call("encoder_block(x (1, 4, 6), parts in eval mode, mask {{{0, 1, 1, 0}}})", [] {
    return inputs(1, Mask::of({{{0, 1, 1, 0}}}));
  });
  exercise.call("encoder_block(x (2, 5, 6), parts in train mode, padding({3, 5}, 5))", [] {
    return inputs(2, padding({3, 5}, 5), true);
  });
}

TEST(EncoderBlock, KeepsNaNInPaddingFromTheOtherTokens) {
  exercise.compare("the tokens of encoder_block(x (2, 5, 6) with NaN at padding, padding({5, 3}, 5))",
                   [](auto f) {
                     auto [x, parts, allowed] = inputs(2, padding({5, 3}, 5));
                     x[1].slice(0, 3).fill_(NAN);
                     const Tensor y = f(x, *parts, allowed);
                     return std::vector<Tensor>{y[0], y[1].slice(0, 0, 3)};
                   });
}
TEST(EncoderBlock, AllowsFullyMaskedRows) {
  exercise.call("encoder_block(x (2, 5, 6), parts in eval mode, padding({0, 4}, 5))", [] {
    return inputs(2, padding({0, 4}, 5));
  });
  exercise.call("encoder_block(x (2, 1, 6), parts in eval mode, mask {{{0}}, {{1}}})", [] {
    return inputs(2, Mask::of({{{0}}, {{1}}}));
  });
}

TEST(EncoderBlock, DoesNotDependOnMaskedTokens) {
  exercise.invariant("", "changing a masked token must not change the others of its sequence", [](auto f) {
    Fixture a;
    const Mask allowed = padding({5, 3}, 5);
    const Tensor before = f(a.x, *a.parts, allowed)[1].slice(0, 0, 3);
    a.x[1][4].fill_(7);
    return allclose(before, f(a.x, *a.parts, allowed)[1].slice(0, 0, 3), 1e-5, 1e-5);
  });
}

TEST(EncoderBlock, DropsInTrainModeOnly) {
  exercise.call("encoder_block(x (2, 5, 6), parts in train mode with dropout 0.5, {})",
                [] { return inputs(2, {}, true); });
  exercise.invariant("", "in eval mode, two calls must give the same bits", [](auto f) {
    Fixture a;
    return max_abs_difference(f(a.x, *a.parts, {}), f(a.x, *a.parts, {})) == 0;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit EN-27: `parts.norm2(h + parts` => `parts.norm2(x + parts`
