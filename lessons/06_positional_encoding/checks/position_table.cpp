#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"
#include "lessons/check/check.h"
#include "nn/nn.h"
#include "optim/optim.h"

namespace heed::exercise {
namespace {

Tensor reference(Positions kind, index_t max_len, index_t d_model, Generator& gen) {
  if (kind == Positions::sinusoidal) return nn::sinusoidal_table(max_len, d_model);
  return (randn({max_len, d_model}, gen) * 0.02).set_requires_grad();
}

const checks::Exercise<decltype(position_table)> exercise{
    "06_position_table",
    position_table,
    reference,
    {{"PE-11", "the sinusoidal table requires grad; it is a constant and must not be trained",
      [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
        return reference(kind, max_len, d_model, gen).set_requires_grad();
      }},
     {"PE-24", "the learned table does not require grad, so it would not be trained",
      [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
        return reference(kind, max_len, d_model, gen).detach();
      }},
     {"PE-25", "the learned table is not a leaf; scale the numbers first, then call set_requires_grad",
      [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
        return kind == Positions::sinusoidal ? reference(kind, max_len, d_model, gen)
                                             : randn({max_len, d_model}, gen).set_requires_grad() * 0.02;
      }},
     {"PE-26", "the learned table has a standard deviation of 1; use 0.02",
      [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
        return kind == Positions::sinusoidal ? reference(kind, max_len, d_model, gen)
                                             : randn({max_len, d_model}, gen).set_requires_grad();
      }},
     {"PE-27", "the learned table was initialised to zeros; this course draws random numbers",
      [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
        return kind == Positions::sinusoidal ? reference(kind, max_len, d_model, gen)
                                             : zeros({max_len, d_model}).set_requires_grad();
      }},
     {"PE-60", "every position got the same row; draw max_len rows",
      [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
        if (kind == Positions::sinusoidal) return reference(kind, max_len, d_model, gen);
        return reference(kind, 1, d_model, gen)
            .detach()
            .expand({max_len, d_model})
            .clone()
            .set_requires_grad();
      }},
     {"PE-62", "uniform numbers in [0, 1) were scaled; draw from a normal distribution (randn)",
      [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
        if (kind == Positions::sinusoidal) return reference(kind, max_len, d_model, gen);
        return (rand({max_len, d_model}, gen) * 0.02).set_requires_grad();
      }},
     {"PE-66", "0.02 was used as the variance (a factor of √0.02); it is the standard deviation",
      [](Positions kind, index_t max_len, index_t d_model, Generator& gen) {
        if (kind == Positions::sinusoidal) return reference(kind, max_len, d_model, gen);
        return (randn({max_len, d_model}, gen) * std::sqrt(0.02)).set_requires_grad();
      }},
     {"PE-67", "the table was drawn from another generator; use the one that was passed",
      [](Positions kind, index_t max_len, index_t d_model, Generator&) {
        Generator other(0);
        return reference(kind, max_len, d_model, other);
      }}}};

TEST(PositionTable, OfSinesAndCosines) {
  for (const auto& [max_len, d_model] : {std::pair<index_t, index_t>{7, 6}, {1, 5}})
    exercise.call(concat("position_table(Positions::sinusoidal, ", max_len, ", ", d_model, ", gen)"),
                  [max_len = max_len, d_model = d_model] {
                    return std::tuple(Positions::sinusoidal, max_len, d_model, Generator(12));
                  });
}

TEST(PositionTable, IsAConstantIfItIsSinusoidal) {
  exercise.compare("position_table(Positions::sinusoidal, 7, 6, gen).requires_grad()", [](auto f) {
    Generator gen(12);
    return static_cast<int>(f(Positions::sinusoidal, 7, 6, gen).requires_grad());
  });
}

TEST(PositionTable, IsALeafThatRequiresGradIfItIsLearned) {
  exercise.compare(
      "whether position_table(Positions::learned, 7, 6, gen) requires grad, and whether it is a leaf",
      [](auto f) {
        Generator gen(12);
        const Tensor table = f(Positions::learned, 7, 6, gen);
        return std::vector<int>{table.requires_grad(), table.is_leaf()};
      });
}

double two_decimals(double x) { return std::round(100 * x) / 100; }
double deviation(const Tensor& t) { return two_decimals(std::sqrt(mean(var(t, {0})).item())); }

TEST(PositionTable, IsInitialisedWithSmallNumbersIfItIsLearned) {
  for (const auto& [max_len, d_model] : {std::pair<index_t, index_t>{300, 40}, {1, 5}, {40, 1}})
    exercise.compare(
        concat("the shape of position_table(Positions::learned, ", max_len, ", ", d_model, ", gen)"),
        [max_len = max_len, d_model = d_model](auto f) {
          Generator gen(13);
          const Tensor table = f(Positions::learned, max_len, d_model, gen);
          return std::vector<index_t>{table.rank(), table.size(0), table.size(1)};
        });
  exercise.compare(
      "of position_table(Positions::learned, 300, 40, gen): the mean, and the standard deviation within a "
      "column and within "
      "a row, to two decimals",
      [](auto f) {
        Generator gen(13);
        const Tensor table = f(Positions::learned, 300, 40, gen).detach();
        return std::vector<double>{two_decimals(mean(table).item()), deviation(table),
                                   deviation(table.transpose(0, 1))};
      });
}

TEST(PositionTable, IsNormallyDistributedIfItIsLearned) {
  exercise.compare(
      "how many tenths of position_table(Positions::learned, 300, 40, gen) lie within one standard deviation "
      "of 0",
      [](auto f) {
        Generator gen(13);
        const Tensor table = f(Positions::learned, 300, 40, gen).detach();
        const double near = static_cast<double>((abs(table) < 0.02).count());
        return std::round(10 * near / static_cast<double>(table.numel()));
      });
}

TEST(PositionTable, IsMovedByTrainingOnlyIfItIsLearned) {
  exercise.invariant("", "one training step must change a learned table, but not a sinusoidal one",
                     [](auto f) {
                       const auto is_updated = [&](Positions kind) {
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
                       return !is_updated(Positions::sinusoidal) && is_updated(Positions::learned);
                     });
}

TEST(PositionTable, IsDrawnFromTheGeneratorThatWasPassed) {
  exercise.invariant("", "equal seeds must give equal learned tables, and other seeds other tables",
                     [](auto f) {
                       const auto drawn = [&](std::uint64_t seed) {
                         Generator gen(seed);
                         return f(Positions::learned, 30, 4, gen).detach();
                       };
                       const auto random = [](const Tensor& t) { return var(t).item() > 0; };
                       return max_abs_difference(drawn(1), drawn(1)) == 0 &&
                              (!random(drawn(1)) || max_abs_difference(drawn(1), drawn(2)) > 0);
                     });
  exercise.invariant("", "two learned tables must not share storage", [](auto f) {
    Generator gen(1);
    return f(Positions::learned, 30, 4, gen).state() != f(Positions::learned, 30, 4, gen).state();
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit PE-11: `(max_len, d_model);` => `(max_len, d_model).set_requires_grad();`
