// models.h — lesson 09: the layers that are compared, and two tasks to train them on.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"
#include "nn/models/models.h"
#include "optim/optim.h"

namespace heed::lessons {

// forget_lstm is an LSTM whose forget gates are initialised with a bias of 5.
enum class Kind { rnn, lstm, forget_lstm, attention };
inline const std::vector<Kind> kinds = {Kind::rnn, Kind::lstm, Kind::forget_lstm, Kind::attention};
inline std::string name(Kind kind) {
  static const char* const names[] = {"RNN", "LSTM", "LSTM, bias 5", "attention"};
  return names[static_cast<int>(kind)];
}

// One layer with C channels. An LSTM has 8 C² + 8 C parameters, an encoder layer with
// feed-forward width 2 C has 8 C² + 11 C, and an RNN has a quarter of the LSTM's.
struct Layer : nn::ModuleOf<Layer> {
  std::optional<nn::RNNCell> rnn;
  std::optional<nn::LSTMCell> lstm;
  std::optional<nn::TransformerEncoderLayer> encoder;

  Layer(Kind kind, index_t width, Generator& gen) {
    const nn::RecurrentCellOptions cell{.input_size = width, .hidden_size = width};
    if (kind == Kind::rnn) rnn.emplace(cell, gen);
    if (kind == Kind::lstm || kind == Kind::forget_lstm) lstm.emplace(cell, gen);
    nn::TransformerEncoderLayerOptions o{.d_model = width, .nhead = 4, .dim_feedforward = 2 * width};
    o.dropout = 0;
    if (kind == Kind::attention) encoder.emplace(o, gen);
    if (kind == Kind::forget_lstm) set_forget_bias(width);
  }
  // By default, the forget gates are about σ(0) = 0.5 before training, so a thousandth of the
  // cell state is left after ten tokens. A bias of 5 initialises them to σ(5) = 0.993. The rows
  // of the gates are i, f, g, o.
  void set_forget_bias(index_t width) {
    const NoGrad no_grad;
    lstm->bias_ih.slice(0, width, 2 * width).fill_(5);
  }
  // n tokens (B, C) -> (n, B, C). The loop is that of nn::RNN and nn::LSTM: each step needs the
  // previous state.
  Tensor forward(const std::vector<Tensor>& tokens) {
    if (encoder) return encoder->forward(stack(tokens));
    std::vector<Tensor> outputs;
    outputs.reserve(tokens.size());
    nn::RecurrentState state;
    for (const Tensor& token : tokens) {
      state = lstm ? lstm->forward(token, state) : nn::RecurrentState{rnn->forward(token, state.h), {}};
      outputs.push_back(state.h);
    }
    return stack(outputs);
  }
  void visit(nn::Visitor& v) override {
    v.child("rnn", rnn);
    v.child("lstm", lstm);
    v.child("encoder", encoder);
  }
  std::string type() const override { return "Layer"; }
};

// ---- tasks ------------------------------------------------------------------------------------------------

// A batch of sequences. The last token of each is the query token; the label is the expected
// answer.
struct Batch {
  IntTensor ids;     // (n + 1, B)
  IntTensor labels;  // (B)
  index_t& token(index_t t, index_t b) {
    return ids.values()[static_cast<std::size_t>(t * labels.numel() + b)];
  }
};
using Task = std::function<Batch(index_t size, Generator& gen)>;

// Tokens 0 … 7 are answers, 8 … 15 are noise, 16 is the query token.
constexpr index_t answer_tokens = 8, query_token = 16;
inline index_t draw(index_t n, Generator& gen) {
  return static_cast<index_t>(gen.below(static_cast<std::uint64_t>(n)));
}
inline Batch noise(index_t n, index_t size, Generator& gen) {
  Batch batch{IntTensor::zeros({n + 1, size}), IntTensor::zeros({size})};
  for (index_t& id : batch.ids.values()) id = answer_tokens + draw(8, gen);
  for (index_t b = 0; b < size; ++b) batch.token(n, b) = query_token;
  return batch;
}

// Recall: which of eight tokens came first, `distance` tokens before the query token?
inline Task recall(index_t distance) {
  return [distance](index_t size, Generator& gen) {
    Batch batch = noise(distance, size, gen);
    for (index_t& label : batch.labels.values()) label = draw(answer_tokens, gen);
    for (index_t b = 0; b < size; ++b) batch.token(0, b) = batch.labels[b];
    return batch;
  };
}

// Order, as in lesson 06: token 0 and token 1 occur at random positions in the noise. Does 0 come
// first?
inline Task order(index_t length) {
  return [length](index_t size, Generator& gen) {
    Batch batch = noise(length, size, gen);
    for (index_t b = 0; b < size; ++b) {
      const index_t first = draw(length, gen);
      index_t second = draw(length - 1, gen);
      second += second >= first;
      batch.token(first, b) = 0;
      batch.token(second, b) = 1;
      batch.labels.values()[static_cast<std::size_t>(b)] = first < second;
    }
    return batch;
  };
}

// ---- training ---------------------------------------------------------------------------------------------

constexpr index_t narrow = 32;  // channels of all models that are trained

// An embedding, one layer, and a linear classifier of the layer's output at the last token.
struct Model : nn::ModuleOf<Model> {
  nn::Embedding embedding;
  nn::PositionalEncoding positions;  // used by attention only
  Layer layer;
  nn::Linear head;

  Model(Kind kind, Generator& gen)
      : embedding({.num_embeddings = query_token + 1, .embedding_dim = narrow}, gen),
        positions({.d_model = narrow, .dropout = 0, .max_len = 128}, gen),
        layer(kind, narrow, gen),
        head({.in = narrow, .out = answer_tokens}, gen) {}
  // ids (n, B) -> (B, 8)
  Tensor forward(const IntTensor& ids) {
    const index_t n = ids.size(0);
    if (layer.encoder) return head(layer.encoder->forward(positions(embedding(ids)))[n - 1]);
    std::vector<Tensor> tokens;
    for (index_t t = 0; t < n; ++t)
      tokens.push_back(embedding(ids.slice(0, t, t + 1).reshape({ids.size(1)})));
    return head(layer.forward(tokens)[n - 1]);
  }
  void visit(nn::Visitor& v) override {
    v.child("embedding", embedding);
    v.child("positions", positions);
    v.child("layer", layer);
    v.child("head", head);
  }
  std::string type() const override { return "Model"; }
};

inline double accuracy(const Tensor& logits, const IntTensor& labels) {
  const IntTensor predicted = argmax(logits.detach(), -1);
  double correct = 0;
  for (index_t i = 0; i < predicted.numel(); ++i) correct += predicted[i] == labels[i];
  return correct / static_cast<double>(predicted.numel());
}

// Repeated timings of the same work.
struct Timing {
  double milliseconds = 0;  // the median
  double spread = 0;        // the distance of the quartiles, relative to the median
};
constexpr double largest_spread = 0.3;  // of a machine that is not too busy to compare times
// The q-quantile of sorted numbers, for q from 0 to 1.
inline double quantile(const std::vector<double>& sorted, double q) {
  return sorted[static_cast<std::size_t>(std::lround(q * static_cast<double>(sorted.size() - 1)))];
}
inline Timing timing_of(std::vector<double> milliseconds) {
  std::ranges::sort(milliseconds);
  const double median = quantile(milliseconds, 0.5);
  return {median, (quantile(milliseconds, 0.75) - quantile(milliseconds, 0.25)) / median};
}

// Returns the fraction of two processors that other programs use: two threads read the clock for 10
// milliseconds. If two readings are far apart, another program ran in between. The spread of the
// timings does not show a constant load, which makes a second thread useless.
inline double other_load() {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::microseconds window{10'000}, gap{100};
  const Clock::time_point begin = Clock::now();
  const auto lost_fraction = [&] {
    Clock::duration lost{0};
    Clock::time_point last = begin;
    while (last - begin < window) {
      const Clock::time_point now = Clock::now();
      if (now - last > gap) lost += now - last;
      last = now;
    }
    return std::chrono::duration<double>(lost) / std::chrono::duration<double>(last - begin);
  };
  std::future<double> second = std::async(std::launch::async, lost_fraction);
  const double first = lost_fraction();
  return (first + second.get()) / 2;
}

// The conditions under which times were measured. The load is measured repeatedly, and its median
// counts: the times are medians, too.
struct Disturbance {
  double spread = 0;  // the largest of the timings
  std::vector<double> loads = {};
  void add(const Timing& timing) { spread = std::max(spread, timing.spread); }
  void add_load() { loads.push_back(other_load()); }
  double load() const {
    std::vector<double> sorted = loads;
    std::ranges::sort(sorted);
    return sorted.empty() ? 0 : quantile(sorted, 0.5);
  }
};
constexpr double largest_load = 0.1;  // of a machine that is not too busy to compare times

struct Trained {
  int steps;        // until the running mean of the training accuracy reached 98 %, or max_steps
  Timing step;      // time of one step
  double accuracy;  // on 500 new sequences
};
// Measures the load after every 25 steps, if `disturbance` is not null.
inline Trained train(const Task& task, Kind kind, int max_steps, double learning_rate, Generator gen,
                     Disturbance* disturbance = nullptr) {
  Model model(kind, gen);
  optim::Adam optimizer(model.parameters(), {.lr = learning_rate});
  std::vector<double> milliseconds;
  int step = 0;
  for (double running = 0; step < max_steps && running < 0.98; ++step) {
    const Stopwatch watch;
    const Batch batch = task(32, gen);
    const Tensor logits = model.forward(batch.ids);
    optimizer.zero_grad();
    cross_entropy(logits, batch.labels).backward();
    optim::clip_grad_norm(model.parameters(), 1.0);
    optimizer.step();
    running = 0.9 * running + 0.1 * accuracy(logits, batch.labels);
    milliseconds.push_back(1000 * watch.seconds());
    if (disturbance && step % 25 == 0) disturbance->add_load();
  }
  const NoGrad no_grad;
  const Batch test = task(500, gen);
  return {step, timing_of(milliseconds), accuracy(model.forward(test.ids), test.labels)};
}

// The cost of learning a task for the LSTM and for attention, summed over several initialisations.
// The seconds are the steps times the median time of a step.
struct Cost {
  std::string name;
  index_t tokens;
  Task task;
  std::array<double, 2> steps = {}, seconds = {};
  Disturbance disturbance = {};
};
inline std::vector<Cost> learn_both(const Options& options, int runs, double learning_rate, Generator gen) {
  std::vector<Cost> costs = {
      {"recall", 4, recall(4)}, {"", 8, recall(8)}, {"order", 16, order(16)}, {"", 64, order(64)}};
  const int max_steps = options.quick ? 4 : 2000;
  Progress progress("until 98 %", static_cast<std::int64_t>(2 * costs.size()) * runs, options.quiet);
  std::int64_t done = 0;
  for (int run = 0; run < runs; ++run) {
    const Generator own = gen.fork();
    for (Cost& cost : costs)
      for (const std::size_t i : {0U, 1U}) {
        const Trained result = train(cost.task, i == 0 ? Kind::lstm : Kind::attention, max_steps,
                                     learning_rate, own, options.quick ? nullptr : &cost.disturbance);
        cost.steps[i] += result.steps;
        cost.seconds[i] += result.steps * result.step.milliseconds / 1000;
        cost.disturbance.add(result.step);
        progress.update(++done, concat(i == 0 ? "LSTM: " : "attention: ", result.steps, " steps"));
      }
  }
  return costs;
}

}  // namespace heed::lessons
