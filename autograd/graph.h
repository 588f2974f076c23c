// graph.h — reverse-mode differentiation: the graph that ops record and that backward() traverses.
//
// An op computes its result y and ends with
//
//   return record("mul", {a, b}, y, [a = Saved(a), b = Saved(b)](const Tensor& dy, Gradients& d) {
//     if (d.needs(0)) d[0] = sum_to(dy * b(), a.shape());
//     if (d.needs(1)) d[1] = sum_to(dy * a(), b.shape());
//   });
//
// The closure is the backward pass of the op: it receives dy, the gradient with respect to y, and
// computes the gradient with respect to each input. Its capture list names every value that it
// saves. It captures Saved objects, never Tensors: a Saved has no history, so a node cannot keep
// itself alive through a reference cycle.
//
// Ids increase in the order in which nodes are created, so a node has a larger id than the nodes of
// its inputs. Backward runs the nodes in order of decreasing id. Each node therefore runs after all
// nodes that use its output, and no topological sort is needed.
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

// The values of a tensor, saved for backward. Saves nothing while recording is disabled.
class Saved {
 public:
  explicit Saved(const Tensor& t);
  // Returns the tensor, without history. Throws "[backward] …" if its storage has been modified
  // since it was saved, because the gradient would be wrong.
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

// The result of a backward closure: one gradient per input. The gradients of inputs that need none
// stay undefined.
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
  // Each input's gradient goes to the node that produced it or, for a leaf, into its `grad`. If the
  // input needs no gradient, both pointers are null.
  struct Input {
    std::shared_ptr<Node> node;
    std::shared_ptr<TensorState> leaf;
    Shape shape;
    DType dtype;
    bool needs_grad() const { return node || leaf; }
  };

  Node(const char* op, std::vector<Input> inputs, const Tensor& y);
  virtual ~Node();  // iterative, because recursion along a long chain would overflow the stack
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  virtual void run(const Tensor& dy, Gradients& d) = 0;
  virtual void release() = 0;  // drops the closure and the values that it saved
  virtual bool released() const = 0;

  const char* op;
  std::uint64_t id;  // unique in the process, and larger than the ids of all input nodes
  Shape shape;       // of the output
  DType dtype;
  std::vector<Input> inputs;
  std::weak_ptr<TensorState> retained_output;  // set if retain_grad() was called on the output
  std::size_t position = 0;                    // index in graph_nodes(), set by backward
  std::uint64_t visit = 0;                     // the last traversal that reached this node
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
// Refers to a tensor. Copying a Tensor instead would change its reference count twice, which takes
// a noticeable part of a small op's time.
struct TensorRef {
  TensorRef(const Tensor& t) : tensor(t) {}  // NOLINT(google-explicit-constructor): for {a, b}
  const Tensor& tensor;
};
using Inputs = std::span<const TensorRef>;
bool should_record(Inputs inputs);
std::vector<Node::Input> edges(Inputs inputs);
void attach(Tensor& y, std::shared_ptr<Node> node);
void check_anomaly(const char* op, Inputs inputs, const Tensor& y);
// Returns the op whose backward is running on this thread, or null.
const char* running_backward();
// Whether t is contiguous, has no history, and is the only tensor that refers to its memory.
bool is_unshared(const Tensor& t);
// Returns t if it is unshared, otherwise a copy.
Tensor unshared(Tensor t);
}  // namespace internal

// Returns y as the output of `op`. Attaches a node if gradients are enabled and an input requires
// grad; otherwise returns y unchanged. An input may be undefined, for an optional argument that was
// not passed.
template <class Backward>
Tensor record(const char* op, internal::Inputs inputs, Tensor y, Backward backward) {
  internal::check_anomaly(op, inputs, y);
  if (internal::should_record(inputs)) {
    auto edges = internal::edges(inputs);
    internal::attach(y,
                     internal::make_recycled<NodeOf<Backward>>(op, std::move(edges), y, std::move(backward)));
  }
  return y;
}
template <class Backward>
Tensor record(const char* op, std::initializer_list<internal::TensorRef> inputs, Tensor y,
              Backward backward) {
  return record(op, internal::Inputs(inputs.begin(), inputs.size()), std::move(y), std::move(backward));
}

// Returns all nodes that y depends on, newest first, beginning with y's own node. Empty for a leaf.
// All traversals of the graph use this function, which is not recursive.
std::vector<std::shared_ptr<Node>> graph_nodes(const Tensor& y);

// Whether ops are recorded on this thread. A NoGrad disables recording until the end of its scope.
// Scopes may be nested.
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
// or backward pass, throws an error such as "[log] produced a NaN …". Every result is scanned for
// NaN, which is slow: use it only for debugging.
class [[nodiscard]] AnomalyMode {
 public:
  AnomalyMode();
  ~AnomalyMode();
  AnomalyMode(const AnomalyMode&) = delete;
  AnomalyMode& operator=(const AnomalyMode&) = delete;

 private:
  bool before_;
};

// Returns the number of nodes that exist in the process. Tests use it to find leaks.
std::int64_t live_nodes();

}  // namespace heed
