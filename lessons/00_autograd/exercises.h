// exercises.h — the functions to be written in lesson 00, and the small graph of numbers that the first ones build.
// Letters: B sequences, T places of each, C channels that come in, D that go out, N rows, V classes or tokens.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "autograd/autograd.h"
#include "lessons/check/todo.h"

namespace heed::exercise {

double hello(double x);

// ---- a graph of numbers: multiply, backward, free_graph ---------------------------------------------------

class Number;
using Value = std::shared_ptr<Number>;  // a handle: two copies are the same number

// One number, and how it was made.
class Number {
 public:
  explicit Number(double x, std::vector<Value> made_from) : value(x), inputs_(std::move(made_from)) {
    ++alive;
  }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  ~Number();

  double value;
  double grad = 0;
  // Adds grad, times the slope towards each input, to that input's grad. Empty where no op made this number.
  std::function<void()> pass_back;
  const std::uint64_t id = next_id++;  // a number is always younger than what it was made from

  const std::vector<Value>& inputs() const;
  std::vector<Value> take_inputs();  // it no longer holds them

  // What the checks look at.
  static inline int alive = 0;                // numbers that exist
  static inline int nested = 0, deepest = 0;  // destructors that run inside others: now, and at most so far
  static inline std::uintptr_t stack_limit = 0;  // inputs() and take_inputs() throw below this

 private:
  std::vector<Value> inputs_;
  static inline std::uint64_t next_id = 0;
};

inline Value number(double value, std::vector<Value> inputs = {}) {
  return std::make_shared<Number>(value, std::move(inputs));
}

inline std::uintptr_t stack_here() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

// A walk that calls itself for each input goes as deep as the graph is long, and ends the program where the stack
// ends. It is told so while it still can be.
inline void check_stack(std::uintptr_t limit) {
  if (stack_here() < limit)
    throw std::runtime_error(
        "a recursive walk through the graph used up its stack. Hint: keep a list of what is still to be "
        "visited");
}
inline const std::vector<Value>& Number::inputs() const {
  check_stack(stack_limit);
  return inputs_;
}
inline std::vector<Value> Number::take_inputs() {
  check_stack(stack_limit);
  return std::exchange(inputs_, {});
}

// What the members free, they free here, so that it is counted.
inline Number::~Number() {
  deepest = std::max(deepest, ++nested);
  pass_back = nullptr;
  inputs_.clear();
  --nested, --alive;
}

Value multiply(const Value& a, const Value& b);
void backward(const Value& y);
void free_graph(Value& last);

// ---- tensors ----------------------------------------------------------------------------------------------

struct LineGradients {
  Tensor x, w, b;  // each of the shape of what it is the gradient of
};
LineGradients line_backward(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t);

Tensor sum_to(const Tensor& dy, const Shape& shape);
Tensor max_backward(const Tensor& x, const Tensor& dy);
Tensor embed(const Tensor& table, const IntTensor& ids);
Tensor softmax_backward(const Tensor& y, const Tensor& dy);
Tensor log_loss(const Tensor& logits, const IntTensor& targets);

// What Adam remembers of one tensor from step to step.
struct AdamState {
  Tensor m, v;  // of the tensor's shape; zeros before the first step
  int t = 0;    // steps done
};
using Loss = std::function<Tensor(const Tensor&)>;
void adam_step(Tensor& w, AdamState& state, const Loss& loss, double lr);

// One gradient per parameter, undefined if a parameter has none.
double clip_gradients(std::vector<Tensor>& gradients, double max_norm);

}  // namespace heed::exercise
