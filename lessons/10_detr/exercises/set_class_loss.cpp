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
  todo("targets for all queries, a weight for each, a weighted mean");
}

}  // namespace heed::exercise
