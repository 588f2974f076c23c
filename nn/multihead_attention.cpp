// multihead_attention.cpp — project, split, attend, join, project.
#include "nn/multihead_attention.h"

#include <algorithm>
#include <vector>

#include "autograd/ops/attention_masks.h"
#include "autograd/ops/common.h"
#include "nn/init.h"

namespace heed::nn {

static MultiheadAttentionOptions checked(MultiheadAttentionOptions o) {
  check(o.d_model >= 1 && o.nhead >= 1, "MultiheadAttention", "d_model and nhead must be at least 1, got ",
        o.d_model, " and ", o.nhead);
  check(o.d_model % o.nhead == 0, "MultiheadAttention", "d_model = ", o.d_model,
        " cannot be split evenly over nhead = ", o.nhead, " heads; nhead must divide d_model");
  check(o.dropout >= 0 && o.dropout <= 1, "MultiheadAttention",
        "dropout is a probability and must be in [0, 1], got ", o.dropout);
  check(o.kdim >= 0 && o.vdim >= 0, "MultiheadAttention",
        "kdim and vdim must be at least 1 (or 0 for d_model), got ", o.kdim, " and ", o.vdim);
  if (o.kdim == 0) o.kdim = o.d_model;
  if (o.vdim == 0) o.vdim = o.d_model;
  return o;
}

MultiheadAttention::MultiheadAttention(MultiheadAttentionOptions o, Generator& gen)
    : options(checked(o)),
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
                                            const AttendOptions& how) {
  const AttentionSizes sizes = check_inputs(query, key, value);
  check_mask("MultiheadAttention", "mask", how.mask, sizes);
  check_score_bias("MultiheadAttention", "score_bias", how.score_bias, sizes);
  AttentionOptions attend{.mask = over_scores(how.mask, sizes.batched),
                          .causal = how.causal,
                          .causal_alignment = how.causal_alignment,
                          .generator = &generator,
                          .bias = over_scores(how.score_bias, sizes.batched)};
  if (training()) attend.dropout = options.dropout;

  const auto [q_in, k_in, v_in] = without_padding(query, key, value, attend, sizes);
  auto [q, k, v] = project(q_in, k_in, v_in);
  if (options.add_bias_kv || options.add_zero_attn) append_keys(k, v, attend, sizes.queries);
  const Tensor qh = split_heads(q), kh = split_heads(k), vh = split_heads(v);  // (B, H, T, D), (B, H, S, D)
  AttentionResult heads;
  if (how.weights == Weights::none)
    heads.output =
        scaled_dot_product_attention(qh, kh, vh, attend);  // fused: long sequences' weights are never whole
  else
    heads = attention(qh, kh, vh, attend);
  if (how.weights == Weights::average) heads.weights = mean(heads.weights, -3);
  return {out_proj(join_heads(heads.output)), heads.weights};
}

// The projections' gradients are products with their inputs, where 0 * NaN is NaN. A tensor that is
// given twice is cleared once: it stays one tensor for project().
std::array<Tensor, 3> MultiheadAttention::without_padding(const Tensor& query, const Tensor& key,
                                                          const Tensor& value, const AttentionOptions& attend,
                                                          const AttentionSizes& sizes) const {
  ops::AttendedPositions used =
      ops::attended_positions(ops::mask_with_bias(attend.mask, attend.bias),
                              {attend.causal, attend.causal_alignment}, sizes.queries, sizes.keys);
  // Every query may attend to the added keys.
  if (options.add_bias_kv || options.add_zero_attn) used.queries = {};
  const auto cleared = [&](const Tensor& x, const Mask& real) {
    return clear_positions(x, real, options.batch_first);
  };
  const Tensor k = cleared(key, used.keys);
  return {query.state() == key.state() ? k : cleared(query, used.queries), k,
          value.state() == key.state() ? k : cleared(value, used.keys)};
}

// One third of the stacked weights each, or their own. Where all three are one tensor, one product does it.
std::array<Tensor, 3> MultiheadAttention::project(const Tensor& query, const Tensor& key,
                                                  const Tensor& value) const {
  const index_t channels = options.d_model;
  const bool stacked = in_proj_weight.defined();
  if (stacked && query.state() == key.state() && key.state() == value.state()) {
    const auto parts = chunk(linear(query, in_proj_weight, in_proj_bias), 3, -1);
    return {parts[0], parts[1], parts[2]};
  }
  auto third = [&](index_t i, const Tensor& x, const Tensor& own) {
    auto part = [&](const Tensor& t) { return t.slice(0, i * channels, (i + 1) * channels); };
    return linear(x, stacked ? part(in_proj_weight) : own, options.bias ? part(in_proj_bias) : Tensor());
  };
  return {third(0, query, q_proj_weight), third(1, key, k_proj_weight), third(2, value, v_proj_weight)};
}

// mask (..., 1 or S) -> (..., S + more), true at the keys that are added.
static Mask with_open_keys(const Mask& mask, index_t s, index_t more) {
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
void MultiheadAttention::append_keys(Tensor& k, Tensor& v, AttentionOptions& how, index_t t) const {
  const int time = time_axis(k, options.batch_first);
  const index_t s = k.size(time), more = (options.add_bias_kv ? 1 : 0) + (options.add_zero_attn ? 1 : 0);
  Shape one = k.shape();
  one[time] = 1;
  const auto append = [&](Tensor& x, const Tensor& row) {
    if (options.add_bias_kv) x = cat({x, row.reshape({options.d_model}).expand(one)}, time);
    if (options.add_zero_attn) x = cat({x, zeros(one, x.dtype())}, time);
  };
  append(k, bias_k), append(v, bias_v);

  if (how.causal) {
    const Mask past = over_scores(causal(t, s, how.causal_alignment), k.rank() == 3);
    how.mask = how.mask.defined() ? how.mask & past : past;
    how.causal = false;
  }
  if (how.mask.defined()) how.mask = with_open_keys(how.mask, s, more);
  if (!how.bias.defined()) return;
  Shape wide = how.bias.shape();
  wide[wide.rank() - 1] = s;
  how.bias = pad(how.bias.expand(wide), {0, more});
}

// (T, B, C) or (B, T, C) -> (B, H, T, D); (T, C) -> (H, T, D). A view: channel c belongs to head c / D.
Tensor MultiheadAttention::split_heads(const Tensor& x) const {
  const index_t heads = options.nhead, width = options.d_model / heads;
  if (x.rank() == 2) return x.reshape({x.size(0), heads, width}).transpose(0, 1);
  const Tensor split = x.reshape({x.size(0), x.size(1), heads, width});
  return options.batch_first ? split.transpose(1, 2) : split.permute({1, 2, 0, 3});
}

// The way back: the head axis must return next to D before the two become C again.
Tensor MultiheadAttention::join_heads(const Tensor& heads) const {
  if (heads.rank() == 3) return heads.transpose(0, 1).reshape({heads.size(1), options.d_model});
  const Tensor split = options.batch_first ? heads.transpose(1, 2) : heads.permute({2, 0, 1, 3});
  return split.reshape({split.size(0), split.size(1), options.d_model});
}

AttentionSizes MultiheadAttention::check_inputs(const Tensor& query, const Tensor& key,
                                                const Tensor& value) const {
  const char* op = "MultiheadAttention";
  check_sequence(op, "query", query, options.d_model, options.batch_first);
  check_sequence(op, "key", key, options.kdim, options.batch_first);
  check_sequence(op, "value", value, options.vdim, options.batch_first);
  Shape values = key.shape();
  values[values.rank() - 1] = options.vdim;
  check(value.shape() == values, op, "key ", key.shape(), " and value ", value.shape(),
        " differ; there must be one value for each key");
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
