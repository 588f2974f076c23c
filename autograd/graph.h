// graph.h — reverse-mode differentiation: a node for each recorded op, and backward.
//
// An op computes its result y and calls
//
//   return record("mul", {a, b}, y, [a = Saved(a), b = Saved(b)](const Tensor& dy, Gradients& d) {
//     if (d.needs(0)) d[0] = sum_to(dy * b(), a.shape());
//     if (d.needs(1)) d[1] = sum_to(dy * a(), b.shape());
//   });
//
// The closure names what it keeps in its capture list. It never captures a Tensor handle, only Saved ones: a
// Saved holds the numbers without their history, so a node can never own itself.
//
// Nodes carry a growing id. An input's node is always older than the node it feeds, so running nodes in
// falling order of id visits every user of a tensor before the tensor itself: no topological sort is needed.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autograd/tensor.h"

namespace heed {

// The numbers of a tensor, kept for backward. Reading them throws "[backward] … was changed in place" when
// the storage has been written since. Empty where nothing is being recorded.
class Saved {
 public:
  explicit Saved(const Tensor& t);
  Tensor operator()() const;
  const Shape& shape() const { return shape_; }

 private:
  std::shared_ptr<Storage> storage_;
  Shape shape_;
  Strides strides_;
  index_t offset_ = 0;
  DType dtype_ = f32;
  std::uint64_t version_ = 0;
};

// What a backward closure fills: one gradient for each input that needs one.
class Gradients {
 public:
  explicit Gradients(const Node& node);
  bool needs(std::size_t input) const;
  Tensor& operator[](std::size_t input) { return gradients_[input]; }
  std::size_t size() const { return gradients_.size(); }

 private:
  const Node& node_;
  std::vector<Tensor> gradients_;
};

// One recorded op. Where an input's gradient goes: to the node that made it, or to the leaf itself.
struct Node {
  struct Input {
    std::shared_ptr<Node> node;         // set for a tensor that an op made
    std::shared_ptr<TensorState> leaf;  // set for a leaf that requires grad
    Shape shape;
    DType dtype;
    bool needs_grad() const { return node || leaf; }
  };

  Node(const char* op, std::vector<Input> inputs, const Tensor& y);
  virtual ~Node();  // takes long chains apart without recursion
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  virtual void run(const Tensor& dy, Gradients& d) = 0;
  virtual void release() = 0;  // forgets the closure and what it saved
  virtual bool released() const = 0;

  const char* op;
  std::uint64_t id;  // grows with every node of the process
  Shape shape;       // of the output
  DType dtype;
  std::vector<Input> inputs;
  std::weak_ptr<TensorState> retains;  // the output, after retain_grad()
  std::size_t place = 0;               // used during backward
  std::uint64_t visit = 0;
};

template <class Backward>
struct NodeOf final : Node {
  NodeOf(const char* op, std::vector<Input> inputs, const Tensor& y, Backward b)
      : Node(op, std::move(inputs), y), backward(std::move(b)) {}
  void run(const Tensor& dy, Gradients& d) override { (*backward)(dy, d); }
  void release() override { backward.reset(); }
  bool released() const override { return !backward.has_value(); }
  std::optional<Backward> backward;
};

namespace detail {
bool wants_record(std::span<const Tensor> inputs);
std::vector<Node::Input> edges(std::span<const Tensor> inputs);
void attach(Tensor& y, std::shared_ptr<Node> node);
// The op whose backward is running on this thread, or null.
const char* running_backward();
void check_anomaly(const char* op, std::span<const Tensor> inputs, const Tensor& y);
// Whether t is contiguous, has no history, and is the only tensor that refers to its memory.
bool is_unshared(const Tensor& t);
// t itself if it is unshared, else a copy that is.
Tensor unshared(Tensor t);
}  // namespace detail

// Makes y the output of `op`: with a node when gradients are on and an input requires grad; else y as it is.
template <class Backward>
Tensor record(const char* op, std::span<const Tensor> inputs, Tensor y, Backward backward) {
  detail::check_anomaly(op, inputs, y);
  if (detail::wants_record(inputs)) {
    auto edges = detail::edges(inputs);
    detail::attach(y, std::make_shared<NodeOf<Backward>>(op, std::move(edges), y, std::move(backward)));
  }
  return y;
}
template <class Backward>
Tensor record(const char* op, std::initializer_list<Tensor> inputs, Tensor y, Backward backward) {
  return record(op, std::span(inputs.begin(), inputs.size()), std::move(y), std::move(backward));
}

// Whether this thread records. NoGrad switches it off for a scope; scopes nest.
bool grad_enabled();
class [[nodiscard]] NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

// In its scope, on this thread, the op that first makes a NaN (in forward, or in its backward) throws
// "[log] made a NaN …" instead of letting it travel. Costs a pass over every result: for debugging.
class [[nodiscard]] AnomalyMode {
 public:
  AnomalyMode();
  ~AnomalyMode();
  AnomalyMode(const AnomalyMode&) = delete;
  AnomalyMode& operator=(const AnomalyMode&) = delete;

 private:
  bool before_;
};

// Nodes alive in the process: what a test of leaks counts.
std::int64_t live_nodes();

}  // namespace heed
