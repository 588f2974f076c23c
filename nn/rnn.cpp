// rnn.cpp — one step of each cell, and the loop over time that all three share.
#include "nn/rnn.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "nn/init.h"
#include "nn/layout.h"

namespace heed::nn {

namespace {

struct KindFacts {
  const char *name, *cell;
  index_t gates;
};
const KindFacts& facts(RecurrentKind kind) {
  static constexpr KindFacts all[] = {{"RNN", "RNNCell", 1}, {"LSTM", "LSTMCell", 4}, {"GRU", "GRUCell", 3}};
  return all[static_cast<int>(kind)];
}

// Every parameter from U(-1/√H, 1/√H), in PyTorch's order.
RecurrentWeights make_weights(index_t gates, index_t in, index_t hidden, bool bias, Generator& gen) {
  RecurrentWeights w;
  w.weight_ih = parameter({gates * hidden, in});
  w.weight_hh = parameter({gates * hidden, hidden});
  if (bias) w.bias_ih = parameter({gates * hidden}), w.bias_hh = parameter({gates * hidden});
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  for (Tensor* t : {&w.weight_ih, &w.weight_hh, &w.bias_ih, &w.bias_hh})
    if (t->defined()) init::uniform(*t, gen, -bound, bound);
  return w;
}

// The next state, from the input's share of the gates, W_ih x + b_ih (B, gates · H), and the state before.
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
  const Tensor n = tanh(x[2] + r * h[2]);  // r multiplies after the product with h, as in PyTorch
  return {n + z * (s.h - n), {}};
}

// Which samples are still being read at each step; undefined masks where all are.
std::vector<Mask> reading_masks(const char* op, const std::vector<index_t>& lengths, index_t time,
                                index_t batch) {
  std::vector<Mask> masks(static_cast<std::size_t>(time));
  if (lengths.empty()) return masks;
  check(static_cast<index_t>(lengths.size()) == batch, op, lengths.size(), " lengths for a batch of ", batch);
  for (const index_t length : lengths)
    check(length >= 0 && length <= time, op, "length ", length, " must be in [0, ", time, "]");
  for (index_t t = 0; t < time; ++t) {
    std::vector<std::uint8_t> longer;
    longer.reserve(lengths.size());
    for (const index_t length : lengths) longer.push_back(t < length);
    masks[static_cast<std::size_t>(t)] = Mask(std::move(longer), {batch, 1});
  }
  return masks;
}

// `after` where the sample is still being read, `before` where it has ended.
Tensor still(const Mask& reading, const Tensor& after, const Tensor& before) {
  return reading.defined() && after.defined() ? where(reading, after, before) : after;
}

// One layer in one direction over input (T, B, in): all outputs (T, B, H), and `state` as it is at the end.
Tensor one_direction(RecurrentKind kind, Nonlinearity nonlinearity, const Tensor& input, bool backwards,
                     const std::vector<Mask>& reading, const RecurrentWeights& w, RecurrentState& state) {
  const index_t time = input.size(0);
  const auto from_x = unbind(linear(input, w.weight_ih, w.bias_ih));  // one product for all steps
  const Tensor nothing = zeros(state.h.shape(), state.h.dtype());
  std::vector<Tensor> outputs(static_cast<std::size_t>(time));
  for (index_t step = 0; step < time; ++step) {
    const index_t t = backwards ? time - 1 - step : step;
    const Mask& now = reading[static_cast<std::size_t>(t)];
    const RecurrentState after = next(kind, nonlinearity, from_x[static_cast<std::size_t>(t)], state, w);
    outputs[static_cast<std::size_t>(t)] = still(now, after.h, nothing);
    state = {still(now, after.h, state.h), still(now, after.c, state.c)};
  }
  return stack(outputs);
}

}  // namespace

// ---- cells ------------------------------------------------------------------------------------------------

RecurrentCell::RecurrentCell(RecurrentKind kind, RecurrentCellOptions o, Generator& gen) : options(o) {
  check(o.input_size >= 1 && o.hidden_size >= 1, facts(kind).cell,
        "input_size and hidden_size must be at least 1, got ", o.input_size, " and ", o.hidden_size);
  const RecurrentWeights w = make_weights(facts(kind).gates, o.input_size, o.hidden_size, o.bias, gen);
  weight_ih = w.weight_ih, weight_hh = w.weight_hh, bias_ih = w.bias_ih, bias_hh = w.bias_hh;
}

RecurrentState RecurrentCell::step(RecurrentKind kind, const Tensor& x, const RecurrentState& given) const {
  const char* op = facts(kind).cell;
  check(x.defined() && x.rank() == 2 && x.size(1) == options.input_size, op, "x must be (B, ",
        options.input_size, "), got ", x.defined() ? to_string(x.shape()) : "an undefined tensor");
  RecurrentState state = given;
  const Shape shape{x.size(0), options.hidden_size};
  for (Tensor* t : {&state.h, &state.c}) {
    if (!t->defined()) *t = zeros(shape, x.dtype());
    check(t->shape() == shape, op, "the state must be (B, H) = ", shape, ", got ", t->shape());
  }
  return next(kind, options.nonlinearity, linear(x, weight_ih, bias_ih), state,
              {weight_ih, weight_hh, bias_ih, bias_hh});
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
  const char* op = facts(kind).name;
  check(o.input_size >= 1 && o.hidden_size >= 1, op, "input_size and hidden_size must be at least 1, got ",
        o.input_size, " and ", o.hidden_size);
  check(o.num_layers >= 1, op, "num_layers must be at least 1, got ", o.num_layers);
  check(o.dropout >= 0 && o.dropout <= 1, op, "dropout is a probability and must be in [0, 1], got ",
        o.dropout);
  const index_t directions = o.bidirectional ? 2 : 1;
  for (index_t layer = 0; layer < o.num_layers; ++layer)
    for (index_t d = 0; d < directions; ++d)
      weights.push_back(make_weights(facts(kind).gates,
                                     layer == 0 ? o.input_size : directions * o.hidden_size, o.hidden_size,
                                     o.bias, gen));
}

RecurrentResult Recurrent::read(RecurrentKind kind, const Tensor& x, const ReadOptions& how, bool training) {
  const char* op = facts(kind).name;
  check_sequence(op, "x", x, options.input_size, options.batch_first);
  if (x.rank() == 2) {  // one sequence alone
    ReadOptions batched = how;
    for (Tensor* t : {&batched.initial.h, &batched.initial.c})
      if (t->defined()) *t = t->unsqueeze(1);
    const int batch_axis = options.batch_first ? 0 : 1;
    RecurrentResult one = read(kind, x.unsqueeze(batch_axis), batched, training);
    for (Tensor* t : {&one.state.h, &one.state.c})
      if (t->defined()) *t = t->squeeze(1);
    return {one.output.squeeze(batch_axis), one.state};
  }
  Tensor input = options.batch_first ? x.transpose(0, 1) : x;  // (T, B, …) from here on
  const index_t time = input.size(0), batch = input.size(1);
  const bool lstm = kind == RecurrentKind::lstm;
  check(time >= 1, op, "a sequence needs at least one step, got x ", x.shape());

  const auto reading = reading_masks(op, how.lengths, time, batch);
  const Shape states{static_cast<index_t>(weights.size()), batch, options.hidden_size};
  RecurrentState initial = how.initial;
  for (Tensor* t : {&initial.h, &initial.c}) {
    if (!t->defined()) *t = zeros(states, x.dtype());
    check(t->shape() == states, op, "the initial state must be (layers · directions, B, H) = ", states,
          ", got ", t->shape());
  }

  std::vector<Tensor> last_h, last_c;
  const std::size_t directions = options.bidirectional ? 2 : 1;
  for (std::size_t layer = 0; layer * directions < weights.size(); ++layer) {
    if (layer > 0 && training && options.dropout > 0) input = dropout(input, options.dropout, generator);
    std::vector<Tensor> sides;
    for (std::size_t d = 0; d < directions; ++d) {
      const std::size_t place = layer * directions + d;
      RecurrentState state{initial.h[static_cast<index_t>(place)],
                           lstm ? initial.c[static_cast<index_t>(place)] : Tensor()};
      sides.push_back(
          one_direction(kind, options.nonlinearity, input, d == 1, reading, weights[place], state));
      last_h.push_back(state.h);
      if (lstm) last_c.push_back(state.c);
    }
    input = sides.size() == 1 ? sides[0] : cat(sides, -1);
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
