// matmul.cpp — matrix products, batches of them, and the linear layer.
#include <vector>

#include "autograd/ops/matrix_batch.h"
#include "autograd/ops/packed_weights.h"

namespace heed {

namespace {

// The offsets of the matrices of t if its leading axes are broadcast to `batch`.
std::vector<index_t> offsets(const Tensor& t, const Shape& batch) {
  const Shape leading = ops::leading_axes(t.shape());
  return ops::matrix_offsets(batch, broadcast_strides(leading, ops::leading_axes(t.strides()), batch));
}

// Returns a (..., n, k) · b (..., k, m) -> (..., n, m), not recorded. If b is a single matrix and a
// is contiguous, the batch is computed as one tall matrix.
Tensor product(const Tensor& a, const Tensor& b) {
  const Shape batch = broadcast_shapes("matmul", ops::leading_axes(a.shape()), ops::leading_axes(b.shape()));
  Shape shape = batch;
  shape.push_back(a.size(-2));
  shape.push_back(b.size(-1));
  Tensor y = ops::allocate("matmul", shape, a.dtype());
  if (y.numel() == 0) return y;
  if (a.size(-1) == 0) return y.fill_(0);
  const ops::GemmOperand pb(b);
  if (a.rank() > 2 && b.rank() == 2 && a.is_contiguous()) {
    const Tensor tall = a.detach().reshape({-1, a.size(-1)});
    ops::dispatch(a.dtype(), [&]<class T>() {
      const kernels::MatrixView<T> rows{tall.data<T>(), a.size(-1)};
      const kernels::MatrixView<T> matrix{pb.tensor.data<T>(), pb.ld, pb.transposed};
      kernels::gemm({.m = tall.size(0), .n = b.size(-1), .k = a.size(-1)}, rows, matrix, ops::output<T>(y),
                    b.size(-1));
    });
    return y;
  }
  const ops::GemmOperand pa(a);
  const kernels::GemmShape s{.transpose_a = pa.transposed,
                             .transpose_b = pb.transposed,
                             .m = a.size(-2),
                             .n = b.size(-1),
                             .k = a.size(-1),
                             .lda = pa.ld,
                             .ldb = pb.ld,
                             .ldc = b.size(-1)};
  const auto offsets_a = offsets(pa.tensor, batch), offsets_b = offsets(pb.tensor, batch),
             offsets_y = offsets(y, batch);
  ops::dispatch(a.dtype(), [&]<class T>() {
    kernels::gemm_batched(s, static_cast<index_t>(offsets_y.size()), pa.tensor.data<T>(), offsets_a.data(),
                          pb.tensor.data<T>(), offsets_b.data(), ops::output<T>(y), offsets_y.data());
  });
  return y;
}

// Returns aᵀ · dy summed over the batch, as one product of all rows.
Tensor shared_gradient(const Tensor& a, const Tensor& dy) {
  return product(a.reshape({-1, a.size(-1)}).transpose(0, 1), dy.reshape({-1, dy.size(-1)}));
}

void check_product(const Tensor& a, const Tensor& b) {
  ops::check_tensors("matmul", {&a, &b});
  check(a.rank() >= 1 && b.rank() >= 1, "matmul", "expected operands with at least one axis, got ", a, " x ",
        b, ". Hint: use * to multiply by a number");
  const index_t inner_a = a.size(-1), inner_b = b.size(b.rank() == 1 ? -1 : -2);
  const bool transpose_fits = b.rank() >= 2 && b.size(-1) == inner_a;
  check(inner_a == inner_b, "matmul", "expected a to have as many columns as b has rows, got ", a, " x ", b,
        ": ", inner_a, " columns and ", inner_b, " rows",
        transpose_fits ? ". Hint: b.transpose(-2, -1) would fit" : "");
}

}  // namespace

// matmul(a, b): the matrix product, for each pair of matrices of two batches.
//   a (..., n, k), b (..., k, m) -> y (..., n, m); leading axes broadcast
//   forward    y[i][j] = Σ_k a[i][k] * b[k][j]; transposed matrices and split heads are read in place
//   backward   da = dy · bᵀ;  db = aᵀ · dy; each summed over the leading axes along which it was broadcast
//   saves      a, b
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
  check(weight.rank() == 2 && x.rank() >= 1 && x.size(-1) == weight.size(1), op,
        "expected x (..., in) and weight (out, in), got x ", x, " and weight ", weight);
  if (!bias.defined()) return;
  ops::check_tensors(op, {&x, &bias});
  check(bias.shape() == Shape{weight.size(0)}, op, "expected bias (out) = (", weight.size(0), ") for weight ",
        weight, ", got ", bias);
}

// Returns f(x · weightᵀ + bias), not recorded. gemm applies the bias and f while a row is in the cache.
Tensor linear_forward(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias,
                      kernels::Unary f) {
  const index_t in = weight.size(1), out = weight.size(0);
  Shape shape = x.shape();
  shape[shape.rank() - 1] = out;
  Tensor y = ops::allocate(op, shape, x.dtype());
  const ops::GemmOperand w(weight);
  const ops::Dense b(bias);
  ops::dispatch(x.dtype(), [&]<class T>() {
    const kernels::GemmShape s{.transpose_b = !w.transposed,
                               .m = ops::rows_of(x.shape()),
                               .n = out,
                               .k = in,
                               .lda = in,
                               .ldb = w.ld,
                               .ldc = out};
    const T* pw = w.tensor.data<T>();
    const auto packed =
        ops::packed_weight<T>({pw, s.ldb, s.transpose_b}, *w.tensor.state()->storage, s.k, s.n, s.m);
    kernels::gemm<T>(s, x.data<T>(), pw, ops::output<T>(y), {.bias = ops::data_or_null<T>(b), .f = f},
                     packed.get());
  });
  return y;
}

// Sets the gradients of x, weight and bias from dy (..., out). Reads the saved weight only if x
// needs a gradient.
void linear_backward(const Tensor& dy, const Saved& x, const Saved& weight, Gradients& d) {
  const index_t in = x.shape().back(1), out = dy.size(-1), rows = ops::rows_of(dy.shape());
  const ops::Dense g(dy);
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
  if (d.needs(2)) d[2] = sum(dy.reshape({rows, out}), 0);
}

}  // namespace

// linear(x, weight, bias): a linear layer, applied to each row of x.
//   x (..., in), weight (out, in), bias (out) -> y (..., out)
//   forward    y = x · weightᵀ + bias
//   backward   dx = dy · weight;  dweight = dyᵀ · x;  dbias = sum over rows of dy
//   saves      x, weight
//   taught in  lessons/00
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check_linear("linear", x, weight, bias);
  const ops::Dense xd(x);
  return record("linear", {x, weight, bias}, linear_forward("linear", xd, weight, bias, kernels::Unary::none),
                [x = Saved(xd), weight = Saved(weight)](const Tensor& dy, Gradients& d) {
                  linear_backward(dy, x, weight, d);
                });
}

// linear_relu(x, weight, bias): relu(linear(x, weight, bias)) as one op. A test compares the two.
//   x (..., in), weight (out, in), bias (out) -> y (..., out)
//   forward    y = max(x · weightᵀ + bias, 0)
//   backward   as in linear, with dy if y > 0, else 0, in place of dy
//   saves      x, weight, y
//   taught in  lessons/05, in two steps
Tensor linear_relu(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check_linear("linear_relu", x, weight, bias);
  const ops::Dense xd(x);
  const Tensor y = linear_forward("linear_relu", xd, weight, bias, kernels::Unary::relu);
  return record("linear_relu", {x, weight, bias}, y,
                [x = Saved(xd), weight = Saved(weight), y = Saved(y)](const Tensor& dy, Gradients& d) {
                  linear_backward(ops::unary_backward(kernels::Unary::relu, dy, y()), x, weight, d);
                });
}

}  // namespace heed
