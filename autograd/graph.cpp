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
thread_local const char* running = nullptr;  // the op whose backward is running, for messages

std::atomic<std::uint64_t> next_id{1};
std::atomic<std::uint64_t> next_visit{1};
std::atomic<std::int64_t> alive{0};

bool has_nan(const Tensor& t) {
  if (!t.defined() || t.numel() == 0) return false;
  const Tensor d = ops::dense(t);
  return ops::dispatch(d.dtype(), [&]<class T>() {
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

// ---- what an op leaves behind -----------------------------------------------------------------------------

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
  return Tensor(
      std::make_shared<TensorState>(TensorState{storage_, shape_, strides_, offset_, dtype_, false, {}, {}}));
}

Gradients::Gradients(const Node& node) : node_(node), gradients_(node.inputs.size()) {}
bool Gradients::needs(std::size_t input) const { return node_.inputs[input].needs_grad(); }

Node::Node(const char* op_name, std::vector<Input> from, const Tensor& y)
    : op(op_name),
      id(next_id.fetch_add(1, std::memory_order_relaxed)),
      shape(y.shape()),
      dtype(y.dtype()),
      inputs(std::move(from)) {
  alive.fetch_add(1, std::memory_order_relaxed);
}

// A chain of nodes owned only by this one would be destroyed by one recursion a node. Instead the
// last owner takes the inputs of every node it is about to free into a list of its own, so each
// destructor finds nothing to do.
Node::~Node() {
  alive.fetch_sub(1, std::memory_order_relaxed);
  std::vector<std::shared_ptr<Node>> doomed;
  const auto take_inputs = [&](std::vector<Input>& from) {
    for (Input& input : from)
      if (input.node && input.node.use_count() == 1) doomed.push_back(std::move(input.node));
  };
  take_inputs(inputs);
  while (!doomed.empty()) {
    const std::shared_ptr<Node> node = std::move(doomed.back());
    doomed.pop_back();
    take_inputs(node->inputs);
  }
}

namespace detail {

bool wants_record(std::span<const Tensor> inputs) {
  return recording && std::any_of(inputs.begin(), inputs.end(),
                                  [](const Tensor& t) { return t.defined() && t.requires_grad(); });
}

// An input that needs no gradient (or an optional one that is absent) leaves an edge to nowhere.
std::vector<Node::Input> edges(std::span<const Tensor> inputs) {
  std::vector<Node::Input> result(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined()) continue;
    const auto& state = inputs[i].state();
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

void check_anomaly(const char* op, std::span<const Tensor> inputs, const Tensor& y) {
  if (!anomaly || !has_nan(y) || std::any_of(inputs.begin(), inputs.end(), has_nan)) return;
  fail(op, "made a NaN: output ", y.shape(), " has one and no input has. Hint: look at this op's arguments");
}

}  // namespace detail

// ---- backward ---------------------------------------------------------------------------------------------

namespace {

// Adds g to a running sum. The first gradient is taken as it is; a later one is added in place only
// if nothing else refers to the sum, because an op may return one tensor as the gradient of two
// inputs.
void accumulate(Tensor& total, Tensor g) {
  if (!total.defined()) {
    total = std::move(g);
  } else if (detail::is_unshared(total)) {
    total.add_(g);
  } else {
    total = total + g;
  }
}

// The user may write to a leaf's gradient, so it is contiguous and shares its memory with nothing.
void accumulate_leaf(Tensor& grad, Tensor g) {
  if (grad.defined()) return accumulate(grad, std::move(g));
  grad = detail::unshared(std::move(g));
}

void check_gradient(const char* op, const Tensor& g, const Shape& shape, DType dtype) {
  check(g.shape() == shape && g.dtype() == dtype, "backward", op, " made a gradient ", g.shape(), " ",
        name(g.dtype()), " for an input ", shape, " ", name(dtype),
        "; they must be the same. Hint: sum_to undoes broadcasting");
}

// Every node that y depends on, newest first. Each node's `place` is where it stands in the list.
std::vector<std::shared_ptr<Node>> reachable(const std::shared_ptr<Node>& root) {
  const std::uint64_t visit = next_visit.fetch_add(1, std::memory_order_relaxed);
  std::vector<std::shared_ptr<Node>> nodes{root};
  root->visit = visit;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const Node::Input& input : nodes[i]->inputs) {
      if (!input.node || input.node->visit == visit) continue;
      input.node->visit = visit;
      nodes.push_back(input.node);
    }
  }
  std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a->id > b->id; });
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i]->place = i;
  return nodes;
}

// Runs one node's closure on the finished gradient dy and hands the results on to its inputs.
void run_node(Node& node, const Tensor& dy, std::vector<Tensor>& pending) {
  running = node.op;
  Gradients d(node);
  node.run(dy, d);
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Node::Input& input = node.inputs[i];
    if (!input.needs_grad() || !d[i].defined()) continue;
    check_gradient(node.op, d[i], input.shape, input.dtype);
    if (anomaly && has_nan(d[i]))
      fail(node.op, "made a NaN in backward: gradient ", d[i].shape(), " of input ", i);
    if (input.node) {
      accumulate(pending[input.node->place], std::move(d[i]));
    } else {
      accumulate_leaf(input.leaf->grad, std::move(d[i]));
    }
  }
}

}  // namespace

void Tensor::backward(BackwardOptions options) const {
  check(defined(), "backward", "an undefined tensor has no graph");
  check(numel() == 1, "backward", "without a gradient the tensor must have one element, got ", shape(),
        ". Hint: reduce it with sum or mean, or pass backward(gradient)");
  backward(full(shape(), 1, dtype()), options);
}

void Tensor::backward(const Tensor& gradient, BackwardOptions options) const {
  check(defined() && gradient.defined(), "backward", "an undefined tensor has no graph and is no gradient");
  check(requires_grad(), "backward", "this tensor ", shape(),
        " does not require grad and nothing was recorded. Hint: set_requires_grad() on the parameters, "
        "outside NoGrad");
  check(gradient.shape() == shape() && gradient.dtype() == dtype(), "backward", "the gradient is ",
        gradient.shape(), " ", name(gradient.dtype()), " and the tensor ", shape(), " ", name(dtype()),
        "; they must be the same");
  const NoGrad no_grad;
  if (is_leaf()) return accumulate_leaf(state_->grad, gradient);

  const auto nodes = reachable(state_->node);
  for (const auto& node : nodes)
    check(!node->released(), "backward", "the graph behind ", node->op, " ", node->shape,
          " has been used and freed. Hint: backward({.retain_graph = true}) keeps it for a second time");

  std::vector<Tensor> pending(nodes.size());  // the gradient of each node's output, as far as it has come
  pending[0] = gradient;
  struct Restore {
    ~Restore() { running = nullptr; }
  } restore;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Node& node = *nodes[i];
    const Tensor dy = std::exchange(pending[i], Tensor());
    if (!dy.defined()) continue;  // an op may leave an input without gradient
    if (const auto output = node.retains.lock()) accumulate_leaf(output->grad, dy);
    run_node(node, dy, pending);
    if (!options.retain_graph) node.release();
  }
}

}  // namespace heed
