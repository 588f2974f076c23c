#include "lessons/10_detr/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor part(const Tensor& x, index_t i) { return x.slice(-1, i, i + 1); }

const Answers<decltype(box_corners)> answers{
    {"four columns", "pass",
     [](const Tensor& x) {
       const Tensor cx = part(x, 0), cy = part(x, 1), w = part(x, 2), h = part(x, 3);
       return cat({cx - w * 0.5, cy - h * 0.5, cx + w * 0.5, cy + h * 0.5}, -1);
     }},
    {"stack of selected columns", "pass",
     [](const Tensor& x) {
       const auto at = [&](index_t i) { return x.select(-1, i); };
       return stack({at(0) - at(2) / 2.0, at(1) - at(3) / 2.0, at(0) + at(2) / 2.0, at(1) + at(3) / 2.0}, -1);
     }},
    {"a product with a matrix", "pass",
     [](const Tensor& x) {
       const Tensor m = tensor({{1, 0, 1, 0}, {0, 1, 0, 1}, {-.5, 0, .5, 0}, {0, -.5, 0, .5}}, x.dtype());
       return matmul(x, m);
     }},
    {"half of the width for both", "wrong",
     [](const Tensor& x) {
       const Tensor half = part(x, 2) / 2.0, middle = x.slice(-1, 0, 2);
       return cat({middle - half, middle + half}, -1);
     }},
    {"clamped to 0 and 1", "wrong",
     [](const Tensor& x) {
       const Tensor middle = x.slice(-1, 0, 2), half = x.slice(-1, 2, 4) / 2.0;
       return clamp(cat({middle - half, middle + half}, -1), 0, 1);
     }},
    {"unchanged unless there are two axes", "DE-06",
     [](const Tensor& x) {
       if (x.rank() != 2) return x + 0.0;
       const Tensor middle = x.slice(1, 0, 2), half = x.slice(1, 2, 4) / 2.0;
       return cat({middle - half, middle + half}, 1);
     }},
    {"modifies the caller's boxes", "likely SD-34",
     [](const Tensor& x) {
       const Tensor middle = x.slice(-1, 0, 2), half = x.slice(-1, 2, 4) / 2.0;
       const Tensor y = cat({middle - half, middle + half}, -1);
       Tensor same = x.detach();
       same.copy_(y.detach());
       return y;
     }},
    {"slices along axis 1", "wrong",
     [](const Tensor& boxes) {
       if (boxes.rank() < 2)
         return cat({boxes.slice(0, 0, 2) - boxes.slice(0, 2, 4) / 2.0,
                     boxes.slice(0, 0, 2) + boxes.slice(0, 2, 4) / 2.0},
                    0);
       const Tensor middle = boxes.slice(1, 0, 2), half = boxes.slice(1, 2, 4) / 2.0;
       return cat({middle - half, middle + half}, 1);
     }},
    {"the whole size to both sides", "DE-12",
     [](const Tensor& boxes) {
       const Tensor middle = boxes.slice(-1, 0, 2), size = boxes.slice(-1, 2, 4);
       return cat({middle - size, middle + size}, -1);
     }},
    {"the centre as a corner", "DE-11",
     [](const Tensor& boxes) {
       const Tensor middle = boxes.slice(-1, 0, 2), size = boxes.slice(-1, 2, 4);
       return cat({middle, middle + size}, -1);
     }},
    {"x0, x1, y0, y1", "DE-13",
     [](const Tensor& boxes) {
       const Tensor middle = boxes.slice(-1, 0, 2), half = boxes.slice(-1, 2, 4) / 2.0;
       const Tensor a = middle - half, b = middle + half;
       return cat({a.slice(-1, 0, 1), b.slice(-1, 0, 1), a.slice(-1, 1, 2), b.slice(-1, 1, 2)}, -1);
     }},
    {"no gradient of the size", "wrong",
     [](const Tensor& boxes) {
       const Tensor middle = boxes.slice(-1, 0, 2), half = boxes.slice(-1, 2, 4).detach() / 2.0;
       return cat({middle - half, middle + half}, -1);
     }},
    {"lower right first", "wrong", [](const Tensor& boxes) {
       const Tensor middle = boxes.slice(-1, 0, 2), half = boxes.slice(-1, 2, 4) / 2.0;
       return cat({middle + half, middle - half}, -1);
     }}};

}  // namespace

Tensor box_corners(const Tensor& boxes) { return answers.chosen(boxes); }

}  // namespace heed::exercise
