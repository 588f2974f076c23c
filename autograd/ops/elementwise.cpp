// elementwise.cpp — arithmetic and functions of single numbers, with broadcasting.
#include <cmath>

#include "autograd/ops/common.h"

namespace heed {

using kernels::Binary;
using kernels::Operands;
using kernels::Unary;

namespace {

// ---- the two loops that everything here runs through ------------------------------------------------------

// y = f(x), element by element.
Tensor map(const char* op, Unary f, const Tensor& x) {
  Tensor y = ops::allocate_like(op, x);
  const Tensor xd = ops::dense(x);
  ops::dispatch(x.dtype(), [&]<class T>() {
    const T* px = xd.data<T>();
    T* py = ops::output<T>(y);
    kernels::parallel_for(x.numel(), ops::costly_grain, [&](index_t begin, index_t stop) {
      kernels::kernels<T>().unary(f, px + begin, py + begin, stop - begin);
    });
  });
  return y;
}

// How two broadcast operands are walked: `outer` axes by an odometer, then rows of `n` elements in which each
// operand is either dense or one number.
struct Walk {
  Shape outer;
  Strides step_a, step_b;  // of the outer axes; 0 where an operand is repeated
  index_t rows = 1, n = 1;
  Operands operands = Operands::both_rows;
};

// Strides of a dense operand under the common shape: 0 along the axes where it is stretched.
Strides stretched(const Shape& from, const Shape& to) {
  Strides strides = Strides::filled(to.rank(), 0);
  const Strides own = contiguous_strides(from);
  for (int i = 1; i <= from.rank(); ++i)
    if (from.back(i) != 1) strides[to.rank() - i] = own[from.rank() - i];
  return strides;
}

Walk plan(const Shape& a, const Shape& b, const Shape& common) {
  const Strides sa = stretched(a, common), sb = stretched(b, common);
  Walk walk;
  int axis = common.rank();
  // The innermost row takes in every axis along which each operand goes on as it began: dense, or one number.
  bool a_rows = true, b_rows = true;
  while (axis > 0) {
    const int next = axis - 1;
    if (common[next] != 1) {
      const bool a_dense = sa[next] == walk.n, b_dense = sb[next] == walk.n;
      if ((!a_dense && sa[next] != 0) || (!b_dense && sb[next] != 0)) break;
      if (!a_dense && !b_dense) break;  // both repeat: an outer axis
      if (walk.n > 1 && (a_dense != a_rows || b_dense != b_rows)) break;
      a_rows = a_dense, b_rows = b_dense;
      walk.n *= common[next];
    }
    axis = next;
  }
  walk.operands = a_rows ? (b_rows ? Operands::both_rows : Operands::b_is_one) : Operands::a_is_one;
  walk.outer = Shape(std::span(common.begin(), static_cast<std::size_t>(axis)));
  walk.step_a = Strides(std::span(sa.begin(), static_cast<std::size_t>(axis)));
  walk.step_b = Strides(std::span(sb.begin(), static_cast<std::size_t>(axis)));
  walk.rows = walk.outer.numel();
  return walk;
}

// Where row `row` begins in an operand with these outer steps.
index_t row_start(const Walk& walk, const Strides& steps, index_t row) {
  index_t start = 0;
  for (int axis = walk.outer.rank() - 1; axis >= 0; --axis) {
    start += row % walk.outer[axis] * steps[axis];
    row /= walk.outer[axis];
  }
  return start;
}

// Calls row(operands, a, b, y, n) over all rows of the broadcast pair, in parallel. One
// long row is split as well.
template <class T, class Row>
void for_rows(const Walk& walk, const T* a, const T* b, T* y, Row&& row) {
  if (walk.rows == 1) {
    kernels::parallel_for(walk.n, ops::cheap_grain, [&](index_t begin, index_t stop) {
      row(walk.operands, walk.operands == Operands::a_is_one ? a : a + begin,
          walk.operands == Operands::b_is_one ? b : b + begin, y + begin, stop - begin);
    });
    return;
  }
  kernels::parallel_for(walk.rows, ops::cheap_grain / walk.n + 1, [&](index_t begin, index_t stop) {
    for (index_t r = begin; r < stop; ++r)
      row(walk.operands, a + row_start(walk, walk.step_a, r), b + row_start(walk, walk.step_b, r),
          y + r * walk.n, walk.n);
  });
}

Tensor combine(const char* op, Binary f, const Tensor& a, const Tensor& b) {
  const Shape shape = broadcast_shapes(op, a.shape(), b.shape());
  Tensor y = ops::allocate(op, shape, a.dtype());
  if (y.numel() == 0) return y;
  const Tensor ad = ops::dense(a), bd = ops::dense(b);
  const Walk walk = plan(a.shape(), b.shape(), shape);
  ops::dispatch(a.dtype(), [&]<class T>() {
    for_rows(walk, ad.data<T>(), bd.data<T>(), ops::output<T>(y),
             [f](Operands operands, const T* pa, const T* pb, T* py, index_t n) {
               kernels::kernels<T>().binary(f, operands, pa, pb, py, n);
             });
  });
  return y;
}

// y = f(x, number), or f(number, x).
Tensor combine(const char* op, Binary f, const Tensor& x, double number,
               Operands operands = Operands::b_is_one) {
  Tensor y = ops::allocate_like(op, x);
  const Tensor xd = ops::dense(x);
  ops::dispatch(x.dtype(), [&]<class T>() {
    const T value = static_cast<T>(number), *px = xd.data<T>();
    T* py = ops::output<T>(y);
    kernels::parallel_for(x.numel(), ops::cheap_grain, [&](index_t begin, index_t stop) {
      const bool first = operands == Operands::a_is_one;
      kernels::kernels<T>().binary(f, operands, first ? &value : px + begin, first ? px + begin : &value,
                                   py + begin, stop - begin);
    });
  });
  return y;
}

// A function whose backward is the kernel's, with x or y saved.
enum class Keeps { x, y };
Tensor unary(const char* op, Unary f, const Tensor& x, Keeps keeps) {
  ops::check_tensors(op, {&x});
  const Tensor y = map(op, f, x);
  return record(op, {x}, y, [f, saved = Saved(keeps == Keeps::x ? x : y)](const Tensor& dy, Gradients& d) {
    d[0] = ops::unary_backward(f, dy, saved());
  });
}

}  // namespace

Tensor ops::unary_backward(Unary f, const Tensor& dy, const Tensor& saved) {
  Tensor dx = allocate_like("unary_backward", dy);
  const Tensor dyd = dense(dy), sd = dense(saved);
  dispatch(dy.dtype(), [&]<class T>() {
    const T *pdy = dyd.data<T>(), *ps = sd.data<T>();
    T* pdx = output<T>(dx);
    kernels::parallel_for(dx.numel(), costly_grain, [&](index_t begin, index_t stop) {
      kernels::kernels<T>().unary_backward(f, pdy + begin, ps + begin, pdx + begin, stop - begin);
    });
  });
  return dx;
}

// ---- arithmetic -------------------------------------------------------------------------------------------
//
// a (...), b (...) broadcast -> y (...). A gradient is summed back to the shape of the
// operand that was stretched.

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
//   backward   da = dy * b * a^(b-1), 0 if b = 0 (also for a = 0, whose power is infinite)
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

// maximum, minimum: y = the larger (smaller), NaN if either is NaN
//   backward   dy goes to the operand that was taken, half to each of equals; with a NaN, dy to
//              both, as in PyTorch
//   saves      a, b
static Tensor extreme(const char* op, Binary f, const Tensor& a, const Tensor& b) {
  ops::check_tensors(op, {&a, &b});
  return record(op, {a, b}, combine(op, f, a, b),
                [a = Saved(a), b = Saved(b), larger = f == Binary::maximum](const Tensor& dy, Gradients& d) {
                  const Tensor x = a(), y = b(), zero = zeros({}, dy.dtype()), half = dy * 0.5;
                  const Mask a_lost = larger ? x < y : x > y, b_lost = larger ? y < x : y > x,
                             tie = equal(x, y);
                  if (d.needs(0)) d[0] = sum_to(where(tie, half, where(a_lost, zero, dy)), a.shape());
                  if (d.needs(1)) d[1] = sum_to(where(tie, half, where(b_lost, zero, dy)), b.shape());
                });
}
Tensor maximum(const Tensor& a, const Tensor& b) { return extreme("maximum", Binary::maximum, a, b); }
Tensor minimum(const Tensor& a, const Tensor& b) { return extreme("minimum", Binary::minimum, a, b); }

// ---- with a number ----------------------------------------------------------------------------------------

// add(a, number), mul(a, number): as above, without a tensor for the number
Tensor add(const Tensor& a, double b) {
  ops::check_tensors("add_number", {&a});
  return record("add_number", {a}, combine("add_number", Binary::add, a, b),
                [](const Tensor& dy, Gradients& d) { d[0] = dy; });
}
Tensor mul(const Tensor& a, double b) {
  ops::check_tensors("mul_number", {&a});
  return record("mul_number", {a}, combine("mul_number", Binary::mul, a, b),
                [b](const Tensor& dy, Gradients& d) { d[0] = dy * b; });
}

// a / number divides, for x * (1 / n) is not always the same bits;   da = dy / number
Tensor operator/(const Tensor& a, double b) {
  ops::check_tensors("div_number", {&a});
  return record("div_number", {a}, combine("div_number", Binary::div, a, b),
                [b](const Tensor& dy, Gradients& d) { d[0] = dy / b; });
}

// number - b;   db = -dy
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

// pow(x, n): y = x^n;   dx = dy * n * x^(n-1), which is 0 for n = 0
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

// ---- functions --------------------------------------------------------------------------------------------
//
// x (...) -> y (...). `Keeps` says what the derivative is written in, and so what is saved.

// y = -x;   dx = -dy
Tensor neg(const Tensor& x) {
  ops::check_tensors("neg", {&x});
  return record("neg", {x}, map("neg", Unary::neg, x),
                [](const Tensor& dy, Gradients& d) { d[0] = map("neg", Unary::neg, dy); });
}
// y = e^x;   dx = dy * y
Tensor exp(const Tensor& x) { return unary("exp", Unary::exp, x, Keeps::y); }
// y = ln x;   dx = dy / x
Tensor log(const Tensor& x) { return unary("log", Unary::log, x, Keeps::x); }
// y = √x;   dx = dy / (2 y)
Tensor sqrt(const Tensor& x) { return unary("sqrt", Unary::sqrt, x, Keeps::y); }
// y = 1/√x;   dx = -dy * y^3 / 2
Tensor rsqrt(const Tensor& x) { return unary("rsqrt", Unary::rsqrt, x, Keeps::y); }
// y = |x|;   dx = dy * sign(x)
Tensor abs(const Tensor& x) { return unary("abs", Unary::abs, x, Keeps::x); }
// y = tanh x;   dx = dy * (1 - y^2)
Tensor tanh(const Tensor& x) { return unary("tanh", Unary::tanh, x, Keeps::y); }
// y = 1 / (1 + e^-x);   dx = dy * y (1 - y)
Tensor sigmoid(const Tensor& x) { return unary("sigmoid", Unary::sigmoid, x, Keeps::y); }
// y = max(x, 0);   dx = dy where y > 0
Tensor relu(const Tensor& x) { return unary("relu", Unary::relu, x, Keeps::y); }
// y = x Φ(x), Φ the normal distribution: Hendrycks, Gimpel, "Gaussian error linear units", 2016;   dx = dy
// (Φ(x) + x φ(x))
Tensor gelu(const Tensor& x, Gelu form) {
  return form == Gelu::erf ? unary("gelu", Unary::gelu, x, Keeps::x)
                           : unary("gelu_tanh", Unary::gelu_tanh, x, Keeps::x);
}
// y = x σ(x);   dx = dy σ(x) (1 + x (1 - σ(x)))
Tensor silu(const Tensor& x) { return unary("silu", Unary::silu, x, Keeps::x); }

// ---- choices ----------------------------------------------------------------------------------------------

// clamp(x, low, high): y = min(max(x, low), high), so high if low > high; NaN stays NaN
//   backward   dx = dy if low <= x <= high, else 0
//   saves      x
Tensor clamp(const Tensor& x, double low, double high) {
  ops::check_tensors("clamp", {&x});
  const Tensor y = combine("clamp", Binary::minimum, combine("clamp", Binary::maximum, x, low), high);
  return record("clamp", {x}, y, [x = Saved(x), low, high](const Tensor& dy, Gradients& d) {
    const Tensor from = x();
    d[0] = where((from >= low) & (from <= high), dy, zeros({}, dy.dtype()));
  });
}

// where(condition, a, b): y = condition ? a : b;   da = dy where true, db = dy where false
Tensor where(const Mask& condition, const Tensor& a, const Tensor& b) {
  ops::check_tensors("where", {&a, &b});
  check(condition.defined(), "where", "the condition is an undefined mask");
  const Shape shape =
      broadcast_shapes("where", broadcast_shapes("where", a.shape(), b.shape()), condition.shape());
  Tensor y = ops::allocate("where", shape, a.dtype());
  const Mask c = condition.expand(shape);
  const Tensor ad = ops::dense(a.detach().expand(shape)), bd = ops::dense(b.detach().expand(shape));
  ops::dispatch(a.dtype(), [&]<class T>() {
    const T *pa = ad.data<T>(), *pb = bd.data<T>();
    T* py = ops::output<T>(y);
    kernels::parallel_for(y.numel(), ops::cheap_grain, [&](index_t begin, index_t stop) {
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

// masked_fill(x, mask, value): y = value where mask is true;   dx = dy elsewhere
//   taught in  lessons/02
Tensor masked_fill(const Tensor& x, const Mask& mask, double value) {
  ops::check_tensors("masked_fill", {&x});
  check(mask.defined(), "masked_fill", "the mask is undefined");
  check(broadcast_shapes("masked_fill", x.shape(), mask.shape()) == x.shape(), "masked_fill", "mask ",
        mask.shape(), " must broadcast to x ", x.shape());
  const auto fill = [](Tensor y, const Tensor& from, const Mask& where_true, double number) {
    const Tensor fd = ops::dense(from);
    ops::dispatch(from.dtype(), [&]<class T>() {
      const T v = static_cast<T>(number), *px = fd.data<T>();
      T* py = ops::output<T>(y);
      kernels::parallel_for(y.numel(), ops::cheap_grain, [&](index_t begin, index_t stop) {
        kernels::kernels<T>().select(Operands::a_is_one, where_true.data() + begin, &v, px + begin,
                                     py + begin, stop - begin);
      });
    });
    return y;
  };
  const Tensor y = ops::allocate_like("masked_fill", x);
  const Mask m = mask.expand(x.shape());
  return record("masked_fill", {x}, fill(y, x, m, value), [m, fill](const Tensor& dy, Gradients& d) {
    d[0] = fill(ops::allocate_like("masked_fill", dy), dy, m, 0);
  });
}

}  // namespace heed
