// elementwise.cpp — arithmetic with broadcasting, and functions of one element.
#include <cmath>
#include <utility>

#include "autograd/ops/common.h"

namespace heed {

using kernels::Binary;
using kernels::Operands;
using kernels::Unary;

namespace {

// ---- loops --------------------------------------------------------------------------------------

// Returns f(x), element by element.
Tensor map(const char* op, Unary f, const Tensor& x) {
  const auto kernel = [f]<class T>(const T* px, T* py, index_t /*first*/, index_t count) {
    kernels::kernels<T>().unary(f, px, py, count);
  };
  return ops::element_wise(op, x, ops::costly_ns, kernel);
}

// How the two operands of a broadcast are read: the `outer` axes one index at a time, then rows of
// `n` elements along which each operand is either contiguous or a single number.
struct BroadcastRows {
  Shape outer;
  Strides steps_a, steps_b;  // of the outer axes; 0 if the operand is repeated
  index_t rows = 1, n = 1;
  Operands operands = Operands::both_rows;

  BroadcastRows(const Shape& a, const Shape& b, const Shape& common);
  // The offset of a row in the operand with these steps.
  index_t offset(const Strides& steps, index_t row) const {
    index_t result = 0;
    for (int axis = outer.rank() - 1; axis >= 0; --axis) {
      result += row % outer[axis] * steps[axis];
      row /= outer[axis];
    }
    return result;
  }
};

// Merges as many of the last axes as possible into one row.
BroadcastRows::BroadcastRows(const Shape& a, const Shape& b, const Shape& common) {
  const Strides strides_a = broadcast_strides(a, common), strides_b = broadcast_strides(b, common);
  bool a_is_row = true, b_is_row = true;
  int axis = common.rank() - 1;
  for (; axis >= 0; --axis) {
    if (common[axis] == 1) continue;
    // Along this axis each operand must continue its row, or be the same number.
    const bool a_continues = strides_a[axis] == n, b_continues = strides_b[axis] == n;
    const bool a_repeats = strides_a[axis] == 0, b_repeats = strides_b[axis] == 0;
    if (!(a_continues || a_repeats) || !(b_continues || b_repeats) || (a_repeats && b_repeats)) break;
    if (n > 1 && (a_continues != a_is_row || b_continues != b_is_row)) break;
    a_is_row = a_continues;
    b_is_row = b_continues;
    n *= common[axis];
  }
  if (!a_is_row) operands = Operands::a_is_one;
  if (!b_is_row) operands = Operands::b_is_one;
  const std::size_t count = static_cast<std::size_t>(axis) + 1;
  outer = Shape(std::span(common.begin(), count));
  steps_a = Strides(std::span(strides_a.begin(), count));
  steps_b = Strides(std::span(strides_b.begin(), count));
  rows = outer.numel();
}

// Calls row(a, b, y, n) for all rows, in parallel; a single row is split as well.
template <class T, class Row>
void for_each_row(const BroadcastRows& pair, const T* a, const T* b, T* y, Row&& row) {
  if (pair.rows == 1) {
    kernels::parallel_for(pair.n, ops::cheap_ns, [&](index_t begin, index_t stop) {
      row(pair.operands == Operands::a_is_one ? a : a + begin,
          pair.operands == Operands::b_is_one ? b : b + begin, y + begin, stop - begin);
    });
    return;
  }
  const double row_ns = 5 + ops::cheap_ns * static_cast<double>(pair.n);
  kernels::parallel_for(pair.rows, row_ns, [&](index_t begin, index_t stop) {
    for (index_t r = begin; r < stop; ++r)
      row(a + pair.offset(pair.steps_a, r), b + pair.offset(pair.steps_b, r), y + r * pair.n, pair.n);
  });
}

// Returns f(a, b), broadcast.
Tensor combine(const char* op, Binary f, const Tensor& a, const Tensor& b) {
  const Shape shape = broadcast_shapes(op, a.shape(), b.shape());
  Tensor y = ops::allocate(op, shape, a.dtype());
  if (y.numel() == 0) return y;
  const ops::Dense ad(a), bd(b);
  const BroadcastRows pair(a.shape(), b.shape(), shape);
  ops::dispatch(a.dtype(), [&]<class T>() {
    for_each_row(pair, ad.data<T>(), bd.data<T>(), ops::output<T>(y),
                 [&](const T* pa, const T* pb, T* py, index_t n) {
                   kernels::kernels<T>().binary(f, pair.operands, pa, pb, py, n);
                 });
  });
  return y;
}

// Returns f(x, number), or f(number, x) with Operands::a_is_one.
Tensor combine(const char* op, Binary f, const Tensor& x, double number,
               Operands operands = Operands::b_is_one) {
  const auto kernel = [&]<class T>(const T* px, T* py, index_t /*first*/, index_t count) {
    const T value = static_cast<T>(number);
    const bool number_first = operands == Operands::a_is_one;
    kernels::kernels<T>().binary(f, operands, number_first ? &value : px, number_first ? px : &value, py,
                                 count);
  };
  return ops::element_wise(op, x, ops::cheap_ns, kernel);
}

// A unary function with a kernel for its backward. Saves x or y, as listed in kernels/functions.inl.
Tensor unary(const char* op, Unary f, const Tensor& x) {
  ops::check_tensors(op, {&x});
  const Tensor y = map(op, f, x);
  const bool saves_x = kernels::unary_functions[static_cast<int>(f)].saves == kernels::Saves::x;
  return record(op, {x}, y, [f, saved = Saved(saves_x ? x : y)](const Tensor& dy, Gradients& d) {
    d[0] = ops::unary_backward(f, dy, saved());
  });
}

}  // namespace

Tensor ops::unary_backward(Unary f, const Tensor& dy, const Tensor& saved) {
  const Tensor contiguous = dense(saved);
  const auto kernel = [&]<class T>(const T* pdy, T* pdx, index_t first, index_t count) {
    kernels::kernels<T>().unary_backward(f, pdy, contiguous.data<T>() + first, pdx, count);
  };
  return element_wise("unary_backward", dy, costly_ns, kernel);
}

// ---- arithmetic ---------------------------------------------------------------------------------
//
// a (...), b (...) -> y (...), the broadcast shape. Backward sums each gradient back to its
// operand's shape.

// add(a, b): y = a + b;   da = dy, db = dy
Tensor add(const Tensor& a, const Tensor& b) {
  ops::check_tensors("add", {&a, &b});
  return record("add", {a, b}, combine("add", Binary::add, a, b),
                [sa = a.shape(), sb = b.shape()](const Tensor& dy, Gradients& d) {
                  if (d.needs(0)) d[0] = sum_to(dy, sa);
                  if (d.needs(1)) d[1] = sum_to(dy, sb);
                });
}

// sub(a, b): y = a - b;   da = dy, db = -dy
Tensor sub(const Tensor& a, const Tensor& b) {
  ops::check_tensors("sub", {&a, &b});
  return record("sub", {a, b}, combine("sub", Binary::sub, a, b),
                [sa = a.shape(), sb = b.shape()](const Tensor& dy, Gradients& d) {
                  if (d.needs(0)) d[0] = sum_to(dy, sa);
                  if (d.needs(1)) d[1] = neg(sum_to(dy, sb));
                });
}

// mul(a, b): y = a * b;   da = dy * b, db = dy * a
Tensor mul(const Tensor& a, const Tensor& b) {
  ops::check_tensors("mul", {&a, &b});
  return record("mul", {a, b}, combine("mul", Binary::mul, a, b),
                [a = Saved(a), b = Saved(b)](const Tensor& dy, Gradients& d) {
                  if (d.needs(0)) d[0] = sum_to(dy * b(), a.shape());
                  if (d.needs(1)) d[1] = sum_to(dy * a(), b.shape());
                });
}

// div(a, b): y = a / b;   da = dy / b, db = -dy * a / b^2
Tensor div(const Tensor& a, const Tensor& b) {
  ops::check_tensors("div", {&a, &b});
  return record("div", {a, b}, combine("div", Binary::div, a, b),
                [a = Saved(a), b = Saved(b)](const Tensor& dy, Gradients& d) {
                  const Tensor da = dy / b();
                  if (d.needs(0)) d[0] = sum_to(da, a.shape());
                  if (d.needs(1)) d[1] = neg(sum_to(da * (a() / b()), b.shape()));
                });
}

// pow(a, b): y = a^b
//   backward   da = dy * b * a^(b-1), 0 if b = 0 (even if a = 0, whose power -1 is infinite)
//              db = dy * y * ln(a), 0 if a = 0 and b >= 0
//   saves      a, b, y
Tensor pow(const Tensor& a, const Tensor& b) {
  ops::check_tensors("pow", {&a, &b});
  const Tensor y = combine("pow", Binary::pow, a, b);
  return record("pow", {a, b}, y, [a = Saved(a), b = Saved(b), y = Saved(y)](const Tensor& dy, Gradients& d) {
    const Tensor base = a(), exponent = b();
    const Tensor zero = zeros({}, dy.dtype());
    if (d.needs(0)) {
      const Tensor da = dy * (exponent * pow(base, exponent - 1.0));
      d[0] = sum_to(where(equal(exponent, 0), zero, da), a.shape());
    }
    if (d.needs(1)) {
      const Tensor slope = where(equal(base, 0) & (exponent >= 0), zero, y() * log(base));
      d[1] = sum_to(dy * slope, b.shape());
    }
  });
}

// maximum(a, b), minimum(a, b): the larger or the smaller of two elements, NaN if either is NaN.
//   backward   dy goes to the operand that was chosen. Equal operands get half of it each; if one
//              is NaN, both get all of it, as in PyTorch
//   saves      a, b
static Tensor extreme(const char* op, Binary f, const Tensor& a, const Tensor& b) {
  ops::check_tensors(op, {&a, &b});
  return record(op, {a, b}, combine(op, f, a, b),
                [a = Saved(a), b = Saved(b), larger = f == Binary::maximum](const Tensor& dy, Gradients& d) {
                  const Tensor x = a(), y = b(), zero = zeros({}, dy.dtype()), half = dy * 0.5;
                  const Mask tie = equal(x, y);
                  const Mask chose_b = larger ? x < y : x > y, chose_a = larger ? y < x : y > x;
                  if (d.needs(0)) d[0] = sum_to(where(tie, half, where(chose_b, zero, dy)), a.shape());
                  if (d.needs(1)) d[1] = sum_to(where(tie, half, where(chose_a, zero, dy)), b.shape());
                });
}
Tensor maximum(const Tensor& a, const Tensor& b) { return extreme("maximum", Binary::maximum, a, b); }
Tensor minimum(const Tensor& a, const Tensor& b) { return extreme("minimum", Binary::minimum, a, b); }

// ---- arithmetic with a number -------------------------------------------------------------------

// add(a, number): y = a + number;   da = dy
Tensor add(const Tensor& a, double b) {
  ops::check_tensors("add_number", {&a});
  return record("add_number", {a}, combine("add_number", Binary::add, a, b),
                [](const Tensor& dy, Gradients& d) { d[0] = dy; });
}
// mul(a, number): y = a * number;   da = dy * number
Tensor mul(const Tensor& a, double b) {
  ops::check_tensors("mul_number", {&a});
  return record("mul_number", {a}, combine("mul_number", Binary::mul, a, b),
                [b](const Tensor& dy, Gradients& d) { d[0] = dy * b; });
}

// a / number: a division, because a * (1 / number) can differ in the last bit;   da = dy / number
Tensor operator/(const Tensor& a, double b) {
  ops::check_tensors("div_number", {&a});
  return record("div_number", {a}, combine("div_number", Binary::div, a, b),
                [b](const Tensor& dy, Gradients& d) { d[0] = dy / b; });
}

// number - b: y = number - b;   db = -dy
Tensor operator-(double a, const Tensor& b) {
  ops::check_tensors("number_sub", {&b});
  return record("number_sub", {b}, combine("number_sub", Binary::sub, b, a, Operands::a_is_one),
                [](const Tensor& dy, Gradients& d) { d[0] = neg(dy); });
}

// number / b: y = a / b;   db = -dy * y / b
Tensor operator/(double a, const Tensor& b) {
  ops::check_tensors("number_div", {&b});
  const Tensor y = combine("number_div", Binary::div, b, a, Operands::a_is_one);
  return record("number_div", {b}, y, [b = Saved(b), y = Saved(y)](const Tensor& dy, Gradients& d) {
    d[0] = neg(dy * (y() / b()));
  });
}

// pow(a, number): y = a^number;   da = dy * number * a^(number-1), 0 if number = 0
Tensor pow(const Tensor& a, double exponent) {
  ops::check_tensors("pow_number", {&a});
  return record("pow_number", {a},
                exponent == 2 ? combine("pow_number", Binary::mul, a, a)
                              : combine("pow_number", Binary::pow, a, exponent),
                [a = Saved(a), exponent](const Tensor& dy, Gradients& d) {
                  d[0] =
                      exponent == 0 ? zeros(a.shape(), dy.dtype()) : dy * (pow(a(), exponent - 1) * exponent);
                });
}

// ---- functions ----------------------------------------------------------------------------------
//
// x (...) -> y (...). Each saves x or y, whichever gives the shorter formula for the derivative.

// y = -x;   dx = -dy
Tensor neg(const Tensor& x) {
  ops::check_tensors("neg", {&x});
  return record("neg", {x}, map("neg", Unary::neg, x),
                [](const Tensor& dy, Gradients& d) { d[0] = map("neg", Unary::neg, dy); });
}
// y = e^x;   dx = dy * y
Tensor exp(const Tensor& x) { return unary("exp", Unary::exp, x); }
// y = ln x;   dx = dy / x
Tensor log(const Tensor& x) { return unary("log", Unary::log, x); }
// y = √x;   dx = dy / (2 y)
Tensor sqrt(const Tensor& x) { return unary("sqrt", Unary::sqrt, x); }
// y = 1/√x;   dx = -dy * y^3 / 2
Tensor rsqrt(const Tensor& x) { return unary("rsqrt", Unary::rsqrt, x); }
// y = |x|;   dx = dy * sign(x)
Tensor abs(const Tensor& x) { return unary("abs", Unary::abs, x); }
// y = tanh x;   dx = dy * (1 - y^2)
Tensor tanh(const Tensor& x) { return unary("tanh", Unary::tanh, x); }
// y = 1 / (1 + e^-x);   dx = dy * y (1 - y)
Tensor sigmoid(const Tensor& x) { return unary("sigmoid", Unary::sigmoid, x); }
// y = max(x, 0);   dx = dy if y > 0, else 0
Tensor relu(const Tensor& x) { return unary("relu", Unary::relu, x); }
// y = x Φ(x), with Φ the standard normal distribution function and φ its density;   dx = dy * (Φ(x)
// + x φ(x)) Hendrycks, Gimpel, "Gaussian error linear units", 2016
Tensor gelu(const Tensor& x, Gelu form) {
  return form == Gelu::erf ? unary("gelu", Unary::gelu, x) : unary("gelu_tanh", Unary::gelu_tanh, x);
}
// y = x σ(x);   dx = dy * σ(x) (1 + x (1 - σ(x)))
Tensor silu(const Tensor& x) { return unary("silu", Unary::silu, x); }

// ---- selection ----------------------------------------------------------------------------------

// clamp(x, low, high): limits each element to [low, high]; NaN stays NaN.
//   forward    y = min(max(x, low), high), which is high if low > high
//   backward   dx = dy if low <= x <= high, else 0
//   saves      x
Tensor clamp(const Tensor& x, double low, double high) {
  ops::check_tensors("clamp", {&x});
  const Tensor y = combine("clamp", Binary::minimum, combine("clamp", Binary::maximum, x, low), high);
  return record("clamp", {x}, y, [x = Saved(x), low, high](const Tensor& dy, Gradients& d) {
    const Mask inside = (x() >= low) & (x() <= high);
    d[0] = where(inside, dy, zeros({}, dy.dtype()));
  });
}

// where(condition, a, b): the elements of a at which the condition is true, those of b elsewhere.
//   condition, a and b broadcast together
//   forward    y = condition ? a : b
//   backward   da = condition ? dy : 0;  db = condition ? 0 : dy; each summed back to its operand's shape
//   saves      condition
Tensor where(const Mask& condition, const Tensor& a, const Tensor& b) {
  ops::check_tensors("where", {&a, &b});
  check(condition.defined(), "where", "expected a condition, got ", condition);
  const Shape shape =
      broadcast_shapes("where", broadcast_shapes("where", a.shape(), b.shape()), condition.shape());
  Tensor y = ops::allocate("where", shape, a.dtype());
  const Mask c = condition.expand(shape);
  const Tensor ad = ops::dense(a.detach().expand(shape)), bd = ops::dense(b.detach().expand(shape));
  ops::dispatch(a.dtype(), [&]<class T>() {
    const T *pa = ad.data<T>(), *pb = bd.data<T>();
    T* py = ops::output<T>(y);
    kernels::parallel_for(y.numel(), ops::cheap_ns, [&](index_t begin, index_t stop) {
      kernels::kernels<T>().select(Operands::both_rows, c.data() + begin, pa + begin, pb + begin, py + begin,
                                   stop - begin);
    });
  });
  return record("where", {a, b}, y, [c, sa = a.shape(), sb = b.shape()](const Tensor& dy, Gradients& d) {
    const Tensor zero = zeros({}, dy.dtype());
    if (d.needs(0)) d[0] = sum_to(where(c, dy, zero), sa);
    if (d.needs(1)) d[1] = sum_to(where(c, zero, dy), sb);
  });
}

// masked_fill(x, mask, value): replaces the elements at which the mask is true.
//   x (...), mask broadcasts to x -> y (...)
//   forward    y = value where mask, x elsewhere
//   backward   dx = 0 where mask, dy elsewhere
//   saves      mask
//   taught in  lessons/02
Tensor masked_fill(const Tensor& x, const Mask& mask, double value) {
  const char* op = "masked_fill";
  ops::check_tensors(op, {&x});
  check(mask.defined(), op, "expected a mask, got ", mask);
  check(broadcast_shapes(op, x.shape(), mask.shape()) == x.shape(), op,
        "expected a mask that broadcasts to x ", x, ", got ", mask);
  const auto fill = [](Tensor y, const Tensor& from, const Mask& m, double number) {
    const auto kernel = [&]<class T>(const T* px, T* py, index_t first, index_t count) {
      const T replacement = static_cast<T>(number);
      kernels::kernels<T>().select(Operands::a_is_one, m.data() + first, &replacement, px, py, count);
    };
    return ops::element_wise(std::move(y), from, ops::cheap_ns, kernel);
  };
  Tensor y = ops::allocate_like(op, x);
  const Mask m = mask.expand(x.shape());
  return record(op, {x}, fill(y, x, m, value), [op, m, fill](const Tensor& dy, Gradients& d) {
    d[0] = fill(ops::allocate_like(op, dy), dy, m, 0);
  });
}

}  // namespace heed
