#include "lessons/00_autograd/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor by_loops(const Tensor& y, const Tensor& dy, DType dtype) {
  const index_t n = y.size(-1), rows = y.numel() / n;
  const std::vector<double> p = y.to_vector(), g = dy.to_vector();
  std::vector<double> dx(p.size());
  for (index_t r = 0; r < rows; ++r)
    for (index_t j = 0; j < n; ++j)
      for (index_t i = 0; i < n; ++i) {
        const double p_i = p[static_cast<std::size_t>(r * n + i)],
                     p_j = p[static_cast<std::size_t>(r * n + j)];
        dx[static_cast<std::size_t>(r * n + j)] +=
            g[static_cast<std::size_t>(r * n + i)] * p_i * ((i == j ? 1 : 0) - p_j);
      }
  return from_vector(dx, y.shape(), dtype);
}
Tensor reference(const Tensor& y, const Tensor& dy) { return y * (dy - (dy * y).sum({-1}, true)); }

const Answers<decltype(softmax_backward)> answers{
    {"every pair of a row", "pass",
     [](const Tensor& y, const Tensor& dy) { return by_loops(y, dy, y.dtype()); }},
    {"both terms written out", "pass",
     [](const Tensor& y, const Tensor& dy) { return dy * y - y * (dy * y).sum({-1}, true); }},
    {"the sum as a matrix product", "pass",
     [](const Tensor& y, const Tensor& dy) {
       const Tensor s = matmul(y.unsqueeze(-2), dy.unsqueeze(-1)).squeeze(-1);
       return y * (dy - s);
     }},
    {"loops, f32 only", "wrong", [](const Tensor& y, const Tensor& dy) { return by_loops(y, dy, f32); }},
    {"the backward of a sigmoid", "AG-16",
     [](const Tensor& y, const Tensor& dy) { return dy * (y - y * y); }},
    {"the backward of log_softmax", "wrong",
     [](const Tensor& y, const Tensor& dy) { return dy - y * dy.sum({-1}, true); }},
    {"one sum for the whole matrix", "AG-47",
     [](const Tensor& y, const Tensor& dy) { return y * (dy - (dy * y).sum()); }},
    {"over columns", "AG-50",
     [](const Tensor& y, const Tensor& dy) { return y * (dy - (dy * y).sum({0}, true)); }},
    {"over columns of a square", "AG-50",
     [](const Tensor& y, const Tensor& dy) {
       return y.rank() == 2 && y.size(0) == y.size(1) ? y * (dy - (dy * y).sum({0}, true)) : reference(y, dy);
     }},
    {"over axis 1", "wrong",
     [](const Tensor& y, const Tensor& dy) { return y * (dy - (dy * y).sum({1}, true)); }},
    {"without keepdim", "wrong",
     [](const Tensor& y, const Tensor& dy) { return y * (dy - (dy * y).sum({-1})); }},
    {"the first row's sum for all", "wrong",
     [](const Tensor& y, const Tensor& dy) {
       return y.rank() == 1 ? reference(y, dy) : y * (dy - (dy * y).sum({-1}, true).slice(-2, 0, 1));
     }},
    {"the mean of dy · y", "wrong",
     [](const Tensor& y, const Tensor& dy) { return y * (dy - (dy * y).mean({-1}, true)); }},
    {"divides by y", "wrong",
     [](const Tensor& y, const Tensor& dy) { return y * y * (dy - (dy * y).sum({-1}, true)) / y; }},
    {"the wrong sign", "wrong", [](const Tensor& y, const Tensor& dy) { return -reference(y, dy); }},
    {"y and dy exchanged", "wrong", [](const Tensor& y, const Tensor& dy) { return reference(dy, y); }},
    {"the softmax is applied again", "wrong",
     [](const Tensor& y, const Tensor& dy) { return reference(softmax(y, -1), dy); }},
    {"writes into dy", "likely SD-34",
     [](const Tensor& y, const Tensor& dy) {
       Tensor dx = dy.detach();
       dx.copy_(reference(y, dy));
       return dx;
     }},
    {"reads the storage in memory order", "wrong",
     [](const Tensor& y, const Tensor& dy) {
       const auto buffer = [](const Tensor& x) {
         return view_of(x, x.shape(), contiguous_strides(x.shape()), 0);
       };
       return reference(buffer(y), buffer(dy));
     }},
    {"the backward of a sigmoid, without y", "wrong",
     [](const Tensor& y, const Tensor& dy) { return dy * (1.0 - y); }}};

}  // namespace

Tensor softmax_backward(const Tensor& y, const Tensor& dy) { return answers.chosen(y, dy); }

}  // namespace heed::exercise
