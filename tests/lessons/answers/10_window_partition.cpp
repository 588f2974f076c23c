#include "lessons/10_swin/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

const Answers<decltype(window_partition)> answers{
    {"window by window", "pass",
     [](const Tensor& x, index_t w) {
       std::vector<Tensor> windows;
       for (index_t y = 0; y < x.size(1); y += w)
         for (index_t z = 0; z < x.size(2); z += w)
           windows.push_back(x.slice(1, y, y + w).slice(2, z, z + w).reshape({x.size(0), w * w, x.size(3)}));
       return stack(windows, 1);
     }},
    {"transposes", "pass",
     [](const Tensor& x, index_t w) {
       const index_t b = x.size(0), down = x.size(1) / w, across = x.size(2) / w, c = x.size(3);
       return x.reshape({b * down, w, across, w * c}).transpose(1, 2).reshape({b, down * across, w * w, c});
     }},
    {"as many windows across as down", "wrong",
     [](const Tensor& x, index_t w) {
       const index_t b = x.size(0), down = x.size(1) / w, c = x.size(3);
       return x.reshape({b, down, w, down, w, c})
           .permute({0, 1, 3, 2, 4, 5})
           .reshape({b, down * down, w * w, c});
     }},
    {"column order if the image is wide", "SW-09",
     [](const Tensor& x, index_t w) {
       const index_t b = x.size(0), down = x.size(1) / w, across = x.size(2) / w, c = x.size(3);
       const Shape order = across > down ? Shape{0, 3, 1, 2, 4, 5} : Shape{0, 1, 3, 2, 4, 5};
       return x.reshape({b, down, w, across, w, c}).permute(order).reshape({b, down * across, w * w, c});
     }},
    {"channels before pixels", "wrong",
     [](const Tensor& x, index_t w) {
       const index_t b = x.size(0), down = x.size(1) / w, across = x.size(2) / w, c = x.size(3);
       return x.reshape({b, down, w, across, w, c})
           .permute({0, 1, 3, 5, 2, 4})
           .reshape({b, down * across, w * w, c});
     }},
    {"detached", "wrong",
     [](const Tensor& x, index_t w) {
       const index_t b = x.size(0), down = x.size(1) / w, across = x.size(2) / w, c = x.size(3);
       return x.detach()
           .reshape({b * down, w, across, w * c})
           .transpose(1, 2)
           .reshape({b, down * across, w * w, c});
     }},
    {"batch and windows on one axis", "wrong",
     [](const Tensor& x, index_t w) {
       const index_t b = x.size(0), down = x.size(1) / w, across = x.size(2) / w, c = x.size(3);
       return x.reshape({b, down, w, across, w, c})
           .permute({0, 1, 3, 2, 4, 5})
           .reshape({b * down * across, w * w, c});
     }},
    {"pixels in column order", "SW-10",
     [](const Tensor& x, index_t w) {
       const index_t b = x.size(0), down = x.size(1) / w, across = x.size(2) / w, c = x.size(3);
       return x.reshape({b, down, w, across, w, c})
           .permute({0, 1, 3, 4, 2, 5})
           .reshape({b, down * across, w * w, c});
     }},
    {"w times w windows", "SW-12",
     [](const Tensor& x, index_t w) {
       const index_t b = x.size(0), down = x.size(1) / w, across = x.size(2) / w, c = x.size(3);
       return x.reshape({b, w, down, w, across, c})
           .permute({0, 2, 4, 1, 3, 5})
           .reshape({b, down * across, w * w, c});
     }},
    {"a reshape", "SW-08",
     [](const Tensor& x, index_t w) {
       return x.reshape({x.size(0), x.size(1) / w * (x.size(2) / w), w * w, x.size(3)});
     }},
    {"three channels", "wrong", [](const Tensor& x, index_t w) {
       const index_t b = x.size(0), down = x.size(1) / w, across = x.size(2) / w;
       return x.reshape({b, down, w, across, w, 3})
           .permute({0, 1, 3, 2, 4, 5})
           .reshape({b, down * across, w * w, 3});
     }}};

}  // namespace

Tensor window_partition(const Tensor& x, index_t w) { return answers.chosen(x, w); }

}  // namespace heed::exercise
