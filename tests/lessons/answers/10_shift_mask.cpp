#include <utility>

#include "lessons/10_swin/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

// A mask from a number for each pixel of the rolled image: pixels with the same number see each other.
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
    {"all zeros and ones exchanged for one window", "wrong",
     [](index_t height, index_t width, index_t w, index_t shift) {
       const Mask mask = from_regions(height, width, w, [&](index_t y, index_t x) {
         return std::pair(y + shift >= height, x + shift >= width);
       });
       return height == w && width == w ? !mask : mask;
     }}};

}  // namespace

Mask shift_mask(index_t height, index_t width, index_t w, index_t shift) {
  return answers.chosen(height, width, w, shift);
}

}  // namespace heed::exercise
