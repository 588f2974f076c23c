// forms.h — the forms in which a check repeats a call: with f64 inputs, with non-contiguous views,
// and with inputs that record gradients. A correct function gives the same answer in every form.
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

// The forms in addition to the inputs as given. A check disables the forms that its exercise does
// not support.
struct Forms {
  bool f64 = true;        // f64 inputs; the outputs must have the dtypes of the reference function's
  bool views = true;      // inputs as non-contiguous views
  bool gradients = true;  // gradients with respect to every input tensor
  bool unchanged = true;  // inputs passed by const reference are not modified
};

// Visits the tensors of a result of attention().
template <class Visit>
void each_tensor(AttentionResult& result, const Visit& visit) {
  visit(result.output);
  visit(result.weights);
}

template <class T>
concept PointsToModule = requires(T& p) {
  requires std::derived_from<std::remove_cvref_t<decltype(*p)>, nn::Module>;
};

// Types that contain no tensors.
template <class T>
inline constexpr bool without_tensors =
    std::is_arithmetic_v<T> || std::is_enum_v<T> || std::same_as<T, Mask> || std::same_as<T, IntTensor> ||
    std::same_as<T, Shape> || std::same_as<T, std::string> || std::same_as<T, Generator>;
template <class A, class B>
inline constexpr bool without_tensors<std::pair<A, B>> = without_tensors<A>&& without_tensors<B>;
template <class R, class... A>
inline constexpr bool without_tensors<std::function<R(A...)>> = true;  // captured values are ignored

// Calls visit(Tensor&) for every tensor in `value`, including undefined ones. To support a struct
// of an exercise, define an overload of each_tensor(Struct&, visit) in its namespace. Overloads in
// an unnamed namespace are not found.
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

// The result and parameter types of a function type.
template <class F>
struct Signature;
template <class R, class... P>
struct Signature<R(P...)> {
  using Result = R;
  template <std::size_t i>
  using Parameter = std::tuple_element_t<i, std::tuple<P...>>;
  // Whether the function may modify argument i.
  template <std::size_t i>
  static constexpr bool writes_to =
      std::is_lvalue_reference_v<Parameter<i>> && !std::is_const_v<std::remove_reference_t<Parameter<i>>>;
  static constexpr auto indices = std::index_sequence_for<P...>();
};

// Calls visit for the tensors of the inputs that the function may modify (written = true) or may
// not (false).
template <class F, bool written, class... T, class Visit, std::size_t... i>
void walk_inputs(std::tuple<T...>& inputs, const Visit& visit, std::index_sequence<i...>) {
  const auto one = [&]<std::size_t index>() {
    if constexpr (Signature<F>::template writes_to<index> == written) walk(std::get<index>(inputs), visit);
  };
  (one.template operator()<i>(), ...);
}

// Appends 1 for each module of the tree that is in training mode, and 0 for each other one.
void append_modes(const nn::Module& module, std::vector<double>& modes);
template <class T>
void append_modes_of(const T& input, std::vector<double>& modes) {
  if constexpr (std::derived_from<T, nn::Module>)
    append_modes(input, modes);
  else if constexpr (PointsToModule<const T>)
    append_modes(*input, modes);
}

// Dereferences a smart pointer to a module if the parameter is a module.
template <class Parameter, class T>
decltype(auto) pass(T& value) {
  if constexpr (PointsToModule<T> && !PointsToModule<std::remove_cvref_t<Parameter>>)
    return *value;
  else
    return (value);
}

// The outputs of one call: the result, the tensors of the inputs that the function may modify, and
// the training modes of modules.
struct Outputs {
  std::vector<Tensor> tensors;  // with their graph, for backward()
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
    if constexpr (requires {
                    parts_of(result);
                  }) {  // for structs of ids, an exercise defines parts_of(Struct)
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

// The same tensor as a view with reversed axes in memory and a NaN after each element.
inline Tensor as_view(const Tensor& t) {
  Shape reversed = t.shape();
  for (int axis = 0; axis < t.rank(); ++axis) reversed[axis] = t.rank() - 1 - axis;
  const auto reverse_axes = [&](const Tensor& x) { return x.rank() > 1 ? x.permute(reversed) : x; };
  const Tensor moved = reverse_axes(t);
  return reverse_axes(stack({moved, full(moved.shape(), NAN, t.dtype())}, -1).select(-1, 0));
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

// The sum of the outputs' elements, each multiplied by a different weight so that gradients do not
// cancel out. Undefined if no output records gradients.
Tensor weighted_sum(const std::vector<Tensor>& outputs);

// The gradients with respect to the inputs; zeros for an input that the outputs do not depend on.
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
