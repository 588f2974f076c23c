#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"
#include "lessons/check/check.h"
#include "nn/positional_encoding.h"

namespace heed::exercise {
namespace {

// Returns a table with the elements entry(p, c, d) for position p and channel c of d.
template <class Entry>
Tensor filled(index_t length, index_t d_model, Entry&& entry) {
  std::vector<double> table;
  for (index_t p = 0; p < length; ++p)
    for (index_t c = 0; c < d_model; ++c) table.push_back(entry(p, c, d_model));
  return from_vector(table, {length, d_model});
}
double wave(index_t c, double angle) { return c % 2 == 0 ? std::sin(angle) : std::cos(angle); }
// The angle of position p with the exponent n / d.
double angle(index_t p, index_t n, index_t d) {
  return static_cast<double>(p) / std::pow(10000.0, static_cast<double>(n) / static_cast<double>(d));
}
index_t even(index_t c) { return c - c % 2; }

Tensor reference(index_t length, index_t d_model) { return nn::sinusoidal_table(length, d_model); }
// Returns f if it is correct for an even width, else the reference. Only such answers are tested with
// odd widths; otherwise a failure there could conceal another mistake.
auto* if_correct_for_even(decltype(sinusoidal_table)* f) {
  const auto table = [](auto* function) { return checks::answer_of([&] { return function(4, 6); }); };
  return checks::difference(table(f), table(reference)).distance < 1e-3 ? f : reference;
}

const checks::Exercise<decltype(sinusoidal_table)> exercise{
    "06_sinusoidal_table",
    sinusoidal_table,
    reference,
    {{"PE-01", "the exponent doubled; a loop over channels 0, 2, 4, … already has 2i",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c, angle(p, 2 * even(c), d)); });
      }},
     {"PE-03", "the exponent is 2k / d for every channel k; i counts pairs, so use (k - k % 2) / d",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c, angle(p, 2 * c, d)); });
      }},
     {"PE-04", "all sines come first, then all cosines; here sines and cosines alternate",
      [](index_t length, index_t d_model) {
        return filled(length, d_model, [](index_t p, index_t c, index_t d) {
          const index_t sines = (d + 1) / 2;
          return c < sines ? std::sin(angle(p, 2 * c, d)) : std::cos(angle(p, 2 * (c - sines), d));
        });
      }},
     {"PE-05", "sines and cosines are exchanged; even channels are sines, so position 0 is 0, 1, 0, 1, …",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c + 1, angle(p, even(c), d)); });
      }},
     {"PE-07", "the position was multiplied by 10000^(2i / d); divide by it",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c, angle(p, -even(c), d)); });
      }},
     {"PE-08", "integer division: 2i / d is 0, so all pairs have the same frequency; divide as double",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c, angle(p, even(c) / d, 1)); });
      }},
     {"PE-13", "odd d_model: the last pair has only a sine; do not write a cosine past the row",
      [](index_t length, index_t d_model) {
        check(d_model % 2 == 0, "sinusoidal_table", "no channel for the last cosine");
        return reference(length, d_model);
      }},
     {"PE-16", "positions were counted from 1; the first is 0, and its encoding is 0, 1, 0, 1, …",
      [](index_t length, index_t d_model) { return reference(length + 1, d_model).slice(0, 1).clone(); }},
     {"PE-17", "odd d_model: the last channel was left empty; it is the sine of one more pair",
      [](index_t length, index_t d_model) {
        Tensor table = reference(length, d_model);
        for (index_t p = 0; d_model % 2 == 1 && p < length; ++p) table.set({p, d_model - 1}, 0);
        return table;
      }},
     {"PE-18", "the exponent is k / d for every channel k; both channels of a pair use (k - k % 2) / d",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c, angle(p, c, d)); });
      }},
     {"PE-19", "both channels of a pair are sines; odd channels are cosines",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return std::sin(angle(p, even(c), d)); });
      }},
     {"PE-63", "the exponent is i / d_model for pair i; use 2i / d_model",
      [](index_t length, index_t d_model) {
        return filled(length, d_model,
                      [](index_t p, index_t c, index_t d) { return wave(c, angle(p, c / 2, d)); });
      }},
     {"PE-64", "the exponent is 2i / (d_model - 1); divide by d_model", [](index_t length, index_t d_model) {
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
        [length = length, d_model = d_model](auto f) { return if_correct_for_even(f)(length, d_model); });
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

TEST(SinusoidalTable, HasDotProductsThatDependOnTheDistanceOnly) {
  exercise.invariant("", "PE(p) · PE(p + 3) must be the same for every position p", [](auto f) {
    const Tensor table = f(40, 10);
    const Tensor products = (table.slice(0, 0, 37) * table.slice(0, 3)).sum({1});
    return allclose(products, products.slice(0, 0, 1).expand({37}), 1e-4, 1e-4);
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit PE-01: `static_cast<double>(c - c % 2)` => `static_cast<double>(2 * (c - c % 2))`
