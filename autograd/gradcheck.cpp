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
    check(inputs[i].dtype() == f64, "gradcheck", "input ", i, " is ", name(inputs[i].dtype()),
          "; differences of f32 are mostly rounding. Hint: make it f64");
    check(inputs[i].is_leaf(), "gradcheck", "input ", i, " is not a leaf; its gradient would not be kept");
    check(inputs[i].is_contiguous(), "gradcheck", "input ", i, " ", inputs[i].shape(),
          " is a view with strides; make the view inside the function");
  }
  check(any, "gradcheck", "no input requires grad, so there is nothing to check");
}

std::vector<std::string> op_names(const Tensor& y) {
  std::set<std::string> names;
  std::set<const Node*> seen;
  std::vector<const Node*> open;
  if (y.state()->node) open.push_back(y.state()->node.get());
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (!seen.insert(node).second) continue;
    names.insert(node->op);
    for (const Node::Input& input : node->inputs)
      if (input.node) open.push_back(input.node.get());
  }
  return {names.begin(), names.end()};
}

// s = sum(y * r), in plain doubles: the reduction itself must not be what is being checked.
double weighted_sum(const Tensor& y, const std::vector<double>& r) {
  const auto values = y.to_vector();
  double s = 0;
  for (std::size_t i = 0; i < values.size(); ++i) s += values[i] * r[i];
  return s;
}

}  // namespace

GradcheckResult check_gradients(const GradcheckFunction& f, const std::vector<Tensor>& inputs,
                                const GradcheckOptions& options) {
  check_inputs(inputs);
  GradcheckResult result;
  for (Tensor input : inputs) input.zero_grad();
  const Tensor y = f(inputs);
  check(y.defined() && y.dtype() == f64, "gradcheck", "the function must return an f64 tensor");
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
    Tensor x = inputs[k];
    const Tensor grad = x.grad().defined() ? x.grad() : zeros(x.shape(), f64);
    const auto analytic = grad.to_vector();
    if (!options.allow_zero && x.numel() > 0 &&
        std::all_of(analytic.begin(), analytic.end(), [](double g) { return g == 0; })) {
      result.message =
          concat("the gradient of input ", k, " ", x.shape(), " is 0 everywhere: nothing was checked");
      return result;
    }
    const NoGrad no_grad;
    double* element = x.mutable_data<double>();
    for (index_t i = 0; i < x.numel(); ++i) {
      const double before = element[i], step = options.step * std::max(1.0, std::abs(before));
      element[i] = before + step;
      const double above = weighted_sum(f(inputs), weights);
      element[i] = before - step;
      const double below = weighted_sum(f(inputs), weights);
      element[i] = before;
      const double numeric = (above - below) / (2 * step), got = analytic[static_cast<std::size_t>(i)];
      const double allowed = options.atol + options.rtol * std::abs(numeric),
                   difference = std::abs(got - numeric);
      // Written so that NaN fails.
      if (!(difference <= allowed)) {
        result.message = concat("input ", k, " ", x.shape(), ", element ", i, ": analytic ", got,
                                ", numeric ", numeric, ", difference ", difference, ", allowed ", allowed);
        return result;
      }
      result.worst = std::max(result.worst, difference / allowed);
    }
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
