#include "lessons/10_gpt/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

const Answers<decltype(with_temperature)> answers{
    {"times the inverse", "pass",
     [](const Tensor& logits, double t) { return softmax(logits * (1 / t), -1); }},
    {"exp, sum and maximum by hand", "pass",
     [](const Tensor& logits, double t) {
       const Tensor x = logits / t, e = exp(x - max(x, -1, true).values);
       return e / e.sum({-1}, true);
     }},
    {"exp of log_softmax", "pass",
     [](const Tensor& logits, double t) { return exp(log_softmax(logits / t, -1)); }},
    {"powers of exp, renormalised", "SD-16",
     [](const Tensor& logits, double t) {
       const Tensor p = pow(exp(logits), 1 / t);
       return p / p.sum({-1}, true);
     }},
    {"multiplied below 1 only", "GP-07",
     [](const Tensor& logits, double t) { return softmax(t < 1 ? logits * t : logits / t, -1); }},
    {"divides the caller's logits", "likely SD-34",
     [](const Tensor& logits, double t) {
       const Tensor result = softmax(logits / t, -1);
       Tensor same = logits.detach();
       same.mul_(1 / t);
       return result;
     }},
    {"detached", "wrong", [](const Tensor& logits, double t) { return softmax(logits.detach() / t, -1); }},
    {"axis 1 if there are three axes", "GP-61",
     [](const Tensor& logits, double t) { return softmax(logits / t, logits.rank() > 2 ? 1 : -1); }},
    {"always f32", "wrong",
     [](const Tensor& logits, double t) { return softmax(logits.to(f32) / t, -1) + zeros({1}); }},
    {"integer temperatures", "likely GP-15",
     [](const Tensor& logits, double temperature) {
       return softmax(logits / static_cast<double>(std::max<index_t>(1, static_cast<index_t>(temperature))),
                      -1);
     }},
    {"probabilities divided", "GP-16",
     [](const Tensor& logits, double temperature) { return softmax(logits, -1) / temperature; }},
    {"the softmax of divided probabilities", "GP-17",
     [](const Tensor& logits, double temperature) { return softmax(softmax(logits, -1) / temperature, -1); }},
    {"exp without the maximum", "SD-16",
     [](const Tensor& logits, double temperature) {
       const Tensor e = exp(logits / temperature);
       return e / e.sum({-1}, true);
     }},
    {"divided by the square", "wrong",
     [](const Tensor& logits, double temperature) {
       return softmax(logits / (temperature * temperature), -1);
     }},
    {"the maximum of all rows is subtracted after the division", "wrong",
     [](const Tensor& logits, double temperature) {
       const Tensor x = logits / temperature;
       const Tensor e = exp(x - max(x));
       return e / e.sum({-1}, true);
     }},
    {"the first axis", "GP-18",
     [](const Tensor& logits, double temperature) { return softmax(logits / temperature, 0); }},
    {"log", "wrong",
     [](const Tensor& logits, double temperature) { return log_softmax(logits / temperature, -1); }},
    {"at least 0.5", "wrong",
     [](const Tensor& logits, double temperature) {
       return softmax(logits / std::max(temperature, 0.5), -1);
     }},
    {"at most 1", "GP-15", [](const Tensor& logits, double temperature) {
       return softmax(logits / std::min(temperature, 1.0), -1);
     }}};

}  // namespace

Tensor with_temperature(const Tensor& logits, double temperature) {
  return answers.chosen(logits, temperature);
}

}  // namespace heed::exercise
