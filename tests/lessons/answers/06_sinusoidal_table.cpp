#include <cmath>

#include "lessons/06_positional_encoding/exercises.h"
#include "nn/positional_encoding.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

double angle(index_t p, double exponent) { return static_cast<double>(p) * std::pow(10000.0, -exponent); }
double fraction(index_t c, index_t d) { return static_cast<double>(c) / static_cast<double>(d); }

const Answers<decltype(sinusoidal_table)> answers{
    {"the table of the library", "pass",
     [](index_t length, index_t d_model) { return nn::sinusoidal_table(length, d_model); }},
    {"a flat list; exp and log for the power", "pass",
     [](index_t length, index_t d_model) {
       std::vector<double> table;
       for (index_t p = 0; p < length; ++p)
         for (index_t c = 0; c < d_model; ++c) {
           const double a =
               static_cast<double>(p) * std::exp(-fraction(c / 2 * 2, d_model) * std::log(10000.0));
           table.push_back(std::sin(a + (c % 2 == 1 ? std::acos(0.0) : 0)));
         }
       return from_vector(table, {length, d_model});
     }},
    {"pairs; the last cosine is left out if d_model is odd", "pass",
     [](index_t length, index_t d_model) {
       Tensor table = zeros({length, d_model});
       for (index_t p = 0; p < length; ++p)
         for (index_t c = 0; c < d_model; c += 2) {
           table.set({p, c}, std::sin(angle(p, fraction(c, d_model))));
           if (c + 1 < d_model) table.set({p, c + 1}, std::cos(angle(p, fraction(c, d_model))));
         }
       return table;
     }},
    {"in f64", "wrong",
     [](index_t length, index_t d_model) { return nn::sinusoidal_table(length, d_model, f64); }},
    {"pairs; throws if d_model is odd", "PE-13",
     [](index_t length, index_t d_model) {
       Tensor table = zeros({length, d_model});
       for (index_t p = 0; p < length; ++p)
         for (index_t c = 0; c < d_model; c += 2) {
           table.set({p, c}, std::sin(angle(p, fraction(c, d_model))));
           table.set({p, c + 1}, std::cos(angle(p, fraction(c, d_model))));
         }
       return table;
     }},
    {"i / d_model for pair i", "PE-63",
     [](index_t length, index_t d_model) {
       Tensor table = zeros({length, d_model});
       for (index_t p = 0; p < length; ++p)
         for (index_t c = 0; c < d_model; ++c) {
           const double a = angle(p, fraction(c / 2, d_model));
           table.set({p, c}, c % 2 == 0 ? std::sin(a) : std::cos(a));
         }
       return table;
     }},
    {"hard-coded width 6", "wrong",
     [](index_t length, index_t d_model) {
       Tensor table = zeros({length, d_model});
       for (index_t p = 0; p < length; ++p)
         for (index_t c = 0; c < d_model; ++c) {
           const double a = angle(p, fraction(c / 2 * 2, 6));
           table.set({p, c}, c % 2 == 0 ? std::sin(a) : std::cos(a));
         }
       return table;
     }},
    {"the base is 1000", "wrong",
     [](index_t length, index_t d_model) {
       Tensor table = zeros({length, d_model});
       for (index_t p = 0; p < length; ++p)
         for (index_t c = 0; c < d_model; ++c) {
           const double a = static_cast<double>(p) / std::pow(1000.0, fraction(c / 2 * 2, d_model));
           table.set({p, c}, c % 2 == 0 ? std::sin(a) : std::cos(a));
         }
       return table;
     }},
    {"the sign of the exponent is wrong and positions count from 1", "likely PE-16",
     [](index_t length, index_t d_model) {
       Tensor table = zeros({length, d_model});
       for (index_t p = 0; p < length; ++p)
         for (index_t c = 0; c < d_model; ++c) {
           const double a = angle(p + 1, -fraction(c / 2 * 2, d_model));
           table.set({p, c}, c % 2 == 0 ? std::sin(a) : std::cos(a));
         }
       return table;
     }},
    {"row 0 is left at zeros", "wrong",
     [](index_t length, index_t d_model) {
       Tensor table = nn::sinusoidal_table(length, d_model);
       if (length > 0) table[0].zero_();
       return table;
     }},
    {"sine and cosine of different pairs", "wrong",
     [](index_t length, index_t d_model) {
       Tensor table = zeros({length, d_model});
       for (index_t p = 0; p < length; ++p)
         for (index_t c = 0; c < d_model; ++c) {
           const double a = angle(p, fraction(c % 2 == 0 ? c : c + 1, d_model));
           table.set({p, c}, c % 2 == 0 ? std::sin(a) : std::cos(a));
         }
       return table;
     }},
    {"all sines, then all cosines, of the wrong exponent", "wrong",
     [](index_t length, index_t d_model) {
       Tensor table = zeros({length, d_model});
       const index_t half = (d_model + 1) / 2;
       for (index_t p = 0; p < length; ++p)
         for (index_t c = 0; c < d_model; ++c) {
           const double a = angle(p, fraction(c % half, d_model));
           table.set({p, c}, c < half ? std::sin(a) : std::cos(a));
         }
       return table;
     }},
    {"at least one row", "wrong",
     [](index_t length, index_t d_model) {
       return nn::sinusoidal_table(std::max<index_t>(length, 1), d_model);
     }},
    {"positions repeat after 512", "wrong",
     [](index_t length, index_t d_model) {
       const Tensor table = nn::sinusoidal_table(std::min<index_t>(length, 512), d_model);
       return length <= 512 ? table : cat({table, table.slice(0, 0, length - 512)});
     }},
    {"transposed if it is square", "wrong", [](index_t length, index_t d_model) {
       const Tensor table = nn::sinusoidal_table(length, d_model);
       return length == d_model ? table.transpose(0, 1) : table;
     }}};

}  // namespace

Tensor sinusoidal_table(index_t length, index_t d_model) { return answers.chosen(length, d_model); }

}  // namespace heed::exercise
