#include "lessons/05_transformer_architecture/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

using Parts = nn::TransformerEncoderLayer;

// The two sublayers with their dropouts; `allowed` may be another mask than the one that was given.
Tensor look(const Tensor& x, Parts& p, const Mask& allowed) {
  return p.dropout1(p.self_attn.forward(x, x, x, {.mask = allowed}).output);
}
Tensor think(const Tensor& x, Parts& p) { return p.dropout2(p.linear2(p.dropout(relu(p.linear1(x))))); }
// Dropout as one would call it who forgets that there is an afterwards.
Tensor always_dropped(const Tensor& x, nn::Dropout& d) { return dropout(x, d.options.p, d.generator); }

const tutor::Exercise<decltype(encoder_block)> exercise{
    "05_encoder_block",
    encoder_block,
    [](auto& x, auto& p, auto& allowed) { return p.forward(x, {.mask = allowed}); },
    {{"EN-01", "you wrote pre-LN; this course uses post-LN, as the paper and PyTorch do: normalise the sums",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = x + look(p.norm1(x), p, allowed);
        return h + think(p.norm2(h), p);
      }},
     {"EN-02", "x + norm(f(x)) is neither post-LN nor pre-LN: normalise the sums",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = x + p.norm1(look(x, p, allowed));
        return h + p.norm2(think(h, p));
      }},
     {"EN-04", "the residuals are missing: add what each sublayer was given",
      [](auto& x, auto& p, auto& allowed) { return p.norm2(think(p.norm1(look(x, p, allowed)), p)); }},
     {"EN-07",
      "dropout is still on: parts.dropout1(…) knows when training is over, the op dropout(…) does not",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor looked = p.self_attn.forward(x, x, x, {.mask = allowed}).output;
        const Tensor h = p.norm1(x + always_dropped(looked, p.dropout1));
        const Tensor wide = always_dropped(relu(p.linear1(h)), p.dropout);
        return p.norm2(h + always_dropped(p.linear2(wide), p.dropout2));
      }},
     {"EN-09", "dropout fell on the sums: drop what a sublayer says, not what it was given",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm1(p.dropout1(x + p.self_attn.forward(x, x, x, {.mask = allowed}).output));
        return p.norm2(p.dropout2(h + p.linear2(p.dropout(relu(p.linear1(h))))));
      }},
     {"EN-11", "no activation: linear1 and linear2 with nothing between them are worth one matrix",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm1(x + look(x, p, allowed));
        return p.norm2(h + p.dropout2(p.linear2(p.dropout(p.linear1(h)))));
      }},
     {"EN-12", "nothing was dropped while training",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm1(x + p.self_attn.forward(x, x, x, {.mask = allowed}).output);
        return p.norm2(h + p.linear2(relu(p.linear1(h))));
      }},
     {"EN-15", "the norms are missing",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = x + look(x, p, allowed);
        return h + think(h, p);
      }},
     {"EN-27", "the second sum started from x: the feed-forward is added to what it was given, h",
      [](auto& x, auto& p, auto& allowed) {
        return p.norm2(x + think(p.norm1(x + look(x, p, allowed)), p));
      }},
     {"EN-28", "the feed-forward read x: it works on what the first norm left, h",
      [](auto& x, auto& p, auto& allowed) {
        return p.norm2(p.norm1(x + look(x, p, allowed)) + think(x, p));
      }},
     {"EN-29", "norm1 was used twice: the second sum has a norm of its own, norm2",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm1(x + look(x, p, allowed));
        return p.norm1(h + think(h, p));
      }},
     {"EN-30", "the feed-forward came first: words look at each other, then each thinks for itself",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm2(x + think(x, p));
        return p.norm1(h + look(h, p, allowed));
      }},
     {"EN-31", "the dropout inside the feed-forward is missing: parts.dropout stands after the ReLU",
      [](auto& x, auto& p, auto& allowed) {
        const Tensor h = p.norm1(x + look(x, p, allowed));
        return p.norm2(h + p.dropout2(p.linear2(relu(p.linear1(h)))));
      }},
     {"MK-01", "the mask was not handed to the attention: padding still gets weight",
      [](auto& x, auto& p, auto&) { return p.forward(x); }}}};

// Two texts of five words, the second with two words of padding. Every parameter has left its start.
struct Fixture {
  Generator gen{3};
  Parts parts;
  Tensor x;
  Mask padded = padding({5, 3}, 5);

  explicit Fixture(double p = 0.5)
      : parts({.d_model = 6, .nhead = 2, .dim_feedforward = 10, .dropout = p, .batch_first = true}, gen),
        x(randn({2, 5, 6}, gen)) {
    const NoGrad no_grad;
    for (Tensor& t : parts.parameters()) t.add_(randn(t.shape(), gen), 0.3);
    parts.eval();
  }
};

TEST(EncoderBlock, OfTwoTextsOfFiveWords) {
  exercise.compare("encoder_block(x (2, 5, 6), parts in eval mode, {})", [](auto f) {
    Fixture a;
    return f(a.x, a.parts, {});
  });
}

TEST(EncoderBlock, HidesPadding) {
  exercise.compare("encoder_block(x (2, 5, 6), parts in eval mode, padding({5, 3}, 5))", [](auto f) {
    Fixture a;
    return f(a.x, a.parts, a.padded);
  });
  exercise.invariant("MK-01", "changing a word of padding must not move the words of its text", [](auto f) {
    Fixture a;
    const Tensor before = f(a.x, a.parts, a.padded)[1].slice(0, 0, 3);
    a.x[1][4].fill_(7);
    return allclose(before, f(a.x, a.parts, a.padded)[1].slice(0, 0, 3), 1e-5, 1e-5);
  });
}

TEST(EncoderBlock, DropsWhileTraining) {
  exercise.compare("encoder_block(x (2, 5, 6), parts in train mode with dropout 0.5, {})", [](auto f) {
    Fixture a;
    a.parts.train();
    return f(a.x, a.parts, {});
  });
}

TEST(EncoderBlock, GivesTheSameTwiceAfterwards) {
  exercise.invariant("EN-07", "in eval mode, two calls must give the same to the last bit", [](auto f) {
    Fixture a;
    return max_abs_difference(f(a.x, a.parts, {}), f(a.x, a.parts, {})) == 0;
  });
}

TEST(EncoderBlock, PassesGradientsToXAndToEveryPart) {
  exercise.compare("the gradients of x and of all parameters from (encoder_block(x, parts, {}) * x).sum()",
                   [](auto f) {
                     Fixture a;
                     a.x.set_requires_grad();
                     (f(a.x, a.parts, {}) * a.x.detach()).sum().backward();
                     std::vector<Tensor> gradients = {a.x.grad()};
                     for (const Tensor& t : a.parts.parameters()) gradients.push_back(t.grad());
                     return gradients;
                   });
}

TEST(EncoderBlock, LeavesXAlone) {
  exercise.compare("x after encoder_block(x, parts, {})", [](auto f) {
    Fixture a;
    f(a.x, a.parts, {});
    return a.x;
  });
}

}  // namespace
}  // namespace heed::exercise
