#include <algorithm>
#include <cmath>
#include <numeric>

#include "lessons/10_detr/exercises.h"
#include "nn/models/matching.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Queries = std::vector<index_t>;

double cost_of(const Tensor& costs, const Queries& queries) {
  double total = 0;
  for (std::size_t j = 0; j < queries.size(); ++j) total += costs.at({queries[j], static_cast<index_t>(j)});
  return total;
}
// Returns the cheapest matching, in the order of permutations, if its cost is below `least`.
Queries cheapest(const Tensor& costs, double least) {
  Queries order(static_cast<std::size_t>(costs.size(0))), best;
  std::iota(order.begin(), order.end(), 0);
  do {
    const Queries now(order.begin(), order.begin() + costs.size(1));
    if (const double total = cost_of(costs, now); total < least) {
      least = total;
      best = now;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

const Answers<decltype(match_queries)> answers{
    {"permutations", "pass", [](const Tensor& costs) { return cheapest(costs, INFINITY); }},
    {"the library's assignment", "pass",
     [](const Tensor& costs) { return nn::assign(costs.transpose(0, 1)).columns; }},
    {"least initialised to 1e9", "wrong", [](const Tensor& costs) { return cheapest(costs, 1e9); }},
    {"least initialised to 1e6", "wrong", [](const Tensor& costs) { return cheapest(costs, 1e6); }},
    {"negative costs count as 0", "wrong",
     [](const Tensor& costs) { return cheapest(relu(costs), INFINITY); }},
    {"greedy, then one round of swaps", "wrong",
     [](const Tensor& costs) {
       Queries of;
       for (index_t j = 0; j < costs.size(1); ++j) {
         index_t best = -1;
         for (index_t q = 0; q < costs.size(0); ++q)
           if (std::find(of.begin(), of.end(), q) == of.end() &&
               (best < 0 || costs.at({q, j}) < costs.at({best, j})))
             best = q;
         of.push_back(best);
       }
       for (std::size_t i = 0; i < of.size(); ++i)
         for (std::size_t j = 0; j < i; ++j) {
           Queries other = of;
           std::swap(other[i], other[j]);
           if (cost_of(costs, other) < cost_of(costs, of)) of = other;
         }
       return of;
     }},
    {"for two objects only", "wrong",
     [](const Tensor& costs) {
       if (costs.size(1) <= 2) return cheapest(costs, INFINITY);
       Queries of(static_cast<std::size_t>(costs.size(1)));
       std::iota(of.begin(), of.end(), 0);
       return of;
     }},
    {"prunes as if no cost were negative", "wrong",
     [](const Tensor& costs) {
       std::vector<index_t> now, best;
       auto taken = std::vector<bool>(static_cast<std::size_t>(costs.size(0)), false);
       double least = INFINITY;
       const auto go_on = [&](const auto& self, double total) -> void {
         if (total >= least) return;
         const auto object = static_cast<index_t>(now.size());
         if (object == costs.size(1)) {
           least = total;
           best = now;
           return;
         }
         for (index_t query = 0; query < costs.size(0); ++query) {
           if (taken[static_cast<std::size_t>(query)]) continue;
           taken[static_cast<std::size_t>(query)] = true;
           now.push_back(query);
           self(self, total + costs.at({query, object}));
           taken[static_cast<std::size_t>(query)] = false;
           now.pop_back();
         }
       };
       go_on(go_on, 0);
       return best;
     }},
    {"only the first n queries in any order", "DE-03",
     [](const Tensor& costs) {
       std::vector<index_t> now, best;
       for (index_t i = 0; i < costs.size(1); ++i) now.push_back(i);
       double least = INFINITY;
       do {
         double total = 0;
         for (index_t j = 0; j < costs.size(1); ++j) total += costs.at({now[static_cast<std::size_t>(j)], j});
         if (total < least) {
           least = total;
           best = now;
         }
       } while (std::next_permutation(now.begin(), now.end()));
       return best;
     }},
    {"queries in ascending order only", "wrong",
     [](const Tensor& costs) {
       std::vector<index_t> now, best;
       double least = INFINITY;
       const auto go_on = [&](const auto& self, index_t from, double total) -> void {
         const auto object = static_cast<index_t>(now.size());
         if (object == costs.size(1)) {
           if (total < least) {
             least = total;
             best = now;
           }
           return;
         }
         for (index_t query = from; query < costs.size(0); ++query) {
           now.push_back(query);
           self(self, query + 1, total + costs.at({query, object}));
           now.pop_back();
         }
       };
       go_on(go_on, 0, 0);
       return best;
     }},
    {"the total as an integer", "wrong",
     [](const Tensor& costs) {
       std::vector<index_t> now, best;
       auto taken = std::vector<bool>(static_cast<std::size_t>(costs.size(0)), false);
       index_t least = 1000000;
       const auto go_on = [&](const auto& self, index_t total) -> void {
         const auto object = static_cast<index_t>(now.size());
         if (object == costs.size(1)) {
           if (total < least) {
             least = total;
             best = now;
           }
           return;
         }
         for (index_t query = 0; query < costs.size(0); ++query) {
           if (taken[static_cast<std::size_t>(query)]) continue;
           taken[static_cast<std::size_t>(query)] = true;
           now.push_back(query);
           self(self, total + static_cast<index_t>(costs.at({query, object})));
           taken[static_cast<std::size_t>(query)] = false;
           now.pop_back();
         }
       };
       go_on(go_on, 0);
       return best;
     }},
    {"each object's cheapest query", "DE-02",
     [](const Tensor& costs) {
       std::vector<index_t> best;
       for (index_t j = 0; j < costs.size(1); ++j) best.push_back(argmax(-costs, 0)[j]);
       return best;
     }},
    {"three loops, for at most three objects", "wrong", [](const Tensor& costs) {
       const index_t n = costs.size(0), objects = costs.size(1);
       std::vector<index_t> best;
       double least = INFINITY;
       for (index_t a = 0; a < (objects > 0 ? n : 1); ++a)
         for (index_t b = 0; b < (objects > 1 ? n : 1); ++b)
           for (index_t c = 0; c < (objects > 2 ? n : 1); ++c) {
             const std::vector<index_t> all{a, b, c};
             const auto used = static_cast<std::size_t>(std::min<index_t>(objects, 3));
             double total = 0;
             bool twice = false;
             for (std::size_t i = 0; i < used; ++i) {
               total += costs.at({all[i], static_cast<index_t>(i)});
               for (std::size_t j = 0; j < i; ++j) twice = twice || all[i] == all[j];
             }
             if (twice || total >= least) continue;
             least = total;
             best.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(used));
           }
       return best;
     }}};

}  // namespace

Queries match_queries(const Tensor& costs) { return answers.chosen(costs); }

}  // namespace heed::exercise
