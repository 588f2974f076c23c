// pretrained.cpp — from published names to ours, and from published tensors to ours.
#include "nn/models/pretrained.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "autograd/graph.h"
#include "autograd/ops.h"

namespace heed::nn {

// ---- names ------------------------------------------------------------------------------------------------

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The numbers that `*` stands for where `name` is of the form `pattern`.
static std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view name) {
  std::vector<std::string> numbers;
  while (!pattern.empty()) {
    if (pattern.front() == '*') {
      const auto digits =
          static_cast<std::size_t>(std::find_if_not(name.begin(), name.end(), is_digit) - name.begin());
      if (digits == 0) return {};
      numbers.emplace_back(name.substr(0, digits));
      pattern.remove_prefix(1), name.remove_prefix(digits);
    } else {
      if (name.empty() || name.front() != pattern.front()) return {};
      pattern.remove_prefix(1), name.remove_prefix(1);
    }
  }
  if (!name.empty()) return {};
  return numbers;
}

static std::string substitute(std::string_view pattern, const std::vector<std::string>& numbers) {
  std::string name;
  auto number = numbers.begin();
  for (const char c : pattern) {
    if (c != '*') {
      name += c;
    } else {
      check(number != numbers.end(), "load_published", "the table's '", std::string(pattern),
            "' has more numbers (*) than ours beside it");
      name += *number++;
    }
  }
  return name;
}

static std::string without_prefix(const std::string& name, const PublishedNames& names) {
  for (const std::string_view prefix : names.prefixes)
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  return name;
}

// The name as it is published today.
static std::string todays(std::string name, const PublishedNames& names) {
  for (const auto& [old_end, new_end] : names.endings)
    if (name.ends_with(old_end))
      return name.substr(0, name.size() - std::string_view(old_end).size()) + new_end;
  return name;
}

static bool is_ignored(const std::string& name, const PublishedNames& names) {
  return std::any_of(names.ignored.begin(), names.ignored.end(),
                     [&](const char* pattern) { return match(pattern, name).has_value(); });
}

// ---- tensors ----------------------------------------------------------------------------------------------

// One published tensor's place in one of ours.
struct Place {
  std::string published;
  Tensor ours;
  How how;

  // Of the published tensor; where it is to be flattened, of its first axis and of all the others together.
  Shape shape() const {
    Shape shape = ours.shape();
    if (how == How::transposed) std::swap(shape[0], shape[1]);
    if (how >= How::row_third_0) shape[0] /= 3;
    return shape;
  }
  bool fits(const Tensor& given) const {
    if (how != How::flattened) return given.shape() == shape();
    return given.rank() >= 1 && ours.rank() == 2 && given.size(0) == ours.size(0) &&
           given.numel() == ours.numel();
  }
};

// The places of one of our tensors: one, three thirds, or none where it is computed.
static std::vector<Place> places_of(const std::string& name, const Tensor& ours,
                                    const PublishedNames& names) {
  std::vector<Place> places;
  bool is_named = false;
  for (const Rename& row : names.table) {
    const auto numbers = match(row.ours, name);
    if (!numbers) continue;
    is_named = true;
    if (*row.published) places.push_back({substitute(row.published, *numbers), ours, row.how});
  }
  if (!is_named) places.push_back({name, ours, How::as_is});
  return places;
}

// `given` becomes the numbers of its place: taken over where nothing must be rearranged. True where it was copied.
static bool put(const Place& place, const Tensor& given) {
  TensorState& ours = *place.ours.state();
  const bool as_it_lies = place.how == How::as_is || place.how == How::flattened;
  if (as_it_lies && given.dtype() == ours.dtype && given.is_contiguous()) {
    ours.storage = given.state()->storage;
    ours.offset = given.state()->offset;
    return false;
  }
  Tensor to = place.ours;
  if (place.how == How::transposed)
    to.copy_(given.transpose(0, 1));
  else if (place.how == How::flattened)
    to.copy_(given.reshape(to.shape()));
  else if (place.how == How::as_is)
    to.copy_(given);
  else {
    const index_t rows = to.size(0) / 3,
                  third = static_cast<index_t>(place.how) - static_cast<index_t>(How::row_third_0);
    to.slice(0, third * rows, (third + 1) * rows).copy_(given);
  }
  return true;
}

// Every place of the module, by its published name.
static std::map<std::string, Place> all_places(const Module& module, const PublishedNames& names) {
  NamedTensors ours = module.named_parameters();
  for (auto& buffer : module.named_buffers()) ours.push_back(std::move(buffer));
  std::map<std::string, Place> places;
  for (auto& [name, tensor] : ours)
    for (Place& place : places_of(without_prefix(name, names), tensor, names)) {
      const std::string& published = place.published;
      check(places.try_emplace(published, place).second, "load_published", "two tensors of this ",
            module.type(), " are published as '", published, "'; the table must give each a name of its own");
    }
  return places;
}

void load_published(Module& module, const NamedTensors& tensors, const PublishedNames& names,
                    const std::function<void(const Tensor&)>& copied) {
  const std::map<std::string, Place> places = all_places(module, names);
  std::map<std::string, const Tensor*> given;  // by published name
  std::string missing, unexpected, repeated, misshapen;
  for (const auto& [file_name, tensor] : tensors) {
    const std::string name = todays(without_prefix(file_name, names), names);
    const auto place = places.find(name);
    if (place == places.end()) {
      if (!is_ignored(name, names)) unexpected += concat(" '", file_name, "'");
    } else if (!given.emplace(name, &tensor).second) {
      repeated += concat(" '", file_name, "'");
    } else if (!tensor.defined()) {
      misshapen += concat(" '", file_name, "' is undefined, needs ", place->second.shape(), ";");
    } else if (!place->second.fits(tensor)) {
      misshapen += concat(" '", file_name, "' is ", tensor.shape(), ", needs ", place->second.shape(), ";");
    }
  }
  for (const auto& [name, place] : places)
    if (!given.contains(name)) missing += concat(" '", name, "'");

  std::string wrong;
  const auto report = [&](const char* label, const std::string& list) {
    if (!list.empty()) wrong += concat("\n  ", label, ":", list);
  };
  report("missing", missing), report("unexpected", unexpected);
  report("repeated", repeated), report("of another shape", misshapen);
  check(wrong.empty(), "load_published", "these are not the weights of this ", module.type(), ":", wrong,
        "\nNothing was loaded. Hint: do config.json and the weights belong together?");

  const NoGrad no_grad;
  for (const auto& [name, place] : places)
    if (put(place, *given[name]) && copied) copied(*given[name]);
}

}  // namespace heed::nn
