#include <cmath>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Classifier = nn::TransformerClassifier;
using Batches = std::vector<Batch>;

index_t right_in(const IntTensor& guess, const IntTensor& labels) {
  index_t right = 0;
  for (index_t i = 0; i < guess.numel(); ++i) right += guess[i] == labels[i];
  return right;
}
double share(Classifier& model, const Batches& batches) {
  index_t right = 0, all = 0;
  for (const Batch& batch : batches) {
    right += right_in(argmax(model.forward(batch.ids), -1), batch.labels);
    all += batch.labels.numel();
  }
  return static_cast<double>(right) / static_cast<double>(all);
}
double measured(Classifier& model, const Batches& batches) {
  const NoGrad no_grad;
  const bool was_training = model.training();
  model.eval();
  const double result = share(model, batches);
  model.train(was_training);
  return result;
}

const Answers<decltype(accuracy)> answers{
    {"max and its indices", "pass",
     [](Classifier& model, const Batches& batches) {
       const NoGrad no_grad;
       const bool mode = model.training();
       model.train(false);
       double right = 0, all = 0;
       for (const auto& [ids, labels] : batches) {
         const IntTensor guess = max(model(ids), 1).indices;
         for (index_t i = 0; i < labels.numel(); ++i, ++all) right += guess[i] == labels[i] ? 1 : 0;
       }
       if (mode) model.train();
       return right / all;
     }},
    {"text by text, weighted", "pass",
     [](Classifier& model, const Batches& batches) {
       const bool was_training = model.training();
       model.eval();
       double mean = 0, all = 0;
       {
         const NoGrad no_grad;
         for (const Batch& batch : batches)
           for (index_t b = 0; b < batch.labels.numel(); ++b) {
             const Tensor logits = model.forward(batch.ids.slice(0, b, b + 1))[0];
             all += 1;
             mean += ((argmax(logits, 0).item() == batch.labels[b]) - mean) / all;
           }
       }
       model.train(was_training);
       return mean;
     }},
    {"a clone of the model", "pass",
     [](Classifier& model, const Batches& batches) {
       Classifier copy = model.clone();
       copy.eval();
       const NoGrad no_grad;
       return share(copy, batches);
     }},
    {"argmax over the batch", "CL-65",
     [](Classifier& model, const Batches& batches) {
       const NoGrad no_grad;
       const bool was_training = model.training();
       model.eval();
       index_t right = 0, all = 0;
       for (const Batch& batch : batches) {
         const IntTensor guess = argmax(model.forward(batch.ids), 0);
         for (index_t i = 0; i < std::min(guess.numel(), batch.labels.numel()); ++i)
           right += guess[i] == batch.labels[i];
         all += guess.numel();
       }
       model.train(was_training);
       return static_cast<double>(right) / static_cast<double>(all);
     }},
    {"a quotient of integers", "CL-66",
     [](Classifier& model, const Batches& batches) { return std::floor(measured(model, batches)); }},
    {"percent", "wrong",
     [](Classifier& model, const Batches& batches) { return 100 * measured(model, batches); }},
    {"the first batch only", "CL-67",
     [](Classifier& model, const Batches& batches) { return measured(model, {batches.front()}); }},
    {"the first text of each batch only", "wrong",
     [](Classifier& model, const Batches& batches) {
       Batches firsts;
       for (const Batch& batch : batches)
         firsts.push_back({batch.ids.slice(0, 0, 1), batch.labels.slice(0, 0, 1)});
       return measured(model, firsts);
     }},
    {"the mean of the batches' shares", "CL-26",
     [](Classifier& model, const Batches& batches) {
       double total = 0;
       for (const Batch& batch : batches) total += measured(model, {batch});
       return total / static_cast<double>(batches.size());
     }},
    {"only the last batch, in train mode", "likely CL-30",
     [](Classifier& model, const Batches& batches) {
       const NoGrad no_grad;
       return share(model, {batches.back()});
     }},
    {"the labels of the first batch for all", "wrong",
     [](Classifier& model, const Batches& batches) {
       Batches same = batches;
       for (Batch& batch : same)
         batch.labels =
             batches.front().labels.slice(0, 0, std::min(batch.ids.size(0), batches.front().ids.size(0)));
       return measured(model, same);
     }},
    {"a batch counts if it is correct as a whole", "wrong",
     [](Classifier& model, const Batches& batches) {
       double whole = 0;
       for (const Batch& batch : batches) whole += measured(model, {batch}) == 1;
       return whole / static_cast<double>(batches.size());
     }},
    {"argmin", "wrong",
     [](Classifier& model, const Batches& batches) {
       const NoGrad no_grad;
       const bool was_training = model.training();
       model.eval();
       index_t right = 0, all = 0;
       for (const Batch& batch : batches) {
         right += right_in(argmax(-model.forward(batch.ids), -1), batch.labels);
         all += batch.labels.numel();
       }
       model.train(was_training);
       return static_cast<double>(right) / static_cast<double>(all);
     }},
    {"the share of wrong answers, of the last batch", "wrong",
     [](Classifier& model, const Batches& batches) { return 1 - measured(model, {batches.back()}); }},
    {"eight texts", "wrong",
     [](Classifier& model, const Batches& batches) {
       double right = 0;
       for (const Batch& batch : batches)
         right += measured(model, {batch}) * static_cast<double>(batch.labels.numel());
       return right / 8;
     }},
    {"only some parts in eval mode", "CL-68",
     [](Classifier& model, const Batches& batches) {
       const NoGrad no_grad;
       model.pos_encoder.eval();
       model.transformer.eval();
       return share(model, batches);
     }},
    {"only some parts in eval mode, and back", "wrong",
     [](Classifier& model, const Batches& batches) {
       const NoGrad no_grad;
       model.pos_encoder.eval();
       model.transformer.eval();
       const double result = share(model, batches);
       model.pos_encoder.train();
       model.transformer.train();
       return result;
     }},
    {"the mode is back, but not that of the encoder", "wrong",
     [](Classifier& model, const Batches& batches) {
       const double result = measured(model, batches);
       model.transformer.eval();
       return result;
     }},
    {"train mode afterwards", "CL-25",
     [](Classifier& model, const Batches& batches) {
       const double result = measured(model, batches);
       model.train();
       return result;
     }},
    {"the other mode afterwards", "wrong",
     [](Classifier& model, const Batches& batches) {
       const double result = measured(model, batches);
       model.train(!model.training());
       return result;
     }},
    {"a graph is recorded, and the model left in eval mode", "wrong",
     [](Classifier& model, const Batches& batches) {
       model.eval();
       return share(model, batches);
     }},
    {"NoGrad for ever", "wrong",
     [](Classifier& model, const Batches& batches) {
       thread_local const NoGrad no_grad;
       return measured(model, batches);
     }},
    {"the parameters are detached for ever", "wrong",
     [](Classifier& model, const Batches& batches) {
       for (Tensor parameter : model.parameters()) parameter.set_requires_grad(false);
       return measured(model, batches);
     }},
    {"a weight is changed", "wrong", [](Classifier& model, const Batches& batches) {
       const double result = measured(model, batches);
       const NoGrad no_grad;
       model.fc.weight.mul_(2);
       return result;
     }}};

}  // namespace

double accuracy(nn::TransformerClassifier& model, const std::vector<Batch>& batches) {
  return answers.chosen(model, batches);
}

}  // namespace heed::exercise
