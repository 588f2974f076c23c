#include <cmath>

#include "lessons/07_transformer_encoder_and_classifier/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Classifier = nn::TransformerClassifier;
using Batches = std::vector<Batch>;

index_t count_correct(const IntTensor& predicted, const IntTensor& labels) {
  index_t correct = 0;
  for (index_t i = 0; i < predicted.numel(); ++i) correct += predicted[i] == labels[i];
  return correct;
}
double accuracy_of(Classifier& model, const Batches& batches) {
  index_t correct = 0, total = 0;
  for (const Batch& batch : batches) {
    correct += count_correct(argmax(model.forward(batch.ids), -1), batch.labels);
    total += batch.labels.numel();
  }
  return static_cast<double>(correct) / static_cast<double>(total);
}
double evaluate(Classifier& model, const Batches& batches) {
  const NoGrad no_grad;
  const bool was_training = model.training();
  model.eval();
  const double result = accuracy_of(model, batches);
  model.train(was_training);
  return result;
}

const Answers<decltype(accuracy)> answers{
    {"max and its indices", "pass",
     [](Classifier& model, const Batches& batches) {
       const NoGrad no_grad;
       const bool mode = model.training();
       model.train(false);
       double correct = 0, total = 0;
       for (const auto& [ids, labels] : batches) {
         const IntTensor predicted = max(model(ids), 1).indices;
         for (index_t i = 0; i < labels.numel(); ++i, ++total) correct += predicted[i] == labels[i] ? 1 : 0;
       }
       if (mode) model.train();
       return correct / total;
     }},
    {"sequence by sequence, weighted", "pass",
     [](Classifier& model, const Batches& batches) {
       const bool was_training = model.training();
       model.eval();
       double mean = 0, total = 0;
       {
         const NoGrad no_grad;
         for (const Batch& batch : batches)
           for (index_t b = 0; b < batch.labels.numel(); ++b) {
             const Tensor logits = model.forward(batch.ids.slice(0, b, b + 1))[0];
             total += 1;
             mean += ((argmax(logits, 0).item() == batch.labels[b]) - mean) / total;
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
       return accuracy_of(copy, batches);
     }},
    {"argmax over the batch", "CL-65",
     [](Classifier& model, const Batches& batches) {
       const NoGrad no_grad;
       const bool was_training = model.training();
       model.eval();
       index_t correct = 0, total = 0;
       for (const Batch& batch : batches) {
         const IntTensor predicted = argmax(model.forward(batch.ids), 0);
         for (index_t i = 0; i < std::min(predicted.numel(), batch.labels.numel()); ++i)
           correct += predicted[i] == batch.labels[i];
         total += predicted.numel();
       }
       model.train(was_training);
       return static_cast<double>(correct) / static_cast<double>(total);
     }},
    {"a quotient of integers", "CL-66",
     [](Classifier& model, const Batches& batches) { return std::floor(evaluate(model, batches)); }},
    {"percent", "wrong",
     [](Classifier& model, const Batches& batches) { return 100 * evaluate(model, batches); }},
    {"the first batch only", "CL-67",
     [](Classifier& model, const Batches& batches) { return evaluate(model, {batches.front()}); }},
    {"the first sequence of each batch only", "wrong",
     [](Classifier& model, const Batches& batches) {
       Batches firsts;
       for (const Batch& batch : batches)
         firsts.push_back({batch.ids.slice(0, 0, 1), batch.labels.slice(0, 0, 1)});
       return evaluate(model, firsts);
     }},
    {"the mean of the batch accuracies", "CL-26",
     [](Classifier& model, const Batches& batches) {
       double total = 0;
       for (const Batch& batch : batches) total += evaluate(model, {batch});
       return total / static_cast<double>(batches.size());
     }},
    {"only the last batch, in train mode", "likely CL-30",
     [](Classifier& model, const Batches& batches) {
       const NoGrad no_grad;
       return accuracy_of(model, {batches.back()});
     }},
    {"the labels of the first batch for all", "wrong",
     [](Classifier& model, const Batches& batches) {
       Batches same = batches;
       for (Batch& batch : same)
         batch.labels =
             batches.front().labels.slice(0, 0, std::min(batch.ids.size(0), batches.front().ids.size(0)));
       return evaluate(model, same);
     }},
    {"a batch counts if it is correct as a whole", "wrong",
     [](Classifier& model, const Batches& batches) {
       double whole = 0;
       for (const Batch& batch : batches) whole += evaluate(model, {batch}) == 1;
       return whole / static_cast<double>(batches.size());
     }},
    {"argmin", "wrong",
     [](Classifier& model, const Batches& batches) {
       const NoGrad no_grad;
       const bool was_training = model.training();
       model.eval();
       index_t correct = 0, total = 0;
       for (const Batch& batch : batches) {
         correct += count_correct(argmax(-model.forward(batch.ids), -1), batch.labels);
         total += batch.labels.numel();
       }
       model.train(was_training);
       return static_cast<double>(correct) / static_cast<double>(total);
     }},
    {"the error rate of the last batch", "wrong",
     [](Classifier& model, const Batches& batches) { return 1 - evaluate(model, {batches.back()}); }},
    {"always divided by eight", "wrong",
     [](Classifier& model, const Batches& batches) {
       double correct = 0;
       for (const Batch& batch : batches)
         correct += evaluate(model, {batch}) * static_cast<double>(batch.labels.numel());
       return correct / 8;
     }},
    {"only some modules in eval mode", "CL-68",
     [](Classifier& model, const Batches& batches) {
       const NoGrad no_grad;
       model.pos_encoder.eval();
       model.transformer.eval();
       return accuracy_of(model, batches);
     }},
    {"only some modules in eval mode, and restored", "wrong",
     [](Classifier& model, const Batches& batches) {
       const NoGrad no_grad;
       model.pos_encoder.eval();
       model.transformer.eval();
       const double result = accuracy_of(model, batches);
       model.pos_encoder.train();
       model.transformer.train();
       return result;
     }},
    {"the mode is restored, but not that of the encoder", "wrong",
     [](Classifier& model, const Batches& batches) {
       const double result = evaluate(model, batches);
       model.transformer.eval();
       return result;
     }},
    {"train mode afterwards", "CL-25",
     [](Classifier& model, const Batches& batches) {
       const double result = evaluate(model, batches);
       model.train();
       return result;
     }},
    {"the other mode afterwards", "wrong",
     [](Classifier& model, const Batches& batches) {
       const double result = evaluate(model, batches);
       model.train(!model.training());
       return result;
     }},
    {"a graph is recorded, and the model left in eval mode", "wrong",
     [](Classifier& model, const Batches& batches) {
       model.eval();
       return accuracy_of(model, batches);
     }},
    {"NoGrad forever", "wrong",
     [](Classifier& model, const Batches& batches) {
       thread_local const NoGrad no_grad;
       return evaluate(model, batches);
     }},
    {"the parameters are detached forever", "wrong",
     [](Classifier& model, const Batches& batches) {
       for (Tensor parameter : model.parameters()) parameter.set_requires_grad(false);
       return evaluate(model, batches);
     }},
    {"a weight is changed", "wrong", [](Classifier& model, const Batches& batches) {
       const double result = evaluate(model, batches);
       const NoGrad no_grad;
       model.fc.weight.mul_(2);
       return result;
     }}};

}  // namespace

double accuracy(nn::TransformerClassifier& model, const std::vector<Batch>& batches) {
  return answers.chosen(model, batches);
}

}  // namespace heed::exercise
