#include <algorithm>
#include <numeric>

#include "lessons/03_self_attention/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

IntTensor largest(const Tensor& row, index_t count) { return topk(row, count).indices; }

const Answers<decltype(most_attended)> answers{
    {"sorted positions", "pass",
     [](const Tensor& weights, index_t query, index_t count) {
       const std::vector<double> row = weights[query].to_vector();
       std::vector<index_t> order(row.size());
       std::iota(order.begin(), order.end(), 0);
       std::sort(order.begin(), order.end(), [&](index_t a, index_t b) {
         return row[static_cast<std::size_t>(a)] > row[static_cast<std::size_t>(b)];
       });
       order.resize(static_cast<std::size_t>(count));
       return IntTensor(order, {count});
     }},
    {"repeated argmax", "pass",
     [](const Tensor& weights, index_t query, index_t count) {
       Tensor rest = weights.select(0, query).clone();
       std::vector<index_t> found;
       for (index_t i = 0; i < count; ++i) {
         found.push_back(argmax(rest, 0).item());
         rest = masked_fill(
             rest, equal(arange(0, static_cast<double>(rest.size(0))), static_cast<double>(found.back())),
             -1);
       }
       return IntTensor(found, {count});
     }},
    {"the column of a square matrix", "SA-15",
     [](const Tensor& weights, index_t query, index_t count) {
       const bool square = weights.size(0) == weights.size(1);
       return largest(square ? weights.select(1, query) : weights[query], count);
     }},
    {"row 0", "SA-20",
     [](const Tensor& weights, index_t, index_t count) { return largest(weights[0], count); }},
    {"the last row", "wrong",
     [](const Tensor& weights, index_t, index_t count) { return largest(weights[-1], count); }},
    {"in the order of the positions", "SA-61",
     [](const Tensor& weights, index_t query, index_t count) {
       IntTensor found = largest(weights[query], count);
       std::sort(found.values().begin(), found.values().end());
       return found;
     }},
    {"the largest last", "wrong",
     [](const Tensor& weights, index_t query, index_t count) {
       IntTensor found = largest(weights[query], count);
       std::reverse(found.values().begin(), found.values().end());
       return found;
     }},
    {"one key for every count", "wrong",
     [](const Tensor& weights, index_t query, index_t) { return largest(weights[query], 1); }},
    {"all keys for every count", "wrong",
     [](const Tensor& weights, index_t query, index_t) { return largest(weights[query], weights.size(1)); }},
    {"the smallest first", "SA-17",
     [](const Tensor& weights, index_t query, index_t count) { return largest(-weights[query], count); }},
    {"the mean of all queries", "SA-16",
     [](const Tensor& weights, index_t, index_t count) { return largest(weights.mean({0}), count); }},
    {"counted from 1", "SA-19",
     [](const Tensor& weights, index_t query, index_t count) {
       IntTensor found = largest(weights[query], count);
       for (index_t& position : found.values()) ++position;
       return found;
     }},
    {"the query itself first", "wrong",
     [](const Tensor& weights, index_t query, index_t count) {
       IntTensor found = largest(weights[query], count);
       found.values()[0] = std::min(query, weights.size(1) - 1);
       return found;
     }},
    {"reads data() in memory order", "wrong",
     [](const Tensor& weights, index_t query, index_t count) {
       return weights.is_contiguous() ? largest(weights[query], count)
                                      : largest(full({weights.size(1)}, 0), count);
     }},
    {"the row is written to", "likely SD-34", [](const Tensor& weights, index_t query, index_t count) {
       std::vector<index_t> found;
       Tensor row = weights.detach()[query];
       for (index_t i = 0; i < count; ++i) {
         found.push_back(argmax(row, 0).item());
         row.set({found.back()}, -1);
       }
       return IntTensor(found, {count});
     }}};

}  // namespace

IntTensor most_attended(const Tensor& weights, index_t query, index_t count) {
  return answers.chosen(weights, query, count);
}

}  // namespace heed::exercise
