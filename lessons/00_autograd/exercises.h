// exercises.h — the functions of lesson 00, and the scalar computation graph that the first ones use.
//
// Shape letters: B batch, T positions of a sequence, C input channels, D output channels, N rows,
// V classes or tokens.
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

// ---- a graph of numbers: multiply, backward, free_graph ---------------------------------------------------

class Number;
// A handle: copies refer to the same number.
using Value = std::shared_ptr<Number>;

// One number of a computation graph, with its inputs and its backward function.
class Number {
 public:
  explicit Number(double x, std::vector<Value> inputs) : value(x), inputs_(std::move(inputs)) { ++alive; }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  ~Number();

  double value;
  double grad = 0;
  // Adds grad, times the derivative with respect to each input, to that input's grad. Empty for a leaf.
  std::function<void()> pass_back;
  // Increases with every new number, so a number has a larger id than its inputs.
  const std::uint64_t id = next_id++;

  const std::vector<Value>& inputs() const;
  // Returns the inputs and leaves this number without inputs.
  std::vector<Value> take_inputs();

  // Counters for the checks: existing numbers, the current nesting of destructors, and its maximum.
  static inline int alive = 0;
  static inline int nested = 0;
  static inline int deepest = 0;
  // inputs() and take_inputs() throw if the stack has grown below this address.
  static inline std::uintptr_t stack_limit = 0;

 private:
  std::vector<Value> inputs_;
  static inline std::uint64_t next_id = 0;
};

inline Value number(double value, std::vector<Value> inputs = {}) {
  return std::make_shared<Number>(value, std::move(inputs));
}

inline std::uintptr_t stack_here() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

// Throws before a recursive traversal overflows the stack: its depth is the length of the graph.
inline void check_stack(std::uintptr_t limit) {
  if (stack_here() < limit)
    throw std::runtime_error(
        "a recursive traversal of the graph used up its stack. Hint: keep a list of the numbers still to be "
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

// Releases the members explicitly, so that nested destructors are counted.
inline Number::~Number() {
  deepest = std::max(deepest, ++nested);
  pass_back = nullptr;
  inputs_.clear();
  --nested;
  --alive;
}

// ---- tensors ----------------------------------------------------------------------------------------------

struct LineGradients {
  Tensor x, w, b;  // each has the shape of its value
};

// The state that Adam keeps for one tensor between steps.
struct AdamState {
  Tensor m, v;  // have the shape of the tensor; zeros before the first step
  int t = 0;    // number of steps taken
};
using Loss = std::function<Tensor(const Tensor&)>;

// Generated from solutions/ by `./lessons/heed generate`: do not edit below.
double hello(double x);
Value multiply(const Value& a, const Value& b);
void backward(const Value& y);
void free_graph(Value& last);
LineGradients line_backward(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t);
Tensor sum_to(const Tensor& dy, const Shape& shape);
Tensor max_backward(const Tensor& x, const Tensor& dy);
Tensor embed(const Tensor& table, const IntTensor& ids);
Tensor softmax_backward(const Tensor& y, const Tensor& dy);
Tensor log_loss(const Tensor& logits, const IntTensor& targets);
void adam_step(Tensor& w, AdamState& state, const Loss& loss, double lr);
double clip_gradients(std::vector<Tensor>& gradients, double max_norm);

}  // namespace heed::exercise
