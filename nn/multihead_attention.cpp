#include "nn/multihead_attention.h"

#include <algorithm>
#include <vector>

#include "autograd/ops/attention_masks.h"
#include "autograd/ops/common.h"
#include "nn/init.h"

namespace heed::nn {

// Also replaces widths of 0 by d_model.
static MultiheadAttentionOptions validated(MultiheadAttentionOptions o) {
  check(o.d_model >= 1 && o.nhead >= 1, "MultiheadAttention",
        "expected d_model and nhead of at least 1, got ", o.d_model, " and ", o.nhead);
  check(o.d_model % o.nhead == 0, "MultiheadAttention",
        "expected nhead to divide d_model, got nhead = ", o.nhead, " and d_model = ", o.d_model);
  check(o.dropout >= 0 && o.dropout <= 1, "MultiheadAttention",
        "expected a dropout probability in [0, 1], got ", o.dropout);
  check(o.kdim >= 0 && o.vdim >= 0, "MultiheadAttention",
        "expected kdim and vdim of at least 1 (or 0 for d_model), got ", o.kdim, " and ", o.vdim);
  if (o.kdim == 0) o.kdim = o.d_model;
  if (o.vdim == 0) o.vdim = o.d_model;
  return o;
}

MultiheadAttention::MultiheadAttention(MultiheadAttentionOptions o, Generator& gen)
    : options(validated(o)),
      in_proj_bias(o.bias ? parameter({3 * o.d_model}) : Tensor()),
      out_proj({.in = o.d_model, .out = o.d_model, .bias = o.bias}, gen),
      generator(gen.fork()) {
  const index_t channels = o.d_model;
  const auto weight = [&](Tensor& w, index_t out, index_t in) {
    w = parameter({out, in});
    init::xavier_uniform(w, gen);
  };
  if (options.kdim == channels && options.vdim == channels) {
    weight(in_proj_weight, 3 * channels, channels);
  } else {
    weight(q_proj_weight, channels, channels);
    weight(k_proj_weight, channels, options.kdim);
    weight(v_proj_weight, channels, options.vdim);
  }
  if (o.bias) init::zeros(out_proj.bias);
  if (!o.add_bias_kv) return;
  for (Tensor* row : {&bias_k, &bias_v}) {
    *row = parameter({1, 1, channels});
    init::xavier_normal(*row, gen);
  }
}

AttentionResult MultiheadAttention::forward(const Tensor& query, const Tensor& key, const Tensor& value,
                                            const AttendOptions& attend) {
  const AttentionSizes sizes = check_inputs(query, key, value);
  check_mask("MultiheadAttention", "mask", attend.mask, sizes);
  check_score_bias("MultiheadAttention", "score_bias", attend.score_bias, sizes);
  AttentionOptions per_head{.mask = with_score_axes(attend.mask, sizes.batched),
                            .causal = attend.causal,
                            .causal_alignment = attend.causal_alignment,
                            .generator = &generator,
                            .bias = with_score_axes(attend.score_bias, sizes.batched)};
  if (training()) per_head.dropout = options.dropout;

  const auto [q_in, k_in, v_in] = without_padding(query, key, value, per_head, sizes);
  auto [q, k, v] = project(q_in, k_in, v_in);
  if (options.add_bias_kv || options.add_zero_attn) append_keys(k, v, per_head, sizes.queries);
  const auto split = [&](const Tensor& x) { return split_heads(x, options.nhead, options.batch_first); };
  const Tensor qh = split(q), kh = split(k), vh = split(v);  // (B, H, T, D), (B, H, S, D)
  AttentionResult heads;
  if (attend.weights == Weights::none)  // fused: the weights of long sequences are never materialised
    heads.output = scaled_dot_product_attention(qh, kh, vh, per_head);
  else
    heads = attention(qh, kh, vh, per_head);
  if (attend.weights == Weights::average) heads.weights = mean(heads.weights, -3);
  return {out_proj(join_heads(heads.output, options.batch_first)), heads.weights};
}

// Clears the padding of the inputs: the gradients of the projections are products with these
// inputs, and 0 * NaN is NaN. A tensor that is passed twice is cleared once, so that project()
// still recognises it as one tensor.
std::array<Tensor, 3> MultiheadAttention::without_padding(const Tensor& query, const Tensor& key,
                                                          const Tensor& value, const AttentionOptions& attend,
                                                          const AttentionSizes& sizes) const {
  ops::AttendedPositions attended =
      ops::attended_positions(ops::mask_with_bias(attend.mask, attend.bias),
                              {attend.causal, attend.causal_alignment}, sizes.queries, sizes.keys);
  // Every query may attend to the added keys.
  if (options.add_bias_kv || options.add_zero_attn) attended.queries = {};
  const auto cleared = [&](const Tensor& x, const Mask& real) {
    return clear_positions(x, real, options.batch_first);
  };
  const Tensor k = cleared(key, attended.keys);
  return {query.state() == key.state() ? k : cleared(query, attended.queries), k,
          value.state() == key.state() ? k : cleared(value, attended.keys)};
}

// Applies the three projections: each uses a third of the stacked weights, or a separate weight. If
// query, key and value are one tensor, a single product computes all three.
std::array<Tensor, 3> MultiheadAttention::project(const Tensor& query, const Tensor& key,
                                                  const Tensor& value) const {
  const index_t channels = options.d_model;
  const bool stacked = in_proj_weight.defined();
  if (stacked && query.state() == key.state() && key.state() == value.state()) {
    const auto parts = chunk(linear(query, in_proj_weight, in_proj_bias), 3, -1);
    return {parts[0], parts[1], parts[2]};
  }
  auto third = [&](index_t i, const Tensor& x, const Tensor& separate) {
    auto part = [&](const Tensor& t) { return t.slice(0, i * channels, (i + 1) * channels); };
    return linear(x, stacked ? part(in_proj_weight) : separate, options.bias ? part(in_proj_bias) : Tensor());
  };
  return {third(0, query, q_proj_weight), third(1, key, k_proj_weight), third(2, value, v_proj_weight)};
}

// mask (..., 1 or S) -> (..., S + more), true for the appended keys.
static Mask append_unmasked_keys(const Mask& mask, index_t s, index_t more) {
  Shape shape = mask.shape();
  shape[shape.rank() - 1] = s;
  const Mask narrow = mask.expand(shape);
  shape[shape.rank() - 1] = s + more;
  std::vector<std::uint8_t> values = ops::allocate_mask("MultiheadAttention", shape, true);
  const index_t rows = shape.numel() / (s + more);
  for (index_t row = 0; row < rows; ++row)
    std::copy_n(narrow.data() + row * s, s, values.begin() + row * (s + more));
  return {std::move(values), shape};
}

// Appends the keys and values of add_bias_kv and add_zero_attn. They are never masked, so the mask
// and the bias gain columns.
void MultiheadAttention::append_keys(Tensor& k, Tensor& v, AttentionOptions& attend, index_t t) const {
  const int time = time_axis(k, options.batch_first);
  const index_t s = k.size(time), more = (options.add_bias_kv ? 1 : 0) + (options.add_zero_attn ? 1 : 0);
  Shape one = k.shape();
  one[time] = 1;
  const auto append = [&](Tensor& x, const Tensor& row) {
    if (options.add_bias_kv) x = cat({x, row.reshape({options.d_model}).expand(one)}, time);
    if (options.add_zero_attn) x = cat({x, zeros(one, x.dtype())}, time);
  };
  append(k, bias_k);
  append(v, bias_v);

  if (attend.causal) {
    const Mask past = with_score_axes(causal(t, s, attend.causal_alignment), k.rank() == 3);
    attend.mask = attend.mask.defined() ? attend.mask & past : past;
    attend.causal = false;
  }
  if (attend.mask.defined()) attend.mask = append_unmasked_keys(attend.mask, s, more);
  if (!attend.bias.defined()) return;
  Shape wide = attend.bias.shape();
  wide[wide.rank() - 1] = s;
  attend.bias = pad(attend.bias.expand(wide), {0, more});
}

AttentionSizes MultiheadAttention::check_inputs(const Tensor& query, const Tensor& key,
                                                const Tensor& value) const {
  const char* op = "MultiheadAttention";
  check_sequence(op, "query", query, options.d_model, options.batch_first);
  check_sequence(op, "key", key, options.kdim, options.batch_first);
  check_sequence(op, "value", value, options.vdim, options.batch_first);
  Shape values = key.shape();
  values[values.rank() - 1] = options.vdim;
  check(value.shape() == values, op, "expected one value for each key, got key ", key, " and value ", value);
  return attention_sizes(op, query, key, options.nhead, options.batch_first);
}

void MultiheadAttention::visit(Visitor& v) {
  v.parameter("in_proj_weight", in_proj_weight);
  v.parameter("q_proj_weight", q_proj_weight);
  v.parameter("k_proj_weight", k_proj_weight);
  v.parameter("v_proj_weight", v_proj_weight);
  v.parameter("in_proj_bias", in_proj_bias);
  v.parameter("bias_k", bias_k);
  v.parameter("bias_v", bias_v);
  v.generator("generator", generator);
  v.child("out_proj", out_proj);
}

std::string MultiheadAttention::details() const {
  return concat("d_model=", options.d_model, ", nhead=", options.nhead, ", dropout=", options.dropout,
                options.batch_first ? ", batch_first=true" : "");
}

}  // namespace heed::nn
