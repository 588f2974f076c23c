// average_precision.h — average precision, the metric by which detectors are compared.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "nn/models/detection_loss.h"

namespace heed::lessons {

// One detection: the index of its image, its class, the probability of that class, and its box.
struct Detection {
  index_t image, label;
  double score;
  Tensor corners;  // (4)
};

// Returns one detection per query: its most probable class other than "no object".
// Shape: logits (B, N, K + 1), boxes (B, N, 4).
inline std::vector<Detection> detections_of(const Tensor& logits, const Tensor& boxes) {
  const Tensor probability = softmax(logits, -1).slice(-1, 0, logits.size(-1) - 1);  // (B, N, K)
  const auto best = max(probability, -1);
  const Tensor corners = nn::center_to_corners(boxes);
  std::vector<Detection> detections;
  for (index_t b = 0; b < logits.size(0); ++b)
    for (index_t n = 0; n < logits.size(1); ++n)
      detections.push_back({b, best.indices.at({b, n}), best.values.at({b, n}), corners[b][n]});
  return detections;
}

// Returns whether a score or a box of this class is NaN.
inline bool has_nan(const std::vector<Detection>& detections, const std::vector<nn::Objects>& objects,
                    index_t label) {
  const bool in_detections = std::any_of(detections.begin(), detections.end(), [&](const Detection& d) {
    return d.label == label && (std::isnan(d.score) || isnan(d.corners).count() > 0);
  });
  const bool in_objects = std::any_of(objects.begin(), objects.end(), [&](const nn::Objects& of) {
    for (index_t i = 0; i < of.labels.numel(); ++i)
      if (of.labels[i] == label && isnan(of.boxes[i]).count() > 0) return true;
    return false;
  });
  return in_detections || in_objects;
}

// Returns the object of this class that has the largest IoU with a box; {-1, 0} if none overlaps it.
struct BestOverlap {
  index_t object = -1;
  double iou = 0;
};
inline BestOverlap best_overlap(const Tensor& corners, const nn::Objects& of, index_t label) {
  BestOverlap best;
  if (of.labels.numel() == 0) return best;
  const Tensor overlap = nn::iou(corners.unsqueeze(0), nn::center_to_corners(of.boxes));  // (n)
  for (index_t i = 0; i < of.labels.numel(); ++i)
    if (of.labels[i] == label && overlap.at({i}) > best.iou) best = {i, overlap.at({i})};
  return best;
}

// Returns the average precision of one class: the area under the precision-recall curve.
//
// Detections are sorted by score. A detection is a true positive if its best overlap has an IoU of at
// least `threshold` and no detection before it has found that object. Precision is the part of
// detections so far that are true positives, recall the part of objects found. Each precision counts
// as the largest one at any higher recall. Everingham et al., "The PASCAL visual object classes
// challenge", 2010.
//
// Returns NaN if a score or a box of this class is NaN. Throws if the threshold is not in (0, 1] or
// the image of a detection is out of range.
inline double average_precision(std::vector<Detection> detections, const std::vector<nn::Objects>& objects,
                                index_t label, double threshold = 0.5) {
  check(threshold > 0 && threshold <= 1, "average_precision", "expected a threshold in (0, 1], got ",
        threshold);
  for (const Detection& detection : detections)
    check(detection.image >= 0 && detection.image < static_cast<index_t>(objects.size()), "average_precision",
          "expected detections of images in [0, ", objects.size(), "), got image ", detection.image);
  if (has_nan(detections, objects, label)) return std::numeric_limits<double>::quiet_NaN();
  std::erase_if(detections, [&](const Detection& d) { return d.label != label; });
  std::stable_sort(detections.begin(), detections.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  std::vector<std::vector<char>> found;
  double total = 0, true_positives = 0;
  for (const nn::Objects& of : objects) {
    found.emplace_back(static_cast<std::size_t>(of.labels.numel()), false);
    for (const index_t l : of.labels.values()) total += l == label;
  }
  if (total == 0) return 0;
  std::vector<double> precision, recall;
  for (const Detection& detection : detections) {
    const auto image = static_cast<std::size_t>(detection.image);
    const BestOverlap best = best_overlap(detection.corners, objects[image], label);
    if (best.iou >= threshold) {
      char& is_found = found[image][static_cast<std::size_t>(best.object)];
      if (!is_found) ++true_positives;
      is_found = true;
    }
    precision.push_back(true_positives / static_cast<double>(precision.size() + 1));
    recall.push_back(true_positives / total);
  }
  double area = 0;
  for (std::size_t i = precision.size(); i-- > 0;) {
    if (i + 1 < precision.size()) precision[i] = std::max(precision[i], precision[i + 1]);
    area += precision[i] * (recall[i] - (i > 0 ? recall[i - 1] : 0));
  }
  return area;
}

}  // namespace heed::lessons
