// 10 · set_class_loss — what every query should have said, and what it costs that it did not.
//
//   logits (N, K + 1) of one picture; the last class is "no object"
//   query[j] is the query that was matched with object j, labels[j] the class of that object, from 0 to K - 1
//   -> a scalar: the mean of -log p(the right class) over all N queries, each counted by its weight:
//   1 for a query with an object, `no_object` > 0 for one without (a weighted mean: divided by the sum of the weights)
//
// There may be no object at all. Most queries find nothing. Have they nothing to learn?
//
// You may use:  cross_entropy(logits, targets, {.reduction = Reduction::none}), IntTensor(values, shape), sum(x),
//               from_vector(values, shape, dtype), std::vector, and + - * /.
#include "lessons/10_detr/exercises.h"

namespace heed::exercise {

Tensor set_class_loss(const Tensor& logits, const std::vector<index_t>& query, const IntTensor& labels,
                      double no_object) {
  // solution: targets for all queries, a weight for each, a weighted mean
  const index_t queries = logits.size(0), nothing = logits.size(1) - 1;
  std::vector<index_t> targets(static_cast<std::size_t>(queries), nothing);
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
