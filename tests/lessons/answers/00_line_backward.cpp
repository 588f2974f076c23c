#include "lessons/00_autograd/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor error_of(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
  return matmul(x, w) + b - t;
}
// dloss/dy, and the gradients that follow from it.
Tensor dy_of(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
  return error_of(x, w, b, t) * (2.0 / static_cast<double>(t.numel()));
}
LineGradients from(const Tensor& dy, const Tensor& x, const Tensor& w) {
  return {matmul(dy, w.transpose(0, 1)), matmul(x.transpose(1, 2), dy).sum({0}), dy.sum({0, 1})};
}

// Seven loops; `dtype` is the type of the results.
LineGradients by_loops(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t, DType dtype) {
  const index_t B = x.size(0), T = x.size(1), C = x.size(2), D = w.size(1);
  LineGradients d{zeros(x.shape(), dtype), zeros(w.shape(), dtype), zeros(b.shape(), dtype)};
  for (index_t i = 0; i < B; ++i)
    for (index_t j = 0; j < T; ++j)
      for (index_t k = 0; k < D; ++k) {
        double error = b.at({k}) - t.at({i, j, k});
        for (index_t c = 0; c < C; ++c) error += x.at({i, j, c}) * w.at({c, k});
        const double g = 2 * error / static_cast<double>(B * T * D);
        d.b.set({k}, d.b.at({k}) + g);
        for (index_t c = 0; c < C; ++c) {
          d.x.set({i, j, c}, d.x.at({i, j, c}) + g * w.at({c, k}));
          d.w.set({c, k}, d.w.at({c, k}) + g * x.at({i, j, c}));
        }
      }
  return d;
}

const Answers<decltype(line_backward)> answers{
    {"all rows of the batch as one matrix", "pass",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       const index_t C = x.size(2), D = w.size(1);
       const Tensor rows = x.reshape({-1, C});
       const Tensor error = matmul(rows, w) + b - t.reshape({-1, D});
       const Tensor dy = error / static_cast<double>(error.numel()) * 2.0;
       return LineGradients{matmul(dy, w.transpose(0, 1)).reshape(x.shape()),
                            matmul(rows.transpose(0, 1), dy), dy.sum({0})};
     }},
    {"loops", "pass",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       return by_loops(x, w, b, t, x.dtype());
     }},
    {"the library's backward", "pass",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       Tensor x2 = x.detach().clone(), w2 = w.detach().clone(), b2 = b.detach().clone();
       for (Tensor* leaf : {&x2, &w2, &b2}) leaf->set_requires_grad();
       const Tensor error = error_of(x2, w2, b2, t);
       (error * error).mean().backward();
       return LineGradients{x2.grad(), w2.grad(), b2.grad()};
     }},
    {"loops, f32 only", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       return by_loops(x, w, b, t, f32);
     }},
    {"w's gradient from the first sequence only", "AG-10",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       LineGradients d = from(dy_of(x, w, b, t), x, w);
       d.w = matmul(x.transpose(1, 2), dy_of(x, w, b, t))[0];
       return d;
     }},
    {"w's gradient from the last sequence only", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       LineGradients d = from(dy_of(x, w, b, t), x, w);
       d.w = matmul(x.transpose(1, 2), dy_of(x, w, b, t))[x.size(0) - 1];
       return d;
     }},
    {"b's gradient is summed over the batch only if there are several sequences", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       LineGradients d = from(dy_of(x, w, b, t), x, w);
       if (x.size(0) == 1) d.b = dy_of(x, w, b, t)[0][0];
       return d;
     }},
    {"w is not transposed if it is square", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       LineGradients d = from(dy_of(x, w, b, t), x, w);
       if (w.size(0) == w.size(1)) d.x = matmul(dy_of(x, w, b, t), w);
       return d;
     }},
    {"divided by the number of rows", "AG-40",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       return from(error_of(x, w, b, t) * 2.0 / static_cast<double>(t.size(0) * t.size(1)), x, w);
     }},
    {"divided by B · D", "likely AG-40",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       return from(error_of(x, w, b, t) * 2.0 / static_cast<double>(t.size(0) * t.size(2)), x, w);
     }},
    {"neither the 2 nor the mean", "likely AG-38",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       return from(error_of(x, w, b, t), x, w);
     }},
    {"t - y", "AG-39",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       return from(-dy_of(x, w, b, t), x, w);
     }},
    {"the bias is missing", "AG-42",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       return from(dy_of(x, w, b * 0.0, t), x, w);
     }},
    {"the mean absolute error", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       const Tensor error = error_of(x, w, b, t);
       return from(error / abs(error) / static_cast<double>(t.numel()), x, w);
     }},
    {"the error is written into t", "likely SD-34",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       const Tensor dy = dy_of(x, w, b, t);
       Tensor alias = t.detach();
       alias.copy_(dy);
       return from(dy, x, w);
     }},
    {"reads x as if it were contiguous", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       const Tensor buffer = view_of(x, x.shape(), contiguous_strides(x.shape()), 0);
       return from(dy_of(buffer, w, b, t), buffer, w);
     }},
    {"a hard-coded number of errors", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
       return from(error_of(x, w, b, t) * (2.0 / 30), x, w);
     }}};

}  // namespace

LineGradients line_backward(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
  return answers.chosen(x, w, b, t);
}

}  // namespace heed::exercise
