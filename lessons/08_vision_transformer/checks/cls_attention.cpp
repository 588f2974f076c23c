#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Attention weights of four heads for five images of 2 x 3 patches: (5, 4, 7, 7); each row sums
// to 1.
Tensor weights() {
  Generator gen(8);
  return softmax(randn({5, 4, 7, 7}, gen) * 2.0, -1);
}

auto inputs(const Tensor& weights, index_t down, index_t across) { return std::tuple(weights, down, across); }

// Returns the part of (B, T) that belongs to the patches, as a map (B, down, across).
Tensor as_map(const Tensor& cls_row, index_t down, index_t across) {
  return cls_row.slice(1, 1).reshape({cls_row.size(0), down, across});
}
Tensor mean_cls_row(const Tensor& weights) { return weights.mean(1).select(1, 0); }
Tensor reference(const Tensor& weights, index_t down, index_t across) {
  return as_map(mean_cls_row(weights), down, across);
}

const checks::Exercise<decltype(cls_attention)> exercise{
    "08_cls_attention",
    cls_attention,
    reference,
    {{"VI-39", "this is the column of CLS, the attention to CLS: use its row, the attention from CLS",
      [](auto& weights, index_t down, index_t across) {
        return as_map(weights.mean(1).select(2, 0), down, across);
      }},
     {"VI-40", "the map is shifted by one: token 0 is CLS, the patches begin at token 1",
      [](auto& weights, index_t down, index_t across) {
        return mean_cls_row(weights).slice(1, 0, -1).reshape({weights.size(0), down, across});
      }},
     {"VI-41", "only head 0 was used: take the mean over all heads",
      [](auto& weights, index_t down, index_t across) {
        return as_map(weights.select(1, 0).select(1, 0), down, across);
      }},
     {"VI-42", "the heads were summed: use their mean",
      [](auto& weights, index_t down, index_t across) {
        return as_map(weights.sum(1).select(1, 0), down, across);
      }},
     {"VI-43", "the map was normalised: return the attention weights unchanged",
      [](auto& weights, index_t down, index_t across) {
        const Tensor map = reference(weights, down, across);
        return map / map.sum({1, 2}, true);
      }},
     {"VI-44", "patches are ordered left to right, then top to bottom; yours go top to bottom first",
      [](auto& weights, index_t down, index_t across) {
        return reference(weights, across, down).transpose(1, 2);
      }},
     {"VI-45", "the mean over all queries was used: use only the row of CLS",
      [](auto& weights, index_t down, index_t across) {
        return as_map(weights.mean({1, 2}), down, across);
      }},
     {"VI-46", "the maximum over the heads was used: take their mean",
      [](auto& weights, index_t down, index_t across) {
        return as_map(max(weights, 1).values.select(1, 0), down, across);
      }}}};

TEST(ClsAttention, ReturnsAMapForEachImage) {
  exercise.call("cls_attention(weights (5, 4, 7, 7), 2, 3)", [] { return inputs(weights(), 2, 3); });
}

TEST(ClsAttention, OfTallMapsToo) {
  exercise.call("cls_attention(weights (2, 4, 7, 7), 3, 2)",
                [] { return inputs(weights().slice(0, 1, 3), 3, 2); });
  exercise.call("cls_attention(weights (2, 4, 7, 7), 6, 1)",
                [] { return inputs(weights().slice(0, 1, 3), 6, 1); });
}

TEST(ClsAttention, OfOneImageOrOneHead) {
  exercise.call("cls_attention(weights (1, 4, 7, 7), 2, 3)",
                [] { return inputs(weights().slice(0, 3, 4), 2, 3); });
  exercise.call("cls_attention(weights (5, 1, 7, 7), 2, 3)",
                [] { return inputs(weights().slice(1, 2, 3), 2, 3); });
  exercise.call("cls_attention(weights (1, 1, 7, 7), 1, 6)",
                [] { return inputs(weights().slice(0, 3, 4).slice(1, 2, 3), 1, 6); });
}

TEST(ClsAttention, OfOnePatch) {
  exercise.call("cls_attention(weights (2, 3, 2, 2), 1, 1)", [] {
    Generator gen(9);
    return inputs(softmax(randn({2, 3, 2, 2}, gen), -1), 1, 1);
  });
}

TEST(ClsAttention, IsSmallIfCLSAttendsToItself) {
  exercise.call("cls_attention(weights (1, 4, 5, 5) of a CLS that attends to itself, 2, 2)", [] {
    Generator gen(10);
    Tensor scores = randn({1, 4, 5, 5}, gen);
    scores.select(2, 0).select(2, 0).fill_(4);
    return inputs(softmax(scores, -1), 2, 2);
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit VI-39: `select(1, 0)` => `select(2, 0)`
