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

void check_lengths(const char* op, const std::vector<index_t>& lengths, index_t time, index_t batch,
                   bool batched) {
  if (lengths.empty()) return;
  check(static_cast<index_t>(lengths.size()) == batch, op, lengths.size(), " lengths for ",
        batched ? concat("a batch of ", batch) : "one sequence");
  for (const index_t length : lengths)
    check(length >= 0 && length <= time, op, "length ", length, " must be in [0, ", time, "]");
}

// An initial state that is given has the expected shape and dtype, and only an LSTM has a cell
// state.
void check_state(RecurrentKind kind, const char* op, const char* what, const char* axes,
                 const RecurrentState& given, const Shape& expected, DType dtype) {
  check(kind == RecurrentKind::lstm || !given.c.defined(), op, "expected no cell state c, got one of ",
        given.c.defined() ? given.c.shape() : Shape(), "; only an LSTM has a cell state");
  for (const Tensor* t : {&given.h, &given.c}) {
    if (!t->defined()) continue;
    check(t->shape() == expected, op, what, " must be ", axes, " = ", expected, ", got ", t->shape());
    check(t->dtype() == dtype, op, what, " must be ", name(dtype), " as x is, got ", name(t->dtype()));
  }
}

// Zeros in place of an undefined state.
RecurrentState completed(RecurrentKind kind, RecurrentState state, const Shape& shape, DType dtype) {
  if (!state.h.defined()) state.h = zeros(shape, dtype);
  if (kind == RecurrentKind::lstm && !state.c.defined()) state.c = zeros(shape, dtype);
  return state;
}

// (T, B, in): true beyond the length of each sample; undefined if all samples are T long.
Mask padding_of(const std::vector<index_t>& lengths, index_t time, index_t in) {
  if (std::all_of(lengths.begin(), lengths.end(), [=](index_t length) { return length == time; })) return {};
  std::vector<std::uint8_t> beyond;
  for (index_t t = 0; t < time; ++t)
    for (const index_t length : lengths)
      beyond.insert(beyond.end(), static_cast<std::size_t>(in), t >= length);
  return {std::move(beyond), {time, static_cast<index_t>(lengths.size()), in}};
}

// (B, 1): which samples have a word at all; undefined if all have.
Mask with_words(const std::vector<index_t>& lengths) {
  if (std::find(lengths.begin(), lengths.end(), 0) == lengths.end()) return {};
  std::vector<std::uint8_t> some;
  some.reserve(lengths.size());
  for (const index_t length : lengths) some.push_back(length > 0);
  return {std::move(some), {static_cast<index_t>(lengths.size()), 1}};
}

// Which samples are still being read at each step; an undefined mask if all are.
std::vector<Mask> reading_masks(const std::vector<index_t>& lengths, index_t time) {
  std::vector<Mask> masks(static_cast<std::size_t>(time));
  if (lengths.empty()) return masks;
  const auto batch = static_cast<index_t>(lengths.size());
  for (index_t t = *std::min_element(lengths.begin(), lengths.end()); t < time; ++t) {
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
  const Shape shape{x.size(0), options.hidden_size};
  check_state(kind, op, "the state", "(B, H)", given, shape, x.dtype());
  return next(kind, options.nonlinearity, linear(x, weight_ih, bias_ih),
              completed(kind, given, shape, x.dtype()), {weight_ih, weight_hh, bias_ih, bias_hh});
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
  const bool batched = x.rank() == 3;
  const int time_at = time_axis(x, options.batch_first);
  const index_t time = x.size(time_at), batch = batched ? x.size(1 - time_at) : 1;
  const auto count = static_cast<index_t>(weights.size());
  check(time >= 1, op, "a sequence needs at least one step, got x ", x.shape());
  check_lengths(op, how.lengths, time, batch, batched);
  if (batched)
    check_state(kind, op, "the initial state", "(layers · directions, B, H)", how.initial,
                {count, batch, options.hidden_size}, x.dtype());
  else
    check_state(kind, op, "the initial state of one sequence", "(layers · directions, H)", how.initial,
                {count, options.hidden_size}, x.dtype());
  if (batched) return read_batch(kind, x, how, training);

  ReadOptions of_batch = how;
  for (Tensor* t : {&of_batch.initial.h, &of_batch.initial.c})
    if (t->defined()) *t = t->unsqueeze(1);
  const int batch_at = options.batch_first ? 0 : 1;
  RecurrentResult one = read_batch(kind, x.unsqueeze(batch_at), of_batch, training);
  for (Tensor* t : {&one.state.h, &one.state.c})
    if (t->defined()) *t = t->squeeze(1);
  return {one.output.squeeze(batch_at), one.state};
}

// Arguments are checked. Padding is filled with zeros first: a gradient of 0 times a NaN would be
// NaN.
RecurrentResult Recurrent::read_batch(RecurrentKind kind, const Tensor& x, const ReadOptions& how,
                                      bool training) {
  Tensor input = options.batch_first ? x.transpose(0, 1) : x;  // (T, B, …) from here on
  const index_t time = input.size(0), batch = input.size(1);
  const bool lstm = kind == RecurrentKind::lstm;
  if (const Mask padding = padding_of(how.lengths, time, options.input_size); padding.defined())
    input = masked_fill(input, padding, 0);
  const std::vector<Mask> reading = reading_masks(how.lengths, time);
  const Mask words = with_words(how.lengths);
  const Tensor nothing = zeros({batch, options.hidden_size}, x.dtype());
  const RecurrentState initial = completed(
      kind, how.initial, {static_cast<index_t>(weights.size()), batch, options.hidden_size}, x.dtype());

  std::vector<Tensor> last_h, last_c;
  const std::size_t directions = options.bidirectional ? 2 : 1;
  for (std::size_t layer = 0; layer * directions < weights.size(); ++layer) {
    if (layer > 0 && training && options.dropout > 0) input = dropout(input, options.dropout, generator);
    std::vector<Tensor> sides;
    for (std::size_t d = 0; d < directions; ++d) {
      const std::size_t place = layer * directions + d;
      const RecurrentState given{initial.h[static_cast<index_t>(place)],
                                 lstm ? initial.c[static_cast<index_t>(place)] : Tensor()};
      // A sample without words keeps its state, which no step reads.
      RecurrentState state{still(words, given.h, nothing), still(words, given.c, nothing)};
      sides.push_back(
          one_direction(kind, options.nonlinearity, input, d == 1, reading, weights[place], state));
      last_h.push_back(still(words, state.h, given.h));
      if (lstm) last_c.push_back(still(words, state.c, given.c));
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
