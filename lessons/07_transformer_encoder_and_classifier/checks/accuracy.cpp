#include <algorithm>
#include <cmath>
#include <future>
#include <memory>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Classifier = nn::TransformerClassifier;

double count_correct(const Tensor& logits, const IntTensor& labels) {
  const IntTensor predicted = argmax(logits, -1);
  double correct = 0;
  for (index_t i = 0; i < predicted.numel(); ++i) correct += predicted[i] == labels[i];
  return correct;
}

struct Count {
  double correct = 0, total = 0, mean_of_batches = 0;
};

// Counts in the current mode of the model.
Count count(Classifier& model, const std::vector<Batch>& batches) {
  Count c;
  for (const Batch& batch : batches) {
    const double n = static_cast<double>(batch.labels.numel()),
                 correct = count_correct(model.forward(batch.ids), batch.labels);
    c.correct += correct;
    c.total += n;
    c.mean_of_batches += correct / n / static_cast<double>(batches.size());
  }
  return c;
}

// Counts in evaluation mode, without a graph, and restores the mode.
Count evaluate(Classifier& model, const std::vector<Batch>& batches) {
  const NoGrad no_grad;
  const bool was_training = model.training();
  model.eval();
  const Count c = count(model, batches);
  model.train(was_training);
  return c;
}

const checks::Exercise<decltype(accuracy)> exercise{
    "07_accuracy",
    accuracy,
    [](auto& model, auto& batches) {
      const Count c = evaluate(model, batches);
      return c.correct / c.total;
    },
    {{"CL-06", "dropout was active during the measurement: call model.eval()",
      [](auto& model, auto& batches) {
        const NoGrad no_grad;
        const Count c = count(model, batches);
        return c.correct / c.total;
      }},
     {"AG-21", "a graph was recorded although backward is never called: use NoGrad",
      [](auto& model, auto& batches) {
        const bool was_training = model.training();
        model.eval();
        const Count c = count(model, batches);
        model.train(was_training);
        return c.correct / c.total;
      }},
     {"CL-24", "the model was left in eval mode: training would continue without dropout",
      [](auto& model, auto& batches) {
        const Count c = evaluate(model, batches);
        model.eval();
        return c.correct / c.total;
      }},
     {"CL-25", "the model was put into train mode: restore the mode it had before the call",
      [](auto& model, auto& batches) {
        const Count c = evaluate(model, batches);
        model.train();
        return c.correct / c.total;
      }},
     {"CL-26", "this is the mean of the batch accuracies: a small last batch counts too much",
      [](auto& model, auto& batches) { return evaluate(model, batches).mean_of_batches; }},
     {"CL-27", "this is the number of correct predictions: divide by the number of sequences",
      [](auto& model, auto& batches) { return evaluate(model, batches).correct; }},
     {"CL-28", "divided by the number of batches: divide by the number of sequences",
      [](auto& model, auto& batches) {
        return evaluate(model, batches).correct / static_cast<double>(batches.size());
      }},
     {"CL-29", "this is the error rate, 1 - accuracy",
      [](auto& model, auto& batches) {
        const Count c = evaluate(model, batches);
        return 1 - c.correct / c.total;
      }},
     {"CL-30", "only the last batch was counted",
      [](auto& model, auto& batches) {
        const Count c = evaluate(model, {batches.back()});
        return c.correct / c.total;
      }},
     {"CL-65", "argmax was taken over the batch (axis 0): the classes are the last axis",
      [](auto& model, auto& batches) {
        const NoGrad no_grad;
        const bool was_training = model.training();
        model.eval();
        Count c;
        for (const Batch& batch : batches) {
          const IntTensor predicted = argmax(model.forward(batch.ids), 0);
          for (index_t i = 0; i < std::min(predicted.numel(), batch.labels.numel()); ++i)
            c.correct += predicted[i] == batch.labels[i];
          c.total += static_cast<double>(predicted.numel());
        }
        model.train(was_training);
        return c.correct / c.total;
      }},
     {"CL-66", "the division of integers gives an integer: convert to double before dividing",
      [](auto& model, auto& batches) {
        const Count c = evaluate(model, batches);
        return std::floor(c.correct / c.total);
      }},
     {"CL-67", "only the first batch was counted",
      [](auto& model, auto& batches) {
        const Count c = evaluate(model, {batches.front()});
        return c.correct / c.total;
      }},
     {"CL-68",
      "only some modules were put into eval mode and left in it: use model.eval() and model.train(on)",
      [](auto& model, auto& batches) {
        const NoGrad no_grad;
        model.pos_encoder.eval();
        model.transformer.eval();
        const Count c = count(model, batches);
        return c.correct / c.total;
      }}}};

// Batches of five and three sequences, of which the model classifies four and one correctly.
struct Fixture {
  std::unique_ptr<Classifier> model;
  std::vector<Batch> batches = {{{{1, 5, 2, 0}, {3, 3, 0, 0}, {6, 1, 4, 2}, {2, 0, 0, 0}, {5, 4, 0, 0}}, {}},
                                {{{4, 6, 1}, {1, 1, 0}, {2, 5, 6}}, {}}};

  explicit Fixture(bool training = true) {
    Generator gen(4);
    model = std::make_unique<Classifier>(nn::TransformerClassifierOptions{.vocab_size = 7,
                                                                          .d_model = 8,
                                                                          .nhead = 2,
                                                                          .num_layers = 1,
                                                                          .num_classes = 3,
                                                                          .dim_feedforward = 8,
                                                                          .dropout = 0.6,
                                                                          .max_len = 16,
                                                                          .padding_idx = 0},
                                         gen);
    const NoGrad no_grad;
    model->eval();
    const std::vector<std::vector<bool>> correct = {{true, true, false, true, true}, {false, true, false}};
    for (std::size_t b = 0; b < batches.size(); ++b) {
      batches[b].labels = argmax(model->forward(batches[b].ids), -1);
      for (std::size_t i = 0; i < correct[b].size(); ++i)
        if (!correct[b][i]) batches[b].labels.values()[i] = (batches[b].labels.values()[i] + 1) % 3;
    }
    model->train(training);
  }
};

// A NoGrad disables recording for its thread. Each probe runs in a new thread, so that a NoGrad
// that outlives its call (static, or never deleted) is detected and does not affect the reference
// function.
template <class Probe>
auto in_a_thread(const Probe& probe) {
  return [probe](auto f) {
    return std::async(std::launch::async, [&] { return checks::Answer(probe(f)); }).get();
  };
}

// Returns the id of the next node; ids increase.
std::uint64_t next_node() {
  const Tensor x = scalar(1).set_requires_grad(), y = x * 2.0;
  check(!y.is_leaf(), "accuracy", "gradient recording was left disabled");
  return y.state()->node->id;
}

// The result has no gradient.
constexpr checks::Forms in_f64{.views = false, .gradients = false},
    as_given{.f64 = false, .views = false, .gradients = false};

// Compares the accuracy and, after the call, the parameters and the modes of all modules.
TEST(Accuracy, OfEightSequencesInTwoBatches) {
  for (const bool training : {true, false})
    exercise.call(
        concat("accuracy(model in ", training ? "train" : "eval",
               " mode, batches of 5 sequences (4 correct) and 3 sequences (1 correct)), and the "
               "modes of all modules after it"),
        [training] {
          Fixture a(training);
          return std::tuple(std::move(a.model), a.batches);
        },
        in_f64);
}

TEST(Accuracy, OfOneBatch) {
  exercise.call(
      "accuracy(model in eval mode, a batch of 5 sequences (4 correct))",
      [] {
        Fixture a(false);
        return std::tuple(std::move(a.model), std::vector<Batch>{a.batches[0]});
      },
      as_given);
  exercise.call(
      "accuracy(model in train mode, a batch of one sequence (wrong))",
      [] {
        Fixture a;
        const Batch one = {a.batches[0].ids.slice(0, 2, 3), a.batches[0].labels.slice(0, 2, 3)};
        return std::tuple(std::move(a.model), std::vector<Batch>{one});
      },
      as_given);
  exercise.call(
      "accuracy(model in train mode, a batch of two sequences (both correct))",
      [] {
        Fixture a;
        const Batch two = {a.batches[0].ids.slice(0, 3, 5), a.batches[0].labels.slice(0, 3, 5)};
        return std::tuple(std::move(a.model), std::vector<Batch>{two});
      },
      as_given);
  exercise.call(
      "accuracy(model in train mode, three batches of one sequence (correct, wrong, correct))",
      [] {
        Fixture a;
        std::vector<Batch> batches;
        for (const index_t i : {1, 2, 3})
          batches.push_back({a.batches[0].ids.slice(0, i, i + 1), a.batches[0].labels.slice(0, i, i + 1)});
        return std::tuple(std::move(a.model), batches);
      },
      as_given);
}

TEST(Accuracy, IsDeterministic) {
  exercise.invariant("", "repeated calls must return the same accuracy", [](auto f) {
    Fixture a;
    const double first = f(*a.model, a.batches);
    for (int i = 0; i < 5; ++i)
      if (f(*a.model, a.batches) != first) return false;
    return true;
  });
}

TEST(Accuracy, LeavesTheParametersTrainable) {
  exercise.invariant("", "every parameter must still require grad", [](auto f) {
    Fixture a;
    f(*a.model, a.batches);
    const std::vector<Tensor> parameters = a.model->parameters();
    return std::all_of(parameters.begin(), parameters.end(),
                       [](const Tensor& t) { return t.requires_grad(); });
  });
}

TEST(Accuracy, RecordsNoGraph) {
  exercise.compare("number of graph nodes that accuracy(model, two batches) records", in_a_thread([](auto f) {
                     Fixture a;
                     const std::uint64_t before = next_node();
                     f(*a.model, a.batches);
                     return next_node() - before - 1;
                   }));
  exercise.compare("grad_enabled() after accuracy(model, two batches)", in_a_thread([](auto f) {
                     Fixture a;
                     f(*a.model, a.batches);
                     return grad_enabled() ? 1 : 0;
                   }));
}

}  // namespace
}  // namespace heed::exercise

// wrong edit CL-06: `model.eval();` => ``
