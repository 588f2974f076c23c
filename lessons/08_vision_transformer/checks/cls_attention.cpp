#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

// Weights of four heads on five pictures of 2 x 3 patches: (5, 4, 7, 7), each row a whole of its own.
Tensor weights() {
  Generator gen(8);
  return softmax(randn({5, 4, 7, 7}, gen) * 2.0, -1);
}

auto inputs(const Tensor& weights, index_t down, index_t across) { return std::tuple(weights, down, across); }

// Of (B, T): the part of the patches, as a picture.
Tensor as_picture(const Tensor& of_cls, index_t down, index_t across) {
  return of_cls.slice(1, 1).reshape({of_cls.size(0), down, across});
}
Tensor row_of_cls(const Tensor& weights) { return weights.mean(1).select(1, 0); }
Tensor right(const Tensor& weights, index_t down, index_t across) {
  return as_picture(row_of_cls(weights), down, across);
}

const checks::Exercise<decltype(cls_attention)> exercise{
    "08_cls_attention",
    cls_attention,
    right,
    {{"VI-39", "this is who looks at CLS (a column); where CLS looks is its row",
      [](auto& weights, index_t down, index_t across) {
        return as_picture(weights.mean(1).select(2, 0), down, across);
      }},
     {"VI-40", "place 0 is CLS itself: the patches begin at 1, and yours are one place late",
      [](auto& weights, index_t down, index_t across) {
        return row_of_cls(weights).slice(1, 0, -1).reshape({weights.size(0), down, across});
      }},
     {"VI-41", "one head was shown; take the mean over all of them",
      [](auto& weights, index_t down, index_t across) {
        return as_picture(weights.select(1, 0).select(1, 0), down, across);
      }},
     {"VI-42", "the heads were added up: their mean keeps weights between 0 and 1",
      [](auto& weights, index_t down, index_t across) {
        return as_picture(weights.sum(1).select(1, 0), down, across);
      }},
     {"VI-43", "this course leaves the weights as they are; you divided out what CLS took of itself",
      [](auto& weights, index_t down, index_t across) {
        const Tensor picture = right(weights, down, across);
        return picture / picture.sum({1, 2}, true);
      }},
     {"VI-44", "the patches fill the picture left to right, then down; yours go down first",
      [](auto& weights, index_t down, index_t across) {
        return right(weights, across, down).transpose(1, 2);
      }},
     {"VI-45", "the mean of all queries was shown; take the row of CLS alone",
      [](auto& weights, index_t down, index_t across) {
        return as_picture(weights.mean({1, 2}), down, across);
      }},
     {"VI-46", "each place shows its largest head; take the mean over heads",
      [](auto& weights, index_t down, index_t across) {
        return as_picture(max(weights, 1).values.select(1, 0), down, across);
      }}}};

TEST(ClsAttention, IsAMapForEachImage) {
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
