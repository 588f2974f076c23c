#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"
#include "lessons/tutor/check.h"
#include "nn/nn.h"
#include "optim/optim.h"

namespace heed::exercise {
namespace {

Tensor right(Positions kind, index_t max_len, index_t d_model, Generator& gen) {
  if (kind == Positions::sinusoidal) return nn::sinusoidal_table(max_len, d_model);
  return (randn({max_len, d_model}, gen) * 0.02).set_requires_grad();
}

const tutor::Exercise<decltype(position_table)> exercise{
    "06_position_table",
    position_table,
    right,
    {{"PE-11", "the fixed table is being trained: a constant must not require grad",
      [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
        return right(kind, max_len, d_model, gen).set_requires_grad();
      }},
     {"PE-24", "the learned table is not trained: it must require grad",
      [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
        return right(kind, max_len, d_model, gen).detach();
      }},
     {"PE-25",
      "the learned table is no leaf: its gradient goes to the numbers before the scaling, which nobody keeps",
      [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
        return kind == Positions::sinusoidal ? right(kind, max_len, d_model, gen)
                                             : randn({max_len, d_model}, gen).set_requires_grad() * 0.02;
      }},
     {"PE-26", "a learned table that starts with a standard deviation of 1 drowns the words; start with 0.02",
      [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
        return kind == Positions::sinusoidal ? right(kind, max_len, d_model, gen)
                                             : randn({max_len, d_model}, gen).set_requires_grad();
      }},
     {"PE-27", "this course starts a learned table at random numbers; yours starts at zeros",
      [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
        return kind == Positions::sinusoidal ? right(kind, max_len, d_model, gen)
                                             : zeros({max_len, d_model}).set_requires_grad();
      }}}};

TEST(PositionTable, OfSinesAndCosines) {
  exercise.compare("position_table(Positions::sinusoidal, 7, 6, gen)", [](auto f) {
    Generator gen(12);
    return f(Positions::sinusoidal, 7, 6, gen);
  });
}

TEST(PositionTable, IsAConstantWhereItIsKnown) {
  exercise.compare("position_table(Positions::sinusoidal, 7, 6, gen).requires_grad()", [](auto f) {
    Generator gen(12);
    return static_cast<int>(f(Positions::sinusoidal, 7, 6, gen).requires_grad());
  });
}

TEST(PositionTable, IsALeafThatRequiresGradWhereItIsLearned) {
  exercise.compare(
      "whether position_table(Positions::learned, 7, 6, gen) requires grad, and whether it is a leaf",
      [](auto f) {
        Generator gen(12);
        const Tensor table = f(Positions::learned, 7, 6, gen);
        return std::vector<int>{table.requires_grad(), table.is_leaf()};
      });
}

TEST(PositionTable, StartsSmallWhereItIsLearned) {
  exercise.compare("the shape of position_table(Positions::learned, 300, 40, gen)", [](auto f) {
    Generator gen(13);
    const Tensor table = f(Positions::learned, 300, 40, gen);
    return std::vector<index_t>{table.rank(), table.size(0), table.size(1)};
  });
  exercise.compare("its mean and its standard deviation, to two decimals", [](auto f) {
    Generator gen(13);
    const Tensor table = f(Positions::learned, 300, 40, gen).detach();
    const double spread = std::sqrt(var(table).item());
    return std::vector<double>{std::round(100 * mean(table).item()) / 100, std::round(100 * spread) / 100};
  });
}

TEST(PositionTable, MovesInTrainingOnlyWhereItIsLearned) {
  exercise.invariant("PE-11", "one step of training must leave the sines alone and move a learned table",
                     [](auto f) {
                       const auto moved = [&](Positions kind) {
                         Generator gen(14);
                         Tensor table = f(kind, 7, 6, gen), word = ones({6}).set_requires_grad();
                         const Tensor before = table.detach().clone();
                         std::vector<Tensor> trained = {word};
                         if (table.requires_grad() && table.is_leaf()) trained.push_back(table);
                         optim::Adam optimizer(trained, {.lr = 0.1});
                         mean((word + table) * (word + table)).backward();
                         optimizer.step();
                         return max_abs_difference(table.detach(), before) > 0;
                       };
                       return !moved(Positions::sinusoidal) && moved(Positions::learned);
                     });
}

TEST(PositionTable, DrawsFromTheGeneratorThatWasGiven) {
  exercise.invariant("", "the same seed must give the same learned table, and another seed another one",
                     [](auto f) {
                       const auto drawn = [&](std::uint64_t seed) {
                         Generator gen(seed);
                         return f(Positions::learned, 30, 4, gen).detach();
                       };
                       const auto stds = [](const Tensor& t) { return var(t).item() > 0; };
                       return max_abs_difference(drawn(1), drawn(1)) == 0 &&
                              (!stds(drawn(1)) || max_abs_difference(drawn(1), drawn(2)) > 0);
                     });
}

}  // namespace
}  // namespace heed::exercise
