#include "autograd/graph.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "autograd/ops/common.h"

namespace heed {

namespace {

thread_local bool recording = true;
thread_local bool anomaly = false;
thread_local const char* running = nullptr;  // the op whose backward is running

std::atomic<std::uint64_t> next_id{1};
std::atomic<std::uint64_t> next_visit{1};
std::atomic<std::int64_t> alive{0};

bool has_nan(const Tensor& t) {
  if (!t.defined() || t.numel() == 0) return false;
  const Tensor d = ops::dense(t);
  return dispatch(d.dtype(), [&]<class T>() {
    const T* x = d.data<T>();
    return std::any_of(x, x + d.numel(), [](T v) { return std::isnan(v); });
  });
}

}  // namespace

bool grad_enabled() { return recording; }
NoGrad::NoGrad() : before_(std::exchange(recording, false)) {}
NoGrad::~NoGrad() { recording = before_; }
AnomalyMode::AnomalyMode() : before_(std::exchange(anomaly, true)) {}
AnomalyMode::~AnomalyMode() { anomaly = before_; }
std::int64_t live_nodes() { return alive; }

// ---- saved values and gradients ---------------------------------------------------------------------------

Saved::Saved(const Tensor& t) {
  if (!recording || !t.defined()) return;
  const TensorState& s = *t.state();
  storage_ = s.storage;
  shape_ = s.shape;
  strides_ = s.strides;
  offset_ = s.offset;
  dtype_ = s.dtype;
  version_ = s.storage->version;
}

Tensor Saved::operator()() const {
  if (!storage_) return {};
  check(storage_->version == version_, "backward", running ? running : "an op", " saved a tensor ", shape_,
        " that was changed in place after the forward ran (version ", storage_->version, ", saved at ",
        version_, "); its gradient would be wrong. Hint: change a clone(), or change it after backward");
  return Tensor(internal::make_recycled<TensorState>(
      TensorState{storage_, shape_, strides_, offset_, dtype_, false, {}, {}}));
}

Gradients::Gradients(const Node& node) : node_(node), gradients_(node.inputs.size()) {}
bool Gradients::needs(std::size_t input) const { return node_.inputs[input].needs_grad(); }

// ---- nodes ------------------------------------------------------------------------------------------------

Node::Node(const char* op_name, std::vector<Input> from, const Tensor& y)
    : op(op_name),
      id(next_id.fetch_add(1, std::memory_order_relaxed)),
      shape(y.shape()),
      dtype(y.dtype()),
      inputs(std::move(from)) {
  alive.fetch_add(1, std::memory_order_relaxed);
}

// Destroying a chain of nodes would recurse once per node. Instead, this destructor moves the
// inputs that it alone owns into a list, then the inputs that those alone own, and so on. The
// destructor of each of these nodes then has nothing left to destroy.
Node::~Node() {
  alive.fetch_sub(1, std::memory_order_relaxed);
  std::vector<std::shared_ptr<Node>> to_destroy;
  const auto take_inputs = [&](std::vector<Input>& from) {
    for (Input& input : from)
      if (input.node && input.node.use_count() == 1) to_destroy.push_back(std::move(input.node));
  };
  take_inputs(inputs);
  while (!to_destroy.empty()) {
    const std::shared_ptr<Node> node = std::move(to_destroy.back());
    to_destroy.pop_back();
    take_inputs(node->inputs);
  }
}

std::vector<std::shared_ptr<Node>> graph_nodes(const Tensor& y) {
  check(y.defined(), "graph", "expected a tensor, got ", y);
  const auto& root = y.state()->node;
  if (!root) return {};
  const std::uint64_t visit = next_visit.fetch_add(1, std::memory_order_relaxed);
  std::vector<std::shared_ptr<Node>> nodes;
  nodes.reserve(16);
  nodes.push_back(root);
  root->visit = visit;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const Node::Input& input : nodes[i]->inputs) {
      if (!input.node || input.node->visit == visit) continue;
      input.node->visit = visit;
      nodes.push_back(input.node);
    }
  }
  std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a->id > b->id; });
  return nodes;
}

namespace internal {

bool should_record(Inputs inputs) {
  return recording && std::any_of(inputs.begin(), inputs.end(), [](TensorRef input) {
           return input.tensor.defined() && input.tensor.requires_grad();
         });
}

// An input that needs no gradient, or an absent optional input, has an edge without a target.
std::vector<Node::Input> edges(Inputs inputs) {
  std::vector<Node::Input> result(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& input = inputs[i].tensor;
    if (!input.defined()) continue;
    const auto& state = input.state();
    result[i].shape = state->shape;
    result[i].dtype = state->dtype;
    if (state->node) {
      result[i].node = state->node;
    } else if (state->requires_grad) {
      result[i].leaf = state;
    }
  }
  return result;
}

void attach(Tensor& y, std::shared_ptr<Node> node) {
  y.state()->node = std::move(node);
  y.state()->requires_grad = true;
}

const char* running_backward() { return running; }

bool is_unshared(const Tensor& t) {
  return t.state().use_count() == 1 && t.state()->storage.use_count() == 1 && t.state()->storage->owned() &&
         t.is_contiguous() && !t.requires_grad();
}

Tensor unshared(Tensor t) {
  if (is_unshared(t)) return t;
  const NoGrad no_grad;
  return t.clone();
}

void check_anomaly(const char* op, Inputs inputs, const Tensor& y) {
  if (!anomaly || !has_nan(y) ||
      std::any_of(inputs.begin(), inputs.end(), [](TensorRef input) { return has_nan(input.tensor); }))
    return;
  fail(op, "produced a NaN: the output ", y.shape(),
       " contains one and no input does. Hint: check the arguments of this op");
}

}  // namespace internal

// ---- backward ---------------------------------------------------------------------------------------------

namespace {

// Adds g to a sum of gradients. The first gradient becomes the sum without a copy. A later one is
// added in place only if no other tensor refers to the sum, because an op may return the same
// tensor as the gradient of two inputs.
void accumulate(Tensor& total, Tensor g) {
  if (!total.defined()) {
    total = std::move(g);
  } else if (internal::is_unshared(total)) {
    total.add_(g);
  } else {
    total = total + g;
  }
}

// The user may write to a leaf's gradient, so it is contiguous and shares its memory with no other
// tensor.
void accumulate_leaf(Tensor& grad, Tensor g) {
  if (grad.defined()) return accumulate(grad, std::move(g));
  grad = internal::unshared(std::move(g));
}

void check_gradient(const char* op, const Tensor& g, const Shape& shape, DType dtype) {
  check(g.shape() == shape && g.dtype() == dtype, "backward", "expected a gradient ", shape, " ", name(dtype),
        " from ", op, ", got ", g.shape(), " ", name(g.dtype()),
        "; a gradient has the shape and dtype of its input. Hint: sum_to undoes broadcasting");
}

// Runs the closure of one node with the complete gradient dy of its output, and passes the results
// on to its inputs.
void run_node(Node& node, const Tensor& dy, std::vector<Tensor>& pending) {
  running = node.op;
  Gradients d(node);
  node.run(dy, d);
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Node::Input& input = node.inputs[i];
    if (!input.needs_grad() || !d[i].defined()) continue;
    check_gradient(node.op, d[i], input.shape, input.dtype);
    if (anomaly && has_nan(d[i]))
      fail(node.op, "produced a NaN in its backward: the gradient ", d[i].shape(), " of input ", i,
           " contains one");
    if (input.node) {
      accumulate(pending[input.node->position], std::move(d[i]));
    } else {
      accumulate_leaf(input.leaf->grad, std::move(d[i]));
    }
  }
}

}  // namespace

void Tensor::backward(BackwardOptions options) const {
  check(defined(), "backward", "expected a tensor, got ", *this);
  check(numel() == 1, "backward", "expected a tensor with one element, got ", shape(),
        ". Hint: reduce it with sum or mean, or pass backward(gradient)");
  backward(full(shape(), 1, dtype()), options);
}

void Tensor::backward(const Tensor& gradient, BackwardOptions options) const {
  check(defined() && gradient.defined(), "backward", "expected a tensor and its gradient, got ", *this,
        " and ", gradient);
  check(requires_grad(), "backward", "this tensor ", shape(),
        " does not require grad and nothing was recorded. Hint: call set_requires_grad() on the parameters, "
        "outside NoGrad");
  check(gradient.shape() == shape() && gradient.dtype() == dtype(), "backward", "expected a gradient ",
        shape(), " ", name(dtype()), ", got ", gradient.shape(), " ", name(gradient.dtype()),
        "; a gradient has the shape and dtype of its tensor");
  const NoGrad no_grad;
  if (is_leaf()) return accumulate_leaf(state_->grad, gradient);

  const auto nodes = graph_nodes(*this);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i]->position = i;
    check(!nodes[i]->released(), "backward", "the graph of ", nodes[i]->op, " ", nodes[i]->shape,
          " has already been used and released. Hint: backward({.retain_graph = true}) keeps it for another "
          "backward");
  }

  // pending[i] is the sum of the gradients that have reached the output of nodes[i].
  std::vector<Tensor> pending(nodes.size());
  pending[0] = gradient;
  struct Restore {
    ~Restore() { running = nullptr; }
  } restore;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Node& node = *nodes[i];
    const Tensor dy = std::exchange(pending[i], Tensor());
    if (!dy.defined()) continue;  // a backward may leave the gradient of an input undefined
    if (const auto output = node.retained_output.lock()) accumulate_leaf(output->grad, dy);
    run_node(node, dy, pending);
    if (!options.retain_graph) node.release();
  }
}

}  // namespace heed
