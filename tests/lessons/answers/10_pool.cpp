#include "lessons/10_bert/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

const Answers<decltype(pool)> answers{
    {"matmul and a sum", "pass",
     [](const Tensor& x, const Tensor& w, const Tensor& b) {
       return tanh(matmul(x.slice(1, 0, 1).squeeze(1), w.transpose(0, 1)) + b);
     }},
    {"the layer on all tokens, then the first", "pass",
     [](const Tensor& x, const Tensor& w, const Tensor& b) { return tanh(linear(x, w, b)).select(1, 0); }},
    {"sequence by sequence", "pass",
     [](const Tensor& x, const Tensor& w, const Tensor& b) {
       std::vector<Tensor> rows;
       for (index_t i = 0; i < x.size(0); ++i) rows.push_back(tanh(linear(x[i][0], w, b)));
       return stack(rows);
     }},
    {"weights of 1 and 0 for the tokens", "wrong",  // 0 * NaN
     [](const Tensor& x, const Tensor& w, const Tensor& b) {
       std::vector<double> first(static_cast<std::size_t>(x.size(1)), 0);
       first[0] = 1;
       const Tensor weights = from_vector(first, {x.size(1), 1}, x.dtype());
       return tanh(linear((x * weights).sum({1}), w, b));
     }},
    {"the bias before the layer", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& b) { return tanh(linear(x.select(1, 0) + b, w)); }},
    {"tanh twice", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& b) {
       return tanh(tanh(linear(x.select(1, 0), w, b)));
     }},
    {"the diagonal of tokens", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& b) {
       std::vector<Tensor> rows;
       for (index_t i = 0; i < x.size(0); ++i) rows.push_back(x[i][i % x.size(1)]);
       return tanh(linear(stack(rows), w, b));
     }},
    {"no gradient to hidden", "wrong",
     [](const Tensor& x, const Tensor& w, const Tensor& b) {
       return tanh(linear(x.select(1, 0).detach(), w, b));
     }},
    {"the last token", "BE-23",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& bias) {
       return tanh(linear(hidden.select(1, -1), weight, bias));
     }},
    {"the mean", "BE-22",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& bias) {
       return tanh(linear(mean(hidden, {1}), weight, bias));
     }},
    {"hidden[0] if B = T", "BE-24",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& bias) {
       return tanh(linear(hidden.size(0) == hidden.size(1) ? hidden[0] : hidden.select(1, 0), weight, bias));
     }},
    {"the axis of the tokens stays", "wrong",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& bias) {
       return tanh(linear(hidden.slice(1, 0, 1), weight, bias));
     }},
    {"a squeeze too many", "wrong",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& bias) {
       return tanh(linear(hidden.size(0) == 1 ? hidden[0][0] : hidden.select(1, 0), weight, bias));
     }},
    {"no bias", "BE-27",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& bias) {
       return tanh(matmul(hidden.select(1, 0), weight.transpose(0, 1)));
     }},
    {"relu", "wrong",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& bias) {
       return relu(linear(hidden.select(1, 0), weight, bias));
     }},
    {"the weight without a transpose", "BE-28",
     [](const Tensor& hidden, const Tensor& weight, const Tensor& bias) {
       return tanh(matmul(hidden.select(1, 0), weight) + bias);
     }}};

}  // namespace

Tensor pool(const Tensor& hidden, const Tensor& weight, const Tensor& bias) {
  return answers.chosen(hidden, weight, bias);
}

}  // namespace heed::exercise
