// models.h — lesson 09: the layers that are compared, and two tasks to train them on.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lessons/support/lesson.h"
#include "lessons/support/terminal.h"
#include "nn/models/models.h"
#include "optim/optim.h"

namespace heed::lessons {

enum class Kind { rnn, lstm, open_lstm, attention };
inline const std::vector<Kind> kinds = {Kind::rnn, Kind::lstm, Kind::open_lstm, Kind::attention};
inline std::string name(Kind kind) {
  static const char* const names[] = {"RNN", "LSTM", "LSTM, open", "attention"};
  return names[static_cast<int>(kind)];
}

// One layer, C channels wide: an LSTM has 8 C² + 8 C parameters, an encoder layer with 2 C in its feed-forward
// 8 C² + 11 C, an RNN a quarter of the LSTM's.
struct Layer : nn::ModuleOf<Layer> {
  std::optional<nn::RNNCell> rnn;
  std::optional<nn::LSTMCell> lstm;
  std::optional<nn::TransformerEncoderLayer> encoder;

  Layer(Kind kind, index_t width, Generator& gen) {
    const nn::RecurrentCellOptions cell{.input_size = width, .hidden_size = width};
    if (kind == Kind::rnn) rnn.emplace(cell, gen);
    if (kind == Kind::lstm || kind == Kind::open_lstm) lstm.emplace(cell, gen);
    nn::TransformerEncoderLayerOptions o{.d_model = width, .nhead = 4, .dim_feedforward = 2 * width};
    o.dropout = 0;
    if (kind == Kind::attention) encoder.emplace(o, gen);
    if (kind == Kind::open_lstm) open_forget_gate(width);
  }
  // An LSTM starts with its forget gates half shut, for σ(0) = 0.5: after ten words a thousandth of its cell is left.
  // With a bias of 5 they start open: σ(5) = 0.993. The gates' rows are i, f, g, o.
  void open_forget_gate(index_t width) {
    const NoGrad no_grad;
    lstm->bias_ih.slice(0, width, 2 * width).fill_(5);
  }
  // n words (B, C) -> (n, B, C). The loop is the one inside nn::RNN and nn::LSTM: each step waits for the last state.
  Tensor forward(const std::vector<Tensor>& words) {
    if (encoder) return encoder->forward(stack(words));
    std::vector<Tensor> outputs;
    outputs.reserve(words.size());
    nn::RecurrentState state;
    for (const Tensor& word : words) {
      state = lstm ? lstm->forward(word, state) : nn::RecurrentState{rnn->forward(word, state.h), {}};
      outputs.push_back(state.h);
    }
    return stack(outputs);
  }
  void visit(nn::Visitor& v) override {
    v.child("rnn", rnn), v.child("lstm", lstm), v.child("encoder", encoder);
  }
  std::string type() const override { return "Layer"; }
};

// ---- tasks ------------------------------------------------------------------------------------------------

// Texts, each with one answer, asked for by its last word.
struct Batch {
  IntTensor ids;      // (n + 1, B)
  IntTensor answers;  // (B)
  index_t& word(index_t t, index_t b) {
    return ids.values()[static_cast<std::size_t>(t * answers.numel() + b)];
  }
};
using Task = std::function<Batch(index_t size, Generator& gen)>;

// Words 0 … 7 are answers, 8 … 15 noise, 16 is the question.
constexpr index_t answer_words = 8, question = 16;
inline index_t draw(index_t n, Generator& gen) {
  return static_cast<index_t>(gen.below(static_cast<std::uint64_t>(n)));
}
inline Batch noise(index_t n, index_t size, Generator& gen) {
  Batch batch{IntTensor::zeros({n + 1, size}), IntTensor::zeros({size})};
  for (index_t& id : batch.ids.values()) id = answer_words + draw(8, gen);
  for (index_t b = 0; b < size; ++b) batch.word(n, b) = question;
  return batch;
}

// Which of eight words stood first, `distance` words before the question?
inline Task recall(index_t distance) {
  return [distance](index_t size, Generator& gen) {
    Batch batch = noise(distance, size, gen);
    for (index_t& answer : batch.answers.values()) answer = draw(answer_words, gen);
    for (index_t b = 0; b < size; ++b) batch.word(0, b) = batch.answers[b];
    return batch;
  };
}

// Lesson 06's question: word 0 and word 1 stand somewhere among the noise. Does 0 come first?
inline Task order(index_t length) {
  return [length](index_t size, Generator& gen) {
    Batch batch = noise(length, size, gen);
    for (index_t b = 0; b < size; ++b) {
      const index_t first = draw(length, gen);
      index_t second = draw(length - 1, gen);
      second += second >= first;
      batch.word(first, b) = 0, batch.word(second, b) = 1;
      batch.answers.values()[static_cast<std::size_t>(b)] = first < second;
    }
    return batch;
  };
}

// ---- training ---------------------------------------------------------------------------------------------

constexpr index_t narrow = 32;  // channels of everything that is trained

// Embedding, one layer, and an answer from what the layer made of the last word.
struct Model : nn::ModuleOf<Model> {
  nn::Embedding words;
  nn::PositionalEncoding positions;  // for attention alone
  Layer layer;
  nn::Linear answer;

  Model(Kind kind, Generator& gen)
      : words({.num_embeddings = question + 1, .embedding_dim = narrow}, gen),
        positions({.d_model = narrow, .dropout = 0, .max_len = 128}, gen),
        layer(kind, narrow, gen),
        answer({.in = narrow, .out = answer_words}, gen) {}
  // ids (n, B) -> (B, 8)
  Tensor forward(const IntTensor& ids) {
    const index_t n = ids.size(0);
    if (layer.encoder) return answer(layer.encoder->forward(positions(words(ids)))[n - 1]);
    std::vector<Tensor> each;
    for (index_t t = 0; t < n; ++t) each.push_back(words(ids.slice(0, t, t + 1).reshape({ids.size(1)})));
    return answer(layer.forward(each)[n - 1]);
  }
  void visit(nn::Visitor& v) override {
    v.child("words", words), v.child("positions", positions), v.child("layer", layer);
    v.child("answer", answer);
  }
  std::string type() const override { return "Model"; }
};

inline double share_right(const Tensor& scores, const IntTensor& answers) {
  const IntTensor guess = argmax(scores.detach(), -1);
  double right = 0;
  for (index_t i = 0; i < guess.numel(); ++i) right += guess[i] == answers[i];
  return right / static_cast<double>(guess.numel());
}

struct Trained {
  int steps;       // until 98 % of the last batches (a running mean) were right, or all that were allowed
  double seconds;  // that these took
  double right;    // on 500 texts that it has not seen
};
inline Trained train(const Task& task, Kind kind, int most, Generator gen) {
  Model model(kind, gen);
  optim::Adam optimizer(model.parameters(), {.lr = 3e-3});
  const Stopwatch watch;
  int step = 0;
  for (double running = 0; step < most && running < 0.98; ++step) {
    const Batch batch = task(32, gen);
    const Tensor scores = model.forward(batch.ids);
    optimizer.zero_grad();
    cross_entropy(scores, batch.answers).backward();
    optim::clip_grad_norm(model.parameters(), 1.0);
    optimizer.step();
    running = 0.9 * running + 0.1 * share_right(scores, batch.answers);
  }
  const double took = watch.seconds();
  const NoGrad no_grad;
  const Batch test = task(500, gen);
  return {step, took, share_right(model.forward(test.ids), test.answers)};
}

// What it costs to learn a task: the LSTM's and attention's, summed over some starts.
struct Cost {
  std::string question;
  index_t words;
  Task task;
  std::array<double, 2> steps = {}, seconds = {};
};
inline std::vector<Cost> learn_both(const Options& options, int starts, Generator gen) {
  std::vector<Cost> costs = {{"the first word", 4, recall(4)},
                             {"", 8, recall(8)},
                             {"the order", 16, order(16)},
                             {"", 64, order(64)}};
  const int most = options.quick ? 4 : 2000;
  Progress progress("until 98 %", static_cast<std::int64_t>(2 * costs.size()) * starts, options.quiet);
  std::int64_t done = 0;
  for (int start = 0; start < starts; ++start) {
    const Generator own = gen.fork();
    for (Cost& cost : costs)
      for (const std::size_t i : {0U, 1U}) {
        const Trained result = train(cost.task, i == 0 ? Kind::lstm : Kind::attention, most, own);
        cost.steps[i] += result.steps, cost.seconds[i] += result.seconds;
        progress.update(++done, concat(i == 0 ? "LSTM: " : "attention: ", result.steps, " steps"));
      }
  }
  return costs;
}

}  // namespace heed::lessons
