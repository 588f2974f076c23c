#include <algorithm>
#include <cmath>
#include <future>
#include <memory>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "lessons/check/check.h"

namespace heed::exercise {
namespace {

using Classifier = nn::TransformerClassifier;

double right_in(const Tensor& logits, const IntTensor& labels) {
  const IntTensor guess = argmax(logits, -1);
  double right = 0;
  for (index_t i = 0; i < guess.numel(); ++i) right += guess[i] == labels[i];
  return right;
}
// How many are right, and of how many; in whatever mode the model is.
struct Count {
  double right = 0, all = 0, mean_of_batches = 0;
};
Count count(Classifier& model, const std::vector<Batch>& batches) {
  Count c;
  for (const Batch& batch : batches) {
    const double n = static_cast<double>(batch.labels.numel()),
                 right = right_in(model.forward(batch.ids), batch.labels);
    c.right += right, c.all += n;
    c.mean_of_batches += right / n / static_cast<double>(batches.size());
  }
  return c;
}
Count measured(Classifier& model, const std::vector<Batch>& batches) {
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
      const Count c = measured(model, batches);
      return c.right / c.all;
    },
    {{"CL-06", "measured while dropout was on: switch to eval",
      [](auto& model, auto& batches) {
        const NoGrad no_grad;
        const Count c = count(model, batches);
        return c.right / c.all;
      }},
     {"AG-21", "the graph was still recorded: nobody will run backward here, so hold a NoGrad",
      [](auto& model, auto& batches) {
        const bool was_training = model.training();
        model.eval();
        const Count c = count(model, batches);
        model.train(was_training);
        return c.right / c.all;
      }},
     {"CL-24", "the model was left in eval mode: training would go on without dropout",
      [](auto& model, auto& batches) {
        const Count c = measured(model, batches);
        model.eval();
        return c.right / c.all;
      }},
     {"CL-25", "the model was put into train mode: leave it in the mode in which it was found",
      [](auto& model, auto& batches) {
        const Count c = measured(model, batches);
        model.train();
        return c.right / c.all;
      }},
     {"CL-26", "the mean of the batches' shares: a small last batch counts for too much",
      [](auto& model, auto& batches) { return measured(model, batches).mean_of_batches; }},
     {"CL-27", "this is how many are right, not their share",
      [](auto& model, auto& batches) { return measured(model, batches).right; }},
     {"CL-28", "right per batch: divide by the number of texts",
      [](auto& model, auto& batches) {
        return measured(model, batches).right / static_cast<double>(batches.size());
      }},
     {"CL-29", "this is the share of wrong answers",
      [](auto& model, auto& batches) {
        const Count c = measured(model, batches);
        return 1 - c.right / c.all;
      }},
     {"CL-30", "only the last batch was counted",
      [](auto& model, auto& batches) {
        const Count c = measured(model, {batches.back()});
        return c.right / c.all;
      }},
     {"CL-65", "argmax went over the batch (axis 0): the classes are the last axis",
      [](auto& model, auto& batches) {
        const NoGrad no_grad;
        const bool was_training = model.training();
        model.eval();
        Count c;
        for (const Batch& batch : batches) {
          const IntTensor guess = argmax(model.forward(batch.ids), 0);
          for (index_t i = 0; i < std::min(guess.numel(), batch.labels.numel()); ++i)
            c.right += guess[i] == batch.labels[i];
          c.all += static_cast<double>(guess.numel());
        }
        model.train(was_training);
        return c.right / c.all;
      }},
     {"CL-66", "a quotient of integers is an integer: convert to double before dividing",
      [](auto& model, auto& batches) {
        const Count c = measured(model, batches);
        return std::floor(c.right / c.all);
      }},
     {"CL-67", "only the first batch was counted",
      [](auto& model, auto& batches) {
        const Count c = measured(model, {batches.front()});
        return c.right / c.all;
      }},
     {"CL-68",
      "only some parts were put into eval mode, and left in it: use model.eval() and model.train(on)",
      [](auto& model, auto& batches) {
        const NoGrad no_grad;
        model.pos_encoder.eval();
        model.transformer.eval();
        const Count c = count(model, batches);
        return c.right / c.all;
      }}}};

// Texts in batches of five and three, of which the model classifies four and one correctly.
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
    const std::vector<std::vector<bool>> right = {{true, true, false, true, true}, {false, true, false}};
    for (std::size_t b = 0; b < batches.size(); ++b) {
      batches[b].labels = argmax(model->forward(batches[b].ids), -1);
      for (std::size_t i = 0; i < right[b].size(); ++i)
        if (!right[b][i]) batches[b].labels.values()[i] = (batches[b].labels.values()[i] + 1) % 3;
    }
    model->train(training);
  }
};

// A NoGrad switches recording off for its thread. Questions about it get a thread of their own: one that outlives its
// call (static, or never deleted) is then seen, and does not silence the right function, too.
template <class Probe>
auto in_a_thread(const Probe& probe) {
  return [probe](auto f) {
    return std::async(std::launch::async, [&] { return checks::Answer(probe(f)); }).get();
  };
}

// Nodes have growing numbers: the number that the next one gets.
std::uint64_t next_node() {
  const Tensor x = scalar(1).set_requires_grad(), y = x * 2.0;
  check(!y.is_leaf(), "accuracy", "recording was left switched off");
  return y.state()->node->id;
}

// The result is a number without a gradient.
constexpr checks::Forms in_f64{.views = false, .gradients = false},
    as_given{.f64 = false, .views = false, .gradients = false};

// Accuracy itself; the parameters afterwards and the modes of all modules are compared, too.
TEST(Accuracy, OfEightTextsInTwoBatches) {
  for (const bool training : {true, false})
    exercise.call(
        concat("accuracy(model in ", training ? "train" : "eval",
               " mode, batches of 5 texts (4 correct) and 3 texts (1 correct)), and the modes of "
               "all modules after it"),
        [training] {
          Fixture a(training);
          return std::tuple(std::move(a.model), a.batches);
        },
        in_f64);
}

TEST(Accuracy, OfOneBatch) {
  exercise.call(
      "accuracy(model in eval mode, a batch of 5 texts (4 correct))",
      [] {
        Fixture a(false);
        return std::tuple(std::move(a.model), std::vector<Batch>{a.batches[0]});
      },
      as_given);
  exercise.call(
      "accuracy(model in train mode, a batch of one text (wrong))",
      [] {
        Fixture a;
        const Batch one = {a.batches[0].ids.slice(0, 2, 3), a.batches[0].labels.slice(0, 2, 3)};
        return std::tuple(std::move(a.model), std::vector<Batch>{one});
      },
      as_given);
  exercise.call(
      "accuracy(model in train mode, a batch of two texts (both correct))",
      [] {
        Fixture a;
        const Batch two = {a.batches[0].ids.slice(0, 3, 5), a.batches[0].labels.slice(0, 3, 5)};
        return std::tuple(std::move(a.model), std::vector<Batch>{two});
      },
      as_given);
  exercise.call(
      "accuracy(model in train mode, three batches of one text (correct, wrong, correct))",
      [] {
        Fixture a;
        std::vector<Batch> batches;
        for (const index_t i : {1, 2, 3})
          batches.push_back({a.batches[0].ids.slice(0, i, i + 1), a.batches[0].labels.slice(0, i, i + 1)});
        return std::tuple(std::move(a.model), batches);
      },
      as_given);
}

TEST(Accuracy, GivesTheSameTwice) {
  exercise.invariant("", "measured again and again, it must give the same", [](auto f) {
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

TEST(Accuracy, RecordsNothing) {
  exercise.compare("how many nodes accuracy(model, two batches) records for a backward",
                   in_a_thread([](auto f) {
                     Fixture a;
                     const std::uint64_t before = next_node();
                     f(*a.model, a.batches);
                     return next_node() - before - 1;
                   }));
  exercise.compare("whether gradients are recorded again after accuracy(model, two batches)",
                   in_a_thread([](auto f) {
                     Fixture a;
                     f(*a.model, a.batches);
                     return grad_enabled() ? 1 : 0;
                   }));
}

}  // namespace
}  // namespace heed::exercise
