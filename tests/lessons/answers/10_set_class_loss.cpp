#include <algorithm>
#include <cmath>

#include "lessons/10_detr/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Queries = std::vector<index_t>;

IntTensor targets_of(const Tensor& logits, const Queries& query, const IntTensor& labels) {
  std::vector<index_t> targets(static_cast<std::size_t>(logits.size(0)), logits.size(1) - 1);
  for (std::size_t j = 0; j < query.size(); ++j)
    targets[static_cast<std::size_t>(query[j])] = labels[static_cast<index_t>(j)];
  return IntTensor(targets, {logits.size(0)});
}

const Answers<decltype(set_class_loss)> answers{
    {"query by query", "pass",
     [](const Tensor& logits, const Queries& query, const IntTensor& labels, double no_object) {
       const Tensor log_p = log_softmax(logits, -1);
       const IntTensor targets = targets_of(logits, query, labels);
       Tensor total = scalar(0, logits.dtype());
       double weights = 0;
       for (index_t i = 0; i < logits.size(0); ++i) {
         const double weight = std::find(query.begin(), query.end(), i) != query.end() ? 1 : no_object;
         total = total - log_p[i][targets[i]] * weight;
         weights += weight;
       }
       return total / weights;
     }},
    {"weights by class", "pass",
     [](const Tensor& logits, const Queries& query, const IntTensor& labels, double no_object) {
       const IntTensor targets = targets_of(logits, query, labels);
       const Tensor each = nll_loss(log_softmax(logits, -1), targets, {.reduction = Reduction::none});
       std::vector<double> w;
       for (const index_t target : targets.values())
         w.push_back(target == logits.size(1) - 1 ? no_object : 1);
       const Tensor weight = from_vector(w, {logits.size(0)}, logits.dtype());
       return (each * weight).sum() / weight.sum();
     }},
    {"log of a softmax", "wrong",
     [](const Tensor& logits, const Queries& query, const IntTensor& labels, double no_object) {
       const Tensor log_p = log(softmax(logits, -1));
       const IntTensor targets = targets_of(logits, query, labels);
       Tensor total = scalar(0, logits.dtype());
       double weights = 0;
       for (index_t i = 0; i < logits.size(0); ++i) {
         const double weight = targets[i] == logits.size(1) - 1 ? no_object : 1;
         total = total - log_p[i][targets[i]] * weight;
         weights += weight;
       }
       return total / weights;
     }},
    {"0.1, ignoring the argument", "wrong",
     [](const Tensor& logits, const Queries& query, const IntTensor& labels, double) {
       const IntTensor targets = targets_of(logits, query, labels);
       const Tensor each = cross_entropy(logits, targets, {.reduction = Reduction::none});
       std::vector<double> w;
       for (const index_t target : targets.values()) w.push_back(target == logits.size(1) - 1 ? 0.1 : 1);
       const Tensor weight = from_vector(w, {logits.size(0)}, logits.dtype());
       return (each * weight).sum() / weight.sum();
     }},
    {"0 for an image without objects", "DE-61",
     [](const Tensor& logits, const Queries& query, const IntTensor& labels, double no_object) {
       if (query.empty()) return scalar(0, logits.dtype());
       const IntTensor targets = targets_of(logits, query, labels);
       const Tensor each = cross_entropy(logits, targets, {.reduction = Reduction::none});
       std::vector<double> w;
       for (const index_t target : targets.values())
         w.push_back(target == logits.size(1) - 1 ? no_object : 1);
       const Tensor weight = from_vector(w, {logits.size(0)}, logits.dtype());
       return (each * weight).sum() / weight.sum();
     }},
    {"divided by at least 1", "wrong",
     [](const Tensor& logits, const std::vector<index_t>& query, const IntTensor& labels, double no_object) {
       const index_t queries = logits.size(0), nothing = logits.size(1) - 1;
       std::vector<index_t> targets(static_cast<std::size_t>(queries), nothing);
       std::vector<double> weights(static_cast<std::size_t>(queries), no_object);
       for (std::size_t j = 0; j < query.size(); ++j) {
         targets[static_cast<std::size_t>(query[j])] = labels[static_cast<index_t>(j)];
         weights[static_cast<std::size_t>(query[j])] = 1;
       }
       double total = 0;
       for (const double w : weights) total += w;
       const Tensor each =
           cross_entropy(logits, IntTensor(targets, {queries}), {.reduction = Reduction::none});
       return sum(each * from_vector(weights, {queries}, logits.dtype())) / std::max(total, 1.0);
     }},
    {"labels by query, not by object", "DE-32",
     [](const Tensor& logits, const std::vector<index_t>& query, const IntTensor& labels, double no_object) {
       const index_t queries = logits.size(0), nothing = logits.size(1) - 1;
       std::vector<index_t> targets(static_cast<std::size_t>(queries), nothing);
       std::vector<double> weights(static_cast<std::size_t>(queries), no_object);
       for (std::size_t j = 0; j < query.size(); ++j) {
         targets[j] = labels[static_cast<index_t>(j)];
         weights[j] = 1;
       }
       const Tensor each =
           cross_entropy(logits, IntTensor(targets, {queries}), {.reduction = Reduction::none});
       const Tensor weight = from_vector(weights, {queries}, logits.dtype());
       return sum(each * weight) / sum(weight);
     }},
    {"correct targets, weights by object", "wrong",
     [](const Tensor& logits, const std::vector<index_t>& query, const IntTensor& labels, double no_object) {
       const index_t queries = logits.size(0), nothing = logits.size(1) - 1;
       std::vector<index_t> targets(static_cast<std::size_t>(queries), nothing);
       std::vector<double> weights(static_cast<std::size_t>(queries), no_object);
       for (std::size_t j = 0; j < query.size(); ++j) {
         targets[static_cast<std::size_t>(query[j])] = labels[static_cast<index_t>(j)];
         weights[j] = 1;
       }
       const Tensor each =
           cross_entropy(logits, IntTensor(targets, {queries}), {.reduction = Reduction::none});
       const Tensor weight = from_vector(weights, {queries}, logits.dtype());
       return sum(each * weight) / sum(weight);
     }},
    {"a mean over objects plus a mean over the rest", "wrong",
     [](const Tensor& logits, const std::vector<index_t>& query, const IntTensor& labels, double no_object) {
       const index_t queries = logits.size(0), nothing = logits.size(1) - 1;
       std::vector<index_t> targets(static_cast<std::size_t>(queries), nothing);
       std::vector<double> found(static_cast<std::size_t>(queries), 0);
       for (std::size_t j = 0; j < query.size(); ++j) {
         targets[static_cast<std::size_t>(query[j])] = labels[static_cast<index_t>(j)];
         found[static_cast<std::size_t>(query[j])] = 1;
       }
       const Tensor each =
           cross_entropy(logits, IntTensor(targets, {queries}), {.reduction = Reduction::none});
       const Tensor weight = from_vector(found, {queries}, logits.dtype());
       const double n = static_cast<double>(query.size()), rest = static_cast<double>(queries) - n;
       return sum(each * weight) / std::max(n, 1.0) +
              sum(each * (1.0 - weight)) * no_object / std::max(rest, 1.0);
     }},
    {"no object is class 0", "DE-30",
     [](const Tensor& logits, const std::vector<index_t>& query, const IntTensor& labels, double no_object) {
       const index_t queries = logits.size(0);
       std::vector<index_t> targets(static_cast<std::size_t>(queries), 0);
       std::vector<double> weights(static_cast<std::size_t>(queries), no_object);
       for (std::size_t j = 0; j < query.size(); ++j) {
         targets[static_cast<std::size_t>(query[j])] = labels[static_cast<index_t>(j)];
         weights[static_cast<std::size_t>(query[j])] = 1;
       }
       const Tensor each =
           cross_entropy(logits, IntTensor(targets, {queries}), {.reduction = Reduction::none});
       const Tensor weight = from_vector(weights, {queries}, logits.dtype());
       return sum(each * weight) / sum(weight);
     }},
    {"divided by the number of objects", "DE-28",
     [](const Tensor& logits, const std::vector<index_t>& query, const IntTensor& labels, double no_object) {
       const index_t queries = logits.size(0), nothing = logits.size(1) - 1;
       std::vector<index_t> targets(static_cast<std::size_t>(queries), nothing);
       std::vector<double> weights(static_cast<std::size_t>(queries), no_object);
       for (std::size_t j = 0; j < query.size(); ++j) {
         targets[static_cast<std::size_t>(query[j])] = labels[static_cast<index_t>(j)];
         weights[static_cast<std::size_t>(query[j])] = 1;
       }
       const Tensor each =
           cross_entropy(logits, IntTensor(targets, {queries}), {.reduction = Reduction::none});
       return sum(each * from_vector(weights, {queries}, logits.dtype())) /
              std::max(1.0, static_cast<double>(query.size()));
     }},
    {"a weight of at most 1", "DE-26",
     [](const Tensor& logits, const std::vector<index_t>& query, const IntTensor& labels, double no_object) {
       const index_t queries = logits.size(0), nothing = logits.size(1) - 1;
       std::vector<index_t> targets(static_cast<std::size_t>(queries), nothing);
       std::vector<double> weights(static_cast<std::size_t>(queries), std::min(no_object, 1.0));
       for (std::size_t j = 0; j < query.size(); ++j) {
         targets[static_cast<std::size_t>(query[j])] = labels[static_cast<index_t>(j)];
         weights[static_cast<std::size_t>(query[j])] = 1;
       }
       const Tensor each =
           cross_entropy(logits, IntTensor(targets, {queries}), {.reduction = Reduction::none});
       const Tensor weight = from_vector(weights, {queries}, logits.dtype());
       return sum(each * weight) / sum(weight);
     }}};

}  // namespace

Tensor set_class_loss(const Tensor& logits, const Queries& query, const IntTensor& labels, double no_object) {
  return answers.chosen(logits, query, labels, no_object);
}

}  // namespace heed::exercise
