// Lesson 10; covers the mistakes DE-01 … DE-10.
#include "nn/models/detection_loss.h"

#include <cmath>

#include "autograd/gradcheck.h"
#include "tests/testing.h"

namespace heed::nn {
namespace {

// Four queries, three classes and "no object"; two images, the second without objects.
struct Example {
  Tensor logits = noise({1, 2, 4, 4}, 1, f64), boxes = sigmoid(noise({1, 2, 4, 4}, 2, f64));
  std::vector<Objects> objects = {{IntTensor{2, 0}, tensor({{.3, .3, .2, .4}, {.6, .7, .5, .3}}, f64)},
                                  {IntTensor{}, Tensor()}};
};

TEST(DetectionLoss, IsTheFormulaOfThePaper) {
  const Example e;
  const DetectionLoss loss = detection_loss({e.logits, e.boxes}, e.objects);
  const Assignment pairs = match(e.logits[0], e.boxes[0], e.objects)[0];
  ASSERT_EQ(pairs.rows.size(), 2U);
  std::vector<index_t> classes(8, 3);
  double box = 0, apart = 0, weight = 6 * 0.1 + 2, sum_of = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const index_t query = pairs.rows[i], object = pairs.columns[i];
    classes[static_cast<std::size_t>(query)] = e.objects[0].labels[object];
    const Tensor got = e.boxes[0][0][query], want = e.objects[0].boxes[object];
    box += sum(abs(got - want)).item() / 2;
    apart += (1 - giou(center_to_corners(got), center_to_corners(want)).item()) / 2;
  }
  const Tensor log_p = log_softmax(e.logits[0].reshape({8, 4}), -1);
  for (index_t q = 0; q < 8; ++q) {
    const index_t c = classes[static_cast<std::size_t>(q)];
    sum_of -= (c == 3 ? 0.1 : 1) * log_p.at({q, c}) / weight;
  }
  EXPECT_NEAR(loss.classes.item(), sum_of, 1e-12);
  EXPECT_NEAR(loss.box.item(), box, 1e-12);
  EXPECT_NEAR(loss.giou.item(), apart, 1e-12);
  EXPECT_NEAR(loss.total.item(), sum_of + 5 * box + 2 * apart, 1e-12);
}

TEST(DetectionLoss, DoesNotDependOnTheOrderOfObjects) {
  Example e;
  const double before = detection_loss({e.logits, e.boxes}, e.objects).total.item();
  e.objects[0] = {IntTensor{0, 2}, flip(e.objects[0].boxes, {0})};
  EXPECT_NEAR(detection_loss({e.logits, e.boxes}, e.objects).total.item(), before, 1e-12);
}

TEST(DetectionLoss, EveryLayerIsMatchedSeparately) {
  const Example e;
  const Tensor logits = cat({e.logits, noise({1, 2, 4, 4}, 8, f64)}),
               boxes = cat({e.boxes, sigmoid(noise({1, 2, 4, 4}, 9, f64))});
  const auto alone = [&](index_t layer) {
    return detection_loss({logits.slice(0, layer, layer + 1), boxes.slice(0, layer, layer + 1)}, e.objects);
  };
  const DetectionLoss both = detection_loss({logits, boxes}, e.objects);
  EXPECT_NEAR(both.total.item(), alone(0).total.item() + alone(1).total.item(), 1e-12);
  EXPECT_NEAR(both.giou.item(), alone(1).giou.item(), 1e-12) << "the parts are the last layer's";
}

TEST(DetectionLoss, WithoutAnyObjectOnlyTheClassesCount) {
  Example e;
  e.objects[0] = {IntTensor{}, Tensor()};
  e.logits.set_requires_grad();
  e.boxes = e.boxes.detach().set_requires_grad();
  const DetectionLoss loss = detection_loss({e.logits, e.boxes}, e.objects);
  EXPECT_EQ(loss.box.item(), 0);
  EXPECT_EQ(loss.giou.item(), 0);
  EXPECT_GT(loss.classes.item(), 0);
  loss.total.backward();
  EXPECT_EQ(max(abs(e.boxes.grad())).item(), 0);
}

// The pairs are constants: they must not change within the finite differences, and their costs have
// no gradient.
TEST(DetectionLoss, HasTheGradientOfItsFormula) {
  const Example e;
  const auto loss = [&](const std::vector<Tensor>& in) {
    return detection_loss({in[0], in[1]}, e.objects).total;
  };
  EXPECT_NO_THROW(
      gradcheck(loss, {e.logits.clone().set_requires_grad(), e.boxes.clone().set_requires_grad()}));
}

TEST(DetectionLoss, InvalidInputsAreRejected) {
  const Example e;
  const auto with = [&](auto change) {
    std::vector<Objects> objects = e.objects;
    change(objects);
    return error_of([&] { detection_loss({e.logits, e.boxes}, objects); });
  };
  EXPECT_EQ(with([](auto& o) { o.pop_back(); }),
            "[detection_loss] expected objects for 2 images, got objects for 1");
  EXPECT_EQ(with([](auto& o) { o[0].labels = {2, 3}; }), "[detection_loss] expected labels in [0, 3), got 3");
  EXPECT_EQ(with([](auto& o) { o[0].labels = {1}; }),
            "[detection_loss] expected boxes (1, 4) for an image with 1 labels, got (2, 4)");
  EXPECT_EQ(with([](auto& o) {
              o[0] = {IntTensor{0, 0, 0, 0, 0}, full({5, 4}, .5, f64)};
            }),
            "[detection_loss] expected at most 4 objects per image, one per query, got 5. Hint: "
            "increase num_queries");
  EXPECT_EQ(error_of([&] {
              detection_loss({e.logits, e.boxes[0]}, e.objects);
            }),
            "[detection_loss] expected logits (L, B, N, K + 1) and boxes (L, B, N, 4), got (1, 2, 4, 4) and "
            "(2, 4, 4)");
  EXPECT_EQ(error_of([&] {
              detection_loss({e.logits.to(f32), e.boxes.to(f64)}, e.objects);
            }),
            "[detection_loss] expected logits and boxes of one dtype, got f32 and f64. Hint: convert one "
            "with to()");
}

TEST(DetectionLoss, AnEmptyBatchHasALossOfZero) {
  for (const Shape& shape : {Shape{2, 0, 3, 4}, Shape{1, 0, 3, 4}, Shape{1, 1, 0, 4}}) {
    const Tensor logits = zeros(shape).set_requires_grad(), boxes = zeros(shape).set_requires_grad();
    const std::vector<Objects> objects(static_cast<std::size_t>(shape[1]));
    const DetectionLoss loss = detection_loss({logits, boxes}, objects);
    for (const Tensor* t : {&loss.total, &loss.classes, &loss.box, &loss.giou}) EXPECT_EQ(t->item(), 0);
    loss.total.backward();
    EXPECT_EQ(boxes.grad().shape(), shape);
  }
  EXPECT_TRUE(match(zeros({0, 3, 4}), zeros({0, 3, 4}), {}).empty());
}

TEST(DetectionLoss, ANaNCostIsAnError) {
  const double nan = std::nan("");
  Example e;
  e.boxes.set({0, 0, 2, 1}, nan);
  EXPECT_EQ(error_of([&] {
              detection_loss({e.logits, e.boxes}, e.objects);
            }),
            "[match] expected finite costs, got nan for query 2 and object 0 of image 0; the logits or the "
            "boxes contain NaN or values that are too large");
  e = {};
  e.logits.set({0, 0, 1, 3}, nan);
  expect_contains(error_of([&] { match(e.logits[0], e.boxes[0], e.objects); }), "got nan for query 1");
  e = {};
  e.objects[0].boxes.set({1, 0}, nan);
  expect_contains(error_of([&] { match(e.logits[0], e.boxes[0], e.objects); }), "and object 1");
  e = {};
  e.objects[0].boxes.set({1, 0}, INFINITY);
  expect_contains(error_of([&] { match(e.logits[0], e.boxes[0], e.objects); }),
                  "[match] expected finite costs");
}

// A weight of 0 times infinity or NaN would be NaN.
TEST(DetectionLoss, AWeightOfZeroRemovesItsTerm) {
  const auto finite = [](const Tensor& t) {
    for (const double v : t.to_vector())
      if (!std::isfinite(v)) return false;
    return true;
  };
  Example e;
  e.logits.set({0, 1, 0, 3}, -INFINITY);  // "no object" is impossible, and nothing is there
  e.logits.set_requires_grad();
  e.boxes = e.boxes.detach().set_requires_grad();
  const DetectionLoss loss = detection_loss({e.logits, e.boxes}, e.objects, {.no_object = 0});
  EXPECT_TRUE(finite(loss.total));
  loss.total.backward();
  EXPECT_TRUE(finite(e.logits.grad()));
  EXPECT_EQ(max(abs(e.logits.grad()[0][1])).item(), 0);

  Example f;
  f.logits.fill_(std::nan(""));
  f.logits.set_requires_grad();
  f.boxes = f.boxes.detach().set_requires_grad();
  const DetectionLoss boxes_only =
      detection_loss({f.logits, f.boxes}, f.objects, {.cost_class = 0, .weight_class = 0});
  EXPECT_TRUE(std::isfinite(boxes_only.total.item()));
  boxes_only.total.backward();
  EXPECT_TRUE(finite(f.boxes.grad()));
  EXPECT_FALSE(f.logits.grad().defined());
}

TEST(DetectionLoss, WithoutObjectsBoxesHaveNoGradient) {
  Example e;
  e.objects[0] = {IntTensor{}, Tensor()};
  e.boxes.fill_(std::nan(""));
  e.boxes.set_requires_grad();
  e.logits.set_requires_grad();
  const DetectionLoss loss = detection_loss({e.logits, e.boxes}, e.objects);
  EXPECT_EQ(loss.box.item(), 0);
  EXPECT_EQ(loss.giou.item(), 0);
  loss.total.backward();
  EXPECT_EQ(max(abs(e.boxes.grad())).item(), 0);
}

TEST(DetectionLoss, ChecksItsOptions) {
  const Example e;
  const auto error = [&](const DetectionLossOptions& o) {
    return error_of([&] { detection_loss({e.logits, e.boxes}, e.objects, o); });
  };
  EXPECT_EQ(error({.cost_box = -1}),
            "[detection_loss] expected costs and weights that are finite and not negative, got -1");
  expect_contains(error({.weight_giou = std::nan("")}), "[detection_loss] expected costs and weights");
  expect_contains(error({.no_object = INFINITY}), "[detection_loss] expected costs and weights");
}

}  // namespace
}  // namespace heed::nn
