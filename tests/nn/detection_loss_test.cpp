// detection_loss_test.cpp — lesson 10; DE-01 … DE-10 of the list of learners' mistakes.
#include "nn/detection_loss.h"

#include <cmath>

#include "autograd/gradcheck.h"
#include "tests/testing.h"

namespace heed::nn {
namespace {

// Four queries, three classes and "no object"; two pictures, the second is empty.
struct Example {
  Tensor logits = noise({1, 2, 4, 4}, 1, f64), boxes = sigmoid(noise({1, 2, 4, 4}, 2, f64));
  std::vector<Objects> objects = {{IntTensor{2, 0}, tensor({{.3, .3, .2, .4}, {.6, .7, .5, .3}}, f64)},
                                  {IntTensor{}, Tensor()}};
};

TEST(DetectionLoss, IsWhatThePaperSays) {
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
    apart += (1 - giou(corners_of(got), corners_of(want)).item()) / 2;
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

TEST(DetectionLoss, TheOrderOfObjectsMeansNothing) {
  Example e;
  const double before = detection_loss({e.logits, e.boxes}, e.objects).total.item();
  e.objects[0] = {IntTensor{0, 2}, flip(e.objects[0].boxes, {0})};
  EXPECT_NEAR(detection_loss({e.logits, e.boxes}, e.objects).total.item(), before, 1e-12);
}

TEST(DetectionLoss, EveryLayerIsMatchedByItselfAndCounts) {
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
  e.logits.set_requires_grad(), e.boxes = e.boxes.detach().set_requires_grad();
  const DetectionLoss loss = detection_loss({e.logits, e.boxes}, e.objects);
  EXPECT_EQ(loss.box.item(), 0);
  EXPECT_EQ(loss.giou.item(), 0);
  EXPECT_GT(loss.classes.item(), 0);
  loss.total.backward();
  EXPECT_EQ(max(abs(e.boxes.grad())).item(), 0);
}

// The pairs are constants: they may not change within the measured differences, and nothing flows through their costs.
TEST(DetectionLoss, HasTheGradientOfItsFormula) {
  const Example e;
  const auto loss = [&](const std::vector<Tensor>& in) {
    return detection_loss({in[0], in[1]}, e.objects).total;
  };
  EXPECT_NO_THROW(
      gradcheck(loss, {e.logits.clone().set_requires_grad(), e.boxes.clone().set_requires_grad()}));
}

TEST(DetectionLoss, RefusesWhatDoesNotFit) {
  const Example e;
  const auto with = [&](auto change) {
    std::vector<Objects> objects = e.objects;
    change(objects);
    return error_of([&] { detection_loss({e.logits, e.boxes}, objects); });
  };
  EXPECT_EQ(with([](auto& o) { o.pop_back(); }), "[detection_loss] there are 2 pictures and objects of 1");
  EXPECT_EQ(with([](auto& o) {
              o[0].labels = {2, 3};
            }),
            "[detection_loss] a label is 3; there are 3 classes, from 0");
  EXPECT_EQ(with([](auto& o) { o[0].labels = {1}; }),
            "[detection_loss] a picture has 1 labels; its boxes must be (1, 4), got (2, 4)");
  EXPECT_EQ(with([](auto& o) {
              o[0] = {IntTensor{0, 0, 0, 0, 0}, full({5, 4}, .5, f64)};
            }),
            "[detection_loss] a picture has 5 objects, more than the 4 queries. Hint: num_queries must be at "
            "least as many as the objects of any picture.");
  EXPECT_EQ(error_of([&] {
              detection_loss({e.logits, e.boxes[0]}, e.objects);
            }),
            "[detection_loss] needs logits (L, B, N, K + 1) and boxes (L, B, N, 4)");
}

}  // namespace
}  // namespace heed::nn
