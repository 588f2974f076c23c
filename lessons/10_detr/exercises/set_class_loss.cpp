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
  todo("compute a target and a weight for each query, then the weighted mean");
}

}  // namespace heed::exercise
