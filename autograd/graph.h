// graph.h — reverse-mode differentiation: the nodes that ops record, and the pieces of backward().
//
// An op computes its result y and ends with
//
//   return record("mul", {a, b}, y, [a = Saved(a), b = Saved(b)](const Tensor& dy, Gradients& d) {
//     if (d.needs(0)) d[0] = sum_to(dy * b(), a.shape());
//     if (d.needs(1)) d[1] = sum_to(dy * a(), b.shape());
//   });
//
// The closure is the backward: it receives dy, the gradient with respect to y, and computes the
// gradient with respect to each input. Its capture list names every value that it saves. It
// captures Saved values, never Tensor handles: a Saved has no history, so a node can never own
// itself.
//
// Every node has an id, and ids increase. The nodes of an op's inputs are older than its own node.
// Backward therefore runs the nodes in order of decreasing id: each node runs after every node that
// uses its output, without a topological sort.
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

// The values of a tensor, saved for backward. If nothing is being recorded, it saves nothing.
class Saved {
 public:
  explicit Saved(const Tensor& t);
  // Returns the tensor, without history. Throws "[backward] …" if its storage has been modified since
  // it was saved: the gradient would be wrong.
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

// The result of a backward closure: one gradient for each input that needs one. The others stay
// undefined.
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

// One recorded op.
struct Node {
  // Each input's gradient goes to the node that produced it or, for a leaf, into its `grad`. An
  // input that needs no gradient has neither.
  struct Input {
    std::shared_ptr<Node> node;
    std::shared_ptr<TensorState> leaf;
    Shape shape;
    DType dtype;
    bool needs_grad() const { return node || leaf; }
  };

  Node(const char* op, std::vector<Input> inputs, const Tensor& y);
  virtual ~Node();  // iterative: a long chain of nodes must not overflow the stack
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  virtual void run(const Tensor& dy, Gradients& d) = 0;
  virtual void release() = 0;  // drops the closure and the values that it saved
  virtual bool released() const = 0;

  const char* op;
  std::uint64_t id;  // unique in the process, and larger than the ids of all inputs
  Shape shape;       // of the output
  DType dtype;
  std::vector<Input> inputs;
  std::weak_ptr<TensorState> retains;  // the output, after retain_grad()
  std::size_t position = 0;            // in graph_nodes(), during backward
  std::uint64_t visit = 0;             // the last traversal that reached this node
};

// A node that stores its backward closure without type erasure.
template <class Backward>
struct NodeOf final : Node {
  NodeOf(const char* op, std::vector<Input> inputs, const Tensor& y, Backward b)
      : Node(op, std::move(inputs), y), backward(std::move(b)) {}
  void run(const Tensor& dy, Gradients& d) override { (*backward)(dy, d); }
  void release() override { backward.reset(); }
  bool released() const override { return !backward.has_value(); }
  std::optional<Backward> backward;
};

namespace internal {
bool should_record(std::span<const Tensor> inputs);
std::vector<Node::Input> edges(std::span<const Tensor> inputs);
void attach(Tensor& y, std::shared_ptr<Node> node);
void check_anomaly(const char* op, std::span<const Tensor> inputs, const Tensor& y);
// Returns the op whose backward is running on this thread, or null.
const char* running_backward();
// Whether t is contiguous, has no history, and is the only tensor that refers to its memory.
bool is_unshared(const Tensor& t);
// Returns t if it is unshared, otherwise a copy.
Tensor unshared(Tensor t);
}  // namespace internal

// Returns y as the output of `op`. Attaches a node if gradients are enabled and an input requires
// grad; otherwise returns y unchanged. Undefined inputs are allowed: they are optional arguments.
template <class Backward>
Tensor record(const char* op, std::span<const Tensor> inputs, Tensor y, Backward backward) {
  internal::check_anomaly(op, inputs, y);
  if (internal::should_record(inputs)) {
    auto edges = internal::edges(inputs);
    internal::attach(y, std::make_shared<NodeOf<Backward>>(op, std::move(edges), y, std::move(backward)));
  }
  return y;
}
template <class Backward>
Tensor record(const char* op, std::initializer_list<Tensor> inputs, Tensor y, Backward backward) {
  return record(op, std::span(inputs.begin(), inputs.size()), std::move(y), std::move(backward));
}

// Returns every node that y depends on, newest first: y's own node is the first. Empty for a leaf.
// This is the only traversal of the graph, and it is not recursive.
std::vector<std::shared_ptr<Node>> graph_nodes(const Tensor& y);

// Whether ops are recorded on this thread. NoGrad disables it for a scope. Scopes may be nested.
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

// In the scope of an AnomalyMode, the first op on this thread that produces a NaN, in its forward
// or in its backward, throws "[log] produced a NaN …". This reads every result once more: use it to
// debug.
class [[nodiscard]] AnomalyMode {
 public:
  AnomalyMode();
  ~AnomalyMode();
  AnomalyMode(const AnomalyMode&) = delete;
  AnomalyMode& operator=(const AnomalyMode&) = delete;

 private:
  bool before_;
};

// Returns the number of nodes alive in the process. Tests use it to find leaks.
std::int64_t live_nodes();

}  // namespace heed
