// short_attention.cpp — attention of short sequences: 96 rows of P at a time, all keys of each.
//
// The numbers are those of attention.cpp's passes.
#include "autograd/kernels/thread_pool.h"
#include "autograd/ops/attention_call.h"

namespace heed::ops {

namespace {

constexpr index_t rows_at_once = 96;

index_t blocks(const Call& call) { return (call.t() + rows_at_once - 1) / rows_at_once; }
Block block(const Call& call, index_t i) {
  const index_t head = i / blocks(call), row = i % blocks(call) * rows_at_once;
  return {head, row, std::min(rows_at_once, call.t() - row), 0, call.s()};
}
index_t largest_block(const Call& call) { return std::min(rows_at_once, call.t()) * call.s(); }

// Adds pᵀ · x, of the block's rows, to the head's keys in `sums`: what each key gets from these queries.
template <class T>
void add_to_keys(const Block& b, const T* p, const Matrices& x, Matrices& sums) {
  product<T>({p, b.keys, true}, {x.at<T>(b.head, b.row), x.ld}, sums.output<T>(b.head, 0), sums.ld,
             {.m = b.keys, .n = x.columns(), .k = b.rows, .accumulate = true});
}

}  // namespace

template <class T>
void short_forward(const Inputs& in, Matrices& y, Tensor& weights) {
  const Call& call = in.call;
  const double flops = 2.0 * static_cast<double>(largest_block(call) * (in.q.columns() + in.v.columns()));
  const index_t grain = kernels::grain_for(flops);
  kernels::parallel_for(call.heads() * blocks(call), grain, [&](index_t begin, index_t stop) {
    Scores<T> scores(in);
    Room<T> made(largest_block(call)), dropped(call.keep ? largest_block(call) : 0);
    for (index_t i = begin; i < stop; ++i) {
      const Block b = block(call, i);
      T* p = weights.defined() ? output<T>(weights) + (b.head * call.t() + b.row) * b.keys : made.data();
      scores.make(b, p);                                                            // 1
      kernels::kernels<T>().softmax_rows(p, scores.visible(b), p, b.rows, b.keys);  // 2
      if (call.keep) {
        scores.draw(b);
        scores.drop(b, p, dropped.data());
        p = dropped.data();
      }
      product<T>({p, b.keys}, {in.v.at<T>(b.head, 0), in.v.ld}, y.output<T>(b.head, b.row), y.ld,  // 3
                 {.m = b.rows, .n = in.v.columns(), .k = b.keys});
    }
  });
}

template <class T>
void short_backward(const Inputs& in, const Tensor& weights, const Matrices& dy, AttentionGradients& d) {
  const Call& call = in.call;
  const auto& table = kernels::kernels<T>();
  const double flops = 4.0 * static_cast<double>(call.t() * call.s() * (in.q.columns() + in.v.columns()));
  // The blocks of a head add to the same dk and dv: one after the other, whatever the number of threads.
  kernels::parallel_for(call.heads(), kernels::grain_for(flops), [&](index_t begin, index_t stop) {
    Scores<T> scores(in);
    Room<T> made(largest_block(call)), dropped(call.keep ? largest_block(call) : 0);
    T* ds = made.data();
    for (index_t i = begin * blocks(call); i < stop * blocks(call); ++i) {
      const Block b = block(call, i);
      const index_t first = (b.head * call.t() + b.row) * b.keys;
      const T* p = weights.data<T>() + first;
      if (call.keep) scores.draw(b);
      if (d.v) {  // 3
        if (call.keep) scores.drop(b, p, dropped.data());
        add_to_keys(b, call.keep ? dropped.data() : p, dy, *d.v);
      }
      if (!d.q && !d.k && !d.scores.defined()) continue;
      product<T>({dy.at<T>(b.head, b.row), dy.ld}, {in.v.at<T>(b.head, 0), in.v.ld, true}, ds, b.keys,
                 {.m = b.rows, .n = b.keys, .k = in.v.columns()});
      if (call.keep) scores.drop(b, ds, ds);
      table.softmax_rows_backward(ds, p, ds, b.rows, b.keys);  // 2
      if (d.scores.defined()) std::copy_n(ds, b.size(), output<T>(d.scores) + first);
      table.axpby(static_cast<T>(call.scale), ds, 0, ds, b.size());
      if (d.q)  // 1
        product<T>({ds, b.keys}, {in.k.at<T>(b.head, 0), in.k.ld}, d.q->template output<T>(b.head, b.row),
                   d.q->ld, {.m = b.rows, .n = in.q.columns(), .k = b.keys});
      if (d.k) add_to_keys<T>(b, ds, in.q, *d.k);
    }
  });
}

template void short_forward<float>(const Inputs&, Matrices&, Tensor&);
template void short_forward<double>(const Inputs&, Matrices&, Tensor&);
template void short_backward<float>(const Inputs&, const Tensor&, const Matrices&, AttentionGradients&);
template void short_backward<double>(const Inputs&, const Tensor&, const Matrices&, AttentionGradients&);

}  // namespace heed::ops
