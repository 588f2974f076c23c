#include <cmath>
#include <numbers>

#include "lessons/10_detr/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

// Returns the waves of one axis: (size, channels).
Tensor axis(index_t size, index_t channels) {
  Tensor table = zeros({size, channels});
  for (index_t i = 0; i < size; ++i)
    for (index_t k = 0; k < channels; ++k) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(i + 1) / static_cast<double>(size);
      const double wave =
          angle / std::pow(10000.0, static_cast<double>(k - k % 2) / static_cast<double>(channels));
      table.set({i, k}, k % 2 == 0 ? std::sin(wave) : std::cos(wave));
    }
  return table;
}

const Answers<decltype(sine_2d)> answers{
    {"a table for each axis, expanded", "pass",
     [](index_t h, index_t w, index_t c) {
       const Tensor rows = axis(h, c / 2).unsqueeze(1).expand({h, w, c / 2});
       const Tensor columns = axis(w, c / 2).unsqueeze(0).expand({h, w, c / 2});
       return cat({rows, columns}, -1).reshape({h * w, c});
     }},
    {"written into zeros", "pass",
     [](index_t h, index_t w, index_t c) {
       const Tensor rows = axis(h, c / 2), columns = axis(w, c / 2);
       Tensor y = zeros({h * w, c});
       for (index_t i = 0; i < h * w; ++i)
         for (index_t k = 0; k < c / 2; ++k) {
           y.set({i, k}, rows.at({i / w, k}));
           y.set({i, c / 2 + k}, columns.at({i % w, k}));
         }
       return y;
     }},
    {"rows and columns swapped in a square", "wrong",
     [](index_t h, index_t w, index_t c) {
       const Tensor rows = axis(h, c / 2).unsqueeze(1).expand({h, w, c / 2});
       const Tensor columns = axis(w, c / 2).unsqueeze(0).expand({h, w, c / 2});
       return (h == w ? cat({columns, rows}, -1) : cat({rows, columns}, -1)).reshape({h * w, c});
     }},
    {"one wave for all channels", "wrong",
     [](index_t h, index_t w, index_t c) {
       const Tensor rows = axis(h, 2).unsqueeze(1).expand({h, w, 2}),
                    columns = axis(w, 2).unsqueeze(0).expand({h, w, 2});
       std::vector<Tensor> parts;
       for (index_t k = 0; k < c / 4; ++k) parts.push_back(rows);
       for (index_t k = 0; k < c / 4; ++k) parts.push_back(columns);
       return cat(parts, -1).reshape({h * w, c});
     }},
    {"a map instead of a list of pixels", "wrong",
     [](index_t h, index_t w, index_t c) {
       const Tensor rows = axis(h, c / 2).unsqueeze(1).expand({h, w, c / 2});
       const Tensor columns = axis(w, c / 2).unsqueeze(0).expand({h, w, c / 2});
       return cat({rows, columns}, -1);
     }},
    {"pixels column by column", "DE-34",
     [](index_t height, index_t width, index_t channels) {
       std::vector<double> values;
       const auto write = [&](index_t position, index_t size) {
         const double angle =
             2 * std::numbers::pi * static_cast<double>(position + 1) / static_cast<double>(size);
         for (index_t k = 0; k < channels / 4; ++k) {
           const double wave =
               angle / std::pow(10000, 4 * static_cast<double>(k) / static_cast<double>(channels));
           values.push_back(std::sin(wave));
           values.push_back(std::cos(wave));
         }
       };
       for (index_t j = 0; j < width; ++j)
         for (index_t i = 0; i < height; ++i) {
           write(i, height);
           write(j, width);
         }
       return from_vector(values, {height * width, channels});
     }},
    {"the height for both", "DE-41",
     [](index_t height, index_t width, index_t channels) {
       std::vector<double> values;
       const auto write = [&](index_t position, index_t size) {
         const double angle =
             2 * std::numbers::pi * static_cast<double>(position + 1) / static_cast<double>(size);
         for (index_t k = 0; k < channels / 4; ++k) {
           const double wave =
               angle / std::pow(10000, 4 * static_cast<double>(k) / static_cast<double>(channels));
           values.push_back(std::sin(wave));
           values.push_back(std::cos(wave));
         }
       };
       for (index_t i = 0; i < height; ++i)
         for (index_t j = 0; j < width; ++j) {
           write(i, height);
           write(j, height);
         }
       return from_vector(values, {height * width, channels});
     }},
    {"k / c without the 2", "DE-39",
     [](index_t height, index_t width, index_t channels) {
       std::vector<double> values;
       const auto write = [&](index_t position, index_t size) {
         const double angle =
             2 * std::numbers::pi * static_cast<double>(position + 1) / static_cast<double>(size);
         for (index_t k = 0; k < channels / 4; ++k) {
           const double wave =
               angle / std::pow(10000, 2 * static_cast<double>(k) / static_cast<double>(channels));
           values.push_back(std::sin(wave));
           values.push_back(std::cos(wave));
         }
       };
       for (index_t i = 0; i < height; ++i)
         for (index_t j = 0; j < width; ++j) {
           write(i, height);
           write(j, width);
         }
       return from_vector(values, {height * width, channels});
     }},
    {"integer division", "wrong",
     [](index_t height, index_t width, index_t channels) {
       std::vector<double> values;
       const auto write = [&](index_t position, index_t size) {
         const double angle =
             2 * std::numbers::pi * static_cast<double>(position + 1) / static_cast<double>(size);
         for (index_t k = 0; k < channels / 4; ++k) {
           const double wave = angle / std::pow(10000, 2 * k / (channels / 2));
           values.push_back(std::sin(wave));
           values.push_back(std::cos(wave));
         }
       };
       for (index_t i = 0; i < height; ++i)
         for (index_t j = 0; j < width; ++j) {
           write(i, height);
           write(j, width);
         }
       return from_vector(values, {height * width, channels});
     }},
    {"one column less, as with torch.linspace", "wrong",
     [](index_t height, index_t width, index_t channels) {
       std::vector<double> values;
       const auto write = [&](index_t position, index_t size) {
         const double angle = 2 * std::numbers::pi * static_cast<double>(position) /
                              static_cast<double>(std::max<index_t>(size - 1, 1));
         for (index_t k = 0; k < channels / 4; ++k) {
           const double wave =
               angle / std::pow(10000, 4 * static_cast<double>(k) / static_cast<double>(channels));
           values.push_back(std::sin(wave));
           values.push_back(std::cos(wave));
         }
       };
       for (index_t i = 0; i < height; ++i)
         for (index_t j = 0; j < width; ++j) {
           write(i, height);
           write(j, width);
         }
       return from_vector(values, {height * width, channels});
     }},
    {"degrees of a half turn", "DE-38", [](index_t height, index_t width, index_t channels) {
       std::vector<double> values;
       const auto write = [&](index_t position, index_t size) {
         const double angle =
             std::numbers::pi * static_cast<double>(position + 1) / static_cast<double>(size);
         for (index_t k = 0; k < channels / 4; ++k) {
           const double wave =
               angle / std::pow(10000, 4 * static_cast<double>(k) / static_cast<double>(channels));
           values.push_back(std::sin(wave));
           values.push_back(std::cos(wave));
         }
       };
       for (index_t i = 0; i < height; ++i)
         for (index_t j = 0; j < width; ++j) {
           write(i, height);
           write(j, width);
         }
       return from_vector(values, {height * width, channels});
     }}};

}  // namespace

Tensor sine_2d(index_t height, index_t width, index_t channels) {
  return answers.chosen(height, width, channels);
}

}  // namespace heed::exercise
