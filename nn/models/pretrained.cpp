#include "nn/models/pretrained.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "autograd/graph.h"
#include "autograd/ops.h"
#include "nn/state_report.h"

namespace heed::nn {

// ---- names ------------------------------------------------------------------------------------------------

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Returns the numbers that `*` matches if `name` has the form of `pattern`.
static std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view name) {
  std::vector<std::string> numbers;
  while (!pattern.empty()) {
    std::size_t length = 1;
    if (pattern.front() == '*') {
      length = static_cast<std::size_t>(std::find_if_not(name.begin(), name.end(), is_digit) - name.begin());
      if (length == 0) return {};
      numbers.emplace_back(name.substr(0, length));
    } else if (name.empty() || name.front() != pattern.front()) {
      return {};
    }
    pattern.remove_prefix(1);
    name.remove_prefix(length);
  }
  if (!name.empty()) return {};
  return numbers;
}

// Replaces each `*` of the pattern by the next number.
static std::string substitute(std::string_view pattern, const std::vector<std::string>& numbers) {
  std::string name;
  auto number = numbers.begin();
  for (const char c : pattern) {
    if (c != '*') {
      name += c;
      continue;
    }
    check(number != numbers.end(), "load_published", "expected as many numbers (*) in '", pattern,
          "' as in the name beside it in the table, got more");
    name += *number;
    ++number;
  }
  return name;
}

static std::string without_prefix(const std::string& name, const PublishedNames& names) {
  for (const std::string_view prefix : names.prefixes)
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  return name;
}

// Replaces the ending of an older file by the current one.
static std::string with_current_ending(std::string name, const PublishedNames& names) {
  for (const auto& [old_ending, new_ending] : names.endings)
    if (name.ends_with(old_ending))
      return name.substr(0, name.size() - std::string_view(old_ending).size()) + new_ending;
  return name;
}

static bool is_ignored(const std::string& name, const PublishedNames& names) {
  return std::any_of(names.ignored.begin(), names.ignored.end(),
                     [&](const char* pattern) { return match(pattern, name).has_value(); });
}

// ---- tensors ----------------------------------------------------------------------------------------------

namespace {

// The destination of one published tensor.
struct Target {
  std::string published;
  Tensor tensor;  // of the module
  Transform transform;

  // The shape of the published tensor; of a flattened one, its first axis and the product of the
  // others.
  Shape shape() const {
    Shape shape = tensor.shape();
    if (transform == Transform::transpose) std::swap(shape[0], shape[1]);
    if (transform >= Transform::query_rows) shape[0] /= 3;
    return shape;
  }
  bool fits(const Tensor& published_tensor) const {
    if (transform != Transform::flatten) return published_tensor.shape() == shape();
    return published_tensor.rank() >= 1 && tensor.rank() == 2 && published_tensor.size(0) == tensor.size(0) &&
           published_tensor.numel() == tensor.numel();
  }
};

}  // namespace

// Returns the targets of one tensor of the module: one, three thirds, or none if the module
// computes it.
static std::vector<Target> targets_of(const std::string& name, const Tensor& tensor,
                                      const PublishedNames& names) {
  std::vector<Target> targets;
  bool is_mapped = false;
  for (const NameMapping& row : names.table) {
    const auto numbers = match(row.module_name, name);
    if (!numbers) continue;
    is_mapped = true;
    if (*row.published) targets.push_back({substitute(row.published, *numbers), tensor, row.transform});
  }
  if (!is_mapped) targets.push_back({name, tensor, Transform::none});
  return targets;
}

// Stores a published tensor in its target: shares the storage if no conversion is needed, otherwise
// copies. Returns true if it was copied.
static bool store(const Target& target, const Tensor& published) {
  TensorState& state = *target.tensor.state();
  const bool keeps_layout = target.transform == Transform::none || target.transform == Transform::flatten;
  if (keeps_layout && published.dtype() == state.dtype && published.is_contiguous()) {
    state.storage = published.state()->storage;
    state.offset = published.state()->offset;
    return false;
  }
  Tensor to = target.tensor;
  if (target.transform == Transform::transpose) {
    to.copy_(published.transpose(0, 1));
  } else if (target.transform == Transform::flatten) {
    to.copy_(published.reshape(to.shape()));
  } else if (target.transform == Transform::none) {
    to.copy_(published);
  } else {
    const index_t third =
        static_cast<index_t>(target.transform) - static_cast<index_t>(Transform::query_rows);
    const index_t rows = to.size(0) / 3;
    to.slice(0, third * rows, (third + 1) * rows).copy_(published);
  }
  return true;
}

// Returns every target of the module by its published name.
static std::map<std::string, Target> all_targets(const Module& module, const PublishedNames& names) {
  NamedTensors tensors = module.named_parameters();
  for (auto& buffer : module.named_buffers()) tensors.push_back(std::move(buffer));
  std::map<std::string, Target> targets;
  for (auto& [name, tensor] : tensors)
    for (Target& target : targets_of(without_prefix(name, names), tensor, names)) {
      const std::string& published = target.published;
      check(
          targets.try_emplace(published, target).second, "load_published",
          "expected a unique published name for each tensor of this ", [&] { return module.type(); },
          ", got '", published, "' twice in the table");
    }
  return targets;
}

void load_published(Module& module, const NamedTensors& tensors, const PublishedNames& names,
                    const std::function<void(const Tensor&)>& copied) {
  const std::map<std::string, Target> targets = all_targets(module, names);
  std::map<std::string, const Tensor*> received;  // by published name
  StateReport report;
  for (const auto& [file_name, tensor] : tensors) {
    const std::string name = with_current_ending(without_prefix(file_name, names), names);
    const auto target = targets.find(name);
    if (target == targets.end()) {
      if (!is_ignored(name, names)) report.unexpected(file_name);
    } else if (!received.emplace(name, &tensor).second) {
      report.repeated(file_name);
    } else if (!tensor.defined() || !target->second.fits(tensor)) {
      report.wrong_shape(file_name, tensor, target->second.shape());
    }
  }
  for (const auto& [name, target] : targets)
    if (!received.contains(name)) report.missing(name);
  check(
      report.empty(), "load_published", "expected the published weights of this ",
      [&] { return module.type(); }, ", got:", report,
      "\nNothing was loaded. Hint: check that config.json and the weights belong to one model.");

  const NoGrad no_grad;
  for (const auto& [name, target] : targets)
    if (store(target, *received[name]) && copied) copied(*received[name]);
}

}  // namespace heed::nn
