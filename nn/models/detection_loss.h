// detection_loss.h — lesson 10: how wrong is a set of boxes? First it is said which is meant by which.
#pragma once

#include "nn/models/detr.h"
#include "nn/models/matching.h"

namespace heed::nn {

// What is in one picture, in any order.
struct Objects {
  IntTensor labels;  // (n), from 0 to K - 1
  Tensor boxes;      // (n, 4): (cx, cy, w, h) in parts of the picture
};

struct DetectionLossOptions {
  // Of a pair when it is matched: - probability of the class, L1 of the boxes, - GIoU.
  double cost_class = 1, cost_box = 5, cost_giou = 2;
  // Of what has been matched.
  double weight_class = 1, weight_box = 5, weight_giou = 2;
  double no_object = 0.1;  // most queries find nothing: how much that class counts
};

// For each picture which query (row) is which object (column). logits (B, N, K + 1), boxes (B, N, 4). Not
// differentiated: the pairs are constants for the loss. A cost or weight of 0 leaves its term out.
// Throws "[match] …" if a cost is NaN or infinite, and "[detection_loss] …" if shapes, dtypes or
// labels do not fit, or if an option is negative or not finite.
std::vector<Assignment> match(const Tensor& logits, const Tensor& boxes, const std::vector<Objects>& objects,
                              const DetectionLossOptions& options = {});

// The parts are not weighted yet, and of the last layer alone; the total is over all layers, each matched by itself.
//   classes   cross entropy of all queries, matched ones to their object's class, the others to "no object", weighted
//   box       |box - object's|, summed, / the number of objects in the batch
//   giou      1 - GIoU, summed, / the number of objects in the batch
// Without any object, or with an empty batch, box and giou are 0.
struct DetectionLoss {
  Tensor total, classes, box, giou;  // scalars
};
DetectionLoss detection_loss(const Detections& found, const std::vector<Objects>& objects,
                             const DetectionLossOptions& options = {});

}  // namespace heed::nn
