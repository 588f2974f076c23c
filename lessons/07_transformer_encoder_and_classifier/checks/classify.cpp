#include <cmath>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Classifier = nn::TransformerClassifier;

// The steps of the forward pass. `keys` is the encoder's mask; undefined means no mask.
Mask keys_of(const IntTensor& ids, Classifier& c) { return not_padding(ids, c.options.padding_idx); }
double root(Classifier& c) { return std::sqrt(static_cast<double>(c.options.d_model)); }
Tensor encode(const IntTensor& ids, Classifier& c, const Mask& keys) {
  return c.transformer.forward(c.pos_encoder(c.embedding(ids) * root(c)), {.mask = keys});
}
Tensor pool_and_classify(const Tensor& y, const IntTensor& ids, Classifier& c) {
  return c.fc(nn::masked_mean(y, keys_of(ids, c).reshape(ids.shape())));
}

// Returns the row of y (B, T, C) at each sequence's last real token, or at its first position if
// it has none: (B, C).
Tensor last_tokens(const Tensor& y, const IntTensor& ids, Classifier& c) {
  std::vector<Tensor> rows;
  for (index_t b = 0; b < ids.size(0); ++b) {
    index_t last = 0;
    for (index_t t = 0; t < ids.size(1); ++t)
      if (ids.at({b, t}) != c.options.padding_idx) last = t;
    rows.push_back(y[b][last]);
  }
  return stack(rows);
}

const checks::Exercise<decltype(classify)> exercise{
    "07_classify",
    classify,
    [](auto& ids, auto& c) { return c.forward(ids); },
    {{"CL-03", "tokens attend to padding, so a prediction depends on the rest of the batch",
      [](auto& ids, auto& c) { return pool_and_classify(encode(ids, c, {}), ids, c); }},
     {"CL-01", "padding was included in the mean: use the real tokens only",
      [](auto& ids, auto& c) { return c.fc(mean(encode(ids, c, keys_of(ids, c)), {1})); }},
     {"CL-12", "padding was neither masked in the encoder nor excluded from the mean",
      [](auto& ids, auto& c) { return c.fc(mean(encode(ids, c, {}), {1})); }},
     {"CL-05", "the last position was used as the summary: in a padded batch, that is padding",
      [](auto& ids, auto& c) { return c.fc(encode(ids, c, keys_of(ids, c)).select(1, -1)); }},
     {"CL-13", "the first token was used as the summary: this model has no CLS token, use the mean",
      [](auto& ids, auto& c) { return c.fc(encode(ids, c, keys_of(ids, c)).select(1, 0)); }},
     {"MK-02", "the encoder's mask is inverted: true = may attend",
      [](auto& ids, auto& c) { return pool_and_classify(encode(ids, c, !keys_of(ids, c)), ids, c); }},
     {"MK-12", "the mask removes queries: mask the padded keys, (B, 1, T), for every query",
      [](auto& ids, auto& c) {
        return pool_and_classify(encode(ids, c, keys_of(ids, c).reshape({ids.size(0), ids.size(1), 1})), ids,
                                 c);
      }},
     {"PE-12", "multiply the embeddings by √d_model before adding the positional encoding",
      [](auto& ids, auto& c) {
        const Mask keys = keys_of(ids, c);
        return pool_and_classify(c.transformer.forward(c.pos_encoder(c.embedding(ids)), {.mask = keys}), ids,
                                 c);
      }},
     {"PE-15", "the order of the tokens has no effect: the positional encoding was not added",
      [](auto& ids, auto& c) {
        const Mask keys = keys_of(ids, c);
        return pool_and_classify(c.transformer.forward(c.embedding(ids) * root(c), {.mask = keys}), ids, c);
      }},
     {"CL-14", "the positional encoding was multiplied by √d_model too: scale only the embeddings",
      [](auto& ids, auto& c) {
        const Mask keys = keys_of(ids, c);
        const Tensor x = c.pos_encoder(c.embedding(ids)) * root(c);
        return pool_and_classify(c.transformer.forward(x, {.mask = keys}), ids, c);
      }},
     {"CL-15", "probabilities were returned: return logits, the loss applies the softmax",
      [](auto& ids, auto& c) { return softmax(c.forward(ids), -1); }},
     {"CL-71", "the last real token was used as the summary: use the mean of all real tokens",
      [](auto& ids, auto& c) { return c.fc(last_tokens(encode(ids, c, keys_of(ids, c)), ids, c)); }},
     {"MK-22", "0 was treated as padding: the padding id is parts.options.padding_idx",
      [](auto& ids, auto& c) {
        const Mask keys = not_padding(ids, 0);
        return c.fc(nn::masked_mean(encode(ids, c, keys), keys.reshape(ids.shape())));
      }},
     {"MK-24", "everything after the first padding was masked: padding may occur at any position",
      [](auto& ids, auto& c) {
        std::vector<std::uint8_t> before;
        for (index_t i = 0; i < ids.numel(); ++i)
          before.push_back(ids[i] != c.options.padding_idx && (i % ids.size(1) == 0 || before.back()));
        const Mask real(before, ids.shape());
        return c.fc(nn::masked_mean(encode(ids, c, real.unsqueeze(1)), real));
      }},
     {"MK-25", "the mask of the first sequence was used for the whole batch",
      [](auto& ids, auto& c) {
        const Mask first = keys_of(ids.slice(0, 0, 1), c).reshape({1, ids.size(1)});
        return c.fc(nn::masked_mean(encode(ids, c, first.unsqueeze(1)), first.expand(ids.shape())));
      }},
     {"CL-24", "parts was left in eval mode: the caller chooses the mode",
      [](auto& ids, auto& c) {
        c.eval();
        return c.forward(ids);
      }},
     {"CL-25", "parts was put into train mode: the caller chooses the mode", [](auto& ids, auto& c) {
        c.train();
        return c.forward(ids);
      }}}};

// A classifier with a vocabulary of nine tokens and four classes.
std::unique_ptr<Classifier> make_parts(index_t padding_idx = 0, bool training = false, index_t d_model = 6) {
  Generator gen(2);
  auto parts = std::make_unique<Classifier>(nn::TransformerClassifierOptions{.vocab_size = 9,
                                                                             .d_model = d_model,
                                                                             .nhead = 2,
                                                                             .num_layers = 2,
                                                                             .num_classes = 4,
                                                                             .dim_feedforward = 8,
                                                                             .dropout = 0.3,
                                                                             .max_len = 16,
                                                                             .padding_idx = padding_idx},
                                            gen);
  const NoGrad no_grad;
  // Padding's embedding is not zero, so attending to it changes the output.
  parts->embedding.weight.copy_(randn({9, d_model}, gen) / root(*parts));
  parts->train(training);
  return parts;
}

// The inputs are ids and a module, which have no non-contiguous form.
constexpr checks::Forms all_forms{.views = false}, as_given{.f64 = false, .views = false, .gradients = false};

TEST(Classify, ReturnsOneLogitPerClass) {
  exercise.call(
      "classify({{1, 5, 7, 1, 0, 0}, {8, 4, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}}, parts with padding 0)",
      [] {
        return std::tuple(IntTensor({{1, 5, 7, 1, 0, 0}, {8, 4, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}}),
                          make_parts());
      },
      all_forms);
}

TEST(Classify, OfOneSequenceOfOneTokenAndOfPaddingOnly) {
  exercise.call(
      "classify({{3, 0, 0, 6}}, parts with padding 0)",
      [] {
        return std::tuple(IntTensor({{3, 0, 0, 6}}), make_parts());
      },
      as_given);
  exercise.call(
      "classify({{5}, {0}, {2}}, parts with padding 0)",
      [] {
        return std::tuple(IntTensor({{5}, {0}, {2}}), make_parts());
      },
      as_given);
  exercise.call(
      "classify({{0}}, parts with padding 0)", [] { return std::tuple(IntTensor({{0}}), make_parts()); },
      as_given);
}

TEST(Classify, MasksPaddingAtAnyPosition) {
  exercise.call(
      "classify({{0, 5, 0, 7, 1}, {8, 4, 0, 0, 2}}, parts with padding 0)",
      [] {
        return std::tuple(IntTensor({{0, 5, 0, 7, 1}, {8, 4, 0, 0, 2}}), make_parts());
      },
      as_given);
}

TEST(Classify, IgnoresNaNInTheEmbeddingOfPadding) {
  exercise.compare("classify({{1, 5, 0, 0}, {8, 0, 4, 7}}, parts with padding 0, whose embedding is NaN)",
                   [](auto f) {
                     const auto parts = make_parts();
                     const NoGrad no_grad;
                     parts->embedding.weight[0].fill_(NAN);
                     return f(IntTensor({{1, 5, 0, 0}, {8, 0, 4, 7}}), *parts);
                   });
}
TEST(Classify, UsesThePaddingIdOfTheOptions) {
  exercise.call(
      "classify({{1, 5, 0, 1, 3, 3}, {8, 4, 3, 3, 3, 3}}, parts with padding 3 and d_model 8)",
      [] {
        return std::tuple(IntTensor({{1, 5, 0, 1, 3, 3}, {8, 4, 3, 3, 3, 3}}), make_parts(3, false, 8));
      },
      all_forms);
  exercise.call(
      "classify({{1, 5, 0, 3}, {0, 4, 3, 3}}, parts with padding -1: every id is a token)",
      [] {
        return std::tuple(IntTensor({{1, 5, 0, 3}, {0, 4, 3, 3}}), make_parts(-1));
      },
      as_given);
}

TEST(Classify, DoesNotDependOnTheRestOfTheBatch) {
  exercise.invariant("", "a sequence must have the same logits alone and next to a longer one", [](auto f) {
    const auto parts = make_parts();
    const Tensor alone = f({{8, 4}}, *parts), padded = f({{1, 5, 7, 1, 6}, {8, 4, 0, 0, 0}}, *parts);
    return allclose(alone[0], padded[1], 1e-4, 1e-5);
  });
}

TEST(Classify, DependsOnTheOrderOfTokens) {
  exercise.invariant("", "swapping two tokens must change the logits", [](auto f) {
    const auto parts = make_parts();
    return !allclose(f({{8, 4, 2}}, *parts), f({{4, 8, 2}}, *parts), 1e-4, 1e-4);
  });
}

TEST(Classify, DoesNotChangeTheMode) {
  exercise.call(
      "classify({{1, 5, 7, 1, 0, 0}, {8, 4, 0, 0, 0, 0}}, parts in train mode with dropout 0.3)",
      [] {
        return std::tuple(IntTensor({{1, 5, 7, 1, 0, 0}, {8, 4, 0, 0, 0, 0}}), make_parts(0, true));
      },
      all_forms);
}

}  // namespace
}  // namespace heed::exercise

// wrong edit CL-03: `, {.mask = keys}` => ``
