// multihead_attention.cpp — project, split, attend, join, project.
#include "nn/multihead_attention.h"

#include "nn/init.h"

namespace heed::nn {

static MultiheadAttentionOptions checked(const MultiheadAttentionOptions& o) {
  check(o.d_model >= 1 && o.nhead >= 1, "MultiheadAttention", "d_model and nhead must be at least 1, got ",
        o.d_model, " and ", o.nhead);
  check(o.d_model % o.nhead == 0, "MultiheadAttention", "d_model = ", o.d_model,
        " cannot be split evenly over nhead = ", o.nhead, " heads; nhead must divide d_model");
  check(o.dropout >= 0 && o.dropout <= 1, "MultiheadAttention",
        "dropout is a probability and must be in [0, 1], got ", o.dropout);
  return o;
}

MultiheadAttention::MultiheadAttention(MultiheadAttentionOptions o, Generator& gen)
    : options(checked(o)),
      in_proj_weight(parameter({3 * o.d_model, o.d_model})),
      in_proj_bias(o.bias ? parameter({3 * o.d_model}) : Tensor()),
      out_proj({.in = o.d_model, .out = o.d_model, .bias = o.bias}, gen),
      generator(gen.fork()) {
  init::xavier_uniform(in_proj_weight, gen);
  if (o.bias) init::zeros(out_proj.bias);
}

AttentionResult MultiheadAttention::forward(const Tensor& query, const Tensor& key, const Tensor& value,
                                            const AttendOptions& how) {
  check_inputs(query, key, value, how.mask);
  AttentionOptions attend{.mask = how.mask, .causal = how.causal, .generator = &generator};
  if (training()) attend.dropout = options.dropout;
  if (how.mask.defined() && how.mask.rank() == 3)
    attend.mask = how.mask.unsqueeze(1);  // the same to all heads

  const auto [q, k, v] = project(query, key, value);
  const Tensor qh = split_heads(q), kh = split_heads(k), vh = split_heads(v);  // (B, H, T, D), (B, H, S, D)
  AttentionResult heads;
  if (how.weights == Weights::none)
    heads.output = scaled_dot_product_attention(qh, kh, vh, attend);  // fused: never holds the weights
  else
    heads = attention(qh, kh, vh, attend);
  if (how.weights == Weights::average) heads.weights = mean(heads.weights, -3);
  return {out_proj(join_heads(heads.output)), heads.weights};
}

// One third of the stacked weights each. Where all three are one tensor, one product does it.
std::array<Tensor, 3> MultiheadAttention::project(const Tensor& query, const Tensor& key,
                                                  const Tensor& value) const {
  const index_t channels = options.d_model;
  if (query.state() == key.state() && key.state() == value.state()) {
    const auto parts = chunk(linear(query, in_proj_weight, in_proj_bias), 3, -1);
    return {parts[0], parts[1], parts[2]};
  }
  auto third = [&](index_t i, const Tensor& x) {
    auto part = [&](const Tensor& t) { return t.slice(0, i * channels, (i + 1) * channels); };
    return linear(x, part(in_proj_weight), options.bias ? part(in_proj_bias) : Tensor());
  };
  return {third(0, query), third(1, key), third(2, value)};
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

void MultiheadAttention::check_inputs(const Tensor& query, const Tensor& key, const Tensor& value,
                                      const Mask& mask) const {
  const char* op = "MultiheadAttention";
  check_sequence(op, "query", query, options.d_model, options.batch_first);
  check_sequence(op, "key", key, options.d_model, options.batch_first);
  check_sequence(op, "value", value, options.d_model, options.batch_first);
  check(key.shape() == value.shape(), op, "key ", key.shape(), " and value ", value.shape(),
        " differ; there must be one value for each key");
  const int time = time_axis(query, options.batch_first);
  const bool batched = query.rank() == 3;
  check(query.rank() == key.rank() && (!batched || query.size(1 - time) == key.size(1 - time)), op, "query ",
        query.shape(), " and key ", key.shape(), " have different batch sizes; with batch_first = ",
        options.batch_first ? "true they are on axis 0" : "false they are on axis 1");
  if (!mask.defined()) return;

  const index_t t = query.size(time), s = key.size(time), b = batched ? query.size(1 - time) : 1;
  const Shape full{b, options.nhead, t, s};
  bool fits = mask.rank() >= 2 && mask.rank() <= (batched ? 4 : 2);
  for (int i = 1; fits && i <= mask.rank(); ++i) {  // compared from the right; a mask of rank 3 has no H
    const index_t wanted = i == 3 && mask.rank() == 3 ? b : full.back(i), got = mask.shape().back(i);
    fits = got == wanted || got == 1;
  }
  check(fits, op, "the mask is ", mask.shape(), "; it must be (T, S) = ", Shape{t, s},
        batched ? concat(", (B, T, S) = ", Shape{b, t, s}, ", (B, 1, S) or (B, H, T, S) = ", full) : "",
        ". Hint: padding(lengths, S) makes (B, 1, S), causal(T) makes (T, T).");
}

void MultiheadAttention::visit(Visitor& v) {
  v.parameter("in_proj_weight", in_proj_weight);
  v.parameter("in_proj_bias", in_proj_bias);
  v.generator("generator", generator);
  v.child("out_proj", out_proj);
}

std::string MultiheadAttention::details() const {
  return concat("d_model=", options.d_model, ", nhead=", options.nhead, ", dropout=", options.dropout,
                options.batch_first ? ", batch_first=true" : "");
}

}  // namespace heed::nn
