#include "nn/additive_attention.h"

#include "autograd/ops/attention_masks.h"

namespace heed::nn {

static const char* const additive_attention_op = "AdditiveAttention";

AdditiveAttention::AdditiveAttention(AdditiveAttentionOptions o, Generator& gen)
    : options(o),
      W_q({.in = o.query_size, .out = o.hidden_size, .bias = false}, gen),
      W_k({.in = o.key_size, .out = o.hidden_size, .bias = false}, gen),
      v({.in = o.hidden_size, .out = 1, .bias = false}, gen) {}

AttentionResult AdditiveAttention::forward(const Tensor& query, const Tensor& key, const Tensor& value,
                                           const Mask& mask) const {
  const bool fits = query.defined() && key.defined() && value.defined() && query.rank() == 3 &&
                    key.rank() == 3 && value.rank() == 3 && query.size(0) == key.size(0) &&
                    key.size(0) == value.size(0) && key.size(1) == value.size(1);
  check(fits, additive_attention_op, "expected query, key and value (B, T, ", options.query_size,
        "), (B, S, ", options.key_size, ") and (B, S, Dv), got ", query, ", ", key, " and ", value);
  const index_t t = query.size(1), s = key.size(1);
  ops::check_mask(additive_attention_op, mask, {query.size(0), t, s});
  const ops::AttendedPositions attended = ops::attended_positions(mask, {}, t, s);
  const Tensor keys = clear_padding(key, attended.keys);
  const Tensor queries = query.state() == key.state() ? keys : clear_padding(query, attended.queries);

  // (B, T, S, hidden) -> (B, T, S)
  const Tensor sums = tanh(W_q(queries).unsqueeze(2) + W_k(keys).unsqueeze(1));
  const Tensor scores = v(sums).squeeze(-1);
  const Tensor weights = mask.defined() ? masked_softmax(scores, mask) : softmax(scores, -1);
  return {matmul(weights, clear_padding(value, attended.keys)), weights};
}

void AdditiveAttention::visit(Visitor& visitor) {
  visitor.child("W_q", W_q);
  visitor.child("W_k", W_k);
  visitor.child("v", v);
}

}  // namespace heed::nn
