// course_sketch.h — the sketch of section 4 of the course document, compared with the complete layer.
#pragma once

#include "lessons/support/lesson.h"
#include "nn/multihead_attention.h"

namespace heed::lessons {

// The sketch: split, attend in each head, merge. It uses `batch` and `seq` without defining them; here
// they are read from the tensors, because keys and values may have another length than queries.
inline Tensor multi_head_attention_of_course(const Tensor& q, const Tensor& k, const Tensor& v,
                                             index_t num_heads) {
  const index_t d_k = q.size(-1) / num_heads;
  const auto split = [&](const Tensor& x) {
    return x.reshape({x.size(0), x.size(1), num_heads, d_k}).transpose(1, 2);
  };
  return attention(split(q), split(k), split(v), {}).output.transpose(1, 2).reshape(q.shape());
}

// The sketch has no projections. So a head sees only its own channels, and no output channel depends on
// the channels of another head.
inline void course_sketch(Page& page) {
  page.step("What the course's sketch leaves out");
  page.say(
      "The sketch of section 4 splits, attends and merges, but never applies W_Q, W_K, W_V and W_O. The same "
      "ten words pass through it and through the complete layer, twice: the second time, the channels of "
      "head 0 have other values.");
  constexpr index_t channels = 48, heads = 4, width_of_head = channels / heads;
  Generator gen(0);
  nn::MultiheadAttention layer({.d_model = channels, .nhead = heads, .batch_first = true}, gen);
  const NoGrad no_grad;
  const Tensor x = randn({1, 10, channels}, gen), other = randn({1, 10, width_of_head}, gen),
               changed = cat({other, x.slice(2, width_of_head)}, 2);
  const auto of_other_heads = [&](const Tensor& a, const Tensor& b) {
    return max_abs_difference(a.slice(2, width_of_head), b.slice(2, width_of_head));
  };
  const auto sketch = [&](const Tensor& t) { return multi_head_attention_of_course(t, t, t, heads); };
  const auto complete = [&](const Tensor& t) { return layer.forward(t, t, t).output; };
  const double without = of_other_heads(sketch(x), sketch(changed)),
               with = of_other_heads(complete(x), complete(changed));
  page.shape("sketch", sketch(x).shape(), "no parameters, so there is nothing to learn");
  page.shape("layer", complete(x).shape(), concat(layer.parameter_count(), " parameters"));
  page.identity("no_projections", "without projections, a head sees only its own channels",
                {"the outputs of the other heads change by ", number(without), " in the sketch, by up to ",
                 number(with, 2), " in the layer"},
                without == 0 && with > 0);
}

}  // namespace heed::lessons
