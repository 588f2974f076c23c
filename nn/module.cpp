// module.cpp — everything that is derived from visit().
#include "nn/module.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <ostream>
#include <unordered_set>

#include "autograd/graph.h"
#include "nn/init.h"
#include "nn/state_report.h"

namespace heed::nn {

Tensor parameter(const Shape& shape) {
  return (NoInit::on() ? empty(shape) : zeros(shape)).set_requires_grad();
}

// ---- flattening the tree ----------------------------------------------------------------------------------
std::string Visitor::full_name(const std::string& name) const {
  const ModuleSlot& owner = modules.front();
  check(!name.empty() && name.find('.') == std::string::npos, "visit",
        "expected a name that is not empty and contains no dot, got '", name, "' for a member of ",
        [&] { return owner.module->type(); });
  return owner.name.empty() ? name : owner.name + "." + name;
}

void Visitor::tensor(const std::string& name, Tensor& t, bool is_parameter) {
  std::string full = full_name(name);
  if (t.defined()) tensors.push_back({std::move(full), &t, is_parameter});
}

void Visitor::generator(const std::string& name, Generator& g) {
  generators.emplace_back(full_name(name), &g);
}

void Visitor::child(const std::string& name, Module& m) { enter(full_name(name), m); }

// Each module gets a separate visitor that starts with that module; its entries are then appended
// to this one.
void Visitor::enter(const std::string& full_name, Module& m) {
  Visitor inner;
  inner.modules.push_back({full_name, &m, modules.front().depth + 1});
  m.visit(inner);
  auto append = [](auto& to, auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(tensors, inner.tensors);
  append(generators, inner.generators);
  append(modules, inner.modules);
}

std::vector<std::string> Visitor::names() const {
  std::vector<std::string> all;
  for (const auto& slot : tensors) all.push_back(slot.name);
  for (const auto& [name, generator] : generators) all.push_back(name);
  for (const auto& slot : modules) all.push_back(slot.name);
  return all;
}

Visitor Module::collect() const {
  Visitor v;
  // visit() collects pointers to mutable members; the const callers only read through them.
  Module& self = const_cast<Module&>(*this);
  v.modules.push_back({"", &self, 0});
  self.visit(v);
  return v;
}

Visitor Module::flatten() const {
  Visitor v = collect();
  std::unordered_set<std::string> seen;
  for (const std::string& name : v.names())
    check(seen.insert(name).second, "visit", "expected unique names, got '", name, "' for two members of ",
          [&] { return type(); });
  return v;
}

// ---- listing ----------------------------------------------------------------------------------------------
NamedTensors Module::named_parameters() const {
  NamedTensors found;
  std::unordered_set<const TensorState*> seen;
  for (const auto& slot : flatten().tensors)
    if (slot.is_parameter && seen.insert(slot.tensor->state().get()).second)
      found.emplace_back(slot.name, *slot.tensor);
  return found;
}

std::vector<Tensor> Module::parameters() const {
  std::vector<Tensor> found;
  for (auto& [name, tensor] : named_parameters()) found.push_back(tensor);
  return found;
}

NamedTensors Module::named_buffers() const {
  NamedTensors found;
  for (const auto& slot : flatten().tensors)
    if (!slot.is_parameter) found.emplace_back(slot.name, *slot.tensor);
  return found;
}

std::vector<std::pair<std::string, const Module*>> Module::children() const {
  std::vector<std::pair<std::string, const Module*>> found;
  for (const auto& slot : flatten().modules)
    if (slot.depth == 1) found.emplace_back(slot.name, slot.module);
  return found;
}

std::vector<std::pair<std::string, Generator*>> Module::named_generators() const {
  return flatten().generators;
}

index_t Module::parameter_count() const {
  index_t count = 0;
  for (const auto& [name, tensor] : named_parameters()) count += tensor.numel();
  return count;
}

// ---- state ------------------------------------------------------------------------------------------------
NamedTensors Module::state_dict() const {
  NamedTensors state;
  for (const auto& slot : flatten().tensors) state.emplace_back(slot.name, slot.tensor->detach());
  return state;
}

// The edit distance: how many letters must be changed, inserted or deleted to turn a into b.
// Levenshtein, 1966.
static std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

// Returns " (near 'layers.0.norm1.weight')" if an expected name differs in less than a third of its
// letters.
static std::string nearest(const std::string& name, const NamedTensors& expected) {
  std::string best;
  std::size_t least = name.size() / 3 + 1;
  for (const auto& [candidate, tensor] : expected) {
    const std::size_t d = distance(name, candidate);
    if (d >= least) continue;
    least = d;
    best = candidate;
  }
  return best.empty() ? "" : concat(" (near '", best, "')");
}

// Compares the names and shapes of `state` with the expected ones.
static StateReport mismatches(const NamedTensors& expected, const NamedTensors& state) {
  StateReport report;
  std::map<std::string, Tensor> received;
  for (const auto& [name, tensor] : state)
    if (!received.emplace(name, tensor).second) report.repeated(name);
  for (const auto& [name, tensor] : expected) {
    const auto found = received.extract(name);
    if (!found)
      report.missing(name);
    else if (!found.mapped().defined() || !(found.mapped().shape() == tensor.shape()))
      report.wrong_shape(name, found.mapped(), tensor.shape());
  }
  for (const auto& [name, tensor] : state)
    if (received.erase(name)) report.unexpected(name, nearest(name, expected));
  return report;
}

// Whether two tensors of one shape have the same dtype and values. A NaN equals another NaN.
static bool same_values(const Tensor& a, const Tensor& b) {
  const auto same = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
  const std::vector<double> x = a.to_vector(), y = b.to_vector();
  return a.dtype() == b.dtype() && std::equal(x.begin(), x.end(), y.begin(), y.end(), same);
}

void Module::load_state_dict(const NamedTensors& state) {
  const Visitor members = flatten();
  const StateReport report = mismatches(state_dict(), state);
  check(
      report.empty(), "load_state_dict", "expected the names and shapes of state_dict() of this ",
      [&] { return type(); }, ", got:", report, "\nNothing was loaded. Hint: compare the options.");

  std::map<std::string, Tensor> values(state.begin(), state.end());
  std::map<const TensorState*, std::string> loaded;  // a tied tensor needs the same values under both names
  for (const auto& slot : members.tensors) {
    const auto [first, is_new] = loaded.emplace(slot.tensor->state().get(), slot.name);
    if (is_new) continue;
    const Tensor &a = values[first->second], &b = values[slot.name];
    check(
        same_values(a, b), "load_state_dict", "expected equal values for '", first->second, "' and '",
        slot.name, "', which are one tensor of this ", [&] { return type(); }, ", got different ones");
  }
  const NoGrad no_grad;
  for (const auto& slot : members.tensors) slot.tensor->copy_(values[slot.name]);
}

// Two trees of one type list their members in the same order, so they are copied entry by entry.
void Module::copy_from(const Module& other) {
  const Visitor from = other.flatten(), to = flatten();
  check(
      from.names() == to.names(), "clone", "expected the members that the options of this ",
      [&] { return type(); }, " describe, got others. Hint: change the options, not the members.");
  std::map<const TensorState*, Tensor> copies;  // keeps tied tensors tied
  for (std::size_t i = 0; i < from.tensors.size(); ++i) {
    const Tensor& t = *from.tensors[i].tensor;
    Tensor& copy = copies[t.state().get()];
    if (!copy.defined()) copy = t.detach().clone().set_requires_grad(t.requires_grad());
    *to.tensors[i].tensor = copy;
  }
  for (std::size_t i = 0; i < from.generators.size(); ++i)
    *to.generators[i].second = *from.generators[i].second;
  for (std::size_t i = 0; i < from.modules.size(); ++i)
    to.modules[i].module->training_ = from.modules[i].module->training_;
}

// ---- modes, precision, gradients --------------------------------------------------------------------------
void Module::train(bool on) {
  for (const auto& slot : flatten().modules) slot.module->training_ = on;
}

EvaluationMode::EvaluationMode(Module& module) {
  for (const auto& slot : module.flatten().modules) before_.emplace_back(slot.module, slot.module->training_);
  for (const auto& [submodule, training] : before_) submodule->training_ = false;
}

EvaluationMode::~EvaluationMode() {
  for (const auto& [submodule, training] : before_) submodule->training_ = training;
}

void Module::to(DType dtype) {
  for (const auto& slot : flatten().tensors) {
    Tensor& t = *slot.tensor;
    if (t.dtype() == dtype) continue;  // also a tied tensor that is already converted
    Tensor converted = t.detach().to(dtype).set_requires_grad(t.requires_grad());
    if (t.grad().defined()) converted.set_grad(t.grad().detach().to(dtype));
    *t.state() = *converted.state();  // every handle of this tensor sees the change
  }
}

void Module::zero_grad() {
  for (const auto& slot : collect().tensors)
    if (slot.is_parameter) slot.tensor->zero_grad();
}

void Module::check_all_named(const Tensor& y) const {
  check(y.defined(), "check_all_named", "expected a tensor y, got an undefined tensor");
  std::unordered_set<const TensorState*> named;
  for (const Tensor& t : parameters()) named.insert(t.state().get());
  for (const auto& node : graph_nodes(y))
    for (const Node::Input& input : node->inputs)
      check(
          !input.leaf || named.contains(input.leaf.get()), "check_all_named",
          "expected visit() to name every tensor that requires grad, got an unnamed input ", input.shape,
          " of '", node->op, "' in ", [&] { return type(); },
          "; it would be neither trained nor saved. Hint: name it in visit()");
}

// ---- printing ---------------------------------------------------------------------------------------------
static std::string with_separators(index_t n) {
  std::string digits = std::to_string(n);
  for (std::ptrdiff_t i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(i, ",");
  return digits;
}

// Consecutive equal elements of a list are printed once: "(layers.0-5): 6 x
// TransformerEncoderLayer(".
struct PrintedChildren {
  std::string prefix, first, last, text;
  int count = 1;
};

static std::string indented(const std::string& text) {
  std::string result;
  for (char c : text) result += c == '\n' ? std::string("\n  ") : std::string(1, c);
  return result;
}

std::ostream& operator<<(std::ostream& out, const Module& module) {
  out << module.type() << '(' << module.details();
  const index_t count = module.parameter_count();
  const std::string note = count ? concat("  # ", with_separators(count), " parameters") : "";
  std::vector<PrintedChildren> groups;
  for (const auto& [name, child] : module.children()) {
    const std::size_t number =
        name.find_last_not_of("0123456789") + 1;  // the index of a list element begins here
    PrintedChildren next{name.substr(0, number), name.substr(number), name.substr(number), concat(*child)};
    const bool repeats = !groups.empty() && next.prefix.ends_with('.') && !next.first.empty() &&
                         !groups.back().first.empty() && groups.back().prefix == next.prefix &&
                         groups.back().text == next.text;
    if (!repeats) {
      groups.push_back(std::move(next));
    } else {
      groups.back().last = next.last;
      ++groups.back().count;
    }
  }
  if (groups.empty()) return out << ')' << note;
  out << note;
  for (const PrintedChildren& g : groups) {
    out << "\n  (" << g.prefix << g.first;
    if (g.count > 1)
      out << '-' << g.last << "): " << g.count << " x ";
    else
      out << "): ";
    out << indented(g.text);
  }
  return out << "\n)";
}

}  // namespace heed::nn
