// dropout.cpp — noise that keeps a network from leaning on single numbers.
#include <vector>

#include "autograd/ops/common.h"
#include "autograd/ops/keep_rule.h"

namespace heed {

namespace {

// One bit an element, 1 = kept.
using KeepBits = std::vector<std::uint64_t>;

KeepBits draw(index_t n, const kernels::KeepSource& rule) {
  KeepBits words(static_cast<std::size_t>((n + 63) / 64));
  kernels::parallel_for(
      static_cast<index_t>(words.size()), ops::costly_grain / 64, [&](index_t begin, index_t stop) {
        kernels::kernels<float>().keep_bits(rule, begin, words.data() + begin, stop - begin);
      });
  return words;
}

// y = x * scale where kept, else 0
Tensor apply(Tensor y, const KeepBits& words, const Tensor& x, double scale) {
  const Tensor xd = ops::dense(x);
  ops::dispatch(x.dtype(), [&]<class T>() {
    const T *px = xd.data<T>(), s = static_cast<T>(scale);
    T* py = ops::output<T>(y);
    kernels::parallel_for(x.numel(), ops::cheap_grain, [&](index_t begin, index_t stop) {
      kernels::kernels<T>().drop(words.data(), begin, px + begin, s, py + begin, stop - begin);
    });
  });
  return y;
}

}  // namespace

// dropout(x, p): each number is lost with probability p, and the others grow so that the mean stays.
//   forward    y = x * keep / (1 - p)
//   backward   dx = dy * keep / (1 - p), the same keep
//   saves      keep, one bit an element
//   taught in  lessons/05
Tensor dropout(const Tensor& x, double p, Generator& gen) {
  ops::check_tensors("dropout", {&x});
  check(p >= 0 && p <= 1, "dropout", "p must be in [0, 1], got ", p);
  if (p == 0 || x.numel() == 0) return x;
  const double scale = p < 1 ? 1 / (1 - p) : 0;
  Tensor y = ops::allocate_like("dropout", x);
  KeepBits keep = draw(x.numel(), ops::keep_rule(x.numel(), p, gen));
  y = apply(y, keep, x, scale);
  return record("dropout", {x}, y, [keep = std::move(keep), scale](const Tensor& dy, Gradients& d) {
    d[0] = apply(ops::allocate_like("dropout", dy), keep, dy, scale);
  });
}

}  // namespace heed
