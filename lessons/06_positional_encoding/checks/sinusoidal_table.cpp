#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"
#include "lessons/check/check.h"
#include "nn/positional_encoding.h"

namespace heed::exercise {
namespace {

// A table from what stands at place p in channel c of d.
template <class Entry>
Tensor filled(index_t length, index_t d_model, Entry&& entry) {
  std::vector<double> table;
  for (index_t p = 0; p < length; ++p)
    for (index_t c = 0; c < d_model; ++c) table.push_back(entry(p, c, d_model));
  return from_vector(table, {length, d_model});
}
double wave(index_t c, double angle) { return c % 2 == 0 ? std::sin(angle) : std::cos(angle); }
// The angle of place p where the exponent is n / d.
double angle(index_t p, index_t n, index_t d) {
  return static_cast<double>(p) / std::pow(10000.0, static_cast<double>(n) / static_cast<double>(d));
}
index_t even(index_t c) { return c - c % 2; }

Tensor right(index_t length, index_t d_model) { return nn::sinusoidal_table(length, d_model); }
// One mistake at a time: only who is right for an even width is asked about an odd one, so that the twins still fit.
auto* if_right_for_even(decltype(sinusoidal_table)* f) {
  const auto table = [](auto* of) { return checks::ask([&] { return of(4, 6); }); };
  return checks::difference(table(f), table(right)).distance < 1e-3 ? f : right;
}

const checks::Exercise<decltype(sinusoidal_table)> exercise{
    "06_sinusoidal_table",
    sinusoidal_table,
    right,
    {{"PE-01", "the exponent doubled: a loop over channels 0, 2, 4, … already has 2i",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c, angle(p, 2 * even(c), d)); });
      }},
     {"PE-03", "2k / d for every channel k: i counts pairs, so the exponent is (k - k % 2) / d",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c, angle(p, 2 * c, d)); });
      }},
     {"PE-04",
      "this course takes sines and cosines in turn; all sines first is another order of the same channels",
      [](index_t length, index_t d_model) {
        return filled(length, d_model, [](index_t p, index_t c, index_t d) {
          const index_t sines = (d + 1) / 2;
          return c < sines ? std::sin(angle(p, 2 * c, d)) : std::cos(angle(p, 2 * (c - sines), d));
        });
      }},
     {"PE-05", "sines and cosines changed places: even channels are sines, so place 0 is 0, 1, 0, 1, …",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c + 1, angle(p, even(c), d)); });
      }},
     {"PE-07", "the place was multiplied by 10000^(2i / d); divide it",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c, angle(p, -even(c), d)); });
      }},
     {"PE-08", "all pairs turn alike: 2i / d of whole numbers is 0; divide as double",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c, angle(p, even(c) / d, 1)); });
      }},
     {"PE-13", "an odd d_model: its last pair has a sine and no cosine, and must not be written past the row",
      [](index_t length, index_t d_model) {
        check(d_model % 2 == 0, "table", "no channel for the last cosine");
        return right(length, d_model);
      }},
     {"PE-16", "places were counted from 1; the first is 0, and its mark is 0, 1, 0, 1, …",
      [](index_t length, index_t d_model) { return right(length + 1, d_model).slice(0, 1).clone(); }},
     {"PE-17", "an odd d_model: the last channel was left empty; it is the sine of one more pair",
      [](index_t length, index_t d_model) {
        Tensor table = right(length, d_model);
        for (index_t p = 0; d_model % 2 == 1 && p < length; ++p) table.set({p, d_model - 1}, 0);
        return table;
      }},
     {"PE-18", "k / d for every channel k: both channels of a pair turn at the same speed, (k - k % 2) / d",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c, angle(p, c, d)); });
      }},
     {"PE-19", "sines alone: a sine cannot tell an angle from its mirror, so every pair has a cosine, too",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return std::sin(angle(p, even(c), d)); });
      }},
     {"PE-63",
      "i / d_model for pair i: the exponent is 2i / d_model, and an odd channel 2i + 1 belongs to pair i",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c, angle(p, c / 2, d)); });
      }},
     {"PE-64", "the exponent is 2i / (d_model - 1): divide by d_model", [](index_t length, index_t d_model) {
        return filled(length, d_model, [](index_t p, index_t c, index_t d) {
          return wave(c, angle(p, even(c), std::max<index_t>(d - 1, 1)));
        });
      }}}};

TEST(SinusoidalTable, OfFourPositionsAndSixChannels) {
  exercise.call("sinusoidal_table(4, 6)", [] { return std::tuple<index_t, index_t>(4, 6); });
}

TEST(SinusoidalTable, OfAnOddNumberOfChannels) {
  for (const auto& [length, d_model] : {std::pair<index_t, index_t>{9, 5}, {4, 1}, {3, 3}})
    exercise.compare(
        concat("sinusoidal_table(", length, ", ", d_model, ")"),
        [length = length, d_model = d_model](auto f) { return if_right_for_even(f)(length, d_model); });
}

TEST(SinusoidalTable, OfOnePairOfOnePositionAndOfNone) {
  for (const auto& [length, d_model] : {std::pair<index_t, index_t>{3, 2}, {1, 8}, {6, 6}, {0, 4}})
    exercise.call(
        concat("sinusoidal_table(", length, ", ", d_model, ")"),
        [length = length, d_model = d_model] { return std::tuple<index_t, index_t>(length, d_model); });
}

TEST(SinusoidalTable, OfDistantPositions) {
  exercise.compare("the last ten rows of sinusoidal_table(600, 8)",
                   [](auto f) { return f(600, 8).slice(0, -10); });
}

TEST(SinusoidalTable, CanBeAddedToF32Embeddings) {
  exercise.invariant("", "sinusoidal_table(4, 6) + zeros({4, 6}) must not throw: the table is f32",
                     [](auto f) {
                       return (f(4, 6) + zeros({4, 6})).dtype() == f32;
                     });
}

TEST(SinusoidalTable, GivesAProductThatDependsOnTheDistanceOnly) {
  exercise.invariant("", "PE(p) · PE(p + 3) must be the same for every position p", [](auto f) {
    const Tensor table = f(40, 10);
    const Tensor products = (table.slice(0, 0, 37) * table.slice(0, 3)).sum({1});
    return allclose(products, products.slice(0, 0, 1).expand({37}), 1e-4, 1e-4);
  });
}

}  // namespace
}  // namespace heed::exercise
