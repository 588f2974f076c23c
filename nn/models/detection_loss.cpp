// detection_loss.cpp — match, then count.
#include "nn/models/detection_loss.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace heed::nn {

static void check_objects(const Tensor& logits, const Tensor& boxes, const std::vector<Objects>& objects) {
  check(logits.defined() && boxes.defined() && logits.rank() == 3 && boxes.rank() == 3 &&
            boxes.size(2) == 4 && logits.size(0) == boxes.size(0) && logits.size(1) == boxes.size(1),
        "detection_loss", "each layer needs logits (B, N, K + 1) and boxes (B, N, 4)");
  check(logits.dtype() == boxes.dtype(), "detection_loss", "logits are ", name(logits.dtype()), " and boxes ",
        name(boxes.dtype()), "; dtypes must agree. Hint: convert one with to()");
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

static void check_options(const DetectionLossOptions& o) {
  for (const double weight :
       {o.cost_class, o.cost_box, o.cost_giou, o.weight_class, o.weight_box, o.weight_giou, o.no_object})
    check(weight >= 0 && std::isfinite(weight), "detection_loss",
          "expected costs and weights that are finite and not negative, got ", weight);
}

// The sum of the terms, each times its weight. A weight of 0 leaves its term out, also if it is NaN
// or infinite.
static Tensor weighted_sum(const std::vector<std::pair<Tensor, double>>& terms) {
  Tensor total = zeros({}, terms[0].first.dtype());
  for (const auto& [term, weight] : terms)
    if (weight != 0) total = total + term * weight;
  return total;
}

// What it costs that query i is object j, (N, n).
static Tensor costs(const Tensor& logits, const Tensor& boxes, const Objects& of,
                    const DetectionLossOptions& o) {
  const Tensor targets = of.boxes.to(boxes.dtype());
  const Tensor probability = index_select(softmax(logits, -1), 1, of.labels);
  const Tensor distance = sum(abs(boxes.unsqueeze(1) - targets.unsqueeze(0)), -1);
  const Tensor agreement = giou(corners_of(boxes).unsqueeze(1), corners_of(targets).unsqueeze(0));
  const Tensor cost =
      weighted_sum({{distance, o.cost_box}, {probability, -o.cost_class}, {agreement, -o.cost_giou}});
  return cost.expand({boxes.size(0), targets.size(0)});  // of weights of 0, it is one number
}

// assign() takes +infinity for a forbidden pair, but no pair of a query and an object is forbidden.
static void check_costs(const Tensor& costs, index_t image) {
  const std::vector<double> values = costs.to_vector();
  for (std::size_t i = 0; i < values.size(); ++i)
    check(std::isfinite(values[i]), "match", "expected finite costs, got ",
          std::isnan(values[i]) ? "nan"
          : values[i] > 0       ? "inf"
                                : "-inf",
          " for query ", static_cast<index_t>(i) / costs.size(1), " and object ",
          static_cast<index_t>(i) % costs.size(1), " of image ", image,
          "; its logits, its boxes or the objects' boxes hold NaN or too large numbers");
}

std::vector<Assignment> match(const Tensor& logits, const Tensor& boxes, const std::vector<Objects>& objects,
                              const DetectionLossOptions& options) {
  check_options(options);
  check_objects(logits, boxes, objects);
  const NoGrad no_grad;
  std::vector<Assignment> pairs;
  for (index_t b = 0; b < logits.size(0); ++b) {
    const Objects& of = objects[static_cast<std::size_t>(b)];
    if (of.labels.numel() == 0) {
      pairs.emplace_back();
      continue;
    }
    const Tensor cost = costs(logits[b], boxes[b], of, options);
    check_costs(cost, b);
    pairs.push_back(assign(cost));
  }
  return pairs;
}

// The class of each query, and how much it counts. What does not count is ignored: a weight of 0
// times an infinite cross entropy would be NaN.
static Tensor class_loss(const Tensor& logits, const std::vector<index_t>& classes,
                         const DetectionLossOptions& o) {
  constexpr index_t ignored = -100;
  const index_t queries = static_cast<index_t>(classes.size()), nothing = logits.size(-1) - 1;
  std::vector<index_t> targets;
  std::vector<double> weights;
  double weight_sum = 0;
  for (const index_t c : classes) {
    const double weight = c == nothing ? o.no_object : 1;
    targets.push_back(weight == 0 ? ignored : c);
    weights.push_back(weight);
    weight_sum += weight;
  }
  const Tensor each = cross_entropy(logits.reshape({queries, nothing + 1}), IntTensor(targets, {queries}),
                                    {.reduction = Reduction::none, .ignore_index = ignored});
  return sum(each * from_vector(weights, {queries}, logits.dtype())) / std::max(weight_sum, 1e-12);
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
  const auto count = static_cast<index_t>(rows.size());
  const Tensor got = index_select(boxes.reshape({batch * queries, 4}), 0, IntTensor(rows, {count}));
  const Tensor want = wanted.empty() ? zeros({0, 4}, boxes.dtype()) : stack(wanted);
  const auto n = static_cast<double>(std::max<index_t>(count, 1));
  DetectionLoss loss;
  loss.classes = class_loss(logits, classes, o);
  loss.box = sum(abs(got - want)) / n;
  loss.giou = sum(1.0 - giou(corners_of(got), corners_of(want))) / n;
  loss.total =
      weighted_sum({{loss.classes, o.weight_class}, {loss.box, o.weight_box}, {loss.giou, o.weight_giou}});
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
