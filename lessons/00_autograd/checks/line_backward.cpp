#include "lessons/00_autograd/exercises.h"
#include "lessons/tutor/check.h"

namespace heed::exercise {
namespace {

Tensor error_of(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
  return matmul(x, w) + b - t;
}
double count(const Tensor& x) { return static_cast<double>(x.numel()); }
Tensor turned(const Tensor& x) { return x.transpose(-2, -1); }
Tensor dx_of(const Tensor& dy, const Tensor& w) { return matmul(dy, turned(w)); }
Tensor dw_of(const Tensor& x, const Tensor& dy) { return matmul(turned(x), dy).sum({0}); }
Tensor db_of(const Tensor& dy) { return dy.sum({0, 1}); }

// The right way back from dloss/dy on.
LineGradients from_dy(const Tensor& dy, const Tensor& x, const Tensor& w) {
  return {dx_of(dy, w), dw_of(x, dy), db_of(dy)};
}

const tutor::Exercise<decltype(line_backward)> exercise{
    "00_line_backward",
    line_backward,
    [](auto& x, auto& w, auto& b, auto& t) {
      const Tensor error = error_of(x, w, b, t);
      return from_dy(error * (2 / count(error)), x, w);
    },
    {{"AG-07", "b was stretched over all B · T rows: sum its gradient over them",
      [](auto& x, auto& w, auto& b, auto& t) {
        const Tensor dy = error_of(x, w, b, t) * (2 / count(t));
        return LineGradients{dx_of(dy, w), dw_of(x, dy), dy};
      }},
     {"AG-09", "transposes are missing: the gradient of x is dy · wᵀ, that of w is xᵀ · dy",
      [](auto& x, auto& w, auto& b, auto& t) {
        const Tensor dy = error_of(x, w, b, t) * (2 / count(t));
        return LineGradients{matmul(dy, w), matmul(x, dy).sum({0}), db_of(dy)};
      }},
     {"AG-10", "one w served all B sequences; only one of them has reported: sum its gradient over the batch",
      [](auto& x, auto& w, auto& b, auto& t) {
        const Tensor dy = error_of(x, w, b, t) * (2 / count(t));
        return LineGradients{dx_of(dy, w), matmul(turned(x), dy).select(0, 0), db_of(dy)};
      }},
     {"AG-17", "the loss is a mean: divide its gradient by the number of errors",
      [](auto& x, auto& w, auto& b, auto& t) { return from_dy(error_of(x, w, b, t) * 2.0, x, w); }},
     {"AG-38", "the slope of error² is 2 · error; the 2 is missing",
      [](auto& x, auto& w, auto& b, auto& t) { return from_dy(error_of(x, w, b, t) / count(t), x, w); }},
     {"AG-39", "the wrong way round: error is y - t, so it grows with y",
      [](auto& x, auto& w, auto& b, auto& t) {
        return from_dy(error_of(x, w, b, t) * (-2 / count(t)), x, w);
      }},
     {"AG-40", "the mean is over all B · T · D errors, not over the B · T rows only",
      [](auto& x, auto& w, auto& b, auto& t) {
        return from_dy(error_of(x, w, b, t) * (2 * static_cast<double>(t.size(-1)) / count(t)), x, w);
      }},
     {"AG-41", "the gradient of w has a batch axis and w has none: sum over it",
      [](auto& x, auto& w, auto& b, auto& t) {
        const Tensor dy = error_of(x, w, b, t) * (2 / count(t));
        return LineGradients{dx_of(dy, w), matmul(turned(x), dy), db_of(dy)};
      }},
     {"AG-42", "b is not in your y: error is x · w + b - t",
      [](auto& x, auto& w, auto&, auto& t) { return from_dy((matmul(x, w) - t) * (2 / count(t)), x, w); }}}};

// Numbers without a pattern.
struct Line {
  Tensor x, w, b, t;
  Line(index_t B, index_t T, index_t C, index_t D, DType dtype = f32) {
    Generator gen(static_cast<std::uint64_t>(B + 10 * T));
    x = randn({B, T, C}, gen, dtype), w = randn({C, D}, gen, dtype);
    b = randn({D}, gen, dtype) + 1.0, t = randn({B, T, D}, gen, dtype);
  }
};
template <class F>
tutor::Answer gradients(F f, const Line& in) {
  const NoGrad no_grad;
  const LineGradients d = f(in.x, in.w, in.b, in.t);
  return std::vector<Tensor>{d.x, d.w, d.b};
}

TEST(LineBackward, OfSizesThatAllDiffer) {
  exercise.compare("line_backward of x (2, 3, 4), w (4, 5), b (5), t (2, 3, 5): gradients of x, w, b",
                   [](auto f) { return gradients(f, Line(2, 3, 4, 5)); });
}

TEST(LineBackward, OfSquareMatrices) {
  exercise.compare("line_backward of x (3, 2, 2), w (2, 2), b (2), t (3, 2, 2): gradients of x, w, b",
                   [](auto f) { return gradients(f, Line(3, 2, 2, 2)); });
}

TEST(LineBackward, OfOneRow) {
  exercise.compare("line_backward of x (1, 1, 3), w (3, 1), b (1), t (1, 1, 1), in f64: gradients of x, w, b",
                   [](auto f) { return gradients(f, Line(1, 1, 3, 1, f64)); });
}

TEST(LineBackward, IsWhatBackwardFinds) {
  exercise.invariant(
      "", "the gradients must be those that the library finds for mean((x · w + b - t)²)", [](auto f) {
        Line in(4, 2, 3, 6, f64);
        const LineGradients d = [&] {
          const NoGrad no_grad;
          return f(in.x, in.w, in.b, in.t);
        }();
        for (Tensor* leaf : {&in.x, &in.w, &in.b}) *leaf = leaf->clone().set_requires_grad();
        const Tensor error = error_of(in.x, in.w, in.b, in.t);
        (error * error).mean().backward();
        return allclose(d.x, in.x.grad()) && allclose(d.w, in.w.grad()) && allclose(d.b, in.b.grad());
      });
}

TEST(LineBackward, ChangesNoInput) {
  exercise.invariant("", "x, w, b and t must be as they were", [](auto f) {
    const Line in(2, 3, 4, 5), before(2, 3, 4, 5);
    gradients(f, in);
    return allclose(in.x, before.x) && allclose(in.w, before.w) && allclose(in.b, before.b) &&
           allclose(in.t, before.t);
  });
}

}  // namespace
}  // namespace heed::exercise
