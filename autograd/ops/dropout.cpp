// dropout.cpp — random zeros that keep a network from depending on single elements.
#include "autograd/ops/dropout.h"

#include <utility>
#include <vector>

#include "autograd/ops/common.h"

namespace heed {

namespace {

// One bit per element, 1 = kept.
using KeepBits = std::vector<std::uint64_t>;

KeepBits draw(index_t n, const kernels::KeepSource& source) {
  KeepBits bits(static_cast<std::size_t>((n + 63) / 64));
  kernels::parallel_for(
      static_cast<index_t>(bits.size()), 64 * ops::costly_ns, [&](index_t begin, index_t stop) {
        kernels::kernels<float>().keep_bits(source, begin, bits.data() + begin, stop - begin);
      });
  return bits;
}

// Writes x * scale to y for the elements that are kept, 0 for the others. Returns y.
Tensor apply(Tensor y, const KeepBits& bits, const Tensor& x, double scale) {
  return ops::element_wise(
      std::move(y), x, ops::cheap_ns, [&]<class T>(const T* px, T* py, index_t first, index_t count) {
        kernels::kernels<T>().drop(bits.data(), first, px, static_cast<T>(scale), py, count);
      });
}

}  // namespace

// dropout(x, p): zeroes each element with probability p and scales the others, so that the mean is
// unchanged.
//   x (...) -> y (...)
//   forward    y = x * keep / (1 - p)
//   backward   dx = dy * keep / (1 - p), with the same keep
//   saves      keep, one bit per element
//   taught in  lessons/05
Tensor dropout(const Tensor& x, double p, Generator& gen) {
  ops::check_tensors("dropout", {&x});
  check(p >= 0 && p <= 1, "dropout", "expected p in [0, 1], got ", p);
  if (p == 0 || x.numel() == 0) return x;
  const double scale = p < 1 ? 1 / (1 - p) : 0;
  Tensor y = ops::allocate_like("dropout", x);
  KeepBits keep = draw(x.numel(), ops::keep_source(x.numel(), p, gen));
  y = apply(y, keep, x, scale);
  return record("dropout", {x}, y, [keep = std::move(keep), scale](const Tensor& dy, Gradients& d) {
    d[0] = apply(ops::allocate_like("dropout", dy), keep, dy, scale);
  });
}

}  // namespace heed
