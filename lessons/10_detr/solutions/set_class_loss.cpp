// 10_set_class_loss — Compute the class loss of all queries, the unmatched ones with a small weight.
// Exercise 4 · 15 minutes · ●●○ · after 10_match_queries
//
//   logits (N, K + 1) of one image; the last class is "no object"
//   query[j]: the query that is matched with object j; labels[j]: its class, from 0 to K - 1
//   -> a scalar: the weighted mean over all N queries of -log p(target class), which is the weighted
//   sum divided by the sum of the weights. The weight is 1 for a matched query and `no_object` > 0
//   for an unmatched one.
//
// There may be no objects at all. Most queries are unmatched. Is there nothing that they must learn?
//
// You may use:  cross_entropy(logits, targets, {.reduction = Reduction::none}),
//               IntTensor(values, shape), sum(x), from_vector(values, shape, dtype), std::vector,
//               and + - * /.
#include "lessons/10_detr/exercises.h"

namespace heed::exercise {

Tensor set_class_loss(const Tensor& logits, const std::vector<index_t>& query, const IntTensor& labels,
                      double no_object) {
  // solution: compute a target and a weight for each query, then the weighted mean
  const index_t queries = logits.size(0), none = logits.size(1) - 1;
  std::vector<index_t> targets(static_cast<std::size_t>(queries), none);
  std::vector<double> weights(static_cast<std::size_t>(queries), no_object);
  for (std::size_t j = 0; j < query.size(); ++j) {
    targets[static_cast<std::size_t>(query[j])] = labels[static_cast<index_t>(j)];
    weights[static_cast<std::size_t>(query[j])] = 1;
  }
  const Tensor each = cross_entropy(logits, IntTensor(targets, {queries}), {.reduction = Reduction::none});
  const Tensor weight = from_vector(weights, {queries}, logits.dtype());
  return sum(each * weight) / sum(weight);
  // end
}

}  // namespace heed::exercise

// Hints
//
// 1. Which class is the target of an unmatched query?
// 2. Make two lists of N numbers: the targets, initialised to "no object" (the last class), and the
//    weights, initialised to `no_object`. Overwrite the entries of matched queries. The result is
//    the sum of losses (N) times weights (N), divided by the sum of the weights.
// 3. `targets[query[j]] = labels[j]; weights[query[j]] = 1;` (with `static_cast<std::size_t>`),
//    then `cross_entropy(logits, IntTensor(targets, {queries}), {.reduction = Reduction::none})`.
