// short_attention.cpp — attention of short sequences: 96 rows of P at a time, all keys of each, and P kept for backward.
//
// The numbers are those of attention.cpp's passes.
#include "autograd/kernels/thread_pool.h"
#include "autograd/ops/attention_call.h"

namespace heed::ops {

namespace {

constexpr index_t rows_at_once = 96;

index_t blocks(const Call& call) { return (call.t() + rows_at_once - 1) / rows_at_once; }
Block block(const Call& call, index_t head, index_t i) {
  const index_t row = i * rows_at_once;
  return {head, row, std::min(rows_at_once, call.t() - row), 0, call.s()};
}
index_t room(const Call& call) { return std::min(rows_at_once, call.t()) * call.s(); }

// Adds pᵀ · x, of the block's rows, to the head's keys in `sums`: what each key gets from these queries.
template <class T>
void add_to_keys(const Block& b, const T* p, const Matrices& x, Matrices& sums) {
  product(true, p, b.keys, false, x.at<T>(b.head, b.row), x.ld, sums.output<T>(b.head, 0), sums.ld, b.keys,
          x.columns(), b.rows, true);
}

}  // namespace

template <class T>
void short_forward(const Call& call, const Matrices& q, const Matrices& k, const Matrices& v,
                   const Tensor& bias, Matrices& y, Tensor& weights) {
  const index_t width = q.columns(), dv = v.columns(), s = call.s();
  const double flops = 2.0 * static_cast<double>(room(call) * (width + dv));
  kernels::parallel_for(call.heads() * blocks(call), worth_a_thread(flops), [&](index_t begin, index_t stop) {
    Scores<T> scores(call, bias);
    Room<T> made(room(call)), dropped(call.keep ? room(call) : 0);
    for (index_t i = begin; i < stop; ++i) {
      const Block b = block(call, i / blocks(call), i % blocks(call));
      T* p = weights.defined() ? output<T>(weights) + (b.head * call.t() + b.row) * s : made.data();
      scores.make(b, q.at<T>(b.head, b.row), q.ld, k.at<T>(b.head, 0), k.ld, width, p);  // 1
      kernels::kernels<T>().softmax_rows(p, scores.visible(b), p, b.rows, b.keys);       // 2
      if (call.keep) scores.draw(b), scores.drop(b, p, dropped.data()), p = dropped.data();
      product(false, p, s, false, v.at<T>(b.head, 0), v.ld, y.output<T>(b.head, b.row), y.ld, b.rows, dv,
              s);  // 3
    }
  });
}

template <class T>
void short_backward(const Call& call, const Matrices& q, const Matrices& k, const Matrices& v,
                    const Tensor& weights, const Matrices& dy, AttentionGradients& d) {
  const index_t width = q.columns(), dv = v.columns(), s = call.s();
  const auto& table = kernels::kernels<T>();
  const double flops = 4.0 * static_cast<double>(call.t() * s * (width + dv));
  // The blocks of a head add to the same dk and dv: one after the other, whatever the number of threads.
  kernels::parallel_for(call.heads(), worth_a_thread(flops), [&](index_t begin, index_t stop) {
    Scores<T> scores(call, {});
    Room<T> made(room(call)), dropped(call.keep ? room(call) : 0);
    for (index_t i = begin * blocks(call); i < stop * blocks(call); ++i) {
      const Block b = block(call, i / blocks(call), i % blocks(call));
      const index_t first = (b.head * call.t() + b.row) * s;
      const T *p = weights.data<T>() + first, *go = dy.at<T>(b.head, b.row);
      T* ds = made.data();
      if (call.keep) scores.draw(b);
      if (d.v) {  // 3
        if (call.keep) scores.drop(b, p, dropped.data());
        add_to_keys(b, call.keep ? dropped.data() : p, dy, *d.v);
      }
      if (!d.q && !d.k && !d.scores.defined()) continue;
      product(false, go, dy.ld, true, v.at<T>(b.head, 0), v.ld, ds, s, b.rows, s, dv);
      if (call.keep) scores.drop(b, ds, ds);
      table.softmax_rows_backward(ds, p, ds, b.rows, s);  // 2
      if (d.scores.defined()) std::copy_n(ds, b.size(), output<T>(d.scores) + first);
      table.axpby(static_cast<T>(call.scale), ds, 0, ds, b.size());
      if (d.q)  // 1
        product(false, ds, s, false, k.at<T>(b.head, 0), k.ld, d.q->template output<T>(b.head, b.row),
                d.q->ld, b.rows, width, s);
      if (d.k) add_to_keys<T>(b, ds, q, *d.k);
    }
  });
}

template void short_forward<float>(const Call&, const Matrices&, const Matrices&, const Matrices&,
                                   const Tensor&, Matrices&, Tensor&);
template void short_forward<double>(const Call&, const Matrices&, const Matrices&, const Matrices&,
                                    const Tensor&, Matrices&, Tensor&);
template void short_backward<float>(const Call&, const Matrices&, const Matrices&, const Matrices&,
                                    const Tensor&, const Matrices&, AttentionGradients&);
template void short_backward<double>(const Call&, const Matrices&, const Matrices&, const Matrices&,
                                     const Tensor&, const Matrices&, AttentionGradients&);

}  // namespace heed::ops
