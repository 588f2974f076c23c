// average_precision.h — how good is a list of boxes? The measure by which detectors are compared.
#pragma once

#include <algorithm>
#include <vector>

#include "nn/detection_loss.h"

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
  const Tensor corners = nn::corners_of(boxes);
  std::vector<Answer> answers;
  for (index_t b = 0; b < logits.size(0); ++b)
    for (index_t n = 0; n < logits.size(1); ++n)
      answers.push_back({b, best.indices.at({b, n}), best.values.at({b, n}), corners[b][n]});
  return answers;
}

// The surest answers first, each takes the object that it covers best: it is right where the two overlap by `threshold`
// and nobody was there before. Precision (how many of the answers so far are right) over recall (how many of the objects
// are found), and the area under it, precision counting as the best that is still to come. Everingham et al., "The PASCAL
// visual object classes challenge", 2010.
inline double average_precision(std::vector<Answer> answers, const std::vector<nn::Objects>& objects,
                                index_t label, double threshold = 0.5) {
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
    const nn::Objects& of = objects[static_cast<std::size_t>(a.picture)];
    const Tensor overlap = nn::iou(a.corners.unsqueeze(0), nn::corners_of(of.boxes));  // (n)
    double best = 0;
    std::size_t at = 0;
    for (index_t i = 0; i < of.labels.numel(); ++i)
      if (of.labels[i] == label && overlap.at({i}) > best)
        best = overlap.at({i}), at = static_cast<std::size_t>(i);
    auto& done = taken[static_cast<std::size_t>(a.picture)];
    if (best >= threshold && !done[at]) done[at] = true, ++right;
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
