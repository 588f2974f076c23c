#include <algorithm>
#include <cmath>

#include "lessons/00_autograd/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor by_loops(const Tensor& x, const Tensor& dy, DType dtype) {
  const std::vector<double> numbers = x.to_vector();
  const double top = *std::max_element(numbers.begin(), numbers.end());
  const auto n = static_cast<double>(std::count(numbers.begin(), numbers.end(), top));
  std::vector<double> dx(numbers.size());
  for (std::size_t i = 0; i < dx.size(); ++i) dx[i] = numbers[i] == top ? dy.item() / n : 0;
  return from_vector(dx, x.shape(), dtype);
}
// Divides dy among the elements selected by the mask.
Tensor divided(const Tensor& x, const Tensor& dy, const Mask& selected) {
  return where(selected, dy / static_cast<double>(selected.count()), zeros({}, x.dtype()));
}
// dy at one element of the flattened x.
Tensor at_one(const Tensor& x, const Tensor& dy, index_t i) {
  std::vector<double> dx(static_cast<std::size_t>(x.numel()));
  dx[static_cast<std::size_t>(i)] = dy.item();
  return from_vector(dx, x.shape(), x.dtype());
}

const Answers<decltype(max_backward)> answers{
    {"loops", "pass", [](const Tensor& x, const Tensor& dy) { return by_loops(x, dy, x.dtype()); }},
    {"a sum of ones counts the maxima", "pass",
     [](const Tensor& x, const Tensor& dy) {
       const Tensor selected = where(x >= max(x), ones({}, x.dtype()), zeros({}, x.dtype()));
       return selected / selected.sum() * dy;
     }},
    {"the library's max", "pass",
     [](const Tensor& x, const Tensor& dy) {
       Tensor leaf = x.detach().clone().set_requires_grad();
       max(leaf).backward(dy);
       return leaf.grad();
     }},
    {"loops, f32 only", "wrong", [](const Tensor& x, const Tensor& dy) { return by_loops(x, dy, f32); }},
    {"not divided", "AG-79",
     [](const Tensor& x, const Tensor& dy) { return where(equal(x, max(x)), dy, zeros({}, x.dtype())); }},
    {"the first", "AG-80",
     [](const Tensor& x, const Tensor& dy) { return at_one(x, dy, argmax(x.reshape({-1}), 0).item()); }},
    {"the last", "wrong",
     [](const Tensor& x, const Tensor& dy) {
       const std::vector<double> numbers = x.to_vector();
       const auto top = std::max_element(numbers.rbegin(), numbers.rend());
       return at_one(x, dy, static_cast<index_t>(numbers.rend() - top) - 1);
     }},
    {"half for each of the first two", "wrong",
     [](const Tensor& x, const Tensor& dy) {
       const Mask largest = equal(x, max(x));
       return where(largest, dy / (largest.count() > 1 ? 2.0 : 1.0), zeros({}, x.dtype()));
     }},
    {"dy is 1", "AG-28",
     [](const Tensor& x, const Tensor& dy) { return divided(x, ones({}, dy.dtype()), equal(x, max(x))); }},
    {"dy is 1, and not divided", "wrong",
     [](const Tensor& x, const Tensor&) {
       return where(equal(x, max(x)), ones({}, x.dtype()), zeros({}, x.dtype()));
     }},
    {"of each row", "AG-74",
     [](const Tensor& x, const Tensor& dy) {
       return divided(x, dy, x.rank() == 0 ? equal(x, x) : equal(x, max(x, -1, true).values));
     }},
    {"of each row, each row with all of dy", "wrong",
     [](const Tensor& x, const Tensor& dy) {
       if (x.rank() == 0) return dy + zeros({}, x.dtype());
       return where(equal(x, max(x, -1, true).values), dy, zeros({}, x.dtype()));
     }},
    {"a difference of 0", "wrong",
     [](const Tensor& x, const Tensor& dy) { return divided(x, dy, equal(x - max(x), 0)); }},
    {"nearly equal counts as equal", "wrong",
     [](const Tensor& x, const Tensor& dy) { return divided(x, dy, x >= max(x) - 1e-5); }},
    {"the largest absolute value", "wrong",
     [](const Tensor& x, const Tensor& dy) { return divided(x, dy, equal(abs(x), max(abs(x)))); }},
    {"the search starts at 0", "wrong",
     [](const Tensor& x, const Tensor& dy) {
       double top = 0;
       for (const double n : x.to_vector()) top = std::max(top, n);
       return divided(x, dy, equal(x, top));
     }},
    {"a softmax instead of the maximum", "wrong",
     [](const Tensor& x, const Tensor& dy) { return softmax(x.reshape({-1}), 0).reshape(x.shape()) * dy; }},
    {"multiplied by x / max", "wrong",
     [](const Tensor& x, const Tensor& dy) { return divided(x, dy, equal(x, max(x))) * x / max(x); }},
    {"the smallest", "wrong",
     [](const Tensor& x, const Tensor& dy) { return divided(x, dy, equal(x, -max(-x))); }},
    {"the shape is lost", "wrong",
     [](const Tensor& x, const Tensor& dy) { return divided(x, dy, equal(x, max(x))).reshape({-1}); }},
    {"the storage in memory order", "wrong",
     [](const Tensor& x, const Tensor& dy) {
       const Tensor buffer = view_of(x, x.shape(), contiguous_strides(x.shape()), 0);
       return divided(x, dy, equal(buffer, max(x)));
     }},
    {"written into x", "likely SD-34", [](const Tensor& x, const Tensor& dy) {
       Tensor dx = x.detach();
       dx.copy_(divided(x, dy, equal(x, max(x))));
       return dx;
     }}};

}  // namespace

Tensor max_backward(const Tensor& x, const Tensor& dy) { return answers.chosen(x, dy); }

}  // namespace heed::exercise
