// forms.h — the forms in which a check calls a function with one set of inputs. None of them may change the answer:
// the inputs in f64, the inputs as views with other strides, and the inputs recording gradients.
#pragma once

#include <cmath>
#include <concepts>
#include <functional>
#include <memory>
#include <ranges>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "autograd/ops.h"
#include "lessons/check/answer.h"
#include "nn/module.h"

namespace heed::checks {

// The forms besides the inputs as given. A check switches off a form that its exercise does not allow.
struct Forms {
  bool f64 = true;  // the same numbers as f64 tensors, and outputs of the dtype that the right function gives
  bool views = true;      // the same numbers as non-contiguous views
  bool gradients = true;  // the gradient with respect to every tensor among the inputs
  bool unchanged = true;  // inputs passed by const reference hold the same numbers after the call
};

// The tensors of a result of attention(), for walk.
template <class Visit>
void each_tensor(AttentionResult& result, const Visit& visit) {
  visit(result.output);
  visit(result.weights);
}

template <class T>
concept PointsToModule = requires(T& p) {
  requires std::derived_from<std::remove_cvref_t<decltype(*p)>, nn::Module>;
};

// What holds no tensors by its type.
template <class T>
inline constexpr bool without_tensors =
    std::is_arithmetic_v<T> || std::is_enum_v<T> || std::same_as<T, Mask> || std::same_as<T, IntTensor> ||
    std::same_as<T, Shape> || std::same_as<T, std::string> || std::same_as<T, Generator>;
template <class A, class B>
inline constexpr bool without_tensors<std::pair<A, B>> = without_tensors<A>&& without_tensors<B>;
template <class R, class... A>
inline constexpr bool without_tensors<std::function<R(A...)>> = true;  // what it captures stays as it is

// Calls visit(Tensor&) for every tensor in `value`, undefined ones included. A struct of an exercise takes part through an
// overload of each_tensor(Struct&, visit) in its own namespace (not in an unnamed one: that is not searched).
template <class T, class Visit>
void walk(T& value, const Visit& visit) {
  if constexpr (std::same_as<T, Tensor>) {
    visit(value);
  } else if constexpr (std::derived_from<T, nn::Module>) {
    for (Tensor parameter : value.parameters()) visit(parameter);
  } else if constexpr (PointsToModule<T>) {
    walk(*value, visit);
  } else if constexpr (requires { each_tensor(value, visit); }) {
    each_tensor(value, visit);
  } else if constexpr (requires {
                         requires std::ranges::range<T> && std::is_class_v<std::ranges::range_value_t<T>>;
                       }) {
    for (auto& element : value) walk(element, visit);
  }
}

template <class... T, class Visit>
void walk(std::tuple<T...>& values, const Visit& visit) {
  std::apply([&](auto&... value) { (walk(value, visit), ...); }, values);
}

// A function type taken apart: which parameters the function may write to.
template <class F>
struct Signature;
template <class R, class... P>
struct Signature<R(P...)> {
  using Result = R;
  template <std::size_t i>
  using Parameter = std::tuple_element_t<i, std::tuple<P...>>;
  template <std::size_t i>
  static constexpr bool writes_to =
      std::is_lvalue_reference_v<Parameter<i>> && !std::is_const_v<std::remove_reference_t<Parameter<i>>>;
  static constexpr auto indices = std::index_sequence_for<P...>();
};

// Calls visit for the tensors of the inputs that the function may write to, or of those that it may not.
template <class F, bool written, class... T, class Visit, std::size_t... i>
void walk_inputs(std::tuple<T...>& inputs, const Visit& visit, std::index_sequence<i...>) {
  const auto one = [&]<std::size_t index>() {
    if constexpr (Signature<F>::template writes_to<index> == written) walk(std::get<index>(inputs), visit);
  };
  (one.template operator()<i>(), ...);
}

// Appends 1 for each module of the tree that is in training mode, else 0.
void append_modes(const nn::Module& module, std::vector<double>& modes);
template <class T>
void append_modes_of(const T& input, std::vector<double>& modes) {
  if constexpr (std::derived_from<T, nn::Module>)
    append_modes(input, modes);
  else if constexpr (PointsToModule<const T>)
    append_modes(*input, modes);
}

template <class Parameter, class T>
decltype(auto) pass(T& value) {
  if constexpr (PointsToModule<T> && !PointsToModule<std::remove_cvref_t<Parameter>>)
    return *value;
  else
    return (value);
}

// The outputs of one call: the result, the tensors of the inputs that the function may write to, and the modes of modules.
struct Outputs {
  std::vector<Tensor> tensors;  // with their history, for backward
  Answer answer = Answer(std::vector<Tensor>{});
};

template <class F, class... T, std::size_t... i>
Outputs call(F* f, std::tuple<T...>& inputs, std::index_sequence<i...> indices) {
  using Result = typename Signature<F>::Result;
  Outputs outputs;
  const auto collect = [&](Tensor& t) { outputs.tensors.push_back(t); };
  if constexpr (std::is_void_v<Result>) {
    f(pass<typename Signature<F>::template Parameter<i>>(std::get<i>(inputs))...);
  } else {
    std::remove_cvref_t<Result> result =
        f(pass<typename Signature<F>::template Parameter<i>>(std::get<i>(inputs))...);
    if constexpr (requires { parts_of(result); }) {  // a struct of ids brings parts_of(Struct) of its own
      outputs.answer = Answer(parts_of(result));
    } else {
      walk(result, collect);
      if constexpr (std::constructible_from<Answer, decltype(result)&>)
        outputs.answer = Answer(result);
      else
        outputs.answer = Answer(outputs.tensors);
    }
  }
  std::vector<Tensor> written;
  walk_inputs<F, true>(
      inputs, [&](Tensor& t) { written.push_back(t); }, indices);
  outputs.tensors.insert(outputs.tensors.end(), written.begin(), written.end());
  const std::vector<Tensor> after = Answer(written).parts;
  outputs.answer.parts.insert(outputs.answer.parts.end(), after.begin(), after.end());
  std::vector<double> modes;
  (append_modes_of(std::get<i>(inputs), modes), ...);
  if (!modes.empty()) outputs.answer.parts.push_back(Answer(modes).parts[0]);
  return outputs;
}

// The same numbers as a view: axes in reversed order in memory, and a NaN after each element.
inline Tensor as_view(const Tensor& t) {
  Shape reversed = t.shape();
  for (int axis = 0; axis < t.rank(); ++axis) reversed[axis] = t.rank() - 1 - axis;
  const auto turned = [&](const Tensor& x) { return x.rank() > 1 ? x.permute(reversed) : x; };
  const Tensor moved = turned(t);
  return turned(stack({moved, full(moved.shape(), NAN, t.dtype())}, -1).select(-1, 0));
}

template <class T>
void to_f64(T& value) {
  if constexpr (std::derived_from<T, nn::Module>) {
    value.to(f64);
  } else if constexpr (PointsToModule<T>) {
    value->to(f64);
  } else {
    walk(value, [](Tensor& t) {
      if (t.defined()) t = t.to(f64);
    });
  }
}

// The outputs' sum, each element with a weight of its own, so that no gradient cancels out. Undefined if nothing was recorded.
Tensor weighted_sum(const std::vector<Tensor>& outputs);

// The gradients of the inputs; zeros if none arrived, for that is what no gradient means.
template <class F, class... T>
Answer gradients(F* f, std::tuple<T...>& inputs) {
  std::vector<Tensor> leaves;
  walk(inputs, [&](Tensor& t) {
    if (t.defined()) leaves.push_back(t.set_requires_grad());
  });
  const Tensor loss = weighted_sum(call(f, inputs, Signature<F>::indices).tensors);
  if (loss.defined()) loss.backward();
  std::vector<Tensor> found;
  found.reserve(leaves.size());
  for (const Tensor& leaf : leaves)
    found.push_back(leaf.grad().defined() ? leaf.grad() : zeros(leaf.shape(), leaf.dtype()));
  return found;
}

}  // namespace heed::checks
