#include <algorithm>

#include "lessons/10_detr/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Queries = std::vector<index_t>;

// `none`: the class "no object"; divisor(weights) divides the weighted sum.
template <class Divisor>
Tensor loss(const Tensor& logits, const Queries& query, const IntTensor& labels, double no_object,
            index_t none, const Divisor& divisor) {
  const index_t n = logits.size(0);
  Queries targets(static_cast<std::size_t>(n), none);
  std::vector<double> weights(targets.size(), no_object);
  for (std::size_t j = 0; j < query.size(); ++j) {
    targets[static_cast<std::size_t>(query[j])] = labels[static_cast<index_t>(j)];
    weights[static_cast<std::size_t>(query[j])] = 1;
  }
  const Tensor each = cross_entropy(logits, IntTensor(targets, {n}), {.reduction = Reduction::none});
  const Tensor w = from_vector(weights, {n}, logits.dtype());
  return sum(each * w) / divisor(w);
}
double sum_of_weights(const Tensor& w) { return sum(w).item(); }

Tensor reference(const Tensor& logits, const Queries& query, const IntTensor& labels, double no_object) {
  return loss(logits, query, labels, no_object, logits.size(1) - 1, sum_of_weights);
}
Tensor matched_only(const Tensor& logits, const Queries& query, const IntTensor& labels, double) {
  if (query.empty()) return sum(logits) * 0.0;
  return loss(logits, query, labels, 0, logits.size(1) - 1, sum_of_weights);
}
Tensor equal_weights(const Tensor& logits, const Queries& query, const IntTensor& labels, double) {
  return loss(logits, query, labels, 1, logits.size(1) - 1, sum_of_weights);
}
Tensor plain_mean(const Tensor& logits, const Queries& query, const IntTensor& labels, double no_object) {
  return loss(logits, query, labels, no_object, logits.size(1) - 1,
              [](const Tensor& w) { return static_cast<double>(w.numel()); });
}
Tensor divided_by_objects(const Tensor& logits, const Queries& query, const IntTensor& labels,
                          double no_object) {
  const double n = std::max(1.0, static_cast<double>(query.size()));
  return loss(logits, query, labels, no_object, logits.size(1) - 1, [n](const Tensor&) { return n; });
}
Tensor summed(const Tensor& logits, const Queries& query, const IntTensor& labels, double no_object) {
  return loss(logits, query, labels, no_object, logits.size(1) - 1, [](const Tensor&) { return 1.0; });
}
Tensor first_class(const Tensor& logits, const Queries& query, const IntTensor& labels, double no_object) {
  return loss(logits, query, labels, no_object, 0, sum_of_weights);
}
Tensor in_order(const Tensor& logits, const Queries& query, const IntTensor& labels, double no_object) {
  Queries sorted = query;
  std::sort(sorted.begin(), sorted.end());
  return reference(logits, sorted, labels, no_object);
}
// -p of the target class, as in the cost of the matching.
Tensor cost_of_matching(const Tensor& logits, const Queries& query, const IntTensor& labels,
                        double no_object) {
  Queries targets(static_cast<std::size_t>(logits.size(0)), logits.size(1) - 1);
  std::vector<double> weights(targets.size(), no_object);
  for (std::size_t j = 0; j < query.size(); ++j) {
    targets[static_cast<std::size_t>(query[j])] = labels[static_cast<index_t>(j)];
    weights[static_cast<std::size_t>(query[j])] = 1;
  }
  const IntTensor column(targets, {logits.size(0), 1});
  const Tensor p = gather(softmax(logits, -1), -1, column).squeeze(-1);
  const Tensor w = from_vector(weights, {logits.size(0)}, logits.dtype());
  return -sum(p * w) / sum_of_weights(w);
}
Tensor zero_without_objects(const Tensor& logits, const Queries& query, const IntTensor& labels,
                            double no_object) {
  return query.empty() ? sum(logits) * 0.0 : reference(logits, query, labels, no_object);
}
Tensor first_queries(const Tensor& logits, const Queries& query, const IntTensor& labels, double no_object) {
  Queries first;
  for (std::size_t j = 0; j < query.size(); ++j) first.push_back(static_cast<index_t>(j));
  return reference(logits, first, labels, no_object);
}

const checks::Exercise<decltype(set_class_loss)> exercise{
    "10_set_class_loss",
    set_class_loss,
    reference,
    {{"DE-04", "unmatched queries were left out: they must learn to predict \"no object\"", matched_only},
     {"DE-26", "\"no object\" has the weight of any class: its weight is `no_object`", equal_weights},
     {"DE-27", "divided by the number of queries: divide by the sum of the weights", plain_mean},
     {"DE-28", "divided by the number of objects: divide by the sum of the weights", divided_by_objects},
     {"DE-29", "this is the sum: divide by the sum of the weights", summed},
     {"DE-10", "this is -p, the cost of the matching, which is not differentiated: the loss is -log p",
      cost_of_matching},
     {"DE-30", "\"no object\" is the last class, not class 0", first_class},
     {"DE-31", "query[j] belongs to labels[j]: only one of the two was sorted", in_order},
     {"DE-32", "object j was given to query j: the matched query is query[j]", first_queries},
     {"DE-61", "an image without objects gave 0: its queries must learn to predict \"no object\"",
      zero_without_objects}}};

using Inputs = std::tuple<Tensor, Queries, IntTensor, double>;
Inputs inputs(const Queries& query, const IntTensor& labels, double no_object, double scale = 1) {
  const Tensor logits = tensor({{1, 0, 2, -1}, {0, 1, -1, 2}, {2, 1, 0, 1}, {-1, 3, 0, .5}, {.5, 0, 1, -2}});
  return {logits * scale, query, labels, no_object};
}

TEST(SetClassLoss, OfFiveQueriesAndTwoObjects) {
  exercise.call("set_class_loss(logits (5, 4), {3, 1}, {0, 2}, 0.1)", [] {
    return inputs({3, 1}, {0, 2}, 0.1);
  });
  exercise.call("set_class_loss(logits (5, 4), {4, 0}, {2, 1}, 2.5)", [] {
    return inputs({4, 0}, {2, 1}, 2.5);
  });
}

TEST(SetClassLoss, OfOtherWeightsAndSizes) {
  exercise.call("set_class_loss(logits (7, 3), {5, 0, 2}, {1, 0, 1}, 0.4)", [] {
    Generator gen(2);
    return Inputs(randn({7, 3}, gen), Queries{5, 0, 2}, IntTensor{1, 0, 1}, 0.4);
  });
  exercise.call("set_class_loss({{1, 0.5}}, {0}, {0}, 0.4)", [] {
    return Inputs(tensor({{1, 0.5}}), Queries{0}, IntTensor{0}, 0.4);
  });
}

TEST(SetClassLoss, OfAnImageWithoutObjects) {
  exercise.call("set_class_loss(logits (5, 4), {}, {}, 0.1)", [] { return inputs({}, {}, 0.1); });
}

TEST(SetClassLoss, OfAnObjectForEveryQuery) {
  exercise.call("set_class_loss(logits (5, 4), {3, 1, 0, 2, 4}, {0, 2, 1, 1, 0}, 0.1)", [] {
    return inputs({3, 1, 0, 2, 4}, {0, 2, 1, 1, 0}, 0.1);
  });
}

TEST(SetClassLoss, StaysFiniteForLargeLogits) {
  exercise.call("set_class_loss(1000 · logits (5, 4), {3, 1}, {0, 2}, 0.1)", [] {
    return inputs({3, 1}, {0, 2}, 0.1, 1000);
  });
}

TEST(SetClassLoss, DoesNotDependOnTheOrderOfTheObjects) {
  exercise.invariant("DE-31", "the loss must not depend on the order of the objects", [](auto f) {
    const Tensor logits = std::get<0>(inputs({}, {}, 0.1));
    const double a = f(logits, {3, 1}, IntTensor{0, 2}, 0.1).item();
    return std::abs(a - f(logits, {1, 3}, IntTensor{2, 0}, 0.1).item()) < 1e-6;
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit DE-27: `/ sum(weight)` => `/ static_cast<double>(queries)`
