#include "autograd/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "autograd/graph.h"
#include "autograd/ops.h"

namespace heed {

namespace {

void check_inputs(const std::vector<Tensor>& inputs) {
  bool any = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check(inputs[i].defined(), "gradcheck", "input ", i, " is undefined");
    if (!inputs[i].requires_grad()) continue;
    any = true;
    check(inputs[i].dtype() == f64, "gradcheck", "expected f64 inputs, got ", name(inputs[i].dtype()),
          " for input ", i, "; finite differences in f32 are mostly rounding errors");
    check(inputs[i].is_leaf(), "gradcheck", "input ", i, " is not a leaf; its gradient would not be stored");
    check(inputs[i].is_contiguous(), "gradcheck", "input ", i, " ", inputs[i].shape(),
          " is not contiguous. Hint: create the view inside the function");
  }
  check(any, "gradcheck", "no input requires grad, so there is nothing to check");
}

std::vector<std::string> op_names(const Tensor& y) {
  std::set<std::string> names;
  for (const auto& node : graph_nodes(y)) names.insert(node->op);
  return {names.begin(), names.end()};
}

// Returns sum(y * r), computed in plain doubles so that the check does not depend on other ops.
double weighted_sum(const Tensor& y, const std::vector<double>& r) {
  const auto values = y.to_vector();
  double s = 0;
  for (std::size_t i = 0; i < values.size(); ++i) s += values[i] * r[i];
  return s;
}

// Compares the gradient of input k with central differences. Returns a message, empty if they
// agree.
std::string compare_input(const GradcheckFunction& f, const std::vector<Tensor>& inputs, std::size_t k,
                          const std::vector<double>& r, const GradcheckOptions& options, double& worst) {
  Tensor x = inputs[k];
  const Tensor grad = x.grad().defined() ? x.grad() : zeros(x.shape(), f64);
  const auto analytic = grad.to_vector();
  const bool is_zero = std::all_of(analytic.begin(), analytic.end(), [](double g) { return g == 0; });
  if (!options.allow_zero && x.numel() > 0 && is_zero)
    return concat("the gradient of input ", k, " ", x.shape(), " is 0 everywhere: nothing was checked");
  const NoGrad no_grad;
  for (index_t i = 0; i < x.numel(); ++i) {
    const double before = x.data<double>()[i], step = options.step * std::max(1.0, std::abs(before));
    x.mutable_data<double>()[i] = before + step;
    const double above = weighted_sum(f(inputs), r);
    x.mutable_data<double>()[i] = before - step;
    const double below = weighted_sum(f(inputs), r);
    x.mutable_data<double>()[i] = before;
    const double numeric = (above - below) / (2 * step), got = analytic[static_cast<std::size_t>(i)];
    const double allowed = options.atol + options.rtol * std::abs(numeric);
    const double difference = std::abs(got - numeric);
    if (!(difference <= allowed))  // true for NaN
      return concat("input ", k, " ", x.shape(), ", element ", i, ": analytic ", got, ", numeric ", numeric,
                    ", difference ", difference, ", allowed ", allowed);
    worst = std::max(worst, difference / allowed);
  }
  return "";
}

}  // namespace

GradcheckResult check_gradients(const GradcheckFunction& f, const std::vector<Tensor>& inputs,
                                const GradcheckOptions& options) {
  check_inputs(inputs);
  GradcheckResult result;
  for (Tensor input : inputs) input.zero_grad();
  const Tensor y = f(inputs);
  check(y.defined() && y.dtype() == f64, "gradcheck", "expected a function that returns an f64 tensor");
  if (!y.requires_grad()) {
    result.message = "the result does not depend on any input that requires grad";
    return result;
  }
  result.ops = op_names(y);
  Generator gen(20171206);
  const Tensor r = randn(y.shape(), gen, f64);
  const auto weights = r.to_vector();
  y.backward(r);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!inputs[k].requires_grad()) continue;
    result.message = compare_input(f, inputs, k, weights, options, result.worst);
    if (!result.message.empty()) return result;
  }
  result.ok = true;
  return result;
}

void gradcheck(const GradcheckFunction& f, const std::vector<Tensor>& inputs,
               const GradcheckOptions& options) {
  const GradcheckResult result = check_gradients(f, inputs, options);
  check(result.ok, "gradcheck", result.message);
}

}  // namespace heed
