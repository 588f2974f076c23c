#include "nn/models/detection_loss.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace heed::nn {

static void check_objects(const Tensor& logits, const Tensor& boxes, const std::vector<Objects>& objects) {
  check(logits.defined() && boxes.defined() && logits.rank() == 3 && boxes.rank() == 3 &&
            boxes.size(2) == 4 && logits.size(0) == boxes.size(0) && logits.size(1) == boxes.size(1),
        "detection_loss", "expected logits (B, N, K + 1) and boxes (B, N, 4) of each layer, got ", logits,
        " and ", boxes);
  check(logits.dtype() == boxes.dtype(), "detection_loss", "expected logits and boxes of one dtype, got ",
        name(logits.dtype()), " and ", name(boxes.dtype()), ". Hint: convert one with to()");
  check(static_cast<index_t>(objects.size()) == logits.size(0), "detection_loss", "expected objects for ",
        logits.size(0), " images, got objects for ", objects.size());
  const index_t classes = logits.size(2) - 1;
  for (const Objects& image : objects) {
    const index_t n = image.labels.numel();
    check(n == 0 || (image.boxes.defined() && image.boxes.shape() == Shape{n, 4}), "detection_loss",
          "expected boxes ", Shape{n, 4}, " for an image with ", n, " labels, got ", image.boxes);
    check(n <= logits.size(1), "detection_loss", "expected at most ", logits.size(1),
          " objects per image, one per query, got ", n, ". Hint: increase num_queries");
    for (const index_t label : image.labels.values())
      check(label >= 0 && label < classes, "detection_loss", "expected labels in [0, ", classes, "), got ",
            label);
  }
}

static void check_options(const DetectionLossOptions& o) {
  for (const double weight :
       {o.cost_class, o.cost_box, o.cost_giou, o.weight_class, o.weight_box, o.weight_giou, o.no_object})
    check(weight >= 0 && std::isfinite(weight), "detection_loss",
          "expected costs and weights that are finite and not negative, got ", weight);
}

// The weighted sum of the terms. A weight of 0 removes its term, even if the term is NaN or
// infinite.
static Tensor weighted_sum(const std::vector<std::pair<Tensor, double>>& terms) {
  Tensor total = zeros({}, terms[0].first.dtype());
  for (const auto& [term, weight] : terms)
    if (weight != 0) total = total + term * weight;
  return total;
}

// The cost of assigning query i to object j, (N, n).
static Tensor costs(const Tensor& logits, const Tensor& boxes, const Objects& image,
                    const DetectionLossOptions& o) {
  const Tensor targets = image.boxes.to(boxes.dtype());
  const Tensor probability = index_select(softmax(logits, -1), 1, image.labels);
  const Tensor distance = sum(abs(boxes.unsqueeze(1) - targets.unsqueeze(0)), -1);
  const Tensor overlap = giou(center_to_corners(boxes).unsqueeze(1), center_to_corners(targets).unsqueeze(0));
  const Tensor cost =
      weighted_sum({{distance, o.cost_box}, {probability, -o.cost_class}, {overlap, -o.cost_giou}});
  return cost.expand({boxes.size(0), targets.size(0)});  // a scalar if all costs are 0
}

// assign() treats +infinity as a forbidden pair, but no pair of a query and an object is forbidden.
static void check_costs(const Tensor& costs, index_t image) {
  const std::vector<double> values = costs.to_vector();
  for (std::size_t i = 0; i < values.size(); ++i)
    check(std::isfinite(values[i]), "match", "expected finite costs, got ",
          std::isnan(values[i]) ? "nan"
          : values[i] > 0       ? "inf"
                                : "-inf",
          " for query ", static_cast<index_t>(i) / costs.size(1), " and object ",
          static_cast<index_t>(i) % costs.size(1), " of image ", image,
          "; the logits or the boxes contain NaN or values that are too large");
}

std::vector<Assignment> match(const Tensor& logits, const Tensor& boxes, const std::vector<Objects>& objects,
                              const DetectionLossOptions& options) {
  check_options(options);
  check_objects(logits, boxes, objects);
  const NoGrad no_grad;
  std::vector<Assignment> pairs;
  for (index_t b = 0; b < logits.size(0); ++b) {
    const Objects& image = objects[static_cast<std::size_t>(b)];
    if (image.labels.numel() == 0) {
      pairs.emplace_back();
      continue;
    }
    const Tensor cost = costs(logits[b], boxes[b], image, options);
    check_costs(cost, b);
    pairs.push_back(assign(cost));
  }
  return pairs;
}

// The weighted cross entropy of the class of each query. Queries of weight 0 are ignored: 0 times
// an infinite cross entropy would be NaN.
static Tensor class_loss(const Tensor& logits, const std::vector<index_t>& classes,
                         const DetectionLossOptions& o) {
  constexpr index_t ignored = -100;
  const index_t queries = static_cast<index_t>(classes.size()), no_object = logits.size(-1) - 1;
  std::vector<index_t> targets;
  std::vector<double> weights;
  double weight_sum = 0;
  for (const index_t c : classes) {
    const double weight = c == no_object ? o.no_object : 1;
    targets.push_back(weight == 0 ? ignored : c);
    weights.push_back(weight);
    weight_sum += weight;
  }
  const Tensor each = cross_entropy(logits.reshape({queries, no_object + 1}), IntTensor(targets, {queries}),
                                    {.reduction = Reduction::none, .ignore_index = ignored});
  return sum(each * from_vector(weights, {queries}, logits.dtype())) / std::max(weight_sum, 1e-12);
}

// The loss of one layer. The matched pairs are gathered over the batch, in the order of the images.
static DetectionLoss layer_loss(const Tensor& logits, const Tensor& boxes,
                                const std::vector<Objects>& objects, const DetectionLossOptions& o) {
  const std::vector<Assignment> pairs = match(logits, boxes, objects, o);
  const index_t batch = logits.size(0), queries = logits.size(1), no_object = logits.size(2) - 1;
  std::vector<index_t> classes(static_cast<std::size_t>(batch * queries), no_object), rows;
  std::vector<Tensor> targets;
  for (index_t b = 0; b < batch; ++b) {
    const auto& [query, object, cost] = pairs[static_cast<std::size_t>(b)];
    const Objects& image = objects[static_cast<std::size_t>(b)];
    for (std::size_t i = 0; i < query.size(); ++i) {
      rows.push_back(b * queries + query[i]);
      classes[static_cast<std::size_t>(rows.back())] = image.labels[object[i]];
      targets.push_back(image.boxes[object[i]].to(boxes.dtype()));
    }
  }
  const auto count = static_cast<index_t>(rows.size());
  const Tensor predicted = index_select(boxes.reshape({batch * queries, 4}), 0, IntTensor(rows, {count}));
  const Tensor target = targets.empty() ? zeros({0, 4}, boxes.dtype()) : stack(targets);
  const auto n = static_cast<double>(std::max<index_t>(count, 1));
  DetectionLoss loss;
  loss.classes = class_loss(logits, classes, o);
  loss.box = sum(abs(predicted - target)) / n;
  loss.giou = sum(1.0 - giou(center_to_corners(predicted), center_to_corners(target))) / n;
  loss.total =
      weighted_sum({{loss.classes, o.weight_class}, {loss.box, o.weight_box}, {loss.giou, o.weight_giou}});
  return loss;
}

DetectionLoss detection_loss(const Detections& detections, const std::vector<Objects>& objects,
                             const DetectionLossOptions& options) {
  check(detections.logits.defined() && detections.logits.rank() == 4 && detections.boxes.defined() &&
            detections.boxes.rank() == 4 && detections.logits.size(0) == detections.boxes.size(0) &&
            detections.logits.size(0) >= 1,
        "detection_loss", "expected logits (L, B, N, K + 1) and boxes (L, B, N, 4), got ", detections.logits,
        " and ", detections.boxes);
  DetectionLoss loss;
  Tensor total;
  for (index_t layer = 0; layer < detections.logits.size(0); ++layer) {
    loss = layer_loss(detections.logits[layer], detections.boxes[layer], objects, options);
    total = total.defined() ? total + loss.total : loss.total;
  }
  loss.total = total;
  return loss;
}

}  // namespace heed::nn
