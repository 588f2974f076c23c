// detection_loss.h — lesson 10: the loss of DETR. Bipartite matching first assigns each object to
// one query.
#pragma once

#include "nn/models/boxes.h"
#include "nn/models/detr.h"
#include "nn/models/matching.h"

namespace heed::nn {

// The ground truth of one image, in any order.
struct Objects {
  IntTensor labels;  // (n), from 0 to K - 1
  Tensor boxes;      // (n, 4): (cx, cy, w, h) relative to the image size
};

struct DetectionLossOptions {
  // The cost of a pair for the matching: - class probability, L1 distance of the boxes, - GIoU.
  double cost_class = 1, cost_box = 5, cost_giou = 2;
  // The weights of the loss terms after the matching.
  double weight_class = 1, weight_box = 5, weight_giou = 2;
  double no_object = 0.1;  // the weight of the class "no object", to which most queries belong
};

// Assigns queries (rows) to objects (columns) for each image. logits (B, N, K + 1), boxes
// (B, N, 4). Not differentiated: the loss treats the pairs as constants. A cost or weight of 0 removes its
// term. Throws "[match] …" if a cost is NaN or infinite, and "[detection_loss] …" if shapes, dtypes
// or labels are not valid, or if an option is negative or not finite.
std::vector<Assignment> match(const Tensor& logits, const Tensor& boxes, const std::vector<Objects>& objects,
                              const DetectionLossOptions& options = {});

// Scalars. The terms are unweighted and of the last layer; the total is the weighted sum over all
// layers, each of which is matched separately.
//   classes   weighted cross entropy of all queries: matched ones against the class of their
//             object, others against "no object"
//   box       the sum of |box - object's box| / number of objects in the batch
//   giou      the sum of 1 - GIoU / number of objects in the batch
// Without objects, or for an empty batch, box and giou are 0.
struct DetectionLoss {
  Tensor total, classes, box, giou;
};
// Throws as match() does.
DetectionLoss detection_loss(const Detections& detections, const std::vector<Objects>& objects,
                             const DetectionLossOptions& options = {});

}  // namespace heed::nn
