#include <utility>

#include "lessons/10_swin/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

// Returns a mask from a number for each pixel of the rolled image: pixels with the same number
// attend to each other.
template <class Region>
Mask from_regions(index_t height, index_t width, index_t w, const Region& region) {
  std::vector<std::uint8_t> values;
  for (index_t top = 0; top < height; top += w)
    for (index_t left = 0; left < width; left += w)
      for (index_t i = 0; i < w * w; ++i)
        for (index_t j = 0; j < w * w; ++j)
          values.push_back(region(top + i / w, left + i % w) == region(top + j / w, left + j % w));
  return Mask(values, {height / w * (width / w), w * w, w * w});
}

const Answers<decltype(shift_mask)> answers{
    {"regions as pairs", "pass",
     [](index_t height, index_t width, index_t w, index_t shift) {
       return from_regions(height, width, w, [&](index_t y, index_t x) {
         return std::pair(y + shift >= height, x + shift >= width);
       });
     }},
    {"the nine regions of the published code", "pass",
     [](index_t height, index_t width, index_t w, index_t shift) {
       const auto part = [&](index_t i, index_t size) { return i < size - w ? 0 : i < size - shift ? 1 : 2; };
       return from_regions(height, width, w,
                           [&](index_t y, index_t x) { return 3 * part(y, height) + part(x, width); });
     }},
    {"one pixel off", "wrong",
     [](index_t height, index_t width, index_t w, index_t shift) {
       return from_regions(height, width, w, [&](index_t y, index_t x) {
         return std::pair(y + shift > height, x + shift > width);
       });
     }},
    {"the height for both", "wrong",
     [](index_t height, index_t width, index_t w, index_t shift) {
       return from_regions(height, width, w, [&](index_t y, index_t x) {
         return std::pair(y + shift >= height, x + shift >= height);
       });
     }},
    {"inverted for one window", "wrong",
     [](index_t height, index_t width, index_t w, index_t shift) {
       const Mask mask = from_regions(height, width, w, [&](index_t y, index_t x) {
         return std::pair(y + shift >= height, x + shift >= width);
       });
       return height == w && width == w ? !mask : mask;
     }},
    {"the two sides are added", "wrong",
     [](index_t height, index_t width, index_t w, index_t shift) {
       const index_t across = width / w, count = height / w * across, n = w * w;
       std::vector<std::uint8_t> values;
       for (index_t window = 0; window < count; ++window) {
         const auto side = [&](index_t i) {
           const index_t y = window / across * w + i / w, x = window % across * w + i % w;
           return (y >= height - shift) + (x >= width - shift);
         };
         for (index_t i = 0; i < n; ++i)
           for (index_t j = 0; j < n; ++j) values.push_back(side(i) == side(j));
       }
       return Mask(values, {count, n, n});
     }},
    {"wrapped around or not, from either side", "SW-18",
     [](index_t height, index_t width, index_t w, index_t shift) {
       const index_t across = width / w, count = height / w * across, n = w * w;
       std::vector<std::uint8_t> values;
       for (index_t window = 0; window < count; ++window) {
         const auto side = [&](index_t i) {
           const index_t y = window / across * w + i / w, x = window % across * w + i % w;
           return y >= height - shift || x >= width - shift;
         };
         for (index_t i = 0; i < n; ++i)
           for (index_t j = 0; j < n; ++j) values.push_back(side(i) == side(j));
       }
       return Mask(values, {count, n, n});
     }},
    {"the first rows wrapped around", "SW-17",
     [](index_t height, index_t width, index_t w, index_t shift) {
       const index_t across = width / w, count = height / w * across, n = w * w;
       std::vector<std::uint8_t> values;
       for (index_t window = 0; window < count; ++window) {
         const auto side = [&](index_t i) {
           const index_t y = window / across * w + i / w, x = window % across * w + i % w;
           return 2 * (y < shift) + (x < shift);
         };
         for (index_t i = 0; i < n; ++i)
           for (index_t j = 0; j < n; ++j) values.push_back(side(i) == side(j));
       }
       return Mask(values, {count, n, n});
     }},
    {"windows in column order", "SW-20",
     [](index_t height, index_t width, index_t w, index_t shift) {
       const index_t down = height / w, count = down * (width / w), n = w * w;
       std::vector<std::uint8_t> values;
       for (index_t window = 0; window < count; ++window) {
         const auto side = [&](index_t i) {
           const index_t y = window % down * w + i / w, x = window / down * w + i % w;
           return 2 * (y >= height - shift) + (x >= width - shift);
         };
         for (index_t i = 0; i < n; ++i)
           for (index_t j = 0; j < n; ++j) values.push_back(side(i) == side(j));
       }
       return Mask(values, {count, n, n});
     }},
    {"the last w - shift rows wrapped around", "wrong",
     [](index_t height, index_t width, index_t w, index_t shift) {
       const index_t across = width / w, count = height / w * across, n = w * w;
       std::vector<std::uint8_t> values;
       for (index_t window = 0; window < count; ++window) {
         const auto side = [&](index_t i) {
           const index_t y = window / across * w + i / w, x = window % across * w + i % w;
           return 2 * (y >= height - w + shift) + (x >= width - w + shift);
         };
         for (index_t i = 0; i < n; ++i)
           for (index_t j = 0; j < n; ++j) values.push_back(side(i) == side(j));
       }
       return Mask(values, {count, n, n});
     }},
    {"half a window for any shift", "SW-22",
     [](index_t height, index_t width, index_t w, index_t shift) {
       const index_t across = width / w, count = height / w * across, n = w * w, half = shift > 0 ? w / 2 : 0;
       std::vector<std::uint8_t> values;
       for (index_t window = 0; window < count; ++window) {
         const auto side = [&](index_t i) {
           const index_t y = window / across * w + i / w, x = window % across * w + i % w;
           return 2 * (y >= height - half) + (x >= width - half);
         };
         for (index_t i = 0; i < n; ++i)
           for (index_t j = 0; j < n; ++j) values.push_back(side(i) == side(j));
       }
       return Mask(values, {count, n, n});
     }},
    {"only pixels that did not wrap around", "wrong",
     [](index_t height, index_t width, index_t w, index_t shift) {
       const index_t across = width / w, count = height / w * across, n = w * w;
       std::vector<std::uint8_t> values;
       for (index_t window = 0; window < count; ++window) {
         const auto side = [&](index_t i) {
           const index_t y = window / across * w + i / w, x = window % across * w + i % w;
           return 2 * (y >= height - shift) + (x >= width - shift);
         };
         for (index_t i = 0; i < n; ++i)
           for (index_t j = 0; j < n; ++j) values.push_back(i == j || (side(i) == 0 && side(j) == 0));
       }
       return Mask(values, {count, n, n});
     }}};

}  // namespace

Mask shift_mask(index_t height, index_t width, index_t w, index_t shift) {
  return answers.chosen(height, width, w, shift);
}

}  // namespace heed::exercise
