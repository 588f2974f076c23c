#include "data/checkpoint.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>
#include <utility>

namespace heed::data {

static constexpr const char* checkpoint_op = "checkpoint";
// Every checkpoint has this entry in its metadata.
static constexpr const char *format_key = "form", *format = "heed checkpoint 1";

Checkpoint::Checkpoint(const std::string& path) : path_(path) {
  const SafeTensors file(path);
  metadata_ = file.metadata();
  const auto found = metadata_.find(format_key);
  check(found != metadata_.end() && found->second == format, checkpoint_op, path,
        ": expected a checkpoint written by heed, got other tensors");
  tensors_ = file.all();
}

static void check_name(const std::string& name) {
  check(!name.empty(), checkpoint_op, "expected a name, got an empty string");
  check(name != format_key, checkpoint_op, "expected another name than '", name,
        "', which is reserved for the format's version");
}

bool Checkpoint::has_tensors_of(const std::string& prefix) const {
  return std::any_of(tensors_.begin(), tensors_.end(),
                     [&](const auto& named) { return named.first.starts_with(prefix + "."); });
}

void Checkpoint::put(const std::string& prefix, const NamedTensors& tensors) {
  check_name(prefix);
  check(prefix.find('.') == std::string::npos, checkpoint_op, "expected a prefix without a dot, got '",
        prefix, "'; its tensors could not be told apart from those of a shorter prefix");
  check(!metadata_.contains(prefix) && !has_tensors_of(prefix), checkpoint_op, "expected a new name, got '",
        prefix, "' again");
  std::set<std::string> names;
  for (const auto& [name, t] : tensors) {
    check(names.insert(name).second, checkpoint_op, "expected unique names in '", prefix, "', got '", name,
          "' twice");
    check(!metadata_.contains(concat(prefix, ".", name)), checkpoint_op, "expected a new name, got '", prefix,
          ".", name, "' again");
  }
  for (const auto& [name, t] : tensors) tensors_.emplace_back(concat(prefix, ".", name), t);
}

void Checkpoint::put_text(const std::string& name, const std::string& text) {
  check_name(name);
  const bool is_tensor =
      std::any_of(tensors_.begin(), tensors_.end(), [&](const auto& named) { return named.first == name; });
  check(!is_tensor && !has_tensors_of(name) && !metadata_.contains(name), checkpoint_op,
        "expected a new name, got '", name, "' again");
  metadata_[name] = text;
}

void Checkpoint::put_number(const std::string& name, std::int64_t number) {
  put_text(name, std::to_string(number));
}

// Throws because the number cannot be stored exactly.
template <class Number>
[[noreturn]] static void fail_number(const std::string& name, Number number) {
  fail(checkpoint_op, "'", name, "': expected an integer that fits 64 bits, got ", number,
       ". Hint: store other numbers as a tensor, scalar(x, f64)");
}

void Checkpoint::put_number(const std::string& name, std::uint64_t number) {
  if (!std::in_range<std::int64_t>(number)) fail_number(name, number);
  put_number(name, static_cast<std::int64_t>(number));
}

void Checkpoint::put_number(const std::string& name, double number) {
  const bool fits = number >= -0x1p63 && number < 0x1p63 && number == std::trunc(number);
  if (!fits) fail_number(name, number);
  put_number(name, static_cast<std::int64_t>(number));
}

void Checkpoint::put(const std::string& name, const Generator& generator) {
  const auto s = generator.state();
  put_text(name, concat(s.seed, " ", s.stream, " ", s.counter, " ", s.forks));
}

void Checkpoint::write(const std::string& path) const {
  Metadata all = metadata_;
  all[format_key] = format;
  save_safetensors(path, tensors_, all);
}

NamedTensors Checkpoint::tensors(const std::string& prefix) const {
  NamedTensors result;
  for (const auto& [name, t] : tensors_)
    if (name.starts_with(prefix + ".")) result.emplace_back(name.substr(prefix.size() + 1), t);
  return result;
}

const std::string& Checkpoint::text(const std::string& name) const {
  const auto found = metadata_.find(name);
  check(found != metadata_.end(), checkpoint_op, path_, ": no entry '", name, "'");
  return found->second;
}

std::int64_t Checkpoint::number(const std::string& name) const {
  std::istringstream in(text(name));
  std::int64_t value = 0;
  check(in >> value && (in >> std::ws).eof(), checkpoint_op, path_, ": '", name,
        "': expected an integer, got \"", text(name), "\"");
  return value;
}

Generator Checkpoint::generator(const std::string& name) const {
  std::istringstream in(text(name));
  Generator::State s{};
  check(in >> s.seed >> s.stream >> s.counter >> s.forks && (in >> std::ws).eof(), checkpoint_op, path_,
        ": '", name, "': expected the state of a generator, got \"", text(name), "\"");
  Generator generator;
  generator.set_state(s);
  return generator;
}

}  // namespace heed::data
