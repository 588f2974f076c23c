#include <cmath>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Classifier = nn::TransformerClassifier;

// The chain in pieces. `keys`: the mask of the encoder, or undefined.
Mask keys_of(const IntTensor& ids, Classifier& c) { return not_padding(ids, c.options.padding_idx); }
double root(Classifier& c) { return std::sqrt(static_cast<double>(c.options.d_model)); }
Tensor read(const IntTensor& ids, Classifier& c, const Mask& keys) {
  return c.transformer.forward(c.pos_encoder(c.embedding(ids) * root(c)), {.mask = keys});
}
Tensor pooled(const Tensor& y, const IntTensor& ids, Classifier& c) {
  return c.fc(nn::masked_mean(y, keys_of(ids, c).reshape(ids.shape())));
}

// Of y (B, T, C), the row of each text's last real word; of its first position if it has none. (B, C)
Tensor last_words(const Tensor& y, const IntTensor& ids, Classifier& c) {
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
    {{"CL-03", "the words attend to padding: your prediction depends on who is in the batch",
      [](auto& ids, auto& c) { return pooled(read(ids, c, {}), ids, c); }},
     {"CL-01", "padding is in the average: only the real words count",
      [](auto& ids, auto& c) { return c.fc(mean(read(ids, c, keys_of(ids, c)), {1})); }},
     {"CL-12", "padding is heard twice: by the attention and in the average",
      [](auto& ids, auto& c) { return c.fc(mean(read(ids, c, {}), {1})); }},
     {"CL-05", "the last place was taken for the summary: in a padded batch that is padding",
      [](auto& ids, auto& c) { return c.fc(read(ids, c, keys_of(ids, c)).select(1, -1)); }},
     {"CL-13", "the first word was taken for the summary: this course takes the mean, there is no CLS token",
      [](auto& ids, auto& c) { return c.fc(read(ids, c, keys_of(ids, c)).select(1, 0)); }},
     {"MK-02", "the mask of the encoder is upside down: true = may attend",
      [](auto& ids, auto& c) { return pooled(read(ids, c, !keys_of(ids, c)), ids, c); }},
     {"MK-12", "the mask hides queries: hide the padded keys, (B, 1, T), from every query",
      [](auto& ids, auto& c) {
        return pooled(read(ids, c, keys_of(ids, c).reshape({ids.size(0), ids.size(1), 1})), ids, c);
      }},
     {"PE-12", "multiply the embeddings by √d_model before the positions are added",
      [](auto& ids, auto& c) {
        const Mask keys = keys_of(ids, c);
        return pooled(c.transformer.forward(c.pos_encoder(c.embedding(ids)), {.mask = keys}), ids, c);
      }},
     {"PE-15", "word order does not matter to your model: the positions were not added",
      [](auto& ids, auto& c) {
        const Mask keys = keys_of(ids, c);
        return pooled(c.transformer.forward(c.embedding(ids) * root(c), {.mask = keys}), ids, c);
      }},
     {"CL-14", "the positions were multiplied by √d_model too: scale the embeddings only",
      [](auto& ids, auto& c) {
        const Mask keys = keys_of(ids, c);
        const Tensor x = c.pos_encoder(c.embedding(ids)) * root(c);
        return pooled(c.transformer.forward(x, {.mask = keys}), ids, c);
      }},
     {"CL-15", "shares were returned: return scores, the loss does its own softmax",
      [](auto& ids, auto& c) { return softmax(c.forward(ids), -1); }},
     {"CL-71", "the last real word was taken as the summary: this course takes the mean of all of them",
      [](auto& ids, auto& c) { return c.fc(last_words(read(ids, c, keys_of(ids, c)), ids, c)); }},
     {"MK-22", "0 was taken for padding: parts.options.padding_idx says which id it is",
      [](auto& ids, auto& c) {
        const Mask keys = not_padding(ids, 0);
        return c.fc(nn::masked_mean(read(ids, c, keys), keys.reshape(ids.shape())));
      }},
     {"MK-24", "everything after the first padding was hidden: padding may stand anywhere",
      [](auto& ids, auto& c) {
        std::vector<std::uint8_t> before;
        for (index_t i = 0; i < ids.numel(); ++i)
          before.push_back(ids[i] != c.options.padding_idx && (i % ids.size(1) == 0 || before.back()));
        const Mask real(before, ids.shape());
        return c.fc(nn::masked_mean(read(ids, c, real.unsqueeze(1)), real));
      }},
     {"MK-25", "every text of the batch got the mask of the first",
      [](auto& ids, auto& c) {
        const Mask first = keys_of(ids.slice(0, 0, 1), c).reshape({1, ids.size(1)});
        return c.fc(nn::masked_mean(read(ids, c, first.unsqueeze(1)), first.expand(ids.shape())));
      }},
     {"CL-24", "parts was left in eval mode: whoever calls decides the mode",
      [](auto& ids, auto& c) {
        c.eval();
        return c.forward(ids);
      }},
     {"CL-25", "parts was put into train mode: whoever calls decides the mode", [](auto& ids, auto& c) {
        c.train();
        return c.forward(ids);
      }}}};

// A classifier of nine tokens and four classes.
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
  // The row of padding is not zeros, so that reading it changes the output.
  parts->embedding.weight.copy_(randn({9, d_model}, gen) / root(*parts));
  parts->train(training);
  return parts;
}

// The inputs are ids and a module: a view is no other form of them.
constexpr checks::Forms all_forms{.views = false}, as_given{.f64 = false, .views = false, .gradients = false};

TEST(Classify, GivesOneScoreForEachClass) {
  exercise.call(
      "classify({{1, 5, 7, 1, 0, 0}, {8, 4, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}}, parts with padding 0)",
      [] {
        return std::tuple(IntTensor({{1, 5, 7, 1, 0, 0}, {8, 4, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}}),
                          make_parts());
      },
      all_forms);
}

TEST(Classify, OfOneTextOfOneWordAndOfNone) {
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

TEST(Classify, HidesPaddingWhereverItStands) {
  exercise.call(
      "classify({{0, 5, 0, 7, 1}, {8, 4, 0, 0, 2}}, parts with padding 0)",
      [] {
        return std::tuple(IntTensor({{0, 5, 0, 7, 1}, {8, 4, 0, 0, 2}}), make_parts());
      },
      as_given);
}

TEST(Classify, IsNotReachedByNaNInTheRowOfPadding) {
  exercise.compare("classify({{1, 5, 0, 0}, {8, 0, 4, 7}}, parts with padding 0, whose embedding is NaN)",
                   [](auto f) {
                     const auto parts = make_parts();
                     const NoGrad no_grad;
                     parts->embedding.weight[0].fill_(NAN);
                     return f(IntTensor({{1, 5, 0, 0}, {8, 0, 4, 7}}), *parts);
                   });
}
TEST(Classify, ReadsWhichIdIsPadding) {
  exercise.call(
      "classify({{1, 5, 0, 1, 3, 3}, {8, 4, 3, 3, 3, 3}}, parts with padding 3 and d_model 8)",
      [] {
        return std::tuple(IntTensor({{1, 5, 0, 1, 3, 3}, {8, 4, 3, 3, 3, 3}}), make_parts(3, false, 8));
      },
      all_forms);
  exercise.call(
      "classify({{1, 5, 0, 3}, {0, 4, 3, 3}}, parts with padding -1: every id is a word)",
      [] {
        return std::tuple(IntTensor({{1, 5, 0, 3}, {0, 4, 3, 3}}), make_parts(-1));
      },
      as_given);
}

TEST(Classify, DoesNotDependOnTheRestOfTheBatch) {
  exercise.invariant("", "a text must have the same scores alone and beside a longer one", [](auto f) {
    const auto parts = make_parts();
    const Tensor alone = f({{8, 4}}, *parts), beside = f({{1, 5, 7, 1, 6}, {8, 4, 0, 0, 0}}, *parts);
    return allclose(alone[0], beside[1], 1e-4, 1e-5);
  });
}

TEST(Classify, DependsOnTheOrderOfWords) {
  exercise.invariant("", "two words that change places must change the scores", [](auto f) {
    const auto parts = make_parts();
    return !allclose(f({{8, 4, 2}}, *parts), f({{4, 8, 2}}, *parts), 1e-4, 1e-4);
  });
}

TEST(Classify, LeavesTheModeToTheCaller) {
  exercise.call(
      "classify({{1, 5, 7, 1, 0, 0}, {8, 4, 0, 0, 0, 0}}, parts in train mode with dropout 0.3)",
      [] {
        return std::tuple(IntTensor({{1, 5, 7, 1, 0, 0}, {8, 4, 0, 0, 0, 0}}), make_parts(0, true));
      },
      all_forms);
}

}  // namespace
}  // namespace heed::exercise
