// rnn.cpp — one step of each cell, and the loop over time that the three networks share.
#include "nn/rnn.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "nn/init.h"
#include "nn/layout.h"

namespace heed::nn {

namespace {

struct KindInfo {
  const char *name, *cell;
  index_t gates;
};
const KindInfo& info(RecurrentKind kind) {
  static constexpr KindInfo all[] = {{"RNN", "RNNCell", 1}, {"LSTM", "LSTMCell", 4}, {"GRU", "GRUCell", 3}};
  return all[static_cast<int>(kind)];
}

// Draws every parameter from U(-1/√H, 1/√H), in PyTorch's order.
RecurrentWeights make_weights(index_t gates, index_t in, index_t hidden, bool bias, Generator& gen) {
  RecurrentWeights w;
  w.weight_ih = parameter({gates * hidden, in});
  w.weight_hh = parameter({gates * hidden, hidden});
  if (bias) {
    w.bias_ih = parameter({gates * hidden});
    w.bias_hh = parameter({gates * hidden});
  }
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  for (Tensor* t : {&w.weight_ih, &w.weight_hh, &w.bias_ih, &w.bias_hh})
    if (t->defined()) init::uniform(*t, gen, -bound, bound);
  return w;
}

// Returns the next state, given the input's contribution to the gates, W_ih x + b_ih
// (B, gates · H), and the previous state.
RecurrentState next(RecurrentKind kind, Nonlinearity nonlinearity, const Tensor& from_x,
                    const RecurrentState& s, const RecurrentWeights& w) {
  const Tensor from_h = linear(s.h, w.weight_hh, w.bias_hh);
  if (kind == RecurrentKind::rnn) {
    const Tensor sum = from_x + from_h;
    return {nonlinearity == Nonlinearity::tanh ? tanh(sum) : relu(sum), {}};
  }
  if (kind == RecurrentKind::lstm) {
    const auto gate = chunk(from_x + from_h, 4, -1);  // i, f, g, o
    const Tensor c = sigmoid(gate[1]) * s.c + sigmoid(gate[0]) * tanh(gate[2]);
    return {sigmoid(gate[3]) * tanh(c), c};
  }
  const auto x = chunk(from_x, 3, -1), h = chunk(from_h, 3, -1);  // r, z, n
  const Tensor r = sigmoid(x[0] + h[0]), z = sigmoid(x[1] + h[1]);
  const Tensor n = tanh(x[2] + r * h[2]);  // r is applied after the product with h, as in PyTorch
  return {n + z * (s.h - n), {}};
}

void check_lengths(const char* op, const std::vector<index_t>& lengths, index_t time, index_t batch,
                   bool batched) {
  if (lengths.empty()) return;
  check(static_cast<index_t>(lengths.size()) == batch, op, "expected one length per sample: ", batch,
        batched ? " for this batch" : " for one sequence", ", got ", lengths.size());
  for (const index_t length : lengths)
    check(length >= 0 && length <= time, op, "expected lengths in [0, ", time, "], got ", length);
}

// Throws unless each defined initial state has the expected shape and dtype. Only an LSTM may have
// a cell state.
void check_state(RecurrentKind kind, const char* op, const char* name, const char* axes,
                 const RecurrentState& state, const Shape& expected, DType dtype) {
  check(kind == RecurrentKind::lstm || !state.c.defined(), op, "expected no cell state c, got one of ",
        state.c, "; only an LSTM has a cell state");
  for (const Tensor* t : {&state.h, &state.c}) {
    if (!t->defined()) continue;
    check(t->shape() == expected, op, "expected ", name, " ", axes, " = ", expected, ", got ", *t);
    check(t->dtype() == dtype, op, "expected ", name, " of dtype ", heed::name(dtype), ", as x, got ",
          heed::name(t->dtype()));
  }
}

// Replaces an undefined state by zeros.
RecurrentState with_defaults(RecurrentKind kind, RecurrentState state, const Shape& shape, DType dtype) {
  if (!state.h.defined()) state.h = zeros(shape, dtype);
  if (kind == RecurrentKind::lstm && !state.c.defined()) state.c = zeros(shape, dtype);
  return state;
}

// (T, B, in): true beyond the length of each sample; undefined if all samples have length T.
Mask padding_of(const std::vector<index_t>& lengths, index_t time, index_t in) {
  if (std::all_of(lengths.begin(), lengths.end(), [=](index_t length) { return length == time; })) return {};
  std::vector<std::uint8_t> beyond;
  for (index_t t = 0; t < time; ++t)
    for (const index_t length : lengths)
      beyond.insert(beyond.end(), static_cast<std::size_t>(in), t >= length);
  return {std::move(beyond), {time, static_cast<index_t>(lengths.size()), in}};
}

// (B, 1): true for samples of length 1 or more; undefined if all samples are.
Mask non_empty(const std::vector<index_t>& lengths) {
  if (std::find(lengths.begin(), lengths.end(), 0) == lengths.end()) return {};
  std::vector<std::uint8_t> values;
  values.reserve(lengths.size());
  for (const index_t length : lengths) values.push_back(length > 0);
  return {std::move(values), {static_cast<index_t>(lengths.size()), 1}};
}

// For each step, (B, 1): true for samples that have a token at this step; undefined if all do.
std::vector<Mask> active_masks(const std::vector<index_t>& lengths, index_t time) {
  std::vector<Mask> masks(static_cast<std::size_t>(time));
  if (lengths.empty()) return masks;
  const auto batch = static_cast<index_t>(lengths.size());
  for (index_t t = *std::min_element(lengths.begin(), lengths.end()); t < time; ++t) {
    std::vector<std::uint8_t> active;
    active.reserve(lengths.size());
    for (const index_t length : lengths) active.push_back(t < length);
    masks[static_cast<std::size_t>(t)] = Mask(std::move(active), {batch, 1});
  }
  return masks;
}

// Returns the rows of `after` for active samples and the rows of `before` for the others. An
// undefined mask: all are active.
Tensor update_active(const Mask& active, const Tensor& after, const Tensor& before) {
  return active.defined() && after.defined() ? where(active, after, before) : after;
}

// Runs one layer in one direction over input (T, B, in). Returns all outputs (T, B, H); `state`
// becomes the last state.
Tensor one_direction(RecurrentKind kind, Nonlinearity nonlinearity, const Tensor& input, bool backwards,
                     const std::vector<Mask>& active, const RecurrentWeights& w, RecurrentState& state) {
  const index_t time = input.size(0);
  const auto from_x = unbind(linear(input, w.weight_ih, w.bias_ih));  // one product for all steps
  const Tensor no_output = zeros(state.h.shape(), state.h.dtype());
  std::vector<Tensor> outputs(static_cast<std::size_t>(time));
  for (index_t step = 0; step < time; ++step) {
    const index_t t = backwards ? time - 1 - step : step;
    const Mask& now = active[static_cast<std::size_t>(t)];
    const RecurrentState after = next(kind, nonlinearity, from_x[static_cast<std::size_t>(t)], state, w);
    outputs[static_cast<std::size_t>(t)] = update_active(now, after.h, no_output);
    state = {update_active(now, after.h, state.h), update_active(now, after.c, state.c)};
  }
  return stack(outputs);
}

}  // namespace

// ---- cells ------------------------------------------------------------------------------------------------

RecurrentCell::RecurrentCell(RecurrentKind kind, RecurrentCellOptions o, Generator& gen) : options(o) {
  check(o.input_size >= 1 && o.hidden_size >= 1, info(kind).cell,
        "expected input_size and hidden_size of at least 1, got ", o.input_size, " and ", o.hidden_size);
  const RecurrentWeights w = make_weights(info(kind).gates, o.input_size, o.hidden_size, o.bias, gen);
  weight_ih = w.weight_ih;
  weight_hh = w.weight_hh;
  bias_ih = w.bias_ih;
  bias_hh = w.bias_hh;
}

RecurrentState RecurrentCell::step(RecurrentKind kind, const Tensor& x, const RecurrentState& state) const {
  const char* op = info(kind).cell;
  check(x.defined() && x.rank() == 2 && x.size(1) == options.input_size, op, "expected x (B, ",
        options.input_size, "), got ", x);
  const Shape shape{x.size(0), options.hidden_size};
  check_state(kind, op, "the state", "(B, H)", state, shape, x.dtype());
  return next(kind, options.nonlinearity, linear(x, weight_ih, bias_ih),
              with_defaults(kind, state, shape, x.dtype()), {weight_ih, weight_hh, bias_ih, bias_hh});
}

void RecurrentCell::visit_weights(Visitor& v) {
  v.parameter("weight_ih", weight_ih);
  v.parameter("weight_hh", weight_hh);
  v.parameter("bias_ih", bias_ih);
  v.parameter("bias_hh", bias_hh);
}

// ---- sequences --------------------------------------------------------------------------------------------

Recurrent::Recurrent(RecurrentKind kind, RecurrentOptions o, Generator& gen)
    : options(o), generator(gen.fork()) {
  const char* op = info(kind).name;
  check(o.input_size >= 1 && o.hidden_size >= 1, op,
        "expected input_size and hidden_size of at least 1, got ", o.input_size, " and ", o.hidden_size);
  check(o.num_layers >= 1, op, "expected num_layers of at least 1, got ", o.num_layers);
  check(o.dropout >= 0 && o.dropout <= 1, op, "expected a dropout probability in [0, 1], got ", o.dropout);
  const index_t directions = o.bidirectional ? 2 : 1;
  for (index_t layer = 0; layer < o.num_layers; ++layer)
    for (index_t d = 0; d < directions; ++d)
      weights.push_back(make_weights(info(kind).gates, layer == 0 ? o.input_size : directions * o.hidden_size,
                                     o.hidden_size, o.bias, gen));
}

RecurrentResult Recurrent::run(RecurrentKind kind, const Tensor& x,
                               const RecurrentForwardOptions& forward_options, bool training) {
  const char* op = info(kind).name;
  check_sequence(op, "x", x, options.input_size, options.batch_first);
  const bool batched = x.rank() == 3;
  const int time_dim = time_axis(x, options.batch_first);
  const index_t time = x.size(time_dim), batch = batched ? x.size(1 - time_dim) : 1;
  const auto count = static_cast<index_t>(weights.size());
  check(time >= 1, op, "expected a sequence of at least one step, got x ", x);
  check_lengths(op, forward_options.lengths, time, batch, batched);
  if (batched)
    check_state(kind, op, "the initial state", "(layers · directions, B, H)", forward_options.initial,
                {count, batch, options.hidden_size}, x.dtype());
  else
    check_state(kind, op, "the initial state of one sequence", "(layers · directions, H)",
                forward_options.initial, {count, options.hidden_size}, x.dtype());
  if (batched) return run_batch(kind, x, forward_options, training);

  RecurrentForwardOptions of_batch = forward_options;
  for (Tensor* t : {&of_batch.initial.h, &of_batch.initial.c})
    if (t->defined()) *t = t->unsqueeze(1);
  const int batch_dim = options.batch_first ? 0 : 1;
  RecurrentResult one = run_batch(kind, x.unsqueeze(batch_dim), of_batch, training);
  for (Tensor* t : {&one.state.h, &one.state.c})
    if (t->defined()) *t = t->squeeze(1);
  return {one.output.squeeze(batch_dim), one.state};
}

// Requires checked arguments. Padding is set to zero first: a gradient of 0 times NaN would be NaN.
RecurrentResult Recurrent::run_batch(RecurrentKind kind, const Tensor& x,
                                     const RecurrentForwardOptions& forward_options, bool training) {
  Tensor input = options.batch_first ? x.transpose(0, 1) : x;  // (T, B, …) from here on
  const index_t time = input.size(0), batch = input.size(1);
  const bool lstm = kind == RecurrentKind::lstm;
  if (const Mask padding = padding_of(forward_options.lengths, time, options.input_size); padding.defined())
    input = masked_fill(input, padding, 0);
  const std::vector<Mask> active = active_masks(forward_options.lengths, time);
  const Mask has_tokens = non_empty(forward_options.lengths);
  const Tensor zero_state = zeros({batch, options.hidden_size}, x.dtype());
  const RecurrentState initial =
      with_defaults(kind, forward_options.initial,
                    {static_cast<index_t>(weights.size()), batch, options.hidden_size}, x.dtype());

  std::vector<Tensor> last_h, last_c;
  const std::size_t directions = options.bidirectional ? 2 : 1;
  for (std::size_t layer = 0; layer * directions < weights.size(); ++layer) {
    if (layer > 0 && training && options.dropout > 0) input = dropout(input, options.dropout, generator);
    std::vector<Tensor> outputs;  // one per direction
    for (std::size_t d = 0; d < directions; ++d) {
      const std::size_t index = layer * directions + d;
      const RecurrentState start{initial.h[static_cast<index_t>(index)],
                                 lstm ? initial.c[static_cast<index_t>(index)] : Tensor()};
      // A sample of length 0 keeps its initial state; the steps run on zeros, which cannot be NaN.
      RecurrentState state{update_active(has_tokens, start.h, zero_state),
                           update_active(has_tokens, start.c, zero_state)};
      outputs.push_back(
          one_direction(kind, options.nonlinearity, input, d == 1, active, weights[index], state));
      last_h.push_back(update_active(has_tokens, state.h, start.h));
      if (lstm) last_c.push_back(update_active(has_tokens, state.c, start.c));
    }
    input = outputs.size() == 1 ? outputs[0] : cat(outputs, -1);
  }
  return {options.batch_first ? input.transpose(0, 1) : input,
          {stack(last_h), lstm ? stack(last_c) : Tensor()}};
}

void Recurrent::visit_weights(Visitor& v) {
  const std::size_t directions = options.bidirectional ? 2 : 1;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::string suffix = concat("_l", i / directions, i % directions == 1 ? "_reverse" : "");
    v.parameter("weight_ih" + suffix, weights[i].weight_ih);
    v.parameter("weight_hh" + suffix, weights[i].weight_hh);
    v.parameter("bias_ih" + suffix, weights[i].bias_ih);
    v.parameter("bias_hh" + suffix, weights[i].bias_hh);
  }
  v.generator("generator", generator);
}

std::string Recurrent::describe() const {
  return concat("input_size=", options.input_size, ", hidden_size=", options.hidden_size,
                options.num_layers > 1 ? concat(", num_layers=", options.num_layers) : "",
                options.bidirectional ? ", bidirectional=true" : "",
                options.batch_first ? ", batch_first=true" : "");
}

}  // namespace heed::nn
