// matmul.cpp — the product of matrices, of batches of them, and the linear layer.
#include <algorithm>
#include <optional>
#include <vector>

#include "autograd/kernels/gemm.h"
#include "autograd/ops/common.h"

namespace heed {

namespace {

// A matrix, or a batch of them, as gemm reads it: in place where one of its last two axes is dense.
struct Operand {
  Tensor tensor;
  bool transposed = false;
  index_t ld = 1;  // distance between stored rows

  explicit Operand(const Tensor& t) : tensor(t.detach()) {
    if (fits()) return;
    tensor = contiguous(tensor);
    fits();
  }

 private:
  bool fits() {
    const index_t rows = tensor.size(-2), columns = tensor.size(-1);
    const index_t row_step = tensor.strides().back(2), column_step = tensor.strides().back(1);
    if ((column_step == 1 || columns <= 1) && (row_step >= columns || rows <= 1)) {
      transposed = false, ld = rows <= 1 ? std::max<index_t>(columns, 1) : row_step;
      return true;
    }
    if ((row_step == 1 || rows <= 1) && (column_step >= rows || columns <= 1)) {
      transposed = true, ld = columns <= 1 ? std::max<index_t>(rows, 1) : column_step;
      return true;
    }
    return false;
  }
};

// Offsets of the matrices of `t` when its leading axes are stretched to `batch`.
std::vector<index_t> offsets(const Tensor& t, const Shape& batch) {
  std::vector<index_t> result{0};
  const int axes = t.rank() - 2;
  for (int i = 0; i < batch.rank(); ++i) {
    const int axis = axes - batch.rank() + i;
    const index_t step = axis >= 0 && t.shape()[axis] != 1 ? t.strides()[axis] : 0;
    std::vector<index_t> next;
    next.reserve(result.size() * static_cast<std::size_t>(batch[i]));
    for (const index_t start : result)
      for (index_t k = 0; k < batch[i]; ++k) next.push_back(start + k * step);
    result = std::move(next);
  }
  return result;
}

Shape leading(const Shape& shape) {
  return Shape(std::span(shape.begin(), static_cast<std::size_t>(shape.rank() - 2)));
}

// a (..., n, k) · b (..., k, m) -> (..., n, m), unrecorded. With a two-dimensional b and a dense a the batch
// is one tall matrix.
Tensor product(const Tensor& a, const Tensor& b) {
  const Shape batch = broadcast_shapes("matmul", leading(a.shape()), leading(b.shape()));
  Shape shape = batch;
  shape.push_back(a.size(-2));
  shape.push_back(b.size(-1));
  Tensor y = ops::allocate("matmul", shape, a.dtype());
  if (y.numel() == 0) return y;
  if (a.size(-1) == 0) return y.fill_(0);
  const Operand pb(b);
  if (a.rank() > 2 && b.rank() == 2 && a.is_contiguous()) {
    const Tensor tall = a.detach().reshape({-1, a.size(-1)});
    const kernels::GemmShape s{.transpose_b = pb.transposed,
                               .m = tall.size(0),
                               .n = b.size(-1),
                               .k = a.size(-1),
                               .lda = a.size(-1),
                               .ldb = pb.ld,
                               .ldc = b.size(-1)};
    ops::dispatch(a.dtype(), [&]<class T>() {
      kernels::gemm(s, tall.data<T>(), pb.tensor.data<T>(), ops::output<T>(y));
    });
    return y;
  }
  const Operand pa(a);
  const kernels::GemmShape s{.transpose_a = pa.transposed,
                             .transpose_b = pb.transposed,
                             .m = a.size(-2),
                             .n = b.size(-1),
                             .k = a.size(-1),
                             .lda = pa.ld,
                             .ldb = pb.ld,
                             .ldc = b.size(-1)};
  const auto at_a = offsets(pa.tensor, batch), at_b = offsets(pb.tensor, batch), at_y = offsets(y, batch);
  ops::dispatch(a.dtype(), [&]<class T>() {
    kernels::gemm_batched(s, static_cast<index_t>(at_y.size()), pa.tensor.data<T>(), at_a.data(),
                          pb.tensor.data<T>(), at_b.data(), ops::output<T>(y), at_y.data());
  });
  return y;
}

// aᵀ · dy summed over the batch: with all rows under each other it is one product.
Tensor shared_gradient(const Tensor& a, const Tensor& dy) {
  return product(a.reshape({-1, a.size(-1)}).transpose(0, 1), dy.reshape({-1, dy.size(-1)}));
}

void check_product(const Tensor& a, const Tensor& b) {
  ops::check_tensors("matmul", {&a, &b});
  check(a.rank() >= 1 && b.rank() >= 1, "matmul", "needs at least one axis on each side: ", a.shape(), " x ",
        b.shape(), ". Hint: * multiplies by a number");
  const index_t inner_a = a.size(-1), inner_b = b.size(b.rank() == 1 ? -1 : -2);
  const bool would_fit = b.rank() >= 2 && b.size(-1) == inner_a;
  check(inner_a == inner_b, "matmul", "the inner sizes differ: ", a.shape(), " x ", b.shape(),
        "; the columns of a (", inner_a, ") must equal the rows of b (", inner_b, ")",
        would_fit ? ". Hint: b.transpose(-2, -1) would fit" : "");
}

}  // namespace

// matmul(a, b): y[i][j] = Σ_k a[i][k] * b[k][j], for each pair of matrices.
//   a (..., n, k), b (..., k, m) -> y (..., n, m); leading axes broadcast
//   backward   da = dy · bᵀ;  db = aᵀ · dy; each summed over the batches that it was stretched along
//   saves      a, b. Transposes and head-split views are read in place, never copied
//   taught in  lessons/02
Tensor matmul(const Tensor& a, const Tensor& b) {
  check_product(a, b);
  if (a.rank() == 1) return matmul(a.unsqueeze(0), b).squeeze(b.rank() == 1 ? 0 : -2);
  if (b.rank() == 1) return matmul(a, b.unsqueeze(1)).squeeze(-1);
  return record(
      "matmul", {a, b}, product(a, b), [a = Saved(a), b = Saved(b)](const Tensor& dy, Gradients& d) {
        if (d.needs(0)) d[0] = sum_to(product(dy, b().transpose(-2, -1)), a.shape());
        if (d.needs(1)) {
          const bool shared = b.shape().rank() == 2 && a.shape().rank() > 2;
          d[1] = shared ? shared_gradient(a(), dy) : sum_to(product(a().transpose(-2, -1), dy), b.shape());
        }
      });
}

namespace {

void check_linear(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  ops::check_tensors(op, {&x, &weight});
  check(weight.rank() == 2 && x.rank() >= 1 && x.size(-1) == weight.size(1), op, "x ", x.shape(),
        " does not fit weight ", weight.shape(),
        "; the last axis of x must be the weight's second (out, in)");
  if (!bias.defined()) return;
  ops::check_tensors(op, {&x, &bias});
  check(bias.shape() == Shape{weight.size(0)}, op, "bias ", bias.shape(),
        " must have one number for each of the ", weight.size(0), " outputs of weight ", weight.shape());
}

// f(x · weightᵀ + bias), unrecorded: bias and f are applied while a row is in the cache.
Tensor through(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias, kernels::Unary f) {
  const index_t in = weight.size(1), out = weight.size(0);
  Shape shape = x.shape();
  shape[shape.rank() - 1] = out;
  Tensor y = ops::allocate(op, shape, x.dtype());
  const Operand w(weight);
  ops::dispatch(x.dtype(), [&]<class T>() {
    const Tensor b = bias.defined() ? ops::dense(bias) : Tensor();
    const kernels::GemmShape s{.transpose_b = !w.transposed,
                               .m = ops::rows_of(x.shape()),
                               .n = out,
                               .k = in,
                               .lda = in,
                               .ldb = w.ld,
                               .ldc = out};
    kernels::gemm<T>(s, x.data<T>(), w.tensor.data<T>(), ops::output<T>(y),
                     {.bias = b.defined() ? b.data<T>() : nullptr, .f = f});
  });
  return y;
}

// What x, weight and bias get of dy (..., out). The weight is asked for only where x needs it.
void share_out(const Tensor& dy, const Saved& x, const Saved& weight, Gradients& d) {
  const index_t in = x.shape().back(1), out = dy.size(-1), rows = ops::rows_of(dy.shape());
  const Tensor g = ops::dense(dy);
  const auto product_of = [&](const Shape& shape, const kernels::GemmShape& s, const Tensor& a,
                              const Tensor& b) {
    Tensor y = ops::allocate("linear", shape, dy.dtype());
    ops::dispatch(dy.dtype(),
                  [&]<class T>() { kernels::gemm<T>(s, a.data<T>(), b.data<T>(), ops::output<T>(y)); });
    return y;
  };
  if (d.needs(0))
    d[0] = product_of(x.shape(), {.m = rows, .n = in, .k = out, .lda = out, .ldb = in, .ldc = in}, g,
                      ops::dense(weight()));
  if (d.needs(1))
    d[1] = product_of({out, in},
                      {.transpose_a = true, .m = out, .n = in, .k = rows, .lda = out, .ldb = in, .ldc = in},
                      g, x());
  if (d.needs(2)) d[2] = sum(g.reshape({rows, out}), 0);
}

}  // namespace

// linear(x, weight, bias): every row of x through one matrix.
//   x (..., in), weight (out, in), bias (out) -> y (..., out)
//   forward    y = x · weightᵀ + bias
//   backward   dx = dy · weight;  dweight = dyᵀ · x;  dbias = sum over rows of dy
//   saves      x, weight
//   taught in  lessons/00
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check_linear("linear", x, weight, bias);
  const Tensor xd = ops::dense(x);
  return record("linear", {x, weight, bias}, through("linear", xd, weight, bias, kernels::Unary::none),
                [x = Saved(xd), weight = Saved(weight)](const Tensor& dy, Gradients& d) {
                  share_out(dy, x, weight, d);
                });
}

// linear_relu(x, weight, bias): relu(linear(x, weight, bias)) as one op; a test holds the two together.
//   forward    y = max(x · weightᵀ + bias, 0)
//   backward   as linear's, of dy where y > 0
//   saves      x, weight, y
//   taught in  lessons/05, as its two steps
Tensor linear_relu(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check_linear("linear_relu", x, weight, bias);
  const Tensor xd = ops::dense(x), y = through("linear_relu", xd, weight, bias, kernels::Unary::relu);
  return record("linear_relu", {x, weight, bias}, y,
                [x = Saved(xd), weight = Saved(weight), y = Saved(y)](const Tensor& dy, Gradients& d) {
                  share_out(ops::unary_backward(kernels::Unary::relu, dy, y()), x, weight, d);
                });
}

}  // namespace heed
