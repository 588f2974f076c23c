#include "lessons/10_detr/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

struct Areas {
  Tensor both, either, around;
};
Areas areas(const Tensor& a, const Tensor& b) {
  const auto at = [](const Tensor& x, index_t i) { return x.select(-1, i); };
  const auto length = [&](index_t i) {
    return relu(minimum(at(a, i + 2), at(b, i + 2)) - maximum(at(a, i), at(b, i)));
  };
  const auto span = [&](index_t i) {
    return maximum(at(a, i + 2), at(b, i + 2)) - minimum(at(a, i), at(b, i));
  };
  const auto area = [&](const Tensor& x) { return (at(x, 2) - at(x, 0)) * (at(x, 3) - at(x, 1)); };
  const Tensor both = length(0) * length(1);
  return {both, area(a) + area(b) - both, span(0) * span(1)};
}

const Answers<decltype(box_giou)> answers{
    {"both / either + either / around - 1", "pass",
     [](const Tensor& a, const Tensor& b) {
       const Areas x = areas(a, b);
       return x.both / x.either + x.either / x.around - 1.0;
     }},
    {"pair by pair", "pass",
     [](const Tensor& a, const Tensor& b) {
       std::vector<Tensor> all;
       for (index_t i = 0; i < a.size(0); ++i) {
         const Areas x = areas(a[i], b[i]);
         all.push_back(x.both / x.either - (x.around - x.either) / x.around);
       }
       return stack(all);
     }},
    {"every a with the first b", "wrong",
     [](const Tensor& a, const Tensor& b) {
       const Areas x = areas(a, b.slice(0, 0, 1).expand(b.shape()));
       return x.both / x.either - (x.around - x.either) / x.around;
     }},
    {"IoU for boxes that touch, GIoU for the others", "likely DE-07",
     [](const Tensor& a, const Tensor& b) {
       const Areas x = areas(a, b);
       const Tensor iou = x.both / x.either;
       return where(x.both > 0, iou, iou - (x.around - x.either) / x.around);
     }},
    {"at least 0", "wrong",
     [](const Tensor& a, const Tensor& b) {
       const Areas x = areas(a, b);
       return relu(x.both / x.either - (x.around - x.either) / x.around);
     }},
    {"the intersection without relu in one axis", "DE-15",
     [](const Tensor& a, const Tensor& b) {
       const Areas x = areas(a, b);
       const Tensor height =
           minimum(a.select(-1, 3), b.select(-1, 3)) - maximum(a.select(-1, 1), b.select(-1, 1));
       const Tensor width =
           relu(minimum(a.select(-1, 2), b.select(-1, 2)) - maximum(a.select(-1, 0), b.select(-1, 0)));
       const Tensor both = height * width, either = x.either + x.both - both;
       return both / either - (x.around - either) / x.around;
     }},
    {"relu of the product", "wrong",
     [](const Tensor& a, const Tensor& b) {
       const auto first = [](const Tensor& x) { return x.slice(-1, 0, 2); };
       const auto last = [](const Tensor& x) { return x.slice(-1, 2, 4); };
       const auto area = [](const Tensor& size) { return size.select(-1, 0) * size.select(-1, 1); };
       const Tensor both = relu(area(minimum(last(a), last(b)) - maximum(first(a), first(b))));
       const Tensor either = area(last(a) - first(a)) + area(last(b) - first(b)) - both;
       const Tensor around = area(maximum(last(a), last(b)) - minimum(first(a), first(b)));
       return both / either - (around - either) / around;
     }},
    {"the union counts the intersection twice", "DE-16",
     [](const Tensor& a, const Tensor& b) {
       const auto first = [](const Tensor& x) { return x.slice(-1, 0, 2); };
       const auto last = [](const Tensor& x) { return x.slice(-1, 2, 4); };
       const auto area = [](const Tensor& size) { return size.select(-1, 0) * size.select(-1, 1); };
       const Tensor both = area(relu(minimum(last(a), last(b)) - maximum(first(a), first(b))));
       const Tensor either = area(last(a) - first(a)) + area(last(b) - first(b));
       const Tensor around = area(maximum(last(a), last(b)) - minimum(first(a), first(b)));
       return both / either - (around - either) / around;
     }},
    {"around minus both", "DE-18",
     [](const Tensor& a, const Tensor& b) {
       const auto first = [](const Tensor& x) { return x.slice(-1, 0, 2); };
       const auto last = [](const Tensor& x) { return x.slice(-1, 2, 4); };
       const auto area = [](const Tensor& size) { return size.select(-1, 0) * size.select(-1, 1); };
       const Tensor both = area(relu(minimum(last(a), last(b)) - maximum(first(a), first(b))));
       const Tensor either = area(last(a) - first(a)) + area(last(b) - first(b)) - both;
       const Tensor around = area(maximum(last(a), last(b)) - minimum(first(a), first(b)));
       return both / either - (around - both) / around;
     }},
    {"divided by the union", "DE-17",
     [](const Tensor& a, const Tensor& b) {
       const auto first = [](const Tensor& x) { return x.slice(-1, 0, 2); };
       const auto last = [](const Tensor& x) { return x.slice(-1, 2, 4); };
       const auto area = [](const Tensor& size) { return size.select(-1, 0) * size.select(-1, 1); };
       const Tensor both = area(relu(minimum(last(a), last(b)) - maximum(first(a), first(b))));
       const Tensor either = area(last(a) - first(a)) + area(last(b) - first(b)) - both;
       const Tensor around = area(maximum(last(a), last(b)) - minimum(first(a), first(b)));
       return both / either - (around - either) / either;
     }},
    {"1 - giou", "DE-20",
     [](const Tensor& a, const Tensor& b) {
       const auto first = [](const Tensor& x) { return x.slice(-1, 0, 2); };
       const auto last = [](const Tensor& x) { return x.slice(-1, 2, 4); };
       const auto area = [](const Tensor& size) { return size.select(-1, 0) * size.select(-1, 1); };
       const Tensor both = area(relu(minimum(last(a), last(b)) - maximum(first(a), first(b))));
       const Tensor either = area(last(a) - first(a)) + area(last(b) - first(b)) - both;
       const Tensor around = area(maximum(last(a), last(b)) - minimum(first(a), first(b)));
       return 1.0 - (both / either - (around - either) / around);
     }},
    {"no gradient through the enclosing box", "wrong", [](const Tensor& a, const Tensor& b) {
       const auto first = [](const Tensor& x) { return x.slice(-1, 0, 2); };
       const auto last = [](const Tensor& x) { return x.slice(-1, 2, 4); };
       const auto area = [](const Tensor& size) { return size.select(-1, 0) * size.select(-1, 1); };
       const Tensor both = area(relu(minimum(last(a), last(b)) - maximum(first(a), first(b))));
       const Tensor either = area(last(a) - first(a)) + area(last(b) - first(b)) - both;
       const Tensor around = area(maximum(last(a), last(b)) - minimum(first(a), first(b))).detach();
       return both / either - (around - either) / around;
     }}};

}  // namespace

Tensor box_giou(const Tensor& a, const Tensor& b) { return answers.chosen(a, b); }

}  // namespace heed::exercise
