#include "lessons/00_autograd/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {

template <class Visit>
void each_tensor(LineGradients& gradients, const Visit& visit) {
  visit(gradients.x);
  visit(gradients.w);
  visit(gradients.b);
}

namespace {

Tensor error_of(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
  return matmul(x, w) + b - t;
}
double count(const Tensor& x) { return static_cast<double>(x.numel()); }
Tensor transposed(const Tensor& x) { return x.transpose(-2, -1); }
Tensor dx_of(const Tensor& dy, const Tensor& w) { return matmul(dy, transposed(w)); }
Tensor dw_of(const Tensor& x, const Tensor& dy) { return matmul(transposed(x), dy).sum({0}); }
Tensor db_of(const Tensor& dy) { return dy.sum({0, 1}); }

// The correct gradients for a given dloss/dy.
LineGradients from_dy(const Tensor& dy, const Tensor& x, const Tensor& w) {
  return {dx_of(dy, w), dw_of(x, dy), db_of(dy)};
}

const checks::Exercise<decltype(line_backward)> exercise{
    "00_line_backward",
    line_backward,
    [](auto& x, auto& w, auto& b, auto& t) {
      const Tensor error = error_of(x, w, b, t);
      return from_dy(error * (2 / count(error)), x, w);
    },
    {{"AG-07", "b was broadcast over all B · T rows: sum its gradient over them",
      [](auto& x, auto& w, auto& b, auto& t) {
        const Tensor dy = error_of(x, w, b, t) * (2 / count(t));
        return LineGradients{dx_of(dy, w), dw_of(x, dy), dy};
      }},
     {"AG-09", "transposes are missing: the gradient of x is dy · wᵀ, that of w is xᵀ · dy",
      [](auto& x, auto& w, auto& b, auto& t) {
        const Tensor dy = error_of(x, w, b, t) * (2 / count(t));
        return LineGradients{matmul(dy, w), matmul(x, dy).sum({0}), db_of(dy)};
      }},
     {"AG-10", "w is used for all B sequences, but only one contributed: sum its gradient over the batch",
      [](auto& x, auto& w, auto& b, auto& t) {
        const Tensor dy = error_of(x, w, b, t) * (2 / count(t));
        return LineGradients{dx_of(dy, w), matmul(transposed(x), dy).select(0, 0), db_of(dy)};
      }},
     {"AG-17", "the loss is a mean: divide its gradient by the number of errors",
      [](auto& x, auto& w, auto& b, auto& t) { return from_dy(error_of(x, w, b, t) * 2.0, x, w); }},
     {"AG-38", "the derivative of error² is 2 · error; the 2 is missing",
      [](auto& x, auto& w, auto& b, auto& t) { return from_dy(error_of(x, w, b, t) / count(t), x, w); }},
     {"AG-39", "the sign is wrong: the error is y - t, so it grows with y",
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
        return LineGradients{dx_of(dy, w), matmul(transposed(x), dy), db_of(dy)};
      }},
     {"AG-42", "b is missing in the forward pass: error is x · w + b - t",
      [](auto& x, auto& w, auto&, auto& t) { return from_dy((matmul(x, w) - t) * (2 / count(t)), x, w); }}}};

// Random x, w, b and t.
std::tuple<Tensor, Tensor, Tensor, Tensor> line(index_t B, index_t T, index_t C, index_t D) {
  Generator gen(static_cast<std::uint64_t>(B + 10 * T));
  const Tensor x = randn({B, T, C}, gen), w = randn({C, D}, gen);
  const Tensor b = randn({D}, gen) + 1.0, t = randn({B, T, D}, gen);
  return {x, w, b, t};
}
void compare(index_t B, index_t T, index_t C, index_t D) {
  exercise.call(concat("line_backward of x (", B, ", ", T, ", ", C, "), w (", C, ", ", D, "), b (", D,
                       "), t (", B, ", ", T, ", ", D, "): gradients of x, w, b"),
                [=] { return line(B, T, C, D); }, {.gradients = false});
}

TEST(LineBackward, OfDifferentSizes) { compare(2, 3, 4, 5); }

TEST(LineBackward, OfSquareMatrices) {
  compare(4, 3, 2, 2);
  compare(3, 2, 2, 2);
}

TEST(LineBackward, OfOneSequence) { compare(1, 4, 3, 2); }

TEST(LineBackward, OfSequencesOfOneRow) {
  compare(3, 1, 2, 4);
  compare(1, 1, 3, 1);
}

TEST(LineBackward, OfLargeNumbers) {
  exercise.call("line_backward of 1000 x (2, 2, 3), w (3, 4), b (4), t (2, 2, 4): gradients of x, w, b",
                [] {
                  auto in = line(2, 2, 3, 4);
                  std::get<0>(in) = std::get<0>(in) * 1000.0;
                  return in;
                },
                {.gradients = false});
}

TEST(LineBackward, AgreesWithBackward) {
  exercise.compare("the library's gradients of mean((x · w + b - t)²), minus yours", [](auto f) {
    auto [x, w, b, t] = line(4, 2, 3, 6);
    const LineGradients d = f(x, w, b, t);
    for (Tensor* leaf : {&x, &w, &b}) *leaf = leaf->clone().set_requires_grad();
    const Tensor error = error_of(x, w, b, t);
    (error * error).mean().backward();
    return std::vector<Tensor>{x.grad() - d.x, w.grad() - d.w, b.grad() - d.b};
  });
}

}  // namespace
}  // namespace heed::exercise

// wrong edit AG-10: `.sum({0});` => `.select(0, 0);`
