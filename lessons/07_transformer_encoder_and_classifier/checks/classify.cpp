#include <cmath>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "lessons/tutor/check.h"

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

const tutor::Exercise<decltype(classify)> exercise{
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
      [](auto& ids, auto& c) { return softmax(c.forward(ids), -1); }}}};

// Three texts of four, two and no words, padded to six places.
struct Fixture {
  Generator gen{2};
  index_t pad;
  Classifier parts;

  explicit Fixture(index_t pad = 0, index_t d_model = 6)
      : pad(pad),
        parts({.vocab_size = 9,
               .d_model = d_model,
               .nhead = 2,
               .num_layers = 2,
               .num_classes = 4,
               .dim_feedforward = 8,
               .dropout = 0.3,
               .padding_idx = pad},
              gen) {
    const NoGrad no_grad;
    // Padding gets a row of numbers, so that it can be heard; and the start is that of lesson.cpp.
    parts.embedding.weight.copy_(randn({9, d_model}, gen) / root(parts));
    parts.eval();
  }
  IntTensor ids() const {
    const index_t p = pad;
    return {{1, 5, 7, 1, p, p}, {8, 4, p, p, p, p}, {p, p, p, p, p, p}};
  }
};

TEST(Classify, GivesOneScoreAClass) {
  exercise.compare(
      "classify({{1, 5, 7, 1, 0, 0}, {8, 4, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}}, parts with padding 0)",
      [](auto f) {
        Fixture a;
        return f(a.ids(), a.parts);
      });
}

TEST(Classify, AsksThePartsWhatPaddingIs) {
  exercise.compare(
      "classify({{1, 5, 7, 1, 3, 3}, {8, 4, 3, 3, 3, 3}, {3, 3, 3, 3, 3, 3}}, parts with padding 3 and "
      "d_model 8)",
      [](auto f) {
        Fixture a(3, 8);
        return f(a.ids(), a.parts);
      });
}

TEST(Classify, SaysTheSameWhoeverIsInTheBatch) {
  exercise.invariant("CL-03", "a text must get the same scores alone and beside a longer one", [](auto f) {
    Fixture a;
    const Tensor alone = f({{8, 4}}, a.parts), beside = f({{1, 5, 7, 1, 6}, {8, 4, 0, 0, 0}}, a.parts);
    return allclose(alone[0], beside[1], 1e-4, 1e-5);
  });
}

TEST(Classify, HearsTheOrderOfWords) {
  exercise.invariant("PE-15", "two words that change places must change the scores", [](auto f) {
    Fixture a;
    return !allclose(f({{8, 4, 2}}, a.parts), f({{4, 8, 2}}, a.parts), 1e-4, 1e-4);
  });
}

TEST(Classify, LeavesTheModeToWhomeverCalls) {
  exercise.compare(
      "classify({{1, 5, 7, 1, 0, 0}, {8, 4, 0, 0, 0, 0}, …}, parts in train mode with dropout 0.3)",
      [](auto f) {
        Fixture a;
        a.parts.train();
        return f(a.ids(), a.parts);
      });
}

TEST(Classify, PassesGradientsToEveryPart) {
  exercise.compare("the gradients of all parameters from (classify(ids, parts) * {1, -2, 0.5, 3}).sum()",
                   [](auto f) {
                     Fixture a;
                     (f(a.ids(), a.parts) * tensor({1, -2, 0.5, 3})).sum().backward();
                     std::vector<Tensor> gradients;
                     for (const Tensor& t : a.parts.parameters()) gradients.push_back(t.grad());
                     return gradients;
                   });
}

}  // namespace
}  // namespace heed::exercise
