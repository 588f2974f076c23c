// average_precision.h — how good is a list of boxes? The measure by which detectors are compared.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "nn/models/detection_loss.h"

namespace heed::lessons {

// One answer: in picture b there is a thing of this class in this box, as surely as the score.
struct Answer {
  index_t picture, label;
  double score;
  Tensor corners;  // (4)
};

// Every query's most probable class but "no object", with its probability. logits (B, N, K + 1), boxes (B, N, 4).
inline std::vector<Answer> answers_of(const Tensor& logits, const Tensor& boxes) {
  const Tensor probability = softmax(logits, -1).slice(-1, 0, logits.size(-1) - 1);  // (B, N, K)
  const auto best = max(probability, -1);
  const Tensor corners = nn::center_to_corners(boxes);
  std::vector<Answer> answers;
  for (index_t b = 0; b < logits.size(0); ++b)
    for (index_t n = 0; n < logits.size(1); ++n)
      answers.push_back({b, best.indices.at({b, n}), best.values.at({b, n}), corners[b][n]});
  return answers;
}

// Whether a NaN is in the scores or boxes that count for this class.
inline bool holds_nan(const std::vector<Answer>& answers, const std::vector<nn::Objects>& objects,
                      index_t label) {
  const bool in_answers = std::any_of(answers.begin(), answers.end(), [&](const Answer& a) {
    return a.label == label && (std::isnan(a.score) || isnan(a.corners).count() > 0);
  });
  const bool in_objects = std::any_of(objects.begin(), objects.end(), [&](const nn::Objects& of) {
    for (index_t i = 0; i < of.labels.numel(); ++i)
      if (of.labels[i] == label && isnan(of.boxes[i]).count() > 0) return true;
    return false;
  });
  return in_answers || in_objects;
}

// The object of this class that a box overlaps most, and by how much; {-1, 0} if it overlaps none.
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

// The surest answers first, each takes the object that it covers best: it is right where the two overlap by `threshold`
// and nobody was there before. Precision (how many of the answers so far are right) over recall (how many of the objects
// are found), and the area under it, precision counting as the best that is still to come. Everingham et al., "The PASCAL
// visual object classes challenge", 2010. NaN if a score or a box of this class holds NaN. Throws
// "[average_precision] …" if the threshold is not in (0, 1] or an answer's picture is not one of
// the objects'.
inline double average_precision(std::vector<Answer> answers, const std::vector<nn::Objects>& objects,
                                index_t label, double threshold = 0.5) {
  check(threshold > 0 && threshold <= 1, "average_precision", "expected a threshold in (0, 1], got ",
        threshold);
  for (const Answer& a : answers)
    check(a.picture >= 0 && a.picture < static_cast<index_t>(objects.size()), "average_precision",
          "expected answers for pictures in [0, ", objects.size(), "), got one for ", a.picture);
  if (holds_nan(answers, objects, label)) return std::numeric_limits<double>::quiet_NaN();
  std::erase_if(answers, [&](const Answer& a) { return a.label != label; });
  std::stable_sort(answers.begin(), answers.end(),
                   [](const Answer& a, const Answer& b) { return a.score > b.score; });
  std::vector<std::vector<char>> taken;
  double total = 0, right = 0;
  for (const nn::Objects& of : objects) {
    taken.emplace_back(static_cast<std::size_t>(of.labels.numel()), false);
    for (const index_t l : of.labels.values()) total += l == label;
  }
  if (total == 0) return 0;
  std::vector<double> precision, recall;
  for (const Answer& a : answers) {
    const auto picture = static_cast<std::size_t>(a.picture);
    const BestOverlap best = best_overlap(a.corners, objects[picture], label);
    if (best.iou >= threshold) {
      char& done = taken[picture][static_cast<std::size_t>(best.object)];
      if (!done) ++right;
      done = true;
    }
    precision.push_back(right / static_cast<double>(precision.size() + 1));
    recall.push_back(right / total);
  }
  double area = 0;
  for (std::size_t i = precision.size(); i-- > 0;) {
    if (i + 1 < precision.size()) precision[i] = std::max(precision[i], precision[i + 1]);
    area += precision[i] * (recall[i] - (i > 0 ? recall[i - 1] : 0));
  }
  return area;
}

}  // namespace heed::lessons
