#include "lessons/10_swin/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

const Answers<decltype(window_reverse)> answers{
    {"rows of windows, concatenated", "pass",
     [](const Tensor& windows, index_t w, index_t height, index_t width) {
       const index_t across = width / w, b = windows.size(0), c = windows.size(3);
       std::vector<Tensor> rows;
       for (index_t y = 0; y < height / w; ++y) {
         std::vector<Tensor> row;
         for (index_t x = 0; x < across; ++x)
           row.push_back(windows.select(1, y * across + x).reshape({b, w, w, c}));
         rows.push_back(cat(row, 2));
       }
       return cat(rows, 1);
     }},
    {"transposes", "pass",
     [](const Tensor& windows, index_t w, index_t height, index_t width) {
       const index_t b = windows.size(0), c = windows.size(3);
       return windows.reshape({b * height / w, width / w, w, w * c})
           .transpose(1, 2)
           .reshape({b, height, width, c});
     }},
    {"as many windows across as down", "wrong",
     [](const Tensor& windows, index_t w, index_t height, index_t width) {
       const index_t b = windows.size(0), c = windows.size(3);
       return windows.reshape({b, height / w, height / w, w, w, c})
           .permute({0, 1, 3, 2, 4, 5})
           .reshape({b, height, width, c});
     }},
    {"only the first image of the batch", "wrong",
     [](const Tensor& windows, index_t w, index_t height, index_t width) {
       const index_t b = windows.size(0), c = windows.size(3);
       const Tensor first = windows.slice(0, 0, 1).expand(windows.shape());
       return first.reshape({b * height / w, width / w, w, w * c})
           .transpose(1, 2)
           .reshape({b, height, width, c});
     }},
    {"a transposed window if there is only one", "wrong",
     [](const Tensor& windows, index_t w, index_t height, index_t width) {
       const index_t b = windows.size(0), c = windows.size(3);
       if (windows.size(1) == 1) return windows.reshape({b, w, w, c}).transpose(1, 2);
       return windows.reshape({b * height / w, width / w, w, w * c})
           .transpose(1, 2)
           .reshape({b, height, width, c});
     }},
    {"the batch from published windows", "wrong",
     [](const Tensor& windows, index_t w, index_t height, index_t width) {
       const index_t nw = height / w * (width / w), b = std::max<index_t>(windows.size(0) / nw, 1),
                     c = windows.size(3);
       return windows.reshape({b, height / w, width / w, w, w, c})
           .permute({0, 1, 3, 2, 4, 5})
           .reshape({b, height, width, c});
     }},
    {"a reshape", "SW-08",
     [](const Tensor& windows, index_t w, index_t height, index_t width) {
       return windows.reshape({windows.size(0), height, width, windows.size(3)});
     }},
    {"column order", "SW-05",
     [](const Tensor& windows, index_t w, index_t height, index_t width) {
       const index_t b = windows.size(0), down = height / w, across = width / w, c = windows.size(3);
       return windows.reshape({b, across, down, w, w, c})
           .permute({0, 2, 3, 1, 4, 5})
           .reshape({b, height, width, c});
     }},
    {"pixels in column order", "SW-10",
     [](const Tensor& windows, index_t w, index_t height, index_t width) {
       const index_t b = windows.size(0), down = height / w, across = width / w, c = windows.size(3);
       return windows.reshape({b, down, across, w, w, c})
           .permute({0, 1, 4, 2, 3, 5})
           .reshape({b, height, width, c});
     }},
    {"as many windows across as the square root of their number", "wrong",
     [](const Tensor& windows, index_t w, index_t height, index_t width) {
       const index_t b = windows.size(0),
                     across = static_cast<index_t>(std::sqrt(static_cast<double>(windows.size(1)))),
                     down = windows.size(1) / across, c = windows.size(3);
       return windows.reshape({b, down, across, w, w, c})
           .permute({0, 1, 3, 2, 4, 5})
           .reshape({b, height, width, c});
     }}};

}  // namespace

Tensor window_reverse(const Tensor& windows, index_t w, index_t height, index_t width) {
  return answers.chosen(windows, w, height, width);
}

}  // namespace heed::exercise
