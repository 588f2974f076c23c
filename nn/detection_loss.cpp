// detection_loss.cpp — match, then count.
#include "nn/detection_loss.h"

#include <algorithm>

namespace heed::nn {

static void check_objects(const Tensor& logits, const Tensor& boxes, const std::vector<Objects>& objects) {
  check(logits.defined() && boxes.defined() && logits.rank() == 3 && boxes.rank() == 3 &&
            boxes.size(2) == 4 && logits.size(0) == boxes.size(0) && logits.size(1) == boxes.size(1),
        "detection_loss", "each layer needs logits (B, N, K + 1) and boxes (B, N, 4)");
  check(static_cast<index_t>(objects.size()) == logits.size(0), "detection_loss", "there are ",
        logits.size(0), " pictures and objects of ", objects.size());
  const index_t classes = logits.size(2) - 1;
  for (const Objects& of : objects) {
    const index_t n = of.labels.numel();
    check(n == 0 || (of.boxes.defined() && of.boxes.shape() == Shape{n, 4}), "detection_loss",
          "a picture has ", n, " labels; its boxes must be ", Shape{n, 4}, ", got ",
          of.boxes.defined() ? to_string(of.boxes.shape()) : "an undefined tensor");
    check(n <= logits.size(1), "detection_loss", "a picture has ", n, " objects, more than the ",
          logits.size(1),
          " queries. Hint: num_queries must be at least as many as the objects of any picture.");
    for (const index_t label : of.labels.values())
      check(label >= 0 && label < classes, "detection_loss", "a label is ", label, "; there are ", classes,
            " classes, from 0");
  }
}

// What it costs that query i is object j, (N, n).
static Tensor costs(const Tensor& logits, const Tensor& boxes, const Objects& of,
                    const DetectionLossOptions& o) {
  const Tensor targets = of.boxes.to(boxes.dtype());
  const Tensor probability = index_select(softmax(logits, -1), 1, of.labels);
  const Tensor distance = sum(abs(boxes.unsqueeze(1) - targets.unsqueeze(0)), -1);
  const Tensor agreement = giou(corners_of(boxes).unsqueeze(1), corners_of(targets).unsqueeze(0));
  return distance * o.cost_box - probability * o.cost_class - agreement * o.cost_giou;
}

std::vector<Assignment> match(const Tensor& logits, const Tensor& boxes, const std::vector<Objects>& objects,
                              const DetectionLossOptions& options) {
  check_objects(logits, boxes, objects);
  const NoGrad no_grad;
  std::vector<Assignment> pairs;
  for (index_t b = 0; b < logits.size(0); ++b) {
    const Objects& of = objects[static_cast<std::size_t>(b)];
    const bool some = of.labels.numel() > 0;
    pairs.push_back(some ? assign(costs(logits[b], boxes[b], of, options)) : Assignment{});
  }
  return pairs;
}

// Of one layer: everything about matched pairs is gathered over the batch, in the order of their objects' pictures.
static DetectionLoss layer_loss(const Tensor& logits, const Tensor& boxes,
                                const std::vector<Objects>& objects, const DetectionLossOptions& o) {
  const std::vector<Assignment> pairs = match(logits, boxes, objects, o);
  const index_t batch = logits.size(0), queries = logits.size(1), nothing = logits.size(2) - 1;
  std::vector<index_t> classes(static_cast<std::size_t>(batch * queries), nothing), rows;
  std::vector<Tensor> wanted;
  for (index_t b = 0; b < batch; ++b) {
    const auto& [query, object, cost] = pairs[static_cast<std::size_t>(b)];
    const Objects& of = objects[static_cast<std::size_t>(b)];
    for (std::size_t i = 0; i < query.size(); ++i) {
      rows.push_back(b * queries + query[i]);
      classes[static_cast<std::size_t>(rows.back())] = of.labels[object[i]];
      wanted.push_back(of.boxes[object[i]].to(boxes.dtype()));
    }
  }
  std::vector<double> weights;
  double weight_sum = 0;
  for (const index_t c : classes) weight_sum += weights.emplace_back(c == nothing ? o.no_object : 1);
  const Shape flat{batch * queries};
  const Tensor each =
      cross_entropy(logits.reshape({flat[0], -1}), IntTensor(classes, flat), {.reduction = Reduction::none});
  DetectionLoss loss;
  loss.classes = sum(each * from_vector(weights, flat, logits.dtype())) / std::max(weight_sum, 1e-12);
  if (rows.empty()) {
    loss.box = sum(boxes) * 0.0, loss.giou = sum(boxes) * 0.0;
  } else {
    const double n = static_cast<double>(rows.size());
    const Tensor got =
        index_select(boxes.reshape({-1, 4}), 0, IntTensor(rows, {static_cast<index_t>(rows.size())}));
    const Tensor want = stack(wanted);
    loss.box = sum(abs(got - want)) / n;
    loss.giou = sum(1.0 - giou(corners_of(got), corners_of(want))) / n;
  }
  loss.total = loss.classes * o.weight_class + loss.box * o.weight_box + loss.giou * o.weight_giou;
  return loss;
}

DetectionLoss detection_loss(const Detections& found, const std::vector<Objects>& objects,
                             const DetectionLossOptions& options) {
  check(found.logits.defined() && found.logits.rank() == 4 && found.boxes.defined() &&
            found.boxes.rank() == 4 && found.logits.size(0) == found.boxes.size(0) &&
            found.logits.size(0) >= 1,
        "detection_loss", "needs logits (L, B, N, K + 1) and boxes (L, B, N, 4)");
  DetectionLoss loss;
  Tensor total;
  for (index_t layer = 0; layer < found.logits.size(0); ++layer) {
    loss = layer_loss(found.logits[layer], found.boxes[layer], objects, options);
    total = total.defined() ? total + loss.total : loss.total;
  }
  loss.total = total;
  return loss;
}

}  // namespace heed::nn
